// Types as capabilities.json and plan.json spell them, read. JSON data in, types out; unknown shapes are refused with `invalid_input`.

import { PolicyError } from "../error.ts";
import { fromPlain } from "./json.ts";
import type { StaticProperty, Type } from "./type.ts";
import {
  anyOf,
  arrayType,
  booleanType,
  dynamicProperty,
  functionType,
  nullType,
  numberType,
  objectType,
  property,
  setType,
  stringType,
} from "./type.ts";

type Json = Record<string, unknown>;

/** A type. Names and descriptions beside a type are ignored. */
export function typeFromJson(json: unknown): Type {
  if (typeof json !== "object" || json === null) throw unsupported(json);
  const spec = json as Json;
  const list = (x: unknown): Type[] => (Array.isArray(x) ? x.map(typeFromJson) : []);
  const optional = (x: unknown): Type | undefined =>
    x === undefined || x === null ? undefined : typeFromJson(x);
  switch (spec.type) {
    case "null":
      return nullType;
    case "boolean":
      return booleanType;
    case "number":
      return numberType;
    case "string":
      return stringType;
    case "array":
      return arrayType(list(spec.static), optional(spec.dynamic));
    case "object":
      return objectFromJson(spec);
    case "set":
      return setType(optional(spec.of));
    case "any":
      return anyOf(...list(spec.of));
    case "function":
      return functionType(list(spec.args), optional(spec.result), optional(spec.variadic));
    default:
      throw unsupported(spec.type);
  }
}

function objectFromJson(spec: Json): Type {
  const properties: StaticProperty[] = [];
  for (const p of Array.isArray(spec.static) ? (spec.static as Json[]) : []) {
    properties.push(property(fromPlain(p.key), typeFromJson(p.value)));
  }
  const dynamic = spec.dynamic as Json | undefined;
  if (dynamic === undefined || dynamic === null) return objectType(properties);
  return objectType(properties, dynamicProperty(typeFromJson(dynamic.key), typeFromJson(dynamic.value)));
}

function unsupported(kind: unknown): PolicyError {
  return new PolicyError("invalid_input", `unsupported type '${String(kind)}'`);
}
