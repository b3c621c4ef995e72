// Builtins of the category `objects`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin, objectOf, setOf } from "./signature.ts";
import { anyOf, anyType, booleanType } from "../value/type.ts";

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
});

const objectKeysBuiltin = builtin({
  name: "object.keys",
  description: "Collects the keys of an object.",
  args: [arg("object", objectOf(anyType, anyType), "the object")],
  result: arg("value", setOf(anyType), "the set of its keys"),
  examples: [['object.keys({"a": 1, "b": 2})', '["a","b"]']],
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
});

const objectUnionNBuiltin = builtin({
  name: "object.union_n",
  description: "Merges any number of objects deeply; where they disagree, the later one wins.",
  args: [arg("objects", arrayOf(objectOf(anyType, anyType)), "the objects, in order")],
  result: arg("output", objectOf(anyType, anyType), "all in one object"),
  examples: [['object.union_n([{"a": 1}, {"b": 2}, {"a": 3}])', '{"a":3,"b":2}']],
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
