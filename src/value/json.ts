// JSON text to Values and back without losing a digit, and the bridge to plain JavaScript data. Errors are Go's words with a place.
// Objects become RegoObject (never JavaScript objects), so no key can reach a prototype. `encode` writes what OPA's JSON output has.

import { PolicyError } from "../error.ts";
import { compareStrings } from "./compare.ts";
import { scanJson } from "./json-scan.ts";
import { integer, number, NumberValue } from "./number.ts";
import { object, ObjectValue } from "./object.ts";
import { set, SetValue } from "./set.ts";
import { decodeUtf8, wellFormed } from "./utf8.ts";
import type { RegoObject, Value } from "./value.ts";
import { isArray, isObject } from "./value.ts";

/** Deeper values are refused where they enter, so that walking them cannot exhaust the stack. (Go stops at 10 000.) */
export const MAX_DEPTH = 2_000;

export interface DecodeOptions {
  /** Levels of arrays and objects, MAX_DEPTH by default. */
  readonly maxDepth?: number;
  /** A second document `null` counts as the end of the text, as in Go's decoder. */
  readonly nullIsEnd?: boolean;
  /** Named in the location of an error. */
  readonly file?: string;
}

/** One JSON document. Throws `invalid_input` with the place of the first wrong character. */
export function decode(source: string | Uint8Array, options: DecodeOptions = {}): Value {
  const text = typeof source === "string" ? source : decodeUtf8(source);
  return scanJson(text, options.file ?? "", options.maxDepth ?? MAX_DEPTH, options.nullIsEnd ?? false);
}

export interface EncodeOptions {
  /** `<`, `>` and `&` as `\u00XX`, as Go does unless told otherwise. Default true. */
  readonly escapeHtml?: boolean;
  /** Written before each line but the first. */
  readonly prefix?: string;
  /** One level of indentation; with it (or a prefix), the text has line breaks. */
  readonly indent?: string;
}

