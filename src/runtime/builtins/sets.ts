// Bodies of the set builtins: sets in, a set out. Error texts are OPA's.
import { sort_set } from "../compare";
import { set_add_all, set_at, set_difference, set_intersection, set_new, set_union } from "../set";
import { word_n } from "../value";
import { is_set } from "./operand";

export function builtin_and(a: usize, b: usize): usize {
  return is_set("and", 1, a) && is_set("and", 2, b) ? set_intersection(a, b) : 0;
}

export function builtin_or(a: usize, b: usize): usize {
  return is_set("or", 1, a) && is_set("or", 2, b) ? set_union(a, b) : 0;
}

export function builtin_set_diff(a: usize, b: usize): usize {
  return is_set("set_diff", 1, a) && is_set("set_diff", 2, b) ? set_difference(a, b) : 0;
}

export function builtin_intersection(sets: usize): usize {
  if (!is_set("intersection", 1, sets)) return 0;
  sort_set(sets);
  const n = word_n(sets);
  let result: usize = 0;
  for (let i = 0; i < n; i++) {
    const set = set_at(sets, i);
    if (!is_set("intersection", 1, set)) return 0;
    result = result == 0 ? set : set_intersection(result, set);
  }
  return result == 0 ? set_new() : result;
}

export function builtin_union(sets: usize): usize {
  if (!is_set("union", 1, sets)) return 0;
  sort_set(sets);
  const n = word_n(sets);
  const to = set_new();
  for (let i = 0; i < n; i++) {
    const set = set_at(sets, i);
    if (!is_set("union", 1, set)) return 0;
    set_add_all(to, set);
  }
  return to;
}
