// fast-check arbitraries of JSON inputs. In: the Shape of a policy's input, or a JSON Schema, with the constants that make branches. Out: an
// arbitrary of plain JSON values. A Shape gives wrong ones on purpose, now and then; a schema never does. Over 450 lines:
// shapes and schemas draw through the same constants.

import fc from "fast-check";
import { PolicyError } from "../error.ts";
import { toPlain } from "../value/json.ts";
import { ANY, type Kind, type Scalar, type Shape } from "./prove-shape.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Stands for a field that is not there. */
const ABSENT = Symbol("absent");
type MaybeJson = Json | typeof ABSENT;

const MAX_DEPTH = 8;
const MAX_TEXTS = 96;
const FREE_TEXTS: readonly string[] = ["a", "b", "", "a/b", "*", "A"];
const FREE_NUMBERS: readonly number[] = [0, 1, 2, -1, 1000000];

interface Mode {
  /** Of 1000 fields, how many are missing. */
  readonly absent: number;
  /** Of 1000 values, how many are of another type. */
  readonly wrong: number;
}

/** Most inputs have everything in its place: only then the inner branches are reached. */
export function shapeArbitrary(shape: Shape): fc.Arbitrary<Json> {
  const dense = new ShapeBuilder({ absent: 15, wrong: 0 });
  const loose = new ShapeBuilder({ absent: 200, wrong: 0 });
  const messy = new ShapeBuilder({ absent: 80, wrong: 60 });
  return fc.oneof(
    { weight: 6, arbitrary: dense.top(shape) },
    { weight: 2, arbitrary: loose.top(shape) },
    { weight: 2, arbitrary: messy.top(shape) },
  );
}

class ShapeBuilder {
  readonly #mode: Mode;
  readonly #known = new Map<Shape, Map<number, fc.Arbitrary<Json>>>();

  constructor(mode: Mode) {
    this.#mode = mode;
  }

  top(shape: Shape): fc.Arbitrary<Json> {
    const at = shape.root;
    // The input itself is an object where fields of it are read.
    return at.fields.size > 0 || at.member !== undefined ? this.#object(at, 0) : this.build(at, 0);
  }

