// Ranges of integers, and random ones. Numbers in, arrays and numbers out; randomness comes from the context and is kept for the query.

import { arg, arrayOf, builtin } from "./signature.ts";
import { numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { integer } from "../value/number.ts";
import type { Value } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { bigIntOperand, failure, int64Operand, stringOperand } from "./operand.ts";

/** OPA runs until it is cancelled; nothing here may fill the memory. */
const RANGE_LIMIT = 10_000_000n;

function range(from: bigint, to: bigint, step: bigint): Value {
  const size = (from <= to ? to - from : from - to) / step + 1n;
  if (size > RANGE_LIMIT) throw failure("range has too many numbers");
  const by = from <= to ? step : -step;
  return Array.from({ length: Number(size) }, (_, i) => integer(from + by * BigInt(i)));
}

const numbersRangeBody: HostBody = ([a, b]) => range(bigIntOperand(a, 1), bigIntOperand(b, 2), 1n);

const numbersRangeStepBody: HostBody = ([a, b, by]) => {
  const [from, to, step] = [bigIntOperand(a, 1), bigIntOperand(b, 2), bigIntOperand(by, 3)];
  // The doubled name is OPA's.
  if (step <= 0n) throw failure("numbers.range_step: step must be a positive integer");
  return range(from, to, step);
};

const randIntnBody: HostBody = ([seed, bound], context) => {
  const text = stringOperand(seed, 1);
  const given = int64Operand(bound, 2);
  if (given === 0n) return integer(0);
  const below = given < 0n ? -given : given;
  const key = `rand.intn ${text}-${below}`;
  const known = context.cache.get(key);
  if (known !== undefined) return known as Value;
  const result = integer(drawBelow(below, (length) => context.random(length)));
  context.cache.set(key, result);
  return result;
};

/** Evenly distributed: draws that would favour small numbers are thrown away. */
function drawBelow(bound: bigint, random: (length: number) => Uint8Array): bigint {
  const span = 1n << 64n;
  const fair = span - (span % bound);
  for (;;) {
    let value = 0n;
    for (const byte of random(8)) value = (value << 8n) | BigInt(byte);
    if (value < fair) return value % bound;
  }
}

// Declarations

const numbersRangeBuiltin = builtin({
  name: "numbers.range",
  description: "Lists the integers from one to another, up or down.",
  args: [arg("a", numberType, "the first"), arg("b", numberType, "the last")],
  result: arg("range", arrayOf(numberType), "all of them, both ends included"),
  examples: [["numbers.range(3, 1)", "[3,2,1]"]],
  native: true,
  host: numbersRangeBody,
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
  native: true,
  host: numbersRangeStepBody,
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
  host: randIntnBody,
});

export const numbersBuiltins: readonly Builtin[] = [
  numbersRangeBuiltin,
  numbersRangeStepBuiltin,
  randIntnBuiltin,
];
