// Builtins of the category `types`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, builtin } from "./signature.ts";
import { anyType, booleanType, stringType } from "../value/type.ts";

// Declarations

const isArrayBuiltin = builtin({
  name: "is_array",
  description: "Tells whether a value is an array.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is an array"),
  examples: [["is_array([])", "true"]],
  categories: ["types"],
});

const isBooleanBuiltin = builtin({
  name: "is_boolean",
  description: "Tells whether a value is a boolean.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is a boolean"),
  examples: [["is_boolean(false)", "true"]],
  categories: ["types"],
});

const isNullBuiltin = builtin({
  name: "is_null",
  description: "Tells whether a value is null.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is null"),
  examples: [["is_null(null)", "true"]],
  categories: ["types"],
});

const isNumberBuiltin = builtin({
  name: "is_number",
  description: "Tells whether a value is a number.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is a number"),
  examples: [["is_number(1)", "true"]],
  categories: ["types"],
});

const isObjectBuiltin = builtin({
  name: "is_object",
  description: "Tells whether a value is an object.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is an object"),
  examples: [["is_object({})", "true"]],
  categories: ["types"],
});

const isSetBuiltin = builtin({
  name: "is_set",
  description: "Tells whether a value is a set.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is a set"),
  examples: [["is_set(set())", "true"]],
  categories: ["types"],
});

const isStringBuiltin = builtin({
  name: "is_string",
  description: "Tells whether a value is a string.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is a string"),
  examples: [['is_string("")', "true"]],
  categories: ["types"],
});

const typeNameBuiltin = builtin({
  name: "type_name",
  description: "Names the type of a value.",
  args: [arg("x", anyType, "any value")],
  result: arg("type", stringType, "one of null, boolean, number, string, array, object and set"),
  examples: [["type_name({1})", '"set"']],
  categories: ["types"],
});

export const typesBuiltins: readonly Builtin[] = [
  isArrayBuiltin,
  isBooleanBuiltin,
  isNullBuiltin,
  isNumberBuiltin,
  isObjectBuiltin,
  isSetBuiltin,
  isStringBuiltin,
  typeNameBuiltin,
];
