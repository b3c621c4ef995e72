// Writes of an input object only what the policy reads, to where the module looks for it. In: plans of what is read, and plain data. Out: cells
// and boxes in linear memory, or a refusal: what is no plain data (classes, toJSON, bigint) goes through its JSON text.

import * as abi from "../runtime/abi.ts";
import { encodeUtf8Into } from "../value/utf8.ts";
import { type InputPen, type InputPlan, SHORT, type Slot, type WriteInput } from "./input-plan.ts";

const MAX_DEPTH = 64;
/** Texts that are kept in memory, and how many a place may have before it counts as one of names, not of kinds. */
const KEPT = 256;
const KINDS = 24;
/** A power of two. */
const LATELY = 256;
const MAX_ROOM = 2 ** 31 - 8;

/** Answer of `write` where the data must go through its text, or does not fit into the memory as it is. */
export const REFUSED = -1;

const STRING = abi.TAG_STRING;
const ASCII_STRING = abi.TAG_STRING | (abi.STRING_ASCII << 8);
const INTEGER = abi.TAG_NUMBER | (abi.NUMBER_INT << 8);
const DIGITS = abi.TAG_NUMBER | (abi.NUMBER_TEXT << 8);

export class InputWriter implements InputPen {
  readonly #memory: { readonly buffer: ArrayBuffer };
  #bytes: Uint8Array;
  #words: Int32Array;
  #at = 0;
  /** Up to here is written: in the memory, and below 2 GiB, beyond which an address is no positive number. */
  #room = 0;
  /** Boxes of texts met before, with their hashes once these were asked for. */
  readonly #kept = new Map<string, number>();
  /** The last of them, by first and last character and length. */
  readonly #lately: string[] = new Array(LATELY).fill("\0");
  readonly #latelyAt = new Int32Array(LATELY);
  #free: number;
  readonly #end: number;

  constructor(memory: { readonly buffer: ArrayBuffer }, allocate: (bytes: number) => number) {
    this.#memory = memory;
    this.#free = allocate(KEPT * (abi.BOX_SIZE + SHORT));
    this.#end = this.#free + KEPT * (abi.BOX_SIZE + SHORT);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#room = Math.min(this.#bytes.length, MAX_ROOM);
  }

  /** Writes; what has no fixed place from address `at` on. The address where the heap goes on. */
  write(plan: InputPlan, at: number, data: unknown): number {
    const { generated } = plan;
    if (at < 0) return REFUSED;
    if (generated !== undefined) return this.#generated(generated, plan, at, data);
    this.#start(at);
    return isPlainObject(data) && this.#object(data, plan) ? this.#at : REFUSED;
  }

