// Builtins of the category `conversions`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin, objectOf, setOf, unnamed } from "./signature.ts";
import { anyOf, anyType, booleanType, nullType, numberType, stringType } from "../value/type.ts";

// Declarations

const toNumberBuiltin = builtin({
  name: "to_number",
  description: "Makes a number of null, a boolean, or a string that spells one.",
  args: [arg("value", anyOf(nullType, booleanType, numberType, stringType), "what to convert")],
  result: arg("num", numberType, "the number"),
  examples: [
    ['to_number("1.5")', "1.5"],
    ["to_number(true)", "1"],
  ],
  categories: ["conversions"],
});

const castArrayBuiltin = builtin({
  name: "cast_array",
  description: "Makes an array of a set; arrays stay as they are.",
  args: [unnamed(anyType)],
  result: unnamed(arrayOf(anyType)),
  examples: [["cast_array({1, 2})", "[1,2]"]],
  deprecated: true,
});

const castBooleanBuiltin = builtin({
  name: "cast_boolean",
  description: "Passes on a boolean and nothing else.",
  args: [unnamed(anyType)],
  result: unnamed(booleanType),
  examples: [["cast_boolean(true)", "true"]],
  deprecated: true,
});

const castNullBuiltin = builtin({
  name: "cast_null",
  description: "Passes on null and nothing else.",
  args: [unnamed(anyType)],
  result: unnamed(nullType),
  examples: [["cast_null(null)", "null"]],
  deprecated: true,
});

const castObjectBuiltin = builtin({
  name: "cast_object",
  description: "Passes on an object and nothing else.",
  args: [unnamed(anyType)],
  result: unnamed(objectOf(anyType, anyType)),
  examples: [['cast_object({"a": 1})', '{"a":1}']],
  deprecated: true,
});

const castSetBuiltin = builtin({
  name: "cast_set",
  description: "Makes a set of an array; sets stay as they are.",
  args: [unnamed(anyType)],
  result: unnamed(setOf(anyType)),
  examples: [["cast_set([1, 1])", "[1]"]],
  deprecated: true,
});

const castStringBuiltin = builtin({
  name: "cast_string",
  description: "Passes on a string and nothing else.",
  args: [unnamed(anyType)],
  result: unnamed(stringType),
  examples: [['cast_string("a")', '"a"']],
  deprecated: true,
});

export const conversionsBuiltins: readonly Builtin[] = [
  toNumberBuiltin,
  castArrayBuiltin,
  castBooleanBuiltin,
  castNullBuiltin,
  castObjectBuiltin,
  castSetBuiltin,
  castStringBuiltin,
];
