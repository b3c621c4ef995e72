// Changes of a base document in place, in time that does not grow with the document. In: the document, a path (array box of texts), what to do,
// a value that nothing else holds. Out: a code of abi.ts. A change that does not fit changes nothing. Never called while an evaluation runs.
import {
  BOX_SIZE, NUMBER_INT, OBJECT_ENTRY_SIZE, PATCH_ABSORBED, PATCH_COUNTED, PATCH_DEPTH_SHIFT, PATCH_NOT_FOUND, PATCH_PUT, PATCH_REMOVE,
  PATCH_REPLACE, PATCH_SHIFTED, PATCH_UPSERT, TAG_ARRAY, TAG_NUMBER, TAG_OBJECT,
} from "./abi";
import { array_append, array_at } from "./array";
import { value_hash } from "./compare";
import { copy } from "./memory";
import { object_append, object_find, object_new, object_take } from "./object";
import { flags, tag, word_a, word_n } from "./value";

/** How deep the collection lies in which the last change was made: the number of keys before the one that was put or taken. */
export let patch_depth: i32 = 0;

/** The index that a text names in an array, or -1. */
function index_of(text: usize): i32 {
  const length = word_n(text);
  const at = word_a(text);
  if (length == 0 || length > 9 || (length > 1 && load<u8>(at) == 0x30)) return -1;
  let n = 0;
  for (let i = 0; i < length; i++) {
    const digit = <i32>load<u8>(at + i) - 0x30;
    if (<u32>digit > 9) return -1;
    n = n * 10 + digit;
  }
  return n;
}

/** The text is `-`: behind the last element. */
function is_end(text: usize): bool {
  return word_n(text) == 1 && load<u8>(word_a(text)) == 0x2d;
}

/** The word that holds the value under a key, or 0. */
function word_of(v: usize, key: usize): usize {
  if (tag(v) == TAG_OBJECT) {
    if (word_n(v) == 0) return 0;
    const entry = object_find(v, key, value_hash(key));
    return entry == 0 ? 0 : entry + 8;
  }
  if (tag(v) != TAG_ARRAY) return 0;
  const i = index_of(key);
  return i < 0 || i >= word_n(v) ? 0 : word_a(v) + (<usize>i << 2);
}

/** The number of what stands under a key of a collection: there is something. */
export function element_number(v: usize, key: usize): i32 {
  const word = word_of(v, key);
  if (tag(v) == TAG_ARRAY) return <i32>((word - word_a(v)) >> 2);
  return <i32>((word - word_a(v)) / OBJECT_ENTRY_SIZE);
}

export function data_patch(root: usize, path: usize, op: i32, value: usize): i32 {
  const code = change(root, path, op, value);
  return code | (patch_depth << PATCH_DEPTH_SHIFT);
}

function change(root: usize, path: usize, op: i32, value: usize): i32 {
  const last = word_n(path) - 1;
  let at = root;
  for (let i = 0; i < last; i++) {
    const word = word_of(at, array_at(path, i));
    if (word == 0) {
      if (op != PATCH_UPSERT || tag(at) != TAG_OBJECT) return PATCH_NOT_FOUND;
      patch_depth = i;
      append(at, array_at(path, i), nest(path, i + 1, value));
      return PATCH_COUNTED;
    }
    at = load<u32>(word);
  }
  patch_depth = last;
  const key = array_at(path, last);
  if (tag(at) == TAG_ARRAY) return patch_array(at, key, op, value);
  if (tag(at) != TAG_OBJECT) return PATCH_NOT_FOUND;
  const word = word_of(at, key);
  if (word != 0) {
    if (op != PATCH_REMOVE) return put(word, value);
    object_take(at, word - 8);
    return PATCH_COUNTED;
  }
  if (op != PATCH_UPSERT) return PATCH_NOT_FOUND;
  append(at, key, value);
  return PATCH_COUNTED;
}

/** An integer over an integer takes no memory: no two places of a base document share a box of a number. */
function put(word: usize, value: usize): i32 {
  const old = <usize>load<u32>(word);
  if (tag(old) == TAG_NUMBER && tag(value) == TAG_NUMBER && (flags(old) & flags(value) & NUMBER_INT) != 0) {
    copy(old, value, BOX_SIZE);
    return PATCH_ABSORBED;
  }
  store<u32>(word, <u32>value);
  return PATCH_PUT;
}

function append(object: usize, key: usize, value: usize): void {
  object_append(object, value_hash(key), key, value);
}

/** The objects that are missing on the way, with the value in the innermost. */
function nest(path: usize, from: i32, value: usize): usize {
  let v = value;
  for (let i = word_n(path) - 1; i >= from; i--) {
    const object = object_new();
    append(object, array_at(path, i), v);
    v = object;
  }
  return v;
}

function patch_array(array: usize, key: usize, op: i32, value: usize): i32 {
  const count = word_n(array);
  const i = op == PATCH_UPSERT && is_end(key) ? count : index_of(key);
  if (i < 0 || i > count || (i == count && op != PATCH_UPSERT)) return PATCH_NOT_FOUND;
  let elements = word_a(array);
  if (op == PATCH_REPLACE) return put(elements + (<usize>i << 2), value);
  if (op == PATCH_REMOVE) {
    for (let at = i; at < count - 1; at++) {
      const word = elements + (<usize>at << 2);
      store<u32>(word, load<u32>(word, 4));
    }
    store<i32>(array, count - 1, 4);
    return PATCH_SHIFTED;
  }
  array_append(array, value);
  elements = word_a(array);
  for (let at = count; at > i; at--) {
    const word = elements + (<usize>at << 2);
    store<u32>(word, load<u32>(word - 4));
  }
  store<u32>(elements + (<usize>i << 2), <u32>value);
  return PATCH_SHIFTED;
}
