// Builtins of the category `json`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin, objectOf, setOf } from "./signature.ts";
import { anyOf, anyType, dynamicProperty, objectType, property, stringType } from "../value/type.ts";

// Declarations

const jsonFilterBuiltin = builtin({
  name: "json.filter",
  description: "Keeps only the parts of an object that some paths lead to.",
  args: [
    arg("object", objectOf(anyType, anyType), "object to pick from"),
    arg(
      "paths",
      anyOf(arrayOf(anyOf(stringType, arrayOf(anyType))), setOf(anyOf(stringType, arrayOf(anyType)))),
      "paths as `a/b` or as arrays of keys",
    ),
  ],
  result: arg("filtered", objectOf(anyType, anyType), "the object with those parts only"),
  examples: [['json.filter({"a": {"b": 1, "c": 2}}, ["a/b"])', '{"a":{"b":1}}']],
  categories: ["object"],
});

const jsonRemoveBuiltin = builtin({
  name: "json.remove",
  description: "Drops the parts of an object that some paths lead to.",
  args: [
    arg("object", objectOf(anyType, anyType), "object to take from"),
    arg(
      "paths",
      anyOf(arrayOf(anyOf(stringType, arrayOf(anyType))), setOf(anyOf(stringType, arrayOf(anyType)))),
      "paths as `a/b` or as arrays of keys",
    ),
  ],
  result: arg("output", objectOf(anyType, anyType), "the object without those parts"),
  examples: [['json.remove({"a": {"b": 1, "c": 2}}, ["a/b"])', '{"a":{"c":2}}']],
  categories: ["object"],
});

const jsonPatchBuiltin = builtin({
  name: "json.patch",
  description:
    "Applies JSON Patch operations (RFC 6902) in order, all or none. In a set, the path of a member is the member itself.",
  args: [
    arg("target", anyType, "value to change"),
    arg(
      "patches",
      arrayOf(
        objectType(
          [property("op", stringType), property("path", anyType)],
          dynamicProperty(anyType, anyType),
        ),
      ),
      "the operations",
    ),
  ],
  result: arg("output", anyType, "the changed value"),
  examples: [['json.patch({"a": 1}, [{"op": "add", "path": "/b", "value": 2}])', '{"a":1,"b":2}']],
  categories: ["object"],
});

export const jsonBuiltins: readonly Builtin[] = [jsonFilterBuiltin, jsonRemoveBuiltin, jsonPatchBuiltin];
