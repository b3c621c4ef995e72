// The JSON reader behind json.ts: text in, Value or `invalid_input` out, without recursion (nesting is counted, not stacked). Messages
// are those of Go's decoder, which `json.unmarshal` shows to policies.

import { PolicyError } from "../error.ts";
import { NumberValue } from "./number.ts";
import { object } from "./object.ts";
import { utf8Length, wellFormed } from "./utf8.ts";
import type { Value } from "./value.ts";

/** An array or object that is not closed yet. */
type Open = { readonly items: Value[] } | { readonly entries: [Value, Value][]; key: string };

export function scanJson(text: string, file: string, maxDepth: number, nullIsEnd: boolean): Value {
  return new Scanner(text, file, maxDepth).document(nullIsEnd);
}

const BEGIN_VALUE = "looking for beginning of value";
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [34, '"'],
  [92, "\\"],
  [47, "/"],
  [98, "\b"],
  [102, "\f"],
  [110, "\n"],
  [114, "\r"],
  [116, "\t"],
]);

class Scanner {
  readonly #text: string;
  readonly #file: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, file: string, maxDepth: number) {
    this.#text = text;
    this.#file = file;
    this.#maxDepth = maxDepth;
  }

  document(nullIsEnd: boolean): Value {
    this.#space();
    if (this.#at >= this.#text.length) throw this.#error("EOF");
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) this.#refuseRest(nullIsEnd);
    return value;
  }

  #value(): Value {
    const open: Open[] = [];
    for (;;) {
      let value = this.#begin(open);
      if (value === undefined) continue;
      for (;;) {
        const parent = open.at(-1);
        if (parent === undefined) return value;
        if ("items" in parent) {
          parent.items.push(value);
          if (this.#next("after array element", 93)) break;
          value = parent.items;
        } else {
          parent.entries.push([parent.key, value]);
          if (this.#next("after object key:value pair", 125)) {
            parent.key = this.#key();
            break;
          }
          value = object(parent.entries);
        }
        open.pop();
      }
    }
  }

  /** A scalar or an empty collection; undefined after opening one that has members. */
  #begin(open: Open[]): Value | undefined {
    this.#space();
    const c = this.#text.charCodeAt(this.#at);
    switch (c) {
      case 34:
        return this.#string();
      case 91:
        this.#open(open.length);
        if (this.#closes(93)) return [];
        open.push({ items: [] });
        return undefined;
      case 123: {
        this.#open(open.length);
        if (this.#closes(125)) return object([]);
        open.push({ entries: [], key: this.#key() });
        return undefined;
      }
      case 116:
        return this.#literal("true", true);
      case 102:
        return this.#literal("false", false);
      case 110:
        return this.#literal("null", null);
      default:
        if (c === 45 || isDigit(c)) return this.#number();
        throw this.#unexpected(BEGIN_VALUE);
    }
  }

  #open(depth: number): void {
    if (depth >= this.#maxDepth) throw this.#error("exceeded max depth");
    this.#at++;
  }

  #closes(bracket: number): boolean {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== bracket) return false;
    this.#at++;
    return true;
  }

  /** After a member: true at a comma, false at the closing bracket. */
  #next(context: string, bracket: number): boolean {
    this.#space();
    const c = this.#text.charCodeAt(this.#at);
    if (c !== 44 && c !== bracket) throw this.#unexpected(context);
    this.#at++;
    return c === 44;
  }

  #key(): string {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== 34)
      throw this.#unexpected("looking for beginning of object key string");
    const key = this.#string();
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== 58) throw this.#unexpected("after object key");
    this.#at++;
    return key;
  }

  #literal(word: string, value: Value): Value {
    for (let i = 1; i < word.length; i++) {
      this.#at++;
      if (this.#text[this.#at] !== word[i])
        throw this.#unexpected(`in literal ${word} (expecting '${word[i]}')`);
    }
    this.#at++;
    return value;
  }

  #number(): Value {
    const start = this.#at;
    if (this.#text.charCodeAt(this.#at) === 45) this.#at++;
    if (this.#text.charCodeAt(this.#at) === 48) this.#at++;
    else this.#digits("in numeric literal");
    if (this.#text.charCodeAt(this.#at) === 46) {
      this.#at++;
      this.#digits("after decimal point in numeric literal");
    }
    const e = this.#text.charCodeAt(this.#at);
    if (e === 101 || e === 69) {
      this.#at++;
      const sign = this.#text.charCodeAt(this.#at);
      if (sign === 43 || sign === 45) this.#at++;
      this.#digits("in exponent of numeric literal");
    }
    return new NumberValue(this.#text.slice(start, this.#at));
  }

  #digits(context: string): void {
    if (!isDigit(this.#text.charCodeAt(this.#at))) throw this.#unexpected(context);
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  #string(): string {
    const text = this.#text;
    let run = ++this.#at;
    let result = "";
    for (;;) {
      const c = text.charCodeAt(this.#at);
      if (c === 34) {
        result += text.slice(run, this.#at++);
        return wellFormed(result);
      }
      if (c === 92) {
        result += text.slice(run, this.#at) + this.#escape();
        run = this.#at;
      } else if (c >= 32) this.#at++;
      else throw this.#unexpected("in string literal");
    }
  }

  #escape(): string {
    const c = this.#text.charCodeAt(++this.#at);
    const plain = ESCAPES.get(c);
    if (plain !== undefined) {
      this.#at++;
      return plain;
    }
    if (c !== 117) throw this.#unexpected("in string escape code");
    for (let i = 0; i < 4; i++) {
      this.#at++;
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? ""))
        throw this.#unexpected("in \\u hexadecimal character escape");
    }
    this.#at++;
    const unit = String.fromCharCode(Number.parseInt(this.#text.slice(this.#at - 4, this.#at), 16));
    // Halves are judged one by one in Go: a lone one written as an escape does not join a neighbour that is not.
    const isHigh = unit >= "\ud800" && unit < "\udc00";
    if (isHigh && /^\\u[dD][c-fC-F]/.test(this.#text.slice(this.#at, this.#at + 4))) return unit;
    const isLow = unit >= "\udc00" && unit <= "\udfff";
    const before = this.#text.slice(this.#at - 12, this.#at - 6);
    if (isLow && /^\\u[dD][89abAB][0-9a-fA-F]{2}$/.test(before)) return unit;
    return isHigh || isLow ? "\ufffd" : unit;
  }

  #space(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return;
      this.#at++;
    }
  }

  /** Go reads one further token and shows it, except for `null`, which it takes for the end. */
  #refuseRest(nullIsEnd: boolean): void {
    const start = this.#at;
    const c = this.#text.charCodeAt(start);
    if (c === 91 || c === 123) this.#at++;
    else {
      const value = this.#begin([]);
      if (value === null && nullIsEnd) return;
      if (typeof value === "string") throw this.#afterTopLevel(value);
      if (typeof value === "boolean") throw this.#afterTopLevel(`%!s(bool=${value})`);
    }
    throw this.#afterTopLevel(this.#text.slice(start, this.#at));
  }

  #afterTopLevel(token: string): PolicyError {
    return this.#error(`error: invalid character '${token}' after top-level value`);
  }

  #unexpected(context: string): PolicyError {
    if (this.#at >= this.#text.length) return this.#error("unexpected EOF");
    return this.#error(`invalid character ${quoteByte(this.#text, this.#at)} ${context}`);
  }

  #error(message: string): PolicyError {
    const before = this.#text.slice(0, this.#at);
    const lineStart = before.lastIndexOf("\n") + 1;
    const location = {
      file: this.#file,
      row: before.split("\n").length,
      col: utf8Length(before.slice(lineStart)) + 1,
      offset: utf8Length(before),
      text: "",
    };
    return new PolicyError("invalid_input", message, { location });
  }
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

/** Go looks at bytes: of a character beyond ASCII it shows the first byte, as if that were a character. */
function quoteByte(text: string, at: number): string {
  const point = text.codePointAt(at) as number;
  const byte =
    point < 0x80
      ? point
      : point < 0x800
        ? 0xc0 | (point >> 6)
        : point < 0x10000
          ? 0xe0 | (point >> 12)
          : 0xf0 | (point >> 18);
  if (byte === 39) return "'\\''";
  if (byte === 34) return "'\"'";
  if (byte === 92) return "'\\\\'";
  const named = new Map([
    [7, "\\a"],
    [8, "\\b"],
    [9, "\\t"],
    [10, "\\n"],
    [11, "\\v"],
    [12, "\\f"],
    [13, "\\r"],
  ]).get(byte);
  if (named !== undefined) return `'${named}'`;
  if (byte < 32 || byte === 127) return `'\\x${byte.toString(16).padStart(2, "0")}'`;
  return `'${String.fromCharCode(byte)}'`;
}
