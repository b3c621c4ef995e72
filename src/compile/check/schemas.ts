// JSON schemas as types: the schema of input, and those that METADATA blocks give to paths for a rule, a document or a package. Parsed JSON
// in, types and findings out. Nothing is fetched: a `$ref` must point into its own document. `oneOf` says nothing about types, as in OPA.

import { compileSchema } from "../../builtins/schema-compile.ts";
import { type Diagnostic, PolicyError } from "../../error.ts";
import type { Annotations, Term } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import { compare } from "../../value/compare.ts";
import { fromPlain } from "../../value/json.ts";
import type { Value } from "../../value/value.ts";
import {
  anyType,
  arrayType,
  booleanType,
  type DynamicProperty,
  dynamicProperty,
  numberType,
  type ObjectType,
  objectType,
  property,
  type RecursiveType,
  recursiveType,
  resolveType,
  stringType,
  type Type,
} from "../../value/type.ts";
import { unionType } from "../../value/type-algebra.ts";
import type { AnnotationSet } from "./annotation-set.ts";
import { type RuleCell, ruleRef } from "./cells.ts";
import type { RuleSchemas } from "./check-types.ts";
import { constantValue, type TypeEnv } from "./type-env.ts";
import { groundPrefix } from "./walk.ts";

/** What of a schema bears on types. `target` is what a `$ref` points to. */
interface Schema {
  readonly name: string;
  readonly types: string[];
  readonly ref?: string;
  target?: Schema;
  readonly anyOf: readonly Schema[];
  readonly allOf: readonly Schema[];
  properties: readonly Schema[];
  items: readonly Schema[];
  readonly oneItem: boolean;
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function fail(message: string): never {
  throw new PolicyError("rego_type_error", message);
}

/** Reads a document that is a schema; refs are read once, so that cycles close. */
class SchemaReader {
  readonly #root: unknown;
  readonly #refs = new Map<string, Schema>();

  constructor(root: unknown) {
    this.#root = root;
  }

  read(document: unknown, name = ""): Schema {
    const schema: Schema = {
      name,
      types: [],
      anyOf: [],
      allOf: [],
      properties: [],
      items: [],
      oneItem: false,
    };
    return this.#fill(schema, document);
  }

  #fill(empty: Schema, document: unknown): Schema {
    if (typeof document === "boolean") return empty;
    if (!isRecord(document)) return empty;
    if (typeof document.$ref === "string") {
      return Object.assign(empty, { ref: document.$ref, target: this.#target(document.$ref) });
    }
    this.#types(empty, document.type);
    const { items } = document;
    const list = (key: string): Schema[] => {
      const parts = document[key];
      return Array.isArray(parts) ? parts.map((part) => this.read(part)) : [];
    };
    return Object.assign(empty, {
      properties: this.#properties(document.properties),
      items:
        items === undefined
          ? []
          : Array.isArray(items)
            ? items.map((item) => this.read(item))
            : [this.read(items)],
      oneItem: items !== undefined && !Array.isArray(items),
      anyOf: list("anyOf"),
      allOf: list("allOf"),
    });
  }

  #types(schema: Schema, given: unknown): void {
    if (given === undefined) return;
    for (const type of Array.isArray(given) ? given : [given]) {
      schema.types.push(String(type));
    }
  }

  #properties(given: unknown): Schema[] {
    return Object.entries(isRecord(given) ? given : {}).map(([name, part]) => this.read(part, name));
  }

  #target(ref: string): Schema {
    const known = this.#refs.get(ref);
    if (known !== undefined) return known;
    const schema: Schema = {
      name: "$ref",
      types: [],
      anyOf: [],
      allOf: [],
      properties: [],
      items: [],
      oneItem: false,
    };
    this.#refs.set(ref, schema);
    // One that leads to an `$id` says nothing about types here.
    return this.#fill(schema, ref.startsWith("#") ? this.#lookUp(ref) : true);
  }

  /** RFC 6901 */
  #lookUp(ref: string): unknown {
    let at: unknown = this.#root;
    for (const part of decodeURIComponent(ref.slice(1)).split("/").slice(1)) {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      at = Array.isArray(at) ? at[Number(key)] : isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
      if (at === undefined) fail(`unable to compile the schema: Object has no key '${key}'`);
    }
    return at;
  }
}

