// Writes of an input object only what the policy reads, to where the module looks for it. In: the drawing that the module carries, and plain
// data. Out: cells and boxes in linear memory, or a refusal: what is no plain data (classes, toJSON, bigint) goes through its JSON text.

import * as abi from "../runtime/abi.ts";

/** `true`: everything below; a tree: only these keys. */
type ReadTree = true | { readonly [key: string]: ReadTree };

/** An object at a fixed address, as compile/wasm/cells.ts draws it. */
interface CellNode {
  readonly box: number;
  readonly keys: Readonly<Record<string, readonly [cell: number, below: CellNode | null]>>;
}

interface Drawing {
  /** Entrypoints that `decide` answers. */
  readonly plans: readonly string[];
  readonly root: CellNode;
}

export interface Cells {
  readonly plans: readonly string[];
  readonly root: number;
  /** What to write for each plan; none for those that may look at the whole input. */
  readonly writers: ReadonlyMap<string, InputPlan>;
}

interface Slot {
  readonly name: string;
  /** The name also stands on Object.prototype: only an own property counts. */
  readonly inherited: boolean;
  /** Word of the value's address. */
  readonly cell: number;
  readonly below: InputPlan | undefined;
  /** Word of a box for what stands here, a text of up to SHORT characters behind it. */
  box: number;
  /** Different texts seen here: many of them are not worth remembering. */
  seen: number;
}

/** An object of which only these keys are written. */
export interface InputPlan {
  readonly box: number;
  readonly slots: readonly Slot[];
}

/** What the module carries; undefined if it is none of ours or was built without. `allocate` gives memory that stays. */
export function readCells(
  module: WebAssembly.Module,
  allocate: (bytes: number) => number,
): Cells | undefined {
  const drawing = section(module, "reeve.cells") as Drawing | undefined;
  const trees = section(module, "reeve.reads") as Readonly<Record<string, ReadTree>> | undefined;
  if (drawing === undefined || trees === undefined) return undefined;
  const boxes = new Map<number, number>();
  const planOf = (node: CellNode, tree: ReadTree): InputPlan => {
    const slots = Object.entries(node.keys)
      .filter(([name]) => tree === true || Object.hasOwn(tree, name))
      .map(([name, [cell, below]]): Slot => {
        const box = boxes.get(cell) ?? allocate(abi.BOX_SIZE + SHORT);
        boxes.set(cell, box);
        return {
          name,
          inherited: name in Object.prototype,
          cell: cell >> 2,
          below: below === null ? undefined : planOf(below, tree === true ? true : tree[name]!),
          box: box >> 2,
          seen: 0,
        };
      });
    return { box: node.box, slots };
  };
  const writers = new Map<string, InputPlan>();
  for (const [name, tree] of Object.entries(trees))
    if (tree !== true) writers.set(name, planOf(drawing.root, tree));
  return { plans: drawing.plans, root: drawing.root.box, writers };
}

function section(module: WebAssembly.Module, name: string): unknown {
  const [bytes] = WebAssembly.Module.customSections(module, name);
  return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
}

const MAX_DEPTH = 64;
/** Up to this many characters a text is written one by one. */
const SHORT = 24;
/** Texts that are kept in memory, and how many a place may have before it counts as one of names, not of kinds. */
const KEPT = 256;
const KINDS = 24;
const ENCODER = new TextEncoder();

/** Answer of `write` where the data must go through its text, or does not fit into the memory as it is. */
export const REFUSED = -1;

const STRING = abi.TAG_STRING;
const ASCII_STRING = abi.TAG_STRING | (abi.STRING_ASCII << 8);
const INTEGER = abi.TAG_NUMBER | (abi.NUMBER_INT << 8);
const DIGITS = abi.TAG_NUMBER | (abi.NUMBER_TEXT << 8);

export class InputWriter {
  readonly #memory: { readonly buffer: ArrayBuffer };
  #bytes: Uint8Array;
  #words: Int32Array;
  #at = 0;
  /** Boxes of texts met before, with their hashes once these were asked for. */
  readonly #kept = new Map<string, number>();
  #free: number;
  readonly #end: number;

  constructor(memory: { readonly buffer: ArrayBuffer }, allocate: (bytes: number) => number) {
    this.#memory = memory;
    this.#free = allocate(KEPT * (abi.BOX_SIZE + SHORT));
    this.#end = this.#free + KEPT * (abi.BOX_SIZE + SHORT);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
  }

  /** Writes; what has no fixed place from address `at` on. The address where the heap goes on. */
  write(plan: InputPlan, at: number, data: unknown): number {
    // Growing the memory detaches the views.
    if (this.#bytes.length === 0) {
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#words = new Int32Array(this.#memory.buffer);
    }
    this.#at = (at + 7) & ~7;
    return isPlainObject(data) && this.#object(data, plan) ? this.#at : REFUSED;
  }

  #object(data: Record<string, unknown>, plan: InputPlan): boolean {
    const words = this.#words;
    for (const slot of plan.slots) {
      const member = slot.inherited && !Object.hasOwn(data, slot.name) ? undefined : data[slot.name];
      if (slot.below !== undefined && typeof member === "object" && isPlainObject(member)) {
        words[slot.cell] = slot.below.box;
        if (!this.#object(member, slot.below)) return false;
        continue;
      }
      const value = typeof member === "string" ? this.#leaf(member, slot) : this.#other(member, slot);
      if (value === REFUSED) return false;
      words[slot.cell] = value;
      if (slot.below !== undefined) this.#clear(slot.below);
    }
    return true;
  }

  /** Below what is no object there is nothing. */
  #clear(plan: InputPlan): void {
    for (const slot of plan.slots) {
      this.#words[slot.cell] = 0;
      if (slot.below !== undefined) this.#clear(slot.below);
    }
  }

  #other(member: unknown, slot: Slot): number {
    if (typeof member === "boolean") return member ? abi.ADDRESS_TRUE : abi.ADDRESS_FALSE;
    if (member === undefined) return 0;
    if (typeof member !== "number" || !Number.isSafeInteger(member)) return this.#value(member, slot, 1);
    const { box } = slot;
    this.#words[box] = INTEGER;
    this.#words[box + 2] = member | 0;
    this.#words[box + 3] = Math.floor(member / 4294967296) | 0;
    return box << 2;
  }

  /** A text at a place of its own: a box that is kept, or the place's box. */
  #leaf(text: string, slot: Slot): number {
    if (text.length > SHORT) return this.#string(text);
    const kept = this.#keep(text, slot);
    if (kept !== 0) return kept;
    const { box } = slot;
    const start = (box << 2) + abi.BOX_SIZE;
    const bytes = this.#bytes;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return this.#string(text);
      bytes[start + at] = unit;
    }
    this.#words[box] = ASCII_STRING;
    this.#words[box + 1] = text.length;
    this.#words[box + 2] = start;
    this.#words[box + 3] = 0;
    return box << 2;
  }

  /** The box of a short text that is worth keeping, or 0. */
  #keep(text: string, slot: Slot): number {
    if (slot.seen > KINDS) return 0;
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
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
    if (address + abi.BOX_SIZE > this.#bytes.length) return REFUSED;
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
      const value = item === undefined ? abi.ADDRESS_NULL : this.#value(item, slot, depth + 1);
      if (value === REFUSED) return REFUSED;
      this.#words[(elements >> 2) + index] = value;
    }
    return this.#box(abi.TAG_ARRAY, data.length, elements, data.length);
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
