// Values to JSON text as `opa eval` prints it (keys sorted by bytes, sets as arrays, keys that are no strings as their JSON text, HTML
// characters escaped as Go does) or to the text that opa_value_parse reads. In goes a value, out comes a NUL-terminated text.
import { TAG_ARRAY, TAG_BOOLEAN, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "./abi";
import { array_at } from "./array";
import {
  buffer_advance, buffer_open, buffer_room, buffer_string, buffer_text, put_byte, put_bytes, put_i64, put_string, put_text,
} from "./buffer";
import { sort_object, sort_set } from "./compare";
import { copy } from "./memory";
import { int_value, is_int } from "./number";
import { object_insert, object_key_at, object_sized, object_value_at } from "./object";
import { set_at } from "./set";
import { rune_at, rune_valid, rune_width } from "./utf8";
import { tag, word_a, word_n } from "./value";

const ONES: u64 = 0x0101010101010101;
const HIGHS: u64 = 0x8080808080808080;

/** Whether sets and keys are written so that opa_value_parse gives the same value back. */
let exact: bool = false;

function hex_digit(n: i32): i32 {
  return n < 10 ? 0x30 + n : 0x57 + n;
}

function put_unicode_escape(unit: i32): void {
  put_byte(0x5c);
  put_byte(0x75);
  put_byte(hex_digit((unit >> 12) & 15));
  put_byte(hex_digit((unit >> 8) & 15));
  put_byte(hex_digit((unit >> 4) & 15));
  put_byte(hex_digit(unit & 15));
}

/** Bytes from `p` on that need no escape, found word-wise: nothing below 0x20, no quote, backslash, `<`, `>`, `&` and nothing above 0x7e. */
function plain_run(p: usize, end: usize): usize {
  while (p + 8 <= end) {
    const w = load<u64>(p);
    const quote = w ^ 0x2222222222222222;
    const slash = w ^ 0x5c5c5c5c5c5c5c5c;
    const and = w ^ 0x2626262626262626;
    const angle = (w | 0x0202020202020202) ^ 0x3e3e3e3e3e3e3e3e;
    const m =
      (((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | ((and - ONES) & ~and) | ((angle - ONES) & ~angle) |
        ((w - 0x2020202020202020) & ~w) | w) & HIGHS;
    if (m != 0) return p + <usize>(ctz(m) >> 3);
    p += 8;
  }
  while (p < end) {
    const c = <i32>load<u8>(p);
    if (c < 0x20 || c >= 0x80 || c == 0x22 || c == 0x5c || c == 0x26 || c == 0x3c || c == 0x3e) break;
    p++;
  }
  return p;
}

/** A string as Go's encoding/json writes it, quotes included. */
export function put_json_string(bytes: usize, length: i32): void {
  let p = bytes;
  const end = bytes + length;
  const plain = plain_run(p, end);
  const to = buffer_room(<usize>length + 2);
  store<u8>(to, 0x22);
  const run = plain - p;
  copy(to + 1, p, run);
  if (plain == end) {
    store<u8>(to + 1 + run, 0x22);
    buffer_advance(to + run + 2);
    return;
  }
  buffer_advance(to + run + 1);
  p = plain;
  while (p < end) {
    const next = plain_run(p, end);
    if (next != p) {
      put_bytes(p, <i32>(next - p));
      p = next;
      continue;
    }
    const c = <i32>load<u8>(p);
    if (c >= 0x80) {
      const rune = rune_at(p, end);
      if (!rune_valid) put_text("\\ufffd");
      else if (rune == 0x2028 || rune == 0x2029) put_unicode_escape(rune);
      else put_bytes(p, rune_width);
      p += <usize>rune_width;
      continue;
    }
    put_json_escape(c);
    p++;
  }
  put_byte(0x22);
}

function put_json_escape(c: i32): void {
  let short = 0;
  switch (c) {
    case 0x22: short = 0x22; break;
    case 0x5c: short = 0x5c; break;
    case 8: short = 0x62; break;
    case 12: short = 0x66; break;
    case 10: short = 0x6e; break;
    case 13: short = 0x72; break;
    case 9: short = 0x74; break;
  }
  if (short == 0) {
    put_unicode_escape(c);
    return;
  }
  put_byte(0x5c);
  put_byte(short);
}

export function put_number(v: usize): void {
  if (is_int(v)) put_i64(int_value(v));
  else put_string(v_text(v));
}

// Number texts and strings keep length and address at the same offsets.
// @ts-ignore: decorator
@inline
function v_text(v: usize): usize {
  return v;
}

export function put_json(v: usize): void {
  switch (tag(v)) {
    case TAG_BOOLEAN: put_text(word_n(v) ? "true" : "false"); return;
    case TAG_NUMBER: put_number(v); return;
    case TAG_STRING: put_json_string(word_a(v), word_n(v)); return;
    case TAG_ARRAY: put_json_array(v); return;
    case TAG_OBJECT: put_json_object(v); return;
    case TAG_SET: put_json_set(v); return;
  }
  put_text("null");
}

function put_json_array(v: usize): void {
  const n = word_n(v);
  put_byte(0x5b);
  for (let i = 0; i < n; i++) {
    if (i > 0) put_byte(0x2c);
    put_json(array_at(v, i));
  }
  put_byte(0x5d);
}

function put_json_set(v: usize): void {
  sort_set(v);
  const n = word_n(v);
  if (exact && n == 0) {
    put_text("set()");
    return;
  }
  put_byte(exact ? 0x7b : 0x5b);
  for (let i = 0; i < n; i++) {
    if (i > 0) put_byte(0x2c);
    put_json(set_at(v, i));
  }
  put_byte(exact ? 0x7d : 0x5d);
}

function put_json_object(v: usize): void {
  sort_object(v);
  const n = word_n(v);
  if (n > 0 && !exact && !string_keys(v, n)) {
    put_json_object(text_keys(v));
    return;
  }
  put_byte(0x7b);
  for (let i = 0; i < n; i++) {
    if (i > 0) put_byte(0x2c);
    put_json(object_key_at(v, i));
    put_byte(0x3a);
    put_json(object_value_at(v, i));
  }
  put_byte(0x7d);
}

// Strings stand together in the order, so the ends tell.
function string_keys(v: usize, n: i32): bool {
  return tag(object_key_at(v, 0)) == TAG_STRING && tag(object_key_at(v, n - 1)) == TAG_STRING;
}

/** The object with each key that is no string replaced by its JSON text; where two keys fall together the later in order wins. */
export function text_keys(v: usize): usize {
  const n = word_n(v);
  const to = object_sized(n);
  for (let i = 0; i < n; i++) {
    const key = object_key_at(v, i);
    object_insert(to, tag(key) == TAG_STRING ? key : json_string(key), object_value_at(v, i));
  }
  return to;
}

/** The JSON text of a value as a string box. */
export function json_string(v: usize): usize {
  const saved = buffer_open(64);
  put_json(v);
  return buffer_string(saved);
}

/** Back to JSON, should an aborted dump have left the other mode behind. */
export function dump_reset(): void {
  exact = false;
}

/** Text that opa_value_parse reads back: sets in braces, `set()`, any keys. */
export function opa_value_dump(v: usize): usize {
  exact = true;
  const text = opa_json_dump(v);
  exact = false;
  return text;
}

export function opa_json_dump(v: usize): usize {
  const saved = buffer_open(256);
  if (v != 0) put_json(v);
  return buffer_text(saved);
}
