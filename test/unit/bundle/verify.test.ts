import { describe, expect, test } from "vitest";
import { assemble } from "../../../src/bundle/assemble.ts";
import type { Bundle, Manifest } from "../../../src/bundle/bundle.ts";
import { read } from "../../../src/bundle/read.ts";
import { hashFiles, sign, signFiles } from "../../../src/bundle/sign.ts";
import { type VerificationConfig, verify } from "../../../src/bundle/verify.ts";
import { pack, write } from "../../../src/bundle/write.ts";
import { digest, toHex } from "../../../src/crypto/hash.ts";
import { importSigningKey } from "../../../src/crypto/jwk.ts";
import { signCompact } from "../../../src/crypto/jws.ts";
import { decode } from "../../../src/value/json.ts";
import type { RegoObject } from "../../../src/value/value.ts";

const manifest: Manifest = { revision: "r1", roots: ["a", "system"], wasm: [] };
const parts = {
  manifest,
  data: decode('{"a":{"k":1.0,"z":"<é\\u2028>"}}') as RegoObject,
  modules: [{ path: "a/p.rego", text: "package a\n\nx := 1\n" }],
};
const key = { key: "secret", algorithm: "HS256" };
const keys = new Map([["k1", key]]);
const config: VerificationConfig = { keys };

const reread = (bundle: Bundle): Promise<Bundle> => read(write(bundle));
const signed = async (claims?: Record<string, unknown>): Promise<Bundle> =>
  reread(await sign(assemble(parts), { ...key, keyId: "k1", ...(claims === undefined ? {} : { claims }) }));
const text = new TextEncoder();

/** A signature whose payload is whatever it is. */
async function withPayload(payload: unknown, header: object = { kid: "k1" }): Promise<Bundle> {
  const token = await signCompact(
    text.encode(JSON.stringify(payload)),
    await importSigningKey("secret", "HS256"),
    header,
  );
  return { ...assemble(parts), signatures: { signatures: [token] } };
}

test("what is signed verifies, packed and read again", async () => {
  const bundle = await verify(await signed(), { keys, keyId: "k1" });
  expect(bundle.verification).toEqual({ signed: true, keyId: "k1" });
  expect(bundle.manifest.revision).toBe("r1");
  expect(bundle.files.map(({ path }) => path)).toEqual(["data.json", "a/p.rego", ".manifest"]);
});

test("says when it was signed, where the signer does", async () => {
  const at = await reread(await sign(assemble(parts), { ...key, keyId: "k1", signedAtS: 1_700_000_000 }));
  expect((await verify(at, { keys })).verification).toEqual({
    signed: true,
    keyId: "k1",
    signedAtS: 1_700_000_000,
  });
  for (const iat of ["now", 1.5, 1e300, null])
    await expect(verify(await signed({ iat }), { keys })).rejects.toThrow(
      "`iat` of the signature is not a time in whole seconds",
    );
});

describe("OPA's decision table", () => {
  test("signed, no keys configured: refused", async () => {
    await expect(verify(await signed(), {})).rejects.toThrow("verification key not provided");
  });
  test("unsigned, key id configured: refused", async () => {
    await expect(verify(assemble(parts), { keys, keyId: "k1" })).rejects.toThrow(
      "bundle missing .signatures.json file",
    );
  });
  test("unsigned, keys but no key id: taken; with `required` refused", async () => {
    expect((await verify(assemble(parts), config)).verification).toEqual({ signed: false });
    await expect(verify(assemble(parts), { keys, required: true })).rejects.toThrow(
      "bundle missing .signatures.json file",
    );
  });
  test("the configured id wins over the header's, the header's over the payload's", async () => {
    const two = new Map([
      ["k1", { key: "other", algorithm: "HS256" }],
      ["k2", key],
    ]);
    await expect(verify(await signed(), { keys: two })).rejects.toThrow("failed to verify JWT signature");
    expect((await verify(await signed(), { keys: two, keyId: "k2" })).verification.keyId).toBe("k2");
    const byPayload = await withPayload({ files: hashFiles(assemble(parts)), keyid: "k2" }, {});
    expect((await verify(byPayload, { keys: two })).verification.keyId).toBe("k2");
  });
});