  #generated(write: WriteInput, plan: InputPlan, at: number, data: unknown): number {
    this.#start(at);
    // What Object.prototype has been given, a read by name would see and JSON does not.
    for (const _ in NOTHING) return REFUSED;
    return write(this, plan, data) ? this.#at : REFUSED;
  }

  #start(at: number): void {
    // Growing the memory detaches the views.
    if (this.#bytes.length === 0) {
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#words = new Int32Array(this.#memory.buffer);
      this.#room = Math.min(this.#bytes.length, MAX_ROOM);
    }
    this.#at = (at + 7) & ~7;
  }

  put(slots: readonly Slot[], members: readonly unknown[]): boolean {
    const words = this.#words;
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index]!;
      const member = members[index];
      const value = typeof member === "string" ? this.#leaf(member, slot) : this.#other(member, slot);
      if (value === REFUSED) return false;
      words[slot.cell] = value;
    }
    return true;
  }

  open(slot: Slot): void {
    this.#words[slot.cell] = slot.below!.box;
  }

  other(slot: Slot, member: unknown): boolean {
    return this.#inner(member, slot, slot.below!);
  }

  #object(data: Record<string, unknown>, plan: InputPlan): boolean {
    if (plan.wide) return this.#byName(data, plan);
    const { keys, places } = plan;
    let at = 0;
    let written = 0;
    // Keys that a loop names are read without a search, where all objects here have had them in the same order.
    for (const key in data) {
      const slot = keys[at] === key ? places[at] : placeOf(plan, at, key);
      at++;
      if (slot === undefined) continue;
      // biome-ignore lint/suspicious/noPrototypeBuiltins: so written, V8 knows that a key of this loop is the object's own, and looks at nothing
      if (!Object.prototype.hasOwnProperty.call(data, key)) continue;
      const member = data[key];
      if (slot.below === undefined) {
        const value = typeof member === "string" ? this.#leaf(member, slot) : this.#other(member, slot);
        if (value === REFUSED) return false;
        this.#words[slot.cell] = value;
      } else if (!this.#inner(member, slot, slot.below)) return false;
      written |= slot.bit;
    }
    if (written !== plan.all) this.#missing(plan, written);
    if (at > plan.slots.length * 4 + 8) plan.wide = true;
    return true;
  }

  /** Of an object of which most keys are not read. */
  #byName(data: Record<string, unknown>, plan: InputPlan): boolean {
    for (const slot of plan.slots) {
      const member = isEnumerable.call(data, slot.name) ? data[slot.name] : undefined;
      if (slot.below !== undefined) {
        if (!this.#inner(member, slot, slot.below)) return false;
        continue;
      }
      const value = typeof member === "string" ? this.#leaf(member, slot) : this.#other(member, slot);
      if (value === REFUSED) return false;
      this.#words[slot.cell] = value;
    }
    return true;
  }

  #inner(member: unknown, slot: Slot, below: InputPlan): boolean {
    if (typeof member === "object" && isPlainObject(member)) {
      this.#words[slot.cell] = below.box;
      return this.#object(member, below);
    }
    const value = typeof member === "string" ? this.#leaf(member, slot) : this.#other(member, slot);
    if (value === REFUSED) return false;
    this.#words[slot.cell] = value;
    this.#clear(below);
    return true;
  }

  #missing(plan: InputPlan, written: number): void {
    for (const slot of plan.slots) {
      if ((written & slot.bit) !== 0) continue;
      this.#words[slot.cell] = 0;
      if (slot.below !== undefined) this.#clear(slot.below);
    }
  }

  /** Below what is no object there is nothing. */
  #clear(plan: InputPlan): void {
    for (const slot of plan.slots) {
      this.#words[slot.cell] = 0;
      if (slot.below !== undefined) this.#clear(slot.below);
    }
  }

  #other(member: unknown, slot: Slot): number {
    if (typeof member === "number") {
      if (!Number.isSafeInteger(member)) return this.#number(member);
      const { box } = slot;
      const words = this.#words;
      const low = member | 0;
      words[box] = INTEGER;
      words[box + 2] = low;
      words[box + 3] = low === member ? low >> 31 : Math.floor(member / 4294967296) | 0;
      return box << 2;
    }
    if (typeof member === "boolean") return member ? abi.ADDRESS_TRUE : abi.ADDRESS_FALSE;
    if (member === undefined) return 0;
    if (member === null) return abi.ADDRESS_NULL;
    return Array.isArray(member) ? this.#array(member, slot, 1) : REFUSED;
  }

  /** A text at a place of its own: a box that is kept, or the place's box. */
  #leaf(text: string, slot: Slot): number {
    if (text.length > SHORT) return this.#string(text);
    const kept = this.#keep(text, slot);
    if (kept !== 0) return kept;
    const { box } = slot;
    const { length } = text;
    const words = this.#words;
    let at = 0;
    let any = 0;
    for (let word = box + 4; at < length; word++) {
      let four = 0;
      for (let shift = 0; shift < 32 && at < length; shift += 8, at++) {
        const unit = text.charCodeAt(at);
        any |= unit;
        four |= unit << shift;
      }
      words[word] = four;
    }
    if (any >= 0x80) return this.#string(text);
    words[box] = ASCII_STRING;
    words[box + 1] = length;
    words[box + 2] = (box << 2) + abi.BOX_SIZE;
    words[box + 3] = 0;
    return box << 2;
  }

  /** The box of a short text that is worth keeping, or 0. */
  #keep(text: string, slot: Slot): number {
    if (slot.seen > KINDS) return 0;
    // Most of them were met lately: one comparison finds them, where a map hashes.
    const { length } = text;
    const at =
      length === 0 ? 0 : (text.charCodeAt(0) * 7 + text.charCodeAt(length - 1) * 3 + length) & (LATELY - 1);
    if (this.#lately[at] === text) return this.#latelyAt[at]!;
    const box = this.#kept.get(text) ?? this.#keepNew(text, slot);
    if (box !== 0) {
      this.#lately[at] = text;
      this.#latelyAt[at] = box;
    }
    return box;
  }

  #keepNew(text: string, slot: Slot): number {
    slot.seen++;
    const box = this.#free;
    if (box >= this.#end) return 0;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return 0;
      this.#bytes[box + abi.BOX_SIZE + at] = unit;
    }
    this.#header(box, ASCII_STRING, text.length, box + abi.BOX_SIZE, 0);
    this.#free = box + abi.BOX_SIZE + SHORT;
    this.#kept.set(text, box);
    return box;
  }

  #header(address: number, tag: number, n: number, a: number, b: number): void {
    const word = address >> 2;
    this.#words[word] = tag;
    this.#words[word + 1] = n;
    this.#words[word + 2] = a;
    this.#words[word + 3] = b;
  }

  #box(tag: number, n: number, a: number, b: number): number {
    const address = this.#at;
    if (address + abi.BOX_SIZE > this.#room) return REFUSED;
    this.#header(address, tag, n, a, b);
    this.#at = address + abi.BOX_SIZE;
    return address;
  }

  /** A value on the heap. */
  #value(data: unknown, slot: Slot, depth: number): number {
    if (typeof data === "string")
      return (data.length <= SHORT && this.#keep(data, slot)) || this.#string(data);
    if (typeof data === "boolean") return data ? abi.ADDRESS_TRUE : abi.ADDRESS_FALSE;
    if (typeof data === "number") return this.#number(data);
    if (data === null) return abi.ADDRESS_NULL;
    return Array.isArray(data) ? this.#array(data, slot, depth) : REFUSED;
  }

  #array(data: readonly unknown[], slot: Slot, depth: number): number {
    if (depth > MAX_DEPTH || typeof (data as { toJSON?: unknown }).toJSON === "function") return REFUSED;
    const { length } = data;
    const elements = this.#at;
    if (elements + length * 4 + 24 > this.#room) return REFUSED;
    const box = (elements + length * 4 + 7) & ~7;
    this.#at = box + abi.BOX_SIZE;
    const words = this.#words;
    const start = elements >> 2;
    for (let index = 0; index < length; index++) {
      const item: unknown = data[index];
      let value = 0;
      if (typeof item === "string") {
        if (item.length <= SHORT) value = this.#keep(item, slot);
        if (value === 0) value = this.#string(item);
      } else value = item === undefined ? abi.ADDRESS_NULL : this.#value(item, slot, depth + 1);
      if (value === REFUSED) return REFUSED;
      words[start + index] = value;
    }
    const word = box >> 2;
    words[word] = abi.TAG_ARRAY;
    words[word + 1] = length;
    words[word + 2] = elements;
    words[word + 3] = length;
    return box;
  }

  #number(data: number): number {
    if (Number.isSafeInteger(data)) return this.#box(INTEGER, 0, data | 0, Math.floor(data / 4294967296) | 0);
    if (!Number.isFinite(data)) return abi.ADDRESS_NULL;
    const bytes = this.#at;
    const length = this.#text(String(data));
    return length === REFUSED ? REFUSED : this.#box(DIGITS, length, bytes, 0);
  }

  #string(data: string): number {
    const bytes = this.#at;
    const length = this.#text(data);
    return length === REFUSED ? REFUSED : this.#box(STRING, length, bytes, 0);
  }

  /** UTF-8 of a text: its length. Short ASCII texts are copied here, all others by the platform. */
  #text(text: string): number {
    const start = this.#at;
    if (start + text.length * 3 + 24 > this.#room) return REFUSED;
    let length = 0;
    if (text.length <= SHORT) {
      for (; length < text.length; length++) {
        const unit = text.charCodeAt(length);
        if (unit >= 0x80) break;
        this.#bytes[start + length] = unit;
      }
    }
    if (length < text.length) length = encodeUtf8Into(text, this.#bytes.subarray(start));
    this.#at = (start + length + 7) & ~7;
    return length;
  }
}

const NOTHING = {};
const isEnumerable = Object.prototype.propertyIsEnumerable;

/** The key has not come in this turn before. */
function placeOf({ keys, places, slots, named }: InputPlan, at: number, key: string): Slot | undefined {
  const slot = named.get(key);
  // Beyond what a loop is worth, nothing is kept.
  if (at <= slots.length * 4 + 8) {
    keys[at] = key;
    places[at] = slot;
  }
  return slot;
}

/**
 * Data that JSON.stringify would read property by property, as this writer does; or an object whose `constructor` says that it is one, of which
 * only what is its own counts. To ask for the prototype is a call out of compiled code.
 */
function isPlainObject(data: unknown): data is Record<string, unknown> {
  if (
    typeof data !== "object" ||
    data === null ||
    typeof (data as { toJSON?: unknown }).toJSON === "function"
  )
    return false;
  if ((data as { constructor?: unknown }).constructor === Object) return true;
  const prototype: unknown = Object.getPrototypeOf(data);
  return prototype === Object.prototype || prototype === null;
}
