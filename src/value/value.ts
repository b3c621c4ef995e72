// What Rego values are in TypeScript: the Value union, its guards and type names. Numbers are never JavaScript numbers here,
// because a digit may not be lost; objects and sets are ordered as OPA orders them. This file knows types only: compare.ts reads
// collections through these interfaces, object.ts and set.ts implement them.

/** A number, kept as its literal text (`1.0` stays `1.0`). Valid JSON number syntax, always. See number.ts for arithmetic. */
export interface RegoNumber {
  readonly kind: "number";
  readonly text: string;
}

/** An immutable object keyed by any Value. Iteration is in OPA's order of keys (compare.ts). */
export interface RegoObject {
  readonly kind: "object";
  readonly size: number;
  get(key: Value): Value | undefined;
  has(key: Value): boolean;
  entries(): IterableIterator<readonly [Value, Value]>;
  keys(): IterableIterator<Value>;
}

/** An immutable set of Values, iterated in OPA's order. */
export interface RegoSet {
  readonly kind: "set";
  readonly size: number;
  has(member: Value): boolean;
  values(): IterableIterator<Value>;
}

export type Value = null | boolean | string | RegoNumber | readonly Value[] | RegoObject | RegoSet;

export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object" | "set";

/** The name that `type_name` gives a value. */
export function typeName(value: Value): TypeName {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  if (isArray(value)) return "array";
  return value.kind;
}

export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isNumber(value: Value): value is RegoNumber {
  return typeof value === "object" && value !== null && !isArray(value) && value.kind === "number";
}

export function isObject(value: Value): value is RegoObject {
  return typeof value === "object" && value !== null && !isArray(value) && value.kind === "object";
}

export function isSet(value: Value): value is RegoSet {
  return typeof value === "object" && value !== null && !isArray(value) && value.kind === "set";
}
