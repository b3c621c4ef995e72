// Numbers: int64 boxes and literal texts. In go texts or int64, out come boxes; order and hash are by exact value, so that `1`, `1.0`
// and `1e0` are one number. A text is classified once, here: a canonical int64 is always NUMBER_INT. Never rounds.
import { NUMBER_INT, NUMBER_TEXT, TAG_NUMBER } from "./abi";
import { f64_ok, f64_parse } from "./float";
import { alloc, copy, mark, release } from "./memory";
import { box, flags, number_int, word_a, word_n } from "./value";

/** Set by `int64_of`: whether the number was an integer that OPA takes as int. */
export let int64_ok: bool = false;

/** The text as int64 where its spelling is the canonical one (no plus, no leading zero, not `-0`). Sets int64_ok. */
export function canonical_int(at: usize, length: i32): i64 {
  int64_ok = false;
  let p = at;
  const end = at + length;
  const negative = length > 0 && load<u8>(p) == 0x2d;
  if (negative) p++;
  const digits = <i32>(end - p);
  if (digits < 1 || digits > 19) return 0;
  const first = load<u8>(p);
  if (first == 0x30 && (digits > 1 || negative)) return 0;
  let n: u64 = 0;
  while (p < end) {
    const d = <u32>load<u8>(p) - 0x30;
    if (d > 9) return 0;
    n = n * 10 + d;
    p++;
  }
  if (n > 0x7fffffffffffffff && !(negative && n == 0x8000000000000000)) return 0;
  int64_ok = true;
  return negative ? <i64>(0 - n) : <i64>n;
}

/** A number box for a valid JSON number text that stays where it is. */
export function number_at(at: usize, length: i32): usize {
  const value = canonical_int(at, length);
  if (int64_ok) return number_int(value);
  return box(TAG_NUMBER, NUMBER_TEXT, length, at, 0);
}

export function number_copy(at: usize, length: i32): usize {
  const value = canonical_int(at, length);
  if (int64_ok) return number_int(value);
  const to = alloc(<usize>length);
  copy(to, at, <usize>length);
  return box(TAG_NUMBER, NUMBER_TEXT, length, to, 0);
}

// @ts-ignore: decorator
@inline
export function is_int(v: usize): bool {
  return (flags(v) & NUMBER_INT) != 0;
}
// @ts-ignore: decorator
@inline
export function int_value(v: usize): i64 {
  return load<i64>(v, 8);
}

/** int64 as OPA's Number.Int takes it: an optional sign, at most 19 digits, a fraction of zeros only, no exponent. Sets int64_ok. */
export function int64_of(v: usize): i64 {
  int64_ok = true;
  return is_int(v) ? int_value(v) : int64_text(word_a(v), word_n(v));
}

/** The same of any text. */
export function int64_text(at: usize, length: i32): i64 {
  int64_ok = false;
  let p = at;
  const end = at + length;
  if (length == 0) return 0;
  const negative = load<u8>(p) == 0x2d;
  if (negative || load<u8>(p) == 0x2b) p++;
  if (p == end || <i32>(end - p) > 19) return 0;
  let n: u64 = 0;
  let fraction = false;
  while (p < end) {
    const c = <u32>load<u8>(p);
    p++;
    if (c == 0x2e && !fraction) {
      fraction = true;
    } else if (c - 0x30 > 9 || (fraction && c != 0x30)) {
      return 0;
    } else if (!fraction) {
      n = n * 10 + (c - 0x30);
    }
  }
  if (n > 0x7fffffffffffffff && !(negative && n == 0x8000000000000000)) return 0;
  int64_ok = true;
  return negative ? <i64>(0 - n) : <i64>n;
}

// A number taken apart: value = 0.DIGITS * 10^exponent, digits without leading or trailing zeros; no digits is zero.
let part_digits: usize = 0;
let part_count: i32 = 0;
let part_exponent: i64 = 0;
let part_negative: bool = false;

const EXPONENT_LIMIT: i64 = 1000000000000000;

/** Takes any number apart into the part_* globals; the digits are scratch above the caller's mark. */
function take_apart(v: usize): void {
  if (is_int(v)) {
    take_apart_int(int_value(v));
    return;
  }
  let p = word_a(v);
  const end = p + word_n(v);
  part_digits = alloc(<usize>word_n(v));
  part_negative = load<u8>(p) == 0x2d;
  if (part_negative) p++;
  let count = 0;
  let exponent: i64 = 0;
  let fraction = false;
  while (p < end) {
    const c = <u32>load<u8>(p);
    if (c == 0x2e) {
      fraction = true;
    } else if (c - 0x30 > 9) {
      break;
    } else if (count == 0 && c == 0x30) {
      if (fraction) exponent--;
    } else {
      store<u8>(part_digits + count, <u8>c);
      count++;
      if (!fraction) exponent++;
    }
    p++;
  }
  if (p < end) exponent += exponent_text(p + 1, end);
  while (count > 0 && load<u8>(part_digits + count - 1) == 0x30) count--;
  part_count = count;
  part_exponent = count == 0 ? 0 : exponent;
  if (count == 0) part_negative = false;
}

