// What static types come to together: inclusion, union, selection, and the types of values. Types in, types out; undefined means "unknown", as nil
// does in OPA.

import { toInt64 } from "./arithmetic.ts";
import { compare } from "./compare.ts";
import type { AnyType, FunctionType, ObjectType, StaticProperty, Type } from "./type.ts";
import {
  anyOf,
  anyType,
  arrayType,
  booleanType,
  compareTypes,
  dynamicProperty,
  functionType,
  nullType,
  numberType,
  objectType,
  property,
  resolveType,
  setType,
  stringType,
} from "./type.ts";
import type { Value } from "./value.ts";
import { isArray, isNumber } from "./value.ts";

export function equalTypes(a: Type | undefined, b: Type | undefined): boolean {
  return compareTypes(a, b) === 0;
}

/** Whether `a` is `b` or, as a union, holds exactly `b` (functions are in no union). */
export function containsType(a: Type | undefined, b: Type | undefined): boolean {
  if (a?.kind !== "any") return equalTypes(a, b);
  if (b?.kind === "function") return false;
  return a.of.length === 0 || a.of.some((member) => equalTypes(member, b));
}

/** The union; of two functions, argument by argument. Unknown when there is none. */
export function unionType(a: Type | undefined, b: Type | undefined): Type | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (a.kind === "function" || b.kind === "function") {
    return a.kind === "function" && b.kind === "function" ? unionFunctions(a, b) : undefined;
  }
  if (a.kind === "any") return mergeAny(a, b);
  if (b.kind === "any") return mergeAny(b, a);
  return equalTypes(a, b) ? a : anyOf(a, b);
}

function mergeAny(a: AnyType, b: Type): AnyType {
  if (b.kind !== "any") return containsType(a, b) ? a : anyOf(...a.of, b);
  if (a.of.length === 0) return a;
  if (b.of.length === 0) return b;
  return anyOf(...a.of, ...b.of.filter((member) => !containsType(a, member)));
}

/** What OPA has for a union of functions that differ in arity: still a function, which yields to any other. */
const noFunction: FunctionType = { kind: "function", args: [], result: undefined, variadic: undefined };

function unionFunctions(a: FunctionType, b: FunctionType): FunctionType {
  if (a === noFunction) return b;
  if (b === noFunction) return a;
  if (a.args.length !== b.args.length || (a.variadic === undefined) !== (b.variadic === undefined))
    return noFunction;
  const args = a.args.map((arg, i) => unionType(arg, b.args[i]) ?? anyType);
  return functionType(args, unionType(a.result, b.result), unionType(a.variadic, b.variadic));
}

/** Type of the member `key` of an array, object or set; unknown when there can be none. */
export function selectType(type: Type | undefined, key: Value): Type | undefined {
  const t = resolveType(type);
  switch (t?.kind) {
    case "array": {
      // As OPA: a position is written as an integer; `1.0` is none, although it is one at run time.
      const position = isNumber(key) && /^-?\d+$/.test(key.text) ? toInt64(key) : undefined;
      return position === undefined || position < 0n ? undefined : (t.static[Number(position)] ?? t.dynamic);
    }
    case "object": {
      const found = t.static.find((p) => compare(p.key, key) === 0);
      if (found !== undefined) return found.value;
      return t.dynamic !== undefined && containsType(t.dynamic.key, typeOfValue(key))
        ? t.dynamic.value
        : undefined;
    }
    case "set": {
      const wanted = typeOfValue(key);
      if (equalTypes(t.of, wanted)) return t.of;
      return t.of?.kind === "any" && containsType(t.of, wanted) ? wanted : undefined;
    }
    case "any":
      return overMembers(t, (member) => selectType(member, key));
    default:
      return undefined;
  }
}

function overMembers(type: AnyType, of: (member: Type) => Type | undefined): Type | undefined {
  if (type.of.length === 0) return anyType;
  let result: Type | undefined;
  for (const member of type.of) result = unionType(of(member), result);
  return result;
}

/** Type of what iterating gives as key. */
export function keysType(type: Type | undefined): Type | undefined {
  const t = resolveType(type);
  switch (t?.kind) {
    case "array":
      return numberType;
    case "object": {
      let result: Type | undefined;
      for (const p of t.static) result = unionType(result, typeOfValue(p.key));
      return unionType(result, t.dynamic?.key);
    }
    case "set":
      return t.of;
    case "any":
      return overMembers(t, keysType);
    default:
      return undefined;
  }
}

/** Type of what iterating gives as value. */
export function valuesType(type: Type | undefined): Type | undefined {
  const t = resolveType(type);
  switch (t?.kind) {
    case "array": {
      let result: Type | undefined;
      for (const item of t.static) result = unionType(result, item);
      return unionType(result, t.dynamic);
    }
    case "object": {
      let result: Type | undefined;
      for (const p of t.static) result = unionType(result, p.value);
      return unionType(result, t.dynamic?.value);
    }
    case "set":
      return t.of;
    case "any":
      return overMembers(t, valuesType);
    default:
      return undefined;
  }
}

/** The narrowest type of a value. */
export function typeOfValue(value: Value): Type {
  if (value === null) return nullType;
  if (typeof value === "boolean") return booleanType;
  if (typeof value === "string") return stringType;
  if (isArray(value)) return arrayType(value.map(typeOfValue));
  switch (value.kind) {
    case "number":
      return numberType;
    case "object":
      return objectType(Array.from(value.entries(), ([key, member]) => property(key, typeOfValue(member))));
    case "set": {
      let of: Type | undefined;
      for (const member of value.values()) of = unionType(of, typeOfValue(member));
      return setType(of ?? anyType);
    }
  }
}

/** Union of two object types, member by member where both have one. */
export function mergeObjectTypes(a: ObjectType, b: ObjectType): ObjectType {
  const both = (x: Type, y: Type): Type =>
    x.kind === "object" && y.kind === "object" ? mergeObjectTypes(x, y) : (unionType(x, y) ?? anyType);
  const dynamic =
    a.dynamic !== undefined && b.dynamic !== undefined
      ? dynamicProperty(
          unionType(a.dynamic.key, b.dynamic.key) ?? anyType,
          both(a.dynamic.value, b.dynamic.value),
        )
      : (a.dynamic ?? b.dynamic);
  const properties = [...a.static];
  for (const p of b.static) {
    const i = properties.findIndex((other) => compare(other.key, p.key) === 0);
    if (i < 0) properties.push(p);
    else properties[i] = property(p.key, both((properties[i] as StaticProperty).value, p.value));
  }
  return objectType(properties, dynamic);
}

/** Whether anything in the type is unknown. */
export function isUnknownType(type: Type | undefined, seen: Set<Type> = new Set()): boolean {
  const t = resolveType(type);
  if (t === undefined) return true;
  if (seen.has(t)) return false;
  switch (t.kind) {
    case "array":
      seen.add(t);
      return (
        t.static.some((x) => isUnknownType(x, seen)) ||
        (t.dynamic !== undefined && isUnknownType(t.dynamic, seen))
      );
    case "object":
      seen.add(t);
      return (
        t.static.some((p) => isUnknownType(p.value, seen)) ||
        (t.dynamic !== undefined &&
          (isUnknownType(t.dynamic.key, seen) || isUnknownType(t.dynamic.value, seen)))
      );
    case "set":
      return isUnknownType(t.of, seen);
    case "function":
      return t.args.some((x) => isUnknownType(x, seen)) || isUnknownType(t.result, seen);
    default:
      return false;
  }
}
