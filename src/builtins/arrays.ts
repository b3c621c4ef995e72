// Arrays: arrays in, new arrays out; bounds outside an array are moved to its ends.

import { arg, arrayOf, builtin } from "./signature.ts";
import { anyType, numberType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { Value } from "../value/value.ts";
import { isArray } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { arrayOperand, intOperand } from "./operand.ts";

const arrayConcatBody: HostBody = ([x, y]) => [...arrayOperand(x, 1), ...arrayOperand(y, 2)];

const arrayFlattenBody: HostBody = ([x]) =>
  arrayOperand(x, 1).flatMap((member): readonly Value[] => (isArray(member) ? member : [member]));

const arrayReverseBody: HostBody = ([x]) => arrayOperand(x, 1).toReversed();

const arraySliceBody: HostBody = ([x, start, stop]) => {
  const array = arrayOperand(x, 1);
  const [from, to] = [intOperand(start, 2), intOperand(stop, 3)];
  const end = Math.min(Math.max(to, 0), array.length);
  return array.slice(Math.min(Math.max(from, 0), end), end);
};

// Declarations

const arrayConcatBuiltin = builtin({
  name: "array.concat",
  description: "Puts one array behind another.",
  args: [arg("x", arrayOf(anyType), "what comes first"), arg("y", arrayOf(anyType), "what follows")],
  result: arg("z", arrayOf(anyType), "both in one array"),
  examples: [["array.concat([1], [2, 3])", "[1,2,3]"]],
  native: true,
  host: arrayConcatBody,
});

const arrayFlattenBuiltin = builtin({
  name: "array.flatten",
  description: "Replaces arrays within an array by their elements, one level deep.",
  args: [arg("arr", arrayOf(anyType), "array with arrays in it")],
  result: arg("flattened", arrayOf(anyType), "the array, one level flatter"),
  examples: [["array.flatten([1, [2, [3]]])", "[1,2,[3]]"]],
  native: true,
  host: arrayFlattenBody,
});

const arrayReverseBuiltin = builtin({
  name: "array.reverse",
  description: "Turns an array round.",
  args: [arg("arr", arrayOf(anyType), "array to turn round")],
  result: arg("rev", arrayOf(anyType), "its elements from last to first"),
  examples: [["array.reverse([1, 2, 3])", "[3,2,1]"]],
  native: true,
  host: arrayReverseBody,
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
  native: true,
  host: arraySliceBody,
});

export const arraysBuiltins: readonly Builtin[] = [
  arrayConcatBuiltin,
  arrayFlattenBuiltin,
  arrayReverseBuiltin,
  arraySliceBuiltin,
];
