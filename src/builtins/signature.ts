// Constructors for the declarations in the category files: builtin(), arg() and shorthands for the types that signatures are made of.
// Plain data in and out.

import type { Type } from "../value/type.ts";
import { arrayType, dynamicProperty, objectType, setType } from "../value/type.ts";
import type { Argument, Builtin } from "./builtin.ts";

/** A declaration. The call exists so that mistakes show where they are made. */
export function builtin(declaration: Builtin): Builtin {
  return declaration;
}

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
