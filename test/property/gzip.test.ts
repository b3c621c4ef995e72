// The gzip of bytes, with what the gzip before left: any reader gets the bytes back, what was there before makes no difference to the result, and a
// small change leaves most of it as it was.

import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { GzipCache } from "../../src/bundle/gzip.ts";

/** Text that compresses, of some length, with nothing that comes again at a distance. */
function drawn(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed | 1;
  for (let at = 0; at < length; at++) {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    bytes[at] = 97 + ((state >>> 20) % 11);
  }
  return bytes;
}

test("what is packed is unpacked, whatever was packed before", () => {
  const edit = fc.record({
    at: fc.oneof({ arbitrary: fc.nat(400_000), weight: 3 }, { arbitrary: fc.constant("end"), weight: 1 }),
    drop: fc.nat(3000),
    put: fc.uint8Array({ maxLength: 3000 }),
  });
  fc.assert(
    fc.property(fc.nat(), fc.nat(400_000), fc.array(edit, { maxLength: 5 }), (seed, length, edits) => {
      const cache = new GzipCache();
      let bytes = drawn(seed, length);
      for (const { at, drop, put } of [{ at: 0, drop: 0, put: new Uint8Array() }, ...edits]) {
        const start = typeof at === "string" ? bytes.length : at % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + drop)]);
        const packed = cache.gzip(bytes);
        expect(Buffer.compare(gunzipSync(packed), bytes)).toBe(0);
        expect(Buffer.compare(packed, new GzipCache().gzip(bytes))).toBe(0);
      }
    }),
    { numRuns: 25 },
  );
});

test("what ends where a piece ended, or goes on where all had ended", () => {
  // No border is in it: pieces are as long as they may be.
  const bytes = new Uint8Array(300_000);
  const cache = new GzipCache();
  for (const length of [300_000, 65_536, 131_072, 65_535, 65_536, 0, 65_537, 0, 300_000]) {
    const packed = cache.gzip(bytes.subarray(0, length));
    expect(gunzipSync(packed).length).toBe(length);
    expect(Buffer.compare(packed, new GzipCache().gzip(bytes.subarray(0, length)))).toBe(0);
  }
});

test("a piece behind which all ends now, where others followed", () => {
  const bytes = new Uint8Array(131_072);
  // Of the two pieces only the first begins so.
  bytes[0] = 1;
  const cache = new GzipCache();
  for (const length of [131_072, 65_536, 131_072]) {
    const packed = cache.gzip(bytes.subarray(0, length));
    expect(gunzipSync(packed).length).toBe(length);
    expect(Buffer.compare(packed, new GzipCache().gzip(bytes.subarray(0, length)))).toBe(0);
  }
});

test("all pieces are one file to a reader, and no larger than in one piece", () => {
  const bytes = drawn(5, 1_000_000);
  const packed = new GzipCache().gzip(bytes);
  expect([...packed.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  expect(gunzipSync(packed).length).toBe(bytes.length);
  // What comes again is found across borders.
  const again = Buffer.concat(Array.from({ length: 40 }, () => drawn(3, 30_000)));
  expect(gzipSync(again, { level: 7 }).length * 1.02).toBeGreaterThan(new GzipCache().gzip(again).length);
});

test("a small change leaves most of the file as it was", () => {
  const cache = new GzipCache();
  const bytes = drawn(9, 2_000_000);
  const before = cache.gzip(bytes);
  const after = cache.gzip(
    Buffer.concat([bytes.subarray(0, 900_000), Buffer.from("changed"), bytes.subarray(900_000)]),
  );
  let same = 0;
  while (before.at(-9 - same) === after.at(-9 - same)) same++;
  let start = 0;
  while (before[start] === after[start]) start++;
  expect((start + same) / before.length).toBeGreaterThan(0.8);
});
