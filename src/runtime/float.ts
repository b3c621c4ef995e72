// Binary floats of a chosen precision (64 bits of mantissa in OPA's arithmetic, 53 where Go uses float64) and their decimal texts. In go
// decimal texts or floats, out come floats (scratch) or text in the current buffer. Rounds once per operation, to nearest even.
// Over 450 lines because reading, printing and float64 share the digits taken apart here.
//
//   0: negative   4: exponent   8: mantissa, top bit set, or 0 for zero        value = mantissa * 2^exponent
import { buffer_room, put_byte, put_bytes, put_i64 } from "./buffer";
import { alloc, copy, mark, release } from "./memory";
import {
  nat_add, nat_any_below, nat_bit, nat_bits, nat_compare, nat_digits, nat_div, nat_low, nat_mul, nat_of, nat_power, nat_print,
  nat_remainder, nat_shl, nat_shr, nat_size, nat_sub,
} from "./nat";

/** More decimal digits than this (written out) are refused: the time of conversions is quadratic. */
export const DIGIT_LIMIT: i64 = 110000;

// @ts-ignore: decorator
@inline
export function float_negative(f: usize): bool {
  return load<i32>(f) != 0;
}
// @ts-ignore: decorator
@inline
export function float_exponent(f: usize): i32 {
  return load<i32>(f, 4);
}
// @ts-ignore: decorator
@inline
export function float_mantissa(f: usize): u64 {
  return load<u64>(f, 8);
}

export function float_new(negative: bool, mantissa: u64, exponent: i32): usize {
  const f = alloc(16);
  const shift = mantissa == 0 ? 0 : <i32>clz<u64>(mantissa);
  store<i32>(f, negative ? 1 : 0);
  store<i32>(f, exponent - shift, 4);
  store<u64>(f, mantissa << <u64>shift, 8);
  return f;
}

/** nat * 2^exponent (and a little more if `sticky`) rounded to `bits` of mantissa. */
export function float_round(negative: bool, nat: usize, exponent: i32, sticky: bool, bits: i32): usize {
  const size = nat_bits(nat);
  if (size <= bits) return float_new(negative, nat_low(nat), exponent);
  const drop = size - bits;
  let mantissa = nat_low(nat_shr(nat, drop));
  const half = nat_bit(nat, drop - 1);
  const rest = sticky || nat_any_below(nat, drop - 1);
  if (half && (rest || (mantissa & 1) != 0)) {
    mantissa++;
    if (bits == 64 && mantissa == 0) return float_new(negative, 0x8000000000000000, exponent + drop + 1);
  }
  return float_new(negative, mantissa, exponent + drop);
}

// A decimal text taken apart: value = digits * 10^text_exponent.
let text_from: usize = 0;
let text_length: i32 = 0;
let text_exponent: i64 = 0;
let text_negative: bool = false;

/** Splits a valid JSON number text; false if it is too long to be computed with. */
function split(at: usize, length: i32): bool {
  let p = at;
  const end = at + length;
  text_negative = load<u8>(p) == 0x2d;
  if (text_negative || load<u8>(p) == 0x2b) p++;
  text_from = p;
  text_exponent = 0;
  let fraction = false;
  while (p < end) {
    const c = load<u8>(p);
    if (c == 0x2e) fraction = true;
    else if (c < 0x30 || c > 0x39) break;
    else if (fraction) text_exponent--;
    p++;
  }
  text_length = <i32>(p - text_from);
  if (p < end) {
    let n: i64 = 0;
    p++;
    const sign = load<u8>(p);
    if (sign == 0x2d || sign == 0x2b) p++;
    while (p < end) {
      if (n < 100000000) n = n * 10 + (<i64>load<u8>(p) - 0x30);
      p++;
    }
    text_exponent += sign == 0x2d ? -n : n;
  }
  return text_exponent < DIGIT_LIMIT && text_exponent > -DIGIT_LIMIT && text_length < <i32>DIGIT_LIMIT;
}

