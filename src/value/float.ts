// Binary floats of any precision, rounding to nearest even, as Go's big.Float computes them: OPA's arithmetic on numbers that are not
// integers. Texts in, texts out; integers that OPA keeps exact never come here.

import { PolicyError } from "../error.ts";

/** `(negative ? -1 : 1) * mantissa * 2^exponent`, `mantissa` below `2^precision`. */
export interface Float {
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly precision: number;
}

/** What Go takes when a text is read into a fresh float. */
export const DEFAULT_PRECISION = 64;

/** Go's `%g` in its shortest form turns to exponents from 1e6 on (and below 1e-4). */
const SHORTEST_PLAIN_DIGITS = 6;

/** Go's floats overflow beyond; printing anything near it would fill the memory long before. */
const TEXT_LIMIT = 1_000_000;

export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0] as string, 16)) - 28);
}

/** Rounds to `precision` bits, nearest even; `sticky` says that a smaller remainder was cut off already. */
function round(
  negative: boolean,
  mantissa: bigint,
  exponent: number,
  precision: number,
  sticky = false,
): Float {
  const excess = bitLength(mantissa) - precision;
  if (excess <= 0) {
    // INVARIANT: callers with a sticky rest bring at least two bits more than the precision.
    return { negative, mantissa, exponent, precision };
  }
  const shift = BigInt(excess);
  const kept = mantissa >> shift;
  const rest = mantissa - (kept << shift);
  const half = 1n << (shift - 1n);
  const up = rest > half || (rest === half && (sticky || (kept & 1n) === 1n));
  const rounded = up ? kept + 1n : kept;
  return bitLength(rounded) > precision
    ? { negative, mantissa: rounded >> 1n, exponent: exponent + excess + 1, precision }
    : { negative, mantissa: rounded, exponent: exponent + excess, precision };
}

/** An integer keeps all its bits, and at least 64 of precision. */
export function floatFromInteger(value: bigint): Float {
  const mantissa = value < 0n ? -value : value;
  return {
    negative: value < 0n,
    mantissa,
    exponent: 0,
    precision: Math.max(bitLength(mantissa), DEFAULT_PRECISION),
  };
}

/** 5^n at a precision, by the same products that Go takes, so that even its last-bit errors come out alike. */
function powerOfFive(n: number, precision: number): Float {
  const exact = Math.min(n, 27);
  let result = round(false, 5n ** BigInt(exact), 0, precision);
  let square: Float = { negative: false, mantissa: 5n, exponent: 0, precision: precision + 64 };
  for (let left = n - exact; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = multiply(result, square, precision);
    square = multiply(square, square, precision + 64);
  }
  return result;
}

export function parseFloatText(text: string, precision = DEFAULT_PRECISION): Float {
  const negative = text.charCodeAt(0) === 45;
  const exponentAt = text.search(/[eE]/);
  const mantissaText = text.slice(negative ? 1 : 0, exponentAt < 0 ? undefined : exponentAt);
  const dot = mantissaText.indexOf(".");
  const digits = dot < 0 ? mantissaText : mantissaText.slice(0, dot) + mantissaText.slice(dot + 1);
  const scale =
    (exponentAt < 0 ? 0 : Number(text.slice(exponentAt + 1))) - (dot < 0 ? 0 : mantissaText.length - dot - 1);
  const mantissa = BigInt(digits);
  if (mantissa === 0n) return { negative, mantissa, exponent: 0, precision };
  if (Math.abs(scale) > 2 ** 31)
    throw new PolicyError("eval_builtin_error", `number \`${text}\` is out of range`);
  const whole: Float = {
    negative,
    mantissa,
    exponent: scale,
    precision: Math.max(precision, bitLength(mantissa)),
  };
  if (scale === 0) return round(negative, mantissa, 0, precision);
  const power = powerOfFive(Math.abs(scale), precision + 64);
  return scale < 0 ? divide(whole, power, precision) : multiply(whole, power, precision);
}

export function multiply(a: Float, b: Float, precision = Math.max(a.precision, b.precision)): Float {
  return round(a.negative !== b.negative, a.mantissa * b.mantissa, a.exponent + b.exponent, precision);
}

/** `b` must not be zero. */
export function divide(a: Float, b: Float, precision = Math.max(a.precision, b.precision)): Float {
  const negative = a.negative !== b.negative;
  if (a.mantissa === 0n) return { negative, mantissa: 0n, exponent: 0, precision };
  const shift = Math.max(0, precision + 2 + bitLength(b.mantissa) - bitLength(a.mantissa));
  const numerator = a.mantissa << BigInt(shift);
  const quotient = numerator / b.mantissa;
  return round(
    negative,
    quotient,
    a.exponent - b.exponent - shift,
    precision,
    quotient * b.mantissa !== numerator,
  );
}

export function negate(a: Float): Float {
  return { ...a, negative: !a.negative };
}

