// Writes of an input object only what the policy reads. In: the tree of keys that the module carries, and plain data. Out: boxes in linear
// memory, or a refusal: whatever is no plain data (classes, toJSON, bigint, more keys than are searched one by one) goes through its JSON text.

import * as abi from "../runtime/abi.ts";

/** `true`: everything below; a tree: only these keys. */
export type ReadTree = true | { readonly [key: string]: ReadTree };

const READS_SECTION = "reeve.reads";

/** The trees by entrypoint; none if the module carries none. */
export function readTrees(module: WebAssembly.Module): ReadonlyMap<string, ReadTree> {
  const [section] = WebAssembly.Module.customSections(module, READS_SECTION);
  if (section === undefined) return new Map();
  return new Map(Object.entries(JSON.parse(new TextDecoder().decode(section)) as Record<string, ReadTree>));
}

/** Every key of the trees. */
export function keysOf(trees: Iterable<ReadTree>): Set<string> {
  const keys = new Set<string>();
  const visit = (tree: ReadTree): void => {
    if (tree === true) return;
    for (const [key, below] of Object.entries(tree)) {
      keys.add(key);
      visit(below);
    }
  };
  for (const tree of trees) visit(tree);
  return keys;
}

/** A key that lies in linear memory for good. */
export interface KeyBox {
  readonly address: number;
  readonly hash: number;
}

interface Slot extends KeyBox {
  readonly name: string;
  /** The name also stands on Object.prototype: only an own property counts. */
  readonly inherited: boolean;
  readonly below: Plan | undefined;
}

/** An object of which only these keys are written. */
type Plan = readonly Slot[];

/** Objects with more keys need an index, which only the runtime builds. */
const MAX_KEYS = 8;
const MAX_DEPTH = 64;
/** Up to this many characters a text is written one by one. */
const SHORT = 24;
const ENCODER = new TextEncoder();

/** What is written: where the input is and where the heap goes on. */
export interface Written {
  readonly address: number;
  readonly end: number;
}

const REFUSED = -1;

/** A writer for one tree. Undefined if the tree asks for everything, or for too many keys in one place. */
export function inputWriter(tree: ReadTree, keys: ReadonlyMap<string, KeyBox>): InputWriter | undefined {
  const planOf = (below: ReadTree): Plan | undefined => {
    if (below === true) return undefined;
    return Object.entries(below).map(([name, next]) => {
      const box = keys.get(name)!;
      return {
        name,
        address: box.address,
        hash: box.hash,
        inherited: name in Object.prototype,
        below: planOf(next),
      };
    });
  };
  const small = (below: ReadTree): boolean =>
    below === true || (Object.keys(below).length <= MAX_KEYS && Object.values(below).every(small));
  if (tree === true || !small(tree)) return undefined;
  return new InputWriter(planOf(tree)!);
}

