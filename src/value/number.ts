// Rego numbers as texts: constructors and order. Nothing here ever passes a value through a JavaScript number unless the name says so; arithmetic
// is in arithmetic.ts, which an engine does without.

import { PolicyError } from "../error.ts";
import { compareDecimals, isNumberText, isShortInteger, parseDecimal } from "./decimal.ts";
import type { RegoNumber } from "./value.ts";

export class NumberValue implements RegoNumber {
  readonly kind = "number";
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Integers from 0 on that came up before. */
const small = new Array<NumberValue | undefined>(512);

/** A number from its literal, which must be JSON number syntax and is kept as it stands. */
export function number(text: string): RegoNumber {
  if (!isNumberText(text)) throw new PolicyError("invalid_parameter", `\`${text}\` is not a number`);
  return new NumberValue(text);
}

export function integer(n: number | bigint): RegoNumber {
  if (typeof n === "number") {
    if (!Number.isInteger(n)) throw new PolicyError("invalid_parameter", `\`${n}\` is not an integer`);
    const known = small[n];
    if (known !== undefined) return known;
    const made = new NumberValue(BigInt(n).toString());
    if (n >= 0 && n < small.length) small[n] = made;
    return made;
  }
  return new NumberValue(n.toString());
}

export function compareNumbers(a: RegoNumber, b: RegoNumber): number {
  if (a.text === b.text) return 0;
  if (isShortInteger(a.text) && isShortInteger(b.text)) return Number(a.text) - Number(b.text);
  return compareDecimals(parseDecimal(a.text), parseDecimal(b.text));
}
