// The exact reading of number texts: JSON number syntax in, sign, digits and decimal point out, and from there order, canonical form
// and big integers. Never rounds, and never builds a number as long as its exponent says.

/** `0.digits * 10^point`, with neither leading nor trailing zeros in `digits`; zero has no digits. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly point: number;
}

/** math/big refuses to make integers out of larger exponents; so does OPA, therefore. */
const EXPONENT_LIMIT = 1_000_000;

const SHORT_INTEGER = /^-?\d{1,15}$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

export function isNumberText(text: string): boolean {
  return NUMBER.test(text);
}

export function isShortInteger(text: string): boolean {
  return text.length < 17 && SHORT_INTEGER.test(text);
}

export function parseDecimal(text: string): Decimal {
  const negative = text.charCodeAt(0) === 45;
  const exponentAt = text.search(/[eE]/);
  const exponent = exponentAt < 0 ? 0 : Number(text.slice(exponentAt + 1));
  const mantissa = text.slice(negative ? 1 : 0, exponentAt < 0 ? undefined : exponentAt);
  const dot = mantissa.indexOf(".");
  const all = dot < 0 ? mantissa : mantissa.slice(0, dot) + mantissa.slice(dot + 1);
  let start = 0;
  while (start < all.length && all.charCodeAt(start) === 48) start++;
  let end = all.length;
  while (end > start && all.charCodeAt(end - 1) === 48) end--;
  if (start === end) return { negative: false, digits: "", point: 0 };
  return { negative, digits: all.slice(start, end), point: (dot < 0 ? all.length : dot) - start + exponent };
}

/** Exact order of two number texts. */
export function compareDecimals(x: Decimal, y: Decimal): number {
  if (x.digits === "" || y.digits === "") return sign(x) - sign(y);
  if (x.negative !== y.negative) return x.negative ? -1 : 1;
  const way = x.negative ? -1 : 1;
  if (x.point !== y.point) return x.point < y.point ? -way : way;
  // Without leading zeros, equally scaled digit strings order like fractions: digit by digit, a longer one is larger.
  return x.digits === y.digits ? 0 : x.digits < y.digits ? -way : way;
}

function sign(x: Decimal): number {
  return x.digits === "" ? 0 : x.negative ? -1 : 1;
}

export function isInteger(x: Decimal): boolean {
  return x.digits.length <= x.point || x.digits === "";
}

/** The integer that the decimal is, or undefined when it is none (or has an absurd exponent). */
export function decimalToBigInt(x: Decimal): bigint | undefined {
  if (x.digits === "") return 0n;
  if (!isInteger(x) || x.point > EXPONENT_LIMIT) return undefined;
  const value = BigInt(x.digits) * 10n ** BigInt(x.point - x.digits.length);
  return x.negative ? -value : value;
}

/** One text for each numeric value: the key under which maps and sets file it. */
export function canonicalNumber(text: string): string {
  if (isShortInteger(text)) return text === "-0" ? "0" : text;
  const x = parseDecimal(text);
  if (x.digits === "") return "0";
  const minus = x.negative ? "-" : "";
  if (isInteger(x) && x.point <= 15) return minus + x.digits.padEnd(x.point, "0");
  return `${minus}${x.digits}e${x.point}`;
}
