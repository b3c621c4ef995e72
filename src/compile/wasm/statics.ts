// Static data of a policy: strings, numbers and arrays as finished boxes (drawn in runtime/abi.ts), each once, at their final
// addresses. In: texts. Out: addresses, and one block of bytes for the linker. Never emits code.

import * as abi from "../../runtime/abi.ts";
import { ByteWriter, encodeUtf8 } from "./encode.ts";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** How the runtime hashes the bytes of a string (`bytes_hash` in runtime/compare.ts): constants arrive with their hash. */
export function hashBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = 0x9747b28c ^ bytes.length;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const mixed = Math.imul(hash ^ view.getUint32(at, true), 0x9e3779b1);
    hash = (mixed << 15) | (mixed >>> 17);
  }
  let tail = 0;
  for (; at < bytes.length; at++) tail = (tail << 8) | bytes[at]!;
  hash = Math.imul(hash ^ tail, 0x85ebca77);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae3d);
  hash ^= hash >>> 16;
  return hash === 0 ? 1 : hash >>> 0;
}

declare const place: unique symbol;

/** Where a box stands. No plain number: what is written into code as an address is written anew where the box stands elsewhere. */
export type Address = number & { readonly [place]: true };

/** Is told what one function asks for. */
export interface Listener {
  note(
    ask: { kind: "string" | "number" | "text"; text: string } | { kind: "set"; texts: readonly string[] },
    answer: Address,
  ): void;
  noteArray(elements: readonly Address[], answer: Address): void;
  lose(): void;
}

/** Up to this many entries an object is searched one by one (`LINEAR` of runtime/table.ts). */
const LINEAR = 8;

interface Encoding {
  readonly bytes: Uint8Array;
  readonly ascii: boolean;
  readonly hash: number;
}

function encoding(text: string): Encoding {
  const bytes = encodeUtf8(text);
  return { bytes, ascii: bytes.length === text.length, hash: hashBytes(bytes) };
}

/** Texts as modules have them, from one module to the next. */
export class Encodings {
  readonly #known = new Map<string, { readonly encoding: Encoding; turn: number }>();
  #turn = 0;

  of(text: string): Encoding {
    let known = this.#known.get(text);
    if (known === undefined) this.#known.set(text, (known = { encoding: encoding(text), turn: 0 }));
    known.turn = this.#turn;
    return known.encoding;
  }

  /** The module is finished: texts that it had not are forgotten. */
  turn(): void {
    this.#known.forEach(({ turn }, text) => {
      if (turn !== this.#turn) this.#known.delete(text);
    });
    this.#turn++;
  }
}

export class Statics {
  readonly #base: number;
  readonly #out = new ByteWriter(4096);
  readonly #strings = new Map<string, Address>();
  readonly #texts = new Map<string, Address>();
  readonly #numbers = new Map<string, Address>();
  readonly #arrays = new Map<string, Address>();
  readonly #sets = new Map<string, Address>();
  readonly #words = new Map<string, number>();
  readonly #raw = new Map<string, number>();

  readonly #encodings: Encodings | undefined;
  listener: Listener | undefined;

  constructor(base: number, encodings?: Encodings) {
    this.#base = base;
    this.#encodings = encodings;
  }

  #here(): Address {
    this.#out.align(8);
    return (this.#base + this.#out.length) as Address;
  }

  #bytes(bytes: Uint8Array): Address {
    const address = (this.#base + this.#out.length) as Address;
    // Readers go word by word: the padding keeps the next box out of a string's last word.
    this.#out.raw(bytes).align(8);
    return address;
  }

