// How long an answer of http.send may be kept between queries (RFC 9111, as far as OPA goes): headers and settings in, instants and
// judgements out. Talks to nobody.

import type { NetworkResponse } from "./builtin.ts";
import type { CacheEntry } from "./inter-query-cache.ts";

/** What of the request concerns the cache between queries. */
export interface CacheSettings {
  /** Keep it whatever the server says, so long. */
  readonly forcedSeconds: number | undefined;
}

export interface KeptResponse extends CacheEntry {
  readonly response: NetworkResponse;
  readonly expiresAtMs: number;
}

const CACHEABLE: ReadonlySet<number> = new Set([200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501]);

function header(response: NetworkResponse, name: string): string {
  return response.headers[name]?.[0] ?? "";
}

function directives(response: NetworkResponse): ReadonlyMap<string, string> {
  const parts = (response.headers["cache-control"] ?? []).join(",").split(",");
  return new Map(
    parts.map((part): [string, string] => {
      const [name = "", value = ""] = part.trim().split("=", 2);
      return [name.trim().toLowerCase(), value.trim().replace(/^"|"$/g, "")];
    }),
  );
}

/** Undefined: it may not be kept. An answer without any date is stale at once, but can be asked about again. */
export function keep(
  response: NetworkResponse,
  settings: CacheSettings,
  nowMs: number,
): KeptResponse | undefined {
  const forced = settings.forcedSeconds !== undefined;
  if (!CACHEABLE.has(response.status) || (!forced && directives(response).has("no-store"))) return undefined;
  const expiresAtMs = expiry(response, settings, nowMs);
  if (expiresAtMs === undefined) return undefined;
  const bytes =
    response.body.length +
    Object.entries(response.headers).reduce((sum, [name, list]) => sum + name.length + list.join().length, 0);
  return { response, expiresAtMs, bytes };
}

function expiry(response: NetworkResponse, settings: CacheSettings, nowMs: number): number | undefined {
  if (settings.forcedSeconds !== undefined) return nowMs + settings.forcedSeconds * 1000;
  const maxAge = directives(response).get("max-age");
  if (maxAge !== undefined) {
    // Without a date of its own the age of an answer cannot be told.
    const made = Date.parse(header(response, "date"));
    return /^\d+$/.test(maxAge) && !Number.isNaN(made) ? made + Number(maxAge) * 1000 : undefined;
  }
  const expires = Date.parse(header(response, "expires"));
  return Number.isNaN(expires) ? 0 : expires;
}

/** Headers that ask the server whether a stale answer still holds; undefined if it left nothing to ask by. */
export function conditions(kept: KeptResponse): Record<string, string> | undefined {
  const [etag, modified] = [header(kept.response, "etag"), header(kept.response, "last-modified")];
  if (etag === "" && modified === "") return undefined;
  return {
    ...(etag === "" ? {} : { "if-none-match": etag }),
    ...(modified === "" ? {} : { "if-modified-since": modified }),
  };
}

/** A stale answer that the server confirmed with 304, whose headers replace those of the same name. */
export function renewed(
  kept: KeptResponse,
  confirmation: NetworkResponse,
  settings: CacheSettings,
  nowMs: number,
): KeptResponse {
  const headers = { ...kept.response.headers, ...confirmation.headers };
  const expiresAtMs = expiry(confirmation, settings, nowMs) ?? 0;
  return { ...kept, response: { ...kept.response, headers }, expiresAtMs };
}
