// What operators and template strings are rewritten to. Never written in policies by hand.

import { arrayOf, builtin, unnamed } from "./signature.ts";
import { anyType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { PolicyError } from "../error.ts";
import { equal } from "../value/compare.ts";
import type { Value } from "../value/value.ts";
import { isArray, isObject, isSet } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { combinations } from "./cross-product.ts";
import { member } from "./lookup.ts";
import { arrayOperand } from "./operand.ts";

const internalMember2Body: HostBody = ([needle, haystack]) => {
  const [value, collection] = [needle as Value, haystack as Value];
  if (isSet(collection)) return collection.has(value);
  if (isArray(collection)) return collection.some((element) => equal(element, value));
  if (isObject(collection)) return [...collection.entries()].some(([, element]) => equal(element, value));
  return false;
};

const internalMember3Body: HostBody = ([key, value, haystack]) => {
  const found = member(haystack, key as Value);
  return found !== undefined && equal(found, value as Value);
};

const internalTemplateStringBody: HostBody = ([parts]) => {
  const rows = combinations(arrayOperand(parts, 1));
  if (rows.length > 1) {
    throw new PolicyError("eval_conflict_error", "template-strings must not produce multiple outputs");
  }
  return (rows[0] ?? []).join("");
};

const internalTestCaseBody: HostBody = () => true;

// Declarations

const internalMember2Builtin = builtin({
  name: "internal.member_2",
  description: "Tells whether a collection holds a value: what `x in xs` becomes.",
  args: [unnamed(anyType), unnamed(anyType)],
  result: unnamed(booleanType),
  examples: [["1 in [1]", "true"]],
  infix: "in",
  native: true,
  host: internalMember2Body,
});

const internalMember3Builtin = builtin({
  name: "internal.member_3",
  description: "Tells whether a collection holds a value under a key: what `k, v in xs` becomes.",
  args: [unnamed(anyType), unnamed(anyType), unnamed(anyType)],
  result: unnamed(booleanType),
  examples: [['("a", 1 in {"a": 1})', "true"]],
  infix: "in",
  native: true,
  host: internalMember3Body,
});

const internalTemplateStringBuiltin = builtin({
  name: "internal.template_string",
  description: "Joins the parts of a template string.",
  args: [unnamed(arrayOf(anyType))],
  result: unnamed(stringType),
  examples: [['$"a{1}"', '"a1"']],
  native: true,
  host: internalTemplateStringBody,
});

const internalTestCaseBuiltin = builtin({
  name: "internal.test_case",
  description: "Marks the cases of a test; does nothing else.",
  args: [unnamed(arrayOf(anyType))],
  result: undefined,
  examples: [],
  host: internalTestCaseBody,
});

export const internalBuiltins: readonly Builtin[] = [
  internalMember2Builtin,
  internalMember3Builtin,
  internalTemplateStringBuiltin,
  internalTestCaseBuiltin,
];
