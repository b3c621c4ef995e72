// Compact JWS (RFC 7515), made and verified by `jose`, which is loaded with the first token: bytes and a Key in, token out, and back. A
// token is only ever verified with the algorithm its key is bound to, so the header cannot choose one (no `none`, no HMAC with a public key).

import { PolicyError } from "../error.ts";
import type { Key, KeySet } from "./jwk.ts";

export interface JwsHeader {
  readonly alg?: string;
  readonly kid?: string;
  readonly typ?: string;
}

/** What a token says before anything is proven. */
export interface UnverifiedJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Uint8Array;
}

const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true });

export async function signCompact(
  payload: Uint8Array,
  key: Key,
  header: Omit<JwsHeader, "alg"> = {},
): Promise<string> {
  const whole = { alg: key.algorithm.name, ...header };
  const { CompactSign } = await import("jose");
  try {
    return await new CompactSign(payload).setProtectedHeader(whole).sign(key.handle);
  } catch (cause) {
    throw new PolicyError("signature_error", `signing failed: ${(cause as Error).message}`, { cause });
  }
}

/** The payload, once the signature is proven to be the key's. */
export async function verifyCompact(token: string, key: Key): Promise<UnverifiedJws> {
  const read = readCompact(token);
  if (read.header.alg !== key.algorithm.name)
    throw new PolicyError(
      "signature_error",
      `failed to verify JWT signature: the token is signed with \`${String(read.header.alg)}\`, the key is for ${key.algorithm.name}`,
    );
  if (read.header.crit !== undefined)
    throw new PolicyError(
      "signature_error",
      "failed to verify JWT signature: the token has critical extensions",
    );
  const { compactVerify } = await import("jose");
  try {
    const { payload } = await compactVerify(token, key.handle, { algorithms: [key.algorithm.name] });
    return { header: read.header, payload };
  } catch (cause) {
    throw new PolicyError("signature_error", "failed to verify JWT signature", { cause });
  }
}

/** Header and payload without any proof. Only for choosing the key. */
export function readCompact(token: string): UnverifiedJws {
  const parts = token.split(".");
  if (parts.length !== 3)
    throw new PolicyError("signature_error", "failed to split compact JWT: it does not have three parts");
  const [head = "", body = ""] = parts;
  let header: unknown;
  try {
    header = JSON.parse(utf8.decode(fromBase64Url(head, "header")));
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError("signature_error", "failed to decode JWT header", { cause });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw new PolicyError("signature_error", "failed to decode JWT header");
  return { header: header as Record<string, unknown>, payload: fromBase64Url(body, "payload") };
}

/** The claims of a JWT whose signature a key of the set proves. Times, issuer and audience are the caller's to check. */
export async function verifyJwt(
  token: string,
  keys: KeySet | Key,
): Promise<Readonly<Record<string, unknown>>> {
  const { header } = readCompact(token);
  const text = (member: unknown): string | undefined => (typeof member === "string" ? member : undefined);
  const [alg, kid] = [text(header.alg), text(header.kid)];
  const key =
    "choose" in keys
      ? await keys.choose({ ...(alg === undefined ? {} : { alg }), ...(kid === undefined ? {} : { kid }) })
      : keys;
  const { payload } = await verifyCompact(token, key);
  let claims: unknown;
  try {
    claims = JSON.parse(utf8.decode(payload));
  } catch (cause) {
    throw new PolicyError("signature_error", "the claims of the token are not JSON", { cause });
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims))
    throw new PolicyError("signature_error", "the claims of the token are not an object");
  return claims as Record<string, unknown>;
}

/** A signed JWT of these claims. */
export async function signJwt(
  claims: Readonly<Record<string, unknown>>,
  key: Key,
  kid?: string,
): Promise<string> {
  const header = kid === undefined ? { typ: "JWT" } : { kid, typ: "JWT" };
  return signCompact(encoder.encode(JSON.stringify(claims)), key, header);
}

function fromBase64Url(text: string, part: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]*$/.test(text))
    throw new PolicyError("signature_error", `failed to base64 decode JWT ${part}`);
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  } catch (cause) {
    throw new PolicyError("signature_error", `failed to base64 decode JWT ${part}`, { cause });
  }
}
