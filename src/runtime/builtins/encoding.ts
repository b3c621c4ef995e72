// Bodies of base64*, hex.*, urlquery.*: strings in, strings (or objects) out. Error texts are those of Go's packages, as OPA passes them on.
import { STRING_ASCII, TAG_ARRAY, TAG_SET, TAG_STRING } from "../abi";
import { array_append, array_at, array_new } from "../array";
import {
  buffer_length, buffer_open, buffer_restore, buffer_start, buffer_string, put_byte, put_i64, put_string, put_text,
} from "../buffer";
import { sort_object, sort_set } from "../compare";
import { text_keys } from "../json-dump";
import { object_get, object_insert, object_key_at, object_new, object_value_at } from "../object";
import { put_hex, put_quoted } from "../quote";
import { set_at } from "../set";
import { boolean, string_at, tag, word_a, word_n } from "../value";
import { builtin_error, builtin_error_about, builtin_error_close, builtin_error_open, is_object, is_string, operand_text } from "./operand";

function base64_letter(i: i32, url: bool): i32 {
  if (i < 26) return 0x41 + i;
  if (i < 52) return 0x47 + i;
  if (i < 62) return i - 4;
  if (i == 62) return url ? 0x2d : 0x2b;
  return url ? 0x5f : 0x2f;
}

function encode(v: usize, url: bool, padded: bool): usize {
  const n = word_n(v);
  const at = word_a(v);
  const saved = buffer_open((<usize>n * 4) / 3 + 8);
  let i = 0;
  while (i < n) {
    const left = n - i;
    const a = <i32>load<u8>(at + i);
    const b = left > 1 ? <i32>load<u8>(at + i + 1) : 0;
    const c = left > 2 ? <i32>load<u8>(at + i + 2) : 0;
    const word = (a << 16) | (b << 8) | c;
    put_byte(base64_letter(word >> 18, url));
    put_byte(base64_letter((word >> 12) & 63, url));
    if (left > 1) put_byte(base64_letter((word >> 6) & 63, url));
    else if (padded) put_byte(0x3d);
    if (left > 2) put_byte(base64_letter(word & 63, url));
    else if (padded) put_byte(0x3d);
    i += 3;
  }
  return buffer_string(saved);
}

function base64_value(c: i32, url: bool): i32 {
  if (c >= 0x41 && c <= 0x5a) return c - 0x41;
  if (c >= 0x61 && c <= 0x7a) return c - 0x47;
  if (c >= 0x30 && c <= 0x39) return c + 4;
  if (c == (url ? 0x2d : 0x2b)) return 62;
  if (c == (url ? 0x5f : 0x2f)) return 63;
  return -1;
}

// @ts-ignore: decorator
@inline
function is_line_end(c: i32): bool {
  return c == 10 || c == 13;
}

/** Where the last `decode` failed, or -1. */
let corrupt_at: i32 = -1;

/** Appends what the padded base64 text stands for; line ends are skipped as Go skips them. False, with corrupt_at, where it is none. */
function decode(at: usize, n: i32, url: bool): bool {
  corrupt_at = -1;
  let i = 0;
  while (true) {
    let word = 0;
    let count = 0;
    while (count < 4) {
      while (i < n && is_line_end(<i32>load<u8>(at + i))) i++;
      if (i >= n) {
        if (count == 0) return true;
        corrupt_at = i - count;
        return false;
      }
      const c = <i32>load<u8>(at + i);
      const d = base64_value(c, url);
      if (d < 0) {
        if (c != 0x3d || count < 2) {
          corrupt_at = i;
          return false;
        }
        return decode_end(at, n, i, word, count);
      }
      word = (word << 6) | d;
      count++;
      i++;
    }
    put_byte(word >> 16);
    put_byte((word >> 8) & 255);
    put_byte(word & 255);
  }
}

/** Padding stands at i, behind `count` letters of the last group. */
function decode_end(at: usize, n: i32, i: i32, word: i32, count: i32): bool {
  i++;
  if (count == 2) {
    while (i < n && is_line_end(<i32>load<u8>(at + i))) i++;
    if (i >= n) {
      corrupt_at = n;
      return false;
    }
    if (load<u8>(at + i) != 0x3d) {
      corrupt_at = i - 1;
      return false;
    }
    i++;
  }
  while (i < n && is_line_end(<i32>load<u8>(at + i))) i++;
  if (count == 2) {
    put_byte(word >> 4);
  } else {
    put_byte(word >> 10);
    put_byte((word >> 2) & 255);
  }
  if (i < n) {
    corrupt_at = i;
    return false;
  }
  return true;
}

