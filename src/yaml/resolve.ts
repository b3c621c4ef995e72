// What the text of a YAML scalar stands for, by go-yaml's rules: YAML 1.1's words, Go's integers, no base 60. A text (and a tag) in, a
// scalar out.

import { decodeUtf8 } from "../value/utf8.ts";
import { failure } from "./failure.ts";
import { YAML_TAG } from "./parse.ts";

/** Integers are bigint, a float is a number. */
export type YamlScalar = null | boolean | string | bigint | number;

type Kind = "null" | "bool" | "int" | "float" | "timestamp" | "str";

interface Resolved {
  readonly kind: Kind;
  readonly value: YamlScalar;
}

const WORDS = new Map<string, Resolved>();
for (const [kind, value, words] of [
  ["bool", true, "y Y yes Yes YES true True TRUE on On ON"],
  ["bool", false, "n N no No NO false False FALSE off Off OFF"],
  ["null", null, "~ null Null NULL"],
  ["float", Number.NaN, ".nan .NaN .NAN"],
  ["float", Number.POSITIVE_INFINITY, ".inf .Inf .INF +.inf +.Inf +.INF"],
  ["float", Number.NEGATIVE_INFINITY, "-.inf -.Inf -.INF"],
] as const) {
  for (const word of words.split(" ")) WORDS.set(word, { kind, value });
}
WORDS.set("", { kind: "null", value: null });

const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const INTEGER = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/;
const ZONED_TIME = /^(\d{4})-(\d\d?)-(\d\d?)[Tt](\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?:Z|[-+](\d\d):(\d\d))$/;
const TIME = /^(\d{4})-(\d\d?)-(\d\d?)(?: +(\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?)?$/;
type Moment = [number, number, number, number, number, number, number?, number?];
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;
const MAX_INT = 2n ** 63n;

/** The value of a scalar that is not quoted, or has a tag. */
export function resolveScalar(tag: string, text: string): YamlScalar {
  const name = tag.startsWith(YAML_TAG) ? tag.slice(YAML_TAG.length) : undefined;
  if (name === "binary") return binary(text);
  if (tag !== "" && !/^(bool|int|float|null|timestamp)$/.test(name ?? "")) return text;
  const { kind, value } = plainScalar(text, name);
  if (name === undefined || name === kind) return value;
  const isDouble = name === "float" && typeof value === "bigint" && value < MAX_INT;
  if (isDouble) return Number(value);
  throw failure(`yaml: cannot decode !!${kind} \`${text}\` as a !!${name}`);
}

/** Whether a plain scalar of that text is a string of that text. */
export function isPlainString(text: string): boolean {
  return plainScalar(text, undefined).kind === "str";
}

function plainScalar(text: string, wanted: string | undefined): Resolved {
  const known = WORDS.get(text);
  if (known !== undefined) return known;
  if (text.startsWith(".")) {
    // These are left to Go's ParseFloat, which takes `_` between digits.
    return float(text.replace(/(\d)_(?=\d)/g, "$1")) ?? { kind: "str", value: text };
  }
  if (!/^[-+\d]/.test(text)) return { kind: "str", value: text };
  if ((wanted === undefined || wanted === "timestamp") && isTimestamp(text))
    return { kind: "timestamp", value: text };
  const digits = text.replaceAll("_", "");
  return int(digits) ?? float(digits) ?? signedBinary(digits) ?? { kind: "str", value: text };
}

/** Go's ParseInt with base 0, then ParseUint: 64 bits, with a sign 63. */
function int(text: string): Resolved | undefined {
  const [, sign = "", hex, binaryDigits, octal, decimal] = INTEGER.exec(text) ?? [];
  const digits =
    hex !== undefined
      ? `0x${hex}`
      : binaryDigits !== undefined
        ? `0b${binaryDigits}`
        : octal === undefined
          ? decimal
          : `0o${octal}`;
  if (digits === undefined) return undefined;
  const size = BigInt(digits);
  const limit = sign === "" ? 2n ** 64n - 1n : sign === "-" ? MAX_INT : MAX_INT - 1n;
  if (size > limit) return undefined;
  return { kind: "int", value: sign === "-" ? -size : size };
}

function float(text: string): Resolved | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { kind: "float", value } : undefined;
}

/** The library's `0b-1`. */
function signedBinary(text: string): Resolved | undefined {
  const [, sign, digits] = /^0b([-+])([01]+)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const size = BigInt(`0b${digits}`);
  if (size > (sign === "-" ? MAX_INT : MAX_INT - 1n)) return undefined;
  return { kind: "int", value: sign === "-" ? -size : size };
}

/** A date, a date and time with `T` and zone, or one with blanks and none. */
function isTimestamp(text: string): boolean {
  const parts = (ZONED_TIME.exec(text) ?? TIME.exec(text))?.slice(1).map((part) => Number(part ?? 0));
  if (parts === undefined) return false;
  const [year, month, day, hour, minute, second, zoneHours = 0, zoneMinutes = 0] = parts as Moment;
  // The day before the first of the next month. A year of the same length that Date does not take for one of the last century.
  const days = new Date(Date.UTC(year + 400, month, 0)).getUTCDate();
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= days &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    zoneHours <= 24 &&
    zoneMinutes <= 60
  );
}

/** Go's decoder is strict about padding, and skips line breaks. */
function binary(text: string): string {
  const digits = text.replace(/[\r\n]/g, "");
  if (!BASE64.test(digits)) throw failure("yaml: !!binary value contains invalid base64 data");
  return decodeUtf8(Uint8Array.from(atob(digits), (unit) => unit.charCodeAt(0)));
}
