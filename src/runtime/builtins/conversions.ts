// Bodies of to_number and cast_*: any value in, the converted one out, a type error where OPA has one.
import { TAG_ARRAY, TAG_BOOLEAN, TAG_NULL, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "../abi";
import { array_at } from "../array";
import { decimal_plain, is_decimal, respell, respelled_length } from "../decimal";
import { f64_ok, f64_parse } from "../float";
import { number_at } from "../number";
import { go_quoted } from "../quote";
import { set_add, set_array, set_new } from "../set";
import { number_int, tag, word_a, word_n } from "../value";
import { builtin_error_about, operand_error } from "./operand";

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
  if (decimal_plain) return number_at(at, length);
  // OPA keeps spellings that JSON does not know, and then cannot print them.
  const text = respell(at, length);
  return number_at(text, respelled_length);
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
