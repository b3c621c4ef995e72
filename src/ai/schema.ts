// Shapes: one description of a document from which its TypeScript type, its JSON Schema and its check all follow. In: combinators. Out: a
// Shape. A shape says nothing about meaning and never throws: what is wrong with a document is a list of sentences with places.

import { isArray, isNumber, isObject, isSet, type Value } from "../value/value.ts";

export type JsonSchema = { readonly [key: string]: unknown };

/** `T` exists for the compiler only. */
export interface Shape<T> {
  readonly schema: JsonSchema;
  readonly optional: boolean;
  readonly check: (value: Value, path: string, findings: Finding[]) => void;
  readonly type?: T;
}

export interface Finding {
  /** JSON pointer. */
  readonly path: string;
  readonly message: string;
}

export type Infer<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends { readonly optional: true } ? K : never;
}[keyof F];
type RecordOf<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]>;
} & { readonly [K in OptionalKeys<F>]?: Infer<F[K]> };

function leaf<T>(schema: JsonSchema, wanted: string, is: (value: Value) => boolean): Shape<T> {
  return {
    schema,
    optional: false,
    check: (value, path, findings) => {
      if (!is(value)) findings.push({ path, message: `must be ${wanted}` });
    },
  };
}

export const text = (description?: string): Shape<string> =>
  leaf({ type: "string", ...said(description) }, "a string", (value) => typeof value === "string");

/** A string that must not be empty. */
export const name = (description?: string): Shape<string> =>
  leaf(
    { type: "string", minLength: 1, ...said(description) },
    "a string that is not empty",
    (value) => typeof value === "string" && value !== "",
  );

export const flag = (description?: string): Shape<boolean> =>
  leaf({ type: "boolean", ...said(description) }, "a boolean", (value) => typeof value === "boolean");

export const numeric = (description?: string): Shape<number> =>
  leaf(
    { type: "number", ...said(description) },
    "a number",
    (value) => value !== null && typeof value === "object" && isNumber(value),
  );

/** Anything: for what tools and sites define themselves. */
export const anything = (description?: string): Shape<unknown> =>
  leaf({ ...said(description) }, "", () => true);

export const oneOf = <const T extends string>(...values: readonly T[]): Shape<T> =>
  leaf(
    { type: "string", enum: [...values] },
    `one of ${values.map((value) => `\`${value}\``).join(", ")}`,
    (value) => typeof value === "string" && (values as readonly string[]).includes(value),
  );

export function list<T>(item: Shape<T>, description?: string): Shape<readonly T[]> {
  return {
    schema: { type: "array", items: item.schema, ...said(description) },
    optional: false,
    check: (value, path, findings) => {
      if (!isArray(value)) findings.push({ path, message: "must be an array" });
      else for (const [i, member] of value.entries()) item.check(member, `${path}/${i}`, findings);
    },
  };
}

/** An object whose keys are not known beforehand. */
export function map<T>(item: Shape<T>, description?: string): Shape<Readonly<Record<string, T>>> {
  return {
    schema: { type: "object", additionalProperties: item.schema, ...said(description) },
    optional: false,
    check: (value, path, findings) => {
      if (!isObject(value)) return void findings.push({ path, message: "must be an object" });
      for (const [key, member] of value.entries()) {
        if (typeof key === "string") item.check(member, `${path}/${escapePointer(key)}`, findings);
        else findings.push({ path, message: "must have strings as keys" });
      }
    },
  };
}

/** An object with these fields. Its schema is closed, so that a policy which reads another one is caught; its check lets others pass. */
export function record<const F extends Fields>(fields: F, description?: string): Shape<RecordOf<F>> {
  const known = new Map(Object.entries(fields));
  const required = [...known].filter(([, shape]) => !shape.optional).map(([key]) => key);
  return {
    schema: {
      type: "object",
      properties: Object.fromEntries([...known].map(([key, shape]) => [key, shape.schema])),
      required,
      additionalProperties: false,
      ...said(description),
    },
    optional: false,
    check: (value, path, findings) => {
      if (!isObject(value)) return void findings.push({ path, message: "must be an object" });
      for (const [key, shape] of known) {
        const member = value.get(key);
        const place = `${path}/${key}`;
        if (member !== undefined) shape.check(member, place, findings);
        else if (!shape.optional) findings.push({ path: place, message: "is missing" });
      }
    },
  };
}

export function optional<T>(shape: Shape<T>): Shape<T> & { readonly optional: true } {
  return { ...shape, optional: true };
}

/** Everything that is wrong with a document, in the order of its fields. */
export function findings(shape: Shape<unknown>, value: Value): Finding[] {
  const found: Finding[] = [];
  if (isSet(value as never)) return [{ path: "", message: "must be JSON" }];
  shape.check(value, "", found);
  return found;
}

/** The schema as a document of its own. */
export function documentSchema(shape: Shape<unknown>, title: string): JsonSchema {
  return { $schema: "http://json-schema.org/draft-07/schema#", title, ...shape.schema };
}

/** RFC 6901, section 3. */
export function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function said(description: string | undefined): { description?: string } {
  return description === undefined ? {} : { description };
}