describe("refused, with OPA's words", () => {
  const files = hashFiles(assemble(parts));
  const cases: readonly (readonly [string, () => Promise<Bundle>, string, VerificationConfig?])[] = [
    [
      "no token",
      async () => ({ ...assemble(parts), signatures: { signatures: [] } }),
      ".signatures.json: missing JWT (expected exactly one)",
    ],
    [
      "two tokens",
      async () => {
        const bundle = await signed();
        const [token = ""] = bundle.signatures?.signatures ?? [];
        return { ...bundle, signatures: { signatures: [token, token] } };
      },
      ".signatures.json: multiple JWTs not supported (expected exactly one)",
    ],
    [
      "an unknown key",
      signed,
      "verification key corresponding to ID k1 not found",
      { keys: new Map([["k9", key]]) },
    ],
    [
      "another secret",
      signed,
      "failed to verify JWT signature",
      { keys: new Map([["k1", { key: "x", algorithm: "HS256" }]]) },
    ],
    [
      "another algorithm",
      signed,
      "failed to verify JWT signature: the token is signed with `HS256`",
      { keys: new Map([["k1", { key: "secret", algorithm: "HS512" }]]) },
    ],
    ["no key id anywhere", () => withPayload({ files }, {}), "verification key ID is empty"],
    [
      "a key id that is no text",
      () => withPayload({ files }, { kid: 3 }),
      "failed to extract key ID from headers",
    ],
    [
      "an unknown verifier",
      async () => ({
        ...(await signed()),
        signatures: { ...(await signed()).signatures, plugin: "p" } as never,
      }),
      "no verifier exists under id p",
    ],
    ["a wrong scope", () => signed({ scope: "write" }), "scope mismatch", { keys, scope: "read" }],
    ["a scope nobody asked for", () => signed({ scope: "write" }), "scope mismatch"],
    ["a missing scope", signed, "scope mismatch", { keys: new Map([["k1", { ...key, scope: "read" }]]) }],
    [
      "a file that is not listed",
      () => withPayload({ files: files.slice(1) }),
      "file data.json not included in bundle signature",
    ],
    [
      "a listed file that is missing",
      () => withPayload({ files: [...files, { name: "x", hash: "", algorithm: "SHA-256" }] }),
      "file(s) [x] specified in bundle signatures but not found in the target bundle",
    ],
    [
      "a file listed twice",
      () => withPayload({ files: [...files, files[0]] }),
      "file data.json is listed twice",
    ],
    [
      "a hash of nothing known",
      () => withPayload({ files: files.map((file) => ({ ...file, algorithm: "SHA-3" })) }),
      "unsupported hashing algorithm: SHA-3",
    ],
    [
      "no hashing algorithm",
      () => withPayload({ files: files.map((file) => ({ ...file, algorithm: "" })) }),
      "no hashing algorithm provided for file data.json",
    ],
    [
      "a hash that is no hex",
      () => withPayload({ files: files.map((file) => ({ ...file, hash: "zz" })) }),
      "the hash of file data.json is not hexadecimal",
    ],
    [
      "files that are no list",
      () => withPayload({ files: { a: 1 } }),
      "`files` of the signature is not a list",
    ],
    ["a payload that is no object", () => withPayload([1]), "the payload of the signature is not an object"],
    [
      "what is no token",
      async () => ({ ...assemble(parts), signatures: { signatures: ["x"] } }),
      "failed to split compact JWT",
    ],
  ];
  for (const [name, make, message, verification = config] of cases)
    test(name, async () => {
      await expect(verify(await make(), verification)).rejects.toMatchObject({
        code: "signature_error",
        message: expect.stringContaining(message),
      });
    });

  test("a changed byte in any file", async () => {
    const bundle = await signed();
    for (const [i, { path }] of bundle.files.entries()) {
      const files = bundle.files.map((file, j) =>
        i === j ? { ...file, bytes: tamper(file.path, file.bytes) } : file,
      );
      const tampered = { ...(await read(pack(files))), signatures: bundle.signatures };
      await expect(verify(tampered, config), path).rejects.toThrow(`${path}: digest mismatch (want: `);
    }
  });

  test("an extra file", async () => {
    const bundle = await signed();
    const extra = await read(pack([...bundle.files, { path: "README.md", bytes: text.encode("hi") }]));
    await expect(verify({ ...extra, signatures: bundle.signatures }, config)).rejects.toThrow(
      "file README.md not included in bundle signature",
    );
    const excluded = await verify({ ...extra, signatures: bundle.signatures }, { keys, exclude: ["*.md"] });
    expect(excluded.verification.signed).toBe(true);
  });

  test("an unsigned delta where snapshots must be signed", async () => {
    const delta = await read(
      pack([{ path: "patch.json", bytes: text.encode('{"data":[{"op":"remove","path":"/a/k"}]}') }]),
    );
    expect(delta.type).toBe("delta");
    await expect(verify(delta, { keys, keyId: "k1" })).rejects.toThrow(
      "bundle missing .signatures.json file",
    );
    const files = hashFiles(delta);
    const withToken = { ...delta, signatures: await signFiles(files, { ...key, keyId: "k1" }) };
    expect((await verify(withToken, { keys, keyId: "k1" })).verification.signed).toBe(true);
  });
});

