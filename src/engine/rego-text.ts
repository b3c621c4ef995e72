// Values as text, with sets and keys of any kind: what OPA's modules read and write where JSON would lose something. In and out: the
// ground terms of Rego (`{1, 2}`, `set()`, `{[1]: 2}`), nothing more. Never reads a policy's source.

import { PolicyError } from "../error.ts";
import { decode, encodeString, MAX_DEPTH } from "../value/json.ts";
import { number } from "../value/number.ts";
import { object } from "../value/object.ts";
import { set } from "../value/set.ts";
import type { Value } from "../value/value.ts";
import { isArray } from "../value/value.ts";

/** The text of a value; numbers keep their digits. */
export function writeRegoText(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return encodeString(value, false);
  if (isArray(value)) return `[${value.map(writeRegoText).join(",")}]`;
  if (value.kind === "number") return value.text;
  if (value.kind === "set") {
    return value.size === 0 ? "set()" : `{${Array.from(value.values(), writeRegoText).join(",")}}`;
  }
  const members = Array.from(
    value.entries(),
    ([key, member]) => `${writeRegoText(key)}:${writeRegoText(member)}`,
  );
  return `{${members.join(",")}}`;
}

/** Reads what `writeRegoText` and OPA's `opa_value_dump` write. */
export function readRegoText(text: string): Value {
  return new Reader(text).document();
}

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#error();
    return value;
  }

  #value(): Value {
    this.#space();
    const c = this.#text[this.#at];
    if (c === "{") return this.#nested(() => this.#braces());
    if (c === "[") return this.#nested(() => this.#array());
    if (c === '"') return this.#string();
    const word = /[a-z()]+|-?[0-9][0-9.eE+-]*/y;
    word.lastIndex = this.#at;
    const token = word.exec(this.#text)?.[0];
    if (token === undefined) throw this.#error();
    this.#at += token.length;
    if (token === "null") return null;
    if (token === "true" || token === "false") return token === "true";
    if (token === "set()") return set([]);
    return number(token);
  }

  #nested(read: () => Value): Value {
    if (++this.#depth > MAX_DEPTH) throw new PolicyError("invalid_input", "value is nested too deeply");
    const value = read();
    this.#depth--;
    return value;
  }

  #array(): Value {
    this.#at++;
    const items: Value[] = [];
    while (!this.#closes("]")) items.push(this.#value());
    return items;
  }

  /** An object or a set: the character behind the first term tells. */
  #braces(): Value {
    this.#at++;
    const members: Value[] = [];
    const entries: [Value, Value][] = [];
    while (!this.#closes("}")) {
      const first = this.#value();
      this.#space();
      if (this.#text[this.#at] === ":") {
        this.#at++;
        entries.push([first, this.#value()]);
      } else members.push(first);
    }
    return members.length > 0 ? set(members) : object(entries);
  }

  /** At the closing bracket, which it passes; else behind a comma, if there is one. */
  #closes(bracket: string): boolean {
    this.#space();
    const c = this.#text[this.#at];
    if (c === undefined) throw this.#error();
    if (c === ",") {
      this.#at++;
      this.#space();
      if (this.#text[this.#at] !== bracket) return false;
    } else if (c !== bracket) return false;
    this.#at++;
    return true;
  }

  #string(): string {
    const literal = /"(?:[^"\\]|\\.)*"/sy;
    literal.lastIndex = this.#at;
    const token = literal.exec(this.#text)?.[0];
    if (token === undefined) throw this.#error();
    this.#at += token.length;
    return decode(token) as string;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #error(): PolicyError {
    return new PolicyError("invalid_input", `not the text of a value at character ${this.#at}`);
  }
}
