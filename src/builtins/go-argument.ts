// Rego values as the Go values that OPA hands to fmt: numbers by their spelling, strings bare, everything else as Rego text.

import { toInt64 } from "../value/arithmetic.ts";
import { termText } from "../value/text.ts";
import type { Value } from "../value/value.ts";
import { isNumber } from "../value/value.ts";

export type GoArgument =
  | { readonly kind: "int64"; readonly value: bigint }
  | { readonly kind: "big"; readonly value: bigint }
  | { readonly kind: "float64"; readonly value: number }
  /** Only templates have these: to `sprintf` they are Rego text. */
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "nil" }
  | { readonly kind: "list"; readonly items: readonly GoArgument[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [GoArgument, GoArgument])[] }
  /** `type` for strings with a name of their own. */
  | { readonly kind: "string"; readonly value: string; readonly type?: string };

export function goArgument(value: Value): GoArgument {
  if (typeof value === "string") return { kind: "string", value };
  if (!isNumber(value)) return { kind: "string", value: termText(value) };
  const int = toInt64(value);
  if (int !== undefined) return { kind: "int64", value: int };
  if (value.text.includes(".")) {
    const float = Number(value.text);
    return Number.isFinite(float) ? { kind: "float64", value: float } : { kind: "string", value: value.text };
  }
  return /^-?\d+$/.test(value.text)
    ? { kind: "big", value: BigInt(value.text) }
    : { kind: "string", value: value.text };
}

export function goTypeName(arg: GoArgument): string {
  if (arg.kind === "big") return "*big.Int";
  if (arg.kind === "nil") return "<nil>";
  if (arg.kind === "list") return "[]interface {}";
  if (arg.kind === "map") return "map[string]interface {}";
  return arg.kind === "string" ? (arg.type ?? arg.kind) : arg.kind;
}
