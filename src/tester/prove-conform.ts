// Whether a plain JSON value is what a schema allows, for the keywords that inputs are drawn from. In: schema, value. Out: yes or no. Used
// where inputs are changed after they were drawn, so that no invariant is broken by an input that cannot be.

import type { Json } from "./arbitrary.ts";

type Schema = { readonly [key: string]: unknown };

export function conforms(root: unknown, value: Json): boolean {
  return fits(root, value, root);
}

function fits(given: unknown, value: Json, root: unknown): boolean {
  if (given === true) return true;
  if (typeof given !== "object" || given === null) return false;
  const schema = given as Schema;
  if (typeof schema.$ref === "string") return fits(lookUp(root, schema.$ref), value, root);
  if ("const" in schema && !same(schema.const, value)) return false;
  if (Array.isArray(schema.enum) && !schema.enum.some((member) => same(member, value))) return false;
  const all = (key: string): readonly unknown[] =>
    Array.isArray(schema[key]) ? (schema[key] as unknown[]) : [];
  if (!all("allOf").every((part) => fits(part, value, root))) return false;
  if (Array.isArray(schema.anyOf) && !schema.anyOf.some((part) => fits(part, value, root))) return false;
  if (Array.isArray(schema.oneOf) && schema.oneOf.filter((part) => fits(part, value, root)).length !== 1)
    return false;
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOf(String(type), value)))
    return false;
  if (typeof value === "number") return numberFits(schema, value);
  if (typeof value === "string") return stringFits(schema, value);
  if (Array.isArray(value)) return arrayFits(schema, value, root);
  if (typeof value === "object" && value !== null) return objectFits(schema, value, root);
  return true;
}

function lookUp(root: unknown, ref: string): unknown {
  let at: unknown = root;
  for (const step of ref.replace(/^#\/?/, "").split("/")) {
    if (step === "") continue;
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    at = typeof at === "object" && at !== null ? (at as Schema)[key] : undefined;
  }
  return at;
}

function isOf(type: string, value: Json): boolean {
  if (type === "integer") return typeof value === "number" && Number.isInteger(value);
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

const limit = (value: unknown, none: number): number => (typeof value === "number" ? value : none);

function numberFits(schema: Schema, n: number): boolean {
  const { multipleOf } = schema;
  return (
    n >= limit(schema.minimum, Number.NEGATIVE_INFINITY) &&
    n <= limit(schema.maximum, Number.POSITIVE_INFINITY) &&
    (typeof schema.exclusiveMinimum !== "number" || n > schema.exclusiveMinimum) &&
    (typeof schema.exclusiveMaximum !== "number" || n < schema.exclusiveMaximum) &&
    (typeof multipleOf !== "number" || Number.isInteger(n / multipleOf))
  );
}

function stringFits(schema: Schema, text: string): boolean {
  const { length } = [...text];
  return (
    length >= limit(schema.minLength, 0) &&
    length <= limit(schema.maxLength, Number.POSITIVE_INFINITY) &&
    (typeof schema.pattern !== "string" || new RegExp(schema.pattern, "u").test(text)) &&
    (schema.format !== "date-time" || !Number.isNaN(Date.parse(text)))
  );
}

function arrayFits(schema: Schema, items: readonly Json[], root: unknown): boolean {
  const fixed = (schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : [])) as unknown[];
  if (fixed.length > 0 && items.length !== fixed.length) return false;
  const texts = new Set(items.map((item) => JSON.stringify(item)));
  return (
    items.length >= limit(schema.minItems, 0) &&
    items.length <= limit(schema.maxItems, Number.POSITIVE_INFINITY) &&
    (schema.uniqueItems !== true || texts.size === items.length) &&
    items.every((item, i) => fits(fixed[i] ?? (fixed.length > 0 ? true : (schema.items ?? true)), item, root))
  );
}

function objectFits(schema: Schema, value: { readonly [key: string]: Json }, root: unknown): boolean {
  const names = Object.keys(value);
  const properties = (schema.properties ?? {}) as Schema;
  const required = (schema.required ?? []) as string[];
  return (
    required.every((name) => Object.hasOwn(value, name)) &&
    names.length >= limit(schema.minProperties, 0) &&
    names.length <= limit(schema.maxProperties, Number.POSITIVE_INFINITY) &&
    names.every((name) =>
      fits(
        Object.hasOwn(properties, name) ? properties[name] : (schema.additionalProperties ?? true),
        value[name] as Json,
        root,
      ),
    )
  );
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
