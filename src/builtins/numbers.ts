// Builtins of the category `numbers`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin } from "./signature.ts";
import { numberType, stringType } from "../value/type.ts";

// Declarations

const numbersRangeBuiltin = builtin({
  name: "numbers.range",
  description: "Lists the integers from one to another, up or down.",
  args: [arg("a", numberType, "the first"), arg("b", numberType, "the last")],
  result: arg("range", arrayOf(numberType), "all of them, both ends included"),
  examples: [["numbers.range(3, 1)", "[3,2,1]"]],
});

const numbersRangeStepBuiltin = builtin({
  name: "numbers.range_step",
  description: "Lists integers from one to another in steps.",
  args: [
    arg("a", numberType, "the first"),
    arg("b", numberType, "the bound"),
    arg("step", numberType, "size of a step, above zero"),
  ],
  result: arg("range", arrayOf(numberType), "those that the steps meet"),
  examples: [["numbers.range_step(0, 5, 2)", "[0,2,4]"]],
});

const randIntnBuiltin = builtin({
  name: "rand.intn",
  description: "Draws a random integer. Within a query the same seed and bound give the same one.",
  args: [
    arg("str", stringType, "tells draws apart"),
    arg("n", numberType, "bound that the number stays below"),
  ],
  result: arg("y", numberType, "a number from 0 on"),
  examples: [['rand.intn("die", 1)', "0"]],
  nondeterministic: true,
  categories: ["numbers"],
});

export const numbersBuiltins: readonly Builtin[] = [
  numbersRangeBuiltin,
  numbersRangeStepBuiltin,
  randIntnBuiltin,
];