function corrupt(name: string): usize {
  const saved = builtin_error_open(name);
  put_text("illegal base64 data at input byte ");
  put_i64(corrupt_at);
  return builtin_error_close(saved);
}

export function builtin_base64_encode(v: usize): usize {
  return is_string("base64.encode", 1, v) ? encode(v, false, true) : 0;
}
export function builtin_base64url_encode(v: usize): usize {
  return is_string("base64url.encode", 1, v) ? encode(v, true, true) : 0;
}
export function builtin_base64url_encode_no_pad(v: usize): usize {
  return is_string("base64url.encode_no_pad", 1, v) ? encode(v, true, false) : 0;
}

export function builtin_base64_decode(v: usize): usize {
  if (!is_string("base64.decode", 1, v)) return 0;
  const saved = buffer_open(<usize>word_n(v) + 8);
  if (decode(word_a(v), word_n(v), false)) return buffer_string(saved);
  buffer_restore(saved);
  return corrupt("base64.decode");
}

export function builtin_base64_is_valid(v: usize): usize {
  if (tag(v) != TAG_STRING) return boolean(false);
  const saved = buffer_open(<usize>word_n(v) + 8);
  const valid = decode(word_a(v), word_n(v), false);
  buffer_restore(saved);
  return boolean(valid);
}

export function builtin_base64url_decode(v: usize): usize {
  if (!is_string("base64url.decode", 1, v)) return 0;
  let n = word_n(v);
  const text = buffer_open(<usize>n + 8);
  put_string(v);
  if (n == 0 || load<u8>(word_a(v) + n - 1) != 0x3d) {
    if ((n & 3) == 1) {
      buffer_restore(text);
      return builtin_error_about("base64url.decode", "illegal base64url string: ", v, "");
    }
    while ((n & 3) != 0) {
      put_byte(0x3d);
      n++;
    }
  }
  const at = buffer_start();
  buffer_restore(text);
  const saved = buffer_open(<usize>n + 8);
  if (decode(at, n, true)) return buffer_string(saved);
  buffer_restore(saved);
  return corrupt("base64url.decode");
}

export function builtin_hex_encode(v: usize): usize {
  if (!is_string("hex.encode", 1, v)) return 0;
  const saved = buffer_open(<usize>word_n(v) * 2 + 4);
  for (let i = 0; i < word_n(v); i++) put_hex(load<u8>(word_a(v) + i), 2);
  return buffer_string(saved);
}

function hex_value(c: i32): i32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function bad_hex(c: i32): usize {
  const saved = builtin_error_open("hex.decode");
  put_text("encoding/hex: invalid byte: ");
  // Go's %#U: the code point, and the character where it can be printed.
  put_text("U+");
  put_text("00");
  for (let shift = 4; shift >= 0; shift -= 4) {
    const d = (c >> shift) & 15;
    put_byte(d < 10 ? 0x30 + d : 0x37 + d);
  }
  if ((c >= 0x20 && c < 0x7f) || (c > 0xa0 && c != 0xad)) {
    put_text(" '");
    if (c < 0x80) {
      put_byte(c);
    } else {
      put_byte(0xc0 | (c >> 6));
      put_byte(0x80 | (c & 63));
    }
    put_byte(0x27);
  }
  return builtin_error_close(saved);
}

export function builtin_hex_decode(v: usize): usize {
  if (!is_string("hex.decode", 1, v)) return 0;
  const n = word_n(v);
  const saved = buffer_open(<usize>(n >> 1) + 8);
  for (let i = 0; i < n; i += 2) {
    const c = <i32>load<u8>(word_a(v) + i);
    const d = i + 1 < n ? <i32>load<u8>(word_a(v) + i + 1) : -1;
    if (hex_value(c) < 0 || (d >= 0 && hex_value(d) < 0)) {
      buffer_restore(saved);
      return bad_hex(hex_value(c) < 0 ? c : d);
    }
    if (d < 0) {
      buffer_restore(saved);
      return builtin_error("hex.decode", "encoding/hex: odd length hex string");
    }
    put_byte((hex_value(c) << 4) | hex_value(d));
  }
  return buffer_string(saved);
}

/** Go's url.QueryEscape. */
function put_escaped(v: usize): void {
  for (let i = 0; i < word_n(v); i++) {
    const c = <i32>load<u8>(word_a(v) + i);
    const lower = c | 0x20;
    if ((lower >= 0x61 && lower <= 0x7a && c < 0x80) || (c >= 0x30 && c <= 0x39) || c == 0x2d || c == 0x5f || c == 0x2e || c == 0x7e) {
      put_byte(c);
    } else if (c == 0x20) {
      put_byte(0x2b);
    } else {
      put_byte(0x25);
      for (let shift = 4; shift >= 0; shift -= 4) {
        const d = (c >> shift) & 15;
        put_byte(d < 10 ? 0x30 + d : 0x37 + d);
      }
    }
  }
}

