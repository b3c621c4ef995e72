// The details of findings about types: what OPA's JSON has under `details`, and the lines that it prints below the message. Types and
// refs in, plain data out.

import type { Term } from "../../syntax/ast.ts";
import { JsonNumber, termToJson } from "../../syntax/ast-json.ts";
import { printRef, printTerm } from "../../syntax/print.ts";
import { toPlain } from "../../value/json.ts";
import { termText } from "../../value/text.ts";
import type { Type } from "../../value/type.ts";
import { typeToText } from "../../value/type-text.ts";
import type { Value } from "../../value/value.ts";
import type { BuiltinDeclaration } from "./compilation.ts";

/** What OPA's JSON has. `lines` is there too (for formatDiagnostic), but not enumerable: JSON.stringify gives OPA's object. */
export interface TypeDetails {
  readonly lines: readonly string[];
  /** Some of the types concerned are unknown: a finding about their parts says more. */
  readonly unknown: boolean;
}

function details(json: Record<string, unknown>, lines: readonly string[], unknown = false): TypeDetails {
  return Object.defineProperties(json, {
    lines: { value: lines },
    unknown: { value: unknown },
  }) as unknown as TypeDetails;
}

/** As typeToJson, but null for what is not known. */
function typeJson(type: Type | undefined): Record<string, unknown> | null {
  if (type === undefined) return null;
  switch (type.kind) {
    case "array":
      return {
        ...(type.dynamic === undefined ? {} : { dynamic: typeJson(type.dynamic) }),
        ...(type.static.length === 0 ? {} : { static: type.static.map(typeJson) }),
        type: "array",
      };
    case "object":
      return {
        ...(type.dynamic === undefined
          ? {}
          : { dynamic: { key: typeJson(type.dynamic.key), value: typeJson(type.dynamic.value) } }),
        ...(type.static.length === 0
          ? {}
          : { static: type.static.map((p) => ({ key: toPlain(p.key), value: typeJson(p.value) })) }),
        type: "object",
      };
    case "set":
      return type.of === undefined ? { type: "set" } : { of: typeJson(type.of), type: "set" };
    case "any":
      return type.of.length === 0 ? { type: "any" } : { of: type.of.map(typeJson), type: "any" };
    case "function":
      return {
        ...(type.args.length === 0 ? {} : { args: type.args.map(typeJson) }),
        ...(type.result === undefined ? {} : { result: typeJson(type.result) }),
        type: "function",
        ...(type.variadic === undefined ? {} : { variadic: typeJson(type.variadic) }),
      };
    case "recursive":
      return { name: type.name };
    default:
      return { type: type.kind };
  }
}

/** One argument or result as a signature shows it. */
export interface Slot {
  readonly name: string;
  readonly description: string;
  readonly type: Type;
}

export interface Signature {
  readonly args: readonly Slot[];
  readonly variadic: Type | undefined;
}

/** Arguments of a builtin, with its result behind them if asked for. */
export function signatureOf(builtin: BuiltinDeclaration, withResult: boolean): Signature {
  const slots = builtin.args as readonly Slot[];
  const fixed = builtin.variadic === true ? slots.slice(0, -1) : slots;
  const result = withResult && builtin.result !== undefined ? [builtin.result as Slot] : [];
  return {
    args: [...fixed, ...result],
    variadic: builtin.variadic === true ? slots[slots.length - 1]?.type : undefined,
  };
}

export function unnamedSignature(args: readonly Type[]): Signature {
  return { args: args.map((type) => ({ name: "", description: "", type })), variadic: undefined };
}

function slotJson({ name, description, type }: Slot): Record<string, unknown> | null {
  const json = typeJson(type);
  if (name === "" || json === null) return json;
  return { ...(description === "" ? {} : { description }), ...json, name };
}

export function argumentDetails(
  have: readonly (Type | undefined)[],
  want: Signature,
  unknown: boolean,
): TypeDetails {
  const slot = ({ name, type }: Slot): string =>
    name === "" ? typeToText(type) : `${name}: ${typeToText(type)}`;
  const wanted = [
    ...want.args.map(slot),
    ...(want.variadic === undefined ? [] : [`${typeToText(want.variadic)}...`]),
  ];
  const json = {
    have: have.map(typeJson),
    want: {
      ...(want.args.length === 0 ? {} : { args: want.args.map(slotJson) }),
      ...(want.variadic === undefined ? {} : { variadic: typeJson(want.variadic) }),
    },
  };
  return details(
    json,
    [`have: (${have.map(typeToText).join(", ")})`, `want: (${wanted.join(", ")})`],
    unknown,
  );
}

export function matchDetails(left: Type | undefined, right: Type | undefined, unknown: boolean): TypeDetails {
  return details(
    { a: typeJson(left), b: typeJson(right) },
    [`left  : ${typeToText(left)}`, `right : ${typeToText(right)}`],
    unknown,
  );
}

/** Numbers as JavaScript has them: details are data for people and their tools. */
function plain(node: unknown): unknown {
  if (node instanceof JsonNumber) return Number(node.text);
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([k, v]) => [k, plain(v)]));
}

/** A ref goes into something that has no members. */
export function scalarRefDetails(
  ref: readonly Term[],
  position: number,
  have: Type | undefined,
): TypeDetails {
  const mark = "^".repeat(printRef(ref.slice(0, position + 1)).length);
  return details({ ref: ref.map((t) => plain(termToJson(t))), pos: position, have: typeJson(have) }, [
    printRef(ref),
    mark,
    `have: ${typeToText(have)}`,
  ]);
}

/** A ref names a member that cannot be there. */
export function memberRefDetails(
  ref: readonly Term[],
  position: number,
  have: Type | undefined,
  want: Type | undefined,
  oneOf: readonly Value[] | undefined,
): TypeDetails {
  const pad = " ".repeat(printRef(ref.slice(0, position)).length + 1);
  const lines = [
    printRef(ref),
    `${pad}^`,
    have === undefined
      ? `${pad}have: ${printTerm(ref[position] as Term)}`
      : `${pad}have (type): ${typeToText(have)}`,
    oneOf !== undefined && oneOf.length > 0
      ? `${pad}want (one of): [${oneOf.map(termText).join(" ")}]`
      : `${pad}want (type): ${typeToText(want)}`,
  ];
  const json = {
    ref: ref.map((t) => plain(termToJson(t))),
    pos: position,
    ...(have === undefined ? {} : { have: typeJson(have) }),
    want: typeJson(want),
    oneOf: oneOf === undefined || oneOf.length === 0 ? null : oneOf.map(toPlain),
  };
  return details(json, lines);
}
