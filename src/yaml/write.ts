// Values to YAML text as OPA's library writes it: the JSON of a value is read as YAML (so what YAML cannot read is refused, and a NEL within
// a text is folded), and laid out in blocks, two blanks deep, sequences not indented within mappings. A Value in, a text out.

import { compareStrings } from "../value/compare.ts";
import { encode } from "../value/json.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import type { Value } from "../value/value.ts";
import { formatFloat64 } from "../value/go-float.ts";
import { isBlank, isBlankOrEnd, isBreak } from "./cursor.ts";
import { isPlainString } from "./resolve.ts";
import type { YamlData } from "./value.ts";
import { readYamlData } from "./value.ts";

export function writeYaml(value: Value): string {
  const emitter = new Emitter();
  emitter.document(readYamlData(encode(value), "ignored"));
  return emitter.text;
}

type Style = "plain" | "'" | '"' | "|";

/** What a text may be written as. */
interface Analysis {
  readonly allowsPlain: boolean;
  readonly allowsSingleQuotes: boolean;
  readonly allowsBlock: boolean;
}

const BEST_WIDTH = 80;
const INDENT = 2;
/** Longer keys have a `?`. In bytes. */
const MAX_KEY_BYTES = 128;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

class Emitter {
  text = "";
  /** Of the next character. */
  #column = 0;
  #indent = -1;
  /** What was written last separates words. */
  #isBlank = true;
  /** Nothing but indentation and indicators stands in this line. */
  #isIndention = true;

  document(data: YamlData): void {
    this.#node(data, false);
    this.#indent = 0;
    this.#newLine();
  }

