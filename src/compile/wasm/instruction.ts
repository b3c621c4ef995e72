// Writes the body of one function, instruction by instruction. Labels are absolute (the depth at which a block was opened), so that
// code that opens helper blocks never has to count how many; `br` turns them into the relative index of the format.

import type { Address } from "./statics.ts";
import { ByteWriter, TYPE_EMPTY, TYPE_I32, type TYPE_I64 } from "./encode.ts";

/** A block that is open, by its depth. */
export type Label = number;

export const LINK_I32 = 0;
export const LINK_CALL = 1;
export const LINK_GLOBAL = 2;

/** A number in a body that another module may have for another. */
export interface Link {
  /** Where it starts. */
  readonly at: number;
  readonly kind: typeof LINK_I32 | typeof LINK_CALL | typeof LINK_GLOBAL;
  readonly value: number;
}

export interface Linked {
  readonly bytes: Uint8Array;
  readonly links: readonly Link[];
}

/** A body with other numbers in some places: `write` is given each place, in their order, and writes its number. */
export function rewritten<Place extends { readonly at: number }>(
  body: Uint8Array,
  places: readonly Place[],
  write: (out: ByteWriter, place: Place) => void,
): Uint8Array {
  const out = new ByteWriter(body.length + 64);
  let from = 0;
  for (const place of places) {
    out.raw(body.subarray(from, place.at));
    write(out, place);
    from = place.at;
    while ((body[from++] as number) >= 0x80);
  }
  return out.raw(body.subarray(from)).finish();
}

export class Code {
  readonly #out = new ByteWriter();
  #depth = 0;
  readonly #params: number;
  readonly #locals: number[] = [];
  readonly #links: Link[] | undefined;

  /** `linked`: notes where addresses, functions and globals stand. */
  constructor(params: number, linked = false) {
    this.#params = params;
    this.#links = linked ? [] : undefined;
  }

  #link(kind: Link["kind"], value: number): void {
    this.#links?.push({ at: this.#out.length, kind, value });
  }

  /** A new local of the function: its index. */
  local(type: typeof TYPE_I32 | typeof TYPE_I64 = TYPE_I32): number {
    this.#locals.push(type);
    return this.#params + this.#locals.length - 1;
  }

  block(): Label {
    this.#out.byte(0x02).byte(TYPE_EMPTY);
    return ++this.#depth;
  }

  loop(): Label {
    this.#out.byte(0x03).byte(TYPE_EMPTY);
    return ++this.#depth;
  }

  if(): Label {
    this.#out.byte(0x04).byte(TYPE_EMPTY);
    return ++this.#depth;
  }

  else(): void {
    this.#out.byte(0x05);
  }

  end(): void {
    this.#depth--;
    this.#out.byte(0x0b);
  }

  br(label: Label): void {
    this.#out.byte(0x0c).u32(this.#depth - label);
  }

  brIf(label: Label): void {
    this.#out.byte(0x0d).u32(this.#depth - label);
  }

  /** Jumps to the label whose number is on the stack, or else to the last one. */
  brTable(labels: readonly Label[], otherwise: Label): void {
    this.#out.byte(0x0e).u32(labels.length);
    for (const label of labels) this.#out.u32(this.#depth - label);
    this.#out.u32(this.#depth - otherwise);
  }

  unreachable(): void {
    this.#out.byte(0x00);
  }

  return(): void {
    this.#out.byte(0x0f);
  }

  drop(): void {
    this.#out.byte(0x1a);
  }

  call(index: number): void {
    this.#out.byte(0x10);
    this.#link(LINK_CALL, index);
    this.#out.u32(index);
  }

  get(local: number): void {
    this.#out.byte(0x20).u32(local);
  }

  set(local: number): void {
    this.#out.byte(0x21).u32(local);
  }

  tee(local: number): void {
    this.#out.byte(0x22).u32(local);
  }

  globalGet(index: number): void {
    this.#out.byte(0x23);
    this.#link(LINK_GLOBAL, index);
    this.#out.u32(index);
  }

  globalSet(index: number): void {
    this.#out.byte(0x24);
    this.#link(LINK_GLOBAL, index);
    this.#out.u32(index);
  }

  /** A number that is the same in every module. */
  i32<T extends number>(value: T extends Address ? never : T): void {
    this.#out.byte(0x41).s32(value);
  }

  /** The address of something static. */
  address(value: Address): void {
    this.#out.byte(0x41);
    this.#link(LINK_I32, value);
    this.#out.s32(value);
  }

  i64(value: bigint): void {
    this.#out.byte(0x42).s64(value);
  }

  /** Load of an int32 at the address on the stack plus `offset`. */
  load(offset: number): void {
    this.#out.byte(0x28).u32(2).u32(offset);
  }

  load8(offset: number): void {
    this.#out.byte(0x2d).u32(0).u32(offset);
  }

  store(offset: number): void {
    this.#out.byte(0x36).u32(2).u32(offset);
  }

  eqz(): void {
    this.#out.byte(0x45);
  }

  eq(): void {
    this.#out.byte(0x46);
  }

  ne(): void {
    this.#out.byte(0x47);
  }

  ltS(): void {
    this.#out.byte(0x48);
  }

  ltU(): void {
    this.#out.byte(0x49);
  }

  add(): void {
    this.#out.byte(0x6a);
  }

  and(): void {
    this.#out.byte(0x71);
  }

  or(): void {
    this.#out.byte(0x72);
  }

  shrU(): void {
    this.#out.byte(0x76);
  }

  shl(): void {
    this.#out.byte(0x74);
  }

  /** int32 to int64, with its sign. */
  extend(): void {
    this.#out.byte(0xac);
  }

  eq64(): void {
    this.#out.byte(0x51);
  }

  ltS64(): void {
    this.#out.byte(0x53);
  }

  sub64(): void {
    this.#out.byte(0x7d);
  }

  mul64(): void {
    this.#out.byte(0x7e);
  }

  add64(): void {
    this.#out.byte(0x7c);
  }

  /** The body as the code section wants it, without its size. */
  finish(): Uint8Array {
    return this.finishLinked().bytes;
  }

  /** The same, with the places that were noted. */
  finishLinked(): Linked {
    const body = new ByteWriter(this.#out.length + 16);
    const groups: [number, number][] = [];
    for (const type of this.#locals) {
      const last = groups.at(-1);
      if (last !== undefined && last[1] === type) last[0]++;
      else groups.push([1, type]);
    }
    body.u32(groups.length);
    for (const [count, type] of groups) body.u32(count).byte(type);
    const start = body.length;
    const links = (this.#links ?? []).map((link) => ({ ...link, at: link.at + start }));
    return { bytes: body.raw(this.#out.written()).byte(0x0b).finish(), links };
  }
}