  build(given: Shape, depth: number): fc.Arbitrary<Json> {
    const shape = given.root;
    const byDepth = this.#known.get(shape) ?? new Map<number, fc.Arbitrary<Json>>();
    this.#known.set(shape, byDepth);
    let arbitrary = byDepth.get(depth);
    if (arbitrary === undefined) byDepth.set(depth, (arbitrary = this.#withWrong(this.#right(shape, depth))));
    return arbitrary;
  }

  #withWrong(right: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
    const { wrong } = this.#mode;
    if (wrong === 0) return right;
    return fc.oneof({ weight: 1000 - wrong, arbitrary: right }, { weight: wrong, arbitrary: wrongValue() });
  }

  #right(shape: Shape, depth: number): fc.Arbitrary<Json> {
    const choices: { weight: number; arbitrary: fc.Arbitrary<Json> }[] = [];
    const deep = depth >= MAX_DEPTH;
    const stringKeys = shape.key !== undefined && looksLikeNames(shape.key);
    const inItself = shape.member?.root === shape;
    const weight = inItself ? 2 : 8;
    const isArray = shape.member !== undefined && !stringKeys && !onlyObject(shape);
    if (!deep && shape.fields.size > 0) choices.push({ weight: 8, arbitrary: this.#object(shape, depth) });
    else if (!deep && shape.member !== undefined && (stringKeys || onlyObject(shape)))
      choices.push({ weight, arbitrary: this.#object(shape, depth) });
    if (!deep && (isArray || (shape.kinds.has("array") && shape.fields.size === 0 && choices.length === 0)))
      choices.push({ weight, arbitrary: this.#array(shape, depth) });
    const docs =
      choices.length > 0 || deep
        ? []
        : [...shape.docs].filter((doc) => typeof doc === "object" && doc !== null);
    if (docs.length > 0)
      choices.push({ weight: 2, arbitrary: fc.constantFrom(...docs.map((doc) => toPlain(doc) as Json)) });
    choices.push(...scalarChoices(shape, choices.length > 0));
    return choices.length === 0
      ? fc.constantFrom<Json>("a", "b", true, false, 0, 1, "", null)
      : fc.oneof(...choices);
  }

  #object(shape: Shape, depth: number): fc.Arbitrary<Json> {
    const fields: [string, fc.Arbitrary<MaybeJson>][] = [...shape.fields].map(([name, child]) => [
      name,
      this.#maybe(this.build(child, depth + 1)),
    ]);
    const names = fields.map(([name]) => name);
    const values = fc.tuple(...fields.map(([, arbitrary]) => arbitrary));
    const more = shape.member === undefined ? undefined : this.#members(shape, depth);
    return (
      more === undefined
        ? values.map((own): [MaybeJson[], [string, Json][]] => [own, []])
        : fc.tuple(values, more)
    ).map(([own, others]) => {
      const result: { [key: string]: Json } = Object.create(null);
      for (const [name, value] of others) result[name] = value;
      for (const [i, value] of own.entries()) if (value !== ABSENT) result[names[i] as string] = value;
      return result;
    });
  }

  #members(shape: Shape, depth: number): fc.Arbitrary<[string, Json][]> {
    const texts = shape.key === undefined ? [] : stringsOf(shape.key);
    const key = fc.constantFrom(...(texts.length > 0 ? [...texts, "unknown"] : FREE_TEXTS));
    return fc.array(fc.tuple(key, this.build(shape.member as Shape, depth + 1)), { maxLength: 3 });
  }

  #maybe(arbitrary: fc.Arbitrary<Json>): fc.Arbitrary<MaybeJson> {
    const { absent } = this.#mode;
    return fc.oneof(
      { weight: 1000 - absent, arbitrary },
      { weight: absent, arbitrary: fc.constant<MaybeJson>(ABSENT) },
    );
  }

  #array(shape: Shape, depth: number): fc.Arbitrary<Json> {
    const member =
      shape.member === undefined ? fc.constantFrom<Json>("a", "b", 1) : this.build(shape.member, depth + 1);
    return fc.array(member, { maxLength: 3 });
  }
}

function onlyObject(shape: Shape): boolean {
  return shape.kinds.has("object") && !shape.kinds.has("array");
}

function looksLikeNames(given: Shape): boolean {
  const key = given.root;
  return (
    key.kinds.has("string") ||
    key.texts.length > 0 ||
    [...key.scalars].some((scalar) => typeof scalar === "string")
  );
}

function scalarChoices(
  shape: Shape,
  isCollection: boolean,
): { weight: number; arbitrary: fc.Arbitrary<Json> }[] {
  const { kinds } = shape;
  const all = [...shape.scalars];
  const addresses = kinds.has("ip");
  const strings = stringsOf(shape).map((text) => (addresses ? text.replace(/\/\d+$/, "") : text));
  const numbers = all.filter((scalar) => typeof scalar === "number");
  const choices: { weight: number; arbitrary: fc.Arbitrary<Json> }[] = [];
  const add = (weight: number, arbitrary: fc.Arbitrary<Json>): void => {
    choices.push({ weight: isCollection ? Math.max(1, weight >> 3) : weight, arbitrary });
  };
  if (strings.length > 0) {
    add(8, fc.constantFrom(...strings));
    add(1, fc.constantFrom(...neighbourTexts(strings)));
  }
  if (numbers.length > 0 || kinds.has("number")) add(8, numberNear(numbers));
  if (kinds.has("boolean") || all.some((scalar) => typeof scalar === "boolean")) add(8, fc.boolean());
  if (all.includes(null)) add(1, fc.constant(null));
  if (kinds.has("digits")) add(4, numberNear(numbers).map(String));
  if (kinds.has("time")) add(8, TIME);
  if (kinds.has("ip")) add(6, fc.constantFrom("10.0.0.1", "192.168.1.1", "8.8.8.8", "::1", "127.0.0.1", "x"));
  if (kinds.has("cidr")) add(4, fc.constantFrom("10.0.0.0/8", "192.168.0.0/16", "0.0.0.0/0", "::/0"));
  const told = ["string", "number", "boolean", "time", "ip", "cidr"].some((kind) => kinds.has(kind as Kind));
  if (!told && shape.member?.root === shape) add(16, fc.constantFrom(...FREE_TEXTS));
  // Compared with nothing but the empty text: any other will do.
  if (strings.length > 0 && strings.every((text) => text === "")) add(24, fc.constantFrom(...FREE_TEXTS));
  if (kinds.has("string") && strings.length === 0) add(4, fc.constantFrom(...FREE_TEXTS));
  return choices;
}

/** Any wall clock: every weekday, hours in and out of work, now and then another zone. */
const TIME: fc.Arbitrary<Json> = fc
  .tuple(
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 0, max: 47 }),
    fc.constantFrom("Z", "Z", "+02:00", "-08:00"),
  )
  .map(([day, half, zone]) => {
    const two = (n: number): string => String(n).padStart(2, "0");
    return `2026-03-${two(day + 1)}T${two(half >> 1)}:${half % 2 === 0 ? "00" : "30"}:00${zone}`;
  });

