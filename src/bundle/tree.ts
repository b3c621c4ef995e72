// Documents put together from files: a value under a path, two objects in one. Values in, new Values out; where two files say
// different things about one place there is no result.

import { emptyObject, object } from "../value/object.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isObject } from "../value/value.ts";

/** `{a: {b: value}}` for `[a, b]`; undefined when the path is empty and the value is no object. */
export function nest(path: readonly string[], value: Value): RegoObject | undefined {
  let nested = value;
  for (const key of [...path].reverse()) nested = object([[key, nested]]);
  return isObject(nested) ? nested : undefined;
}

/** Both in one; undefined where both hold the same key and not both hold an object there. */
export function merge(a: RegoObject, b: RegoObject): RegoObject | undefined {
  if (a.size === 0) return b;
  if (b.size === 0) return a;
  const entries = [...a.entries()].map(([key, value]): [Value, Value] => [key, value]);
  for (const [key, value] of b.entries()) {
    const known = a.get(key);
    if (known === undefined) entries.push([key, value]);
    else {
      const both = isObject(known) && isObject(value) ? merge(known, value) : undefined;
      if (both === undefined) return undefined;
      // The last entry of a key wins in `object`.
      entries.push([key, both]);
    }
  }
  return object(entries);
}

/** The value at a path of keys; array elements by decimal index. */
export function lookup(root: Value, path: readonly string[]): Value | undefined {
  let node: Value | undefined = root;
  for (const key of path) {
    if (node === undefined) return undefined;
    if (isObject(node)) node = node.get(key);
    else if (isArray(node)) node = /^(0|[1-9]\d*)$/.test(key) ? node[Number(key)] : undefined;
    else return undefined;
  }
  return node;
}

/** Only what lies under the given roots. */
export function restrict(data: RegoObject, roots: readonly string[]): RegoObject {
  if (roots.includes("")) return data;
  let kept: RegoObject = emptyObject;
  for (const root of roots) {
    const path = root.split("/");
    const value = lookup(data, path);
    const nested = value === undefined ? undefined : nest(path, value);
    if (nested !== undefined) kept = merge(kept, nested) ?? kept;
  }
  return kept;
}
