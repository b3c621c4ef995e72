// Keys of JSON Web Tokens and what is done with them: certificates, public keys and JWK sets from text, signatures verified and made. At once
// where there is node:crypto, later where WebCrypto does it. Never chooses an algorithm by itself: callers say which.

import type { KeyObject } from "node:crypto";
import { encode, toPlain } from "../value/json.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { jwkBytes, readJwkSet } from "./jwk.ts";
import { failure } from "./operand.ts";
import { decodePem } from "./pem.ts";
import { nodeCrypto, nodeModule } from "./platform.ts";
import {
  signOnWeb,
  verifyOnWeb,
  WebKey,
  webKeyOfCertificate,
  webKeyOfJwk,
  webKeyOfSpki,
} from "./web-keys.ts";

/** Asymmetric, or a shared secret. */
export type KeyMaterial = KeyObject | WebKey | Uint8Array;

/** An answer, or a promise of one. */
export type Maybe<T> = T | Promise<T>;

function isNode(): boolean {
  return nodeModule("node:crypto") !== undefined;
}

export interface VerificationKey {
  readonly alg: string;
  readonly kid: string;
  readonly key: KeyMaterial;
}

interface Algorithm {
  readonly family: "HS" | "RS" | "PS" | "ES" | "EdDSA";
  readonly hash: string | undefined;
}

/** `RS256` and the like; EdDSA alone has no hash of its own. */
export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ...(["HS", "RS", "PS", "ES"] as const).flatMap((family) =>
    ["256", "384", "512"].map((size): [string, Algorithm] => [family + size, { family, hash: `sha${size}` }]),
  ),
  ["EdDSA", { family: "EdDSA", hash: undefined }],
]);

/** A PEM certificate or public key, a JWK, or a set of them. */
export function readKeys(text: string): VerificationKey[] {
  const pem = decodePem(text);
  if (pem === undefined) return readJwks(text);
  if (pem.rest !== "") throw failure("extra data after a PEM certificate block");
  if (pem.label === "CERTIFICATE") {
    const key = attempt("failed to parse a PEM certificate", () =>
      isNode() ? new (nodeCrypto().X509Certificate)(pem.der).publicKey : webKeyOfCertificate(pem.der),
    );
    return [{ alg: "", kid: "", key }];
  }
  if (pem.label === "PUBLIC KEY") {
    const key = attempt("failed to parse a PEM public key", () =>
      isNode()
        ? nodeCrypto().createPublicKey({ key: Buffer.from(pem.der), format: "der", type: "spki" })
        : webKeyOfSpki(pem.der),
    );
    return [{ alg: "", kid: "", key }];
  }
  throw failure("failed to extract a Key from the PEM certificate");
}

function attempt<T>(message: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw failure(`${message}: ${(error as Error).message}`);
  }
}

function readJwks(text: string): VerificationKey[] {
  const prefix = "failed to parse a JWK key (set): jwk.ParseString: failed to parse string";
  const keys = attempt(prefix, () => readJwkSet(text));
  return attempt("failed to parse a JWK key (set)", () =>
    keys.flatMap((jwk) => {
      const alg = textOf(jwk.get("alg"));
      if (alg !== "" && !ALGORITHMS.has(alg)) return [];
      return [{ alg, kid: textOf(jwk.get("kid")), key: materialOf(jwk, false) }];
    }),
  );
}

function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

function materialOf(jwk: RegoObject, isPrivate: boolean): KeyMaterial {
  if (jwk.get("kty") === "oct") return jwkBytes(jwk, "k");
  if (!isNode()) return webKeyOfJwk(jwk, isPrivate);
  const { createPrivateKey, createPublicKey } = nodeCrypto();
  const key = toPlain(jwk) as Record<string, string>;
  return isPrivate ? createPrivateKey({ key, format: "jwk" }) : createPublicKey({ key, format: "jwk" });
}

/** The first key of a JWK (set), for signing. */
export function readSigningKey(text: string): KeyMaterial {
  const [jwk] = readJwkSet(text);
  if (jwk === undefined) throw failure("no keys found in JWK set");
  return attempt(`failed to parse a JWK key ${encode(jwk.get("kty") ?? null)}`, () =>
    materialOf(jwk, jwk.has("d")),
  );
}

const KEY_TYPES: Readonly<Record<Algorithm["family"], readonly string[]>> = {
  HS: [],
  RS: ["rsa", "rsa-pss"],
  PS: ["rsa", "rsa-pss"],
  ES: ["ec"],
  EdDSA: ["ed25519"],
};

/** The key suits the algorithm; a public key is never taken for a shared secret. */
function fits(key: KeyMaterial, family: Algorithm["family"]): boolean {
  if (key instanceof Uint8Array) return family === "HS";
  return KEY_TYPES[family].includes(key instanceof WebKey ? key.type : (key.asymmetricKeyType ?? ""));
}

function options(key: KeyObject, family: Algorithm["family"], verifying: boolean): object {
  const { constants } = nodeCrypto();
  if (family === "ES") return { key, dsaEncoding: "ieee-p1363" };
  if (family !== "PS") return family === "RS" ? { key, padding: constants.RSA_PKCS1_PADDING } : { key };
  const saltLength = verifying ? constants.RSA_PSS_SALTLEN_AUTO : constants.RSA_PSS_SALTLEN_DIGEST;
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

export function verifySignature(
  name: string,
  key: KeyMaterial,
  text: string,
  signature: Uint8Array,
): Maybe<boolean> {
  const algorithm = ALGORITHMS.get(name);
  if (algorithm === undefined || !fits(key, algorithm.family)) return false;
  const data = encodeUtf8(text);
  if (key instanceof WebKey || !isNode())
    return verifyOnWeb(algorithm.family, algorithm.hash, key as WebKey | Uint8Array, data, signature);
  const { createHmac, timingSafeEqual, verify } = nodeCrypto();
  if (key instanceof Uint8Array) {
    const mac = createHmac(algorithm.hash as string, key)
      .update(data)
      .digest();
    return mac.length === signature.length && timingSafeEqual(mac, signature);
  }
  try {
    return verify(algorithm.hash, data, options(key, algorithm.family, true) as never, signature);
  } catch {
    // A signature of impossible length is a wrong one.
    return false;
  }
}

export function makeSignature(name: string, key: KeyMaterial, text: string): Maybe<Uint8Array> {
  const algorithm = ALGORITHMS.get(name);
  if (algorithm === undefined) throw failure(`unknown JWS algorithm: ${name}`);
  const isPublic =
    !(key instanceof Uint8Array) && !(key instanceof WebKey ? key.isPrivate : key.type === "private");
  if (isPublic || !fits(key, algorithm.family)) throw failure(`key does not suit algorithm ${name}`);
  const data = encodeUtf8(text);
  if (key instanceof WebKey || !isNode())
    return signOnWeb(algorithm.family, algorithm.hash, key as WebKey | Uint8Array, data);
  const { createHmac, sign } = nodeCrypto();
  if (key instanceof Uint8Array)
    return createHmac(algorithm.hash as string, key)
      .update(data)
      .digest();
  return sign(algorithm.hash, data, options(key, algorithm.family, false) as never);
}
