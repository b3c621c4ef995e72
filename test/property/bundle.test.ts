import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assemble } from "../../src/bundle/assemble.ts";
import { applyDelta, diff } from "../../src/bundle/delta.ts";
import { read } from "../../src/bundle/read.ts";
import { sign } from "../../src/bundle/sign.ts";
import { verify } from "../../src/bundle/verify.ts";
import { pack, write } from "../../src/bundle/write.ts";
import { PolicyError } from "../../src/error.ts";
import { equal } from "../../src/value/compare.ts";
import { encode, fromPlain } from "../../src/value/json.ts";
import type { RegoObject } from "../../src/value/value.ts";

const options = { limits: { maxTotalBytes: 1 << 20, maxFiles: 100 } };
const config = { keys: new Map([["k", { key: "secret", algorithm: "HS256" }]]), keyId: "k" };
const document = fc
  .dictionary(fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }), fc.jsonValue({ maxDepth: 3 }), {
    maxKeys: 5,
  })
  .map((plain) => fromPlain(plain) as RegoObject);

/** Either a good bundle or one PolicyError in one line; never another error, never a hang. */
async function survives(packed: Uint8Array): Promise<void> {
  try {
    await verify(await read(packed, options), config);
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    expect((error as PolicyError).message.length).toBeGreaterThan(5);
  }
}

describe("whatever the bytes are, the reader answers with a bundle or one error", () => {
  const seed = pack([
    { path: "data.json", bytes: new TextEncoder().encode('{"a":{"b":[1,2,{"c":null}]}}') },
    { path: ".manifest", bytes: new TextEncoder().encode('{"revision":"x","roots":["a"]}') },
    { path: `${"long/".repeat(40)}p.rego`, bytes: new TextEncoder().encode("package a\n") },
  ]);

  test("arbitrary bytes", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), survives), { numRuns: 100 });
  });

  test("arbitrary bytes inside a gzip", async () => {
    const tar = fc.uint8Array({ maxLength: 3000 }).map((bytes) => new Uint8Array(gzipSync(bytes)));
    await fc.assert(fc.asyncProperty(tar, survives), { numRuns: 100 });
  });

  test("a good archive with bytes changed before it is packed", async () => {
    const { gunzipSync } = await import("node:zlib");
    const plain = new Uint8Array(gunzipSync(seed));
    const changes = fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(plain.length), fc.boolean(), async (list, cut, isCut) => {
        const bytes = plain.slice();
        for (const [at, value] of list) bytes[at] = value;
        await survives(new Uint8Array(gzipSync(isCut ? bytes.subarray(0, cut) : bytes)));
      }),
      { numRuns: 200 },
    );
  });

  test("a good bundle cut anywhere", async () => {
    for (let length = 0; length < seed.length; length += 3)
      await expect(read(seed.subarray(0, length), options)).rejects.toBeInstanceOf(PolicyError);
  });
});

test("writing, signing, reading and verifying gives back the same data", async () => {
  await fc.assert(
    fc.asyncProperty(document, async (data) => {
      const bundle = await sign(assemble({ manifest: { revision: "r", roots: [""], wasm: [] }, data }), {
        key: "secret",
        algorithm: "HS256",
        keyId: "k",
      });
      const again = await verify(await read(write(bundle)), config);
      expect(encode(again.data)).toBe(encode(data));
    }),
    { numRuns: 60 },
  );
});

test("the difference of two documents, applied to the one, is the other", async () => {
  const manifest = { revision: "r", roots: [""], wasm: [] };
  await fc.assert(
    fc.asyncProperty(document, document, async (a, b) => {
      const [from, to] = [await verify(assemble({ manifest, data: a })), assemble({ manifest, data: b })];
      const delta = diff(from, to);
      if (delta === undefined) throw new Error("no delta");
      expect(equal(applyDelta(from, await verify(await read(write(delta))), "x").data, b)).toBe(true);
    }),
    { numRuns: 150 },
  );
});
