// Bodies of to_number and cast_*: any value in, the converted one out, a type error where OPA has one.
import { TAG_ARRAY, TAG_BOOLEAN, TAG_NULL, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "../abi";
import { array_at } from "../array";
import { f64_ok, f64_parse } from "../float";
import { alloc } from "../memory";
import { number_at } from "../number";
import { go_quoted } from "../quote";
import { set_add, set_array, set_new } from "../set";
import { number_int, tag, word_a, word_n } from "../value";
import { builtin_error_about, operand_error } from "./operand";

function digits_end(at: usize, end: usize): usize {
  while (at < end && <u32>load<u8>(at) - 0x30 <= 9) at++;
  return at;
}

/** Whether the text is a decimal number as Go's ParseFloat reads it; sets `decimal_plain` if it is also valid JSON number syntax. */
let decimal_plain: bool = false;
function is_decimal(at: usize, length: i32): bool {
  const end = at + length;
  let p = at;
  decimal_plain = true;
  if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) {
    decimal_plain = load<u8>(p) == 0x2d;
    p++;
  }
  const whole = p;
  p = digits_end(p, end);
  let digits = <i32>(p - whole);
  if (digits == 0 || (digits > 1 && load<u8>(whole) == 0x30)) decimal_plain = false;
  if (p < end && load<u8>(p) == 0x2e) {
    const fraction = p + 1;
    p = digits_end(fraction, end);
    if (p == fraction) decimal_plain = false;
    digits += <i32>(p - fraction);
  }
  if (digits == 0) return false;
  if (p < end && (load<u8>(p) | 0x20) == 0x65) {
    p++;
    if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) p++;
    const exponent = p;
    p = digits_end(p, end);
    if (p == exponent) return false;
  }
  return p == end;
}

function is_word(at: usize, length: i32, word: string): bool {
  if (length != word.length) return false;
  for (let i = 0; i < length; i++) if ((load<u8>(at + i) | 0x20) != <u8>word.charCodeAt(i)) return false;
  return true;
}

function number_of_string(v: usize): usize {
  const at = word_a(v);
  const length = word_n(v);
  let p = at;
  const end = at + length;
  while (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) p++;
  const rest = <i32>(end - p);
  if (is_word(p, rest, "inf") || is_word(p, rest, "infinity") || is_word(p, rest, "nan")) {
    return operand_error("to_number", 1, v, "valid number string");
  }
  if (!is_decimal(at, length)) return builtin_error_about("to_number", "strconv.ParseFloat: parsing ", go_quoted(v), ": invalid syntax");
  f64_parse(at, length);
  if (!f64_ok) return builtin_error_about("to_number", "strconv.ParseFloat: parsing ", go_quoted(v), ": value out of range");
  return decimal_plain ? number_at(at, length) : respelled(at, length);
}

/** Spellings that JSON does not know (`+1`, `.5`, `5.`, `007`) become JSON's; OPA keeps them and then cannot print them. */
function respelled(at: usize, length: i32): usize {
  const to = alloc(<usize>length + 2);
  let out = to;
  let p = at;
  const end = at + length;
  if (load<u8>(p) == 0x2d) store<u8>(out++, 0x2d);
  if (load<u8>(p) == 0x2d || load<u8>(p) == 0x2b) p++;
  while (p + 1 < end && load<u8>(p) == 0x30 && <u32>load<u8>(p, 1) - 0x30 <= 9) p++;
  if (load<u8>(p) == 0x2e) store<u8>(out++, 0x30);
  while (p < end) {
    const bare = load<u8>(p) == 0x2e && (p + 1 == end || <u32>load<u8>(p, 1) - 0x30 > 9);
    if (!bare) store<u8>(out++, load<u8>(p));
    p++;
  }
  return number_at(to, <i32>(out - to));
}

export function builtin_to_number(v: usize): usize {
  switch (tag(v)) {
    case TAG_NULL: return number_int(0);
    case TAG_BOOLEAN: return number_int(word_n(v));
    case TAG_NUMBER: return v;
    case TAG_STRING: return number_of_string(v);
  }
  return operand_error("to_number", 1, v, "one of {null, boolean, number, string}");
}

export function builtin_cast_array(v: usize): usize {
  if (tag(v) == TAG_ARRAY) return v;
  return tag(v) == TAG_SET ? set_array(v) : operand_error("cast_array", 1, v, "one of {array, set}");
}

export function builtin_cast_set(v: usize): usize {
  if (tag(v) == TAG_SET) return v;
  if (tag(v) != TAG_ARRAY) return operand_error("cast_set", 1, v, "one of {array, set}");
  const to = set_new();
  const n = word_n(v);
  for (let i = 0; i < n; i++) set_add(to, array_at(v, i));
  return to;
}

export function builtin_cast_string(v: usize): usize {
  return tag(v) == TAG_STRING ? v : operand_error("cast_string", 1, v, "string");
}
export function builtin_cast_boolean(v: usize): usize {
  return tag(v) == TAG_BOOLEAN ? v : operand_error("cast_boolean", 1, v, "boolean");
}
export function builtin_cast_null(v: usize): usize {
  return tag(v) == TAG_NULL ? v : operand_error("cast_null", 1, v, "null");
}
export function builtin_cast_object(v: usize): usize {
  return tag(v) == TAG_OBJECT ? v : operand_error("cast_object", 1, v, "object");
}
