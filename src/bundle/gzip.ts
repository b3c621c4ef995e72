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

interface Piece {
  readonly bytes: Uint8Array;
  readonly before: Uint8Array;
  readonly packed: Uint8Array;
}

/** The pieces of the last gzip. */
export class GzipCache {
  #pieces = new Map<string, Piece>();

  /** The gzip of bytes that nobody changes afterwards. */
  gzip(bytes: Uint8Array): Uint8Array {
    const pieces = new Map<string, Piece>();
    // No name, no time, no system: neither is part of a bundle (RFC 1952, 2.3.1).
    const parts: Uint8Array[] = [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)];
    let from = 0;
    for (const to of borders(bytes)) {
      const last = to === bytes.length;
      const before = bytes.subarray(Math.max(0, from - WINDOW), from);
      const piece = bytes.subarray(from, to);
      // Where it ends was decided by its last bytes, so these differ from piece to piece; what it holds is compared.
      const key = `${crc32(piece.subarray(-64), crc32(piece.subarray(0, 64)))} ${piece.length} ${last}`;
      const known = this.#pieces.get(key);
      const same = known !== undefined && equal(known.bytes, piece) && equal(known.before, before);
      const packed = same ? known.packed : deflate(piece, before, last);
      pieces.set(key, { bytes: piece, before, packed });
      parts.push(packed);
      from = to;
    }
    this.#pieces = pieces;
    const end = Buffer.alloc(8);
    end.writeUInt32LE(crc32(bytes), 0);
    end.writeUInt32LE(bytes.length >>> 0, 4);
    const packed = Buffer.concat([...parts, end]);
    return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
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

/** Ends of pieces, the last of them the end of the bytes. */
function borders(bytes: Uint8Array): number[] {
  const found: number[] = [];
  let start = 0;
  let hash = 0;
  for (let at = SHORTEST - ROLLING; at < bytes.length; at++) {
    hash = ((hash << 1) + (MIX[bytes[at] as number] as number)) | 0;
    const length = at + 1 - start;
    if (length < SHORTEST || ((hash & BORDER) !== 0 && length < LONGEST)) continue;
    start = at + 1;
    found.push(start);
    at = start + SHORTEST - ROLLING - 1;
    hash = 0;
  }
  if (found.at(-1) !== bytes.length) found.push(bytes.length);
  return found;
}

/** A number for each byte, with nothing in common between them. */
const MIX = Int32Array.from({ length: 256 }, (_, byte) => {
  let mixed = Math.imul(byte + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca77);
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae3d);
});
