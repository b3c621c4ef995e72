// The operands of `print` and of template strings: primitives, or sets of what an argument may be (the empty set: undefined). Every
// combination of choices out, as texts.

import { PolicyError } from "../error.ts";
import { termText } from "../value/text.ts";
import type { Value } from "../value/value.ts";
import { isNumber, isSet, typeName } from "../value/value.ts";

function shown(value: Value): string {
  return typeof value === "string" ? value : termText(value);
}

function choices(operand: Value): readonly string[] {
  if (operand === null || typeof operand !== "object" || isNumber(operand)) return [shown(operand)];
  if (!isSet(operand)) {
    throw new PolicyError("eval_internal_error", `illegal argument type: ${typeName(operand)}`);
  }
  return operand.size === 0 ? ["<undefined>"] : Array.from(operand.values(), shown);
}

export function combinations(operands: readonly Value[]): string[][] {
  let rows: string[][] = [[]];
  for (const operand of operands) {
    const next = choices(operand);
    rows = rows.flatMap((row) => next.map((text) => [...row, text]));
  }
  return rows;
}
