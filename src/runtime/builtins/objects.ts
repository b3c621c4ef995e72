// Bodies of object.*: objects in, a fresh object (or the operand itself) out. Error texts are OPA's.
import { OBJECT_ENTRY_SIZE, TAG_ARRAY, TAG_OBJECT, TAG_SET } from "../abi";
import { value_get } from "../access";
import { array_at } from "../array";
import { sort_object, value_equal } from "../compare";
import { object_append, object_get, object_key_at, object_merge, object_new, object_value_at } from "../object";
import { set_add, set_append, set_at, set_find, set_get, set_new } from "../set";
import { boolean, tag, word_a, word_n } from "../value";
import { element_error, is_array, is_object, operand_error, type_error } from "./operand";

/** Right over left, deep. */
export function builtin_object_union(a: usize, b: usize): usize {
  if (!is_object("object.union", 1, a) || !is_object("object.union", 2, b)) return 0;
  if (word_n(a) == 0) return b;
  return word_n(b) == 0 ? a : object_merge(b, a);
}

export function builtin_object_union_n(objects: usize): usize {
  if (!is_array("object.union_n", 1, objects)) return 0;
  const n = word_n(objects);
  for (let i = 0; i < n; i++) {
    const v = array_at(objects, i);
    if (tag(v) != TAG_OBJECT) return element_error("object.union_n", 1, objects, v, "object");
  }
  if (n == 0) return object_new();
  let result = array_at(objects, 0);
  for (let i = 1; i < n; i++) result = object_merge(array_at(objects, i), result);
  return result;
}

/** The keys named by an array, a set or an object, as a set; 0 after a failure. */
function keys_of(name: string, v: usize): usize {
  if (tag(v) == TAG_SET) return v;
  if (tag(v) != TAG_ARRAY && tag(v) != TAG_OBJECT) return operand_error(name, 2, v, "one of {object, set, array}");
  const to = set_new();
  const n = word_n(v);
  for (let i = 0; i < n; i++) set_add(to, tag(v) == TAG_ARRAY ? array_at(v, i) : object_key_at(v, i));
  return to;
}

function select(name: string, object: usize, keys: usize, keep: bool): usize {
  if (!is_object(name, 1, object)) return 0;
  const set = keys_of(name, keys);
  if (set == 0) return 0;
  const to = object_new();
  const n = word_n(object);
  let at = word_a(object);
  for (let i = 0; i < n; i++) {
    const known = word_n(set) > 0 && set_find(set, load<u32>(at, 4), load<u32>(at)) != 0;
    if (known == keep) object_append(to, load<u32>(at), load<u32>(at, 4), load<u32>(at, 8));
    at += OBJECT_ENTRY_SIZE;
  }
  return to;
}

export function builtin_object_remove(object: usize, keys: usize): usize {
  return select("object.remove", object, keys, false);
}

export function builtin_object_filter(object: usize, keys: usize): usize {
  return select("object.filter", object, keys, true);
}

export function builtin_object_get(object: usize, path: usize, fallback: usize): usize {
  if (!is_object("object.get", 1, object)) return 0;
  if (tag(path) != TAG_ARRAY) {
    const found = object_get(object, path);
    return found != 0 ? found : fallback;
  }
  let at = object;
  const n = word_n(path);
  for (let i = 0; i < n; i++) {
    at = value_get(at, array_at(path, i));
    if (at == 0) return fallback;
  }
  return at;
}

export function builtin_object_keys(object: usize): usize {
  if (!is_object("object.keys", 1, object)) return 0;
  sort_object(object);
  const to = set_new();
  const n = word_n(object);
  let at = word_a(object);
  for (let i = 0; i < n; i++) {
    set_append(to, load<u32>(at), load<u32>(at, 4));
    at += OBJECT_ENTRY_SIZE;
  }
  return to;
}

function object_subset(super_object: usize, sub: usize): bool {
  const n = word_n(sub);
  for (let i = 0; i < n; i++) {
    const v = object_value_at(sub, i);
    const w = object_get(super_object, object_key_at(sub, i));
    if (w == 0) return false;
    if (value_equal(v, w)) continue;
    if (tag(v) != tag(w)) return false;
    switch (tag(v)) {
      case TAG_OBJECT: if (!object_subset(w, v)) return false; break;
      case TAG_SET: if (!set_subset(w, v)) return false; break;
      case TAG_ARRAY: if (!array_subset(w, v)) return false; break;
      default: return false;
    }
  }
  return true;
}

function set_subset(super_set: usize, sub: usize): bool {
  const n = word_n(sub);
  for (let i = 0; i < n; i++) if (set_get(super_set, set_at(sub, i)) == 0) return false;
  return true;
}

/** Whether `sub` stands somewhere in `super_array` as a run; after a partial match the search goes on one element further, as OPA's does. */
function array_subset(super_array: usize, sub: usize): bool {
  const n = word_n(sub);
  const last = word_n(super_array) - n;
  for (let start = 0; start <= last; start++) {
    let i = 0;
    while (i < n && value_equal(array_at(super_array, start + i), array_at(sub, i))) i++;
    if (i == n) return true;
  }
  return false;
}

/** OPA counts every element that is in the set, repeated ones too, and an empty set is in no array but one with elements. */
function array_has_set(super_array: usize, sub: usize): bool {
  let unmatched = word_n(sub);
  const n = word_n(super_array);
  for (let i = 0; i < n; i++) {
    if (set_get(sub, array_at(super_array, i)) != 0) unmatched--;
    if (unmatched == 0) return true;
  }
  return false;
}

export function builtin_object_subset(super_value: usize, sub: usize): usize {
  const t = tag(super_value);
  const u = tag(sub);
  if (t == TAG_OBJECT && u == TAG_OBJECT) return boolean(object_subset(super_value, sub));
  if (t == TAG_SET && u == TAG_SET) return boolean(set_subset(super_value, sub));
  if (t == TAG_ARRAY && u == TAG_ARRAY) return boolean(array_subset(super_value, sub));
  if (t == TAG_ARRAY && u == TAG_SET) return boolean(array_has_set(super_value, sub));
  return type_error("object.subset", "both arguments object.subset must be of the same type or array and set");
}
