// Conversions between types. One value in, one value out; what cannot be converted is a type error.

import { arg, arrayOf, builtin, objectOf, setOf, unnamed } from "./signature.ts";
import { anyOf, anyType, booleanType, nullType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { integer, NumberValue } from "../value/number.ts";
import { numberFromFloat64 } from "../value/arithmetic.ts";
import { isNumberText } from "../value/decimal.ts";
import { set } from "../value/set.ts";
import { goQuote } from "../value/text.ts";
import type { Value } from "../value/value.ts";
import { isNumber, isSet, typeName } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { failure, members, wrongType } from "./operand.ts";

const toNumberBody: HostBody = ([value]) => {
  if (value === null || value === false) return integer(0);
  if (value === true) return integer(1);
  if (value !== undefined && isNumber(value)) return value;
  if (typeof value === "string") return parseNumber(value);
  throw wrongType(1, value, "null", "boolean", "number", "string");
};

/** What Go's ParseFloat takes: more than JSON does (`+1`, `01`, `.5`, `1_000`, hexadecimal with a binary exponent). */
const DIGITS = "\\d(?:_?\\d)*";
const GO_FLOAT = new RegExp(`^[+-]?(?:${DIGITS}\\.?(?:${DIGITS})?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?$`);
const GO_HEX_FLOAT =
  /^([+-]?)0[xX]_?([0-9a-fA-F](?:_?[0-9a-fA-F])*)?\.?([0-9a-fA-F](?:_?[0-9a-fA-F])*)?[pP]([+-]?\d+)$/;

function parseNumber(text: string): Value {
  if (/^[+-]*(inf|infinity|nan)$/i.test(text)) throw wrongType(1, text, "valid number string");
  const hex = GO_HEX_FLOAT.exec(text);
  if (hex !== null && (hex[2] ?? hex[3]) !== undefined) return fromHex(hex);
  if (!GO_FLOAT.test(text)) throw failure(`strconv.ParseFloat: parsing ${goQuote(text)}: invalid syntax`);
  const plain = text.replaceAll("_", "");
  if (!Number.isFinite(Number(plain)))
    throw failure(`strconv.ParseFloat: parsing ${goQuote(text)}: value out of range`);
  return new NumberValue(isNumberText(plain) ? plain : normalize(plain));
}

function fromHex([, sign, whole = "", fraction = "", exponent]: RegExpExecArray): Value {
  const digits = BigInt(`0x${(whole + fraction).replaceAll("_", "")}`);
  const places = fraction.replaceAll("_", "").length * 4;
  return numberFromFloat64((sign === "-" ? -1 : 1) * Number(digits) * 2 ** (Number(exponent) - places));
}

/** OPA keeps such texts as they are and prints JSON that is none; here they get JSON's spelling of the same number. */
function normalize(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = ""] =
    /^([+-]?)(\d*)\.?(\d*)(.*)$/.exec(text) ?? [];
  const head = whole.replace(/^0+(?=\d)/, "") || "0";
  return (sign === "-" ? "-" : "") + head + (fraction === "" ? "" : `.${fraction}`) + exponent;
}

const castArrayBody: HostBody = ([value]) => {
  const list = members(value);
  if (list === undefined) throw wrongType(1, value, "array", "set");
  return list;
};

const castSetBody: HostBody = ([value]) => {
  if (value !== undefined && isSet(value)) return value;
  const list = members(value);
  if (list === undefined) throw wrongType(1, value, "array", "set");
  return set(list);
};

function only(type: string): HostBody {
  return ([value]) => {
    if (value === undefined || typeName(value) !== type) throw wrongType(1, value, type);
    return value;
  };
}

const castBooleanBody = only("boolean");
const castNullBody = only("null");
const castObjectBody = only("object");
const castStringBody = only("string");

// Declarations

const toNumberBuiltin = builtin({
  name: "to_number",
  description: "Makes a number of null, a boolean, or a string that spells one.",
  args: [arg("value", anyOf(nullType, booleanType, numberType, stringType), "what to convert")],
  result: arg("num", numberType, "the number"),
  examples: [
    ['to_number("1.5")', "1.5"],
    ["to_number(true)", "1"],
  ],
  categories: ["conversions"],
  native: true,
  host: toNumberBody,
});

const castArrayBuiltin = builtin({
  name: "cast_array",
  description: "Makes an array of a set; arrays stay as they are.",
  args: [unnamed(anyType)],
  result: unnamed(arrayOf(anyType)),
  examples: [["cast_array({1, 2})", "[1,2]"]],
  deprecated: true,
  native: true,
  host: castArrayBody,
});

const castBooleanBuiltin = builtin({
  name: "cast_boolean",
  description: "Passes on a boolean and nothing else.",
  args: [unnamed(anyType)],
  result: unnamed(booleanType),
  examples: [["cast_boolean(true)", "true"]],
  deprecated: true,
  native: true,
  host: castBooleanBody,
});

const castNullBuiltin = builtin({
  name: "cast_null",
  description: "Passes on null and nothing else.",
  args: [unnamed(anyType)],
  result: unnamed(nullType),
  examples: [["cast_null(null)", "null"]],
  deprecated: true,
  native: true,
  host: castNullBody,
});

const castObjectBuiltin = builtin({
  name: "cast_object",
  description: "Passes on an object and nothing else.",
  args: [unnamed(anyType)],
  result: unnamed(objectOf(anyType, anyType)),
  examples: [['cast_object({"a": 1})', '{"a":1}']],
  deprecated: true,
  native: true,
  host: castObjectBody,
});

const castSetBuiltin = builtin({
  name: "cast_set",
  description: "Makes a set of an array; sets stay as they are.",
  args: [unnamed(anyType)],
  result: unnamed(setOf(anyType)),
  examples: [["cast_set([1, 1])", "[1]"]],
  deprecated: true,
  native: true,
  host: castSetBody,
});

const castStringBuiltin = builtin({
  name: "cast_string",
  description: "Passes on a string and nothing else.",
  args: [unnamed(anyType)],
  result: unnamed(stringType),
  examples: [['cast_string("a")', '"a"']],
  deprecated: true,
  native: true,
  host: castStringBody,
});

export const conversionsBuiltins: readonly Builtin[] = [
  toNumberBuiltin,
  castArrayBuiltin,
  castBooleanBuiltin,
  castNullBuiltin,
  castObjectBuiltin,
  castSetBuiltin,
  castStringBuiltin,
];
