// Builtins of the category `sets`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, builtin, setOf, unnamed } from "./signature.ts";
import { anyType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const andBuiltin = builtin({
  name: "and",
  description: "Intersects two sets.",
  args: [arg("x", setOf(anyType), "a set"), arg("y", setOf(anyType), "another set")],
  result: arg("z", setOf(anyType), "the members of both"),
  examples: [["{1, 2} & {2, 3}", "[2]"]],
  infix: "&",
  categories: ["sets"],
});

const orBuiltin = builtin({
  name: "or",
  description: "Unites two sets.",
  args: [arg("x", setOf(anyType), "a set"), arg("y", setOf(anyType), "another set")],
  result: arg("z", setOf(anyType), "the members of either"),
  examples: [["{1} | {2}", "[1,2]"]],
  infix: "|",
  categories: ["sets"],
});

const intersectionBuiltin = builtin({
  name: "intersection",
  description: "Intersects all sets of a set.",
  args: [arg("xs", setOf(setOf(anyType)), "the sets")],
  result: arg("y", setOf(anyType), "what is in every one of them"),
  examples: [["intersection({{1, 2}, {2, 3}})", "[2]"]],
  categories: ["sets"],
});

const unionBuiltin = builtin({
  name: "union",
  description: "Unites all sets of a set.",
  args: [arg("xs", setOf(setOf(anyType)), "the sets")],
  result: arg("y", setOf(anyType), "what is in any of them"),
  examples: [["union({{1}, {2, 3}})", "[1,2,3]"]],
  categories: ["sets"],
});

const setDiffBuiltin = builtin({
  name: "set_diff",
  description: "Takes the members of one set out of another.",
  args: [unnamed(setOf(anyType)), unnamed(setOf(anyType))],
  result: unnamed(setOf(anyType)),
  examples: [["set_diff({1, 2}, {2})", "[1]"]],
  deprecated: true,
});

export const setsBuiltins: readonly Builtin[] = [
  andBuiltin,
  orBuiltin,
  intersectionBuiltin,
  unionBuiltin,
  setDiffBuiltin,
];
