// Text to tokens, one at a time from a given position; holds nothing of the parser's state, so going back costs nothing. Works on UTF-16 indices;
// `byteOffset` turns them into the UTF-8 offsets that locations carry. Never throws: what is wrong with a token is listed in it.

import type { TokenKind } from "./token.ts";

/** Where the next token starts. `row` and `col` are those of the character at `index`; a line feed counts as column 0 of the row it opens. */
export interface Position {
  readonly index: number;
  readonly row: number;
  readonly col: number;
}

export interface Token {
  /** Identifiers and keywords are not told apart here. */
  readonly kind: TokenKind;
  readonly row: number;
  readonly col: number;
  readonly start: number;
  readonly end: number;
  /** Source text of identifiers, numbers, strings and whitespace; template parts without the `\` of `\{`. */
  readonly literal: string;
  readonly errors: readonly string[];
  readonly next: Position;
}

export type ScanMode = "code" | "template" | "raw-template";

const NO_ERRORS: readonly string[] = [];
const END = -1;
const BYTE_ORDER_MARK = 0xfeff;
const NOT_ASCII = /[^\0-\x7f]/;

const SINGLE: Readonly<Record<number, TokenKind>> = {
  91: "[",
  93: "]",
  123: "{",
  125: "}",
  40: "(",
  41: ")",
  44: ",",
  43: "plus",
  45: "minus",
  42: "mul",
  47: "div",
  37: "rem",
  38: "and",
  124: "or",
  59: ";",
  46: ".",
};

export class Scanner {
  readonly text: string;
  readonly start: Position;
  /** Byte offset of each UTF-16 index; absent when the text is ASCII and both are the same. */
  readonly #bytes: Uint32Array | undefined;
  #index = 0;
  #row = 1;
  #col = 0;
  #errors: string[] = [];
  /** What was wrong with the very first character, reported with the first token. */
  readonly #firstErrors: readonly string[];

