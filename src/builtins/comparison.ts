// Comparison by the one total order of values (value/compare.ts). Any two values in, a boolean out; nothing is incomparable.

import { arg, builtin, unnamed } from "./signature.ts";
import { anyType, booleanType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { compare } from "../value/compare.ts";
import type { Value } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";

function ordered(holds: (order: number) => boolean): HostBody {
  return ([x, y]) => holds(compare(x as Value, y as Value));
}

const equalBody = ordered((order) => order === 0);
const neqBody = ordered((order) => order !== 0);
const ltBody = ordered((order) => order < 0);
const lteBody = ordered((order) => order <= 0);
const gtBody = ordered((order) => order > 0);
const gteBody = ordered((order) => order >= 0);

// Declarations

const equalBuiltin = builtin({
  name: "equal",
  description: "Tells whether two values are the same.",
  args: [arg("x", anyType, "a value"), arg("y", anyType, "the value to hold against it")],
  result: arg("result", booleanType, "true when they are equal"),
  examples: [["1 == 1.0", "true"]],
  infix: "==",
  categories: ["comparison"],
  native: true,
  host: equalBody,
});

const neqBuiltin = builtin({
  name: "neq",
  description: "Tells whether two values differ.",
  args: [arg("x", anyType, "a value"), arg("y", anyType, "the value to hold against it")],
  result: arg("result", booleanType, "true when they are not equal"),
  examples: [['1 != "1"', "true"]],
  infix: "!=",
  categories: ["comparison"],
  native: true,
  host: neqBody,
});

const ltBuiltin = builtin({
  name: "lt",
  description: "Tells whether one value stands before another in the order of values.",
  args: [arg("x", anyType, "a value"), arg("y", anyType, "the value to hold against it")],
  result: arg("result", booleanType, "true when `x` comes first"),
  examples: [
    ["1 < 2", "true"],
    ['1 < "a"', "true"],
  ],
  infix: "<",
  categories: ["comparison"],
  native: true,
  host: ltBody,
});

const lteBuiltin = builtin({
  name: "lte",
  description: "Tells whether one value does not stand after another in the order of values.",
  args: [arg("x", anyType, "a value"), arg("y", anyType, "the value to hold against it")],
  result: arg("result", booleanType, "true when `x` comes first or is equal"),
  examples: [["2 <= 2", "true"]],
  infix: "<=",
  categories: ["comparison"],
  native: true,
  host: lteBody,
});

const gtBuiltin = builtin({
  name: "gt",
  description: "Tells whether one value stands after another in the order of values.",
  args: [arg("x", anyType, "a value"), arg("y", anyType, "the value to hold against it")],
  result: arg("result", booleanType, "true when `x` comes last"),
  examples: [["3 > 2", "true"]],
  infix: ">",
  categories: ["comparison"],
  native: true,
  host: gtBody,
});

const gteBuiltin = builtin({
  name: "gte",
  description: "Tells whether one value does not stand before another in the order of values.",
  args: [arg("x", anyType, "a value"), arg("y", anyType, "the value to hold against it")],
  result: arg("result", booleanType, "true when `x` comes last or is equal"),
  examples: [["[2] >= [1, 5]", "true"]],
  infix: ">=",
  categories: ["comparison"],
  native: true,
  host: gteBody,
});

const assignBuiltin = builtin({
  name: "assign",
  description: "Gives a new variable its value.",
  args: [unnamed(anyType), unnamed(anyType)],
  result: unnamed(booleanType),
  examples: [["[x | x := 1]", "[1]"]],
  infix: ":=",
  compiled: true,
});

const eqBuiltin = builtin({
  name: "eq",
  description: "Unifies two terms: compares what is known and binds what is not.",
  args: [unnamed(anyType), unnamed(anyType)],
  result: unnamed(booleanType),
  examples: [["[y | [1, y] = [1, 2]]", "[2]"]],
  infix: "=",
  compiled: true,
});

export const comparisonBuiltins: readonly Builtin[] = [
  equalBuiltin,
  neqBuiltin,
  ltBuiltin,
  lteBuiltin,
  gtBuiltin,
  gteBuiltin,
  assignBuiltin,
  eqBuiltin,
];
