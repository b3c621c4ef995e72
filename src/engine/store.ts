// The base documents under a policy. In: a whole document, or changes to it. Out: the document to load and the change of each instance.
// A change list is applied completely or not at all; arrays and objects are never changed in place.

import { PolicyError } from "../error.ts";
import { decode, fromPlain } from "../value/json.ts";
import { emptyObject, object } from "../value/object.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isObject } from "../value/value.ts";
import type { Document } from "./instance.ts";

/** One change, as delta bundles have it. `path` holds unescaped keys; `upsert` makes missing objects on the way. */
export interface DataPatch {
  readonly op: "upsert" | "replace" | "remove";
  readonly path: readonly string[];
  readonly value?: Document;
}

export class Store {
  #document: Document;
  #value: Value | undefined;

  constructor(document: Document) {
    this.#document = document;
  }

  /** What an instance loads. */
  get document(): Document {
    return this.#document;
  }

  /** The data, decoded when it is first asked for. */
  get value(): Value {
    this.#value ??= readDocument(this.#document);
    return this.#value;
  }

  /** A store with the changes applied. Throws `storage_not_found_error` or `invalid_parameter`; this store stays as it is. */
  patched(patches: readonly DataPatch[]): Store {
    const value = patches.reduce(applyPatch, this.value);
    const store = new Store({ value });
    store.#value = value;
    return store;
  }
}

export function readDocument(document: Document): Value {
  return "json" in document ? decode(document.json) : fromPlain(document.value);
}

export function applyPatch(root: Value, patch: DataPatch): Value {
  if (patch.op === "remove") {
    if (patch.path.length === 0)
      throw new PolicyError("invalid_parameter", "the root document cannot be removed");
    return change(root, patch.path, 0, patch.op, undefined);
  }
  if (patch.value === undefined)
    throw new PolicyError("invalid_parameter", `patch \`${patch.op}\` has no value`);
  const value = readDocument(patch.value);
  if (patch.path.length > 0) return change(root, patch.path, 0, patch.op, value);
  if (!isObject(value)) throw new PolicyError("invalid_parameter", "the root document must be an object");
  return value;
}

function change(
  at: Value,
  path: readonly string[],
  depth: number,
  op: DataPatch["op"],
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
  op: DataPatch["op"],
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

function notFound(path: readonly string[]): PolicyError {
  return new PolicyError("storage_not_found_error", `path \`/${path.join("/")}\` does not exist in data`);
}
