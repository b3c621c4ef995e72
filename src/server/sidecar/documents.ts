// Base documents that clients of the daemon write (OPA Data API): paths and changes in, a new document out, with OPA's storage errors.
// Pure: the caller keeps the document. What bundles own is the caller's to refuse.

import type { ErrorCode, PolicyError } from "../../error.ts";
import { object } from "../../value/object.ts";
import { isArray, isObject, type RegoObject, type Value } from "../../value/value.ts";
import { httpError } from "../http.ts";

export type Operation = "add" | "replace" | "remove";

function storageError(status: number, code: ErrorCode, message: string): PolicyError {
  return httpError(status, code, message);
}

function notFound(hint = "document does not exist"): PolicyError {
  return storageError(404, "resource_not_found", `storage_not_found_error: ${hint}`);
}

function conflict(path: readonly string[]): PolicyError {
  return storageError(404, "resource_conflict", `storage_write_conflict_error: ${pathText(path)}`);
}

function invalidPatch(message: string): PolicyError {
  return storageError(400, "invalid_parameter", `storage_invalid_patch_error: ${message}`);
}

function pathText(path: readonly string[]): string {
  return `/${path.map(encodeURIComponent).join("/")}`;
}

/** The value at a path; throws `resource_not_found`. */
export function readAt(root: Value, path: readonly string[]): Value {
  let node = root;
  for (const key of path) {
    if (isObject(node)) {
      const next = node.get(key);
      if (next === undefined) throw notFound();
      node = next;
    } else if (isArray(node)) node = node[arrayIndex(node, key, path)] as Value;
    else throw notFound();
  }
  return node;
}

export function exists(root: Value, path: readonly string[]): boolean {
  try {
    readAt(root, path);
    return true;
  } catch {
    return false;
  }
}

function arrayIndex(
  array: readonly Value[],
  key: string,
  path: readonly string[],
  max = array.length - 1,
): number {
  if (!/^[+-]?\d{1,15}$/.test(key)) throw notFound(`${pathText(path)}: array index must be integer`);
  const index = Number(key);
  if (index < 0 || index > max) throw notFound(`${pathText(path)}: array index out of range`);
  return index;
}

/** Puts a value at a path, making the objects above it. */
export function put(root: RegoObject, path: readonly string[], value: Value): RegoObject {
  const withParents = exists(root, path) || path.length === 0 ? root : makeObjects(root, path.slice(0, -1));
  return change(withParents, "add", path, value);
}

function makeObjects(root: RegoObject, path: readonly string[]): RegoObject {
  let current = root;
  for (let length = 1; length <= path.length; length++) {
    const here = path.slice(0, length);
    if (!exists(current, here)) {
      const parent = readAt(current, here.slice(0, -1));
      if (!isObject(parent)) throw conflict(here.slice(0, -1));
      current = change(current, "add", here, object([]));
    } else if (!isObject(readAt(current, here)) && length === path.length) throw conflict(here);
  }
  return current;
}

/** One change (RFC 6902 without move, copy and test), as OPA's in-memory store makes it. */
export function change(
  root: RegoObject,
  operation: Operation,
  path: readonly string[],
  value: Value,
): RegoObject {
  if (path.length === 0) {
    if (operation === "remove") throw invalidPatch("root cannot be removed");
    if (!isObject(value)) throw invalidPatch("root must be object");
    return value;
  }
  return changeIn(root, operation, path, 0, value) as RegoObject;
}

function changeIn(
  node: Value,
  operation: Operation,
  path: readonly string[],
  depth: number,
  value: Value,
): Value {
  const key = path[depth] as string;
  const last = depth === path.length - 1;
  if (isObject(node)) {
    const known = node.get(key);
    if (known === undefined && (!last || operation !== "add")) throw notFound();
    if (last && operation === "remove") return object([...node.entries()].filter(([name]) => name !== key));
    const next = last ? value : changeIn(known as Value, operation, path, depth + 1, value);
    return object([...node.entries(), [key, next]]);
  }
  if (isArray(node))
    return last
      ? changeArray(node, operation, path, value)
      : changeElement(node, operation, path, depth, value);
  throw notFound();
}

function changeElement(
  node: readonly Value[],
  operation: Operation,
  path: readonly string[],
  depth: number,
  value: Value,
): Value {
  const index = arrayIndex(node, path[depth] as string, path);
  return node.with(index, changeIn(node[index] as Value, operation, path, depth + 1, value));
}

function changeArray(
  node: readonly Value[],
  operation: Operation,
  path: readonly string[],
  value: Value,
): Value {
  const key = path.at(-1) as string;
  if (key === "-") {
    if (operation !== "add") throw invalidPatch(`${pathText(path)}: invalid patch path`);
    return [...node, value];
  }
  if (operation === "add") return node.toSpliced(arrayIndex(node, key, path, node.length), 0, value);
  const index = arrayIndex(node, key, path);
  return operation === "remove" ? node.toSpliced(index, 1) : node.with(index, value);
}