  #put(text: string): void {
    for (const character of text) {
      this.text += character;
      this.#column = isBreak(character) ? 0 : this.#column + 1;
    }
  }

  /** To the column of the block, in a new line unless this one is still empty. */
  #newLine(): void {
    const indent = Math.max(this.#indent, 0);
    if (!this.#isIndention || this.#column > indent || (this.#column === indent && !this.#isBlank))
      this.#put("\n");
    this.#put(" ".repeat(Math.max(indent - this.#column, 0)));
    this.#isBlank = true;
    this.#isIndention = true;
  }

  #indicator(indicator: string, needsBlank: boolean, isIndention: boolean): void {
    if (needsBlank && !this.#isBlank) this.#put(" ");
    this.#put(indicator);
    this.#isBlank = false;
    this.#isIndention &&= isIndention;
  }

  #node(data: YamlData, isMember: boolean): void {
    if (data instanceof Map) return this.#mapping(data as ReadonlyMap<string, YamlData>);
    if (Array.isArray(data)) return this.#sequence(data as readonly YamlData[], isMember);
    this.#scalar(data as string, false);
  }

  #sequence(items: readonly YamlData[], isMember: boolean): void {
    if (items.length === 0) return this.#indicator("[]", true, false);
    const isIndentless = isMember && !this.#isIndention;
    const outer = this.#deepen(isIndentless);
    for (const item of items) {
      this.#newLine();
      this.#indicator("-", true, true);
      this.#node(item, false);
    }
    this.#indent = outer;
  }

  #mapping(members: ReadonlyMap<string, YamlData>): void {
    if (members.size === 0) return this.#indicator("{}", true, false);
    const outer = this.#deepen(false);
    for (const key of [...members.keys()].sort(naturally)) {
      this.#newLine();
      if (!/[\n\r\u0085\u2028\u2029]/.test(key) && encodeUtf8(key).length <= MAX_KEY_BYTES) {
        this.#scalar(key, true);
        this.#indicator(":", false, false);
      } else {
        this.#indicator("?", true, true);
        this.#scalar(key, false);
        this.#newLine();
        this.#indicator(":", true, true);
      }
      this.#node(members.get(key) as YamlData, true);
    }
    this.#indent = outer;
  }

  /** Begins a block; gives the column of the one around it. */
  #deepen(isIndentless: boolean): number {
    const outer = this.#indent;
    if (outer < 0) this.#indent = 0;
    else if (!isIndentless) this.#indent += INDENT;
    return outer;
  }

  #scalar(data: null | boolean | bigint | number | string, isKey: boolean): void {
    const text = typeof data === "number" ? formatFloat64(data, "g", undefined) : String(data);
    const style = typeof data === "string" ? styleOf(data) : "plain";
    const outer = this.#indent;
    this.#indent = Math.max(outer, 0) + INDENT;
    if (style === "|") this.#literal(text);
    else {
      if (!this.#isBlank) this.#put(" ");
      if (style === '"') this.#doubleQuoted(text, !isKey);
      else this.#words(text, style === "'" ? "'" : "", !isKey);
      this.#isBlank = false;
      this.#isIndention = false;
    }
    this.#indent = outer;
  }

  /** A plain or single-quoted text: lines are broken at single blanks beyond the width. */
  #words(text: string, quote: "" | "'", mayBreak: boolean): void {
    this.#put(quote);
    const characters = [...text];
    let afterBlank = false;
    let afterBreak = false;
    for (const [i, character] of characters.entries()) {
      if (character === " ") {
        const isInner = quote === "" || (i > 0 && i < characters.length - 1);
        if (mayBreak && !afterBlank && this.#column > BEST_WIDTH && isInner && characters[i + 1] !== " ")
          this.#newLine();
        else this.#put(" ");
        afterBlank = true;
      } else if (isBreak(character)) {
        if (!afterBreak && character === "\n") this.#put("\n");
        this.#put(character);
        this.#isIndention = true;
        afterBreak = true;
      } else {
        if (afterBreak) this.#newLine();
        this.#put(character === "'" && quote === "'" ? "''" : character);
        this.#isIndention = false;
        afterBlank = false;
        afterBreak = false;
      }
    }
    this.#put(quote);
  }

  /** What the library holds for unprintable is escaped, by name where it has one. */
  #doubleQuoted(text: string, mayBreak: boolean): void {
    this.#put('"');
    const characters = [...text];
    // The library asks each character whether the text begins with a byte order mark.
    const isAllEscaped = text.startsWith("\ufeff");
    let afterBlank = false;
    for (const [i, character] of characters.entries()) {
      const isBlankHere = character === " " && !isAllEscaped;
      if (!isBlankHere) this.#put(isAllEscaped || needsEscape(character) ? escaped(character) : character);
      else if (mayBreak && !afterBlank && this.#column > BEST_WIDTH && i > 0 && i < characters.length - 1) {
        this.#newLine();
        if (characters[i + 1] === " ") this.#put("\\");
      } else this.#put(" ");
      afterBlank = isBlankHere;
    }
    this.#put('"');
  }

  #literal(text: string): void {
    this.#indicator("|", true, false);
    const characters = [...text];
    const [last, before] = [characters.at(-1) ?? "", characters.at(-2)];
    const hint = characters[0] === " " || isBreak(characters[0] ?? "") ? String(INDENT) : "";
    const chomping = !isBreak(last) ? "-" : before === undefined || isBreak(before) ? "+" : "";
    this.#put(`${hint}${chomping}\n`);
    this.#isIndention = true;
    this.#isBlank = true;
    let afterBreak = true;
    for (const character of characters) {
      const isLineBreak = isBreak(character);
      if (!isLineBreak && afterBreak) this.#newLine();
      this.#put(character);
      this.#isIndention = isLineBreak;
      afterBreak = isLineBreak;
    }
  }
}

function styleOf(text: string): Style {
  const allows = analyse(text);
  const isString = isPlainString(text) && !BASE_60.test(text);
  let style: Style = text.includes("\n") ? "|" : isString ? "plain" : '"';
  if (style === "plain" && !allows.allowsPlain) style = "'";
  if (style === "'" && !allows.allowsSingleQuotes) style = '"';
  if (style === "|" && !allows.allowsBlock) style = '"';
  return style;
}

