// Documents as texts: what an instance parses where nothing is written straight into memory. In: plain data or Values. Out: JSON text, or the
// text of a Rego value where JSON would lose something. Never touches memory of an instance.

import { encode, fromPlain } from "../value/json.ts";
import type { Value } from "../value/value.ts";
import { isArray } from "../value/value.ts";
import { writeRegoText } from "./rego-text.ts";

/** A document: its JSON text, or a value (plain data or Values of `value/`). */
export type Document = { readonly json: Uint8Array | string } | { readonly value: unknown };

/** The text to parse, and whether JSON can say all of it. */
export interface Source {
  readonly text: Uint8Array | string;
  readonly json: boolean;
}

export function sourceOf(document: Document): Source {
  if ("json" in document) return { text: document.json, json: true };
  if (isPlain(document.value, 0)) return { text: JSON.stringify(document.value), json: true };
  const value = fromPlain(document.value);
  return isJson(value)
    ? { text: encode(value, { escapeHtml: false }), json: true }
    : { text: writeRegoText(value), json: false };
}

const MAX_PLAIN_DEPTH = 100;

/** Data that `JSON.stringify` says all of: no Values, no classes, nothing that stringify would refuse. */
function isPlain(data: unknown, depth: number): boolean {
  switch (typeof data) {
    case "string":
    case "number":
    case "boolean":
      return true;
    case "object":
      break;
    default:
      return false;
  }
  if (data === null) return true;
  if (depth > MAX_PLAIN_DEPTH) return false;
  if (Array.isArray(data)) {
    for (const item of data) if (!isPlain(item, depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(data);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in data) {
    const member = (data as Record<string, unknown>)[key];
    if (member !== undefined && !isPlain(member, depth + 1)) return false;
  }
  return typeof (data as { toJSON?: unknown }).toJSON !== "function";
}

function isJson(value: Value): boolean {
  if (value === null || typeof value !== "object") return true;
  if (isArray(value)) return value.every(isJson);
  if (value.kind === "number") return true;
  if (value.kind === "set") return false;
  for (const [key, member] of value.entries()) if (typeof key !== "string" || !isJson(member)) return false;
  return true;
}