  constructor(text: string) {
    this.text = text;
    this.#bytes = NOT_ASCII.test(text) ? byteOffsets(text) : undefined;
    this.#enter();
    if (this.#current() === BYTE_ORDER_MARK) this.#advance();
    this.#firstErrors = this.#errors;
    this.start = { index: this.#index, row: this.#row, col: this.#col };
  }

  byteOffset(index: number): number {
    return this.#bytes === undefined ? index : (this.#bytes[index] ?? 0);
  }

  /** The inverse of `byteOffset`. */
  indexOf(byteOffset: number): number {
    const bytes = this.#bytes;
    if (bytes === undefined) return byteOffset;
    let low = 0;
    let high = bytes.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bytes[middle] ?? 0) < byteOffset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  scan(from: Position, mode: ScanMode): Token {
    this.#index = from.index;
    this.#row = from.row;
    this.#col = from.col;
    this.#errors = from.index === this.start.index ? [...this.#firstErrors] : [];
    const { index: start, row, col } = from;
    const scanned = mode === "code" ? this.#code() : this.#template(start - 1, mode === "raw-template");
    const errors = this.#errors.length === 0 ? NO_ERRORS : this.#errors;
    const next = { index: this.#index, row: this.#row, col: this.#col };
    return { kind: scanned[0], literal: scanned[1], row, col, start, end: this.#index, errors, next };
  }

  #code(): readonly [TokenKind, string] {
    const start = this.#index;
    const c = this.#current();
    if (isSpace(c)) {
      this.#advance();
      return ["whitespace", this.text[start] ?? ""];
    }
    if (isLetter(c)) {
      this.#identifier();
      return ["identifier", this.#word(start)];
    }
    if (isDecimal(c)) {
      this.#number();
      return ["number", this.#word(start)];
    }
    this.#advance();
    const single = SINGLE[c];
    if (single !== undefined) return [single, ""];
    return this.#special(c, start);
  }

  #special(c: number, start: number): readonly [TokenKind, string] {
    switch (c) {
      case END:
        return ["eof", ""];
      case 0x23: // #
        while (this.#current() !== 0x0a && this.#current() !== END) this.#advance();
        return ["comment", this.text.slice(start, this.#index)];
      case 0x22: // "
        this.#string();
        return ["string", this.text.slice(start, this.#index)];
      case 0x60: // `
        this.#rawString();
        return ["string", this.text.slice(start, this.#index)];
      case 0x3a: // :
        return [this.#take(0x3d) ? "assign" : ":", ""];
      case 0x3d: // =
        return [this.#take(0x3d) ? "equal" : "eq", ""];
      case 0x3e: // >
        return [this.#take(0x3d) ? "gte" : "gt", ""];
      case 0x3c: // <
        return [this.#take(0x3d) ? "lte" : "lt", ""];
      case 0x21: // !
        if (this.#take(0x3d)) return ["neq", ""];
        this.#errors.push("illegal ! character");
        return ["illegal", ""];
      case 0x24: // $
        if (this.#take(0x60)) return this.#template(this.#index - 1, true);
        if (this.#take(0x22)) return this.#template(this.#index - 1, false);
        this.#errors.push("illegal $ character");
        return ["illegal", ""];
      default:
        return ["illegal", ""];
    }
  }

  /** A character beyond ASCII right behind a word is an error of its own, and also spoils the word: `asé` is not the keyword `as`. */
  #word(start: number): string {
    const word = this.text.slice(start, this.#index);
    return this.#current() >= 0x80 ? `${word}\ufffd` : word;
  }

  #identifier(): void {
    while (isLetter(this.#current()) || isDigit(this.#current())) this.#advance();
  }

  #decimals(): boolean {
    let found = false;
    while (isDecimal(this.#current())) {
      this.#advance();
      found = true;
    }
    return found;
  }

  /** Takes everything that could belong to a number, so that `0a2b` is one bad number and not a number and a name. */
  #number(): void {
    this.#decimals();
    if (this.#take(0x2e) && !this.#decimals()) this.#errors.push("expected fraction");
    if (this.#take(0x65) || this.#take(0x45)) {
      if (!this.#take(0x2b)) this.#take(0x2d);
      if (!this.#decimals()) this.#errors.push("expected exponent");
    }
    if (isLetter(this.#current())) {
      this.#errors.push("illegal number format");
      this.#identifier();
    }
  }

  #string(): void {
    for (;;) {
      const c = this.#current();
      if (c === 0x0a || c === END) {
        this.#errors.push("non-terminated string");
        return;
      }
      this.#advance();
      if (c === 0x22) return;
      if (c === 0x5c) this.#escape();
    }
  }

  #rawString(): void {
    for (;;) {
      const c = this.#current();
      this.#advance();
      if (c === 0x60) return;
      if (c === END) {
        this.#errors.push("non-terminated string");
        return;
      }
    }
  }

  /** Scans on from behind `$"`, or behind the `}` of an expression; `start` is the delimiter's index. */
  #template(start: number, raw: boolean): readonly [TokenKind, string] {
    const kind = raw ? "raw-template-string" : "template-string";
    const close = raw ? 0x60 : 0x22;
    let literal = "";
    let from = start;
    const done = (ending: "part" | "end"): readonly [TokenKind, string] => {
      return [`${kind}-${ending}`, literal + this.text.slice(from, this.#index)];
    };
    for (;;) {
      const c = this.#current();
      if (c === END || (c === 0x0a && !raw)) {
        this.#errors.push("non-terminated string");
        return done("part");
      }
      this.#advance();
      if (c === close) return done("end");
      if (c === 0x7b) return done("part");
      if (c !== 0x5c) continue;
      if (this.#current() === 0x7b) {
        literal += this.text.slice(from, this.#index - 1);
        from = this.#index;
        this.#advance();
      } else if (!raw) this.#escape();
    }
  }

  /** Behind a backslash. The digits of `\u` are checked where the literal is decoded. */
  #escape(): void {
    const c = this.#current();
    if (c === 0x75) for (let i = 0; i < 4; i++) this.#advance();
    else if (c !== END && '\\"/bfnrt'.includes(String.fromCodePoint(c))) this.#advance();
    else this.#errors.push("illegal escape sequence");
  }

  #current(): number {
    if (this.#index >= this.text.length) return END;
    const unit = this.text.charCodeAt(this.#index);
    return unit >= 0xd800 && unit <= 0xdfff ? (this.text.codePointAt(this.#index) ?? END) : unit;
  }

  #take(c: number): boolean {
    if (this.#current() !== c) return false;
    this.#advance();
    return true;
  }

  /** At the end of the text row and column stay where they are, as in OPA. */
  #advance(): void {
    if (this.#index >= this.text.length) return;
    this.#index += this.#current() > 0xffff ? 2 : 1;
    if (this.#index < this.text.length) this.#enter();
  }

  /** Counts the character at the index, and notes what may not stand in a source text. */
  #enter(): void {
    const c = this.#current();
    if (c === END) return;
    if (c === 0) this.#errors.push("illegal null character");
    else if (c >= 0xd800 && c <= 0xdfff) this.#errors.push("illegal utf-8 character");
    else if (c === BYTE_ORDER_MARK && this.#index > 0) this.#errors.push("illegal byte-order mark");
    if (c === 0x0a) {
      this.#row++;
      this.#col = 0;
    } else this.#col++;
  }
}

function byteOffsets(text: string): Uint32Array {
  const offsets = new Uint32Array(text.length + 1);
  let offset = 0;
  for (let i = 0; i < text.length; i++) {
    offsets[i] = offset;
    const unit = text.charCodeAt(i);
    if (unit < 0x80) offset += 1;
    else if (unit < 0x800) offset += 2;
    else if (unit >= 0xd800 && unit <= 0xdbff && (text.codePointAt(i) ?? 0) > 0xffff) {
      offset += 4;
      offsets[++i] = offset;
    } else offset += 3;
  }
  offsets[text.length] = offset;
  return offsets;
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x09 || c === 0x0d;
}

function isLetter(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x5f;
}

function isDecimal(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** Digits of all scripts may stand in names. */
function isDigit(c: number): boolean {
  return isDecimal(c) || (c >= 0x80 && /^\p{Nd}$/u.test(String.fromCodePoint(c)));
}
