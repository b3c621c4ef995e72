// JSON schemas: whether one is sound, and whether a document fits one. Texts or values in; a boolean with the findings out.

import { arg, arrayOf, builtin, objectOf } from "./signature.ts";
import {
  anyOf,
  anyType,
  arrayType,
  booleanType,
  nullType,
  objectType,
  property,
  stringType,
} from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { decode, toJsonValue } from "../value/json.ts";
import { objectFromRecord } from "../value/object.ts";
import type { Value } from "../value/value.ts";
import { isArray, isObject } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { failure } from "./operand.ts";
import { compileSchema } from "./schema-compile.ts";
import { validate } from "./schema-validate.ts";

function load(value: Value | undefined): Value {
  if (typeof value === "string") {
    try {
      return decode(value, { nullIsEnd: true });
    } catch {
      throw failure("invalid JSON string");
    }
  }
  if (value === undefined || value === null || !(isArray(value) || isObject(value))) {
    throw failure("wrong type, expected string or object");
  }
  return toJsonValue(value);
}

const jsonVerifySchemaBody: HostBody = ([schema]) => {
  try {
    compileSchema(load(schema));
    return [true, null];
  } catch (error) {
    return [false, `jsonschema: ${(error as Error).message}`];
  }
};

const jsonMatchSchemaBody: HostBody = ([document, schema]) => {
  const value = load(document);
  const findings = validate(compileSchema(load(schema)), value);
  const shown = findings.map(({ type, field, description }) =>
    objectFromRecord({ error: `${field}: ${description}`, type, field, desc: description }),
  );
  return [findings.length === 0, shown];
};

// Declarations

const jsonMatchSchemaBuiltin = builtin({
  name: "json.match_schema",
  description: "Holds a document against a JSON schema.",
  args: [
    arg("document", anyOf(stringType, objectOf(anyType, anyType)), "the document, or its JSON text"),
    arg("schema", anyOf(stringType, objectOf(anyType, anyType)), "the schema, or its JSON text"),
  ],
  result: arg(
    "output",
    arrayType([
      booleanType,
      arrayOf(
        objectType([
          property("desc", stringType),
          property("error", stringType),
          property("field", stringType),
          property("type", stringType),
        ]),
      ),
    ]),
    "whether it fits, and where it does not",
  ),
  examples: [
    [
      'json.match_schema({"a": 1}, {"properties": {"a": {"type": "string"}}})',
      '[false,[{"desc":"Invalid type. Expected: string, given: integer","error":"a: Invalid type. Expected: string, given: integer","field":"a","type":"invalid_type"}]]',
    ],
  ],
  categories: ["object"],
  host: jsonMatchSchemaBody,
});

const jsonVerifySchemaBuiltin = builtin({
  name: "json.verify_schema",
  description: "Tells whether something is a usable JSON schema.",
  args: [arg("schema", anyOf(stringType, objectOf(anyType, anyType)), "the schema, or its JSON text")],
  result: arg(
    "output",
    arrayType([booleanType, anyOf(nullType, stringType)]),
    "whether it is, and if not, why",
  ),
  examples: [['json.verify_schema({"type": "object"})', "[true,null]"]],
  categories: ["object"],
  host: jsonVerifySchemaBody,
});

export const jsonSchemaBuiltins: readonly Builtin[] = [jsonMatchSchemaBuiltin, jsonVerifySchemaBuiltin];