function numberNear(constants: readonly number[]): fc.Arbitrary<number> {
  const near = [
    ...new Set(constants.flatMap((n) => [n, n + 1, n - 1, ...(Number.isInteger(n) ? [] : [Math.floor(n)])])),
  ];
  const free = fc.constantFrom(...FREE_NUMBERS);
  return near.length === 0
    ? fc.oneof(
        { weight: 3, arbitrary: free },
        { weight: 1, arbitrary: fc.integer({ min: -10, max: 10_000 }) },
      )
    : fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...near) },
        { weight: 1, arbitrary: free },
        {
          weight: 1,
          arbitrary: fc.integer({ min: Math.min(...near) - 2, max: Math.max(...near) + 2 }).map((n) => n),
        },
      );
}

function neighbourTexts(strings: readonly string[]): string[] {
  return [...new Set(["", "a", ...strings.slice(0, 12).flatMap((text) => [`${text}x`, text.toUpperCase()])])];
}

/** The constants of a place, and what texts of other places make of them. */
export function stringsOf(given: Shape, under: ReadonlySet<Shape> = new Set()): string[] {
  const shape = given.root;
  if (shape === ANY.root) return ["a", "b/c"];
  // A text that is made of itself begins with something.
  if (under.has(shape)) return ["a", "/b"];
  const found = new Set<string>();
  for (const scalar of shape.scalars) if (typeof scalar === "string") found.add(scalar);
  const inner = new Set([...under, shape]);
  for (const parts of shape.texts) {
    let texts: string[] = [""];
    for (const part of parts) {
      const ends = stringsOf(part, inner);
      const choices = ends.length > 0 ? ends : parts.length > 1 ? ["a"] : [];
      texts = texts.flatMap((text) => choices.slice(0, 24).map((end) => text + end)).slice(0, MAX_TEXTS);
    }
    for (const text of texts) found.add(text);
    if (
      parts.some(
        (part) =>
          part.root === shape || part.root.texts.some((inner) => inner.some(({ root }) => root === shape)),
      )
    )
      for (const text of ["a", "/b"]) found.add(text);
  }
  return [...found].slice(0, MAX_TEXTS * 4);
}

function wrongValue(): fc.Arbitrary<Json> {
  return fc.oneof(
    fc.constantFrom<Json>(null, "", "a", 0, -1, 1e308, true, false, "true", "1"),
    fc.constant(null).map((): Json => []),
    fc.constant(null).map((): Json => ({})),
    fc.constantFrom("x".repeat(5000), "\u0000", "é\u{1f600}"),
    fc.constant(null).map((): Json => Array.from({ length: 300 }, (_, i) => i)),
  );
}

type Schema = { readonly [key: string]: unknown };

const ANNOTATIONS = new Set(
  "$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly format".split(
    " ",
  ),
);
const UNDERSTOOD = new Set(
  "$ref type enum const properties required additionalProperties items prefixItems minItems maxItems uniqueItems minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf anyOf oneOf allOf minProperties maxProperties".split(
    " ",
  ),
);

/** Inputs that a JSON Schema allows. `hints` adds the constants of the policy. A keyword that cannot be honoured is refused. */
export function schemaArbitrary(schema: unknown, hints?: Shape): fc.Arbitrary<Json> {
  return new SchemaBuilder(schema).build(schema, hints, 0);
}

class SchemaBuilder {
  readonly #root: unknown;

  constructor(root: unknown) {
    this.#root = root;
  }

