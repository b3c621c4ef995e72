// Doubles as Go's strconv.FormatFloat prints them, exact to the last digit at any precision (halves to even, from the exact decimal
// expansion). A finite double in, text out; no sign for positive numbers.

import { float64Digits } from "./arithmetic.ts";

interface Digits {
  readonly digits: string;
  /** The value is `0.digits * 10^point`. */
  readonly point: number;
}

/** `precision` undefined: as many digits as identify the number. `sharp` keeps the point and trailing zeros, as Go's `#` flag. */
export function formatFloat64(
  value: number,
  verb: "e" | "f" | "g" | "b" | "x",
  precision: number | undefined,
  sharp = false,
): string {
  const minus = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  if (verb === "b") return minus + binary(size);
  if (verb === "x") return minus + hexadecimal(size, precision);
  const shortest = precision === undefined;
  switch (verb) {
    case "e":
      return (
        minus + exponential(shortest ? float64Digits(size) : rounded(size, precision + 1), precision, sharp)
      );
    case "f":
      return minus + fixed(shortest ? float64Digits(size) : roundedAt(size, precision), precision, sharp);
    case "g":
      return minus + general(size, precision, sharp);
  }
}

function general(size: number, precision: number | undefined, sharp: boolean): string {
  const wanted = precision === 0 ? 1 : precision;
  const found = wanted === undefined ? float64Digits(size) : rounded(size, wanted);
  let limit = wanted ?? 6;
  if (wanted !== undefined && limit > found.digits.length && found.digits.length >= found.point)
    limit = found.digits.length;
  if (wanted === undefined) limit = 6;
  // With `#`, zeros are kept up to the precision (6 when none is given).
  const kept = sharp ? { ...found, digits: found.digits.padEnd(wanted ?? 6, "0") } : found;
  const exponent = found.digits === "" ? 0 : found.point - 1;
  if (exponent < -4 || exponent >= limit) return exponential(kept, kept.digits.length - 1, sharp);
  return fixed(kept, Math.max(kept.digits.length - kept.point, 0), sharp);
}

function exponential({ digits, point }: Digits, precision: number | undefined, sharp: boolean): string {
  const exponent = digits === "" || /^0*$/.test(digits) ? 0 : point - 1;
  const tail = digits.slice(1).padEnd(Math.max(precision ?? 0, 0), "0");
  const dot = tail !== "" || sharp ? "." : "";
  return `${digits[0] ?? "0"}${dot}${tail}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function fixed({ digits, point }: Digits, precision: number | undefined, sharp: boolean): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const all = point > 0 ? digits.slice(point) : "0".repeat(digits === "" ? 0 : -point) + digits;
  const tail = precision === undefined ? all : all.padEnd(precision, "0");
  return `${whole}${tail !== "" || sharp ? "." : ""}${tail}`;
}

/** The exact decimal expansion of a double. */
function exactDigits(size: number): Digits {
  const { mantissa, exponent } = parts(size);
  if (mantissa === 0n) return { digits: "", point: 0 };
  const text = (exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent)).toString();
  return { digits: text.replace(/0+$/, ""), point: text.length + Math.min(exponent, 0) };
}

function parts(size: number): { mantissa: bigint; exponent: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, size);
  const raw = bits.getBigUint64(0);
  const biased = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & ((1n << 52n) - 1n);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** To `count` significant digits. */
function rounded(size: number, count: number): Digits {
  return cutDigits(exactDigits(size), count);
}

/** To `places` after the point. */
function roundedAt(size: number, places: number): Digits {
  const exact = exactDigits(size);
  return cutDigits(exact, exact.point + places);
}

function cutDigits({ digits, point }: Digits, count: number): Digits {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: "", point: 0 };
  const rest = digits.slice(count);
  const odd = count > 0 && Number(digits[count - 1]) % 2 === 1;
  // Without trailing zeros, a rest of exactly "5" is exactly one half.
  const up = rest > "5" || (rest === "5" && odd);
  const kept = digits.slice(0, count);
  if (!up) return { digits: kept.replace(/0+$/, ""), point: kept.replace(/0+$/, "") === "" ? 0 : point };
  const next = (BigInt(kept === "" ? "0" : kept) + 1n).toString();
  const carried = next.length - kept.length;
  return { digits: next.replace(/0+$/, ""), point: point + carried };
}

function binary(size: number): string {
  const { mantissa, exponent } = parts(size);
  return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

function hexadecimal(size: number, precision: number | undefined): string {
  let { mantissa, exponent } = parts(size);
  if (mantissa === 0n) return `0x0${precision ? `.${"0".repeat(precision)}` : ""}p+00`;
  while (mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent--;
  }
  let places = 13;
  if (precision !== undefined && precision < 13) {
    const shift = BigInt((13 - precision) * 4);
    const half = 1n << (shift - 1n);
    const rest = mantissa & ((1n << shift) - 1n);
    mantissa >>= shift;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
    places = precision;
    exponent += Number(shift);
  }
  if (mantissa >> BigInt(places * 4 + 1) !== 0n) {
    mantissa >>= 1n;
    exponent++;
  }
  const hex = mantissa.toString(16);
  const tail =
    precision === undefined ? hex.slice(1).replace(/0+$/, "") : hex.slice(1).padEnd(precision, "0");
  const shown = exponent + places * 4;
  return `0x${hex[0]}${tail === "" ? "" : `.${tail}`}p${shown < 0 ? "-" : "+"}${String(Math.abs(shown)).padStart(2, "0")}`;
}
