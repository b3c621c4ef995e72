// JSON schemas (drafts 4, 6 and 7) compiled to a tree that schema-validate.ts walks, with the complaints of the library OPA uses. A schema
// as a Value in, a tree out. References stay within the document: nothing is ever fetched.

import { compareDecimals, parseDecimal } from "../value/decimal.ts";
import { encode } from "../value/json.ts";
import { numberFromFloat64, toBigInt } from "../value/arithmetic.ts";
import type { RegoNumber, RegoObject, Value } from "../value/value.ts";
import { isArray, isNumber, isObject } from "../value/value.ts";
import { failure } from "./operand.ts";
import type { Regex } from "./re2.ts";
import { compileRegex } from "./re2.ts";

export interface Schema {
  /** `true` and `false` as schemas. */
  pass?: boolean;
  reference?: Schema;
  types: string[];
  properties: [string, Schema][];
  additionalProperties?: boolean | Schema | undefined;
  patternProperties: [Regex, Schema][];
  propertyNames?: Schema;
  dependencies: Map<string, readonly string[] | Schema>;
  items: Schema[];
  itemsIsOne: boolean;
  additionalItems?: boolean | Schema | undefined;
  numbers: Partial<
    Record<"multipleOf" | "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum", RegoNumber>
  >;
  limits: Partial<Record<Limit, number>>;
  pattern?: { readonly text: string; readonly regex: Regex };
  format?: string;
  required: string[];
  uniqueItems: boolean;
  contains?: Schema;
  constant?: string;
  enumeration?: string[];
  oneOf: Schema[];
  anyOf: Schema[];
  allOf: Schema[];
  not?: Schema;
  condition?: Schema;
  consequence?: Schema;
  alternative?: Schema;
}

export type Limit = "minLength" | "maxLength" | "minProperties" | "maxProperties" | "minItems" | "maxItems";

const TYPES = ["array", "boolean", "integer", "number", "null", "object", "string"];
const HYBRID = 99;
const ZERO = parseDecimal("0");

export function compileSchema(document: Value): Schema {
  return new Compiler(document).root();
}

/** What is wrong with a reference to another document. */
function outside(reference: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference)) return `remote reference loading disabled: ${reference}`;
  if (/^(?:\/\/|\?)/.test(reference)) return `Reference ${reference} must be canonical`;
  const { pathname, search, hash } = new URL(reference, "http://schema.invalid/");
  return `Reference ${pathname}${search}${hash} must be canonical`;
}

/** JSON text in which equal numbers look alike. */
export function comparableText(value: Value): string {
  if (value === null || typeof value !== "object") return encode(value);
  if (isArray(value)) return `[${value.map(comparableText).join(",")}]`;
  if (isNumber(value)) {
    const float = Number(value.text);
    return Number.isFinite(float)
      ? Math.abs(float) < 1e21 && Number.isInteger(float)
        ? BigInt(float).toString()
        : numberFromFloat64(float).text
      : value.text;
  }
  if (!isObject(value)) return encode(value);
  return `{${Array.from(value.entries(), ([key, member]) => `${encode(key)}:${comparableText(member)}`).join(",")}}`;
}

function invalidType(expected: string, given: string): Error {
  return failure(`Invalid type. Expected: ${expected}, given: ${given}`);
}

class Compiler {
  readonly #document: Value;
  readonly #references = new Map<string, Schema>();
  readonly #ids = new Map<string, Value>();
  #draft = HYBRID;

  constructor(document: Value) {
    this.#document = document;
  }

