// HTTP requests through the context's network, or the platform's. A request object in, a response object out, once per query and request; kept
// between queries where the request wants it (http-cache.ts).

import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { identity } from "../value/compare.ts";
import { decode, encode } from "../value/json.ts";
import { integer } from "../value/number.ts";
import { toFloat64, toInt64 } from "../value/arithmetic.ts";
import { object, objectFromRecord } from "../value/object.ts";
import { decodeUtf8, encodeUtf8 } from "../value/utf8.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isNumber, isObject, typeName } from "../value/value.ts";
import { goQuote } from "../value/text.ts";
import type { BuiltinContext, HostBody, NetworkRequest, NetworkResponse } from "./builtin.ts";
import { parseDuration } from "./duration.ts";
import type { CacheSettings, KeptResponse } from "./http-cache.ts";
import { conditions, keep, renewed } from "./http-cache.ts";
import { booleanOption, checkRequest, tlsSettings } from "./http-request.ts";
import { platformNetwork, TIMED_OUT } from "./network.ts";
import { failure, objectOperand, typeFailure } from "./operand.ts";
import { parseUrl } from "./url.ts";
import { readYaml } from "../yaml/value.ts";

const DEFAULT_TIMEOUT_MS = 5_000;
const REDIRECT_LIMIT = 10;
const USER_AGENT = "Reeve";

/** The request could not be carried out; everything else is the caller's mistake. */
class NetworkFailure extends Error {}

const httpSendBody: HostBody = async ([given], context) => {
  const request = objectOperand(given, 1);
  const raise = request.get("raise_error") ?? true;
  if (typeof raise !== "boolean") throw failure("invalid value for raise_error field");
  try {
    return await answered(checkRequest(request, 1), context);
  } catch (error) {
    const message = (error as Error).message;
    if (raise && message.endsWith(`: ${TIMED_OUT}`)) {
      // OPA says it shorter, and without quotes, where the error is raised.
      const [, method, url] = /^(\w+) "(.*?)": /.exec(message) ?? [];
      throw failure(`${method} ${url}: request timed out`);
    }
    if (raise) throw error instanceof NetworkFailure ? failure(message) : error;
    const isNetwork = error instanceof NetworkFailure;
    const code = isNetwork ? "eval_http_send_network_error" : "eval_http_send_internal_error";
    const detail = object([
      ["code", code],
      ["message", message],
    ]);
    return object([
      ["status_code", integer(0)],
      ["error", detail],
    ]);
  }
};

/** The same request gets the same answer within a query, a failure too; between queries only where the request wants it. */
async function answered(request: RegoObject, context: BuiltinContext): Promise<Value> {
  const { key, settings } = cacheOptions(request);
  const known = context.cache.get(key) as { value: Value } | { error: unknown } | undefined;
  if (known !== undefined) {
    if ("error" in known) throw known.error;
    return known.value;
  }
  try {
    const response =
      settings === undefined ? await send(request, context) : await kept(request, key, settings, context);
    const value = toValue(response, request);
    context.cache.set(key, { value });
    return value;
  } catch (error) {
    context.cache.set(key, { error });
    throw error;
  }
}

/** A switch of the cache. */
function flag(request: RegoObject, name: string): boolean {
  const value = request.get(name);
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw failure(`invalid value for "${name}" field`);
}

/** The key of an answer leaves out the headers that are to be ignored; settings are there where it is kept between queries. */
function cacheOptions(request: RegoObject): { key: string; settings: CacheSettings | undefined } {
  const ignored = request.get("cache_ignored_headers");
  const headers = request.get("headers");
  let asked = request;
  if (ignored !== undefined && isArray(ignored)) {
    const others = [...request.entries()].filter(
      ([name]) => name !== "cache_ignored_headers" && name !== "headers",
    );
    const used =
      headers !== undefined && isObject(headers)
        ? object([...headers.entries()].filter(([name]) => !ignored.includes(name)))
        : headers;
    asked = object(used === undefined ? others : [...others, ["headers", used]]);
  }
  const key = `http.send ${identity(asked)}`;
  if (!flag(request, "force_cache"))
    return { key, settings: flag(request, "cache") ? { forcedSeconds: undefined } : undefined };
  const seconds = request.get("force_cache_duration_seconds");
  if (seconds === undefined)
    throw failure("'force_cache' set but 'force_cache_duration_seconds' parameter is missing");
  const whole = isNumber(seconds) ? toInt64(seconds) : undefined;
  if (whole === undefined)
    throw failure(`strconv.ParseInt: parsing ${goQuote(encode(seconds))}: invalid syntax`);
  return { key, settings: { forcedSeconds: Number(whole) } };
}

