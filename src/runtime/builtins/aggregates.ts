// Bodies of the aggregates: a collection in, one value out, undefined for the extremes of nothing. Error texts are OPA's.
import { ADDRESS_NULL, TAG_ARRAY, TAG_BOOLEAN, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "../abi";
import { array_at, array_slice, array_sort } from "../array";
import { sort_set, value_compare } from "../compare";
import { float_add, float_multiply, float_new } from "../float";
import { mark, release } from "../memory";
import { nat_add, nat_bits, nat_compare, nat_mul, nat_of, nat_sub } from "../nat";
import { int64_of, int64_ok } from "../number";
import { number_float, number_integer, number_minus, number_of_float, number_of_nat } from "../numeric";
import { set_array, set_at } from "../set";
import { boolean, number_int, rune_count, tag, word_n } from "../value";
import { element_error, number_limit, operand_error } from "./operand";

export function builtin_count(v: usize): usize {
  switch (tag(v)) {
    case TAG_ARRAY:
    case TAG_OBJECT:
    case TAG_SET: return number_int(word_n(v));
    case TAG_STRING: return number_int(rune_count(v));
  }
  return operand_error("count", 1, v, "one of {array, object, set, string}");
}

/** The i-th element in order of an array or a set that was sorted before. */
// @ts-ignore: decorator
@inline
function element(v: usize, i: i32): usize {
  return tag(v) == TAG_ARRAY ? array_at(v, i) : set_at(v, i);
}

/** Whether v is an array or a set; sets are sorted, so that elements come in order. */
function is_sequence(name: string, v: usize, expected: string): bool {
  if (tag(v) == TAG_ARRAY) return true;
  if (tag(v) == TAG_SET) {
    sort_set(v);
    return true;
  }
  operand_error(name, 1, v, expected);
  return false;
}

export function builtin_sum(v: usize): usize {
  if (!is_sequence("sum", v, "one of {set, array}")) return 0;
  const n = word_n(v);
  let sum: i64 = 0;
  for (let i = 0; i < n; i++) {
    const x = element(v, i);
    if (tag(x) != TAG_NUMBER) return fold("sum", v, false);
    const y = int64_of(x);
    const z = sum + y;
    if (!int64_ok || ((sum ^ z) & (y ^ z)) < 0) return fold("sum", v, false);
    sum = z;
  }
  return number_int(sum);
}

export function builtin_product(v: usize): usize {
  if (!is_sequence("product", v, "one of {set, array}")) return 0;
  return fold("product", v, true);
}

/** Sum or product: exact while all are integers, else in floats as wide as OPA's (a product starts from a float64 one). */
function fold(name: string, v: usize, product: bool): usize {
  const saved = mark();
  const n = word_n(v);
  let total = nat_of(product ? 1 : 0);
  let minus = false;
  let exact = true;
  for (let i = 0; i < n && exact; i++) {
    const x = element(v, i);
    const y = tag(x) == TAG_NUMBER ? number_integer(x) : 0;
    if (y == 0) {
      exact = false;
    } else if (product) {
      total = nat_mul(total, y);
      minus = minus != number_minus;
      if (nat_bits(total) > 400000) return number_limit(name);
    } else if (minus == number_minus) {
      total = nat_add(total, y);
    } else if (nat_compare(total, y) >= 0) {
      total = nat_sub(total, y);
    } else {
      total = nat_sub(y, total);
      minus = number_minus;
    }
  }
  if (exact) return number_of_nat(minus, total, saved);
  release(saved);
  const bits = product ? 53 : 64;
  let f = float_new(false, product ? 1 : 0, 0);
  for (let i = 0; i < n; i++) {
    const x = element(v, i);
    if (tag(x) != TAG_NUMBER) return element_error(name, 1, v, x, "number");
    const y = number_float(x);
    if (y == 0) return number_limit(name);
    f = product ? float_multiply(f, y, bits) : float_add(f, y, false, bits);
  }
  return number_of_float(f, bits, saved);
}

export function builtin_max(v: usize): usize {
  if (!is_sequence("max", v, "one of {set, array}")) return 0;
  const n = word_n(v);
  if (n == 0) return 0;
  if (tag(v) == TAG_SET) return set_at(v, n - 1);
  let best: usize = ADDRESS_NULL;
  for (let i = 0; i < n; i++) if (value_compare(best, array_at(v, i)) <= 0) best = array_at(v, i);
  return best;
}

export function builtin_min(v: usize): usize {
  if (!is_sequence("min", v, "one of {set, array}")) return 0;
  const n = word_n(v);
  if (n == 0) return 0;
  let best = element(v, 0);
  if (tag(v) == TAG_SET) return best;
  for (let i = 1; i < n; i++) if (value_compare(best, array_at(v, i)) >= 0) best = array_at(v, i);
  return best;
}

export function builtin_sort(v: usize): usize {
  if (!is_sequence("sort", v, "one of {set, array}")) return 0;
  if (tag(v) == TAG_SET) return set_array(v);
  const to = array_slice(v, 0, word_n(v));
  array_sort(to);
  return to;
}

// @ts-ignore: decorator
@inline
function is_true(v: usize): bool {
  return tag(v) == TAG_BOOLEAN && word_n(v) != 0;
}

export function builtin_all(v: usize): usize {
  if (!is_sequence("all", v, "one of {array, set}")) return 0;
  const n = word_n(v);
  for (let i = 0; i < n; i++) if (!is_true(element(v, i))) return boolean(false);
  return boolean(true);
}

export function builtin_any(v: usize): usize {
  if (!is_sequence("any", v, "one of {array, set}")) return 0;
  const n = word_n(v);
  for (let i = 0; i < n; i++) if (is_true(element(v, i))) return boolean(true);
  return boolean(false);
}