  root(): Schema {
    const named = isObject(this.#document) ? this.#document.get("$schema") : undefined;
    if (named !== undefined) {
      if (typeof named !== "string") throw failure("$schema must be of type string");
      const draft = /^https?:\/\/json-schema\.org\/draft-0([467])\/schema#?$/.exec(named)?.[1];
      if (draft !== undefined) this.#draft = Number(draft);
    }
    if (typeof this.#document !== "boolean" && !isObject(this.#document)) throw failure("schema is invalid");
    this.#gatherIds(this.#document);
    return this.compile(this.#document);
  }

  #gatherIds(value: Value): void {
    if (isArray(value)) for (const item of value) this.#gatherIds(item);
    else if (value !== null && isObject(value)) {
      const id = value.get("$id") ?? value.get("id");
      if (typeof id === "string" && !this.#ids.has(id)) this.#ids.set(id, value);
      for (const [, member] of value.entries()) this.#gatherIds(member);
    }
  }

  compile(value: Value): Schema {
    const schema = emptySchema();
    if (typeof value === "boolean" && this.#draft >= 6) {
      schema.pass = value;
      return schema;
    }
    if (value === null || !isObject(value)) {
      throw failure("Expected: Valid Schema, given: Invalid JSON");
    }
    const isOld = this.#draft === 4 || (this.#draft === HYBRID && value.get("id") !== undefined);
    for (const key of [isOld ? "id" : "$id", "title", "description"]) this.#text(value, key);
    const reference = this.#text(value, "$ref");
    if (reference !== undefined) schema.reference = this.#resolve(reference);
    this.#types(value, schema);
    this.#objectKeywords(value, schema);
    this.#arrayKeywords(value, schema);
    this.#numberKeywords(value, schema);
    this.#lengths(
      value,
      schema,
      "minLength",
      "maxLength",
      (low, high) => `${low} cannot be greater than ${high}`,
    );
    this.#textKeywords(value, schema);
    this.#lengths(
      value,
      schema,
      "minProperties",
      "maxProperties",
      (low, high) => `${low} cannot be greater than ${high}`,
    );
    this.#required(value, schema);
    this.#itemLimits(value, schema);
    this.#values(value, schema);
    this.#combinations(value, schema);
    return schema;
  }

  #resolve(reference: string): Schema {
    const known = this.#references.get(reference);
    if (known !== undefined) return known;
    // Entered before it is compiled, so that a schema may refer to itself.
    const schema = emptySchema();
    this.#references.set(reference, schema);
    const target = this.#find(reference);
    if (typeof target !== "boolean" && (target === null || target === undefined || !isObject(target))) {
      throw failure("Valid Schema must be of type object");
    }
    Object.assign(schema, this.compile(target));
    return schema;
  }

