// Builtins of the category `arrays`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, arrayOf, builtin } from "./signature.ts";
import { anyType, numberType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const arrayConcatBuiltin = builtin({
  name: "array.concat",
  description: "Puts one array behind another.",
  args: [arg("x", arrayOf(anyType), "what comes first"), arg("y", arrayOf(anyType), "what follows")],
  result: arg("z", arrayOf(anyType), "both in one array"),
  examples: [["array.concat([1], [2, 3])", "[1,2,3]"]],
});

const arrayFlattenBuiltin = builtin({
  name: "array.flatten",
  description: "Replaces arrays within an array by their elements, one level deep.",
  args: [arg("arr", arrayOf(anyType), "array with arrays in it")],
  result: arg("flattened", arrayOf(anyType), "the array, one level flatter"),
  examples: [["array.flatten([1, [2, [3]]])", "[1,2,[3]]"]],
});

const arrayReverseBuiltin = builtin({
  name: "array.reverse",
  description: "Turns an array round.",
  args: [arg("arr", arrayOf(anyType), "array to turn round")],
  result: arg("rev", arrayOf(anyType), "its elements from last to first"),
  examples: [["array.reverse([1, 2, 3])", "[3,2,1]"]],
});

const arraySliceBuiltin = builtin({
  name: "array.slice",
  description: "Cuts a piece out of an array. Bounds outside the array are moved to its ends.",
  args: [
    arg("arr", arrayOf(anyType), "array to cut from"),
    arg("start", numberType, "index of the first element taken"),
    arg("stop", numberType, "index of the first element not taken any more"),
  ],
  result: arg("slice", arrayOf(anyType), "the piece"),
  examples: [["array.slice([1, 2, 3, 4], 1, 3)", "[2,3]"]],
});

export const arraysBuiltins: readonly Builtin[] = [
  arrayConcatBuiltin,
  arrayFlattenBuiltin,
  arrayReverseBuiltin,
  arraySliceBuiltin,
];
