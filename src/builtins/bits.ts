// Builtins of the category `bits`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, builtin } from "./signature.ts";
import { numberType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const bitsAndBuiltin = builtin({
  name: "bits.and",
  description: "Keeps the bits that two integers have in common.",
  args: [arg("x", numberType, "an integer"), arg("y", numberType, "another integer")],
  result: arg("z", numberType, "the bits in both"),
  examples: [["bits.and(12, 10)", "8"]],
});

const bitsOrBuiltin = builtin({
  name: "bits.or",
  description: "Gathers the bits of two integers.",
  args: [arg("x", numberType, "an integer"), arg("y", numberType, "another integer")],
  result: arg("z", numberType, "the bits in either"),
  examples: [["bits.or(12, 10)", "14"]],
});

const bitsXorBuiltin = builtin({
  name: "bits.xor",
  description: "Keeps the bits in which two integers differ.",
  args: [arg("x", numberType, "an integer"), arg("y", numberType, "another integer")],
  result: arg("z", numberType, "the bits in exactly one"),
  examples: [["bits.xor(12, 10)", "6"]],
});

const bitsNegateBuiltin = builtin({
  name: "bits.negate",
  description: "Flips every bit of an integer.",
  args: [arg("x", numberType, "an integer")],
  result: arg("z", numberType, "its complement"),
  examples: [["bits.negate(5)", "-6"]],
});

const bitsLshBuiltin = builtin({
  name: "bits.lsh",
  description: "Moves the bits of an integer towards the high end.",
  args: [arg("x", numberType, "an integer"), arg("s", numberType, "by how many places")],
  result: arg("z", numberType, "`x` times two to the power of `s`"),
  examples: [["bits.lsh(1, 4)", "16"]],
});

const bitsRshBuiltin = builtin({
  name: "bits.rsh",
  description: "Moves the bits of an integer towards the low end; what falls off is lost.",
  args: [arg("x", numberType, "an integer"), arg("s", numberType, "by how many places")],
  result: arg("z", numberType, "`x` divided by two to the power of `s`, rounded down"),
  examples: [["bits.rsh(16, 2)", "4"]],
});

export const bitsBuiltins: readonly Builtin[] = [
  bitsAndBuiltin,
  bitsOrBuiltin,
  bitsXorBuiltin,
  bitsNegateBuiltin,
  bitsLshBuiltin,
  bitsRshBuiltin,
];