  #find(reference: string): Value | undefined {
    const named = this.#ids.get(reference);
    if (named !== undefined) return named;
    const [base = "", fragment = ""] = reference.split("#");
    const document = base === "" ? this.#document : (this.#ids.get(base) ?? this.#ids.get(`${base}#`));
    // Nothing is fetched.
    if (document === undefined) throw failure(outside(reference));
    let at: Value | undefined = document;
    for (const part of fragment.split("/").slice(1)) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      at =
        at === undefined || at === null
          ? undefined
          : isArray(at)
            ? at[Number(key)]
            : isObject(at)
              ? at.get(key)
              : undefined;
      if (at === undefined) throw failure(`Object has no key '${key}'`);
    }
    return at;
  }

  #text(value: RegoObject, key: string): string | undefined {
    const found = value.get(key);
    if (found !== undefined && typeof found !== "string") throw invalidType("string", key);
    return found;
  }

  #list(value: RegoObject, key: string): readonly Value[] | undefined {
    const found = value.get(key);
    if (found !== undefined && !isArray(found)) throw failure(`${key} must be of an array`);
    return found as readonly Value[] | undefined;
  }

  #types(value: RegoObject, schema: Schema): void {
    const given = value.get("type");
    if (given === undefined) return;
    for (const type of isArray(given) ? given : [given]) {
      if (typeof type !== "string") throw invalidType("type", "string/Array Of Strings");
      if (!TYPES.includes(type)) {
        throw failure(
          `has a primitive type that is NOT VALID -- given: /${type}/ Expected valid values are:[array boolean integer number null object string]`,
        );
      }
      if (schema.types.includes(type)) throw failure(`${type} type is duplicated`);
      schema.types.push(type);
    }
  }

  #objectKeywords(value: RegoObject, schema: Schema): void {
    const properties = value.get("properties");
    if (properties !== undefined) {
      if (!isMap(properties)) throw failure("Properties must be of type object");
      for (const [name, property] of properties.entries())
        schema.properties.push([name as string, this.compile(property)]);
    }
    schema.additionalProperties = this.#switch(value, "additionalProperties");
    const patterns = value.get("patternProperties");
    if (patterns !== undefined) {
      if (!isMap(patterns)) throw invalidType("Valid Schema", "patternProperties");
      for (const [pattern, property] of patterns.entries()) {
        schema.patternProperties.push([
          regexOr(pattern as string, `Invalid regex pattern '${pattern as string}'`),
          this.compile(property),
        ]);
      }
    }
    const names = value.get("propertyNames");
    if (names !== undefined && this.#draft >= 6) {
      if (!isSchema(names)) throw invalidType("Valid Schema", "patternProperties");
      schema.propertyNames = this.compile(names);
    }
    this.#dependencies(value, schema);
  }

  #dependencies(value: RegoObject, schema: Schema): void {
    const dependencies = value.get("dependencies");
    if (dependencies === undefined) return;
    if (!isMap(dependencies)) throw failure("dependencies must be of type object");
    for (const [name, needs] of dependencies.entries()) {
      if (isSchema(needs)) schema.dependencies.set(name as string, this.compile(needs));
      else if (isArray(needs) && needs.every((need) => typeof need === "string")) {
        schema.dependencies.set(name as string, needs as readonly string[]);
      } else throw failure("Dependency must be of type Schema Or Array Of Strings");
    }
  }

  /** A boolean or a schema. */
  #switch(value: RegoObject, key: string): boolean | Schema | undefined {
    const found = value.get(key);
    if (found === undefined || typeof found === "boolean") return found;
    if (!isMap(found)) throw invalidType("boolean/Valid Schema", key);
    return this.compile(found);
  }

  #arrayKeywords(value: RegoObject, schema: Schema): void {
    const items = value.get("items");
    if (items !== undefined) {
      if (isSchema(items)) {
        schema.items.push(this.compile(items));
        schema.itemsIsOne = true;
      } else if (isArray(items) && items.every(isSchema))
        schema.items.push(...items.map((item) => this.compile(item)));
      else throw invalidType("Valid Schema/Array Of Schemas", "items");
    }
    schema.additionalItems = this.#switch(value, "additionalItems");
  }

  #numberKeywords(value: RegoObject, schema: Schema): void {
    const multiple = value.get("multipleOf");
    if (multiple !== undefined) {
      if (!isNumberValue(multiple)) throw invalidType("Number", "multipleOf");
      if (compareDecimals(parseDecimal(multiple.text), ZERO) <= 0)
        throw failure("multipleOf must be strictly greater than 0");
      schema.numbers.multipleOf = multiple;
    }
    for (const [plain, exclusive] of [
      ["minimum", "exclusiveMinimum"],
      ["maximum", "exclusiveMaximum"],
    ] as const) {
      const bound = value.get(plain);
      if (bound !== undefined) {
        if (!isNumberValue(bound)) throw failure(`${plain} must be of a Number`);
        schema.numbers[plain] = bound;
      }
      const strict = value.get(exclusive);
      if (strict === undefined) continue;
      // A boolean in draft 4, a bound of its own since draft 6; undeclared schemas may use either.
      if (typeof strict === "boolean" && (this.#draft === 4 || this.#draft === HYBRID)) {
        if (schema.numbers[plain] === undefined)
          throw failure(`${exclusive} cannot be used without ${plain}`);
        if (!strict) continue;
        schema.numbers[exclusive] = schema.numbers[plain] as RegoNumber;
        delete schema.numbers[plain];
      } else if (isNumberValue(strict) && this.#draft !== 4) schema.numbers[exclusive] = strict;
      else
        throw invalidType(
          this.#draft === 4 ? "boolean" : this.#draft === HYBRID ? "boolean/number" : "number",
          exclusive,
        );
    }
  }

  #limit(value: RegoObject, schema: Schema, key: Limit): void {
    const found = value.get(key);
    if (found === undefined) return;
    const limit = isNumberValue(found) ? toBigInt(found) : undefined;
    if (limit === undefined) throw failure(`${key} must be of an integer`);
    if (limit < 0n) throw failure(`${key} must be greater than or equal to 0`);
    schema.limits[key] = Number(limit);
  }

  #lengths(
    value: RegoObject,
    schema: Schema,
    low: Limit,
    high: Limit,
    complaint: (low: string, high: string) => string,
  ): void {
    this.#limit(value, schema, low);
    this.#limit(value, schema, high);
    const [min, max] = [schema.limits[low], schema.limits[high]];
    if (min !== undefined && max !== undefined && min > max) throw failure(complaint(low, high));
  }

  #textKeywords(value: RegoObject, schema: Schema): void {
    const pattern = this.#text(value, "pattern");
    if (pattern !== undefined)
      schema.pattern = { text: pattern, regex: regexOr(pattern, "pattern must be a valid regex") };
    const format = this.#text(value, "format");
    if (format !== undefined) schema.format = format;
  }

  #required(value: RegoObject, schema: Schema): void {
    for (const name of this.#list(value, "required") ?? []) {
      if (typeof name !== "string") throw invalidType("string", "required");
      if (schema.required.includes(name)) throw failure("required items must be unique");
      schema.required.push(name);
    }
  }

  #itemLimits(value: RegoObject, schema: Schema): void {
    this.#limit(value, schema, "minItems");
    this.#limit(value, schema, "maxItems");
    const unique = value.get("uniqueItems");
    if (unique !== undefined && typeof unique !== "boolean")
      throw failure("uniqueItems must be of a boolean");
    schema.uniqueItems = unique === true;
    const contains = value.get("contains");
    if (contains !== undefined && this.#draft >= 6) schema.contains = this.compile(contains);
  }

  #values(value: RegoObject, schema: Schema): void {
    const constant = value.get("const");
    if (constant !== undefined && this.#draft >= 6) schema.constant = comparableText(constant);
    const values = this.#list(value, "enum");
    if (values === undefined) return;
    schema.enumeration = values.map(comparableText);
    if (new Set(schema.enumeration).size < schema.enumeration.length)
      throw failure("enum items must be unique");
  }

  #combinations(value: RegoObject, schema: Schema): void {
    for (const key of ["oneOf", "anyOf", "allOf"] as const) {
      schema[key].push(...(this.#list(value, key) ?? []).map((part) => this.compile(part)));
    }
    const part = (key: string): Schema | undefined => {
      const found = value.get(key);
      if (found === undefined) return undefined;
      if (!isSchema(found)) throw failure(`${key} must be of an object`);
      return this.compile(found);
    };
    const not = part("not");
    if (not !== undefined) schema.not = not;
    if (this.#draft < 7) return;
    const [condition, consequence, alternative] = [part("if"), part("then"), part("else")];
    if (condition !== undefined) schema.condition = condition;
    if (consequence !== undefined) schema.consequence = consequence;
    if (alternative !== undefined) schema.alternative = alternative;
  }
}

function emptySchema(): Schema {
  return {
    types: [],
    properties: [],
    patternProperties: [],
    dependencies: new Map(),
    items: [],
    itemsIsOne: false,
    numbers: {},
    limits: {},
    required: [],
    uniqueItems: false,
    oneOf: [],
    anyOf: [],
    allOf: [],
  };
}

function isMap(value: Value): value is RegoObject {
  return value !== null && isObject(value);
}

function isSchema(value: Value): boolean {
  return typeof value === "boolean" || isMap(value);
}

function isNumberValue(value: Value): value is RegoNumber {
  return value !== null && isNumber(value);
}

function regexOr(pattern: string, complaint: string): Regex {
  try {
    return compileRegex(pattern);
  } catch {
    throw failure(complaint);
  }
}