/** Go's url.QueryUnescape into the buffer; -1, or the offset of an escape that is none. */
function put_unescaped(at: usize, n: i32): i32 {
  let i = 0;
  while (i < n) {
    const c = <i32>load<u8>(at + i);
    if (c == 0x25) {
      if (i + 2 >= n || hex_value(<i32>load<u8>(at + i + 1)) < 0 || hex_value(<i32>load<u8>(at + i + 2)) < 0) return i;
      put_byte((hex_value(<i32>load<u8>(at + i + 1)) << 4) | hex_value(<i32>load<u8>(at + i + 2)));
      i += 3;
    } else {
      put_byte(c == 0x2b ? 0x20 : c);
      i++;
    }
  }
  return -1;
}

function bad_escape(name: string, at: usize, n: i32, offset: i32): usize {
  const saved = builtin_error_open(name);
  put_text("invalid URL escape ");
  put_quoted(at + offset, min(3, n - offset), false);
  return builtin_error_close(saved);
}

export function builtin_urlquery_encode(v: usize): usize {
  if (!is_string("urlquery.encode", 1, v)) return 0;
  const saved = buffer_open(<usize>word_n(v) + 32);
  put_escaped(v);
  return buffer_string(saved);
}

export function builtin_urlquery_decode(v: usize): usize {
  if (!is_string("urlquery.decode", 1, v)) return 0;
  const saved = buffer_open(<usize>word_n(v) + 8);
  const bad = put_unescaped(word_a(v), word_n(v));
  if (bad < 0) return buffer_string(saved);
  buffer_restore(saved);
  return bad_escape("urlquery.decode", word_a(v), word_n(v), bad);
}

function put_pair(key: usize, value: usize): void {
  if (buffer_length() > 0) put_byte(0x26);
  put_escaped(key);
  put_byte(0x3d);
  put_escaped(value);
}

export function builtin_urlquery_encode_object(v: usize): usize {
  const name = "urlquery.encode_object";
  if (!is_object(name, 1, v)) return 0;
  const object = text_keys(v);
  sort_object(object);
  const saved = buffer_open(64);
  for (let i = 0; i < word_n(object); i++) {
    const key = object_key_at(object, i);
    const value = object_value_at(object, i);
    if (tag(value) == TAG_STRING) {
      put_pair(key, value);
      continue;
    }
    const list = tag(value) == TAG_ARRAY;
    if (!list && tag(value) != TAG_SET) return bad_values(name, saved);
    if (!list) sort_set(value);
    for (let j = 0; j < word_n(value); j++) {
      const one = list ? array_at(value, j) : set_at(value, j);
      if (tag(one) != TAG_STRING) return bad_values(name, saved);
      put_pair(key, one);
    }
  }
  return buffer_string(saved);
}

function bad_values(name: string, saved: usize): usize {
  buffer_restore(saved);
  return operand_text(name, 1, "values must be string, array[string], or set[string]");
}

/** One side of a pair, unescaped; 0 after a failure. */
function unescaped(name: string, at: usize, n: i32): usize {
  const saved = buffer_open(<usize>n + 8);
  const bad = put_unescaped(at, n);
  if (bad < 0) return buffer_string(saved);
  buffer_restore(saved);
  return bad_escape(name, at, n, bad);
}

export function builtin_urlquery_decode_object(v: usize): usize {
  const name = "urlquery.decode_object";
  if (!is_string(name, 1, v)) return 0;
  const result = object_new();
  const at = word_a(v);
  const n = word_n(v);
  // Wherever it stands, a semicolon is what Go reports.
  for (let i = 0; i < n; i++) if (load<u8>(at + i) == 0x3b) return builtin_error(name, "invalid semicolon separator in query");
  let from = 0;
  while (from < n) {
    let to = from;
    let equals = -1;
    while (to < n && load<u8>(at + to) != 0x26) {
      if (equals < 0 && load<u8>(at + to) == 0x3d) equals = to;
      to++;
    }
    if (to > from) {
      const key = unescaped(name, at + from, (equals < 0 ? to : equals) - from);
      if (key == 0) return 0;
      const value = equals < 0 ? string_at(0, 0, STRING_ASCII) : unescaped(name, at + equals + 1, to - equals - 1);
      if (value == 0) return 0;
      let list = object_get(result, key);
      if (list == 0) {
        list = array_new(1);
        object_insert(result, key, list);
      }
      array_append(list, value);
    }
    from = to + 1;
  }
  return result;
}
