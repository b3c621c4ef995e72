// Objects: objects in, new objects out; nothing is changed in place.

import { arg, arrayOf, builtin, objectOf, setOf } from "./signature.ts";
import { anyOf, anyType, booleanType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { compare, equal } from "../value/compare.ts";
import { object } from "../value/object.ts";
import { set } from "../value/set.ts";
import type { RegoObject, RegoSet, Value } from "../value/value.ts";
import { isArray, isObject, isSet } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { member } from "./lookup.ts";
import { arrayOperand, members, objectOperand, typeFailure, wrongElement, wrongType } from "./operand.ts";

function keysOperand(value: Value | undefined, position: number): RegoSet {
  if (value !== undefined && isSet(value)) return value;
  if (value !== undefined && isObject(value)) return set(value.keys());
  const list = members(value);
  if (list === undefined) throw wrongType(position, value, "object", "set", "array");
  return set(list);
}

function picking(keep: (inKeys: boolean) => boolean): HostBody {
  return ([x, keys]) => {
    const source = objectOperand(x, 1);
    const chosen = keysOperand(keys, 2);
    return object([...source.entries()].filter(([key]) => keep(chosen.has(key))));
  };
}

const objectFilterBody = picking((inKeys) => inKeys);
const objectRemoveBody = picking((inKeys) => !inKeys);

const objectGetBody: HostBody = ([x, path, fallback]) => {
  const source = objectOperand(x, 1);
  if (!isArray(path as Value)) return source.get(path as Value) ?? fallback;
  let at: Value | undefined = source;
  for (const key of path as readonly Value[]) {
    at = member(at, key);
    if (at === undefined) return fallback;
  }
  return at;
};

const objectKeysBody: HostBody = ([x]) => set(objectOperand(x, 1).keys());

/** `b` laid over `a`; where both hold objects, these are merged likewise. */
export function merge(a: RegoObject, b: RegoObject): RegoObject {
  const entries = [...a.entries()];
  for (const [key, value] of b.entries()) {
    const old = a.get(key);
    const both = old !== undefined && isObject(old) && isObject(value);
    entries.push([key, both ? merge(old, value) : value]);
  }
  return object(entries);
}

const objectUnionBody: HostBody = ([x, y]) => {
  const [a, b] = [objectOperand(x, 1), objectOperand(y, 2)];
  return compare(a, b) === 0 ? a : merge(a, b);
};

const objectUnionNBody: HostBody = ([xs]) => {
  let result: RegoObject = object([]);
  for (const next of arrayOperand(xs, 1)) {
    if (!isObject(next)) throw wrongElement(1, xs as Value, next, "object");
    result = merge(result, next);
  }
  return result;
};

const objectSubsetBody: HostBody = ([outer, inner]) => {
  const [a, b] = [outer as Value, inner as Value];
  const answer = within(a, b);
  if (answer !== undefined) return answer;
  if (isArray(a) && isSet(b)) return b.size === 0 ? a.length > 0 : a.some(countingDown(b));
  throw typeFailure("both arguments object.subset must be of the same type or array and set");
};

/** OPA counts matches of an array's elements, so that doubled ones count twice. */
function countingDown(wanted: RegoSet): (element: Value) => boolean {
  let missing = wanted.size;
  return (element) => {
    if (wanted.has(element)) missing--;
    return missing === 0;
  };
}

/** Undefined when the two are no pair of objects, sets or arrays. */
function within(a: Value, b: Value): boolean | undefined {
  if (isObject(a) && isObject(b)) {
    for (const [key, value] of b.entries()) {
      const other = a.get(key);
      if (other === undefined || !(equal(value, other) || within(other, value) === true)) return false;
    }
    return true;
  }
  if (isSet(a) && isSet(b)) return [...b.values()].every((value) => a.has(value));
  if (isArray(a) && isArray(b)) return runWithin(a, b);
  return undefined;
}

function runWithin(a: readonly Value[], b: readonly Value[]): boolean {
  if (b.length > a.length) return false;
  for (let start = 0; start + b.length <= a.length; start++) {
    if (b.every((value, i) => equal(a[start + i] as Value, value))) return true;
  }
  return false;
}

// Declarations

const objectFilterBuiltin = builtin({
  name: "object.filter",
  description: "Keeps some keys of an object.",
  args: [
    arg("object", objectOf(anyType, anyType), "object to pick from"),
    arg(
      "keys",
      anyOf(arrayOf(anyType), objectOf(anyType, anyType), setOf(anyType)),
      "the keys to keep; of an object, its keys",
    ),
  ],
  result: arg("filtered", objectOf(anyType, anyType), "the object with those keys only"),
  examples: [['object.filter({"a": 1, "b": 2}, ["a"])', '{"a":1}']],
  native: true,
  host: objectFilterBody,
});

const objectGetBuiltin = builtin({
  name: "object.get",
  description: "Looks up a key, or a path of keys, in an object.",
  args: [
    arg("object", objectOf(anyType, anyType), "object to look into"),
    arg("key", anyType, "a key, or an array of keys to follow"),
    arg("default", anyType, "what to answer when nothing stands there"),
  ],
  result: arg("value", anyType, "what stands there, or the default"),
  examples: [
    ['object.get({"a": {"b": 1}}, ["a", "b"], 0)', "1"],
    ['object.get({}, "a", 0)', "0"],
  ],
  native: true,
  host: objectGetBody,
});

const objectKeysBuiltin = builtin({
  name: "object.keys",
  description: "Collects the keys of an object.",
  args: [arg("object", objectOf(anyType, anyType), "the object")],
  result: arg("value", setOf(anyType), "the set of its keys"),
  examples: [['object.keys({"a": 1, "b": 2})', '["a","b"]']],
  native: true,
  host: objectKeysBody,
});

const objectRemoveBuiltin = builtin({
  name: "object.remove",
  description: "Drops some keys of an object.",
  args: [
    arg("object", objectOf(anyType, anyType), "object to take from"),
    arg(
      "keys",
      anyOf(arrayOf(anyType), objectOf(anyType, anyType), setOf(anyType)),
      "the keys to drop; of an object, its keys",
    ),
  ],
  result: arg("output", objectOf(anyType, anyType), "the object without them"),
  examples: [['object.remove({"a": 1, "b": 2}, {"a"})', '{"b":2}']],
  native: true,
  host: objectRemoveBody,
});

const objectSubsetBuiltin = builtin({
  name: "object.subset",
  description:
    "Tells whether one collection lies within another: objects deeply, sets by members, an array as an unbroken run.",
  args: [
    arg(
      "super",
      anyOf(arrayOf(anyType), objectOf(anyType, anyType), setOf(anyType)),
      "what should hold the other",
    ),
    arg("sub", anyOf(arrayOf(anyType), objectOf(anyType, anyType), setOf(anyType)), "what should lie within"),
  ],
  result: arg("result", booleanType, "true when `sub` is part of `super`"),
  examples: [
    ['object.subset({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 2}})', "true"],
    ["object.subset([1, 2, 3], [2, 3])", "true"],
  ],
  native: true,
  host: objectSubsetBody,
});

const objectUnionBuiltin = builtin({
  name: "object.union",
  description: "Merges two objects deeply; where they disagree, the second wins.",
  args: [
    arg("a", objectOf(anyType, anyType), "an object"),
    arg("b", objectOf(anyType, anyType), "the object laid over it"),
  ],
  result: arg("output", objectOf(anyType, anyType), "both in one object"),
  examples: [['object.union({"a": {"b": 1}}, {"a": {"c": 2}})', '{"a":{"b":1,"c":2}}']],
  native: true,
  host: objectUnionBody,
});

const objectUnionNBuiltin = builtin({
  name: "object.union_n",
  description: "Merges any number of objects deeply; where they disagree, the later one wins.",
  args: [arg("objects", arrayOf(objectOf(anyType, anyType)), "the objects, in order")],
  result: arg("output", objectOf(anyType, anyType), "all in one object"),
  examples: [['object.union_n([{"a": 1}, {"b": 2}, {"a": 3}])', '{"a":3,"b":2}']],
  native: true,
  host: objectUnionNBody,
});

export const objectsBuiltins: readonly Builtin[] = [
  objectFilterBuiltin,
  objectGetBuiltin,
  objectKeysBuiltin,
  objectRemoveBuiltin,
  objectSubsetBuiltin,
  objectUnionBuiltin,
  objectUnionNBuiltin,
];
