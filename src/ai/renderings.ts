// From the text that a tool returned to the document it renders. In: text. Out: a Value where the whole text is JSON or a literal as Python
// prints it (`{'a': None}`, `[Point(x=1)]`), undefined otherwise. Never throws and never guesses: a text with anything around the document
// is a text, so that nobody who can write into a result can give it another shape.

import { decode } from "../value/json.ts";
import { number } from "../value/number.ts";
import { object } from "../value/object.ts";
import type { Value } from "../value/value.ts";

const MAX_DEPTH = 200;
const MAX_LENGTH = 4_000_000;

/** The document that `text` is; undefined for prose, scalars and whatever else does not read to its end. */
export function readRendering(text: string): Value | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const first = text.trimStart()[0] ?? "";
  if (!/[[{(\p{Lu}]/u.test(first)) return undefined;
  if (first === "{" || first === "[") {
    try {
      return decode(text);
    } catch {
      // Not JSON: perhaps Python's.
    }
  }
  try {
    const reader = new LiteralReader(text);
    const value = reader.value(0);
    reader.end();
    return value !== null && typeof value === "object" ? value : undefined;
  } catch (error) {
    if (error instanceof NoLiteral) return undefined;
    throw error;
  }
}

class NoLiteral extends Error {}

const ESCAPES = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["0", "\0"],
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["v", "\v"],
  ["\n", ""],
]);
const CODED = new Map([
  ["x", 2],
  ["u", 4],
  ["U", 8],
]);
const WORDS = new Map<string, Value>([
  ["True", true],
  ["False", false],
  ["None", null],
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Python reference manual, sections 2.4 and 6.2, with calls as `repr` of dataclasses, models and dates prints them. */
class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Value {
    if (depth > MAX_DEPTH) throw new NoLiteral();
    this.#skip();
    const char = this.#text[this.#at] ?? "";
    if (char === "[") return this.#list("]", depth);
    if (char === "(") return this.#list(")", depth);
    if (char === "{") return this.#braces(depth);
    if (char === "<") return this.#enumeration(depth);
    const prefixed = /[bBrRuU]{0,2}(?=['"])/y;
    prefixed.lastIndex = this.#at;
    const prefix = prefixed.exec(this.#text)?.[0];
    if (prefix !== undefined) {
      this.#at += prefix.length;
      return this.#string(/r/i.test(prefix));
    }
    const digits = this.#match(/[-+]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\p{L}\d_])/uy);
    if (digits !== undefined) return readNumber(digits);
    return this.#word(depth);
  }

  end(): void {
    this.#skip();
    if (this.#at < this.#text.length) throw new NoLiteral();
  }

  #skip(): void {
    this.#match(/\s+/y);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #take(char: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #expect(char: string): void {
    if (!this.#take(char)) throw new NoLiteral();
  }

  /** Members up to `close`, which is taken; a comma may follow the last one. */
  #members(close: string, member: () => void): void {
    while (!this.#take(close)) {
      member();
      if (this.#take(",")) continue;
      this.#expect(close);
      return;
    }
  }

  #list(close: string, depth: number): Value {
    this.#at++;
    const items: Value[] = [];
    this.#members(close, () => items.push(this.value(depth + 1)));
    return items;
  }

  /** A dict, or a set, which becomes an array as in JSON. */
  #braces(depth: number): Value {
    this.#at++;
    const pairs: [Value, Value][] = [];
    const items: Value[] = [];
    this.#members("}", () => {
      const first = this.value(depth + 1);
      if (this.#take(":")) pairs.push([keyOf(first), this.value(depth + 1)]);
      else items.push(first);
    });
    if (items.length > 0 && pairs.length > 0) throw new NoLiteral();
    return items.length > 0 ? items : object(pairs);
  }

  /** `<Status.open: 'open'>` is its value. */
  #enumeration(depth: number): Value {
    if (this.#match(/<[\p{L}_][\p{L}\d_.]*:\s*/uy) === undefined) throw new NoLiteral();
    const value = this.value(depth + 1);
    this.#expect(">");
    return value;
  }

  #word(depth: number): Value {
    const word = this.#match(/[\p{L}_][\p{L}\d_]*(?:\.[\p{L}_][\p{L}\d_]*)*/uy);
    if (word === undefined) throw new NoLiteral();
    const known = WORDS.get(word);
    if (known !== undefined) return known;
    if (this.#text[this.#at] !== "(") throw new NoLiteral();
    this.#at++;
    const fields: [Value, Value][] = [];
    const items: Value[] = [];
    this.#members(")", () => {
      this.#skip();
      const name = this.#match(/[\p{L}_][\p{L}\d_]*(?==[^=])/uy);
      if (name === undefined) return void items.push(this.value(depth + 1));
      this.#at++;
      fields.push([name, this.value(depth + 1)]);
    });
    if (fields.length > 0 && items.length > 0) throw new NoLiteral();
    if (fields.length > 0) return object(fields);
    if (/(?:^|\.)(?:date|datetime)$/.test(word)) return isoText(items);
    return items.length === 1 ? (items[0] ?? null) : items;
  }

  #string(raw: boolean): string {
    const triple = this.#match(/'''|"""/y);
    const quote = triple ?? this.#text[this.#at++] ?? "";
    let out = "";
    while (!this.#text.startsWith(quote, this.#at)) {
      const char = this.#text[this.#at++];
      if (char === undefined || (char === "\n" && triple === undefined)) throw new NoLiteral();
      out += char === "\\" && !raw ? this.#escape() : char;
    }
    this.#at += quote.length;
    return out;
  }

  #escape(): string {
    const char = this.#text[this.#at++] ?? "";
    const plain = ESCAPES.get(char);
    if (plain !== undefined) return plain;
    const width = CODED.get(char);
    if (width === undefined) return `\\${char}`;
    const code = Number.parseInt(this.#text.slice(this.#at, this.#at + width), 16);
    if (!(code <= 0x10ffff)) throw new NoLiteral();
    this.#at += width;
    return String.fromCodePoint(code);
  }
}

function readNumber(text: string): Value {
  const plain = text
    .replaceAll("_", "")
    .replace(/^\+/, "")
    .replace(/^(-?)\./, "$10.")
    .replace(/\.(?=e|$)/i, "");
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(plain)) throw new NoLiteral();
  return number(plain);
}

function keyOf(key: Value): Value {
  return key === null || typeof key !== "string" ? textOf(key) : key;
}

/** `datetime.datetime(2024, 5, 15, 9, 30)` in the form in which everything else writes it. */
function isoText(parts: readonly Value[]): Value {
  const [year = "", month = "", day = "", hour, minute = "0", second = "0"] = parts.map(textOf);
  const two = (text: string): string => text.padStart(2, "0");
  const date = `${year.padStart(4, "0")}-${two(month)}-${two(day)}`;
  return hour === undefined ? date : `${date} ${two(hour)}:${two(minute)}:${two(second)}`;
}

function textOf(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "string") return value;
  if (typeof value === "object" && "text" in value) return String(value.text);
  if (typeof value === "boolean") return value ? "True" : "False";
  throw new NoLiteral();
}
