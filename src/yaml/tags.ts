// Tags and directives of a YAML text, as libyaml reads them. A cursor at their first character in, their parts out, the cursor behind them.

import { isAlpha, isBlank, isBlankOrEnd, isHex, type YamlCursor } from "./cursor.ts";

const URI_CHARACTERS = ";/?:@&=+$,.!~*'()[]%";

/** `%YAML 1.1` or `%TAG !handle! prefix`, with the rest of the line. */
export function takeDirective(cursor: YamlCursor): { name: string; value: string; suffix: string } {
  cursor.skip();
  const name = cursor.takeWord();
  if (name === "") cursor.fail("could not find expected directive name");
  if (!isBlankOrEnd(cursor.peek())) cursor.fail("found unexpected non-alphabetical character");
  if (name !== "YAML" && name !== "TAG") cursor.fail("found unknown directive name");
  cursor.skipBlanks();
  let value: string;
  let suffix = "";
  if (name === "YAML") {
    const major = takeVersionNumber(cursor);
    if (cursor.peek() !== ".") cursor.fail("did not find expected digit or '.' character");
    cursor.skip();
    value = `${major}.${takeVersionNumber(cursor)}`;
  } else {
    value = takeHandle(cursor, true);
    if (!isBlank(cursor.peek())) cursor.fail("did not find expected whitespace");
    cursor.skipBlanks();
    suffix = takeUri(cursor, "");
    if (!isBlankOrEnd(cursor.peek())) cursor.fail("did not find expected whitespace or line break");
  }
  cursor.endLine();
  return { name, value, suffix };
}

function takeVersionNumber(cursor: YamlCursor): number {
  let digits = "";
  while (/^\d$/.test(cursor.peek())) {
    if (digits.length === 2) cursor.fail("found extremely long version number");
    digits += cursor.take();
  }
  if (digits === "") cursor.fail("did not find expected version number");
  return Number(digits);
}

export function takeTag(cursor: YamlCursor): { handle: string; suffix: string } {
  let handle = "";
  let suffix: string;
  if (cursor.peek(1) === "<") {
    cursor.skip(2);
    suffix = takeUri(cursor, "");
    if (cursor.peek() !== ">") cursor.fail("did not find the expected '>'");
    cursor.skip();
  } else {
    handle = takeHandle(cursor, false);
    if (handle.length > 1 && handle.endsWith("!")) {
      suffix = takeUri(cursor, "");
    } else {
      suffix = takeUri(cursor, handle);
      handle = "!";
      if (suffix === "") [handle, suffix] = ["", "!"];
    }
  }
  if (!isBlankOrEnd(cursor.peek())) cursor.fail("did not find expected whitespace or line break");
  return { handle, suffix };
}

function takeHandle(cursor: YamlCursor, isDirective: boolean): string {
  if (cursor.peek() !== "!") cursor.fail("did not find expected '!'");
  let handle = cursor.take() + cursor.takeWord();
  if (cursor.peek() === "!") handle += cursor.take();
  else if (isDirective && handle !== "!") cursor.fail("did not find expected '!'");
  return handle;
}

/** `head` has been read for a handle and was none. Escaped bytes stay bytes: no tag that means anything has others than letters. */
function takeUri(cursor: YamlCursor, head: string): string {
  let uri = head.slice(1);
  let isFound = head !== "";
  for (;;) {
    const character = cursor.peek();
    if (character === "" || !(isAlpha(character) || URI_CHARACTERS.includes(character))) break;
    uri += character === "%" ? takeEscapedBytes(cursor) : cursor.take();
    isFound = true;
  }
  if (!isFound) cursor.fail("did not find expected tag URI");
  return uri;
}

/** The escaped bytes of one character. */
function takeEscapedBytes(cursor: YamlCursor): string {
  let bytes = "";
  for (let length = 1; bytes.length < length; ) {
    if (!(cursor.peek() === "%" && isHex(cursor.peek(1)) && isHex(cursor.peek(2))))
      cursor.fail("did not find URI escaped octet");
    const octet = Number.parseInt(cursor.peek(1) + cursor.peek(2), 16);
    const isTrailing = (octet & 0xc0) === 0x80;
    if (bytes === "") {
      if (isTrailing || octet >= 0xf8) cursor.fail("found an incorrect leading UTF-8 octet");
      length = octet < 0x80 ? 1 : octet < 0xe0 ? 2 : octet < 0xf0 ? 3 : 4;
    } else if (!isTrailing) {
      cursor.fail("found an incorrect trailing UTF-8 octet");
    }
    bytes += String.fromCharCode(octet);
    cursor.skip(3);
  }
  return bytes;
}
