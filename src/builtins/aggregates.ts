// Aggregates over arrays and sets (`count` also over objects and strings). Collections in, one value out; `max` and `min` of nothing
// are undefined, never an error.

import { arg, arrayOf, builtin, objectOf, setOf, unnamed } from "./signature.ts";
import { anyOf, anyType, booleanType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { compare } from "../value/compare.ts";
import { integer } from "../value/number.ts";
import { addFloats, fromFloat, multiplyFloats, toBigInt, toFloat } from "../value/arithmetic.ts";
import type { RegoNumber, Value } from "../value/value.ts";
import { isArray, isNumber } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { members, wrongElement, wrongType } from "./operand.ts";

function collection(value: Value | undefined, ...expected: readonly string[]): readonly Value[] {
  const list = members(value);
  if (list === undefined) throw wrongType(1, value, ...expected);
  return list;
}

/** Length in code points. */
export function characterCount(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

const countBody: HostBody = ([value]) => {
  if (typeof value === "string") return integer(characterCount(value));
  const list = members(value);
  if (list !== undefined) return integer(list.length);
  if (typeof value === "object" && value !== null && !isArray(value) && value.kind === "object")
    return integer(value.size);
  throw wrongType(1, value, "array", "object", "set", "string");
};

/** Integers are gathered exactly; one fraction turns the whole into floats, in OPA's order of steps. */
function gather(start: bigint, whole: (x: bigint, y: bigint) => bigint, broken: typeof addFloats): HostBody {
  return ([value]) => {
    const list = collection(value, "set", "array");
    let exact: bigint | undefined = start;
    for (const member of list) {
      const int: bigint | undefined = isNumber(member) ? toBigInt(member) : undefined;
      exact = int === undefined || exact === undefined ? undefined : whole(exact, int);
      if (exact === undefined) break;
    }
    if (exact !== undefined) return integer(exact);
    let total = toFloat(integer(start));
    for (const member of list) {
      if (!isNumber(member)) throw wrongElement(1, value as Value, member, "number");
      total = broken(total, toFloat(member as RegoNumber));
    }
    return fromFloat(total);
  };
}

const sumBody = gather(0n, (x, y) => x + y, addFloats);
/** OPA begins a product with a float64, and each step keeps its width. */
const productBody = gather(
  1n,
  (x, y) => x * y,
  (x, y) => multiplyFloats(x, y, 53),
);

function extreme(wins: (order: number) => boolean): HostBody {
  return ([value]) => {
    let best: Value | undefined;
    for (const member of collection(value, "set", "array")) {
      if (best === undefined || wins(compare(member, best))) best = member;
    }
    return best;
  };
}

// Of equal ones (`1`, `1.0`) the last of an array wins, as in OPA.
const maxBody = extreme((order) => order >= 0);
const minBody = extreme((order) => order <= 0);

const sortBody: HostBody = ([value]) => [...collection(value, "set", "array")].sort(compare);

const allBody: HostBody = ([value]) => collection(value, "array", "set").every((member) => member === true);
const anyBody: HostBody = ([value]) => collection(value, "array", "set").some((member) => member === true);

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
  native: true,
  host: countBody,
});

const sumBuiltin = builtin({
  name: "sum",
  description: "Adds up numbers.",
  args: [arg("collection", anyOf(arrayOf(numberType), setOf(numberType)), "the numbers")],
  result: arg("n", numberType, "their sum, 0 for none"),
  examples: [["sum([1, 2, 3])", "6"]],
  categories: ["aggregates"],
  native: true,
  host: sumBody,
});

const productBuiltin = builtin({
  name: "product",
  description: "Multiplies numbers.",
  args: [arg("collection", anyOf(arrayOf(numberType), setOf(numberType)), "the numbers")],
  result: arg("n", numberType, "their product, 1 for none"),
  examples: [["product([2, 3, 4])", "24"]],
  categories: ["aggregates"],
  native: true,
  host: productBody,
});

const maxBuiltin = builtin({
  name: "max",
  description: "Picks the last value in the order of values; there is none in an empty collection.",
  args: [arg("collection", anyOf(arrayOf(anyType), setOf(anyType)), "the candidates")],
  result: arg("n", anyType, "the greatest of them"),
  examples: [["max([1, 3, 2])", "3"]],
  categories: ["aggregates"],
  native: true,
  host: maxBody,
});

const minBuiltin = builtin({
  name: "min",
  description: "Picks the first value in the order of values; there is none in an empty collection.",
  args: [arg("collection", anyOf(arrayOf(anyType), setOf(anyType)), "the candidates")],
  result: arg("n", anyType, "the least of them"),
  examples: [["min([2, 1, 3])", "1"]],
  categories: ["aggregates"],
  native: true,
  host: minBody,
});

const sortBuiltin = builtin({
  name: "sort",
  description: "Puts values in the order of values.",
  args: [arg("collection", anyOf(arrayOf(anyType), setOf(anyType)), "what is sorted")],
  result: arg("n", arrayOf(anyType), "an array in ascending order"),
  examples: [["sort([3, 1, 2])", "[1,2,3]"]],
  categories: ["aggregates"],
  native: true,
  host: sortBody,
});

const allBuiltin = builtin({
  name: "all",
  description: "Tells whether every element is `true`.",
  args: [unnamed(anyOf(arrayOf(anyType), setOf(anyType)))],
  result: unnamed(booleanType),
  examples: [["all([true, true])", "true"]],
  deprecated: true,
  native: true,
  host: allBody,
});

const anyBuiltin = builtin({
  name: "any",
  description: "Tells whether some element is `true`.",
  args: [unnamed(anyOf(arrayOf(anyType), setOf(anyType)))],
  result: unnamed(booleanType),
  examples: [["any([false, true])", "true"]],
  deprecated: true,
  native: true,
  host: anyBody,
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
