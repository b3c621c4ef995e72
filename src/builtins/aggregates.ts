// Builtins of the category `aggregates`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, arrayOf, builtin, objectOf, setOf, unnamed } from "./signature.ts";
import { anyOf, anyType, booleanType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const countBuiltin = builtin({
  name: "count",
  description: "Counts the elements of a collection, or the characters of a string.",
  args: [
    arg(
      "collection",
      anyOf(stringType, arrayOf(anyType), objectOf(anyType, anyType), setOf(anyType)),
      "what is counted",
    ),
  ],
  result: arg("n", numberType, "how many there are"),
  examples: [
    ["count({1, 2})", "2"],
    ['count("日本")', "2"],
  ],
  categories: ["aggregates"],
});

const sumBuiltin = builtin({
  name: "sum",
  description: "Adds up numbers.",
  args: [arg("collection", anyOf(arrayOf(numberType), setOf(numberType)), "the numbers")],
  result: arg("n", numberType, "their sum, 0 for none"),
  examples: [["sum([1, 2, 3])", "6"]],
  categories: ["aggregates"],
});

const productBuiltin = builtin({
  name: "product",
  description: "Multiplies numbers.",
  args: [arg("collection", anyOf(arrayOf(numberType), setOf(numberType)), "the numbers")],
  result: arg("n", numberType, "their product, 1 for none"),
  examples: [["product([2, 3, 4])", "24"]],
  categories: ["aggregates"],
});

const maxBuiltin = builtin({
  name: "max",
  description: "Picks the last value in the order of values; there is none in an empty collection.",
  args: [arg("collection", anyOf(arrayOf(anyType), setOf(anyType)), "the candidates")],
  result: arg("n", anyType, "the greatest of them"),
  examples: [["max([1, 3, 2])", "3"]],
  categories: ["aggregates"],
});

const minBuiltin = builtin({
  name: "min",
  description: "Picks the first value in the order of values; there is none in an empty collection.",
  args: [arg("collection", anyOf(arrayOf(anyType), setOf(anyType)), "the candidates")],
  result: arg("n", anyType, "the least of them"),
  examples: [["min([2, 1, 3])", "1"]],
  categories: ["aggregates"],
});

const sortBuiltin = builtin({
  name: "sort",
  description: "Puts values in the order of values.",
  args: [arg("collection", anyOf(arrayOf(anyType), setOf(anyType)), "what is sorted")],
  result: arg("n", arrayOf(anyType), "an array in ascending order"),
  examples: [["sort([3, 1, 2])", "[1,2,3]"]],
  categories: ["aggregates"],
});

const allBuiltin = builtin({
  name: "all",
  description: "Tells whether every element is `true`.",
  args: [unnamed(anyOf(arrayOf(anyType), setOf(anyType)))],
  result: unnamed(booleanType),
  examples: [["all([true, true])", "true"]],
  deprecated: true,
});

const anyBuiltin = builtin({
  name: "any",
  description: "Tells whether some element is `true`.",
  args: [unnamed(anyOf(arrayOf(anyType), setOf(anyType)))],
  result: unnamed(booleanType),
  examples: [["any([false, true])", "true"]],
  deprecated: true,
});

export const aggregatesBuiltins: readonly Builtin[] = [
  countBuiltin,
  sumBuiltin,
  productBuiltin,
  maxBuiltin,
  minBuiltin,
  sortBuiltin,
  allBuiltin,
  anyBuiltin,
];
