// Holds a JSON value against a compiled schema. Value in, findings out, in the order and words of the library OPA uses; where several
// alternatives fail, the findings of the one that came closest are added.

import { toBigInt } from "../value/arithmetic.ts";
import { floatToText, parseFloatText, shortestDigits, layOutDigits, isIntegral } from "../value/float.ts";
import { compareDecimals, parseDecimal } from "../value/decimal.ts";
import type { RegoNumber, RegoObject, Value } from "../value/value.ts";
import { isArray, isNumber, isObject } from "../value/value.ts";
import { characterCount } from "./aggregates.ts";
import { hasMatch } from "./re2.ts";
import type { Schema } from "./schema-compile.ts";
import { comparableText } from "./schema-compile.ts";
import { isFormat } from "./schema-format.ts";

export interface Finding {
  readonly type: string;
  /** Path of the value, `(root)` for the whole. */
  readonly field: string;
  readonly description: string;
}

class Result {
  readonly findings: Finding[] = [];
  score = 0;

  get isValid(): boolean {
    return this.findings.length === 0;
  }

  add(path: readonly string[], type: string, description: string): void {
    this.findings.push({ type, field: path.length === 0 ? ROOT : path.join("."), description });
    this.score -= 2;
  }

  merge(other: Result | undefined): void {
    if (other === undefined) return;
    this.findings.push(...other.findings);
    this.score += other.score;
  }
}

const ROOT = "(Root)";

export function validate(schema: Schema, value: Value): Finding[] {
  return check(schema, value, []).findings;
}

function check(schema: Schema, value: Value, path: readonly string[]): Result {
  const result = new Result();
  walk(schema, value, path, result);
  return result;
}

function typeOf(value: Value): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  if (isArray(value)) return "array";
  if (!isNumber(value)) return "object";
  return toBigInt(value) === undefined ? "number" : "integer";
}

function walk(schema: Schema, value: Value, path: readonly string[], result: Result): void {
  if (schema.pass !== undefined) {
    if (!schema.pass) result.add(path, "false", "False always fails validation");
    return;
  }
  if (schema.reference !== undefined) {
    walk(schema.reference, value, path, result);
    return;
  }
  const type = typeOf(value);
  const { types } = schema;
  if (types.length > 0 && !types.includes(type) && !(type === "integer" && types.includes("number"))) {
    const expected = types.length > 1 ? `[${types.join(",")}]` : types[0];
    result.add(path, "invalid_type", `Invalid type. Expected: ${expected}, given: ${type}`);
    return;
  }
  combinations(schema, value, path, result);
  if (value !== null && isArray(value)) array(schema, value, path, result);
  else if (value !== null && isObject(value)) object(schema, value, path, result);
  else if (value !== null && isNumber(value)) number(schema, value, path, result);
  common(schema, value, path, result);
  if (typeof value === "string") string(schema, value, path, result);
  if (value !== null && isObject(value)) {
    for (const [name, property] of schema.properties) {
      const member = value.get(name);
      if (member !== undefined) walk(property, member, [...path, name], result);
    }
  }
  result.score++;
}

function closest(a: Result | undefined, b: Result): Result {
  return a === undefined || b.score > a.score ? b : a;
}

function combinations(schema: Schema, value: Value, path: readonly string[], result: Result): void {
  if (schema.anyOf.length > 0) {
    let best: Result | undefined;
    const isAny = schema.anyOf.some((part) => {
      const tried = check(part, value, path);
      if (!tried.isValid) best = closest(best, tried);
      return tried.isValid;
    });
    if (!isAny) {
      result.add(path, "number_any_of", "Must validate at least one schema (anyOf)");
      result.merge(best);
    }
  }
  if (schema.oneOf.length > 0) {
    const tried = schema.oneOf.map((part) => check(part, value, path));
    const good = tried.filter((part) => part.isValid).length;
    if (good !== 1) {
      result.add(path, "number_one_of", "Must validate one and only one schema (oneOf)");
      if (good === 0) result.merge(tried.reduce<Result | undefined>(closest, undefined));
    }
  }
  if (schema.allOf.length > 0) {
    const tried = schema.allOf.map((part) => check(part, value, path));
    for (const part of tried) result.merge(part);
    if (!tried.every((part) => part.isValid))
      result.add(path, "number_all_of", "Must validate all the schemas (allOf)");
  }
  if (schema.not !== undefined && check(schema.not, value, path).isValid) {
    result.add(path, "number_not", "Must not validate the schema (not)");
  }
  dependencies(schema, value, path, result);
  conditions(schema, value, path, result);
  result.score++;
}