  build(given: unknown, hint: Shape | undefined, depth: number): fc.Arbitrary<Json> {
    const hints = hint?.root;
    if (given === true) return anything(hints);
    if (typeof given !== "object" || given === null || Array.isArray(given))
      throw new PolicyError("invalid_input", "a schema must be an object or `true`");
    const schema = given as Schema;
    for (const keyword of Object.keys(schema))
      if (!ANNOTATIONS.has(keyword) && !UNDERSTOOD.has(keyword) && !keyword.startsWith("x-"))
        throw new PolicyError(
          "invalid_input",
          `inputs cannot be drawn from the schema keyword \`${keyword}\``,
        );
    if (typeof schema.$ref === "string") {
      if (depth > 24) throw new PolicyError("invalid_input", `the schema \`${schema.$ref}\` never ends`);
      return this.build(this.#lookUp(schema.$ref), hints, depth + 1);
    }
    if ("const" in schema) return fc.constant(schema.const as Json);
    if (Array.isArray(schema.enum) && schema.enum.length > 0)
      return fc.constantFrom(...(schema.enum as Json[]));
    for (const keyword of ["anyOf", "oneOf"]) {
      const parts = schema[keyword];
      if (!Array.isArray(parts)) continue;
      const rest = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== keyword));
      return fc.oneof(...parts.map((part) => this.build(merged([rest, part]), hints, depth)));
    }
    if (Array.isArray(schema.allOf)) {
      const rest = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "allOf"));
      return this.build(merged([rest, ...schema.allOf.map((part) => this.#resolved(part))]), hints, depth);
    }
    const types = schema.type === undefined ? impliedTypes(schema) : [schema.type].flat();
    if (types.length === 0) return anything(hints);
    return fc.oneof(...types.map((type) => this.#typed(String(type), schema, hints, depth)));
  }

  #resolved(part: unknown): unknown {
    const ref = (part as Schema | null)?.$ref;
    return typeof ref === "string" ? this.#lookUp(ref) : part;
  }

  #lookUp(ref: string): unknown {
    let at: unknown = this.#root;
    for (const step of ref.replace(/^#\/?/, "").split("/")) {
      if (step === "") continue;
      const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
      at = typeof at === "object" && at !== null && Object.hasOwn(at, key) ? (at as Schema)[key] : undefined;
    }
    if (!ref.startsWith("#") || at === undefined)
      throw new PolicyError("invalid_input", `the schema refers to \`${ref}\`, which is not in it`);
    return at;
  }

  #typed(type: string, schema: Schema, hints: Shape | undefined, depth: number): fc.Arbitrary<Json> {
    switch (type) {
      case "null":
        return fc.constant(null);
      case "boolean":
        return fc.boolean();
      case "integer":
      case "number":
        return numberOf(schema, hints, type === "integer");
      case "string":
        return stringOf(schema, hints);
      case "array":
        return this.#array(schema, hints, depth);
      case "object":
        return this.#object(schema, hints, depth);
      default:
        throw new PolicyError("invalid_input", `the schema has the type \`${type}\`, which there is not`);
    }
  }

  #array(schema: Schema, hints: Shape | undefined, depth: number): fc.Arbitrary<Json> {
    const fixed = (schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : undefined)) as
      | unknown[]
      | undefined;
    const minLength = numeric(schema.minItems) ?? 0;
    const maxLength = Math.min(
      numeric(schema.maxItems) ?? Math.max(3, minLength + 1),
      depth > 10 ? minLength : 32,
    );
    if (fixed !== undefined)
      return fc
        .tuple(...fixed.map((part) => this.build(part, hints?.member, depth + 1)))
        .map((items): Json => items);
    const item =
      depth > 10 && minLength === 0
        ? fc.constant<Json>(null)
        : this.build(schema.items ?? true, hints?.member, depth + 1);
    return schema.uniqueItems === true
      ? fc.uniqueArray(item, { minLength, maxLength, selector: (value) => JSON.stringify(value) })
      : fc.array(item, { minLength, maxLength });
  }

  #object(schema: Schema, hints: Shape | undefined, depth: number): fc.Arbitrary<Json> {
    const required = new Set((schema.required as string[] | undefined) ?? []);
    const properties = (schema.properties ?? {}) as Schema;
    const names = [...new Set([...Object.keys(properties), ...required])].filter(
      (name) => required.has(name) || depth <= 10,
    );
    const values = names.map((name): fc.Arbitrary<MaybeJson> => {
      const value = this.build(
        Object.hasOwn(properties, name) ? properties[name] : true,
        hints?.fields.get(name),
        depth + 1,
      );
      return required.has(name)
        ? value
        : fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: fc.constant<MaybeJson>(ABSENT) });
    });
    const extra = schema.additionalProperties;
    const free = typeof extra === "object" || (names.length === 0 && extra !== false);
    const keys = hints?.key === undefined ? [] : stringsOf(hints.key);
    const others =
      !free || depth > 10
        ? fc.constant<[string, Json][]>([])
        : fc.array(
            fc.tuple(
              fc
                .constantFrom(...(keys.length > 0 ? keys : FREE_TEXTS))
                .filter((name) => !names.includes(name)),
              this.build(extra ?? true, hints?.member, depth + 1),
            ),
            { maxLength: 3 },
          );
    const built = fc.tuple(fc.tuple(...values), others).map(([own, more]): Json => {
      const result: { [key: string]: Json } = Object.create(null);
      for (const [name, value] of more) result[name] = value;
      for (const [i, value] of own.entries()) if (value !== ABSENT) result[names[i] as string] = value;
      return result;
    });
    const [least, most] = [
      numeric(schema.minProperties) ?? 0,
      numeric(schema.maxProperties) ?? Number.POSITIVE_INFINITY,
    ];
    if (least === 0 && most === Number.POSITIVE_INFINITY) return built;
    return built.filter((value) => {
      const size = Object.keys(value as object).length;
      return size >= least && size <= most;
    });
  }
}

