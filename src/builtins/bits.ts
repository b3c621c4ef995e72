// Bits of integers of any size, in two's complement. Numbers in, numbers out; fractions are type errors.

import { arg, builtin } from "./signature.ts";
import { numberType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { integer } from "../value/number.ts";
import type { HostBody } from "./builtin.ts";
import { bigIntOperand, failure, typeFailure } from "./operand.ts";

/** A longer shift would only fill the memory. */
const SHIFT_LIMIT = 1n << 24n;

function ofTwo(calculate: (x: bigint, y: bigint) => bigint): HostBody {
  return ([x, y]) => integer(calculate(bigIntOperand(x, 1), bigIntOperand(y, 2)));
}

const bitsAndBody = ofTwo((x, y) => x & y);
const bitsOrBody = ofTwo((x, y) => x | y);
const bitsXorBody = ofTwo((x, y) => x ^ y);
const bitsNegateBody: HostBody = ([x]) => integer(~bigIntOperand(x, 1));

function shift(move: (x: bigint, by: bigint) => bigint): HostBody {
  return ofTwo((x, by) => {
    if (by < 0n) throw typeFailure("operand 2 must be an unsigned integer number but got a negative integer");
    return move(x, by);
  });
}

const bitsLshBody = shift((x, by) => {
  if (by > SHIFT_LIMIT) throw failure("shift is too large");
  return x << by;
});
const bitsRshBody = shift((x, by) => (by > SHIFT_LIMIT ? (x < 0n ? -1n : 0n) : x >> by));

// Declarations

const bitsAndBuiltin = builtin({
  name: "bits.and",
  description: "Keeps the bits that two integers have in common.",
  args: [arg("x", numberType, "an integer"), arg("y", numberType, "another integer")],
  result: arg("z", numberType, "the bits in both"),
  examples: [["bits.and(12, 10)", "8"]],
  native: true,
  host: bitsAndBody,
});

const bitsOrBuiltin = builtin({
  name: "bits.or",
  description: "Gathers the bits of two integers.",
  args: [arg("x", numberType, "an integer"), arg("y", numberType, "another integer")],
  result: arg("z", numberType, "the bits in either"),
  examples: [["bits.or(12, 10)", "14"]],
  native: true,
  host: bitsOrBody,
});

const bitsXorBuiltin = builtin({
  name: "bits.xor",
  description: "Keeps the bits in which two integers differ.",
  args: [arg("x", numberType, "an integer"), arg("y", numberType, "another integer")],
  result: arg("z", numberType, "the bits in exactly one"),
  examples: [["bits.xor(12, 10)", "6"]],
  native: true,
  host: bitsXorBody,
});

const bitsNegateBuiltin = builtin({
  name: "bits.negate",
  description: "Flips every bit of an integer.",
  args: [arg("x", numberType, "an integer")],
  result: arg("z", numberType, "its complement"),
  examples: [["bits.negate(5)", "-6"]],
  native: true,
  host: bitsNegateBody,
});

const bitsLshBuiltin = builtin({
  name: "bits.lsh",
  description: "Moves the bits of an integer towards the high end.",
  args: [arg("x", numberType, "an integer"), arg("s", numberType, "by how many places")],
  result: arg("z", numberType, "`x` times two to the power of `s`"),
  examples: [["bits.lsh(1, 4)", "16"]],
  native: true,
  host: bitsLshBody,
});

const bitsRshBuiltin = builtin({
  name: "bits.rsh",
  description: "Moves the bits of an integer towards the low end; what falls off is lost.",
  args: [arg("x", numberType, "an integer"), arg("s", numberType, "by how many places")],
  result: arg("z", numberType, "`x` divided by two to the power of `s`, rounded down"),
  examples: [["bits.rsh(16, 2)", "4"]],
  native: true,
  host: bitsRshBody,
});

export const bitsBuiltins: readonly Builtin[] = [
  bitsAndBuiltin,
  bitsOrBuiltin,
  bitsXorBuiltin,
  bitsNegateBuiltin,
  bitsLshBuiltin,
  bitsRshBuiltin,
];
