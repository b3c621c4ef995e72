// Why a text is no JSON, in the words of Go's encoding/json. Runs only over texts that the reader has refused. In go address and length,
// out comes a string box; `json_rest` tells where the first value ends.
import { buffer_open, buffer_string, put_byte, put_rune, put_text } from "./buffer";
import { put_quoted_rune, is_printable } from "./quote";
import { string_of } from "./value";

const MAX_DEPTH = 2500;

let at: usize = 0;
let end: usize = 0;
let depth: i32 = 0;
/** The message, or 0 while nothing is wrong. */
let message: usize = 0;

function space(): void {
  while (at < end) {
    const c = load<u8>(at);
    if (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09) break;
    at++;
  }
}

function eof(): bool {
  if (at < end) return false;
  message = string_of("unexpected EOF");
  return true;
}

/** `invalid character 'c' CONTEXT`; always false. */
function invalid(context: string): bool {
  if (eof()) return false;
  const c = <i32>load<u8>(at);
  const saved = buffer_open(64);
  put_text("invalid character '");
  if (c == 0x22) put_byte(c);
  else if (c == 0x27) put_text("\\'");
  else if (c >= 0x80 && is_printable(c)) put_rune(c);
  else put_quoted_rune(c, 0x27, false);
  put_text("' ");
  put_text(context);
  message = buffer_string(saved);
  return false;
}

function value(): bool {
  space();
  if (eof()) return false;
  switch (<i32>load<u8>(at)) {
    case 0x7b: return object();
    case 0x5b: return array();
    case 0x22: return text();
    case 0x74: return word("true", "in literal true (expecting '");
    case 0x66: return word("false", "in literal false (expecting '");
    case 0x6e: return word("null", "in literal null (expecting '");
  }
  return number();
}

function word(letters: string, context: string): bool {
  at++;
  for (let i = 1; i < letters.length; i++) {
    if (eof()) return false;
    if (load<u8>(at) != <u8>letters.charCodeAt(i)) {
      const saved = buffer_open(64);
      put_text(context);
      put_byte(letters.charCodeAt(i));
      put_text("')");
      const about = buffer_string(saved);
      return invalid_about(about);
    }
    at++;
  }
  return true;
}

/** As `invalid`, with a context that was built. */
function invalid_about(about: usize): bool {
  invalid("");
  const saved = buffer_open(96);
  copy_string(message);
  copy_string(about);
  message = buffer_string(saved);
  return false;
}

function copy_string(v: usize): void {
  const from = <usize>load<u32>(v, 8);
  for (let i = 0; i < load<i32>(v, 4); i++) put_byte(load<u8>(from + i));
}

function is_digit(): bool {
  return at < end && <u32>load<u8>(at) - 0x30 <= 9;
}

function digits(context: string): bool {
  if (!is_digit()) return invalid(context);
  while (is_digit()) at++;
  return true;
}

function number(): bool {
  const minus = load<u8>(at) == 0x2d;
  if (minus) at++;
  else if (!is_digit()) return invalid("looking for beginning of value");
  if (at < end && load<u8>(at) == 0x30) at++;
  else if (!digits("in numeric literal")) return false;
  if (at < end && load<u8>(at) == 0x2e) {
    at++;
    if (!digits("after decimal point in numeric literal")) return false;
  }
  if (at < end && (load<u8>(at) | 0x20) == 0x65) {
    at++;
    if (at < end && (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d)) at++;
    if (!digits("in exponent of numeric literal")) return false;
  }
  return true;
}

function text(): bool {
  at++;
  while (true) {
    if (eof()) return false;
    const c = load<u8>(at);
    if (c == 0x22) {
      at++;
      return true;
    }
    if (c < 0x20) return invalid("in string literal");
    at++;
    if (c == 0x5c && !escape()) return false;
  }
}

function escape(): bool {
  if (eof()) return false;
  switch (<i32>load<u8>(at)) {
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
    case 0x5c:
    case 0x2f:
    case 0x22: at++; return true;
    case 0x75: {
      at++;
      for (let i = 0; i < 4; i++) {
        if (eof()) return false;
        const c = <i32>load<u8>(at);
        const lower = c | 0x20;
        if (!((c >= 0x30 && c <= 0x39) || (lower >= 0x61 && lower <= 0x66))) return invalid("in \\u hexadecimal character escape");
        at++;
      }
      return true;
    }
  }
  return invalid("in string escape code");
}

function deeper(): bool {
  if (++depth <= MAX_DEPTH) return true;
  message = string_of("exceeded max depth");
  return false;
}

function array(): bool {
  if (!deeper()) return false;
  at++;
  space();
  if (at < end && load<u8>(at) == 0x5d) {
    at++;
    depth--;
    return true;
  }
  while (true) {
    if (!value()) return false;
    space();
    if (eof()) return false;
    const c = load<u8>(at);
    if (c != 0x2c && c != 0x5d) return invalid("after array element");
    at++;
    if (c == 0x5d) break;
  }
  depth--;
  return true;
}

function object(): bool {
  if (!deeper()) return false;
  at++;
  space();
  if (at < end && load<u8>(at) == 0x7d) {
    at++;
    depth--;
    return true;
  }
  while (true) {
    space();
    if (eof()) return false;
    if (load<u8>(at) != 0x22) return invalid("looking for beginning of object key string");
    if (!text()) return false;
    space();
    if (eof()) return false;
    if (load<u8>(at) != 0x3a) return invalid("after object key");
    at++;
    if (!value()) return false;
    space();
    if (eof()) return false;
    const c = load<u8>(at);
    if (c != 0x2c && c != 0x7d) return invalid("after object key:value pair");
    at++;
    if (c == 0x7d) break;
  }
  depth--;
  return true;
}

/** Set by `json_error`: behind the first value, where only what follows it is wrong. */
export let json_rest: usize = 0;

/** What is wrong with the first value in the text; 0 if it is right, and json_rest says where it ends. */
export function json_error(from: usize, length: usize): usize {
  at = from;
  end = from + length;
  depth = 0;
  message = 0;
  space();
  if (at == end) return string_of("EOF");
  if (!value()) return message;
  json_rest = at;
  return 0;
}
