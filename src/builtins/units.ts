// Quantities with a unit. Texts in, numbers out: `units.parse` reckons in exact fractions and rounds to ten places, `units.parse_bytes`
// in floats cut to whole bytes, as OPA does.

import { arg, builtin } from "./signature.ts";
import { numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { multiply, parseFloatText, truncate } from "../value/float.ts";
import { integer, number } from "../value/number.ts";
import type { HostBody } from "./builtin.ts";
import { failure, stringOperand } from "./operand.ts";

const EXPONENT_DIGITS = 6;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number runs up to the first character that cannot belong to one; an `e` belongs to it only before a digit or sign. */
function splitUnit(text: string, name: string): [string, string] {
  let at = 0;
  for (; at < text.length; at++) {
    const c = text[at] as string;
    if (!/[0-9.eE+-]/.test(c)) break;
    if (c !== "e" && c !== "E") continue;
    if (!/[0-9+-]/.test(text[at + 1] ?? "")) break;
    if (/[+-]/.test(text[at + 1] ?? "")) at++;
    if ((/^\d*/.exec(text.slice(at + 1))?.[0].length ?? 0) > EXPONENT_DIGITS) {
      throw failure(`${name}: exponent too large`);
    }
  }
  return [text.slice(0, at), text.slice(at)];
}

const KIBI = 1024n;
const BYTE_UNITS: ReadonlyMap<string, bigint> = new Map(
  ["", "k", "m", "g", "t", "p", "e"].flatMap((letter, power): [string, bigint][] => {
    if (letter === "") return [["", 1n]];
    const decimal = 1000n ** BigInt(power);
    const binary = KIBI ** BigInt(power);
    return [
      [letter, decimal],
      [`${letter}b`, decimal],
      [`${letter}i`, binary],
      [`${letter}ib`, binary],
    ];
  }),
);

const unitsParseBytesBody: HostBody = ([x]) => {
  // OPA says the name twice.
  const name = "units.parse_bytes";
  const text = stringOperand(x, 1).toLowerCase().replaceAll('"', "");
  if (text.includes(" ")) throw failure(`${name}: spaces not allowed in resource strings`);
  const [amount, unit] = splitUnit(text, name);
  if (amount === "") throw failure(`${name}: no byte amount provided`);
  const factor = BYTE_UNITS.get(unit);
  if (factor === undefined) throw failure(`${name}: byte unit ${unit} not recognized`);
  if (!NUMBER.test(amount)) throw failure(`${name}: could not parse byte amount to a number`);
  return integer(
    truncate(multiply(parseFloatText(amount.replace(/^\+/, "")), parseFloatText(factor.toString()))),
  );
};

/** 0.001 as a double, exactly: OPA takes the factor of `m` from there. */
const MILLI: Fraction = { over: 1152921504606847n, under: 1n << 60n };

interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

function siFactor(unit: string): Fraction | undefined {
  if (unit === "m") return MILLI;
  const shown = unit === "M" ? "m" : unit.slice(0, 1).toLowerCase() + unit.slice(1);
  const factor = /^[kmgtpe]?i?$/.test(shown) && shown !== "i" ? BYTE_UNITS.get(shown) : undefined;
  return factor === undefined ? undefined : { over: factor, under: 1n };
}

function exactFraction(text: string): Fraction {
  const [, sign = "", whole = "", part = "", exponent = "0"] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = BigInt(sign.replace("+", "") + (whole + part || "0"));
  const scale = Number(exponent) - part.length;
  return scale >= 0
    ? { over: digits * 10n ** BigInt(scale), under: 1n }
    : { over: digits, under: 10n ** BigInt(-scale) };
}

const PLACES = 10;

const unitsParseBody: HostBody = ([x]) => {
  const name = "units.parse";
  const text = stringOperand(x, 1).replaceAll('"', "");
  if (text.includes(" ")) throw failure(`${name}: spaces not allowed in resource strings`);
  const [amount, rawUnit] = splitUnit(text, name);
  if (amount === "") throw failure(`${name}: no amount provided`);
  const unit = rawUnit.slice(0, 1) + rawUnit.slice(1).toLowerCase();
  const factor = siFactor(unit);
  if (factor === undefined) throw failure(`${name}: unit ${unit} not recognized`);
  if (!NUMBER.test(amount)) throw failure(`${name}: could not parse amount to a number`);
  const base = exactFraction(amount);
  const over = base.over * factor.over;
  const under = base.under * factor.under;
  return over % under === 0n ? integer(over / under) : number(placesText(over, under));
};

/** Ten places, halves away from zero. */
function placesText(over: bigint, under: bigint): string {
  const size = over < 0n ? -over : over;
  const scaled = (size * 10n ** BigInt(PLACES) * 2n + under) / (under * 2n);
  const digits = scaled.toString().padStart(PLACES + 1, "0");
  return `${over < 0n ? "-" : ""}${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`;
}

// Declarations

const unitsParseBuiltin = builtin({
  name: "units.parse",
  description:
    "Reads a quantity like `10K`, `1.5Gi` or `100m`. `m` is a thousandth and `M` a million; other letters may be small or capital.",
  args: [arg("x", stringType, "the quantity")],
  result: arg("y", numberType, "the number it stands for"),
  examples: [
    ['units.parse("1.5K")', "1500"],
    ['units.parse("2Ki")', "2048"],
  ],
  native: true,
  host: unitsParseBody,
});

const unitsParseBytesBuiltin = builtin({
  name: "units.parse_bytes",
  description:
    "Reads a size like `10KB`, `4mib` or `1.5G`, rounded down to whole bytes. The `b` may be left out.",
  args: [arg("x", stringType, "the size")],
  result: arg("y", numberType, "how many bytes"),
  examples: [['units.parse_bytes("1KiB")', "1024"]],
  native: true,
  host: unitsParseBytesBody,
});

export const unitsBuiltins: readonly Builtin[] = [unitsParseBuiltin, unitsParseBytesBuiltin];
