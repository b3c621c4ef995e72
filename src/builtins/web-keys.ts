// Keys of JSON Web Tokens where there is no node:crypto (browsers, edge workers): the same material, given to WebCrypto, which answers later.
// Keys in, promises of signatures and of booleans out; the caller has checked that key and algorithm suit each other.

import type { webcrypto } from "node:crypto";
import { toPlain } from "../value/json.ts";
import type { RegoObject } from "../value/value.ts";
import * as asn1 from "./asn1.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { parseCertificate } from "./certificate.ts";
import { jwkBytes } from "./jwk.ts";
import { failure } from "./operand.ts";

/** As node:crypto names them. */
export type WebKeyType = "rsa" | "ec" | "ed25519" | "other";

export class WebKey {
  readonly type: WebKeyType;
  readonly isPrivate: boolean;
  /** Of an elliptic key. */
  readonly curve: string;
  readonly source: Uint8Array | webcrypto.JsonWebKey;
  readonly #imported = new Map<string, Promise<webcrypto.CryptoKey>>();

  constructor(type: WebKeyType, curve: string, source: Uint8Array | webcrypto.JsonWebKey, isPrivate = false) {
    this.type = type;
    this.curve = curve;
    this.source = source;
    this.isPrivate = isPrivate;
  }

  /** WebCrypto binds a key to what is done with it: imported once for each. */
  import(algorithm: WebAlgorithm): Promise<webcrypto.CryptoKey> {
    const id = JSON.stringify(algorithm);
    let key = this.#imported.get(id);
    if (key === undefined) {
      key = this.#import(algorithm);
      this.#imported.set(id, key);
    }
    return key;
  }

  async #import(algorithm: WebAlgorithm): Promise<webcrypto.CryptoKey> {
    const { subtle } = globalThis.crypto;
    const usages: KeyUsage[] = [this.isPrivate ? "sign" : "verify"];
    try {
      return this.source instanceof Uint8Array
        ? await subtle.importKey("spki", this.source as webcrypto.BufferSource, algorithm, false, usages)
        : await subtle.importKey("jwk", this.source, algorithm, false, usages);
    } catch (error) {
      throw failure(`failed to parse a key: ${(error as Error).message}`);
    }
  }
}

type KeyUsage = "sign" | "verify";

interface WebAlgorithm {
  readonly name: string;
  readonly hash?: string;
  readonly namedCurve?: string;
}

const CURVES: ReadonlyMap<string, string> = new Map([
  ["1.2.840.10045.3.1.7", "P-256"],
  ["1.3.132.0.34", "P-384"],
  ["1.3.132.0.35", "P-521"],
]);

const TYPES: ReadonlyMap<string, WebKeyType> = new Map([
  ["1.2.840.113549.1.1.1", "rsa"],
  ["1.2.840.10045.2.1", "ec"],
  ["1.3.101.112", "ed25519"],
]);

/** A public key in DER (RFC 5280, SubjectPublicKeyInfo). */
export function webKeyOfSpki(der: Uint8Array): WebKey {
  const [algorithm] = asn1.children(asn1.readElement(der));
  const [id, parameters] = asn1.children(algorithm);
  const type = TYPES.get(asn1.toObjectId(id).join(".")) ?? "other";
  const curve = type === "ec" ? (CURVES.get(asn1.toObjectId(parameters).join(".")) ?? "") : "";
  return new WebKey(type, curve, der);
}

export function webKeyOfCertificate(der: Uint8Array): WebKey {
  const { RawSubjectPublicKeyInfo: info } = parseCertificate(der);
  return webKeyOfSpki(decodeBase64(info as string));
}

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ["n", "e", "d", "p", "q", "dp", "dq", "qi"],
  EC: ["x", "y", "d"],
  OKP: ["x", "d"],
};