const PLAIN = /^[ !#-;=?-[\]-\u2027\u202a-\ud7ff\ue000-\uffff]*$/;
const PLAIN_HTML = /^[ !#%'-;=?-[\]-\u2027\u202a-\ud7ff\ue000-\uffff]*$/;
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** A JSON string literal as Go writes it. */
export function encodeString(text: string, escapeHtml = true): string {
  if ((escapeHtml ? PLAIN_HTML : PLAIN).test(text)) return `"${text}"`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  const special = escapeHtml ? /[\u0000-\u001f"\\<>&\u2028\u2029]/g : /[\u0000-\u001f"\\\u2028\u2029]/g;
  const escaped = (c: string): string =>
    SHORT_ESCAPES.get(c) ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const body = wellFormed(text).replace(special, escaped);
  return `"${body}"`;
}

/** OPA's JSON of a value: keys sorted, sets as arrays, keys that are no strings as their JSON text. */
export function encode(value: Value, options: EncodeOptions = {}): string {
  const escapeHtml = options.escapeHtml ?? true;
  if (options.indent === undefined && options.prefix === undefined) return compact(value, escapeHtml);
  return spread(value, escapeHtml, options.indent ?? "", `\n${options.prefix ?? ""}`);
}

function compact(value: Value, escapeHtml: boolean): string {
  if (value === null) return "null";
  if (typeof value === "string") return encodeString(value, escapeHtml);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isArray(value)) return `[${value.map((member) => compact(member, escapeHtml)).join(",")}]`;
  if (value.kind === "number") return value.text;
  if (value.kind === "set")
    return `[${Array.from(value.values(), (member) => compact(member, escapeHtml)).join(",")}]`;
  return `{${textMembers(value)
    .map(([key, member]) => `${encodeString(key, escapeHtml)}:${compact(member, escapeHtml)}`)
    .join(",")}}`;
}

function spread(value: Value, escapeHtml: boolean, indent: string, line: string): string {
  if (value === null || typeof value !== "object" || (!isArray(value) && value.kind === "number")) {
    return compact(value, escapeHtml);
  }
  const inner = line + indent;
  const members = isObject(value)
    ? textMembers(value).map(
        ([key, member]) => `${encodeString(key, escapeHtml)}: ${spread(member, escapeHtml, indent, inner)}`,
      )
    : [...(isArray(value) ? value : value.values())].map((member) =>
        spread(member, escapeHtml, indent, inner),
      );
  const [open, close] = isObject(value) ? ["{", "}"] : ["[", "]"];
  return members.length === 0 ? open + close : `${open}${inner}${members.join(`,${inner}`)}${line}${close}`;
}

/** The key under which a value stands in JSON. */
export function keyText(key: Value): string {
  return typeof key === "string" ? key : compact(key, true);
}

/** Members under their JSON keys, sorted by them; a later one takes the place of one with the same text. */
function textMembers(value: RegoObject): (readonly [string, Value])[] {
  let allStrings = true;
  const members: (readonly [string, Value])[] = [];
  for (const [key, member] of value.entries()) {
    if (typeof key !== "string") allStrings = false;
    members.push([keyText(key), member]);
  }
  return allStrings ? members : [...new Map(members)].sort((a, b) => compareStrings(a[0], b[0]));
}

/** What JSON can say of a value: sets as arrays (in order), other keys as text. OPA's conversion of results and data. */
export function toJsonValue(value: Value): Value {
  if (value === null || typeof value !== "object") return value;
  if (isArray(value)) return value.map(toJsonValue);
  if (value.kind === "number") return value;
  if (value.kind === "set") return Array.from(value.values(), toJsonValue);
  return object(textMembers(value).map(([key, member]) => [key, toJsonValue(member)] as const));
}

/**
 * Plain data to a Value, as `JSON.stringify` would see it: `toJSON` is heeded, undefined members and functions are left out, numbers
 * that are not finite become null. Also taken: bigint, Map (any keys), Set, and Values made by this room. Throws `invalid_parameter`.
 */
export function fromPlain(data: unknown): Value {
  const value = plain(data, "", 0);
  if (value === undefined) throw new PolicyError("invalid_parameter", `a ${typeof data} is no value`);
  return value;
}

function plain(data: unknown, key: string, depth: number): Value | undefined {
  if (depth > MAX_DEPTH)
    throw new PolicyError("invalid_parameter", "value is nested too deeply or contains itself");
  switch (typeof data) {
    case "string":
      return wellFormed(data);
    case "boolean":
      return data;
    case "number":
      return Number.isFinite(data)
        ? Number.isInteger(data) && Math.abs(data) < 1e21
          ? integer(data)
          : number(String(data))
        : null;
    case "bigint":
      return integer(data);
    case "object":
      break;
    default:
      return undefined;
  }
  if (data === null) return null;
  if (data instanceof NumberValue || data instanceof ObjectValue || data instanceof SetValue) return data;
  const convert = (data as { toJSON?: unknown }).toJSON;
  if (typeof convert === "function") return plain(convert.call(data, key), key, depth + 1);
  const member = (x: unknown, at: string): Value => plain(x, at, depth + 1) ?? null;
  if (Array.isArray(data)) return data.map((x, i) => member(x, String(i)));
  if (data instanceof Map) {
    return object(Array.from(data, ([k, v]): [Value, Value] => [member(k, ""), member(v, String(k))]));
  }
  if (data instanceof Set) return set(Array.from(data, (x) => member(x, "")));
  const entries: [Value, Value][] = [];
  for (const name of Object.keys(data)) {
    const value = plain((data as Record<string, unknown>)[name], name, depth + 1);
    if (value !== undefined) entries.push([wellFormed(name), value]);
  }
  return object(entries);
}

/** A Value as `JSON.parse(encode(value))` would give it: sets become arrays, numbers the nearest double. */
export function toPlain(value: Value): unknown {
  if (value === null || typeof value !== "object") return value;
  if (isArray(value)) return value.map(toPlain);
  if (value.kind === "number") return Number(value.text);
  if (value.kind === "set") return Array.from(value.values(), toPlain);
  const record: Record<string, unknown> = {};
  for (const [key, member] of textMembers(value)) {
    const data = toPlain(member);
    // Plain assignment to `__proto__` would change the prototype instead of adding a member.
    if (key === "__proto__")
      Object.defineProperty(record, key, {
        value: data,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    else record[key] = data;
  }
  return record;
}