export class InputWriter {
  readonly #plan: Plan;
  #bytes = new Uint8Array(0);
  #words = new Int32Array(0);
  #at = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Writes from address `at` on; undefined if the data must go through its text, or does not fit into the memory as it is. */
  write(buffer: ArrayBuffer, at: number, data: unknown): Written | undefined {
    if (this.#bytes.buffer !== buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#words = new Int32Array(buffer);
    }
    this.#at = (at + 7) & ~7;
    if (!isPlainObject(data)) return undefined;
    const address = this.#object(data, this.#plan, 0);
    return address === REFUSED ? undefined : { address, end: this.#at };
  }

  #box(tag: number, n: number, a: number, b: number): number {
    const address = this.#at;
    const word = address >> 2;
    if (address + abi.BOX_SIZE > this.#bytes.length) return REFUSED;
    this.#words[word] = tag;
    this.#words[word + 1] = n;
    this.#words[word + 2] = a;
    this.#words[word + 3] = b;
    this.#at = address + abi.BOX_SIZE;
    return address;
  }

  /** The entries' block begins with its capacity; entries are hash, key, value. */
  #object(data: Record<string, unknown>, plan: Plan, depth: number): number {
    const block = this.#at;
    const entries = block + 8;
    this.#at = (entries + plan.length * abi.OBJECT_ENTRY_SIZE + 7) & ~7;
    if (this.#at > this.#bytes.length) return REFUSED;
    this.#words[block >> 2] = plan.length;
    let word = entries >> 2;
    let count = 0;
    for (const slot of plan) {
      if (slot.inherited && !Object.hasOwn(data, slot.name)) continue;
      const member = data[slot.name];
      if (member === undefined) continue;
      const value =
        slot.below !== undefined && isPlainObject(member)
          ? this.#object(member, slot.below, depth + 1)
          : this.#value(member, depth + 1);
      if (value === REFUSED) return REFUSED;
      this.#words[word] = slot.hash;
      this.#words[word + 1] = slot.address;
      this.#words[word + 2] = value;
      word += 3;
      count++;
    }
    return this.#box(abi.TAG_OBJECT, count, entries, 0);
  }

  #value(data: unknown, depth: number): number {
    if (typeof data === "string") return this.#string(data);
    if (typeof data === "boolean") return data ? abi.ADDRESS_TRUE : abi.ADDRESS_FALSE;
    if (typeof data === "number") return this.#number(data);
    if (data === null) return abi.ADDRESS_NULL;
    if (
      !Array.isArray(data) ||
      depth > MAX_DEPTH ||
      typeof (data as { toJSON?: unknown }).toJSON === "function"
    )
      return REFUSED;
    const elements = this.#at;
    this.#at = (elements + data.length * 4 + 7) & ~7;
    if (this.#at > this.#bytes.length) return REFUSED;
    for (let index = 0; index < data.length; index++) {
      const item: unknown = data[index];
      const value = item === undefined ? abi.ADDRESS_NULL : this.#value(item, depth + 1);
      if (value === REFUSED) return REFUSED;
      this.#words[(elements >> 2) + index] = value;
    }
    return this.#box(abi.TAG_ARRAY, data.length, elements, data.length);
  }

  #number(data: number): number {
    if (Number.isSafeInteger(data)) {
      return this.#box(
        abi.TAG_NUMBER | (abi.NUMBER_INT << 8),
        0,
        data | 0,
        Math.floor(data / 4294967296) | 0,
      );
    }
    if (!Number.isFinite(data)) return abi.ADDRESS_NULL;
    const text = String(data);
    const bytes = this.#at;
    const length = this.#text(text);
    return length === REFUSED
      ? REFUSED
      : this.#box(abi.TAG_NUMBER | (abi.NUMBER_TEXT << 8), length, bytes, 0);
  }

  #string(data: string): number {
    const bytes = this.#at;
    const length = this.#text(data);
    return length === REFUSED ? REFUSED : this.#box(abi.TAG_STRING, length, bytes, 0);
  }

  /** UTF-8 of a text: its length. Short ASCII texts are copied here, all others by the platform. */
  #text(text: string): number {
    const start = this.#at;
    if (start + text.length * 3 + 24 > this.#bytes.length) return REFUSED;
    let length = 0;
    if (text.length <= SHORT) {
      for (; length < text.length; length++) {
        const unit = text.charCodeAt(length);
        if (unit >= 0x80) break;
        this.#bytes[start + length] = unit;
      }
    }
    if (length < text.length) length = ENCODER.encodeInto(text, this.#bytes.subarray(start)).written;
    this.#at = (start + length + 7) & ~7;
    return length;
  }
}

/** Data that JSON.stringify would read property by property, as this writer does. */
function isPlainObject(data: unknown): data is Record<string, unknown> {
  if (typeof data !== "object" || data === null) return false;
  const prototype: unknown = Object.getPrototypeOf(data);
  return (
    (prototype === Object.prototype || prototype === null) &&
    typeof (data as { toJSON?: unknown }).toJSON !== "function"
  );
}