function dependencies(schema: Schema, value: Value, path: readonly string[], result: Result): void {
  if (value === null || !isObject(value)) return;
  for (const name of value.keys()) {
    const needs = schema.dependencies.get(name as string);
    if (needs === undefined) continue;
    if (!Array.isArray(needs)) walk(needs as Schema, value, path, result);
    else
      for (const need of needs as readonly string[])
        if (!value.has(need)) result.add(path, "missing_dependency", `Has a dependency on ${need}`);
  }
}

function conditions(schema: Schema, value: Value, path: readonly string[], result: Result): void {
  if (schema.condition === undefined) return;
  const holds = check(schema.condition, value, path).isValid;
  const next = holds ? schema.consequence : schema.alternative;
  const tried = next === undefined ? undefined : check(next, value, path);
  if (tried === undefined || tried.isValid) return;
  if (holds) result.add(path, "condition_then", 'Must validate "then" as "if" was valid');
  else result.add(path, "condition_else", 'Must validate "else" as "if" was not valid');
  result.merge(tried);
}

function common(schema: Schema, value: Value, path: readonly string[], result: Result): void {
  const field = path.length === 0 ? ROOT : path.join(".");
  const { constant, enumeration, format } = schema;
  if (constant !== undefined && comparableText(value) !== constant) {
    result.add(path, "const", `${field} does not match: ${constant}`);
  }
  if (enumeration !== undefined && !enumeration.includes(comparableText(value))) {
    result.add(path, "enum", `${field} must be one of the following: ${enumeration.join(", ")}`);
  }
  if (format !== undefined && typeof value === "string" && !isFormat(format, value)) {
    result.add(path, "format", `Does not match format '${format}'`);
  }
  result.score++;
}

function array(schema: Schema, value: readonly Value[], path: readonly string[], result: Result): void {
  const item = (part: Schema, i: number): void =>
    result.merge(check(part, value[i] as Value, [...path, String(i)]));
  if (schema.itemsIsOne) for (let i = 0; i < value.length; i++) item(schema.items[0] as Schema, i);
  else if (schema.items.length > 0) {
    for (let i = 0; i < value.length; i++) {
      const part = schema.items[i] ?? schema.additionalItems;
      if (typeof part === "object") item(part, i);
    }
    if (schema.additionalItems === false && value.length > schema.items.length) {
      result.add(path, "array_no_additional_items", "No additional items allowed on array");
    }
  }
  const { minItems, maxItems } = schema.limits;
  if (minItems !== undefined && value.length < minItems)
    result.add(path, "array_min_items", `Array must have at least ${minItems} items`);
  if (maxItems !== undefined && value.length > maxItems)
    result.add(path, "array_max_items", `Array must have at most ${maxItems} items`);
  if (schema.uniqueItems) {
    const seen = new Map<string, number>();
    for (const [j, member] of value.entries()) {
      const text = comparableText(member);
      const i = seen.get(text);
      if (i !== undefined) result.add(path, "unique", `array items[${i},${j}] must be unique`);
      seen.set(text, j);
    }
  }
  if (schema.contains !== undefined) contains(schema.contains, value, path, result);
  result.score++;
}

function contains(part: Schema, value: readonly Value[], path: readonly string[], result: Result): void {
  let best: Result | undefined;
  const isFound = value.some((member, i) => {
    const tried = check(part, member, [...path, String(i)]);
    if (!tried.isValid) best = closest(best, tried);
    return tried.isValid;
  });
  if (isFound) return;
  result.add(path, "contains", "At least one of the items must match");
  result.merge(best);
}

