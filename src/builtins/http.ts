// HTTP requests through the context's network. A request object in, a response object out, once per query and request. What this host
// cannot do (its own TLS settings) is refused rather than ignored.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { identity } from "../value/compare.ts";
import { decode, encode } from "../value/json.ts";
import { integer, toFloat64 } from "../value/number.ts";
import { object, objectFromRecord } from "../value/object.ts";
import { decodeUtf8, encodeUtf8 } from "../value/utf8.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isNumber, isObject } from "../value/value.ts";
import type { BuiltinContext, BuiltinNetwork, HostBody } from "./builtin.ts";
import { parseDuration } from "./duration.ts";
import { checkRequest } from "./http-request.ts";
import { failure, objectOperand } from "./operand.ts";
import { parseUrl } from "./url.ts";
import { readYaml } from "./yaml-value.ts";

type Request = Parameters<BuiltinNetwork["fetch"]>[0];
type Response = Awaited<ReturnType<BuiltinNetwork["fetch"]>>;

const DEFAULT_TIMEOUT_MS = 5_000;
const REDIRECT_LIMIT = 10;

/** The request could not be carried out; everything else is the caller's mistake. */
class NetworkFailure extends Error {}

const httpSendBody: HostBody = async ([given], context) => {
  const request = objectOperand(given, 1);
  const raise = request.get("raise_error") ?? true;
  if (typeof raise !== "boolean") throw failure("raise_error key must be a boolean");
  try {
    return await answered(checkRequest(request, 1), context);
  } catch (error) {
    const message = (error as Error).message;
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

/** The same request gets the same answer within a query. */
async function answered(request: RegoObject, context: BuiltinContext): Promise<Value> {
  const key = `http.send ${identity(request)}`;
  const known = context.cache.get(key) as Value | undefined;
  if (known !== undefined) return known;
  const value = toValue(await send(request, context), request);
  context.cache.set(key, value);
  return value;
}

async function send(request: RegoObject, context: BuiltinContext): Promise<Response> {
  const { network } = context;
  if (network === undefined) throw failure("this host has no network");
  for (const name of request.keys()) {
    if (typeof name === "string" && name.startsWith("tls_") && name !== "tls_use_system_certs") {
      throw failure(`\`${name}\` is not supported by this host`);
    }
  }
  let current = toRequest(request);
  const retries = request.get("max_retry_attempts");
  let attempts = retries !== undefined && isNumber(retries) ? toFloat64(retries) + 1 : 1;
  for (let redirects = 0; ; ) {
    let response: Response;
    try {
      response = await network.fetch(current);
    } catch (error) {
      if (--attempts > 0) continue;
      const method = current.method.charAt(0) + current.method.slice(1).toLowerCase();
      throw new NetworkFailure(`${method} ${JSON.stringify(current.url)}: ${(error as Error).message}`);
    }
    const next = request.get("enable_redirect") === true ? redirected(current, response) : undefined;
    if (next === undefined) return response;
    if (++redirects > REDIRECT_LIMIT) throw new NetworkFailure(`stopped after ${REDIRECT_LIMIT} redirects`);
    current = next;
  }
}

function redirected(request: Request, response: Response): Request | undefined {
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
  if (typeof value !== "string") throw failure(`\`${name}\` must be a string`);
  return value;
}

function toRequest(request: RegoObject): Request {
  const url = text(request, "url");
  parseUrl(url);
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const given = request.get("headers");
  if (given !== undefined && !isObject(given)) throw failure("`headers` must be an object");
  for (const [name, value] of given?.entries() ?? []) {
    if (typeof name !== "string" || typeof value !== "string")
      throw failure("invalid type for headers value");
    headers[name] = value;
  }
  const raw = request.get("raw_body");
  if (raw !== undefined && typeof raw !== "string") throw failure("raw_body must be a string");
  const body = request.get("body");
  const content = raw ?? (body === undefined ? undefined : encode(body));
  return {
    method: text(request, "method").toUpperCase(),
    url,
    headers,
    body: content === undefined ? null : encodeUtf8(content),
    timeoutMs: timeout(request.get("timeout")),
  };
}

/** A duration, or nanoseconds. */
function timeout(value: Value | undefined): number {
  if (value === undefined) return DEFAULT_TIMEOUT_MS;
  const ns =
    typeof value === "string" ? Number(parseDuration(value)) : isNumber(value) ? toFloat64(value) : undefined;
  if (ns === undefined)
    throw failure(`invalid value for "timeout" ${encode(value)}: must be a number or duration string`);
  return ns === 0 ? DEFAULT_TIMEOUT_MS : ns / 1e6;
}

function toValue(response: Response, request: RegoObject): Value {
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
    body: bodyValue(raw, isJson, isYaml, request),
    raw_body: raw,
    headers: object(headers),
  });
}

/** A body that is not what it is said to be is null, unless decoding was asked for. */
function bodyValue(raw: string, isJson: boolean, isYaml: boolean, request: RegoObject): Value {
  if (!isJson && !isYaml) return null;
  try {
    return isJson ? decode(raw) : readYaml(raw);
  } catch (error) {
    const isForced = request.get("force_json_decode") === true || request.get("force_yaml_decode") === true;
    if (isForced) throw error;
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
