// Whether a bundle may be used: files, hashes, signature, scope, and what the manifest promises (OPA bundles: signing). The only place
// that makes a VerifiedBundle. Where OPA's rules leave a gap (unsigned deltas), the stricter reading holds.

import { DEFAULT_ALGORITHM, isBundleAlgorithm } from "../crypto/algorithms.ts";
import { equalBytes, toHex } from "../crypto/hash.ts";
import { importVerificationKey } from "../crypto/jwk.ts";
import { readCompact, verifyCompact } from "../crypto/jws.ts";
import { PolicyError } from "../error.ts";
import { decode } from "../value/json.ts";
import { toFloat64 } from "../value/arithmetic.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isNumber, isObject } from "../value/value.ts";
import type { Bundle, Signatures, Verification, VerifiedBundle } from "./bundle.ts";
import { matchesFile } from "./glob.ts";
import { checkManifest } from "./manifest.ts";
import { type FileHash, hashFile } from "./sign.ts";

/** The last second that a Date can hold. */
const LATEST_S = 8.64e12;

/** `keys.<id>` of the configuration. */
export interface VerificationKey {
  /** PEM text or secret. */
  readonly key: string;
  /** OPA's default is RS256. */
  readonly algorithm?: string;
  readonly scope?: string;
}

/** `bundles.<name>.signing` with the keys it may choose from. */
export interface VerificationConfig {
  readonly keys?: ReadonlyMap<string, VerificationKey>;
  /** Signatures must be by this key; with it a bundle must be signed. */
  readonly keyId?: string;
  readonly scope?: string;
  /** Patterns of files that are not checked. */
  readonly exclude?: readonly string[];
  /** A bundle must be signed, whichever of the keys did it. OPA has no such setting. */
  readonly required?: boolean;
  /** Takes a bundle whose signature is older than that of the active one. OPA always does. */
  readonly allowOlder?: boolean;
  /** Takes any bundle, signed or not: for tools that only look. */
  readonly skip?: boolean;
}

/** The bundle, if it may be used. Throws `bundle_error` or `signature_error` in OPA's words. */
export async function verify(bundle: Bundle, config: VerificationConfig = {}): Promise<VerifiedBundle> {
  const token = tokenOf(bundle.signatures, config);
  if (token === undefined) return accept(bundle, { signed: false });
  const { keyId, key } = chooseKey(token, config);
  const claims = await proveClaims(token, key);
  const scope = checkScope(claims, config, key);
  await checkFiles(bundle, listedFiles(claims), config.exclude ?? []);
  const signedAtS = issuedAt(claims);
  return accept(bundle, {
    signed: true,
    keyId,
    ...(scope === "" ? {} : { scope }),
    ...(signedAtS === undefined ? {} : { signedAtS }),
  });
}

/**
 * Refuses a bundle that was signed before the active one: whoever stands between the signer and this place could otherwise bring back a policy
 * that was withdrawn, with its good signature. The same files again are no step back, whoever signed them first (two servers of one pipeline).
 * Throws `signature_error`.
 */
export function checkNotOlder(
  active: VerifiedBundle | undefined,
  next: VerifiedBundle,
  config: VerificationConfig,
): void {
  const known = active?.verification.signedAtS;
  if (active === undefined || known === undefined || config.allowOlder === true) return;
  const { signed, signedAtS } = next.verification;
  // Where unsigned bundles are taken, anybody can bring any policy as it is.
  if (!signed || (signedAtS !== undefined && signedAtS >= known) || haveSameFiles(active, next)) return;
  const when = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const said =
    signedAtS === undefined ? "does not say when it was signed" : `was signed at ${when(signedAtS)}`;
  throw refuse(
    `the bundle ${said}, the active one at ${when(known)}: an older policy may not come back; sign it anew, or allow it with \`signing.allow_older\``,
  );
}

/** The same files under an older signature: nothing new, and no reason to forget when the active one was signed. */
export function isOlderCopy(active: VerifiedBundle, next: VerifiedBundle): boolean {
  const known = active.verification.signedAtS;
  const { signed, signedAtS } = next.verification;
  return signed && known !== undefined && (signedAtS ?? -LATEST_S) < known && haveSameFiles(active, next);
}

function haveSameFiles(a: Bundle, b: Bundle): boolean {
  const known = new Map(a.files.map(({ path, bytes }) => [path, bytes]));
  return (
    b.files.length === known.size &&
    b.files.every(({ path, bytes }) => {
      const other = known.get(path);
      return other !== undefined && equalBytes(other, bytes);
    })
  );
}

/** What a verified delta makes of a verified snapshot. It exists in memory only: there is nothing to sign or to write. */
export function acceptDelta(
  base: VerifiedBundle,
  delta: VerifiedBundle,
  changed: Pick<Bundle, "manifest" | "data">,
): VerifiedBundle {
  const bundle: Bundle = { ...base, ...changed, signatures: undefined, files: [], documents: new Map() };
  return accept(bundle, delta.verification);
}

function accept(bundle: Bundle, verification: Verification): VerifiedBundle {
  checkManifest(bundle);
  return { ...bundle, verification } as VerifiedBundle;
}

function refuse(message: string): PolicyError {
  return new PolicyError("signature_error", message);
}