/** An answer of an earlier query while it is fresh, or once the server confirms it; else a new one. */
async function kept(
  request: RegoObject,
  key: string,
  settings: CacheSettings,
  context: BuiltinContext,
): Promise<NetworkResponse> {
  const { interQueryCache } = context;
  const nowMs = Number(context.nowNs / 1_000_000n);
  const known = interQueryCache?.get(key) as KeptResponse | undefined;
  if (known !== undefined && nowMs < known.expiresAtMs) return known.response;
  const asking = known === undefined ? undefined : conditions(known);
  interQueryCache?.delete(key);
  const response = await send(request, context, asking);
  const isConfirmed = known !== undefined && asking !== undefined && response.status === 304;
  const entry = isConfirmed ? renewed(known, response, settings, nowMs) : keep(response, settings, nowMs);
  if (entry !== undefined) interQueryCache?.put(key, entry);
  return isConfirmed ? (entry as KeptResponse).response : response;
}

async function send(
  request: RegoObject,
  context: BuiltinContext,
  conditional: Record<string, string> = {},
): Promise<NetworkResponse> {
  const network = context.network ?? platformNetwork();
  const wanted = toRequest(request);
  checkHost(wanted.url, context);
  let current: NetworkRequest = { ...wanted, headers: { ...wanted.headers, ...conditional } };
  const follows = booleanOption(request, "enable_redirect");
  const attempts = retriesOf(request);
  for (let redirects = 0, attempt = 0; ; ) {
    let response: NetworkResponse;
    try {
      response = await network.fetch(current);
    } catch (error) {
      if (attempt < attempts) {
        await new Promise((done) => setTimeout(done, retryDelayMs(attempt++)));
        continue;
      }
      const method = current.method.charAt(0) + current.method.slice(1).toLowerCase();
      const { message } = error as Error;
      if (message.startsWith("net/http: ")) throw new NetworkFailure(message);
      throw new NetworkFailure(`${method} ${JSON.stringify(current.url)}: ${message}`);
    }
    const next = follows ? redirected(current, response) : undefined;
    if (next === undefined) return response;
    checkHost(next.url, context);
    if (++redirects > REDIRECT_LIMIT) {
      const method = current.method.charAt(0) + current.method.slice(1).toLowerCase();
      throw new NetworkFailure(
        `${method} ${JSON.stringify(next.url)}: stopped after ${REDIRECT_LIMIT} redirects`,
      );
    }
    current = next;
  }
}

function retriesOf(request: RegoObject): number {
  const value = request.get("max_retry_attempts");
  if (value === undefined) return 0;
  const whole = isNumber(value) ? toInt64(value) : undefined;
  if (whole === undefined || whole < 0n)
    throw failure(`invalid value ${encode(value)} for field "max_retry_attempts"`);
  return Number(whole);
}

/** OPA's back-off: from 100 ms to a minute. */
function retryDelayMs(attempt: number): number {
  return Math.min(60_000, 100 * 1.6 ** attempt);
}

/** `allow_net` of the capabilities: the request itself, and what it is redirected to. */
function checkHost(url: string, { allowNet }: BuiltinContext): void {
  if (allowNet === undefined) return;
  const { hostname } = new URL(url);
  if (!allowNet.includes(hostname)) throw failure(`unallowed host: ${hostname}`);
}

