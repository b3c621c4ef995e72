// Bodies of the comparison builtins and of membership: any values in, a boolean out. Never fails.
import { NUMBER_INT, TAG_ARRAY, TAG_NUMBER, TAG_OBJECT, TAG_SET } from "../abi";
import { value_get } from "../access";
import { array_at } from "../array";
import { value_compare, value_equal } from "../compare";
import { int_value } from "../number";
import { object_value_at } from "../object";
import { set_get } from "../set";
import { boolean, tag, word_n } from "../value";

const INTEGER: u16 = <u16>(TAG_NUMBER | (NUMBER_INT << 8));

/** Most that is compared is two small integers. */
// @ts-ignore: decorator
@inline
function both_int(a: usize, b: usize): bool {
  return load<u16>(a) == INTEGER && load<u16>(b) == INTEGER;
}

export function builtin_equal(a: usize, b: usize): usize {
  return boolean(value_equal(a, b) != 0);
}
export function builtin_neq(a: usize, b: usize): usize {
  return boolean(value_equal(a, b) == 0);
}
export function builtin_lt(a: usize, b: usize): usize {
  return boolean(both_int(a, b) ? int_value(a) < int_value(b) : value_compare(a, b) < 0);
}
export function builtin_lte(a: usize, b: usize): usize {
  return boolean(both_int(a, b) ? int_value(a) <= int_value(b) : value_compare(a, b) <= 0);
}
export function builtin_gt(a: usize, b: usize): usize {
  return boolean(both_int(a, b) ? int_value(a) > int_value(b) : value_compare(a, b) > 0);
}
export function builtin_gte(a: usize, b: usize): usize {
  return boolean(both_int(a, b) ? int_value(a) >= int_value(b) : value_compare(a, b) >= 0);
}

/** `v in collection` */
export function builtin_internal_member_2(v: usize, collection: usize): usize {
  const n = word_n(collection);
  switch (tag(collection)) {
    case TAG_SET: return boolean(set_get(collection, v) != 0);
    case TAG_ARRAY:
      for (let i = 0; i < n; i++) if (value_equal(array_at(collection, i), v)) return boolean(true);
      break;
    case TAG_OBJECT:
      for (let i = 0; i < n; i++) if (value_equal(object_value_at(collection, i), v)) return boolean(true);
      break;
  }
  return boolean(false);
}

/** `key, v in collection` */
export function builtin_internal_member_3(key: usize, v: usize, collection: usize): usize {
  const found = value_get(collection, key);
  if (tag(collection) == TAG_SET) return boolean(found != 0 && value_equal(key, v) != 0);
  return boolean(found != 0 && value_equal(found, v) != 0);
}
