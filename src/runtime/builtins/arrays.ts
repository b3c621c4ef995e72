// Bodies of array.*: arrays in, a fresh array out (or the operand itself where nothing changes). Error texts are OPA's.
import { TAG_ARRAY } from "../abi";
import { array_append, array_at, array_new, array_of, array_slice } from "../array";
import { alloc, copy } from "../memory";
import { tag, word_a, word_n } from "../value";
import { int_operand, is_array, is_int_operand } from "./operand";

export function builtin_array_concat(a: usize, b: usize): usize {
  if (!is_array("array.concat", 1, a) || !is_array("array.concat", 2, b)) return 0;
  const n = word_n(a);
  const m = word_n(b);
  if (n == 0) return b;
  if (m == 0) return a;
  const elements = alloc(<usize>(n + m) << 2);
  copy(elements, word_a(a), <usize>n << 2);
  copy(elements + (<usize>n << 2), word_a(b), <usize>m << 2);
  return array_of(elements, n + m);
}

export function builtin_array_flatten(a: usize): usize {
  if (!is_array("array.flatten", 1, a)) return 0;
  const n = word_n(a);
  const to = array_new(n);
  for (let i = 0; i < n; i++) {
    const v = array_at(a, i);
    if (tag(v) != TAG_ARRAY) {
      array_append(to, v);
      continue;
    }
    for (let j = 0; j < word_n(v); j++) array_append(to, array_at(v, j));
  }
  return to;
}

export function builtin_array_reverse(a: usize): usize {
  if (!is_array("array.reverse", 1, a)) return 0;
  const n = word_n(a);
  const to = array_new(n);
  for (let i = n - 1; i >= 0; i--) array_append(to, array_at(a, i));
  return to;
}

export function builtin_array_slice(a: usize, from: usize, to: usize): usize {
  if (!is_array("array.slice", 1, a) || !is_int_operand("array.slice", 2, from)) return 0;
  const start = int_operand;
  if (!is_int_operand("array.slice", 3, to)) return 0;
  const n = word_n(a);
  const stop = <i32>max<i64>(0, min<i64>(int_operand, n));
  const first = <i32>max<i64>(0, min<i64>(start, stop));
  return first == 0 && stop >= n ? a : array_slice(a, first, stop);
}