function redirected(request: NetworkRequest, response: NetworkResponse): NetworkRequest | undefined {
  const location = Object.entries(response.headers).find(
    ([name]) => name.toLowerCase() === "location",
  )?.[1][0];
  if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return undefined;
  const url = new URL(location, request.url).href;
  const keepsBody = response.status === 307 || response.status === 308;
  if (keepsBody || request.method === "GET" || request.method === "HEAD") return { ...request, url };
  return { ...request, url, method: "GET", body: null };
}

function text(request: RegoObject, name: string): string {
  const value = request.get(name);
  if (typeof value !== "string") throw failure(`"${name}" must be a string`);
  return value;
}

function toRequest(request: RegoObject): NetworkRequest {
  const url = text(request, "url");
  parseUrl(url);
  const headers: Record<string, string> = { "user-agent": USER_AGENT };
  const given = request.get("headers");
  if (given !== undefined && !isObject(given)) throw failure("invalid type for headers key");
  for (const [name, value] of given?.entries() ?? []) {
    if (typeof name !== "string") throw failure("invalid type for headers key");
    if (typeof value !== "string") throw failure(`invalid type for headers value ${goQuote(encode(value))}`);
    headers[name.toLowerCase()] = value;
  }
  const raw = request.get("raw_body");
  if (raw !== undefined && typeof raw !== "string") throw failure('"raw_body" must be a string');
  const body = request.get("body");
  const content = raw ?? (body === undefined ? undefined : encode(body));
  return {
    method: text(request, "method").toUpperCase(),
    url,
    headers,
    body: content === undefined ? null : encodeUtf8(content),
    timeoutMs: timeout(request.get("timeout")),
    ...tlsSettings(request),
  };
}

/** A duration, or nanoseconds. */
function timeout(value: Value | undefined): number {
  if (value === undefined) return DEFAULT_TIMEOUT_MS;
  const ns = typeof value === "string" ? durationNs(value) : isNumber(value) ? toFloat64(value) : undefined;
  if (ns === undefined)
    throw typeFailure(`operand 1 'timeout' must be one of {string, number} but got ${typeName(value)}`);
  return ns === 0 ? DEFAULT_TIMEOUT_MS : ns / 1e6;
}

function durationNs(text: string): number {
  try {
    return Number(parseDuration(text));
  } catch (error) {
    throw failure(`invalid timeout value ${goQuote(text)}: ${(error as Error).message}`);
  }
}

function toValue(response: NetworkResponse, request: RegoObject): Value {
  const raw = decodeUtf8(response.body);
  const headers = Object.entries(response.headers).map(([name, values]): [Value, Value] => [
    name.toLowerCase(),
    values,
  ]);
  const contentType = (
    Object.entries(response.headers).find(([name]) => name.toLowerCase() === "content-type")?.[1][0] ?? ""
  )
    .split(";")[0]
    ?.trim();
  const isJson =
    request.get("force_json_decode") === true || /^application\/(.*\+)?json$/.test(contentType ?? "");
  const isYaml =
    request.get("force_yaml_decode") === true || /^(application|text)\/(x-)?yaml$/.test(contentType ?? "");
  return objectFromRecord({
    status: `${response.status} ${response.statusText}`.trim(),
    status_code: integer(response.status),
    body: bodyValue(raw, isJson, isYaml),
    raw_body: raw,
    headers: object(headers),
  });
}

/** A body that is not what it is said to be is null, even where decoding was asked for. */
function bodyValue(raw: string, isJson: boolean, isYaml: boolean): Value {
  if (!isJson && !isYaml) return null;
  try {
    return isJson ? decode(raw) : readYaml(raw, "ignored");
  } catch {
    return null;
  }
}

// Declarations

const httpSendBuiltin = builtin({
  name: "http.send",
  description: "Sends an HTTP request.",
  args: [arg("request", objectOf(stringType, anyType), "what to send, and how")],
  result: arg("response", objectOf(anyType, anyType), "what came back"),
  examples: [
    ['http.send({"method": "get", "url": "http://localhost:1", "raise_error": false}).status_code', "0"],
  ],
  nondeterministic: true,
  host: httpSendBody,
});

export const httpBuiltins: readonly Builtin[] = [httpSendBuiltin];