export function add(a: Float, b: Float): Float {
  const precision = Math.max(a.precision, b.precision);
  if (a.mantissa === 0n || b.mantissa === 0n) {
    const other = a.mantissa === 0n ? b : a;
    const negative = other.mantissa === 0n ? a.negative && b.negative : other.negative;
    return round(negative, other.mantissa, other.exponent, precision);
  }
  const topOf = (x: Float): number => x.exponent + bitLength(x.mantissa);
  const [large, small] = topOf(a) >= topOf(b) ? [a, b] : [b, a];
  // What lies wholly below the rounding position only says on which side of it the sum is.
  const floor = Math.min(large.exponent, topOf(large) - precision - 4);
  const tail = topOf(small) < floor ? 1n : small.mantissa;
  const tailExponent = topOf(small) < floor ? floor - 1 : small.exponent;
  const exponent = Math.min(large.exponent, tailExponent);
  const signed = (negative: boolean, value: bigint, by: number): bigint =>
    (negative ? -1n : 1n) * (value << BigInt(by));
  const sum =
    signed(large.negative, large.mantissa, large.exponent - exponent) +
    signed(small.negative, tail, tailExponent - exponent);
  return round(sum < 0n, sum < 0n ? -sum : sum, exponent, precision);
}

/** The integer part, cut towards zero. */
export function truncate(a: Float): bigint {
  if (a.exponent > TEXT_LIMIT * 4) throw new PolicyError("eval_builtin_error", "number is out of range");
  const value = a.exponent >= 0 ? a.mantissa << BigInt(a.exponent) : a.mantissa >> BigInt(-a.exponent);
  return a.negative ? -value : value;
}

export function isIntegral(a: Float): boolean {
  if (a.exponent >= 0 || a.mantissa === 0n) return true;
  if (-a.exponent >= bitLength(a.mantissa)) return false;
  return (a.mantissa & ((1n << BigInt(-a.exponent)) - 1n)) === 0n;
}

/** Exact decimal digits of `mantissa * 2^exponent` and where the point stands (`0.digits * 10^point`). */
function exactDigits(mantissa: bigint, exponent: number): { digits: string; point: number } {
  if (Math.abs(exponent) > TEXT_LIMIT * 4)
    throw new PolicyError("eval_builtin_error", "number is out of range");
  const scaled = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const text = scaled.toString();
  const digits = text.replace(/0+$/, "");
  return { digits, point: text.length + Math.min(exponent, 0) };
}

/** The fewest digits that tell this float from its neighbours of the same precision. */
export function shortestDigits(a: Float): { digits: string; point: number } {
  const exact = exactDigits(a.mantissa, a.exponent);
  // One half of the last place is the unit now, so that both borders are integers.
  const shift = a.precision + 1 - bitLength(a.mantissa);
  const middle = shift >= 0 ? a.mantissa << BigInt(shift) : a.mantissa >> BigInt(-shift);
  const lower = exactDigits(middle - 1n, a.exponent - shift).digits;
  const upper = exactDigits(middle + 1n, a.exponent - shift).digits;
  const inclusive = (middle & 2n) === 0n;
  for (let i = 0; i < exact.digits.length; i++) {
    const digit = exact.digits.charCodeAt(i);
    const low = i < lower.length ? lower.charCodeAt(i) : 48;
    const high = i < upper.length ? upper.charCodeAt(i) : 48;
    const down = low !== digit || (inclusive && i + 1 === lower.length);
    const up = digit !== high && (inclusive || digit + 1 < high || i + 1 < upper.length);
    if (!down && !up) continue;
    const rest = exact.digits.slice(i + 1);
    // Both allowed: to the nearer one; exactly half goes to the even digit.
    const upwards = down && up ? rest > "5" || (rest === "5" && digit % 2 === 1) : up;
    return roundDigits(exact.digits.slice(0, i + 1), exact.point, upwards);
  }
  return exact;
}

function roundDigits(kept: string, point: number, up: boolean): { digits: string; point: number } {
  if (!up) return { digits: kept.replace(/0+$/, ""), point };
  const next = (BigInt(kept) + 1n).toString();
  return { digits: next.replace(/0+$/, ""), point: point + next.length - kept.length };
}

/** Digits laid out as Go's `%f` and `%e` do it for the shortest form. */
export function layOutDigits(negative: boolean, digits: string, point: number, format: "e" | "f"): string {
  const minus = negative ? "-" : "";
  if (digits === "") return format === "e" ? `${minus}0e+00` : `${minus}0`;
  if (format === "e") {
    const exponent = point - 1;
    const tail = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${minus}${digits[0]}${tail}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (point <= 0) return `${minus}0.${"0".repeat(-point)}${digits}`;
  if (digits.length <= point) return minus + digits.padEnd(point, "0");
  return `${minus}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** OPA's text of a float: plain digits for an integer, otherwise the shortest of `%g`. */
export function floatToText(a: Float): string {
  if (a.mantissa === 0n) return a.negative ? "-0" : "0";
  const { digits, point } = shortestDigits(a);
  const exponent = point - 1;
  const format = !isIntegral(a) && (exponent < -4 || exponent >= SHORTEST_PLAIN_DIGITS) ? "e" : "f";
  return layOutDigits(a.negative, digits, point, format);
}
