// From a presented token to who acts: a signed JWT (RFC 9068 claims, `act` of RFC 8693) becomes subject and AI agent. Whatever is not
// proven - no token, bad signature, wrong issuer or audience, expired - gives an identity that says `verified: false` and why, never a throw.

import { PolicyError } from "../error.ts";
import type { AgentIdentity, Principal } from "./request.ts";

export type { Principal } from "./request.ts";

export interface IdentityOptions {
  /** Checks the signature and gives the claims; throws PolicyError `signature_error`. */
  readonly verify: (token: string) => Promise<Readonly<Record<string, unknown>>>;
  /** `iss` must be this. */
  readonly issuer: string;
  /** `aud` must be or contain this. */
  readonly audience: string;
  /** How far clocks may differ. */
  readonly toleranceSeconds?: number;
}

const NOBODY: Principal["subject"] = { type: "unknown", id: "unknown" };

function unverified(reason: string): Principal {
  return { subject: NOBODY, agent: { id: "unknown", identity: { verified: false, reason } } };
}

/** Who presents `token`, at `nowSeconds` since 1970. */
export async function identify(
  token: string | undefined,
  nowSeconds: number,
  options: IdentityOptions,
): Promise<Principal> {
  if (token === undefined || token === "") return unverified("no token was presented");
  let claims: Readonly<Record<string, unknown>>;
  try {
    claims = await options.verify(token);
  } catch (error) {
    return unverified(error instanceof PolicyError ? error.message : "the token could not be verified");
  }
  const wrong = checkClaims(claims, nowSeconds, options);
  if (wrong !== undefined) return unverified(wrong);
  const identity: AgentIdentity = { verified: true, method: "jwt", issuer: options.issuer };
  const subjectId = claims.sub as string;
  // Only the outermost actor counts; nested ones are information (RFC 8693, 4.1).
  const actor = (claims.act as { sub?: unknown } | undefined)?.sub ?? claims.client_id;
  const roles = Array.isArray(claims.roles) ? claims.roles.filter((role) => typeof role === "string") : [];
  return {
    subject: { type: "user", id: subjectId, properties: { roles } },
    agent: { id: typeof actor === "string" ? actor : subjectId, identity },
  };
}

function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  now: number,
  options: IdentityOptions,
): string | undefined {
  const slack = options.toleranceSeconds ?? 30;
  if (claims.iss !== options.issuer) return "the token comes from another issuer";
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (!audiences.includes(options.audience)) return "the token is meant for another audience";
  if (typeof claims.sub !== "string" || claims.sub === "") return "the token names nobody";
  if (typeof claims.exp !== "number" || now > claims.exp + slack) return "the token has expired";
  if (claims.nbf !== undefined && (typeof claims.nbf !== "number" || now < claims.nbf - slack))
    return "the token is not valid yet";
  return undefined;
}