function object(schema: Schema, value: RegoObject, path: readonly string[], result: Result): void {
  const { minProperties, maxProperties } = schema.limits;
  if (minProperties !== undefined && value.size < minProperties) {
    result.add(path, "array_min_properties", `Must have at least ${minProperties} properties`);
  }
  if (maxProperties !== undefined && value.size > maxProperties) {
    result.add(path, "array_max_properties", `Must have at most ${maxProperties} properties`);
  }
  for (const name of schema.required) {
    if (value.has(name)) result.score++;
    else result.add(path, "required", `${name} is required`);
  }
  const declared = new Set(schema.properties.map(([name]) => name));
  for (const [key, member] of value.entries()) {
    const name = key as string;
    const matching = schema.patternProperties.filter(([regex]) => hasMatch(regex, name));
    for (const [, part] of matching) result.merge(check(part, member, [...path, name]));
    if (matching.length > 0) result.score++;
    if (declared.has(name) || matching.length > 0) continue;
    const { additionalProperties } = schema;
    if (additionalProperties === false) {
      result.add(path, "additional_property_not_allowed", `Additional property ${name} is not allowed`);
    } else if (typeof additionalProperties === "object")
      result.merge(check(additionalProperties, member, [...path, name]));
  }
  if (schema.propertyNames !== undefined) {
    for (const name of value.keys()) {
      const tried = check(schema.propertyNames, name, path);
      if (tried.isValid) continue;
      result.add(path, "invalid_property_name", `Property name of "${name as string}" does not match`);
      result.merge(tried);
    }
  }
  result.score++;
}

function string(schema: Schema, value: string, path: readonly string[], result: Result): void {
  const { minLength, maxLength } = schema.limits;
  const length = characterCount(value);
  if (minLength !== undefined && length < minLength) {
    result.add(path, "string_gte", `String length must be greater than or equal to ${minLength}`);
  }
  if (maxLength !== undefined && length > maxLength) {
    result.add(path, "string_lte", `String length must be less than or equal to ${maxLength}`);
  }
  const { pattern } = schema;
  if (pattern !== undefined && !hasMatch(pattern.regex, value)) {
    result.add(path, "pattern", `Does not match pattern '${pattern.text}'`);
  }
  result.score++;
}

function number(schema: Schema, value: RegoNumber, path: readonly string[], result: Result): void {
  const { multipleOf, minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema.numbers;
  const order = (bound: RegoNumber): number =>
    compareDecimals(parseDecimal(value.text), parseDecimal(bound.text));
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    result.add(path, "multiple_of", `Must be a multiple of ${shown(multipleOf)}`);
  }
  if (maximum !== undefined && order(maximum) > 0)
    result.add(path, "number_lte", `Must be less than or equal to ${shown(maximum)}`);
  if (exclusiveMaximum !== undefined && order(exclusiveMaximum) >= 0)
    result.add(path, "number_lt", `Must be less than ${shown(exclusiveMaximum)}`);
  if (minimum !== undefined && order(minimum) < 0)
    result.add(path, "number_gte", `Must be greater than or equal to ${shown(minimum)}`);
  if (exclusiveMinimum !== undefined && order(exclusiveMinimum) <= 0)
    result.add(path, "number_gt", `Must be greater than ${shown(exclusiveMinimum)}`);
  result.score++;
}

function isMultiple(value: RegoNumber, of: RegoNumber): boolean {
  const [a, b] = [parseDecimal(value.text), parseDecimal(of.text)];
  const places = Math.max(a.digits.length - a.point, b.digits.length - b.point, 0);
  const scaled = (x: typeof a): bigint =>
    BigInt(x.digits || "0") * 10n ** BigInt(places + x.point - x.digits.length);
  return scaled(a) % scaled(b) === 0n;
}

/** A bound as Go shows a float: `%g`, so that a million is `1e+06`. */
function shown(bound: RegoNumber): string {
  const float = parseFloatText(bound.text);
  if (float.mantissa === 0n) return "0";
  if (!isIntegral(float)) return floatToText(float);
  const { digits, point } = shortestDigits(float);
  return layOutDigits(float.negative, digits, point, point - 1 >= 6 ? "e" : "f");
}