function analyse(text: string): Analysis {
  const characters = [...text];
  const startsBadly =
    /^(---|\.\.\.|[#,[\]{}&*!|>'"%@`])/.test(text) ||
    (/^[-?:]/.test(text) && (characters.length === 1 || isBlank(characters[1] as string)));
  let hasIndicators = startsBadly;
  let hasBreaks = false;
  let hasSpecial = false;
  let hasSpaceBreak = false;
  let hasBreakSpace = false;
  for (const [i, character] of characters.entries()) {
    const before = characters[i - 1] ?? "";
    const after = characters[i + 1] ?? "";
    if (i > 0 && character === ":" && (after === "" || isBlank(after))) hasIndicators = true;
    if (i > 0 && character === "#" && isBlankOrEnd(before)) hasIndicators = true;
    hasSpecial ||= isSpecial(character);
    hasBreaks ||= isBreak(character);
    hasSpaceBreak ||= isBreak(character) && before === " ";
    hasBreakSpace ||= character === " " && isBreak(before);
  }
  const [first, last] = [characters[0] ?? "", characters.at(-1) ?? ""];
  const isPadded = first === " " || last === " ";
  return {
    allowsPlain: !(isPadded || hasIndicators || hasBreaks || hasSpecial),
    allowsSingleQuotes: !(hasBreakSpace || hasSpaceBreak || hasSpecial),
    allowsBlock: !(last === " " || hasSpaceBreak || hasSpecial),
  };
}

/** The library prints neither what lies beyond 16 bits nor byte order marks. */
function isSpecial(character: string): boolean {
  return !/^[\n -~\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/.test(character);
}

function needsEscape(character: string): boolean {
  return character === '"' || character === "\\" || isBreak(character) || isSpecial(character);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\0", "\\0"],
  ["\u0007", "\\a"],
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\v", "\\v"],
  ["\f", "\\f"],
  ["\r", "\\r"],
  ["\u001b", "\\e"],
  ["\u0085", "\\N"],
  ["\u00a0", "\\_"],
  ["\u2028", "\\L"],
  ["\u2029", "\\P"],
]);

function escaped(character: string): string {
  const named = ESCAPES.get(character);
  if (named !== undefined) return named;
  const point = character.codePointAt(0) as number;
  if (point > 0xffff) return `\\U${hexDigits(point, 8)}`;
  return point > 0xff ? `\\u${hexDigits(point, 4)}` : `\\x${hexDigits(point, 2)}`;
}

function hexDigits(point: number, width: number): string {
  return point.toString(16).toUpperCase().padStart(width, "0");
}

/** Letters after digits, runs of digits by value: how OPA's library orders keys. */
function naturally(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const [p, q] = [x[i] as string, y[i] as string];
    if (p === q) continue;
    const [isLetter, isOther] = [/\p{L}/u.test(p), /\p{L}/u.test(q)];
    if (isLetter && isOther) return compareStrings(p, q);
    if (isLetter || isOther) return isLetter ? 1 : -1;
    // Within a number that has begun with another digit, a zero counts: both get a one before them.
    const begun =
      p === "0" || q === "0"
        ? /[^0]\p{Nd}*$/u.test(/\p{Nd}*$/u.exec(x.slice(0, i).join(""))?.[0] ?? "")
        : false;
    const [m, n] = [digitsFrom(x, i), digitsFrom(y, i)];
    const order = numberOf(m, begun) - numberOf(n, begun);
    if (order !== 0n) return order < 0n ? -1 : 1;
    return m.length - n.length || compareStrings(p, q);
  }
  return x.length - y.length;
}

function digitsFrom(characters: readonly string[], start: number): readonly string[] {
  let end = start;
  while (end < characters.length && /\p{Nd}/u.test(characters[end] as string)) end++;
  return characters.slice(start, end);
}

/** As Go's int64 has it, digits of all scripts by their distance from `0`. */
function numberOf(digits: readonly string[], isBegun: boolean): bigint {
  return digits.reduce(
    (sum, digit) => BigInt.asIntN(64, sum * 10n + BigInt((digit.codePointAt(0) as number) - 48)),
    isBegun ? 1n : 0n,
  );
}