/** The float nearest to a decimal text, or 0 if it is beyond the limit. */
export function float_parse(at: usize, length: i32, bits: i32): usize {
  if (!split(at, length)) return 0;
  const digits = nat_digits(text_from, text_length);
  const n = <i32>text_exponent;
  if (nat_size(digits) == 0) return float_new(text_negative, 0, 0);
  if (n >= 0) return float_round(text_negative, n == 0 ? digits : nat_mul(digits, nat_power(5, n)), n, false, bits);
  const divisor = nat_power(5, -n);
  const shift = max(0, bits + 2 + nat_bits(divisor) - nat_bits(digits));
  const quotient = nat_div(nat_shl(digits, shift), divisor);
  return float_round(text_negative, quotient, n - shift, nat_size(nat_remainder) != 0, bits);
}

/** Whether the last `integer_parse` gave a negative integer. */
export let integer_negative: bool = false;

/** The text's exact value as a natural number and integer_negative, or 0 if it is no integer or beyond the limit. */
export function integer_parse(at: usize, length: i32): usize {
  if (!split(at, length)) return 0;
  integer_negative = text_negative;
  let digits = nat_digits(text_from, text_length);
  if (nat_size(digits) == 0) {
    integer_negative = false;
    return digits;
  }
  const n = <i32>text_exponent;
  if (n > 0) digits = nat_mul(digits, nat_power(10, n));
  if (n < 0) {
    if (-n > text_length) return 0;
    digits = nat_div(digits, nat_power(10, -n));
    if (nat_size(nat_remainder) != 0) return 0;
  }
  return digits;
}

export function float_multiply(a: usize, b: usize, bits: i32): usize {
  const negative = float_negative(a) != float_negative(b);
  const product = nat_mul(nat_of(float_mantissa(a)), nat_of(float_mantissa(b)));
  if (nat_size(product) == 0) return float_new(negative, 0, 0);
  return float_round(negative, product, float_exponent(a) + float_exponent(b), false, bits);
}

/** a / b; b is not zero. */
export function float_divide(a: usize, b: usize, bits: i32): usize {
  const negative = float_negative(a) != float_negative(b);
  if (float_mantissa(a) == 0) return float_new(negative, 0, 0);
  const quotient = nat_div(nat_shl(nat_of(float_mantissa(a)), 68), nat_of(float_mantissa(b)));
  return float_round(negative, quotient, float_exponent(a) - float_exponent(b) - 68, nat_size(nat_remainder) != 0, bits);
}

/** a + b, or a - b. */
export function float_add(a: usize, b: usize, subtract: bool, bits: i32): usize {
  const minus = float_negative(b) != subtract;
  if (float_mantissa(b) == 0) {
    // IEEE: the sum of opposite zeros is +0.
    if (float_mantissa(a) == 0) return float_new(float_negative(a) && minus, 0, 0);
    return float_round(float_negative(a), nat_of(float_mantissa(a)), float_exponent(a), false, bits);
  }
  if (float_mantissa(a) == 0) return float_round(minus, nat_of(float_mantissa(b)), float_exponent(b), false, bits);
  let large = a;
  let small = b;
  let negative = float_negative(a);
  let other = minus;
  if (float_exponent(b) > float_exponent(a)) {
    large = b;
    small = a;
    negative = minus;
    other = float_negative(a);
  }
  // Beyond 140 bits apart the small one only decides the direction of rounding: any value below the last place does.
  const distance = min(float_exponent(large) - float_exponent(small), 140);
  const x = nat_shl(nat_of(float_mantissa(large)), distance);
  const y = distance == 140 ? nat_of(1) : nat_of(float_mantissa(small));
  const exponent = float_exponent(large) - distance;
  if (negative == other) return float_round(negative, nat_add(x, y), exponent, false, bits);
  const order = nat_compare(x, y);
  if (order == 0) return float_new(false, 0, 0);
  return order > 0 ? float_round(negative, nat_sub(x, y), exponent, false, bits) : float_round(other, nat_sub(y, x), exponent, false, bits);
}

export function float_is_int(f: usize): bool {
  const mantissa = float_mantissa(f);
  const exponent = float_exponent(f);
  return mantissa == 0 || exponent >= 0 || -exponent <= <i32>ctz<u64>(mantissa);
}

