// Values in and out of a module's linear memory, by the offsets of runtime/abi.ts. In: an address or bytes. Out: a Value or an address.
// Reads only boxes that our runtime made; modules of other compilers are read through their text (instance.ts).

import { PolicyError } from "../error.ts";
import * as abi from "../runtime/abi.ts";
import { integer, NumberValue } from "../value/number.ts";
import { object } from "../value/object.ts";
import { set } from "../value/set.ts";
import { outputTooLarge } from "./limits.ts";
import { decodeUtf8, encodeUtf8Into } from "../value/utf8.ts";
import type { Value } from "../value/value.ts";
import { isArray, isSet } from "../value/value.ts";

const PAGE = 65536;
/** Up to this many bytes a string is read character by character: cheaper than a call of the decoder. */
const SHORT = 24;

/** What stands around the answer of an entrypoint in a list of results: `[{"result":` and `}]`. */
const ENVELOPE = 13;

/** Addresses come out of a module as signed integers: beyond 2 GiB they are negative, which every way in undoes. */
export class Memory {
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;
  #view: DataView;
  /** Bytes that the value being read may take, and how many of them are left. */
  #limit = 0;
  #left = 0;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** Growing the memory detaches the views, so every way in goes through here. */
  #fresh(): void {
    if (this.#bytes.length !== 0) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
  }

  get buffer(): ArrayBuffer {
    return this.#memory.buffer;
  }

  get size(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Makes room up to `end`. Throws `eval_limit_error` if the memory may not grow that far. */
  reserve(end: number): void {
    // The getter of the buffer is a call out of compiled code.
    if (end <= this.#bytes.length) return;
    const missing = end - this.size;
    if (missing <= 0) return;
    try {
      this.#memory.grow(Math.ceil(missing / PAGE));
    } catch (cause) {
      throw new PolicyError("eval_limit_error", "memory limit reached", { cause });
    }
  }

  /** Writes a text as UTF-8, or bytes as they are: how many. */
  writeSource(address: number, source: Uint8Array | string): number {
    const at = address >>> 0;
    this.reserve(at + (typeof source === "string" ? source.length * 3 : source.length));
    this.#fresh();
    if (typeof source === "string") return encodeUtf8Into(source, this.#bytes.subarray(at));
    this.#bytes.set(source, at);
    return source.length;
  }

  word(address: number): number {
    this.#fresh();
    return this.#view.getInt32(address >>> 0, true);
  }

  /** The text from an address to the next NUL. Throws `eval_limit_error` if it takes more than `limit` bytes. */
  terminated(address: number, limit = Number.POSITIVE_INFINITY): string {
    const bytes = this.#terminated(address);
    if (bytes.length > limit) throw outputTooLarge(limit);
    return decodeUtf8(bytes);
  }

  /** A copy of its bytes. */
  terminatedBytes(address: number): Uint8Array {
    return this.#terminated(address).slice();
  }

  #terminated(address: number): Uint8Array {
    this.#fresh();
    const from = address >>> 0;
    const end = this.#bytes.indexOf(0, from);
    return this.#bytes.subarray(from, end < 0 ? undefined : end);
  }

  /** A string box at `address` (16 bytes, then the text): the address behind it. */
  writeString(address: number, text: string): number {
    const length = this.writeSource(address + abi.BOX_SIZE, text);
    this.#view.setUint32(address + abi.OFFSET_TAG, abi.TAG_STRING, true);
    this.#view.setInt32(address + abi.OFFSET_N, length, true);
    this.#view.setUint32(address + abi.OFFSET_A, address + abi.BOX_SIZE, true);
    this.#view.setUint32(address + abi.OFFSET_B, 0, true);
    return address + abi.BOX_SIZE + length;
  }

  /** The value of a box. Throws `eval_limit_error` if it takes more than `limit` bytes as JSON. */
  value(address: number, limit = Number.POSITIVE_INFINITY): Value {
    if (address === abi.ADDRESS_TRUE) return true;
    if (address === abi.ADDRESS_FALSE) return false;
    this.#fresh();
    this.#limit = limit;
    this.#left = limit;
    return this.#value(address >>> 0);
  }

  /** The solutions in a list of results. */
  results(address: number, limit: number): readonly Value[] {
    this.#fresh();
    this.#limit = limit;
    this.#left = limit + ENVELOPE;
    const value = this.#value(address >>> 0);
    if (isArray(value)) return value;
    if (isSet(value)) return [...value.values()];
    throw new PolicyError("eval_internal_error", "the result is no list");
  }

  /** Counts bytes of the value before anything is made of them. */
  #take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw outputTooLarge(this.#limit);
  }

  #value(address: number): Value {
    const view = this.#view;
    const count = view.getInt32(address + abi.OFFSET_N, true);
    const payload = view.getUint32(address + abi.OFFSET_A, true);
    switch (view.getUint8(address + abi.OFFSET_TAG)) {
      case abi.TAG_NULL:
        this.#take(4);
        return null;
      case abi.TAG_BOOLEAN:
        this.#take(count === 0 ? 5 : 4);
        return count !== 0;
      case abi.TAG_NUMBER:
        return this.#number(address, count, payload);
      case abi.TAG_STRING:
        this.#take(count + 2);
        return this.#text(payload, count);
      case abi.TAG_ARRAY: {
        this.#take(count === 0 ? 2 : count + 1);
        const items = new Array<Value>(count);
        for (let at = 0; at < count; at++) items[at] = this.#value(view.getUint32(payload + at * 4, true));
        return items;
      }
      case abi.TAG_OBJECT: {
        this.#take(count === 0 ? 2 : count * 2 + 1);
        const entries: [Value, Value][] = [];
        for (let at = payload; at < payload + count * abi.OBJECT_ENTRY_SIZE; at += abi.OBJECT_ENTRY_SIZE) {
          entries.push([
            this.#value(view.getUint32(at + 4, true)),
            this.#value(view.getUint32(at + 8, true)),
          ]);
        }
        return object(entries);
      }
      case abi.TAG_SET: {
        this.#take(count === 0 ? 2 : count + 1);
        const members: Value[] = [];
        for (let at = payload; at < payload + count * abi.SET_ENTRY_SIZE; at += abi.SET_ENTRY_SIZE) {
          members.push(this.#value(view.getUint32(at + 4, true)));
        }
        return set(members);
      }
    }
    throw new PolicyError("eval_internal_error", `no value at address ${address}`);
  }

  #number(address: number, length: number, payload: number): Value {
    const flags = this.#view.getUint8(address + abi.OFFSET_FLAGS);
    if ((flags & abi.NUMBER_INT) !== 0) {
      const number = integer(this.#view.getBigInt64(address + abi.OFFSET_A, true));
      this.#take(number.text.length);
      return number;
    }
    this.#take(length);
    return new NumberValue(this.#text(payload, length));
  }

  #text(address: number, length: number): string {
    if (length <= SHORT) {
      let text = "";
      for (let at = address; at < address + length; at++) {
        const byte = this.#bytes[at]!;
        if (byte >= 0x80) return decodeUtf8(this.#bytes.subarray(address, address + length));
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return decodeUtf8(this.#bytes.subarray(address, address + length));
  }
}
