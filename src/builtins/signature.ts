// Constructors for the declarations in the category files: builtin(), arg() and shorthands for the types that signatures are made of.
// Plain data in and out.

import { PolicyError } from "../error.ts";
import type { Type } from "../value/type.ts";
import { arrayType, dynamicProperty, objectType, setType } from "../value/type.ts";
import type { Argument, Builtin, HostBody } from "./builtin.ts";

/** A declaration; its body is wrapped so that failures carry the builtin's name, as OPA's do. */
export function builtin(declaration: Builtin): Builtin {
  const { host, name } = declaration;
  if (host === undefined) return declaration;
  const named: HostBody = (args, context) => {
    try {
      const result = host(args, context);
      return result instanceof Promise
        ? result.catch((error: unknown) => {
            throw nameFailure(name, error);
          })
        : result;
    } catch (error) {
      throw nameFailure(name, error);
    }
  };
  return { ...declaration, host: named };
}

/** Internal, conflict, cancel and limit errors speak for the evaluation, not for a builtin: they pass as they are. */
function nameFailure(name: string, error: unknown): PolicyError {
  const given = error instanceof Error ? error.message : String(error);
  // What recursion ran into is a matter of the operand, not of ours.
  const message =
    error instanceof RangeError && /call stack/.test(given) ? "operand is nested too deeply" : given;
  const code = error instanceof PolicyError ? error.code : "eval_builtin_error";
  if (error instanceof PolicyError && PASSED_ON.has(code)) return error;
  return new PolicyError(code === "eval_type_error" ? code : "eval_builtin_error", `${name}: ${message}`, {
    cause: error,
  });
}

const PASSED_ON: ReadonlySet<string> = new Set([
  "eval_internal_error",
  "eval_conflict_error",
  "eval_cancel_error",
  "eval_limit_error",
]);

/** An argument, or the result. */
export function arg(name: string, type: Type, description: string): Argument {
  return { name, type, description };
}

/** Deprecated and internal builtins name nothing: capabilities.json has bare types there. */
export function unnamed(type: Type): Argument {
  return { name: "", type, description: "" };
}

export function arrayOf(element: Type): Type {
  return arrayType([], element);
}

export function objectOf(key: Type, value: Type): Type {
  return objectType([], dynamicProperty(key, value));
}

export function setOf(member: Type): Type {
  return setType(member);
}