  #box(tag: number, flags: number, n: number, a: number, b: number): Address {
    const address = this.#here();
    this.#out
      .word(tag | (flags << 8))
      .word(n)
      .word(a)
      .word(b);
    return address;
  }

  /** Address of the string box of a text. */
  string(text: string): Address {
    const address = this.#strings.get(text) ?? this.#newString(text);
    this.listener?.note({ kind: "string", text }, address);
    return address;
  }

  #newString(text: string): Address {
    const { bytes, ascii, hash } = this.#encodings?.of(text) ?? encoding(text);
    const at = this.#bytes(bytes);
    const flags = ascii ? abi.STRING_ASCII : abi.STRING_NOT_ASCII;
    const address = this.#box(abi.TAG_STRING, flags, bytes.length, at, hash);
    this.#strings.set(text, address);
    return address;
  }

  /** Address of a NUL-terminated text, as hosts read messages. */
  text(text: string): Address {
    const address = this.#texts.get(text) ?? this.#bytes(encodeUtf8(`${text}\0`));
    this.#texts.set(text, address);
    this.listener?.note({ kind: "text", text }, address);
    return address;
  }

  /** Address of the number box of a literal: an int64 where the literal is one, else its text. */
  number(text: string): Address {
    const known = this.#numbers.get(text);
    const address = known ?? (isInt64(text) ? this.#int(BigInt(text)) : this.#numberText(text));
    this.#numbers.set(text, address);
    this.listener?.note({ kind: "number", text }, address);
    return address;
  }

  #int(value: bigint): Address {
    const bits = BigInt.asUintN(64, value);
    return this.#box(abi.TAG_NUMBER, abi.NUMBER_INT, 0, Number(bits & 0xffffffffn), Number(bits >> 32n));
  }

  #numberText(text: string): Address {
    const bytes = encodeUtf8(text);
    return this.#box(abi.TAG_NUMBER, abi.NUMBER_TEXT, bytes.length, this.#bytes(bytes), 0);
  }

  /** Address of the array box of addresses of boxes. */
  array(elements: readonly Address[]): Address {
    const key = elements.join();
    const address = this.#arrays.get(key) ?? this.#newArray(elements, key);
    this.listener?.noteArray(elements, address);
    return address;
  }

  #newArray(elements: readonly Address[], key: string): Address {
    const at = this.#here();
    for (const element of elements) this.#out.word(element);
    const address = this.#box(abi.TAG_ARRAY, 0, elements.length, at, elements.length);
    this.#arrays.set(key, address);
    return address;
  }

  /** Address of the set box of texts. */
  set(texts: readonly string[]): Address {
    const members = [...new Set(texts)];
    const key = JSON.stringify(members);
    const address = this.#sets.get(key) ?? this.#newSet(members, key);
    this.listener?.note({ kind: "set", texts: members }, address);
    return address;
  }

  #newSet(members: readonly string[], key: string): Address {
    const entries = members.map((text) => ({
      address: this.string(text),
      hash: hashBytes(encodeUtf8(text)),
    }));
    const at = this.#here() + 8;
    this.#out.word(members.length).word(0);
    for (const { address, hash } of entries) this.#out.word(hash).word(address);
    const index = members.length > LINEAR ? this.#index(entries.map(({ hash }) => hash)) : 0;
    const box = this.#box(abi.TAG_SET, 0, members.length, at, index);
    this.#sets.set(key, box);
    return box;
  }

  /**
   * An object with these keys and no values yet: its box, the address of the word of each value, and where for each key a word is kept
   * for the box of the object below.
   */
  cells(keys: readonly string[]): {
    readonly box: Address;
    readonly below: number;
    readonly cells: readonly Address[];
  } {
    this.listener?.lose();
    const names = keys.map((key) => ({ address: this.string(key), hash: hashBytes(encodeUtf8(key)) }));
    const block = this.#here();
    this.#out.word(keys.length).word(0);
    const entries = block + 8;
    for (const { address, hash } of names) this.#out.word(hash).word(address).word(0);
    const below = entries + keys.length * abi.OBJECT_ENTRY_SIZE;
    for (let at = 0; at < keys.length; at++) this.#out.word(0);
    const index = keys.length > LINEAR ? this.#index(names.map(({ hash }) => hash)) : 0;
    const box = this.#box(abi.TAG_OBJECT, 0, keys.length, entries, index);
    return { box, below, cells: keys.map((_, at) => (entries + at * abi.OBJECT_ENTRY_SIZE + 8) as Address) };
  }

  /** Writes a word of static data that is there already. */
  patch(address: number, value: number): void {
    this.#out.patch(address - this.#base, value);
  }

  /** Address of a word that is 0 until the module writes it. */
  variable(): Address {
    this.listener?.lose();
    const address = this.#here();
    this.#out.word(0).word(0);
    return address;
  }

  /** An object that maps texts to words, which are no boxes. */
  table(entries: ReadonlyMap<string, number>): number {
    const { box, cells } = this.cells([...entries.keys()]);
    const words = [...entries.values()];
    cells.forEach((cell, index) => {
      this.#out.patch(cell - this.#base, words[index]!);
    });
    return box;
  }

  /** Address of words, each row of words once. */
  words(words: readonly number[]): number {
    this.listener?.lose();
    const key = words.join();
    const known = this.#words.get(key);
    if (known !== undefined) return known;
    const address = this.#here();
    for (const word of words) this.#out.word(word);
    this.#words.set(key, address);
    return address;
  }

  /** Address of bytes. */
  raw(bytes: Uint8Array): number {
    this.listener?.lose();
    const key = bytes.join();
    const known = this.#raw.get(key);
    if (known !== undefined) return known;
    const address = this.#bytes(bytes);
    this.#raw.set(key, address);
    return address;
  }

  /** The extension of an object or set with entries of these hashes, as runtime/table.ts draws it. */
  #index(hashes: readonly number[]): number {
    let width = 32;
    while (width < hashes.length * 2 + 2) width *= 2;
    const slots = new Array<number>(width).fill(0);
    hashes.forEach((hash, entry) => {
      let slot = (hash ^ (hash >>> 15)) & (width - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (width - 1);
      slots[slot] = entry + 1;
    });
    const address = this.#here();
    this.#out.word(width - 1);
    for (const slot of slots) this.#out.word(slot);
    return address;
  }

  finish(): Uint8Array {
    return this.#out.align(16).finish();
  }
}

function isInt64(text: string): boolean {
  if (!/^(0|-?[1-9][0-9]*)$/.test(text) || text.length > 20) return false;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** The boxes that every module has at fixed addresses: null, false, true. */
export function fixedBoxes(): { readonly offset: number; readonly bytes: Uint8Array } {
  const writer = new ByteWriter(64);
  const box = (tag: number, n: number): void => {
    writer.word(tag).word(n).word(0).word(0);
  };
  box(abi.TAG_NULL, 0);
  box(abi.TAG_BOOLEAN, 0);
  box(abi.TAG_BOOLEAN, 1);
  return { offset: abi.ADDRESS_NULL, bytes: writer.finish() };
}