const typesText = ({ types }: Schema): string =>
  types.length === 0 ? "undefined" : types.length === 1 ? String(types[0]) : `[${types.join(",")}]`;

/** One schema out of the parts of `allOf`. */
function merge(parts: readonly Schema[]): Schema {
  const copies = parts.map((part): Schema => {
    const copy = { ...part, types: [...part.types] };
    const implied = part.properties.length > 0 ? "object" : part.items.length > 0 ? "array" : undefined;
    if (implied !== undefined && !copy.types.includes(implied)) copy.types.push(implied);
    return copy;
  });
  const [result, ...others] = copies as [Schema, ...Schema[]];
  for (const other of others) {
    if (typesText(result) !== typesText(other)) {
      fail(`unable to merge these schemas: type mismatch: ${typesText(result)} and ${typesText(other)}`);
    }
    if (result.types.includes("object") && result.properties.length > 0 && other.properties.length > 0) {
      result.properties = [...result.properties, ...other.properties];
    } else if (result.types.includes("array") && result.items.length > 0 && other.items.length > 0) {
      result.items = [...result.items, ...other.items.slice(result.items.length)];
      for (const [i, item] of other.items.entries()) {
        if (typesText(result.items[i] as Schema) !== typesText(item)) fail("unable to merge these schemas");
      }
    }
  }
  return result;
}

/** Turns schemas into types; a `$ref` under way gives a recursive type. */
class SchemaTyper {
  readonly #done = new Map<string, { type?: Type; recursive?: RecursiveType }>();

  type(schema: Schema): Type {
    const { ref, target } = schema;
    if (ref === undefined || target === undefined) return this.#plain(schema);
    const known = this.#done.get(ref);
    if (known?.type !== undefined) return known.type;
    if (known !== undefined) {
      known.recursive ??= recursiveType(ref);
      return known.recursive;
    }
    const entry: { type?: Type; recursive?: RecursiveType } = {};
    this.#done.set(ref, entry);
    entry.type = this.type(target);
    if (entry.recursive !== undefined) entry.recursive.target = entry.type;
    return entry.type;
  }

  #plain(schema: Schema): Type {
    if (schema.anyOf.length > 0) return this.#anyOf(schema);
    if (schema.allOf.length > 0) return this.#allOf(schema);
    const has = (type: string): boolean => schema.types.includes(type);
    if (schema.types.length === 0) {
      if (schema.properties.length > 0) return this.#object(schema);
      return schema.items.length > 0 ? this.#array(schema) : anyType;
    }
    if (has("boolean")) return booleanType;
    if (has("string")) return stringType;
    if (has("integer") || has("number")) return numberType;
    if (has("object")) return this.#object(schema);
    return has("array") ? this.#array(schema) : anyType;
  }

  #object(schema: Schema): Type {
    if (schema.properties.length === 0) return objectType([], dynamicProperty(anyType, anyType));
    return objectType(schema.properties.map((part) => property(part.name, this.type(part))));
  }

  #array({ items, oneItem }: Schema): Type {
    const [first] = items;
    if (first === undefined) return arrayType([], anyType);
    return oneItem ? arrayType([], this.type(first)) : arrayType(items.map((item) => this.type(item)));
  }

  #anyOf(schema: Schema): Type {
    let result: Type | undefined;
    if (schema.types.length > 0) {
      const core = this.type({ ...schema, anyOf: [] });
      if (core.kind === "object" && core.static.length > 0 && core.dynamic === undefined) result = core;
    }
    for (const part of schema.anyOf) result = unionType(this.type(part), result);
    return result ?? anyType;
  }

  #allOf(schema: Schema): Type {
    const resolved = schema.allOf.map((part) => {
      let at = part;
      while (at.target !== undefined) at = at.target;
      return at;
    });
    // A part that only lists alternatives says nothing that could be merged.
    const parts = resolved.filter(
      (part) =>
        part.types.length > 0 ||
        part.anyOf.length === 0 ||
        part.properties.length > 0 ||
        part.items.length > 0,
    );
    if (parts.length === 0) return anyType;
    const merged = merge(parts);
    if (schema.types.length === 0) return this.type(merged);
    const both = (type: string): boolean => schema.types.includes(type) && merged.types.includes(type);
    if (both("object") || both("array")) return this.type(merge([merged, { ...schema, allOf: [] }]));
    if (typesText(schema) !== typesText(merged)) fail("unable to merge these schemas");
    return this.type(merged);
  }
}

