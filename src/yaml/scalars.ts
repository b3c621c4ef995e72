// The text of one YAML scalar, as libyaml reads it: in quotes, plain, or as a block. A cursor at its beginning in, its text out, the cursor
// behind it. Line breaks are folded here; what a text stands for is asked later.

import { isBlank, isBlankOrEnd, isBreak, isBreakOrEnd, isHex, type YamlCursor } from "./cursor.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\u0007",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\u001b",
  " ": " ",
  '"': '"',
  "'": "'",
  "\\": "\\",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
};
const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** `outer` is the column of the block around it, -1 outside of all. */
export function blockScalar(cursor: YamlCursor, outer: number): string {
  const isLiteral = cursor.take() === "|";
  let chomping = takeChomping(cursor);
  const increment = takeIncrement(cursor);
  if (chomping === "" && increment > 0) chomping = takeChomping(cursor);
  cursor.endLine();
  let indent = increment === 0 ? 0 : Math.max(outer, 0) + increment;
  const lines = (): string => {
    const found = skipIndentation(cursor, indent, outer + 1);
    indent = found.indent;
    return found.breaks;
  };
  let text = "";
  let lineBreak = "";
  let emptyLines = lines();
  let wasBlank = false;
  while (cursor.column === indent && cursor.peek() !== "") {
    const startsBlank = isBlank(cursor.peek());
    if (!isLiteral && lineBreak === "\n" && !wasBlank && !startsBlank) {
      if (emptyLines === "") text += " ";
    } else {
      text += lineBreak;
    }
    text += emptyLines;
    wasBlank = startsBlank;
    while (!isBreakOrEnd(cursor.peek())) text += cursor.take();
    lineBreak = cursor.takeBreak();
    emptyLines = lines();
  }
  if (chomping !== "-") text += lineBreak;
  if (chomping === "+") text += emptyLines;
  return text;
}

function takeChomping(cursor: YamlCursor): string {
  return cursor.peek() === "+" || cursor.peek() === "-" ? cursor.take() : "";
}

function takeIncrement(cursor: YamlCursor): number {
  if (!/^\d$/.test(cursor.peek())) return 0;
  if (cursor.peek() === "0") cursor.fail("found an indentation indicator equal to 0");
  return Number(cursor.take());
}

/** Over empty lines and the indentation of the next one; a `wanted` column of 0 is found out, and is `least` at least. */
function skipIndentation(
  cursor: YamlCursor,
  wanted: number,
  least: number,
): { breaks: string; indent: number } {
  let breaks = "";
  let most = 0;
  const isShort = (): boolean => wanted === 0 || cursor.column < wanted;
  for (;;) {
    while (isShort() && cursor.peek() === " ") cursor.skip();
    most = Math.max(most, cursor.column);
    if (isShort() && cursor.peek() === "\t")
      cursor.fail("found a tab character where an indentation space is expected");
    if (!isBreak(cursor.peek())) break;
    breaks += cursor.takeBreak();
  }
  return { breaks, indent: wanted === 0 ? Math.max(most, least, 1) : wanted };
}

export function quotedScalar(cursor: YamlCursor): string {
  const quote = cursor.take();
  let text = "";
  for (;;) {
    if (cursor.isDocumentMark()) cursor.fail("found unexpected document indicator");
    if (cursor.peek() === "") cursor.fail("found unexpected end of stream");
    let isFolded = false;
    while (!isBlankOrEnd(cursor.peek())) {
      const character = cursor.peek();
      if (character === "'" && quote === "'" && cursor.peek(1) === "'") {
        text += "'";
        cursor.skip(2);
      } else if (character === quote) {
        break;
      } else if (character === "\\" && quote === '"') {
        cursor.skip();
        if (isBreak(cursor.peek())) {
          cursor.takeBreak();
          isFolded = true;
          break;
        }
        text += takeEscape(cursor);
      } else {
        text += cursor.take();
      }
    }
    if (cursor.peek() === quote) break;
    text += takeSeparation(cursor, isFolded, undefined).text;
  }
  cursor.skip();
  return text;
}

/** What follows a backslash. */
function takeEscape(cursor: YamlCursor): string {
  const letter = cursor.peek();
  const length = HEX_LENGTHS[letter] ?? 0;
  const named = ESCAPES[letter];
  if (named === undefined && length === 0) cursor.fail("found unknown escape character");
  cursor.skip();
  if (named !== undefined) return named;
  let digits = "";
  for (let i = 0; i < length; i++) {
    if (!isHex(cursor.peek(i))) cursor.fail("did not find expected hexdecimal number");
    digits += cursor.peek(i);
  }
  const point = Number.parseInt(digits, 16);
  if ((point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff)
    cursor.fail("found invalid Unicode character escape code");
  cursor.skip(length);
  return String.fromCodePoint(point);
}

interface Separation {
  readonly text: string;
  /** Holds a line break. */
  readonly isFolded: boolean;
}

/**
 * Blanks and line breaks between the words of a scalar, and what stands for them: one line break is a blank, more are one less. With
 * `isFolded`, an escaped line break has been read. Tabs before the column `indent` are refused.
 */
function takeSeparation(cursor: YamlCursor, isFolded: boolean, indent: number | undefined): Separation {
  let blanks = "";
  let first = "";
  let others = "";
  for (;;) {
    const character = cursor.peek();
    if (isBlank(character)) {
      if (isFolded && indent !== undefined && cursor.column < indent && character === "\t")
        cursor.fail("found a tab character that violates indentation");
      cursor.skip();
      if (!isFolded) blanks += character;
    } else if (!isBreak(character)) {
      break;
    } else if (isFolded) {
      others += cursor.takeBreak();
    } else {
      first = cursor.takeBreak();
      isFolded = true;
    }
  }
  if (!isFolded) return { text: blanks, isFolded };
  return { text: first === "\n" ? others || " " : first + others, isFolded };
}

/** Lines that go on stand at the column `indent` at least, but within brackets. Tells whether a line break follows the text. */
export function plainScalar(
  cursor: YamlCursor,
  indent: number,
  isFlow: boolean,
): { text: string; endsLine: boolean } {
  let text = "";
  let between: Separation = { text: "", isFolded: false };
  for (;;) {
    if (cursor.isDocumentMark() || cursor.peek() === "#") break;
    const start = cursor.at;
    for (;;) {
      const character = cursor.peek();
      if (isBlankOrEnd(character) || (isFlow && ",?[]{}".includes(character))) break;
      if (character === ":" && isBlankOrEnd(cursor.peek(1))) break;
      if (cursor.at === start) {
        text += between.text;
        between = { text: "", isFolded: false };
      }
      text += cursor.take();
    }
    if (!(isBlank(cursor.peek()) || isBreak(cursor.peek()))) break;
    between = takeSeparation(cursor, false, indent);
    if (!isFlow && cursor.column < indent) break;
  }
  return { text, endsLine: between.isFolded };
}
