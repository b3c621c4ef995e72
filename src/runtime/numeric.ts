// Arithmetic over number boxes as OPA does it: exact while both sides are integers, else floats with 64 bits of mantissa. In go boxes, out
// come boxes, or 0 where a number is too big to compute with. Scratch is given back.
import { buffer_length, buffer_open, buffer_restore, buffer_start } from "./buffer";
import {
  float_add, float_divide, float_mantissa, float_multiply, float_new, float_parse, integer_negative, integer_parse, put_opa_float,
} from "./float";
import { alloc, copy, mark, release } from "./memory";
import { nat_add, nat_bits, nat_compare, nat_div, nat_low, nat_mul, nat_of, nat_print, nat_remainder, nat_size, nat_sub } from "./nat";
import { int_value, is_int, number_at } from "./number";
import { number_int, word_a, word_n } from "./value";

// @ts-ignore: decorator
@inline
function magnitude(value: i64): u64 {
  return value < 0 ? 0 - <u64>value : <u64>value;
}

/** The number as a float (scratch), 0 beyond the limit. */
export function number_float(v: usize): usize {
  if (is_int(v)) return float_new(int_value(v) < 0, magnitude(int_value(v)), 0);
  return float_parse(word_a(v), word_n(v), 64);
}

/** Sign of the last `number_integer`. */
export let number_minus: bool = false;

/** The exact magnitude of an integer-valued number (scratch) and number_minus; 0 for any other number. */
export function number_integer(v: usize): usize {
  if (is_int(v)) {
    number_minus = int_value(v) < 0;
    return nat_of(magnitude(int_value(v)));
  }
  const nat = integer_parse(word_a(v), word_n(v));
  number_minus = integer_negative;
  return nat;
}

/** A box for an integer; everything above `saved` is scratch and goes. */
export function number_of_nat(negative: bool, nat: usize, saved: usize): usize {
  if (nat_bits(nat) <= 63) {
    const low = nat_low(nat);
    release(saved);
    return number_int(negative ? -<i64>low : <i64>low);
  }
  const room = <usize>nat_size(nat) * 10 + 1;
  const text = alloc(room);
  let length = nat_print(nat, text + 1);
  if (negative) {
    store<u8>(text, 0x2d);
    length++;
  }
  // The text slides down to where the scratch began; copy runs upwards, so they may overlap.
  const from = negative ? text : text + 1;
  release(saved);
  const to = alloc(<usize>length);
  copy(to, from, <usize>length);
  return number_at(to, length);
}

/** A box for a float of `bits`; everything above `saved` is scratch and goes. */
export function number_of_float(f: usize, bits: i32, saved: usize): usize {
  const outer = buffer_open(128);
  put_opa_float(f, bits);
  const from = buffer_start();
  const length = buffer_length();
  buffer_restore(outer);
  release(saved);
  const to = alloc(<usize>length);
  copy(to, from, <usize>length);
  return number_at(to, length);
}

const ADD = 0;
const SUBTRACT = 1;
const MULTIPLY = 2;

export function number_add(a: usize, b: usize): usize {
  if (is_int(a) && is_int(b)) {
    const x = int_value(a);
    const y = int_value(b);
    const z = x + y;
    if (((x ^ z) & (y ^ z)) >= 0) return number_int(z);
  }
  return compute(a, b, ADD);
}

export function number_subtract(a: usize, b: usize): usize {
  if (is_int(a) && is_int(b)) {
    const x = int_value(a);
    const y = int_value(b);
    const z = x - y;
    if (((x ^ y) & (x ^ z)) >= 0) return number_int(z);
  }
  return compute(a, b, SUBTRACT);
}

export function number_multiply(a: usize, b: usize): usize {
  if (is_int(a) && is_int(b)) {
    const x = int_value(a);
    const y = int_value(b);
    if (x == <i64><i32>x && y == <i64><i32>y) return number_int(x * y);
  }
  return compute(a, b, MULTIPLY);
}

function compute(a: usize, b: usize, operation: i32): usize {
  const saved = mark();
  const x = number_integer(a);
  const minus = number_minus;
  if (x != 0) {
    const y = number_integer(b);
    if (y != 0) return exact(x, minus, y, number_minus, operation, saved);
  }
  const f = number_float(a);
  const g = number_float(b);
  if (f == 0 || g == 0) {
    release(saved);
    return 0;
  }
  const z = operation == MULTIPLY ? float_multiply(f, g, 64) : float_add(f, g, operation == SUBTRACT, 64);
  return number_of_float(z, 64, saved);
}

function exact(x: usize, minus: bool, y: usize, other: bool, operation: i32, saved: usize): usize {
  if (operation == MULTIPLY) return number_of_nat(minus != other, nat_mul(x, y), saved);
  if (operation == SUBTRACT) other = !other;
  if (minus == other) return number_of_nat(minus, nat_add(x, y), saved);
  return nat_compare(x, y) >= 0 ? number_of_nat(minus, nat_sub(x, y), saved) : number_of_nat(other, nat_sub(y, x), saved);
}

/** a / b; the caller has looked for zero. */
export function number_divide(a: usize, b: usize): usize {
  const saved = mark();
  const f = number_float(a);
  const g = number_float(b);
  if (f == 0 || g == 0) {
    release(saved);
    return 0;
  }
  return number_of_float(float_divide(f, g, 64), 64, saved);
}

export function number_is_zero(v: usize): bool {
  if (is_int(v)) return int_value(v) == 0;
  const saved = mark();
  const f = number_float(v);
  release(saved);
  return f != 0 && float_mantissa(f) == 0;
}

/** Why the last `number_remainder` gave nothing: a divisor of zero, else a side that is no integer. */
export let remainder_by_zero: bool = false;

/** Truncated remainder of two integers, sign of the dividend; 0 if there is none. */
export function number_remainder(a: usize, b: usize): usize {
  remainder_by_zero = false;
  if (is_int(a) && is_int(b)) {
    remainder_by_zero = int_value(b) == 0;
    if (remainder_by_zero) return 0;
    return number_int(int_value(b) == -1 ? 0 : int_value(a) % int_value(b));
  }
  const saved = mark();
  const x = number_integer(a);
  const minus = number_minus;
  const y = number_integer(b);
  if (x == 0 || y == 0 || nat_size(y) == 0) {
    remainder_by_zero = x != 0 && y != 0;
    release(saved);
    return 0;
  }
  nat_div(x, y);
  return number_of_nat(minus, nat_remainder, saved);
}