/** The type that a JSON schema describes. Throws a PolicyError for what is no schema. */
export function schemaType(document: unknown): Type {
  if (document === undefined) return fail("no schema as input to compile");
  validate(document);
  const schema = new SchemaReader(document).read(document);
  try {
    return new SchemaTyper().type(schema);
  } catch (error) {
    if (error instanceof PolicyError) throw new PolicyError(error.code, `type checking: ${error.message}`);
    throw error;
  }
}

/** What is no schema is refused in the words of `json.verify_schema`. */
function validate(document: unknown): void {
  try {
    compileSchema(fromPlain(document));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    fail(`unable to compile the schema: ${error.message}`);
  }
}

type SchemaAnnotation = NonNullable<Annotations["schemas"]>[number];

/** `type` with the member at `path` being of type `member`. */
function overridden(path: readonly Value[], type: Type, member: Type): Type {
  const [key, ...rest] = path;
  const known = resolveType(type);
  if (key === undefined) return member;
  if (known?.kind !== "object") return nested(path, member, dynamicProperty(anyType, anyType));
  let found = false;
  const members = known.static.map((p) => {
    if (compare(p.key, key) !== 0) return p;
    found = true;
    return property(p.key, rest.length === 0 ? member : overridden(rest, p.value, member));
  });
  const added = found ? [] : nested(path, member, known.dynamic).static;
  return objectType([...members, ...added], known.dynamic);
}

function nested(path: readonly Value[], member: Type, dynamic: DynamicProperty | undefined): ObjectType {
  const [key, ...rest] = path;
  return objectType(
    [property(key as Value, rest.length === 0 ? member : nested(rest, member, dynamic))],
    dynamic,
  );
}

/** Applies the schema annotations that bear on a rule. `schemas` are those that `-s` loaded, by the ref that names them. */
export class SchemaAnnotations implements RuleSchemas {
  readonly #annotations: AnnotationSet;
  readonly #schemas: ReadonlyMap<string, unknown> | undefined;
  readonly #types = new Map<string, Type>();

  constructor(annotations: AnnotationSet, schemas: ReadonlyMap<string, unknown> | undefined) {
    this.#annotations = annotations;
    this.#schemas = schemas;
  }

  apply(env: TypeEnv, rule: RuleCell): Diagnostic[] {
    const findings: Diagnostic[] = [];
    for (const annotation of this.#of(rule)) {
      try {
        this.#put(env, annotation);
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        findings.push({ code: error.code, message: error.message, location: rule.location });
      }
    }
    return findings;
  }

  #of(rule: RuleCell): SchemaAnnotation[] {
    const set = this.#annotations;
    const blocks = [
      ...set.above(rule.module.path.terms),
      set.ofPackage(rule.module),
      set.ofDocument(groundPrefix(ruleRef(rule))),
      ...set.ofRule(rule),
    ];
    return blocks.flatMap((block) => block?.annotations?.schemas ?? []);
  }

  #put(env: TypeEnv, annotation: SchemaAnnotation): void {
    const type = this.#type(annotation);
    const path = annotation.path.terms;
    if (type === undefined) return;
    const known = knownPrefix(env, path);
    if (known === undefined || known.length === path.length) return env.tree.put(path, type);
    const keys = path.slice(known.length).map((term): Value => constantValue(term) ?? printRef([term]));
    env.tree.put(path.slice(0, known.length), overridden(keys, known.type, type));
  }

  #type({ schema, definition }: SchemaAnnotation): Type | undefined {
    if (schema === undefined) return schemaType(definition);
    if (this.#schemas === undefined) return undefined;
    const name = printRef(schema.terms);
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    if (!this.#schemas.has(name)) return fail(`undefined schema: ${name}`);
    const type = schemaType(this.#schemas.get(name));
    this.#types.set(name, type);
    return type;
  }
}

/** The shortest prefix of a path that has a type. */
function knownPrefix(env: TypeEnv, path: readonly Term[]): { length: number; type: Type } | undefined {
  for (let length = 1; length === 1 || length < path.length; length++) {
    const type = env.typeOfRef(path.slice(0, length));
    if (type !== undefined) return { length, type };
  }
  return undefined;
}