function impliedTypes(schema: Schema): string[] {
  if (
    ["properties", "required", "additionalProperties", "minProperties", "maxProperties"].some(
      (key) => key in schema,
    )
  )
    return ["object"];
  if (["items", "prefixItems", "minItems", "maxItems", "uniqueItems"].some((key) => key in schema))
    return ["array"];
  if (["minLength", "maxLength", "pattern"].some((key) => key in schema)) return ["string"];
  if (
    ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].some((key) => key in schema)
  )
    return ["number"];
  return [];
}

/** Parts of `allOf`: properties and requirements add up; anything said twice differently is refused. */
function merged(parts: readonly unknown[]): Schema {
  const result: { [key: string]: unknown } = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part as Schema)) {
      const before = result[key];
      if (before === undefined || ANNOTATIONS.has(key)) result[key] = value;
      else if (key === "required")
        result[key] = [...new Set([...(before as string[]), ...(value as string[])])];
      else if (key === "properties") {
        const both: { [key: string]: unknown } = { ...(before as Schema) };
        for (const [name, inner] of Object.entries(value as Schema))
          both[name] = both[name] === undefined ? inner : { allOf: [both[name], inner] };
        result[key] = both;
      } else if (JSON.stringify(before) !== JSON.stringify(value))
        throw new PolicyError("invalid_input", `parts of the schema say different things about \`${key}\``);
    }
  }
  return result;
}

const numeric = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

function numberOf(schema: Schema, hints: Shape | undefined, whole: boolean): fc.Arbitrary<Json> {
  const step = numeric(schema.multipleOf) ?? (whole ? 1 : undefined);
  const low = numeric(schema.minimum) ?? numeric(schema.exclusiveMinimum);
  const high = numeric(schema.maximum) ?? numeric(schema.exclusiveMaximum);
  const fits = (n: number): boolean =>
    (numeric(schema.minimum) === undefined || n >= Number(schema.minimum)) &&
    (numeric(schema.maximum) === undefined || n <= Number(schema.maximum)) &&
    (numeric(schema.exclusiveMinimum) === undefined || n > Number(schema.exclusiveMinimum)) &&
    (numeric(schema.exclusiveMaximum) === undefined || n < Number(schema.exclusiveMaximum)) &&
    (step === undefined || Number.isInteger(n / step));
  const constants = [...(hints?.scalars ?? [])].filter((scalar: Scalar) => typeof scalar === "number");
  const edges = [low, high].filter((n) => n !== undefined);
  const near = [...new Set([...constants, ...edges].flatMap((n) => [n - 1, n, n + 1]))].filter(fits);
  const scale = step ?? 1;
  const from = Math.ceil((low ?? (high === undefined ? -10 : high - 1000)) / scale);
  const free = fc
    .integer({
      min: from,
      max: Math.max(from, Math.floor((high ?? Math.max(1000, from * scale + 1000)) / scale)),
    })
    .map((n) => n * scale)
    .filter(fits);
  return near.length === 0
    ? free
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...near) }, { weight: 1, arbitrary: free });
}

function stringOf(schema: Schema, hints: Shape | undefined): fc.Arbitrary<Json> {
  const least = numeric(schema.minLength) ?? 0;
  const most = numeric(schema.maxLength) ?? Math.max(12, least);
  const pattern = typeof schema.pattern === "string" ? new RegExp(schema.pattern, "u") : undefined;
  const fits = (text: string): boolean => {
    const { length } = [...text];
    return (
      length >= least && length <= (numeric(schema.maxLength) ?? length) && (pattern?.test(text) ?? true)
    );
  };
  const known = (hints === undefined ? [] : stringsOf(hints)).filter(fits);
  const free =
    schema.format === "date-time"
      ? TIME.filter((text) => fits(text as string))
      : pattern === undefined
        ? fc.string({ minLength: least, maxLength: most })
        : fc.stringMatching(pattern).filter(fits);
  return known.length === 0
    ? free
    : fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: free });
}

function anything(hints: Shape | undefined): fc.Arbitrary<Json> {
  if (hints !== undefined) return new ShapeBuilder({ absent: 50, wrong: 20 }).build(hints, 0);
  return fc.constantFrom<Json>("a", "b", true, false, 0, 1, "", null);
}
