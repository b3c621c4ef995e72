// Tokens made and verified with every algorithm, by node:crypto and by WebCrypto: what one makes the other takes, and both refuse the same.

import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { BuiltinContext } from "../../../src/builtins/builtin.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { PolicyError } from "../../../src/error.ts";
import { fromPlain, toPlain } from "../../../src/value/json.ts";
import type { Value } from "../../../src/value/value.ts";
import { selfSigned } from "./self-signed.ts";

const context: BuiltinContext = {
  nowNs: 0n,
  random: (length) => new Uint8Array(length),
  cache: new Map(),
  runtime: null,
};

type Platform = "node" | "web";

async function call(platform: Platform, name: string, ...args: unknown[]): Promise<unknown> {
  if (platform === "web") vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
  try {
    const got = await builtins.get(name)?.host?.(fromPlain(args) as readonly Value[], context);
    return got === undefined ? undefined : toPlain(got);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return error.code;
  } finally {
    vi.restoreAllMocks();
  }
}

afterEach(() => void vi.restoreAllMocks());

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const pairs: Readonly<Record<string, Pair>> = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p521: generateKeyPairSync("ec", { namedCurve: "P-521" }),
  ed25519: generateKeyPairSync("ed25519"),
};

const algorithms: readonly (readonly [alg: string, pair: string])[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map((alg) => [alg, "rsa"] as const),
  ["ES256", "p256"],
  ["ES384", "p384"],
  ["ES512", "p521"],
  ["EdDSA", "ed25519"],
];

const jwk = (key: KeyObject): unknown => key.export({ format: "jwk" });
const pem = (key: KeyObject): string => key.export({ format: "pem", type: "spki" }) as string;

/** The token with a bit of its signature changed. */
function spoilt(token: string): string {
  const at = token.lastIndexOf(".") + 5;
  return token.slice(0, at) + (token.charAt(at) === "A" ? "B" : "A") + token.slice(at + 1);
}

describe.each(algorithms)("%s", (alg, name) => {
  const pair = pairs[name] as Pair;
  const verifier = `io.jwt.verify_${alg.toLowerCase()}`;
  const sign = (platform: Platform): Promise<unknown> =>
    call(platform, "io.jwt.encode_sign", { alg }, { sub: "ann" }, jwk(pair.privateKey));

  test.each([
    ["node", "web"],
    ["web", "node"],
    ["web", "web"],
  ] as const)("made by %s, taken by %s", async (maker, taker) => {
    const token = String(await sign(maker));
    for (const key of [pem(pair.publicKey), JSON.stringify({ keys: [jwk(pair.publicKey)] })]) {
      expect(await call(taker, verifier, token, key)).toBe(true);
      expect(await call(taker, verifier, spoilt(token), key)).toBe(false);
      expect(await call(taker, "io.jwt.decode_verify", token, { cert: key, alg })).toEqual([
        true,
        { alg },
        { sub: "ann" },
      ]);
      expect(await call(taker, "io.jwt.decode_verify", spoilt(token), { cert: key })).toEqual([
        false,
        {},
        {},
      ]);
    }
  });

  test("keys of every other kind, and no keys, come to the same on both", async () => {
    const token = String(await sign("node"));
    const others = [
      ...Object.values(pairs).map(({ publicKey }) => pem(publicKey)),
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      JSON.stringify({ kty: "oct", k: "c2VjcmV0" }),
      JSON.stringify({ kty: "EC", crv: "P-256", x: "AA", y: "AA" }),
      "no key",
    ];
    for (const key of others)
      expect(await call("web", verifier, token, key), key).toEqual(await call("node", verifier, token, key));
  });
});

describe.each(["HS256", "HS384", "HS512"])("%s", (alg) => {
  test.each(["secret", "", "s".repeat(200)])("secret %j", async (secret) => {
    const key = { kty: "oct", k: Buffer.from(secret).toString("base64url") };
    const node = await call("node", "io.jwt.encode_sign", { alg }, { sub: "ann" }, key);
    const web = await call("web", "io.jwt.encode_sign", { alg }, { sub: "ann" }, key);
    expect(web).toBe(node);
    for (const given of [secret, "other"])
      expect(await call("web", `io.jwt.verify_${alg.toLowerCase()}`, String(node), given)).toEqual(
        await call("node", `io.jwt.verify_${alg.toLowerCase()}`, String(node), given),
      );
  });
});

test("the key of a certificate", async () => {
  const { cert, key } = selfSigned();
  const token = await call("node", "io.jwt.encode_sign", { alg: "ES256" }, {}, jwk(createPrivateKey(key)));
  expect(await call("web", "io.jwt.verify_es256", token, cert)).toBe(true);
});
