// Bearer tokens and what they may do. A configuration in, checked; then for each request: who presents the token, or a refusal.
// Tokens are compared as digests, all of them, in constant time; a token is never logged, and a missing one is never an allow.

import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { PolicyError } from "../error.ts";
import { toPlain } from "../value/json.ts";
import { readYaml } from "../yaml/value.ts";
import { httpError } from "./http.ts";

/**
 * What a token is good for: `publish:<bundle>` puts a bundle, `read:<bundle>` downloads it, `report` delivers decision logs and status,
 * `query` reads them back, `decide` asks for decisions. `<bundle>` is a name, or a prefix followed by `*`.
 */
export type Scope = string;

export interface TokenEntry {
  /** Who holds it; kept with what they publish. */
  readonly name: string;
  /** SHA-256 of the token, in hex. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
}

export interface Access {
  readonly tokens: readonly TokenEntry[];
  /** What may be done without a token; nothing, unless it is said. */
  readonly anonymous: readonly Scope[];
}

export interface Caller {
  readonly name: string;
  readonly scopes: readonly Scope[];
}

const ACTIONS: ReadonlySet<string> = new Set(["publish", "read"]);
const PLAIN_SCOPES: ReadonlySet<string> = new Set(["report", "query", "decide"]);
const MIN_TOKEN_LENGTH = 16;

export function tokenDigest(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}

/** Reads `{"tokens": [{"name", "token" | "sha256", "scopes"}], "anonymous": [...]}` out of a YAML or JSON file. */
export function readAccessFile(path: string): Access {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new PolicyError("io_error", `cannot read the access file \`${path}\``, { cause });
  }
  let value: unknown;
  try {
    value = toPlain(readYaml(text, "refused"));
  } catch (cause) {
    throw new PolicyError(
      "config_error",
      `the access file \`${path}\` is not YAML: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  return parseAccess(value);
}

/** Checks an access configuration; one line says what is wrong with it. */
export function parseAccess(value: unknown): Access {
  const root = record(value, "access");
  unknownKeys(root, ["tokens", "anonymous"], "access");
  const list = root.tokens ?? [];
  if (!Array.isArray(list)) throw wrong("`tokens` must be a list");
  const tokens = list.map((entry: unknown, i) => parseToken(record(entry, `tokens[${i}]`), `tokens[${i}]`));
  const digests = new Set(tokens.map((token) => token.sha256));
  if (digests.size < tokens.length) throw wrong("two entries have the same token");
  return { tokens, anonymous: scopes(root.anonymous ?? [], "anonymous") };
}

function parseToken(entry: Record<string, unknown>, where: string): TokenEntry {
  unknownKeys(entry, ["name", "token", "sha256", "scopes"], where);
  const { name, token, sha256 } = entry;
  if (typeof name !== "string" || name === "") throw wrong(`\`${where}.name\` must be a string`);
  if ((token === undefined) === (sha256 === undefined))
    throw wrong(`\`${where}\` needs \`token\` or \`sha256\`, and not both`);
  if (token !== undefined) {
    if (typeof token !== "string" || token.length < MIN_TOKEN_LENGTH)
      throw wrong(`\`${where}.token\` must have at least ${MIN_TOKEN_LENGTH} characters`);
    return { name, sha256: tokenDigest(token), scopes: scopes(entry.scopes, `${where}.scopes`) };
  }
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/i.test(sha256))
    throw wrong(`\`${where}.sha256\` must be 64 hex digits`);
  return { name, sha256: sha256.toLowerCase(), scopes: scopes(entry.scopes, `${where}.scopes`) };
}

function scopes(value: unknown, where: string): Scope[] {
  if (!Array.isArray(value)) throw wrong(`\`${where}\` must be a list`);
  return value.map((scope: unknown) => {
    if (typeof scope !== "string" || !isScope(scope))
      throw wrong(
        `\`${where}\` has an unknown scope \`${String(scope)}\` (publish:<bundle>, read:<bundle>, report, query, decide)`,
      );
    return scope;
  });
}

function isScope(scope: string): boolean {
  if (PLAIN_SCOPES.has(scope)) return true;
  const colon = scope.indexOf(":");
  return colon > 0 && ACTIONS.has(scope.slice(0, colon)) && scope.length > colon + 1;
}

function wrong(message: string): PolicyError {
  return new PolicyError("config_error", message);
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(`\`${where}\` must be an object`);
  return value as Record<string, unknown>;
}

function unknownKeys(value: Record<string, unknown>, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw wrong(`\`${where}\` has an unknown key \`${unknown}\``);
}

/** Who calls. A token that nobody holds is refused even where no token is needed: its holder believes in rights they do not have. */
export function identifyCaller(access: Access, request: IncomingMessage): Caller {
  const header = request.headers.authorization;
  if (header === undefined) return { name: "anonymous", scopes: access.anonymous };
  const match = /^Bearer +([^\s]+) *$/i.exec(header);
  if (match === null) throw new PolicyError("unauthorized", "a bearer token is expected");
  const presented = Buffer.from(tokenDigest(match[1] as string), "hex");
  let found: TokenEntry | undefined;
  // INVARIANT: every entry is compared, so that the time taken says nothing about which one fits.
  for (const entry of access.tokens) {
    if (timingSafeEqual(presented, Buffer.from(entry.sha256, "hex"))) found = entry;
  }
  if (found === undefined) throw new PolicyError("unauthorized", "the token is not known");
  return found;
}

/** The caller, if they may do this; 401 without any token, 403 with one that is not enough. */
export function requireScope(access: Access, request: IncomingMessage, wanted: Scope): Caller {
  const caller = identifyCaller(access, request);
  if (caller.scopes.some((scope) => covers(scope, wanted))) return caller;
  if (request.headers.authorization === undefined)
    throw new PolicyError("unauthorized", "a bearer token is needed");
  throw httpError(403, "unauthorized", `the token does not permit \`${wanted}\``);
}

function covers(scope: Scope, wanted: Scope): boolean {
  if (scope === wanted) return true;
  return scope.endsWith("*") && scope.includes(":") && wanted.startsWith(scope.slice(0, -1));
}
