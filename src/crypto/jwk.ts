// Keys as the rest of Reeve sees them: opaque, bound to one algorithm and one use. From PEM text, a shared secret, a JWK or a JWKS;
// never handed out again. Which key of a set verifies a token is decided by `kid` and algorithm alone, never by trying all of them.

import type { CryptoKey, JWK } from "jose";
import { PolicyError } from "../error.ts";
import type { SignatureAlgorithm } from "./algorithms.ts";
import { algorithms, requireAlgorithm } from "./algorithms.ts";
import { pemToKeyMaterial } from "./pem.ts";

/** Signs or verifies with one algorithm. Made by the functions of this file only. */
export interface Key {
  readonly algorithm: SignatureAlgorithm;
  readonly use: "sign" | "verify";
  readonly handle: CryptoKey | Uint8Array;
}

const encoder = new TextEncoder();

/** PEM text of a private key, or the secret itself for HMAC. */
export async function importSigningKey(material: string, algorithmName: string): Promise<Key> {
  const algorithm = requireAlgorithm(algorithmName);
  if (algorithm.keyType === "oct") return secretKey(material, algorithm, "sign");
  const pem = pemToKeyMaterial(material);
  if (pem.kind !== "private")
    throw new PolicyError("signature_error", "a private key is needed to sign, this one is public");
  const handle = await platform(algorithm, () =>
    crypto.subtle.importKey("pkcs8", pem.der as Uint8Array<ArrayBuffer>, algorithm.importParameters, false, [
      "sign",
    ]),
  );
  return { algorithm, use: "sign", handle };
}

/** PEM text of a public key, certificate or private key (its public half is used), or the secret itself for HMAC. */
export async function importVerificationKey(material: string, algorithmName: string): Promise<Key> {
  const algorithm = requireAlgorithm(algorithmName);
  if (algorithm.keyType === "oct") return secretKey(material, algorithm, "verify");
  const { format, der } = pemToKeyMaterial(material);
  const bytes = der as Uint8Array<ArrayBuffer>;
  const { subtle } = crypto;
  const handle = await platform(algorithm, async () => {
    if (format === "spki")
      return subtle.importKey("spki", bytes, algorithm.importParameters, false, ["verify"]);
    const whole = await subtle.importKey("pkcs8", bytes, algorithm.importParameters, true, ["sign"]);
    const { kty, n, e, crv, x, y } = await subtle.exportKey("jwk", whole);
    const half = Object.fromEntries(
      Object.entries({ kty, n, e, crv, x, y }).filter(([, v]) => v !== undefined),
    );
    return subtle.importKey("jwk", half, algorithm.importParameters, false, ["verify"]);
  });
  return { algorithm, use: "verify", handle };
}

/** A key of a JWK (RFC 7517). Without `alg` in the key, the caller's is taken; both must agree. */
export async function importJwk(jwk: JWK, use: "sign" | "verify", algorithmName?: string): Promise<Key> {
  if (algorithmName !== undefined && jwk.alg !== undefined && jwk.alg !== algorithmName)
    throw new PolicyError("signature_error", `the key is for ${jwk.alg}, not for ${algorithmName}`);
  const name = algorithmName ?? jwk.alg;
  if (name === undefined) throw new PolicyError("signature_error", "the key names no algorithm");
  const algorithm = requireAlgorithm(name);
  if (jwk.kty !== algorithm.keyType)
    throw new PolicyError("signature_error", `a key of type ${String(jwk.kty)} cannot be used with ${name}`);
  if (jwk.use !== undefined && jwk.use !== "sig")
    throw new PolicyError("signature_error", "the key is not meant for signatures");
  // Only the public members when verifying: a set that leaks private keys must not matter here.
  const { kty, n, e, crv, x, y, k } = jwk;
  const members = use === "sign" || kty === "oct" ? jwk : { kty, n, e, crv, x, y, k };
  const wanted = Object.fromEntries(
    Object.entries(members).filter(
      ([key, v]) => v !== undefined && !["alg", "use", "key_ops", "ext"].includes(key),
    ),
  );
  const handle = await platform(algorithm, () =>
    crypto.subtle.importKey("jwk", wanted as { kty: string }, algorithm.importParameters, false, [use]),
  );
  return { algorithm, use, handle };
}

/** The keys of a JWKS by `kid`; keys that are not for signatures or of unknown type are left out. */
export interface KeySet {
  /** The key for a token's header, or `signature_error`. */
  choose(header: { readonly alg?: string; readonly kid?: string }): Promise<Key>;
}

export function keySet(jwks: { readonly keys: readonly JWK[] }): KeySet {
  if (!Array.isArray(jwks?.keys)) throw new PolicyError("signature_error", "a key set has an array `keys`");
  const imported = new Map<JWK, Map<string, Promise<Key>>>();
  return {
    choose({ alg, kid }) {
      const algorithm = requireAlgorithm(alg ?? "");
      // A shared secret in a published set would let anybody sign: sets hold public keys only.
      const fits = jwks.keys.filter(
        (key) =>
          key.kty === algorithm.keyType &&
          key.kty !== "oct" &&
          (kid === undefined || key.kid === kid) &&
          (key.alg === undefined || key.alg === alg) &&
          (key.use === undefined || key.use === "sig"),
      );
      const [first] = fits;
      if (first === undefined)
        throw new PolicyError(
          "signature_error",
          kid === undefined ? "no key fits the token" : `no key \`${kid}\` fits the token`,
        );
      if (fits.length > 1)
        throw new PolicyError("signature_error", "several keys fit the token, and it names none");
      const byAlgorithm = imported.get(first) ?? new Map<string, Promise<Key>>();
      imported.set(first, byAlgorithm);
      const key = byAlgorithm.get(algorithm.name) ?? importJwk(first, "verify", algorithm.name);
      byAlgorithm.set(algorithm.name, key);
      return key;
    },
  };
}

export interface KeyPair {
  readonly privatePem: string;
  readonly publicPem: string;
}

/** A fresh key pair as PEM text (PKCS #8 and SPKI), for any algorithm but HMAC. */
export async function generateKeyPair(algorithmName: string): Promise<KeyPair> {
  const { generateKeyPair: generate, exportPKCS8, exportSPKI } = await import("jose");
  const algorithm = requireAlgorithm(algorithmName);
  if (algorithm.keyType === "oct")
    throw new PolicyError("signature_error", `${algorithmName} uses a shared secret, not a key pair`);
  const pair = await generate(algorithm.name, { extractable: true });
  return {
    privatePem: `${await exportPKCS8(pair.privateKey)}\n`,
    publicPem: `${await exportSPKI(pair.publicKey)}\n`,
  };
}

function secretKey(material: string, algorithm: SignatureAlgorithm, use: Key["use"]): Key {
  if (material === "") throw new PolicyError("signature_error", "the key is empty");
  return { algorithm, use, handle: encoder.encode(material) };
}

/** WebCrypto's own errors say little ("DataError"); this says what was tried. */
async function platform<T>(algorithm: SignatureAlgorithm, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError("signature_error", `the key cannot be used with ${algorithm.name}`, { cause });
  }
}

/** Names of all algorithms, for messages and help texts. */
export const algorithmNames: readonly string[] = algorithms.map((row) => row.name);
