// Values as OPA writes them in Rego terms (`{1, "a"}`, `set()`), and strings as Go quotes them. Values in, text out; the text is meant
// for people and for `sprintf("%v")`, never to be parsed back by this project.

import type { Value } from "./value.ts";
import { isArray } from "./value.ts";

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\u0007", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
  ["\\", "\\\\"],
]);

/** Go's IsPrint: letters, marks, numbers, punctuation, symbols and the plain space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** `strconv.Quote`; with `asciiOnly`, `strconv.QuoteToASCII`. */
export function goQuote(text: string, quote: '"' | "'" = '"', asciiOnly = false): string {
  let body = "";
  for (const c of text) body += goEscape(c, quote, asciiOnly);
  return quote + body + quote;
}

function goEscape(c: string, quote: string, asciiOnly: boolean): string {
  if (c === quote) return `\\${c}`;
  const named = NAMED_ESCAPES.get(c);
  if (named !== undefined) return named;
  const point = c.codePointAt(0) as number;
  if (point < 0x80 ? point >= 32 && point < 127 : !asciiOnly && PRINTABLE.test(c)) return c;
  const hex = point.toString(16);
  if (point < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return point < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** A value as a Rego term, members in order. */
export function termText(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isArray(value)) return `[${value.map(termText).join(", ")}]`;
  switch (value.kind) {
    case "number":
      return value.text;
    case "object":
      return `{${Array.from(value.entries(), ([key, member]) => `${termText(key)}: ${termText(member)}`).join(", ")}}`;
    case "set":
      return value.size === 0 ? "set()" : `{${Array.from(value.values(), termText).join(", ")}}`;
  }
}
