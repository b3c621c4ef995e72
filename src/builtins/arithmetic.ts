// Arithmetic: numbers in, numbers out, integers exact, the rest in OPA's floats (value/number.ts); `minus` also takes sets apart.
// Division by zero and remainders of fractions are failures, never infinities.

import { arg, builtin, setOf } from "./signature.ts";
import { anyOf, anyType, numberType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import {
  absolute,
  add,
  ceil as ceilNumber,
  divide as divideNumbers,
  floor as floorNumber,
  multiply,
  remainder as remainderOf,
  round as roundNumber,
  subtract,
  toBigInt,
} from "../value/arithmetic.ts";
import { set } from "../value/set.ts";
import type { RegoNumber, RegoSet, Value } from "../value/value.ts";
import { isNumber, isSet } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { failure, numberOperand, wrongType } from "./operand.ts";

function ofTwo(calculate: (x: RegoNumber, y: RegoNumber) => RegoNumber): HostBody {
  return ([x, y]) => calculate(numberOperand(x, 1), numberOperand(y, 2));
}

function ofOne(calculate: (x: RegoNumber) => RegoNumber): HostBody {
  return ([x]) => calculate(numberOperand(x, 1));
}

const plusBody = ofTwo(add);
const mulBody = ofTwo(multiply);
const absBody = ofOne(absolute);
const ceilBody = ofOne(ceilNumber);
const floorBody = ofOne(floorNumber);
const roundBody = ofOne(roundNumber);

/** The members of `a` that `b` lacks. */
export function difference(a: RegoSet, b: RegoSet): Value {
  return set([...a.values()].filter((member) => !b.has(member)));
}

const minusBody: HostBody = ([x, y]) => {
  const [a, b] = [x as Value, y as Value];
  if (isNumber(a) && isNumber(b)) return subtract(a, b);
  if (isSet(a) && isSet(b)) return difference(a, b);
  if (!isNumber(a) && !isSet(a)) throw wrongType(1, a, "number", "set");
  throw wrongType(2, b, isNumber(b) ? "set" : "number");
};

const divBody = ofTwo((x, y) => {
  const quotient = divideNumbers(x, y);
  if (quotient === undefined) throw failure("divide by zero");
  return quotient;
});

const remBody = ofTwo((x, y) => {
  const [a, b] = [toBigInt(x), toBigInt(y)];
  if (a === undefined || b === undefined) throw failure("modulo on floating-point number");
  if (b === 0n) throw failure("modulo by zero");
  return remainderOf(a, b);
});

// Declarations

const plusBuiltin = builtin({
  name: "plus",
  description: "Adds two numbers.",
  args: [arg("x", numberType, "a summand"), arg("y", numberType, "the other summand")],
  result: arg("z", numberType, "their sum"),
  examples: [
    ["1 + 2", "3"],
    ["0.1 + 0.2", "0.3"],
  ],
  infix: "+",
  categories: ["numbers"],
  native: true,
  host: plusBody,
});

const minusBuiltin = builtin({
  name: "minus",
  description: "Subtracts a number from a number, or takes the members of one set out of another.",
  args: [
    arg("x", anyOf(numberType, setOf(anyType)), "number or set to start from"),
    arg("y", anyOf(numberType, setOf(anyType)), "number or set to take away"),
  ],
  result: arg("z", anyOf(numberType, setOf(anyType)), "what is left"),
  examples: [
    ["5 - 3", "2"],
    ["{1, 2, 3} - {2}", "[1,3]"],
  ],
  infix: "-",
  categories: ["sets", "numbers"],
  native: true,
  host: minusBody,
});

const mulBuiltin = builtin({
  name: "mul",
  description: "Multiplies two numbers.",
  args: [arg("x", numberType, "a factor"), arg("y", numberType, "the other factor")],
  result: arg("z", numberType, "their product"),
  examples: [
    ["6 * 7", "42"],
    ["4294967296 * 4294967296", "18446744073709551616"],
  ],
  infix: "*",
  categories: ["numbers"],
  native: true,
  host: mulBody,
});

const divBuiltin = builtin({
  name: "div",
  description: "Divides one number by another; there is no answer for a zero divisor.",
  args: [arg("x", numberType, "the dividend"), arg("y", numberType, "the divisor")],
  result: arg("z", numberType, "the quotient"),
  examples: [
    ["6 / 4", "1.5"],
    ["10 / 3", "3.3333333333333333333"],
  ],
  infix: "/",
  categories: ["numbers"],
  native: true,
  host: divBody,
});

const remBuiltin = builtin({
  name: "rem",
  description: "Gives what integer division leaves over, with the sign of the dividend.",
  args: [
    arg("x", numberType, "the dividend, an integer"),
    arg("y", numberType, "the divisor, an integer other than zero"),
  ],
  result: arg("z", numberType, "the remainder"),
  examples: [
    ["7 % 3", "1"],
    ["-7 % 3", "-1"],
  ],
  infix: "%",
  categories: ["numbers"],
  native: true,
  host: remBody,
});

const absBuiltin = builtin({
  name: "abs",
  description: "Drops the sign of a number.",
  args: [arg("x", numberType, "any number")],
  result: arg("y", numberType, "its distance from zero"),
  examples: [["abs(-3)", "3"]],
  categories: ["numbers"],
  native: true,
  host: absBody,
});

const ceilBuiltin = builtin({
  name: "ceil",
  description: "Rounds a number up to an integer.",
  args: [arg("x", numberType, "number to round")],
  result: arg("y", numberType, "the least integer not below `x`"),
  examples: [["ceil(1.2)", "2"]],
  categories: ["numbers"],
  native: true,
  host: ceilBody,
});

const floorBuiltin = builtin({
  name: "floor",
  description: "Rounds a number down to an integer.",
  args: [arg("x", numberType, "number to round")],
  result: arg("y", numberType, "the greatest integer not above `x`"),
  examples: [["floor(-1.2)", "-2"]],
  categories: ["numbers"],
  native: true,
  host: floorBody,
});

const roundBuiltin = builtin({
  name: "round",
  description: "Rounds a number to the nearest integer, halves away from zero.",
  args: [arg("x", numberType, "number to round")],
  result: arg("y", numberType, "the nearest integer"),
  examples: [
    ["round(2.5)", "3"],
    ["round(-2.5)", "-3"],
  ],
  categories: ["numbers"],
  native: true,
  host: roundBody,
});

export const arithmeticBuiltins: readonly Builtin[] = [
  plusBuiltin,
  minusBuiltin,
  mulBuiltin,
  divBuiltin,
  remBuiltin,
  absBuiltin,
  ceilBuiltin,
  floorBuiltin,
  roundBuiltin,
];
