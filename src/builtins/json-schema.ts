// Builtins of the category `json-schema`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

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
});

export const jsonSchemaBuiltins: readonly Builtin[] = [jsonMatchSchemaBuiltin, jsonVerifySchemaBuiltin];
