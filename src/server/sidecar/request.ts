// What OPA's routes read from a request: path, flags, and the input document out of a query parameter or a body (JSON or YAML, gzipped
// or not). A body that is not what it should be is `invalid_parameter` in OPA's words; a key named `__proto__` is a key.

import type { IncomingMessage } from "node:http";
import { decodeJsonOrYaml } from "../../bundle/yaml.ts";
import { PolicyError } from "../../error.ts";
import { decode } from "../../value/json.ts";
import { PlainJson, readPlainJson } from "../../value/plain-json.ts";
import { decodeUtf8 } from "../../value/utf8.ts";
import { isArray, isObject, type RegoObject, typeName, type Value } from "../../value/value.ts";
import { type BodyLimits, readBody } from "../http.ts";

/** OPA's `server.decoding` defaults. */
export const DEFAULT_BODY_LIMITS: BodyLimits = {
  maxBytes: 256 * 1024 * 1024,
  maxUnzippedBytes: 512 * 1024 * 1024,
};

export interface Target {
  /** Percent-encoded path as the client wrote it. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
}

const NO_QUERY = new URLSearchParams();

/** The path alone. */
export function rawPathOf(request: IncomingMessage): string {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return mark === -1 ? url : url.slice(0, mark);
}

export function targetOf(request: IncomingMessage): Target {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  return mark === -1
    ? { rawPath: url, query: NO_QUERY }
    : { rawPath: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

/** Present and empty, or `true` in any case, among the values given. */
export function flagOf(query: URLSearchParams, name: string): boolean {
  if (query === NO_QUERY) return false;
  const values = query.getAll(name);
  if (values.length === 1 && values[0] === "") return true;
  return values.some((value) => value.toLowerCase() === "true");
}

/** The keys of a data path: empty segments fall away, percent-encoding is undone where it is valid. */
export function keysOf(path: string): string[] {
  return path
    .split("/")
    .filter((segment) => segment !== "")
    .map(unescapeSegment);
}

function unescapeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Keys of a document that is asked for; OPA refuses quotes in them. */
export function documentKeys(path: string): string[] {
  const keys = keysOf(path);
  const quoted = keys.find((key) => key.includes('"'));
  if (quoted !== undefined)
    throw new PolicyError("invalid_parameter", `invalid path: invalid ref term '${quoted}'`);
  return keys;
}

/** The `input` parameter of a GET. */
export function inputParameter(query: URLSearchParams): Value | undefined {
  const texts = query.getAll("input");
  const text = texts.at(-1);
  return text === undefined ? undefined : parseJson(text, "parameter contains malformed input document");
}

function parseJson(source: string | Uint8Array, what: string): Value {
  try {
    return decode(source);
  } catch (cause) {
    throw new PolicyError("invalid_parameter", `${what}: ${(cause as Error).message}`, { cause });
  }
}

const MALFORMED = "body contains malformed input document";

function isYaml(request: IncomingMessage): boolean {
  return String(request.headers["content-type"] ?? "").includes("yaml");
}

async function parseBody(body: Buffer, request: IncomingMessage, what: string): Promise<Value | undefined> {
  if (body.every((byte) => byte === 32 || (byte >= 9 && byte <= 13))) return undefined;
  if (!isYaml(request)) return parseJson(body, what);
  try {
    return await decodeJsonOrYaml(body);
  } catch (cause) {
    throw new PolicyError("invalid_parameter", `${what}: ${(cause as Error).message}`, { cause });
  }
}

/** `POST /v1/data`: the member `input` of the body. `null` counts as missing, as in OPA. */
export async function inputMember(
  request: IncomingMessage,
  limits: BodyLimits,
): Promise<Value | PlainJson | undefined> {
  const bytes = await readBody(request, limits);
  const plain = isYaml(request) ? undefined : readPlainJson(decodeUtf8(bytes));
  if (typeof plain === "object" && plain !== null && !Array.isArray(plain)) {
    // A key of the request's, never one that objects have by nature.
    const input = Object.hasOwn(plain, "input") ? (plain as { input: unknown }).input : undefined;
    return input === undefined || input === null ? undefined : new PlainJson(input);
  }
  const body = await parseBody(bytes, request, MALFORMED);
  if (body === undefined || body === null) return undefined;
  const input = objectBody(body, "types.alias", MALFORMED).get("input");
  return input === null ? undefined : input;
}

/** `POST /v0/data` and `POST /`: the body itself; nothing is null. */
export async function rawInput(request: IncomingMessage, limits: BodyLimits): Promise<Value> {
  const what = `unexpected parse error for input: ${MALFORMED}`;
  return (await parseBody(await readBody(request, limits), request, what)) ?? null;
}

/** Any other JSON body. */
export async function jsonBody(request: IncomingMessage, limits: BodyLimits, what?: string): Promise<Value> {
  const body = await readBody(request, limits);
  const said = what === undefined ? "" : `${what}: `;
  if (body.length === 0) throw new PolicyError("invalid_parameter", `${said}EOF`);
  try {
    return decode(body);
  } catch (cause) {
    throw new PolicyError("invalid_parameter", said + (cause as Error).message, { cause });
  }
}

const GO_KIND: Readonly<Record<string, string>> = {
  boolean: "bool",
  array: "array",
  number: "number",
  string: "string",
};

/** The body as an object, or Go's complaint that it is none. */
export function objectBody(body: Value, goType: string, what?: string): RegoObject {
  if (isObject(body)) return body;
  throw wrongKind(body, goType, what);
}

export function arrayBody(body: Value, goType: string): readonly Value[] {
  if (isArray(body)) return body;
  throw wrongKind(body, goType);
}

function wrongKind(body: Value, goType: string, what?: string): PolicyError {
  const kind = GO_KIND[typeName(body)] ?? typeName(body);
  const said = what === undefined ? "" : `${what}: `;
  return new PolicyError(
    "invalid_parameter",
    `${said}json: cannot unmarshal ${kind} into Go value of type ${goType}`,
  );
}
