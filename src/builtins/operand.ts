// What bodies check their operands with, and the errors OPA gives when they are wrong. Values in, JavaScript data out, or PolicyError:
// `eval_type_error` for a wrong type, `eval_builtin_error` for everything else. Messages here lack the builtin's name: builtin() adds it.

import { PolicyError } from "../error.ts";
import { toBigInt, toInt64 } from "../value/arithmetic.ts";
import type { RegoNumber, RegoObject, RegoSet, Value } from "../value/value.ts";
import { isArray, isNumber, isObject, isSet, typeName } from "../value/value.ts";

/** A semantic failure: bad text, impossible request. */
export function failure(message: string, cause?: unknown): PolicyError {
  return new PolicyError("eval_builtin_error", message, { cause });
}

export function typeFailure(message: string): PolicyError {
  return new PolicyError("eval_type_error", message);
}

/** `operand 1 must be number but got string`, or `… must be one of {set, array} but got …`. */
export function wrongType(
  position: number,
  got: Value | undefined,
  ...expected: readonly string[]
): PolicyError {
  const wanted = expected.length === 1 ? expected[0] : `one of {${expected.join(", ")}}`;
  return typeFailure(`operand ${position} must be ${wanted} but got ${nameOf(got)}`);
}

/** A collection of the right type holds something of a wrong one. */
export function wrongElement(
  position: number,
  whole: Value,
  got: Value,
  ...expected: readonly string[]
): PolicyError {
  const outer = nameOf(whole);
  const wanted = expected.length === 1 ? `${expected[0]}s` : `(any of) {${expected.join(", ")}}`;
  return typeFailure(
    `operand ${position} must be ${outer} of ${wanted} but got ${outer} containing ${nameOf(got)}`,
  );
}

function nameOf(value: Value | undefined): string {
  return value === undefined ? "nothing" : typeName(value);
}

export function stringOperand(value: Value | undefined, position: number): string {
  if (typeof value === "string") return value;
  throw wrongType(position, value, "string");
}

export function booleanOperand(value: Value | undefined, position: number): boolean {
  if (typeof value === "boolean") return value;
  throw wrongType(position, value, "boolean");
}

export function numberOperand(value: Value | undefined, position: number): RegoNumber {
  if (value !== undefined && isNumber(value)) return value;
  throw wrongType(position, value, "number");
}

const NO_INTEGER = "must be integer number but got floating-point number";

/** An integer literal within int64 (`1.0` counts, `1e0` does not), as the nearest double: for positions and counts. */
export function intOperand(value: Value | undefined, position: number): number {
  return Number(int64Operand(value, position));
}

export function int64Operand(value: Value | undefined, position: number): bigint {
  const int = toInt64(numberOperand(value, position));
  if (int === undefined) throw typeFailure(`operand ${position} ${NO_INTEGER}`);
  return int;
}

/** An integer of any size, also written as `1.0` or `1e3`. */
export function bigIntOperand(value: Value | undefined, position: number): bigint {
  if (value === undefined || !isNumber(value)) throw wrongType(position, value, "integer");
  const int = toBigInt(value);
  if (int === undefined) throw typeFailure(`operand ${position} ${NO_INTEGER}`);
  return int;
}

export function arrayOperand(value: Value | undefined, position: number): readonly Value[] {
  if (value !== undefined && isArray(value)) return value;
  throw wrongType(position, value, "array");
}

export function objectOperand(value: Value | undefined, position: number): RegoObject {
  if (value !== undefined && isObject(value)) return value;
  throw wrongType(position, value, "object");
}

export function setOperand(value: Value | undefined, position: number): RegoSet {
  if (value !== undefined && isSet(value)) return value;
  throw wrongType(position, value, "set");
}

/** The members of an array or a set; undefined for anything else. */
export function members(value: Value | undefined): readonly Value[] | undefined {
  if (value === undefined) return undefined;
  if (isArray(value)) return value;
  return isSet(value) ? [...value.values()] : undefined;
}

/** An array or set that holds strings only. */
export function stringsOperand(value: Value | undefined, position: number): string[] {
  const list = members(value);
  if (list === undefined) throw wrongType(position, value, "set", "array");
  return list.map((member) => {
    if (typeof member !== "string") throw wrongElement(position, value as Value, member, "string");
    return member;
  });
}