/** OPA's decision table: which bundles need a signature, and that there is exactly one. */
function tokenOf(signatures: Signatures | undefined, config: VerificationConfig): string | undefined {
  if (config.skip === true) return undefined;
  if (signatures === undefined) {
    if ((config.keyId ?? "") !== "" || config.required === true)
      throw refuse("bundle missing .signatures.json file");
    return undefined;
  }
  if (config.keys === undefined || config.keys.size === 0) throw refuse("verification key not provided");
  const plugin = signatures.plugin ?? "_default";
  if (plugin !== "_default") throw refuse(`no verifier exists under id ${plugin}`);
  const [token, ...others] = signatures.signatures;
  if (token === undefined) throw refuse(".signatures.json: missing JWT (expected exactly one)");
  if (others.length > 0) throw refuse(".signatures.json: multiple JWTs not supported (expected exactly one)");
  return token;
}

/** Configured key id, else the header's `kid`, else `keyid` of the payload. */
function chooseKey(token: string, config: VerificationConfig): { keyId: string; key: VerificationKey } {
  const { header, payload } = readCompact(token);
  let keyId = config.keyId ?? "";
  if (keyId === "" && header.kid !== undefined) {
    if (typeof header.kid !== "string")
      throw refuse("failed to extract key ID from headers: `kid` is not a string");
    keyId = header.kid;
  }
  if (keyId === "") {
    const claimed = claimsOf(payload).get("keyid");
    keyId = typeof claimed === "string" ? claimed : "";
  }
  if (keyId === "") throw refuse("verification key ID is empty");
  const key = config.keys?.get(keyId);
  if (key === undefined) throw refuse(`verification key corresponding to ID ${keyId} not found`);
  return { keyId, key };
}

async function proveClaims(token: string, key: VerificationKey): Promise<RegoObject> {
  const algorithm = key.algorithm ?? DEFAULT_ALGORITHM;
  if (!isBundleAlgorithm(algorithm)) throw refuse(`unknown signature algorithm: ${algorithm}`);
  const { payload } = await verifyCompact(token, await importVerificationKey(key.key, algorithm));
  return claimsOf(payload);
}

function claimsOf(payload: Uint8Array): RegoObject {
  let claims: Value;
  try {
    claims = decode(payload);
  } catch (cause) {
    throw new PolicyError("signature_error", "the payload of the signature is not JSON", { cause });
  }
  if (!isObject(claims)) throw refuse("the payload of the signature is not an object");
  return claims;
}

function issuedAt(claims: RegoObject): number | undefined {
  const claim = claims.get("iat");
  if (claim === undefined) return undefined;
  const seconds = isNumber(claim) ? toFloat64(claim) : Number.NaN;
  if (!Number.isInteger(seconds) || Math.abs(seconds) > LATEST_S)
    throw refuse("`iat` of the signature is not a time in whole seconds");
  return seconds;
}

function checkScope(claims: RegoObject, config: VerificationConfig, key: VerificationKey): string {
  const wanted = (config.scope ?? "") === "" ? (key.scope ?? "") : (config.scope as string);
  if ((claims.get("scope") ?? "") !== wanted) throw refuse("scope mismatch");
  return wanted;
}

function listedFiles(claims: RegoObject): Map<string, FileHash> {
  const files = claims.get("files") ?? [];
  if (!isArray(files)) throw refuse("`files` of the signature is not a list");
  const listed = new Map<string, FileHash>();
  for (const file of files) {
    const member = (name: string): string => {
      const value = isObject(file) ? (file.get(name) ?? "") : undefined;
      if (typeof value !== "string") throw refuse("a file of the signature has no text where one is needed");
      return value;
    };
    const name = member("name").replace(/^\/+/, "");
    // Two entries for one name leave open which one holds.
    if (listed.has(name)) throw refuse(`file ${name} is listed twice in the bundle signature`);
    listed.set(name, { name, hash: member("hash"), algorithm: member("algorithm") });
  }
  return listed;
}

/** The bundle holds what the signature lists: nothing else, nothing less, nothing changed. */
async function checkFiles(
  bundle: Bundle,
  listed: Map<string, FileHash>,
  exclude: readonly string[],
): Promise<void> {
  for (const { path, bytes } of bundle.files) {
    const file = listed.get(path);
    listed.delete(path);
    if (exclude.some((pattern) => matchesFile(pattern, path))) continue;
    if (file === undefined) throw refuse(`file ${path} not included in bundle signature`);
    if (file.algorithm === "") throw refuse(`no hashing algorithm provided for file ${path}`);
    const actual = await hashFile(file.algorithm, bytes, bundle.documents.get(path));
    const wanted = fromHex(file.hash);
    if (wanted === undefined) throw refuse(`the hash of file ${path} is not hexadecimal`);
    if (!equalBytes(wanted, actual))
      throw refuse(`${path}: digest mismatch (want: ${file.hash.toLowerCase()}, got: ${toHex(actual)})`);
  }
  if (listed.size > 0)
    throw refuse(
      `file(s) [${[...listed.keys()].join(" ")}] specified in bundle signatures but not found in the target bundle`,
    );
}

function fromHex(text: string): Uint8Array | undefined {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
