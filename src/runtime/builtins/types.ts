// Bodies of is_* and type_name: any value in, a boolean or a name out. `is_*` of another type is undefined only where OPA's is; here false.
import { TAG_ARRAY, TAG_BOOLEAN, TAG_NULL, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "../abi";
import { boolean, string_of, tag, type_name } from "../value";

export function builtin_is_null(v: usize): usize {
  return boolean(tag(v) == TAG_NULL);
}
export function builtin_is_boolean(v: usize): usize {
  return boolean(tag(v) == TAG_BOOLEAN);
}
export function builtin_is_number(v: usize): usize {
  return boolean(tag(v) == TAG_NUMBER);
}
export function builtin_is_string(v: usize): usize {
  return boolean(tag(v) == TAG_STRING);
}
export function builtin_is_array(v: usize): usize {
  return boolean(tag(v) == TAG_ARRAY);
}
export function builtin_is_object(v: usize): usize {
  return boolean(tag(v) == TAG_OBJECT);
}
export function builtin_is_set(v: usize): usize {
  return boolean(tag(v) == TAG_SET);
}
export function builtin_type_name(v: usize): usize {
  return string_of(type_name(v));
}
