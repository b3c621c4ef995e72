// Steps, insertions and removals at a path, each giving a new value: what json.patch is made of. Values and paths in, values out;
// failures carry the words of OPA's edit tree. An undefined value stands for a root that was removed.

import { equal } from "../value/compare.ts";
import { toInt64 } from "../value/arithmetic.ts";
import { object } from "../value/object.ts";
import { set } from "../value/set.ts";
import { termText } from "../value/text.ts";
import type { Value } from "../value/value.ts";
import { isArray, isNumber, isObject, isSet } from "../value/value.ts";
import { failure } from "./operand.ts";

/** Position in an array: a number, or its plain decimal text; `-` is the end. */
function position(length: number, key: Value): number {
  if (key === "-") return length;
  if (isNumber(key)) {
    const int = toInt64(key);
    if (int === undefined) throw failure("invalid number type for indexing");
    return Number(int);
  }
  if (typeof key !== "string") throw failure("invalid type for indexing");
  if (!/^[+-]?\d+$/.test(key)) throw failure("invalid string for indexing");
  if (key !== "0" && key.startsWith("0")) throw failure("leading zeros are not allowed in JSON paths");
  return Number(key);
}

function goType(value: Value): string {
  if (value === null) return "ast.Null";
  if (typeof value === "boolean") return "ast.Boolean";
  return typeof value === "string" ? "ast.String" : "ast.Number";
}

/** One step down. Throws when there is nothing. */
export function stepInto(value: Value | undefined, key: Value): Value {
  if (value === undefined) throw failure("nil value encountered where composite value was expected");
  if (isArray(value)) {
    const index = position(value.length, key);
    const found = value[index];
    if (found === undefined) throw failure(`path ${index} does not exist in array term ${termText(value)}`);
    return found;
  }
  if (isObject(value)) {
    const found = value.get(key);
    if (found === undefined)
      throw failure(`path ${termText(key)} does not exist in object term ${termText(value)}`);
    return found;
  }
  if (isSet(value)) {
    if (value.has(key)) return key;
    // OPA prints the path as a reference here, whose first string has no quotes.
    const path = typeof key === "string" ? key : termText(key);
    throw failure(`path ${path} does not exist in set term ${termText(value)}`);
  }
  throw failure(
    `expected composite type for path ${termText(key)}, found value: ${termText(value)} (type: ${goType(value)})`,
  );
}

/** The value with `child` put where `key` leads; in a set, in the place of `key`. */
function withChild(value: Value, key: Value, child: Value): Value {
  if (isArray(value)) return value.with(position(value.length, key), child);
  if (isObject(value)) return object([...value.entries(), [key, child]]);
  if (isSet(value)) return set([...[...value.values()].filter((member) => !equal(member, key)), child]);
  return value;
}

function changeAt(
  value: Value | undefined,
  path: readonly Value[],
  change: (at: Value, key: Value) => Value,
): Value {
  const [key, ...rest] = path as readonly [Value, ...Value[]];
  if (rest.length > 0) {
    const inner = stepInto(value, key);
    return withChild(value as Value, key, changeAt(inner, rest, change));
  }
  if (value === undefined) throw failure("deleted node encountered during insert operation");
  return change(value, key);
}

export function insertAt(value: Value | undefined, path: readonly Value[], added: Value): Value {
  if (path.length === 0) return added;
  return changeAt(value, path, (at, key) => {
    if (isArray(at)) {
      const index = position(at.length, key);
      if (index < 0 || index > at.length) throw failure("index for array insertion out of bounds");
      return at.toSpliced(index, 0, added);
    }
    if (isObject(at)) return object([...at.entries(), [key, added]]);
    if (isSet(at)) {
      if (equal(key, added)) return set([...at.values(), added]);
      throw failure(`set key ${termText(key)} does not equal value to be inserted ${termText(added)}`);
    }
    throw failure(`expected composite type, found value: ${termText(at)} (type: ${goType(at)})`);
  });
}

export function removeAt(value: Value | undefined, path: readonly Value[]): Value | undefined {
  if (path.length === 0) {
    if (value === undefined) throw failure("deleted node encountered during delete operation");
    return undefined;
  }
  return changeAt(value, path, (at, key) => {
    if (isArray(at)) {
      const index = position(at.length, key);
      if (index < 0 || index >= at.length) throw failure("index for array delete out of bounds");
      return at.toSpliced(index, 1);
    }
    if (isObject(at) || isSet(at)) {
      if (!at.has(key)) throw failure(`cannot delete child key ${termText(key)} that does not exist`);
      if (isSet(at)) return set([...at.values()].filter((member) => !equal(member, key)));
      return object([...at.entries()].filter(([name]) => !equal(name, key)));
    }
    throw failure(`expected composite type, found value: ${termText(at)} (type: ${goType(at)})`);
  });
}
