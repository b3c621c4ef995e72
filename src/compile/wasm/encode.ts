// Writes the WebAssembly binary format: LEB128 numbers, vectors, names and sections. In: numbers and bytes. Out: bytes. Knows no
// instruction and no policy; decode.ts reads what this writes.

/** Section ids in the order in which a module must carry them (0, custom, may stand anywhere). */
export const SECTION_CUSTOM = 0;
export const SECTION_TYPE = 1;
export const SECTION_IMPORT = 2;
export const SECTION_FUNCTION = 3;
export const SECTION_TABLE = 4;
export const SECTION_MEMORY = 5;
export const SECTION_GLOBAL = 6;
export const SECTION_EXPORT = 7;
export const SECTION_START = 8;
export const SECTION_ELEMENT = 9;
export const SECTION_CODE = 10;
export const SECTION_DATA = 11;
export const SECTION_DATA_COUNT = 12;

export const KIND_FUNCTION = 0;
export const KIND_TABLE = 1;
export const KIND_MEMORY = 2;
export const KIND_GLOBAL = 3;

export const TYPE_I32 = 0x7f;
export const TYPE_I64 = 0x7e;
/** Block type of a block without a result. */
export const TYPE_EMPTY = 0x40;

const UTF8 = new TextEncoder();

/** A growing byte buffer with the number formats of WebAssembly. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(count: number): void {
    const need = this.#length + count;
    if (need <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(need, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Unsigned LEB128, 0 to 2^32-1. */
  u32(value: number): this {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** Signed LEB128 of an int32. */
  s32(value: number): this {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  /** Signed LEB128 of an int64. */
  s64(value: bigint): this {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  /** Little-endian int32, as linear memory holds it. */
  word(value: number): this {
    this.#reserve(4);
    this.patch(this.#length, value);
    this.#length += 4;
    return this;
  }

  /** Replaces an int32 that was written at an offset. */
  patch(offset: number, value: number): void {
    for (let byte = 0; byte < 4; byte++) this.#bytes[offset + byte] = (value >>> (8 * byte)) & 0xff;
  }

  /** Length and UTF-8 bytes. */
  name(text: string): this {
    const bytes = UTF8.encode(text);
    return this.u32(bytes.length).raw(bytes);
  }

  /** Length and bytes. */
  sized(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }

  /** Zero bytes up to the next multiple of `alignment`. */
  align(alignment: number): this {
    const rest = this.#length % alignment;
    if (rest === 0) return this;
    // Bytes behind what was written are 0.
    this.#reserve(alignment - rest);
    this.#length += alignment - rest;
    return this;
  }

  /** What was written, without a copy: for a writer that writes no more. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** A vector section from items that are encoded already. */
export function vector(items: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(items.length);
  for (const item of items) writer.raw(item);
  return writer.finish();
}

/** `i32.const value; end`: initialiser of a global and offset of a data segment. */
export function constantExpression(value: number): Uint8Array {
  return new ByteWriter(8).byte(0x41).s32(value).byte(0x0b).finish();
}

export function encodeUtf8(text: string): Uint8Array {
  return UTF8.encode(text);
}