/** The integer part, towards zero. */
export function float_truncate(f: usize): usize {
  const exponent = float_exponent(f);
  const mantissa = nat_of(float_mantissa(f));
  return exponent >= 0 ? nat_shl(mantissa, exponent) : nat_shr(mantissa, -exponent);
}

// Decimal digits of one binary value: 0.DIGITS * 10^point, no trailing zeros.
let digits_at: usize = 0;
let digits_count: i32 = 0;
let digits_point: i32 = 0;

function expand(nat: usize, exponent: i32): void {
  const whole = exponent >= 0 ? nat_shl(nat, exponent) : nat_mul(nat, nat_power(5, -exponent));
  digits_at = alloc(<usize>nat_size(whole) * 10 + 2);
  let count = nat_print(whole, digits_at);
  digits_point = exponent >= 0 ? count : count + exponent;
  while (count > 0 && load<u8>(digits_at + count - 1) == 0x30) count--;
  digits_count = count;
}

/** Leaves in digits_* the shortest digits that read back as `f` among floats of `bits` of mantissa. `ieee`: mind the narrower gap below a power of two. */
function shortest(f: usize, bits: i32, ieee: bool): void {
  const mantissa = float_mantissa(f);
  let exponent = float_exponent(f);
  let narrow = ieee;
  if (ieee && exponent + 11 < -1074) {
    // Denormals have fewer bits, and no narrower gap below.
    bits += exponent + 11 + 1074;
    narrow = false;
  }
  // One bit more than the precision, so that the last place is half a unit.
  let doubled: usize;
  let even: bool;
  if (bits == 64) {
    doubled = nat_shl(nat_of(mantissa), 1);
    even = (mantissa & 1) == 0;
    exponent -= 1;
  } else {
    const drop = <u64>(63 - bits);
    doubled = nat_of(mantissa >> drop);
    even = ((mantissa >> drop) & 2) == 0;
    exponent += <i32>drop;
  }
  const one = nat_of(1);
  if (narrow && mantissa == 0x8000000000000000) {
    expand(nat_sub(nat_shl(doubled, 1), one), exponent - 1);
  } else {
    expand(nat_sub(doubled, one), exponent);
  }
  const low = digits_at;
  const low_count = digits_count;
  const low_point = digits_point;
  expand(nat_add(doubled, one), exponent);
  const high = digits_at;
  const high_count = digits_count;
  const high_point = digits_point;
  expand(doubled, exponent);
  if (ieee) pick_nearest(low, low_count, low_point, high, high_count, high_point, even);
  else pick(low, low_count, high, high_count, even);
}

// @ts-ignore: decorator
@inline
function digit_at(at: usize, count: i32, i: i32): i32 {
  return i >= 0 && i < count ? <i32>load<u8>(at + i) : 0x30;
}

/** The digits of big.Float: the walk of Go's math/big, which does not align bounds with another number of places. */
function pick(low: usize, low_count: i32, high: usize, high_count: i32, even: bool): void {
  for (let i = 0; i < digits_count; i++) {
    const m = <i32>load<u8>(digits_at + i);
    const u = digit_at(high, high_count, i);
    const down = digit_at(low, low_count, i) != m || (even && i + 1 == low_count);
    const up = m != u && (even || m + 1 < u || i + 1 < high_count);
    if (down && up) {
      round_digits(i + 1);
      return;
    }
    if (down) {
      truncate_digits(i + 1);
      return;
    }
    if (up) {
      increment_digits(i + 1);
      return;
    }
  }
}

/** Sign of x - y for two digit strings. */
function digits_compare(x: usize, n: i32, p: i32, y: usize, m: i32, q: i32): i32 {
  if (p != q) return p < q ? -1 : 1;
  const most = max(n, m);
  for (let i = 0; i < most; i++) {
    const d = digit_at(x, n, i) - digit_at(y, m, i);
    if (d != 0) return d;
  }
  return 0;
}

