// `.signatures.json` (OPA bundles: signature format): hashes of all files, put into one JWT. Bundle and private key in, the same bundle
// with its signatures out. The key is used and forgotten; it is never part of what comes out.

import { DEFAULT_ALGORITHM, isBundleAlgorithm } from "../crypto/algorithms.ts";
import { digest, digestFast, toHex } from "../crypto/hash.ts";
import { importSigningKey } from "../crypto/jwk.ts";
import { signCompact } from "../crypto/jws.ts";
import { encode } from "../value/json.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import type { Value } from "../value/value.ts";
import type { Bundle, Signatures } from "./bundle.ts";
import { bundleError } from "./bundle.ts";

/** One entry of `files` in the payload. */
export interface FileHash {
  readonly name: string;
  readonly hash: string;
  readonly algorithm: string;
}

export interface SignOptions {
  /** PEM text of the private key, or the secret of an HMAC. */
  readonly key: string;
  /** OPA's default is RS256. */
  readonly algorithm?: string;
  /** Goes into the header as `kid` and, without `claims`, into the payload as `keyid`. */
  readonly keyId?: string;
  /** Further members of the payload, as `scope` and `iss`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Goes into the payload as `iat`, whole seconds since 1970: who has seen this signature takes no older one. */
  readonly signedAtS?: number;
}

/** OPA always signs with this one. */
const HASHING_ALGORITHM = "SHA-256";

/**
 * What is hashed of a file: its canonical JSON (keys in the order of their UTF-8 bytes, no space, numbers as they are written, no HTML
 * escapes) if OPA reads it as a document, else its bytes.
 */
function hashedBytes(bytes: Uint8Array, document: Value | undefined): Uint8Array {
  return document === undefined ? bytes : encodeUtf8(encode(document, { escapeHtml: false }));
}

export function hashFile(
  algorithm: string,
  bytes: Uint8Array,
  document: Value | undefined,
): Promise<Uint8Array> {
  return digestFast(algorithm, hashedBytes(bytes, document));
}

export function hashFiles(bundle: Bundle): FileHash[] {
  return bundle.files.map(({ path, bytes }) => ({
    name: path,
    hash: toHex(digest(HASHING_ALGORITHM, hashedBytes(bytes, bundle.documents.get(path)))),
    algorithm: HASHING_ALGORITHM,
  }));
}

/** The signatures of these files. */
export async function signFiles(files: readonly FileHash[], options: SignOptions): Promise<Signatures> {
  const algorithm = options.algorithm ?? DEFAULT_ALGORITHM;
  if (!isBundleAlgorithm(algorithm)) throw bundleError(`unknown signature algorithm: ${algorithm}`);
  const { keyId, claims, signedAtS } = options;
  const extra = claims ?? (keyId === undefined || keyId === "" ? {} : { keyid: keyId });
  const issued = signedAtS === undefined ? {} : { iat: signedAtS };
  // Members in order, as OPA writes them: the same claims give the same bytes.
  const members = Object.entries({ ...issued, ...extra, files }).sort(([a], [b]) => (a < b ? -1 : 1));
  const payload = encodeUtf8(JSON.stringify(Object.fromEntries(members)));
  const key = await importSigningKey(options.key, algorithm);
  const header = keyId === undefined || keyId === "" ? { typ: "JWT" } : { kid: keyId, typ: "JWT" };
  return { signatures: [await signCompact(payload, key, header)] };
}

/** The bundle with one signature over all its files; one it had before is replaced. */
export async function sign(bundle: Bundle, options: SignOptions): Promise<Bundle> {
  const files: FileHash[] = [];
  for (const { path, bytes } of bundle.files) {
    const hash = await hashFile(HASHING_ALGORITHM, bytes, bundle.documents.get(path));
    files.push({ name: path, hash: toHex(hash), algorithm: HASHING_ALGORITHM });
  }
  return { ...bundle, signatures: await signFiles(files, options) };
}

/** The text of `.signatures.json`, as OPA lays it out. */
export function encodeSignatures({ signatures, plugin }: Signatures): string {
  return JSON.stringify({ signatures, ...(plugin === undefined ? {} : { plugin }) }, null, 1);
}