/** Of a checked JWK that is no shared secret. Only what makes the key is handed on: `alg`, `use` and `key_ops` are the caller's matter. */
export function webKeyOfJwk(jwk: RegoObject, isPrivate: boolean): WebKey {
  const { kty, crv } = toPlain(jwk) as { kty: string; crv?: string };
  const source: webcrypto.JsonWebKey = { kty, ...(crv === undefined ? {} : { crv }) };
  for (const name of MEMBERS[kty] ?? [])
    if (jwk.has(name) && (isPrivate || !["d", "p", "q", "dp", "dq", "qi"].includes(name)))
      (source as Record<string, string>)[name] = encodeBase64(jwkBytes(jwk, name), "url", false);
  const type = kty === "RSA" ? "rsa" : kty === "EC" ? "ec" : crv === "Ed25519" ? "ed25519" : "other";
  return new WebKey(type, type === "ec" ? (crv as string) : "", source, isPrivate);
}

export type WebFamily = "HS" | "RS" | "PS" | "ES" | "EdDSA";

/** `hash`: `sha256` and the like. */
function algorithmOf(family: WebFamily, hash: string | undefined, curve: string): WebAlgorithm {
  const named = hash?.replace("sha", "SHA-") as string;
  switch (family) {
    case "HS":
      return { name: "HMAC", hash: named };
    case "RS":
      return { name: "RSASSA-PKCS1-v1_5", hash: named };
    case "PS":
      return { name: "RSA-PSS", hash: named };
    case "ES":
      return { name: "ECDSA", hash: named, namedCurve: curve };
    default:
      return { name: "Ed25519" };
  }
}

function hashBytes(hash: string | undefined): number {
  return Number(hash?.slice("sha".length) ?? 0) / 8;
}

/** No key at all is the same to HMAC as one zero byte, which WebCrypto takes. */
async function secretKey(
  secret: Uint8Array,
  algorithm: WebAlgorithm,
  usage: KeyUsage,
): Promise<webcrypto.CryptoKey> {
  const bytes = secret.length === 0 ? new Uint8Array(1) : secret;
  return globalThis.crypto.subtle.importKey(
    "raw",
    bytes as webcrypto.BufferSource,
    algorithm as webcrypto.HmacImportParams,
    false,
    [usage],
  );
}

export async function verifyOnWeb(
  family: WebFamily,
  hash: string | undefined,
  key: WebKey | Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { subtle } = globalThis.crypto;
  const algorithm = algorithmOf(family, hash, key instanceof WebKey ? key.curve : "");
  const imported =
    key instanceof WebKey ? await key.import(algorithm) : await secretKey(key, algorithm, "verify");
  const check = (how: object): Promise<boolean> =>
    subtle.verify(
      how as webcrypto.AlgorithmIdentifier,
      imported,
      signature as webcrypto.BufferSource,
      data as webcrypto.BufferSource,
    );
  try {
    if (family !== "PS") return await check(algorithm);
    // WebCrypto has to be told how long the salt is: as long as the hash (RFC 7518, 3.5), or as long as there is room.
    const most = signature.length - hashBytes(hash) - 2;
    return (
      (await check({ ...algorithm, saltLength: hashBytes(hash) })) ||
      (most > 0 && (await check({ ...algorithm, saltLength: most })))
    );
  } catch {
    // A signature of impossible length is a wrong one.
    return false;
  }
}

export async function signOnWeb(
  family: WebFamily,
  hash: string | undefined,
  key: WebKey | Uint8Array,
  data: Uint8Array,
): Promise<Uint8Array> {
  const algorithm = algorithmOf(family, hash, key instanceof WebKey ? key.curve : "");
  const imported =
    key instanceof WebKey ? await key.import(algorithm) : await secretKey(key, algorithm, "sign");
  const how = family === "PS" ? { ...algorithm, saltLength: hashBytes(hash) } : algorithm;
  const signature = await globalThis.crypto.subtle.sign(
    how as webcrypto.AlgorithmIdentifier,
    imported,
    data as webcrypto.BufferSource,
  );
  return new Uint8Array(signature);
}