/** The digits of float64: as few as lie within the bounds, of those the nearest. */
function pick_nearest(low: usize, low_count: i32, low_point: i32, high: usize, high_count: i32, high_point: i32, even: bool): void {
  const exact = digits_at;
  const count = digits_count;
  const point = digits_point;
  const edge = even ? 0 : 1;
  digits_at = alloc(<usize>count + 1);
  for (let n = 1; n < count; n++) {
    for (let upwards = 0; upwards < 2; upwards++) {
      copy(digits_at, exact, <usize>count);
      digits_count = count;
      digits_point = point;
      if (upwards) increment_digits(n);
      else round_digits(n);
      const above = digits_compare(digits_at, digits_count, digits_point, low, low_count, low_point);
      const below = digits_compare(high, high_count, high_point, digits_at, digits_count, digits_point);
      if (above >= edge && below >= edge) return;
    }
  }
  digits_at = exact;
  digits_count = count;
  digits_point = point;
}

function truncate_digits(n: i32): void {
  if (n >= digits_count) return;
  while (n > 0 && load<u8>(digits_at + n - 1) == 0x30) n--;
  digits_count = n;
}

function increment_digits(n: i32): void {
  if (n >= digits_count) return;
  while (n > 0 && load<u8>(digits_at + n - 1) >= 0x39) n--;
  if (n == 0) {
    store<u8>(digits_at, 0x31);
    digits_count = 1;
    digits_point++;
    return;
  }
  store<u8>(digits_at + n - 1, load<u8>(digits_at + n - 1) + 1);
  digits_count = n;
}

/** To n digits, half to even. */
function round_digits(n: i32): void {
  if (n < 0) {
    digits_count = 0;
    return;
  }
  if (n >= digits_count) return;
  const next = load<u8>(digits_at + n);
  let up = next >= 0x35;
  if (next == 0x35 && n + 1 == digits_count) up = n > 0 && (load<u8>(digits_at + n - 1) & 1) != 0;
  if (up) increment_digits(n);
  else truncate_digits(n);
}

/** Writes digits_* plainly with `places` behind the point. */
function put_plain(places: i32): void {
  if (digits_point > 0) {
    const whole = min(digits_count, digits_point);
    put_bytes(digits_at, whole);
    for (let i = whole; i < digits_point; i++) put_byte(0x30);
  } else {
    put_byte(0x30);
  }
  if (places <= 0) return;
  put_byte(0x2e);
  for (let i = 0; i < places; i++) put_byte(digit_at(digits_at, digits_count, digits_point + i));
}

function put_scientific(places: i32, letter: i32): void {
  put_byte(digit_at(digits_at, digits_count, 0));
  if (places > 0) {
    put_byte(0x2e);
    for (let i = 1; i <= places; i++) put_byte(digit_at(digits_at, digits_count, i));
  }
  put_byte(letter);
  const exponent = digits_count == 0 ? 0 : digits_point - 1;
  put_byte(exponent < 0 ? 0x2d : 0x2b);
  const size = exponent < 0 ? -exponent : exponent;
  if (size < 10) put_byte(0x30);
  put_i64(size);
}

/**
 * Appends `f` to the buffer as Go prints floats: `letter` is e, E, f, g or G; `places` -1 asks for the shortest digits that read back
 * among floats of `bits`. `limit` is the exponent from which the shortest g turns scientific (6 for big floats, 21 for fmt's %v).
 */
export function put_float(f: usize, letter: i32, places: i32, bits: i32, ieee: bool, limit: i32): void {
  // Almost every text fits the room made here; then the scratch can go before anything is written.
  buffer_room(ROOM);
  const saved = mark();
  const small = letter | 0x20;
  const short = places < 0;
  digits_count = 0;
  digits_point = 0;
  if (float_mantissa(f) != 0) {
    if (short) shortest(f, bits, ieee);
    else expand(nat_of(float_mantissa(f)), float_exponent(f));
  }
  if (short) {
    if (small == 0x65) places = max(digits_count - 1, 0);
    else if (small == 0x66) places = max(digits_count - digits_point, 0);
    else places = digits_count;
  } else if (small == 0x65) {
    round_digits(1 + places);
  } else if (small == 0x66) {
    round_digits(digits_point + places);
  } else {
    if (places == 0) places = 1;
    round_digits(places);
  }
  if (max(digits_point, 0) + max(places, digits_count) + 16 < ROOM) release(saved);
  if (float_negative(f)) put_byte(0x2d);
  put_digits(small, letter, places, short, limit);
}

