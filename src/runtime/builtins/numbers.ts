// Bodies of numbers.*: integers in, an array of integers out. A range is bounded by memory only; its size is checked before it is built.
import { TAG_NUMBER } from "../abi";
import { array_append, array_new } from "../array";
import { mark, release } from "../memory";

import { int_value, is_int, number_compare } from "../number";
import { number_add, number_integer, number_minus, number_of_nat, number_subtract } from "../numeric";
import { number_int, tag } from "../value";
import { builtin_error, operand_error, operand_text } from "./operand";

/** The operand as a canonical integer box, or 0 after a failure. */
function integer(name: string, position: i32, v: usize): usize {
  if (tag(v) != TAG_NUMBER) return operand_error(name, position, v, "integer");
  if (is_int(v)) return v;
  const saved = mark();
  const nat = number_integer(v);
  if (nat != 0) return number_of_nat(number_minus, nat, saved);
  release(saved);
  return operand_text(name, position, "must be integer number but got floating-point number");
}

/** OPA runs until it is cancelled; nothing here may fill the memory. */
const LARGEST: u64 = 10000000;

function range(name: string, from: usize, to: usize, step: usize): usize {
  const result = array_new(4);
  const up = number_compare(from, to) <= 0;
  if (is_int(from) && is_int(to) && is_int(step)) {
    let i = int_value(from);
    const stop = int_value(to);
    const by = <u64>int_value(step);
    if ((up ? <u64>stop - <u64>i : <u64>i - <u64>stop) / by >= LARGEST) return builtin_error(name, "range has too many numbers");
    array_append(result, number_int(i));
    while ((up ? <u64>stop - <u64>i : <u64>i - <u64>stop) >= by) {
      i = up ? i + <i64>by : i - <i64>by;
      array_append(result, number_int(i));
    }
    return result;
  }
  let at = from;
  while (up ? number_compare(at, to) <= 0 : number_compare(at, to) >= 0) {
    array_append(result, at);
    at = up ? number_add(at, step) : number_subtract(at, step);
  }
  return result;
}

export function builtin_numbers_range(a: usize, b: usize): usize {
  const from = integer("numbers.range", 1, a);
  if (from == 0) return 0;
  const to = integer("numbers.range", 2, b);
  return to == 0 ? 0 : range("numbers.range", from, to, number_int(1));
}

export function builtin_numbers_range_step(a: usize, b: usize, c: usize): usize {
  const name = "numbers.range_step";
  const from = integer(name, 1, a);
  if (from == 0) return 0;
  const to = integer(name, 2, b);
  if (to == 0) return 0;
  const step = integer(name, 3, c);
  if (step == 0) return 0;
  if (number_compare(step, number_int(0)) <= 0) return builtin_error(name, "numbers.range_step: step must be a positive integer");
  return range(name, from, to, step);
}
