// Builtins of the category `internal`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arrayOf, builtin, unnamed } from "./signature.ts";
import { anyType, booleanType, stringType } from "../value/type.ts";

// Declarations

const internalMember2Builtin = builtin({
  name: "internal.member_2",
  description: "Tells whether a collection holds a value: what `x in xs` becomes.",
  args: [unnamed(anyType), unnamed(anyType)],
  result: unnamed(booleanType),
  examples: [["1 in [1]", "true"]],
  infix: "in",
});

const internalMember3Builtin = builtin({
  name: "internal.member_3",
  description: "Tells whether a collection holds a value under a key: what `k, v in xs` becomes.",
  args: [unnamed(anyType), unnamed(anyType), unnamed(anyType)],
  result: unnamed(booleanType),
  examples: [['("a", 1 in {"a": 1})', "true"]],
  infix: "in",
});

const internalTemplateStringBuiltin = builtin({
  name: "internal.template_string",
  description: "Joins the parts of a template string.",
  args: [unnamed(arrayOf(anyType))],
  result: unnamed(stringType),
  examples: [['$"a{1}"', '"a1"']],
});

const internalTestCaseBuiltin = builtin({
  name: "internal.test_case",
  description: "Marks the cases of a test; does nothing else.",
  args: [unnamed(arrayOf(anyType))],
  result: undefined,
  examples: [],
});

export const internalBuiltins: readonly Builtin[] = [
  internalMember2Builtin,
  internalMember3Builtin,
  internalTemplateStringBuiltin,
  internalTestCaseBuiltin,
];
