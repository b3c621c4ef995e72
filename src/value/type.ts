// Static types of Rego values: plain tagged objects and their order. What is made of them is in type-algebra.ts, which an engine does without.
// Undefined means "unknown", as nil does in OPA.

import { compare } from "./compare.ts";
import type { Value } from "./value.ts";

export interface ScalarType {
  readonly kind: "null" | "boolean" | "number" | "string";
}
export interface ArrayType {
  readonly kind: "array";
  readonly static: readonly Type[];
  readonly dynamic: Type | undefined;
}
export interface StaticProperty {
  readonly key: Value;
  readonly value: Type;
}
export interface DynamicProperty {
  readonly key: Type;
  readonly value: Type;
}
export interface ObjectType {
  readonly kind: "object";
  /** Sorted by key. */
  readonly static: readonly StaticProperty[];
  readonly dynamic: DynamicProperty | undefined;
}
export interface SetType {
  readonly kind: "set";
  readonly of: Type | undefined;
}
/** A union; of nothing: any value at all. */
export interface AnyType {
  readonly kind: "any";
  /** Sorted, without doubles. */
  readonly of: readonly Type[];
}
export interface FunctionType {
  readonly kind: "function";
  readonly args: readonly Type[];
  /** Undefined for void functions. */
  readonly result: Type | undefined;
  readonly variadic: Type | undefined;
}
/** A type that refers to itself (JSON Schema `$ref` cycles); `target` is set once the cycle is closed. */
export interface RecursiveType {
  readonly kind: "recursive";
  readonly name: string;
  target: Type | undefined;
}
export type Type = ScalarType | ArrayType | ObjectType | SetType | AnyType | FunctionType | RecursiveType;

export const nullType: ScalarType = { kind: "null" };
export const booleanType: ScalarType = { kind: "boolean" };
export const numberType: ScalarType = { kind: "number" };
export const stringType: ScalarType = { kind: "string" };
export const anyType: AnyType = { kind: "any", of: [] };

export function anyOf(...of: readonly Type[]): AnyType {
  return { kind: "any", of: [...of].sort(compareTypes) };
}

/** `staticItems` by position, then `dynamic` for all further ones. */
export function arrayType(staticItems: readonly Type[], dynamic?: Type): ArrayType {
  return { kind: "array", static: staticItems, dynamic };
}

export function objectType(properties: readonly StaticProperty[], dynamic?: DynamicProperty): ObjectType {
  return { kind: "object", static: [...properties].sort((a, b) => compare(a.key, b.key)), dynamic };
}

export function property(key: Value, value: Type): StaticProperty {
  return { key, value };
}

export function dynamicProperty(key: Type, value: Type): DynamicProperty {
  return { key, value };
}

export function setType(of?: Type): SetType {
  return { kind: "set", of };
}

export function functionType(args: readonly Type[], result?: Type, variadic?: Type): FunctionType {
  return { kind: "function", args, result, variadic };
}

export function recursiveType(name: string, target?: Type): RecursiveType {
  return { kind: "recursive", name, target };
}

/** The type behind a recursive one. */
export function resolveType(type: Type | undefined): Type | undefined {
  return type?.kind === "recursive" ? type.target : type;
}

const ORDER = {
  null: 0,
  boolean: 1,
  number: 2,
  string: 3,
  array: 4,
  object: 5,
  set: 6,
  any: 7,
  function: 8,
  recursive: 9,
} as const;

function compareLists(a: readonly Type[], b: readonly Type[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareTypes(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** OPA's total order of types, unknown first. */
export function compareTypes(left: Type | undefined, right: Type | undefined): number {
  const [a, b] = [resolveType(left), resolveType(right)];
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  if (a.kind === "array" && b.kind === "array") {
    return compareTypes(a.dynamic, b.dynamic) || compareLists(a.static, b.static);
  }
  if (a.kind === "object" && b.kind === "object") return compareObjectTypes(a, b);
  if (a.kind === "set" && b.kind === "set") return compareTypes(a.of, b.of);
  if (a.kind === "any" && b.kind === "any") return compareLists(a.of, b.of);
  if (a.kind === "function" && b.kind === "function") {
    return (
      a.args.length - b.args.length ||
      compareLists(a.args, b.args) ||
      compareTypes(a.result, b.result) ||
      compareTypes(a.variadic, b.variadic)
    );
  }
  return ORDER[a.kind] - ORDER[b.kind];
}

function compareObjectTypes(a: ObjectType, b: ObjectType): number {
  const dynamic =
    compareTypes(a.dynamic?.key, b.dynamic?.key) || compareTypes(a.dynamic?.value, b.dynamic?.value);
  if (dynamic !== 0) return dynamic;
  for (let i = 0; i < Math.min(a.static.length, b.static.length); i++) {
    const [x, y] = [a.static[i] as StaticProperty, b.static[i] as StaticProperty];
    const order = compare(x.key, y.key) || compareTypes(x.value, y.value);
    if (order !== 0) return order;
  }
  return a.static.length - b.static.length;
}
