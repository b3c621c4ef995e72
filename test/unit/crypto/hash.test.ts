import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digest, digestFast, equalBytes, type HashName, hmac, toHex } from "../../../src/crypto/hash.ts";

// Node's OpenSSL is the judge of every digest and length of padding.
const nodeNames: Record<HashName, string> = {
  MD5: "md5",
  "SHA-1": "sha1",
  "SHA-224": "sha224",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
  "SHA-512-224": "sha512-224",
  "SHA-512-256": "sha512-256",
};

describe.each(Object.entries(nodeNames))("%s", (key, nodeName) => {
  const name = key as HashName;

  test("digests every length around the block sizes", () => {
    for (let length = 0; length <= 260; length++) {
      const message = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);
      expect(toHex(digest(name, message))).toBe(createHash(nodeName).update(message).digest("hex"));
    }
  });

  test("the platform's digest is the same", async () => {
    const message = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 13) & 255);
    expect(await digestFast(name, message)).toEqual(digest(name, message));
    expect(await digestFast(name, message.subarray(0, 100))).toEqual(digest(name, message.subarray(0, 100)));
  });

  test("digests and authenticates arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 300 }), (message, key) => {
        expect(toHex(digest(name, message))).toBe(createHash(nodeName).update(message).digest("hex"));
        expect(toHex(hmac(name, key, message))).toBe(createHmac(nodeName, key).update(message).digest("hex"));
      }),
      { numRuns: 50 },
    );
  });
});

test("an unknown name is refused in OPA's words", () => {
  expect(() => digest("SHA-3", new Uint8Array())).toThrow("unsupported hashing algorithm: SHA-3");
  expect(() => digest("constructor", new Uint8Array())).toThrow("unsupported hashing algorithm");
});

test("equalBytes compares length and content", () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).toBe(false);
});
