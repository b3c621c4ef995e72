// What statements do with values of any kind: look up, measure, scan, merge, replace along a path. In go addresses, out come addresses;
// 0 is undefined. Never changes a value that a policy can see (sorting its entries in place is no change).
import { OBJECT_ENTRY_SIZE, OPA_ERR_INVALID_PATH, OPA_ERR_INVALID_TYPE, OPA_ERR_OK, TAG_ARRAY, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "./abi";
import { array_at } from "./array";
import { buffer_open, buffer_string } from "./buffer";
import { sort_object, sort_set, string_equal, string_hash } from "./compare";
import { put_number } from "./json-dump";
import { is_older } from "./memory";
import { int64_of, int64_ok, int64_text } from "./number";
import { object_copy, object_find, object_get, object_insert, object_key_at, object_new, object_value_at, object_without } from "./object";
import { set_at, set_get } from "./set";
import { LINEAR } from "./table";
import { number_int, rune_count, tag, word_a, word_n } from "./value";

export function value_get(v: usize, key: usize): usize {
  if (v == 0 || key == 0) return 0;
  switch (tag(v)) {
    case TAG_OBJECT: return object_get(v, key);
    case TAG_SET: return set_get(v, key);
    case TAG_ARRAY: {
      if (tag(key) != TAG_NUMBER) return 0;
      const i = int64_of(key);
      return int64_ok && i >= 0 && i < <i64>word_n(v) ? array_at(v, <i32>i) : 0;
    }
  }
  return 0;
}

/**
 * The same in a base document. OPA's store has paths of texts: there a number finds the key of an object that is written like it, and a
 * text the element of a list. Not so in what a policy puts in the place of data (`with`).
 */
export function data_get(v: usize, key: usize): usize {
  const found = value_get(v, key);
  if (found != 0 || v == 0 || key == 0 || !is_older(v)) return found;
  if (tag(v) == TAG_OBJECT && tag(key) == TAG_NUMBER) return object_get(v, number_string(key));
  if (tag(v) != TAG_ARRAY || tag(key) != TAG_STRING) return 0;
  const i = int64_text(word_a(key), word_n(key));
  return int64_ok && i >= 0 && i < <i64>word_n(v) ? array_at(v, <i32>i) : 0;
}

function number_string(v: usize): usize {
  const saved = buffer_open(24);
  put_number(v);
  return buffer_string(saved);
}

/** `value_get` with a text for a key: most of what is asked so is an object of few keys, which is searched here. */
export function value_member(v: usize, key: usize): usize {
  if (v == 0 || tag(v) != TAG_OBJECT) return value_get(v, key);
  const count = word_n(v);
  const hash = string_hash(key);
  if (count > LINEAR) {
    const entry = object_find(v, key, hash);
    return entry == 0 ? 0 : load<u32>(entry, 8);
  }
  let at = word_a(v);
  for (let i = 0; i < count; i++) {
    if (load<u32>(at) == hash) {
      const other = <usize>load<u32>(at, 4);
      if (tag(other) == TAG_STRING && string_equal(other, key)) return load<u32>(at, 8);
    }
    at += OBJECT_ENTRY_SIZE;
  }
  return 0;
}

export function value_length(v: usize): i32 {
  if (v == 0) return -1;
  switch (tag(v)) {
    case TAG_ARRAY:
    case TAG_OBJECT:
    case TAG_SET: return word_n(v);
    case TAG_STRING: return rune_count(v);
  }
  return -1;
}

export function scan_open(v: usize): i32 {
  if (v == 0) return 0;
  switch (tag(v)) {
    case TAG_ARRAY: return word_n(v);
    case TAG_OBJECT: sort_object(v); return word_n(v);
    case TAG_SET: sort_set(v); return word_n(v);
  }
  return 0;
}

export function scan_key(v: usize, i: i32): usize {
  switch (tag(v)) {
    case TAG_ARRAY: return number_int(i);
    case TAG_OBJECT: return object_key_at(v, i);
  }
  return set_at(v, i);
}

export function scan_value(v: usize, i: i32): usize {
  switch (tag(v)) {
    case TAG_ARRAY: return array_at(v, i);
    case TAG_OBJECT: return object_value_at(v, i);
  }
  return set_at(v, i);
}

/** A copy of `root` with `value` at `path`, objects made along the way; what is no object on the way is replaced by one. */
export function with_put(root: usize, path: usize, value: usize): usize {
  return put_from(root, path, 0, value);
}

function put_from(root: usize, path: usize, i: i32, value: usize): usize {
  if (i >= word_n(path)) return value;
  const key = array_at(path, i);
  const known = root != 0 && tag(root) == TAG_OBJECT;
  const to = known ? object_copy(root) : object_new();
  object_insert(to, key, put_from(known ? object_get(root, key) : 0, path, i + 1, value));
  return to;
}

/** OPA's data patch: replaces what stands at `path` (an array box) below `base` in place. The last parent must exist. */
export function opa_value_add_path(base: usize, path: usize, value: usize): i32 {
  if (tag(path) != TAG_ARRAY) return OPA_ERR_INVALID_PATH;
  const n = word_n(path);
  if (n == 0) return OPA_ERR_INVALID_PATH;
  let at = base;
  for (let i = 0; i < n - 1; i++) {
    at = value_get(at, array_at(path, i));
    if (at == 0) return OPA_ERR_INVALID_PATH;
  }
  if (tag(at) != TAG_OBJECT) return OPA_ERR_INVALID_TYPE;
  object_insert(at, array_at(path, n - 1), value);
  sort_object(at);
  return OPA_ERR_OK;
}

/** Takes the key at `path` out of its object, in place. */
export function opa_value_remove_path(base: usize, path: usize): i32 {
  if (tag(path) != TAG_ARRAY) return OPA_ERR_INVALID_PATH;
  const n = word_n(path);
  if (n == 0) return OPA_ERR_INVALID_PATH;
  let at = base;
  for (let i = 0; i < n - 1; i++) {
    at = value_get(at, array_at(path, i));
    if (at == 0) return OPA_ERR_INVALID_PATH;
  }
  if (tag(at) != TAG_OBJECT) return OPA_ERR_INVALID_TYPE;
  const without = object_without(at, array_at(path, n - 1));
  store<u64>(at, load<u64>(without));
  store<u64>(at, load<u64>(without, 8), 8);
  sort_object(at);
  return OPA_ERR_OK;
}

/** Nothing is freed one by one. */
export function opa_value_free(v: usize): void {}
