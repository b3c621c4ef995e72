// Bytes to gzip, in pieces whose borders depend only on the bytes around them: where little changed, most pieces are those of last time and are not
// compressed again. The same bytes give the same gzip, with or without pieces of last time. Each piece may refer back to what stands before it, as
// in one stream, so it is the same if that is the same as well.

import { constants, crc32, deflateRawSync } from "node:zlib";

/** How far back deflate refers. */
const WINDOW = 32_768;
const SHORTEST = 24_576;
const LONGEST = 65_536;
/** Behind the shortest piece a border stands where these bits of the rolling hash are 0: after 4 KiB or so. */
const BORDER = 0xfff00000;
/** So many bytes decide: each is shifted out by those behind it. */
const ROLLING = 32;
/** By so many bytes a piece is found again. */
const BEGINNING = 64;

interface Piece {
  readonly bytes: Uint8Array;
  readonly before: Uint8Array;
  readonly last: boolean;
  readonly packed: Uint8Array;
}

/** The pieces of the last gzip. */
export class GzipCache {
  /** By how they begin. */
  #pieces = new Map<number, Piece>();

  /** The gzip of bytes that nobody changes afterwards. */
  gzip(bytes: Uint8Array): Uint8Array {
    const pieces = new Map<number, Piece>();
    // No name, no time, no system: neither is part of a bundle (RFC 1952, 2.3.1).
    const parts: Uint8Array[] = [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)];
    for (let from = 0, last = false; !last; ) {
      const beginning = crc32(bytes.subarray(from, from + BEGINNING));
      const piece = this.#pieceAt(bytes, from, this.#pieces.get(beginning));
      pieces.set(beginning, piece);
      parts.push(piece.packed);
      from += piece.bytes.length;
      last = piece.last;
    }
    this.#pieces = pieces;
    const end = Buffer.alloc(8);
    end.writeUInt32LE(crc32(bytes), 0);
    end.writeUInt32LE(bytes.length >>> 0, 4);
    const packed = Buffer.concat([...parts, end]);
    return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
  }

  /** `known`: a piece of last time that begins in the same way. Where a piece ends is decided by what is in it alone. */
  #pieceAt(bytes: Uint8Array, from: number, known: Piece | undefined): Piece {
    const before = bytes.subarray(Math.max(0, from - WINDOW), from);
    const end = from + (known?.bytes.length ?? 0);
    const same =
      known !== undefined &&
      known.last === (end === bytes.length) &&
      equal(known.bytes, bytes.subarray(from, end));
    const to = same ? end : border(bytes, from);
    const last = to === bytes.length;
    const piece = bytes.subarray(from, to);
    const packed = same && equal(known.before, before) ? known.packed : deflate(piece, before, last);
    return { bytes: piece, before, last, packed };
  }
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function deflate(piece: Uint8Array, before: Uint8Array, last: boolean): Uint8Array {
  return deflateRawSync(piece, {
    // Pieces make up for what the highest level would save, which takes three times as long.
    level: 7,
    // Ends on a whole byte, so that pieces can stand behind each other.
    finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(before.length > 0 && { dictionary: before }),
  });
}

/** The end of the piece that starts here: a border, or the end of the bytes. */
function border(bytes: Uint8Array, start: number): number {
  const end = Math.min(start + LONGEST, bytes.length);
  const shortest = start + SHORTEST - 1;
  let hash = 0;
  for (let at = shortest + 1 - ROLLING; at < end; at++) {
    hash = ((hash << 1) + (MIX[bytes[at] as number] as number)) | 0;
    if ((hash & BORDER) === 0 && at >= shortest) return at + 1;
  }
  return end;
}

/** A number for each byte, with nothing in common between them. */
const MIX = Int32Array.from({ length: 256 }, (_, byte) => {
  let mixed = Math.imul(byte + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca77);
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae3d);
});
