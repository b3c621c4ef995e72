// A builtin's signature as a function type, and as capabilities.json and plan.json spell it. Builtin in, plain JSON out.

import type { FunctionType } from "../value/type.ts";
import { functionType } from "../value/type.ts";
import { typeToJson } from "../value/type-text.ts";
import type { Argument, Builtin } from "./builtin.ts";

export function functionTypeOf(builtin: Pick<Builtin, "args" | "result" | "variadic">): FunctionType {
  const types = builtin.args.map((argument) => argument.type);
  const variadic = builtin.variadic === true ? types.pop() : undefined;
  return functionType(types, builtin.result?.type, variadic);
}

/** `{args, result, type: "function"}` with names and descriptions, or bare types (plan.json) when `named` is false. */
export function declarationToJson(builtin: Builtin, named = true): Record<string, unknown> {
  const json = typeToJson(functionTypeOf(builtin));
  if (!named) return json;
  const fixed = builtin.variadic === true ? builtin.args.slice(0, -1) : builtin.args;
  if (fixed.length > 0) json.args = fixed.map(argumentToJson);
  if (builtin.result !== undefined) json.result = argumentToJson(builtin.result);
  return json;
}

function argumentToJson(argument: Argument): Record<string, unknown> {
  const json = typeToJson(argument.type);
  if (argument.name === "") return json;
  const named: Record<string, unknown> = { ...json, name: argument.name };
  if (argument.description !== "") named.description = argument.description;
  return Object.fromEntries(Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1)));
}
