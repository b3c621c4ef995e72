// Arithmetic of Rego numbers, and their ways to and from the numbers of JavaScript. Texts in, texts out; integers of any size are exact, everything
// else is OPA's float with 64 bits of mantissa. Nothing here ever passes a value through a JavaScript number unless the name says so.

import { PolicyError } from "../error.ts";
import { decimalToBigInt, isShortInteger, parseDecimal } from "./decimal.ts";
import type { Float } from "./float.ts";
import {
  add as addFloats,
  divide as divideFloats,
  floatFromInteger,
  floatToText,
  isIntegral,
  layOutDigits,
  multiply as multiplyFloats,
  negate,
  parseFloatText,
  truncate,
} from "./float.ts";
import { compareNumbers, integer, NumberValue } from "./number.ts";
import type { RegoNumber } from "./value.ts";

/** The double's shortest text as Go's `%g` prints it (`1e+06`): how OPA turns a float64 into a number. */
export function numberFromFloat64(n: number): RegoNumber {
  if (!Number.isFinite(n)) throw new PolicyError("invalid_parameter", `\`${n}\` is not a number`);
  const { digits, point } = float64Digits(n);
  const format = point - 1 < -4 || point - 1 >= 6 ? "e" : "f";
  return new NumberValue(layOutDigits(n < 0 || Object.is(n, -0), digits, point, format));
}

/** Shortest digits of a double, with its decimal point: `0.digits * 10^point`. */
export function float64Digits(n: number): { digits: string; point: number } {
  const [mantissa = "0", exponent = "0"] = Math.abs(n).toExponential().split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  return { digits, point: digits === "" ? 0 : Number(exponent) + 1 };
}

export function equalNumbers(a: RegoNumber, b: RegoNumber): boolean {
  return compareNumbers(a, b) === 0;
}

export { addFloats, multiplyFloats };

/** The integer value, also of `1.0` and `1e3`; undefined when there is a fraction. */
export function toBigInt(n: RegoNumber): bigint | undefined {
  if (isShortInteger(n.text)) return BigInt(n.text);
  return decimalToBigInt(parseDecimal(n.text));
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** OPA's `Number.Int`: an integer literal within int64, also with zeros behind the point (`1.0`), of 19 characters at most. */
export function toInt64(n: RegoNumber): bigint | undefined {
  if (isShortInteger(n.text)) return BigInt(n.text);
  const [, digits] = /^(-?\d+)(?:\.0*)?$/.exec(n.text) ?? [];
  if (digits === undefined || n.text.replace("-", "").length > 19) return undefined;
  const value = BigInt(digits);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** The nearest double; infinite when out of range. */
export function toFloat64(n: RegoNumber): number {
  return Number(n.text);
}

export function toFloat(n: RegoNumber): Float {
  return parseFloatText(n.text);
}

export function fromFloat(f: Float): RegoNumber {
  return new NumberValue(floatToText(f));
}

function exactly(
  a: RegoNumber,
  b: RegoNumber,
  whole: (x: bigint, y: bigint) => bigint,
  broken: (x: Float, y: Float) => Float,
): RegoNumber {
  const x = toBigInt(a);
  const y = x === undefined ? undefined : toBigInt(b);
  if (x !== undefined && y !== undefined) return integer(whole(x, y));
  return fromFloat(broken(toFloat(a), toFloat(b)));
}

export function add(a: RegoNumber, b: RegoNumber): RegoNumber {
  return exactly(a, b, (x, y) => x + y, addFloats);
}

export function subtract(a: RegoNumber, b: RegoNumber): RegoNumber {
  return exactly(
    a,
    b,
    (x, y) => x - y,
    (x, y) => addFloats(x, negate(y)),
  );
}

export function multiply(a: RegoNumber, b: RegoNumber): RegoNumber {
  return exactly(
    a,
    b,
    (x, y) => x * y,
    (x, y) => multiplyFloats(x, y),
  );
}

/** Always in floats, as OPA divides. Undefined for a zero divisor. */
export function divide(a: RegoNumber, b: RegoNumber): RegoNumber | undefined {
  const divisor = toFloat(b);
  return divisor.mantissa === 0n ? undefined : fromFloat(divideFloats(toFloat(a), divisor));
}

/** Sign follows the dividend. The operands must be integers, the divisor not zero. */
export function remainder(a: bigint, b: bigint): RegoNumber {
  return integer(a % b);
}

export function absolute(n: RegoNumber): RegoNumber {
  return fromFloat({ ...toFloat(n), negative: false });
}

const HALF: Float = { negative: false, mantissa: 1n << 52n, exponent: -53, precision: 53 };

/** Halves go away from zero. */
export function round(n: RegoNumber): RegoNumber {
  const f = toFloat(n);
  return wholeNumber(truncate(addFloats(f, f.negative ? negate(HALF) : HALF)));
}

/** OPA looks at the sign of the cut value, which zero has lost: the ceiling of -0.5 is 1. */
export function ceil(n: RegoNumber): RegoNumber {
  const f = toFloat(n);
  const whole = truncate(f);
  return wholeNumber(isIntegral(f) || whole < 0n ? whole : whole + 1n);
}

/** For the same reason the floor of -0.5 is 0. */
export function floor(n: RegoNumber): RegoNumber {
  const f = toFloat(n);
  const whole = truncate(f);
  return wholeNumber(isIntegral(f) || whole >= 0n ? whole : whole - 1n);
}

function wholeNumber(value: bigint): RegoNumber {
  return fromFloat(floatFromInteger(value));
}