function exponent_text(from: usize, end: usize): i64 {
  let p = from;
  let n: i64 = 0;
  const sign = p < end ? load<u8>(p) : <u8>0;
  if (sign == 0x2d || sign == 0x2b) p++;
  while (p < end) {
    if (n < EXPONENT_LIMIT) n = n * 10 + (<i64>load<u8>(p) - 0x30);
    p++;
  }
  return sign == 0x2d ? -n : n;
}

function take_apart_int(value: i64): void {
  part_digits = alloc(24);
  part_negative = value < 0;
  let n = value < 0 ? 0 - <u64>value : <u64>value;
  let at = part_digits + 20;
  let count = 0;
  while (n != 0) {
    at--;
    store<u8>(at, <u8>(0x30 + <i32>(n % 10)));
    n /= 10;
    count++;
  }
  part_digits = at;
  part_exponent = count;
  while (count > 0 && load<u8>(at + count - 1) == 0x30) count--;
  part_count = count;
}

/** OPA takes a shortcut for fractions that are both written with a trailing zero: equal float64 are equal numbers. */
function equal_as_f64(a: usize, b: usize): bool {
  if (!padded_fraction(a) || !padded_fraction(b)) return false;
  const x = f64_parse(word_a(a), word_n(a));
  if (!f64_ok) return false;
  return x == f64_parse(word_a(b), word_n(b)) && f64_ok;
}

function padded_fraction(v: usize): bool {
  if (is_int(v)) return false;
  const at = word_a(v);
  let n = word_n(v);
  if (load<u8>(at + n - 1) != 0x30) return false;
  while (n > 0 && (load<u8>(at + n - 1) == 0x30 || load<u8>(at + n - 1) == 0x2e)) n--;
  for (let i = 0; i < n; i++) if (load<u8>(at + i) == 0x2e) return true;
  return false;
}

export function number_compare(a: usize, b: usize): i32 {
  if (is_int(a) && is_int(b)) {
    const x = int_value(a);
    const y = int_value(b);
    return <i32>(x > y) - <i32>(x < y);
  }
  if (equal_as_f64(a, b)) return 0;
  const saved = mark();
  take_apart(a);
  const digits = part_digits;
  const count = part_count;
  const exponent = part_exponent;
  const negative = part_negative;
  take_apart(b);
  release(saved);
  if (count == 0 || part_count == 0) {
    if (count == part_count) return 0;
    if (count == 0) return part_negative ? 1 : -1;
    return negative ? -1 : 1;
  }
  if (negative != part_negative) return negative ? -1 : 1;
  let order = 0;
  if (exponent != part_exponent) {
    order = exponent < part_exponent ? -1 : 1;
  } else {
    const n = min(count, part_count);
    for (let i = 0; i < n && order == 0; i++) {
      order = <i32>load<u8>(digits + i) - <i32>load<u8>(part_digits + i);
    }
    if (order == 0) order = count - part_count;
  }
  return negative ? -order : order;
}

function hash_int(value: i64): u32 {
  let h = <u64>value * 0x9e3779b97f4a7c15;
  h ^= h >> 32;
  return <u32>h;
}

/** Equal numbers have equal hashes, whatever their spelling. */
export function number_hash(v: usize): u32 {
  if (is_int(v)) return hash_int(int_value(v));
  const saved = mark();
  take_apart(v);
  release(saved);
  if (part_count == 0) return hash_int(0);
  if (part_exponent >= part_count && part_exponent <= 19) {
    let n: u64 = 0;
    for (let i: i64 = 0; i < part_exponent; i++) {
      n = n * 10 + (i < part_count ? <u64>load<u8>(part_digits + <usize>i) - 0x30 : 0);
    }
    if (n <= 0x7fffffffffffffff) return hash_int(part_negative ? -<i64>n : <i64>n);
    if (part_negative && n == 0x8000000000000000) return hash_int(i64.MIN_VALUE);
  }
  const f = f64_parse(word_a(v), word_n(v));
  if (f64_ok) return hash_int(reinterpret<i64>(f));
  let h: u32 = part_negative ? 0x85ebca6b : 0x811c9dc5;
  for (let i = 0; i < part_count; i++) h = (h ^ load<u8>(part_digits + i)) * 0x01000193;
  return (h ^ <u32>part_exponent) * 0x9e3779b1;
}
