// Why fastjson, by which OPA reads the headers of a token to be signed, refuses a text. In: a text that is no JSON. Out: its words, or
// undefined where it is the more lenient of the two. Only the errors of OPA depend on it.

import { goQuote } from "../value/text.ts";

const MAX_DEPTH = 300;
/** Longer tails are shown by their ends. */
const SHOWN = 80;

interface Refused {
  readonly reason: string;
  readonly tail: string;
}

/** The text behind what was read, or what is wrong. */
type Step = string | Refused;

export function fastjsonRefusal(text: string): string | undefined {
  const end = readValue(skipSpace(text), 1);
  if (typeof end !== "string") return `cannot parse JSON: ${end.reason}; unparsed tail: ${shown(end.tail)}`;
  const tail = skipSpace(end);
  return tail === "" ? undefined : `unexpected tail: ${shown(tail)}`;
}

function shown(tail: string): string {
  return goQuote(tail.length <= SHOWN ? tail : `${tail.slice(0, SHOWN / 2)}...${tail.slice(-SHOWN / 2)}`);
}

const skipSpace = (text: string): string => text.replace(/^[ \n\t\r]+/, "");

const refused = (reason: string, tail: string): Refused => ({ reason, tail });

function within(what: string, step: Step): Step {
  return typeof step === "string" ? step : refused(`${what}: ${step.reason}`, step.tail);
}

function readValue(text: string, depth: number): Step {
  if (text === "") return refused("cannot parse empty string", text);
  if (depth > MAX_DEPTH) return refused(`too big depth for the nested JSON; it exceeds ${MAX_DEPTH}`, text);
  const first = text.charAt(0);
  const rest = text.slice(1);
  switch (first) {
    case "{":
      return within("cannot parse object", readObject(skipSpace(rest), depth));
    case "[":
      return within("cannot parse array", readArray(skipSpace(rest), depth));
    case '"':
      return within("cannot parse string", readString(rest));
    case "t":
    case "f":
    case "n": {
      const word = /^(?:true|false|null|nan)/.exec(first === "n" ? text.replace(/^nan/i, "nan") : text)?.[0];
      return word === undefined
        ? refused(`unexpected value found: ${goQuote(text)}`, text)
        : text.slice(word.length);
    }
    default:
      return within("cannot parse number", readNumber(text));
  }
}

function readArray(start: string, depth: number): Step {
  if (start === "") return refused("missing ']'", start);
  if (start.startsWith("]")) return start.slice(1);
  let text = start;
  for (;;) {
    const value = within("cannot parse array value", readValue(skipSpace(text), depth + 1));
    if (typeof value !== "string") return value;
    text = skipSpace(value);
    if (text === "") return refused("unexpected end of array", text);
    if (text.startsWith("]")) return text.slice(1);
    if (!text.startsWith(",")) return refused("missing ',' after array value", text);
    text = text.slice(1);
  }
}

function readObject(start: string, depth: number): Step {
  if (start === "") return refused("missing '}'", start);
  if (start.startsWith("}")) return start.slice(1);
  let text = start;
  for (;;) {
    text = skipSpace(text);
    if (!text.startsWith('"')) return refused(`cannot find opening '"" for object key`, text);
    const key = within("cannot parse object key", readString(text.slice(1)));
    if (typeof key !== "string") return key;
    text = skipSpace(key);
    if (!text.startsWith(":")) return refused("missing ':' after object key", text);
    const value = within("cannot parse object value", readValue(skipSpace(text.slice(1)), depth + 1));
    if (typeof value !== "string") return value;
    text = skipSpace(value);
    if (text === "") return refused("unexpected end of object", text);
    if (text.startsWith("}")) return text.slice(1);
    if (!text.startsWith(",")) return refused("missing ',' after object value", text);
    text = text.slice(1);
  }
}

function readString(text: string): Step {
  const string = /^(?:[^"\\]|\\[\s\S])*"/.exec(text)?.[0];
  return string === undefined ? refused(`missing closing '"'`, "") : text.slice(string.length);
}

function readNumber(text: string): Step {
  const digits = /^[\d.eE+-]*/.exec(text)?.[0] ?? "";
  if (digits.length === text.length) return "";
  if (digits !== "" && !/^[+-]$/.test(digits)) return text.slice(digits.length);
  const word = /^[+-]?(?:inf|nan)/i.exec(text)?.[0];
  return word === undefined
    ? refused(`unexpected char: ${goQuote(text.slice(0, 1))}`, text)
    : text.slice(word.length);
}
