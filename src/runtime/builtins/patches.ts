// Bodies of json.filter, json.remove and json.patch: a document and paths (JSON pointers or arrays of keys) or operations in, a changed
// copy out. Operands are never changed. Error texts are OPA's; where OPA's tell about earlier operations, they show the document as it is.
import { ADDRESS_NULL, TAG_ARRAY, TAG_NULL, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "../abi";
import { array_append, array_at, array_new, array_slice } from "../array";
import { buffer_open, buffer_string, put_byte, put_i64, put_string, put_text } from "../buffer";
import { sort_object, sort_set, value_equal } from "../compare";
import { failure_pending } from "../failure";
import { int64_of, int64_ok, int64_text } from "../number";
import { object_copy, object_get, object_insert, object_key_at, object_new, object_value_at, object_without } from "../object";
import { put_rego } from "../rego-dump";
import { set_add, set_at, set_get, set_new } from "../set";
import { number_int, string_at, string_of, tag, type_name, word_a, word_n } from "../value";
import {
  builtin_error, builtin_error_about, builtin_error_close, builtin_error_open, is_array, is_object, operand_close, operand_error,
  operand_open,
} from "./operand";

/** One segment of a JSON pointer: `~1` is a slash, then `~0` a tilde. */
function segment(at: usize, length: i32): usize {
  let escaped = false;
  for (let i = 0; i < length; i++) if (load<u8>(at + i) == 0x7e) escaped = true;
  if (!escaped) return string_at(at, length, 0);
  const saved = buffer_open(<usize>length + 4);
  let i = 0;
  while (i < length) {
    const c = <i32>load<u8>(at + i);
    const next = i + 1 < length ? <i32>load<u8>(at + i + 1) : 0;
    if (c == 0x7e && (next == 0x30 || next == 0x31)) {
      // Slashes are restored before tildes: `~01` is `~1`.
      put_byte(next == 0x31 ? 0x2f : 0x7e);
      i += 2;
    } else {
      put_byte(c);
      i++;
    }
  }
  return buffer_string(saved);
}

/** A path as an array of keys, or 0 after a failure. */
function path_of(name: string, v: usize): usize {
  if (tag(v) == TAG_ARRAY) return v;
  if (tag(v) != TAG_STRING) {
    const saved = operand_open(name, 2);
    put_text("must be one of {set, array} containing string paths or array of path segments but got ");
    put_text(type_name(v));
    return operand_close(saved);
  }
  const path = array_new(4);
  const n = word_n(v);
  if (n == 0) return path;
  const at = word_a(v);
  let from = 0;
  while (from < n && load<u8>(at + from) == 0x2f) from++;
  for (let i = from; i <= n; i++) {
    if (i < n && load<u8>(at + i) != 0x2f) continue;
    array_append(path, segment(at + from, i - from));
    from = i + 1;
  }
  return path;
}

/** Paths as a tree of objects whose leaves are null; 0 after a failure. */
function tree_of(name: string, paths: usize): usize {
  const list = tag(paths) == TAG_ARRAY;
  if (!list && tag(paths) != TAG_SET) return operand_error(name, 2, paths, "one of {set, array}");
  if (!list) sort_set(paths);
  const root = object_new();
  for (let i = 0; i < word_n(paths); i++) {
    const path = path_of(name, list ? array_at(paths, i) : set_at(paths, i));
    if (path == 0) return 0;
    plant(root, path);
  }
  return root;
}

function plant(root: usize, path: usize): void {
  const n = word_n(path);
  let node = root;
  for (let i = 0; i < n - 1; i++) {
    let child = object_get(node, array_at(path, i));
    if (child == 0) {
      child = object_new();
      object_insert(node, array_at(path, i), child);
    }
    if (tag(child) == TAG_NULL) return;
    node = child;
  }
  if (n > 0) object_insert(node, array_at(path, n - 1), ADDRESS_NULL);
}

function index_key(i: i32): usize {
  const saved = buffer_open(12);
  put_i64(i);
  return buffer_string(saved);
}

/** v without what the tree names; 0 if v itself is named. */
function removed(v: usize, tree: usize): usize {
  if (tree == 0) return v;
  if (tag(tree) == TAG_NULL) return 0;
  const n = word_n(v);
  switch (tag(v)) {
    case TAG_OBJECT: {
      sort_object(v);
      const to = object_new();
      for (let i = 0; i < n; i++) {
        const rest = removed(object_value_at(v, i), object_get(tree, object_key_at(v, i)));
        if (rest != 0) object_insert(to, object_key_at(v, i), rest);
      }
      return to;
    }
    case TAG_SET: {
      sort_set(v);
      const to = set_new();
      for (let i = 0; i < n; i++) {
        const rest = removed(set_at(v, i), object_get(tree, set_at(v, i)));
        if (rest != 0) set_add(to, rest);
      }
      return to;
    }
    case TAG_ARRAY: {
      const to = array_new(n);
      for (let i = 0; i < n; i++) {
        const rest = removed(array_at(v, i), object_get(tree, index_key(i)));
        if (rest != 0) array_append(to, rest);
      }
      return to;
    }
  }
  return v;
}

export function builtin_json_remove(object: usize, paths: usize): usize {
  if (!is_object("json.remove", 1, object)) return 0;
  const tree = tree_of("json.remove", paths);
  return tree == 0 ? 0 : removed(object, tree);
}

/** What the tree names of v. */
function filtered(v: usize, tree: usize): usize {
  if (tag(tree) == TAG_NULL) return v;
  const n = word_n(v);
  switch (tag(v)) {
    case TAG_OBJECT: {
      sort_object(v);
      const to = object_new();
      for (let i = 0; i < n; i++) {
        const branch = object_get(tree, object_key_at(v, i));
        if (branch != 0) object_insert(to, object_key_at(v, i), filtered(object_value_at(v, i), branch));
      }
      return to;
    }
    case TAG_SET: {
      sort_set(v);
      const to = set_new();
      for (let i = 0; i < n; i++) {
        const branch = object_get(tree, set_at(v, i));
        if (branch != 0) set_add(to, filtered(set_at(v, i), branch));
      }
      return to;
    }
    case TAG_ARRAY: {
      const to = array_new(n);
      for (let i = 0; i < n; i++) {
        const branch = object_get(tree, index_key(i));
        if (branch != 0) array_append(to, filtered(array_at(v, i), branch));
      }
      return to;
    }
  }
  return v;
}

export function builtin_json_filter(object: usize, paths: usize): usize {
  if (!is_object("json.filter", 1, object)) return 0;
  const tree = tree_of("json.filter", paths);
  return tree == 0 ? 0 : filtered(object, tree);
}

const NAME = "json.patch";

/** `json.patch: BEFOREvBETWEENw` */
function patch_error(before: string, v: usize, between: string, w: usize): usize {
  const saved = builtin_error_open(NAME);
  put_text(before);
  put_rego(v);
  put_text(between);
  if (w != 0) put_rego(w);
  return builtin_error_close(saved);
}

function go_type(v: usize): string {
  switch (tag(v)) {
    case TAG_NULL: return "ast.Null)";
    case TAG_NUMBER: return "ast.Number)";
    case TAG_STRING: return "ast.String)";
  }
  return "ast.Boolean)";
}

function not_composite(key: usize, v: usize): usize {
  const saved = builtin_error_open(NAME);
  put_text("expected composite type");
  if (key != 0) {
    put_text(" for path ");
    put_rego(key);
  }
  put_text(", found value: ");
  put_rego(v);
  put_text(" (type: ");
  put_text(go_type(v));
  return builtin_error_close(saved);
}

/** Index of an array of this length that a key stands for; -1 after a failure. Beyond what int32 holds it is out of any bounds. */
function index_of(length: i32, key: usize): i32 {
  let i: i64 = 0;
  if (tag(key) == TAG_NUMBER) {
    i = int64_of(key);
    if (!int64_ok) {
      builtin_error(NAME, "invalid number type for indexing");
      return -1;
    }
  } else if (tag(key) == TAG_STRING) {
    const at = word_a(key);
    const n = word_n(key);
    if (n == 1 && load<u8>(at) == 0x2d) return length;
    i = int64_text(at, n);
    if (!int64_ok) {
      builtin_error(NAME, "invalid string for indexing");
      return -1;
    }
    if (n > 1 && load<u8>(at) == 0x30) {
      builtin_error(NAME, "leading zeros are not allowed in JSON paths");
      return -1;
    }
  } else {
    builtin_error(NAME, "invalid type for indexing");
    return -1;
  }
  return i < 0 || i > 0x7ffffff0 ? 0x7ffffff0 : <i32>i;
}

const INSERT = 0;
const DELETE = 1;

/** A copy of `v` with the operation done at the end of the path, or 0 after a failure. */
function changed(v: usize, path: usize, i: i32, operation: i32, value: usize): usize {
  const key = array_at(path, i);
  if (i == word_n(path) - 1) return operation == INSERT ? inserted(v, key, value) : deleted(v, key);
  const child = child_of(v, key);
  if (child == 0) return 0;
  const fresh = changed(child, path, i + 1, operation, value);
  if (fresh == 0) return 0;
  switch (tag(v)) {
    case TAG_OBJECT: {
      const to = object_copy(v);
      object_insert(to, key, fresh);
      return to;
    }
    case TAG_SET: {
      const to = set_new();
      for (let j = 0; j < word_n(v); j++) set_add(to, value_equal(set_at(v, j), key) ? fresh : set_at(v, j));
      return to;
    }
  }
  const to = array_slice(v, 0, word_n(v));
  store<u32>(word_a(to) + (<usize>index_of(word_n(v), key) << 2), <u32>fresh);
  return to;
}

/** What stands under a key on the way, or 0 after a failure. */
function child_of(v: usize, key: usize): usize {
  switch (tag(v)) {
    case TAG_OBJECT: {
      const child = object_get(v, key);
      return child != 0 ? child : patch_error("path ", key, " does not exist in object term ", v);
    }
    case TAG_SET: {
      const child = set_get(v, key);
      if (child != 0) return child;
      // OPA prints the path as a reference here, whose first string has no quotes.
      if (tag(key) != TAG_STRING) return patch_error("path ", key, " does not exist in set term ", v);
      const saved = builtin_error_open(NAME);
      put_text("path ");
      put_string(key);
      put_text(" does not exist in set term ");
      put_rego(v);
      return builtin_error_close(saved);
    }
    case TAG_ARRAY: {
      const i = index_of(word_n(v), key);
      if (i < 0) return 0;
      return i < word_n(v) ? array_at(v, i) : patch_error("path ", number_int(i), " does not exist in array term ", v);
    }
  }
  return not_composite(key, v);
}

function inserted(v: usize, key: usize, value: usize): usize {
  switch (tag(v)) {
    case TAG_OBJECT: {
      const to = object_copy(v);
      object_insert(to, key, value);
      return to;
    }
    case TAG_SET: {
      if (!value_equal(key, value)) return patch_error("set key ", key, " does not equal value to be inserted ", value);
      const to = set_new();
      for (let j = 0; j < word_n(v); j++) set_add(to, set_at(v, j));
      set_add(to, value);
      return to;
    }
    case TAG_ARRAY: {
      const n = word_n(v);
      const i = index_of(n, key);
      if (i < 0) return 0;
      if (i > n) return builtin_error(NAME, "index for array insertion out of bounds");
      const to = array_new(n + 1);
      for (let j = 0; j <= n; j++) {
        if (j == i) array_append(to, value);
        if (j < n) array_append(to, array_at(v, j));
      }
      return to;
    }
  }
  return not_composite(0, v);
}

function deleted(v: usize, key: usize): usize {
  switch (tag(v)) {
    case TAG_OBJECT:
      if (object_get(v, key) == 0) return patch_error("cannot delete child key ", key, " that does not exist", 0);
      return object_without(v, key);
    case TAG_SET: {
      if (set_get(v, key) == 0) return patch_error("cannot delete child key ", key, " that does not exist", 0);
      const to = set_new();
      for (let j = 0; j < word_n(v); j++) if (!value_equal(set_at(v, j), key)) set_add(to, set_at(v, j));
      return to;
    }
    case TAG_ARRAY: {
      const n = word_n(v);
      const i = index_of(n, key);
      if (i < 0) return 0;
      if (i >= n) return builtin_error(NAME, "index for array delete out of bounds");
      const to = array_new(n);
      for (let j = 0; j < n; j++) if (j != i) array_append(to, array_at(v, j));
      return to;
    }
  }
  return not_composite(0, v);
}

/** The document after an insertion; 0 after a failure. */
function insert_at(root: usize, path: usize, value: usize): usize {
  if (word_n(path) == 0) return value;
  if (root == 0) return gone(word_n(path), "insert");
  return changed(root, path, 0, INSERT, value);
}

/** The document after a deletion: 0 where the whole of it was deleted, or after a failure. */
function delete_at(root: usize, path: usize): usize {
  if (root == 0) return gone(word_n(path), "delete");
  return word_n(path) == 0 ? 0 : changed(root, path, 0, DELETE, 0);
}

function gone(depth: i32, operation: string): usize {
  if (depth > 1) return builtin_error(NAME, "nil value encountered where composite value was expected");
  return builtin_error(NAME, operation == "insert" ? "deleted node encountered during insert operation" : "deleted node encountered during delete operation");
}

/** What stands at a path, or 0 after a failure. */
function read_at(root: usize, path: usize): usize {
  if (root == 0) return builtin_error(NAME, "nil value encountered where composite value was expected");
  let v = root;
  for (let i = 0; i < word_n(path) && v != 0; i++) v = child_of(v, array_at(path, i));
  return v;
}

function attribute(operation: usize, name: string): usize {
  return object_get(operation, string_of(name));
}

function missing(name: string): usize {
  const saved = builtin_error_open(NAME);
  put_text("missing required attribute '");
  put_text(name);
  put_byte(0x27);
  return builtin_error_close(saved);
}

function is_named(v: usize, name: string): bool {
  return value_equal(v, string_of(name)) != 0;
}

/** One operation on the document; a failure is pending if it could not be done. */
function apply(root: usize, operation: usize, op: usize, path: usize): usize {
  const value = attribute(operation, "value");
  if (is_named(op, "add")) return value == 0 ? missing("value") : insert_at(root, path, value);
  if (is_named(op, "remove")) return delete_at(root, path);
  if (is_named(op, "replace")) {
    const rest = delete_at(root, path);
    if (failure_pending()) return 0;
    return value == 0 ? missing("value") : insert_at(rest, path, value);
  }
  if (is_named(op, "test")) {
    const found = read_at(root, path);
    if (found == 0) return 0;
    if (value == 0) return missing("value");
    return value_equal(found, value) ? root : patch_error("value from EditTree != patch value.\n\nExpected: ", value, "\n\nFound: ", found);
  }
  const move = is_named(op, "move");
  if (!move && !is_named(op, "copy")) return builtin_error_about(NAME, "unrecognized op: '", op, "'");
  const from = attribute(operation, "from");
  if (from == 0) return missing("from");
  const source = path_of(NAME, from);
  if (source == 0) return 0;
  const found = read_at(root, source);
  if (found == 0) return 0;
  const rest = move ? delete_at(root, source) : root;
  return failure_pending() ? 0 : insert_at(rest, path, found);
}

export function builtin_json_patch(v: usize, operations: usize): usize {
  if (!is_array(NAME, 2, operations)) return 0;
  let root = v;
  for (let i = 0; i < word_n(operations); i++) {
    const operation = array_at(operations, i);
    if (tag(operation) != TAG_OBJECT) {
      return builtin_error(NAME, "must be an array of JSON-Patch objects, but at least one element is not an object");
    }
    const pointer = attribute(operation, "path");
    if (pointer == 0) return missing("path");
    const op = attribute(operation, "op");
    if (op == 0) return missing("op");
    if (tag(op) != TAG_STRING) {
      const saved = builtin_error_open(NAME);
      put_text("attribute 'op' must be a string but found: ");
      put_text(type_name(op));
      return builtin_error_close(saved);
    }
    const path = path_of(NAME, pointer);
    if (path == 0) return 0;
    root = apply(root, operation, op, path);
    if (failure_pending()) return 0;
  }
  return root;
}
