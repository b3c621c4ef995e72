// Bodies of the arithmetic builtins: numbers in, a number out (`minus` also takes sets). Error texts are OPA's.
import { TAG_NUMBER, TAG_SET } from "../abi";
import { float_add, float_is_int, float_negative, float_new, float_truncate } from "../float";
import { mark } from "../memory";
import { nat_add, nat_of, nat_size } from "../nat";
import { int_value, is_int } from "../number";
import {
  number_add, number_divide, number_float, number_is_zero, number_multiply, number_of_float, number_of_nat, number_remainder,
  number_subtract, remainder_by_zero,
} from "../numeric";
import { set_difference } from "../set";
import { number_int, tag } from "../value";
import { builtin_error, number_limit, operand_error } from "./operand";

// @ts-ignore: decorator
@inline
function numbers(name: string, a: usize, b: usize): bool {
  if (tag(a) == TAG_NUMBER && tag(b) == TAG_NUMBER) return true;
  if (tag(a) != TAG_NUMBER) operand_error(name, 1, a, "number");
  else operand_error(name, 2, b, "number");
  return false;
}

export function builtin_plus(a: usize, b: usize): usize {
  if (!numbers("plus", a, b)) return 0;
  const v = number_add(a, b);
  return v != 0 ? v : number_limit("plus");
}

export function builtin_minus(a: usize, b: usize): usize {
  const t = tag(a);
  const u = tag(b);
  if (t == TAG_NUMBER && u == TAG_NUMBER) {
    const v = number_subtract(a, b);
    return v != 0 ? v : number_limit("minus");
  }
  if (t == TAG_SET && u == TAG_SET) return set_difference(a, b);
  if (t != TAG_NUMBER && t != TAG_SET) return operand_error("minus", 1, a, "one of {number, set}");
  return operand_error("minus", 2, b, u == TAG_NUMBER ? "set" : "number");
}

export function builtin_mul(a: usize, b: usize): usize {
  if (!numbers("mul", a, b)) return 0;
  const v = number_multiply(a, b);
  return v != 0 ? v : number_limit("mul");
}

export function builtin_div(a: usize, b: usize): usize {
  if (!numbers("div", a, b)) return 0;
  if (number_is_zero(b)) return builtin_error("div", "divide by zero");
  // Zero by a negative number is -0, so only positive divisors may take the short way.
  if (is_int(a) && is_int(b) && int_value(b) > 0 && int_value(a) % int_value(b) == 0) return number_int(int_value(a) / int_value(b));
  const v = number_divide(a, b);
  return v != 0 ? v : number_limit("div");
}

export function builtin_rem(a: usize, b: usize): usize {
  if (!numbers("rem", a, b)) return 0;
  const rest = number_remainder(a, b);
  if (rest != 0) return rest;
  return builtin_error("rem", remainder_by_zero ? "modulo by zero" : "modulo on floating-point number");
}

export function builtin_abs(a: usize): usize {
  if (tag(a) != TAG_NUMBER) return operand_error("abs", 1, a, "number");
  if (is_int(a)) {
    const x = int_value(a);
    if (x >= 0) return a;
    if (x != i64.MIN_VALUE) return number_int(-x);
  }
  const saved = mark();
  const f = number_float(a);
  if (f == 0) return number_limit("abs");
  store<i32>(f, 0);
  return number_of_float(f, 64, saved);
}

// The three roundings work on the 64-bit float, as OPA's do; small integers are their own answer.

export function builtin_round(a: usize): usize {
  if (tag(a) != TAG_NUMBER) return operand_error("round", 1, a, "number");
  if (is_int(a) && round_safe(int_value(a))) return a;
  const saved = mark();
  const f = number_float(a);
  if (f == 0) return number_limit("round");
  const half = float_new(false, 1, -1);
  const moved = float_add(f, half, float_negative(f), 64);
  return number_of_nat(float_negative(f), float_truncate(moved), saved);
}

// Half added to a number of 64 significant bits is rounded to even: up to 2^62 nothing can be lost.
function round_safe(x: i64): bool {
  return x < 0x4000000000000000 && x > -0x4000000000000000;
}

export function builtin_ceil(a: usize): usize {
  if (tag(a) != TAG_NUMBER) return operand_error("ceil", 1, a, "number");
  if (is_int(a)) return a;
  const saved = mark();
  const f = number_float(a);
  if (f == 0) return number_limit("ceil");
  const integer = float_truncate(f);
  const negative = float_negative(f) && nat_size(integer) != 0;
  if (negative || float_is_int(f)) return number_of_nat(negative, integer, saved);
  return number_of_nat(false, nat_add(integer, nat_of(1)), saved);
}

export function builtin_floor(a: usize): usize {
  if (tag(a) != TAG_NUMBER) return operand_error("floor", 1, a, "number");
  if (is_int(a)) return a;
  const saved = mark();
  const f = number_float(a);
  if (f == 0) return number_limit("floor");
  const integer = float_truncate(f);
  const negative = float_negative(f) && nat_size(integer) != 0;
  if (!negative || float_is_int(f)) return number_of_nat(negative, integer, saved);
  return number_of_nat(true, nat_add(integer, nat_of(1)), saved);
}