/** Still a document where it was one, but another. */
function tamper(path: string, bytes: Uint8Array): Uint8Array {
  const source = new TextDecoder().decode(bytes);
  const changed = path === "a/p.rego" ? `${source} ` : source.replace("1.0", "1").replace('"r1"', '"r2"');
  expect(changed).not.toBe(source);
  return text.encode(changed);
}

describe("hashing", () => {
  test("documents by what they say: order and space do not count, literals do", async () => {
    const hashOf = async (source: string): Promise<string> => {
      const [file] = hashFiles(await read(pack([{ path: "data.json", bytes: text.encode(source) }])));
      return file?.hash ?? "";
    };
    const canonical = (source: string): string => toHex(digest("SHA-256", text.encode(source)));
    expect(await hashOf(' {"b" : [1, 1.0,1e3, -0.0],\n"a":"<&>"} ')).toBe(
      canonical('{"a":"<&>","b":[1,1.0,1e3,-0.0]}'),
    );
    expect(await hashOf('{"\\ud83d\\ude00":1,"\\uffee":2}')).toBe(canonical('{"\uffee":2,"\u{1f600}":1}'));
    expect(await hashOf('{"a":"\\u2028\\u0007\\b\\f\\u007f/"}')).toBe(
      canonical('{"a":"\\u2028\\u0007\\b\\f\u007f/"}'),
    );
    expect(await hashOf('{"a":1,"a":2}')).toBe(canonical('{"a":2}'));
    expect(await hashOf('{"__proto__":{"x":1}}')).toBe(canonical('{"__proto__":{"x":1}}'));
  });

  test("all other files by their bytes", async () => {
    const source = '{ "b": 1 }';
    for (const path of ["plan.json", "a/other.json", "x.data.json"]) {
      const [file] = hashFiles(await read(pack([{ path, bytes: text.encode(source) }])));
      expect(file?.hash, path).toBe(toHex(digest("SHA-256", text.encode(source))));
    }
    const yaml = await read(pack([{ path: "data.yaml", bytes: text.encode("b: 1.0\na: yes\n") }]));
    expect(hashFiles(yaml)[0]?.hash).toBe(toHex(digest("SHA-256", text.encode('{"a":true,"b":1}'))));
    const yml = await read(pack([{ path: "data.yml", bytes: text.encode("b: 1.0\n") }]));
    expect(hashFiles(yml)[0]?.hash).toBe(toHex(digest("SHA-256", text.encode("b: 1.0\n"))));
  });

  test.each(["MD5", "SHA-1", "SHA-224", "SHA-384", "SHA-512", "SHA-512-224", "SHA-512-256"])(
    "%s is verified",
    async (algorithm) => {
      const bundle = assemble(parts);
      const files = bundle.files.map(({ path, bytes }) => ({
        name: path,
        algorithm,
        hash: toHex(
          digest(
            algorithm,
            path === "a/p.rego"
              ? bytes
              : text.encode(
                  path === "data.json"
                    ? '{"a":{"k":1.0,"z":"<é\\u2028>"}}'
                    : '{"revision":"r1","roots":["a","system"]}',
                ),
          ),
        ).toUpperCase(),
      }));
      expect((await verify(await withPayload({ files }), config)).verification.signed).toBe(true);
    },
  );
});
