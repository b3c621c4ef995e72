// Changes to base documents as Values: what modules of other compilers get, whose data is patched by its host. In: a document and a change. Out: the
// changed document; arrays and objects are never changed in place. Throws `storage_not_found_error`.

import { PolicyError } from "../error.ts";
import { emptyObject, object } from "../value/object.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isObject } from "../value/value.ts";
import type { Change } from "./changes.ts";

export function applyChange(root: Value, { op, path, value }: Change): Value {
  return path.length === 0 && value !== undefined ? value : change(root, path, 0, op, value);
}

function change(
  at: Value,
  path: readonly string[],
  depth: number,
  op: Change["op"],
  value: Value | undefined,
): Value {
  const key = path[depth]!;
  const last = depth === path.length - 1;
  if (isArray(at)) return changeArray(at, path, depth, op, value);
  if (!isObject(at)) throw notFound(path);
  const child = at.get(key);
  if (child === undefined && (op !== "upsert" || value === undefined)) throw notFound(path);
  if (last) return withKey(at, key, value);
  return withKey(at, key, change(child ?? emptyObject, path, depth + 1, op, value));
}

function changeArray(
  at: readonly Value[],
  path: readonly string[],
  depth: number,
  op: Change["op"],
  value: Value | undefined,
): Value {
  const key = path[depth]!;
  const last = depth === path.length - 1;
  if (last && op === "upsert" && key === "-") return [...at, value!];
  const index = /^(0|[1-9][0-9]*)$/.test(key) ? Number(key) : -1;
  const bound = last && op === "upsert" ? at.length : at.length - 1;
  if (index < 0 || index > bound) throw notFound(path);
  if (!last) return at.with(index, change(at[index]!, path, depth + 1, op, value));
  if (op === "replace") return at.with(index, value!);
  return op === "upsert" ? at.toSpliced(index, 0, value!) : at.toSpliced(index, 1);
}

/** The object with a key set, or without it. */
function withKey(at: RegoObject, key: string, value: Value | undefined): RegoObject {
  const entries: [Value, Value][] = [];
  let found = false;
  for (const [name, member] of at.entries()) {
    if (name !== key) entries.push([name, member]);
    else {
      found = true;
      if (value !== undefined) entries.push([name, value]);
    }
  }
  if (!found && value !== undefined) entries.push([key, value]);
  return object(entries);
}

export function notFound(path: readonly string[]): PolicyError {
  return new PolicyError("storage_not_found_error", `path \`/${path.join("/")}\` does not exist in data`);
}

/** A patch in terms of objects only: above an array the whole array is put. Undefined where only a reload will do. */
export function changeOfObjects(
  root: Value,
  change: Change,
): { path: readonly string[]; value: Value | undefined } | undefined {
  const path: string[] = [];
  let at: Value = root;
  for (const key of change.path) {
    if (!isObject(at)) break;
    path.push(key);
    const child = at.get(key);
    // Missing in the patched document: this is what was removed.
    if (child === undefined) return { path, value: undefined };
    at = child;
  }
  return path.length === 0 ? undefined : { path, value: at };
}
