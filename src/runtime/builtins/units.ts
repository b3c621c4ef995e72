// Bodies of units.parse and units.parse_bytes: a string with a number and a unit in, a number out. units.parse computes exactly (and prints
// ten decimals where the result is no integer), units.parse_bytes in 64-bit floats cut to an integer, as OPA does. Error texts are OPA's.
import { buffer_length, buffer_open, buffer_restore, buffer_start, put_byte, put_bytes, put_rune, put_text } from "../buffer";
import { is_decimal, respell, respelled_length } from "../decimal";
import { float_multiply, float_negative, float_new, float_parse, float_truncate } from "../float";
import { alloc, mark } from "../memory";
import { nat_add, nat_compare, nat_digits, nat_div, nat_mul, nat_of, nat_power, nat_print, nat_remainder, nat_shl, nat_size } from "../nat";
import { number_copy } from "../number";
import { number_of_nat } from "../numeric";
import { to_lower } from "../unicode";
import { rune_at, rune_width } from "../utf8";
import { word_a, word_n } from "../value";
import { builtin_error_close, builtin_error_open, is_string, number_limit } from "./operand";

const PARSE = "units.parse";
const BYTES = "units.parse_bytes";

// OPA's own messages name the builtin a second time.
function unit_error(name: string, text: string): usize {
  const saved = builtin_error_open(name);
  put_text(name);
  put_text(": ");
  put_text(text);
  return builtin_error_close(saved);
}

// The text without quotes, split into number and unit.
let at: usize = 0;
let length: i32 = 0;
let unit: i32 = 0;

const TOO_LARGE = -2;

// @ts-ignore: decorator
@inline
function byte_at(i: i32): i32 {
  return i < length ? <i32>load<u8>(at + i) : -1;
}

// @ts-ignore: decorator
@inline
function is_digit(c: i32): bool {
  return c >= 0x30 && c <= 0x39;
}

/** Offset where the unit starts, or TOO_LARGE for an exponent of more than six digits. */
function find_unit(): i32 {
  let i = 0;
  while (i < length) {
    const c = byte_at(i);
    const exponent = (c | 0x20) == 0x65;
    if (!is_digit(c) && c != 0x2e && !exponent && c != 0x2b && c != 0x2d) return i;
    if (exponent) {
      const next = byte_at(i + 1);
      if (!is_digit(next) && next != 0x2b && next != 0x2d) return i;
      if (next == 0x2b || next == 0x2d) i++;
      let end = i + 1;
      while (is_digit(byte_at(end))) end++;
      if (end - i - 1 > 6) return TOO_LARGE;
    }
    i++;
  }
  return length;
}

/** Copies the string without quotes; `lower` from that byte on. */
function load_text(v: usize, lower: bool): void {
  const saved = buffer_open(<usize>word_n(v) + 8);
  let p = word_a(v);
  const end = p + word_n(v);
  while (p < end) {
    const rune = rune_at(p, end);
    if (rune != 0x22) {
      if (lower) put_rune(to_lower(rune));
      else put_bytes(p, rune_width);
    }
    p += <usize>rune_width;
  }
  at = buffer_start();
  length = buffer_length();
  buffer_restore(saved);
}

/** The unit behind its first byte in lower case. */
function lower_unit(): void {
  if (length - unit < 2) return;
  const saved = buffer_open(<usize>length + 8);
  put_bytes(at, unit + 1);
  let p = at + unit + 1;
  const end = at + length;
  while (p < end) {
    put_rune(to_lower(rune_at(p, end)));
    p += <usize>rune_width;
  }
  at = buffer_start();
  length = buffer_length();
  buffer_restore(saved);
}

/** 0 for k, 1 for m and so on for a unit letter, or -1. */
function power_of(c: i32): i32 {
  switch (c | 0x20) {
    case 0x6b: return 1;
    case 0x6d: return 2;
    case 0x67: return 3;
    case 0x74: return 4;
    case 0x70: return 5;
    case 0x65: return 6;
  }
  return 0;
}

function power(base: u64, n: i32): u64 {
  let result: u64 = 1;
  for (let i = 0; i < n; i++) result *= base;
  return result;
}

function unknown(name: string, before: string): usize {
  const saved = builtin_error_open(name);
  put_text(name);
  put_text(": ");
  put_text(before);
  put_bytes(at + unit, length - unit);
  put_text(" not recognized");
  return builtin_error_close(saved);
}

/** Reads text and unit; false after a failure. */
function prepare(name: string, v: usize): bool {
  if (!is_string(name, 1, v)) return false;
  const bytes = name == BYTES;
  load_text(v, bytes);
  for (let i = 0; i < length; i++) {
    if (byte_at(i) == 0x20) {
      unit_error(name, "spaces not allowed in resource strings");
      return false;
    }
  }
  unit = find_unit();
  if (unit == TOO_LARGE) {
    unit_error(name, "exponent too large");
    return false;
  }
  if (unit == 0) {
    unit_error(name, bytes ? "no byte amount provided" : "no amount provided");
    return false;
  }
  return true;
}

