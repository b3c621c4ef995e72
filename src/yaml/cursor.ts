// A place in a YAML text, and its characters as libyaml sorts them. A text in, characters out; a character that YAML does not allow is
// refused when the part of the text is reached that holds it.

import { failure } from "./failure.ts";

export function isBlank(character: string): boolean {
  return character === " " || character === "\t";
}

/** CR, LF, NEL, LS, PS. */
export function isBreak(character: string): boolean {
  return character !== "" && "\n\r\u0085\u2028\u2029".includes(character);
}

export function isBreakOrEnd(character: string): boolean {
  return character === "" || isBreak(character);
}

export function isBlankOrEnd(character: string): boolean {
  return isBlank(character) || isBreakOrEnd(character);
}

export function isAlpha(character: string): boolean {
  return /^[0-9A-Za-z_-]$/.test(character);
}

export function isHex(character: string): boolean {
  return /^[0-9A-Fa-f]$/.test(character);
}

const REFUSED = /[^\t\n\r -~\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
/** The library reads so many bytes at once, and refuses what stands in them when it comes to the first of them. */
const CHUNK_BYTES = 512;

/** Where the part of a text begins that the library cannot read for a control character in it; infinity if there is none. */
function refusedFrom(text: string): number {
  const refused = text.search(REFUSED);
  if (refused < 0) return Number.POSITIVE_INFINITY;
  let start = 0;
  let at = 0;
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    const width = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes + width > CHUNK_BYTES) {
      start = at;
      bytes = 0;
    }
    if (at >= refused) break;
    bytes += width;
    at += character.length;
  }
  return start;
}

export class YamlCursor {
  readonly #text: string;
  readonly #refusedFrom: number;
  at = 0;
  /** In characters, where `at` counts UTF-16 units. */
  index = 0;
  /** From 0, like the column. */
  line = 0;
  column = 0;

  constructor(text: string) {
    this.#text = text;
    this.#refusedFrom = refusedFrom(text);
    // The first byte order mark is none of the text. The library skips a second one, but no others.
    if (text.startsWith("\ufeff")) this.at = 1;
    if (text.startsWith("\ufeff\ufeff")) this.skip();
  }

  /** The character `ahead` of the place; empty behind the end. */
  peek(ahead = 0): string {
    const at = this.at + ahead;
    if (at >= this.#refusedFrom) throw failure("yaml: control characters are not allowed");
    return this.#text[at] ?? "";
  }

  skip(count = 1): void {
    for (; count > 0; count--) {
      const unit = this.#text.charCodeAt(this.at++);
      this.column++;
      if (!(unit >= 0xdc00 && unit <= 0xdfff)) this.index++;
    }
  }

  take(): string {
    const character = this.peek();
    this.skip();
    return character;
  }

  /** Takes a line break, as it counts within a text: all but LS and PS are LF. */
  takeBreak(): string {
    const character = this.peek();
    if (!isBreak(character)) return "";
    this.skip(character === "\r" && this.peek(1) === "\n" ? 2 : 1);
    this.line++;
    this.column = 0;
    return character === "\u2028" || character === "\u2029" ? character : "\n";
  }

  skipBlanks(): void {
    while (isBlank(this.peek())) this.skip();
  }

  skipComment(): void {
    if (this.peek() === "#") while (!isBreakOrEnd(this.peek())) this.skip();
  }

  /** Blanks, a comment and the line break behind a directive or the head of a block scalar. */
  endLine(): void {
    this.skipBlanks();
    this.skipComment();
    if (!isBreakOrEnd(this.peek())) this.fail("did not find expected comment or line break");
    this.takeBreak();
  }

  takeWord(): string {
    let word = "";
    while (isAlpha(this.peek())) word += this.take();
    return word;
  }

  isDocumentMark(): boolean {
    const character = this.peek();
    return (
      this.column === 0 &&
      (character === "-" || character === ".") &&
      this.peek(1) === character &&
      this.peek(2) === character &&
      isBlankOrEnd(this.peek(3))
    );
  }

  fail(problem: string): never {
    // The library counts lines from 0 and does not tell of line 0.
    throw failure(`yaml: ${this.line === 0 ? "" : `line ${this.line + 1}: `}${problem}`);
  }
}
