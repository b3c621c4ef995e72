// Types of values: any value in, a boolean or the type's name out. The `is_*` builtins answer false, they never fail.

import { arg, builtin } from "./signature.ts";
import { anyType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { Value } from "../value/value.ts";
import { typeName } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";

function is(type: string): HostBody {
  return ([value]) => typeName(value as Value) === type;
}

const isArrayBody = is("array");
const isBooleanBody = is("boolean");
const isNullBody = is("null");
const isNumberBody = is("number");
const isObjectBody = is("object");
const isSetBody = is("set");
const isStringBody = is("string");
const typeNameBody: HostBody = ([value]) => typeName(value as Value);

// Declarations

const isArrayBuiltin = builtin({
  name: "is_array",
  description: "Tells whether a value is an array.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is an array"),
  examples: [["is_array([])", "true"]],
  categories: ["types"],
  native: true,
  host: isArrayBody,
});

const isBooleanBuiltin = builtin({
  name: "is_boolean",
  description: "Tells whether a value is a boolean.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is a boolean"),
  examples: [["is_boolean(false)", "true"]],
  categories: ["types"],
  native: true,
  host: isBooleanBody,
});

const isNullBuiltin = builtin({
  name: "is_null",
  description: "Tells whether a value is null.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is null"),
  examples: [["is_null(null)", "true"]],
  categories: ["types"],
  native: true,
  host: isNullBody,
});

const isNumberBuiltin = builtin({
  name: "is_number",
  description: "Tells whether a value is a number.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is a number"),
  examples: [["is_number(1)", "true"]],
  categories: ["types"],
  native: true,
  host: isNumberBody,
});

const isObjectBuiltin = builtin({
  name: "is_object",
  description: "Tells whether a value is an object.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is an object"),
  examples: [["is_object({})", "true"]],
  categories: ["types"],
  native: true,
  host: isObjectBody,
});

const isSetBuiltin = builtin({
  name: "is_set",
  description: "Tells whether a value is a set.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is a set"),
  examples: [["is_set(set())", "true"]],
  categories: ["types"],
  native: true,
  host: isSetBody,
});

const isStringBuiltin = builtin({
  name: "is_string",
  description: "Tells whether a value is a string.",
  args: [arg("x", anyType, "any value")],
  result: arg("result", booleanType, "true when it is a string"),
  examples: [['is_string("")', "true"]],
  categories: ["types"],
  native: true,
  host: isStringBody,
});

const typeNameBuiltin = builtin({
  name: "type_name",
  description: "Names the type of a value.",
  args: [arg("x", anyType, "any value")],
  result: arg("type", stringType, "one of null, boolean, number, string, array, object and set"),
  examples: [["type_name({1})", '"set"']],
  categories: ["types"],
  native: true,
  host: typeNameBody,
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