/** What the unit multiplies by; 0 where it is none. 1 stands for thousandths too: see is_milli. */
function factor(bytes: bool): u64 {
  const n = length - unit;
  if (n == 0) return 1;
  const first = byte_at(unit);
  const p = power_of(first);
  if (p == 0 || first >= 0x80) return 0;
  if (n == 1) return power(1000, p);
  const second = byte_at(unit + 1);
  if (bytes) {
    if (n == 2 && second == 0x62) return power(1000, p);
    if (second == 0x69 && (n == 2 || (n == 3 && byte_at(unit + 2) == 0x62))) return power(1024, p);
    return 0;
  }
  return n == 2 && second == 0x69 ? power(1024, p) : 0;
}

export function builtin_units_parse_bytes(v: usize): usize {
  if (!prepare(BYTES, v)) return 0;
  const by = factor(true);
  if (by == 0) return unknown(BYTES, "byte unit ");
  if (!is_decimal(at, unit)) return unit_error(BYTES, "could not parse byte amount to a number");
  const text = respell(at, unit);
  const saved = mark();
  const f = float_parse(text, respelled_length, 64);
  if (f == 0) return number_limit(BYTES);
  const product = float_multiply(f, float_new(false, by, 0), 64);
  const whole = float_truncate(product);
  return number_of_nat(float_negative(product) && nat_size(whole) != 0, whole, saved);
}

/** The mantissa of the float64 nearest to 0.001, which OPA multiplies by for thousandths; to be divided by 2^62. */
const MILLI: u64 = 0x10624dd2f1a9fc;
const MILLI_SHIFT = 62;

export function builtin_units_parse(v: usize): usize {
  if (!prepare(PARSE, v)) return 0;
  lower_unit();
  const milli = length - unit == 1 && byte_at(unit) == 0x6d;
  const by = milli ? MILLI : factor(false);
  if (by == 0) return unknown(PARSE, "unit ");
  if (!is_decimal(at, unit)) return unit_error(PARSE, "could not parse amount to a number");
  const text = respell(at, unit);
  return exact(text, respelled_length, by, milli ? MILLI_SHIFT : 0);
}

/** text * by / 2^shift as an integer, or with ten decimals, halves away from zero. */
function exact(text: usize, n: i32, by: u64, shift: i32): usize {
  const saved = mark();
  const negative = load<u8>(text) == 0x2d;
  let exponent = 0;
  let end = negative ? 1 : 0;
  let fraction = false;
  while (end < n && (load<u8>(text + end) | 0x20) != 0x65) {
    if (fraction) exponent--;
    if (load<u8>(text + end) == 0x2e) fraction = true;
    end++;
  }
  const start = negative ? 1 : 0;
  let e = 0;
  const minus = end + 1 < n && load<u8>(text + end + 1) == 0x2d;
  for (let i = end + 1; i < n; i++) if (is_digit(<i32>load<u8>(text + i))) e = e * 10 + (<i32>load<u8>(text + i) - 0x30);
  exponent += minus ? -e : e;
  if (exponent > 100000 || exponent < -100000) return number_limit(PARSE);
  let up = nat_mul(nat_digits(text + start, end - start), nat_of(by));
  let down = nat_shl(nat_of(1), shift);
  if (exponent > 0) up = nat_mul(up, nat_power(10, exponent));
  else down = nat_mul(down, nat_power(10, -exponent));
  const whole = nat_div(up, down);
  if (nat_size(nat_remainder) == 0) return number_of_nat(negative, whole, saved);
  let rounded = nat_div(nat_mul(up, nat_power(10, 10)), down);
  if (nat_compare(nat_shl(nat_remainder, 1), down) >= 0) rounded = nat_add(rounded, nat_of(1));
  return decimals(negative, rounded);
}

/** A number box for n / 10^10 with all ten decimals. */
function decimals(negative: bool, n: usize): usize {
  const digits = alloc(<usize>nat_size(n) * 10 + 16);
  const count = nat_print(n, digits);
  const saved = buffer_open(<usize>count + 24);
  if (negative) put_byte(0x2d);
  if (count <= 10) {
    put_text("0.");
    for (let i = count; i < 10; i++) put_byte(0x30);
    put_bytes(digits, count);
  } else {
    put_bytes(digits, count - 10);
    put_byte(0x2e);
    put_bytes(digits + count - 10, 10);
  }
  const from = buffer_start();
  const length = buffer_length();
  buffer_restore(saved);
  return number_copy(from, length);
}