const ROOM = 96;

function put_digits(small: i32, letter: i32, places: i32, short: bool, limit: i32): void {
  if (small == 0x66) {
    put_plain(places);
  } else if (small == 0x65) {
    put_scientific(places, letter);
  } else {
    let bound = places;
    if (bound > digits_count && digits_count >= digits_point) bound = digits_count;
    if (short) bound = limit;
    const exponent = digits_count == 0 ? -1 : digits_point - 1;
    if (digits_count > 0 && (exponent < -4 || exponent >= bound)) put_scientific(min(places, max(digits_count, 1)) - 1, letter - 2);
    else put_plain(max(digits_count - digits_point, 0));
  }
}

/** The float as an OPA number text: integers plainly, the rest in the shortest `g` form, among floats of `bits`. */
export function put_opa_float(f: usize, bits: i32): void {
  put_float(f, float_is_int(f) ? 0x66 : 0x67, -1, bits, false, 6);
}

/** Whether the last `f64_parse` stayed within the range of float64. */
export let f64_ok: bool = false;

const POWERS: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/** The float64 nearest to a decimal text; sets f64_ok to false where it overflows. */
export function f64_parse(at: usize, length: i32): f64 {
  f64_ok = true;
  if (!split(at, length)) {
    // Beyond the limit in exponent alone this is 0 or infinite; OPA reads such texts as out of range or 0 too.
    f64_ok = text_exponent < 0;
    return f64_ok ? 0 : Infinity;
  }
  if (text_length <= 16 && text_exponent >= -22 && text_exponent <= 22) {
    let n: u64 = 0;
    for (let i = 0; i < text_length; i++) {
      const c = <u32>load<u8>(text_from + i) - 0x30;
      if (c <= 9) n = n * 10 + c;
    }
    // Both factors are exact, so one operation rounds once.
    if (n <= 0x20000000000000) {
      const scale = unchecked(POWERS[<i32>(text_exponent < 0 ? -text_exponent : text_exponent)]);
      const v = text_exponent < 0 ? <f64>n / scale : <f64>n * scale;
      return text_negative ? -v : v;
    }
  }
  const saved = mark();
  const v = f64_of(float_parse(at, length, 53), at, length);
  release(saved);
  return v;
}

/** A 53-bit float as float64; below the normal range it is rounded again from the text. */
function f64_of(f: usize, at: usize, length: i32): f64 {
  const mantissa = float_mantissa(f);
  const sign: u64 = float_negative(f) ? 0x8000000000000000 : 0;
  if (mantissa == 0) return reinterpret<f64>(sign);
  const exponent = float_exponent(f) + 63;
  if (exponent > 1023) {
    f64_ok = false;
    return float_negative(f) ? -Infinity : Infinity;
  }
  if (exponent >= -1022) {
    return reinterpret<f64>(sign | (<u64>(exponent + 1023) << 52) | ((mantissa >> 11) & 0xfffffffffffff));
  }
  const bits = 53 - (-1022 - exponent);
  if (bits < 0) return reinterpret<f64>(sign);
  // With no bit left, the value is half of the smallest denormal or more, or less than it.
  const narrow = float_parse(at, length, bits == 0 ? 1 : bits);
  if (bits == 0) {
    const half = float_mantissa(f) == 0x8000000000000000;
    return reinterpret<f64>(sign | (half ? 0 : 1));
  }
  const shift = -1074 - float_exponent(narrow);
  return reinterpret<f64>(sign | (float_mantissa(narrow) >> <u64>shift));
}

/** A float64 as a float; not for NaN and infinities. */
export function float_of_f64(v: f64): usize {
  const word = reinterpret<u64>(v);
  const negative = word >> 63 != 0;
  const exponent = <i32>((word >> 52) & 0x7ff);
  const fraction = word & 0xfffffffffffff;
  if (exponent == 0) return float_new(negative, fraction, -1074);
  return float_new(negative, fraction | 0x10000000000000, exponent - 1075);
}
