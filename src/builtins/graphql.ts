// Builtins of the category `graphql`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyOf, anyType, arrayType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const graphqlParseBuiltin = builtin({
  name: "graphql.parse",
  description: "Reads a GraphQL query and schema that fit each other.",
  args: [
    arg("query", anyOf(stringType, objectOf(anyType, anyType)), "the query, or its tree"),
    arg("schema", anyOf(stringType, objectOf(anyType, anyType)), "the schema, or its tree"),
  ],
  result: arg("output", arrayType([objectOf(anyType, anyType), objectOf(anyType, anyType)]), "both trees"),
  examples: [],
});

const graphqlParseAndVerifyBuiltin = builtin({
  name: "graphql.parse_and_verify",
  description: "Reads a GraphQL query and schema and tells whether they fit each other.",
  args: [
    arg("query", anyOf(stringType, objectOf(anyType, anyType)), "the query, or its tree"),
    arg("schema", anyOf(stringType, objectOf(anyType, anyType)), "the schema, or its tree"),
  ],
  result: arg(
    "output",
    arrayType([booleanType, objectOf(anyType, anyType), objectOf(anyType, anyType)]),
    "whether they fit, and if so both trees",
  ),
  examples: [['graphql.parse_and_verify("{b}", "type Query {a: Int}")', "[false,{},{}]"]],
});

const graphqlParseQueryBuiltin = builtin({
  name: "graphql.parse_query",
  description: "Reads a GraphQL query.",
  args: [arg("query", stringType, "the query")],
  result: arg("output", objectOf(anyType, anyType), "its tree"),
  examples: [
    [
      'graphql.parse_query("{a}")',
      '{"Operations":[{"Name":"","Operation":"query","SelectionSet":[{"Alias":"a","Name":"a"}]}]}',
    ],
  ],
});

const graphqlParseSchemaBuiltin = builtin({
  name: "graphql.parse_schema",
  description: "Reads a GraphQL schema.",
  args: [arg("schema", stringType, "the schema")],
  result: arg("output", objectOf(anyType, anyType), "its tree"),
  examples: [
    [
      'graphql.parse_schema("scalar A")',
      '{"Definitions":[{"BuiltIn":false,"Description":"","Kind":"SCALAR","Name":"A"}]}',
    ],
  ],
});

const graphqlIsValidBuiltin = builtin({
  name: "graphql.is_valid",
  description: "Tells whether a GraphQL query fits a schema.",
  args: [
    arg("query", anyOf(stringType, objectOf(anyType, anyType)), "the query, or its tree"),
    arg("schema", anyOf(stringType, objectOf(anyType, anyType)), "the schema, or its tree"),
  ],
  result: arg("output", booleanType, "true when it does"),
  examples: [['graphql.is_valid("{a}", "type Query {a: Int}")', "true"]],
});

const graphqlSchemaIsValidBuiltin = builtin({
  name: "graphql.schema_is_valid",
  description: "Tells whether a GraphQL schema is sound.",
  args: [arg("schema", anyOf(stringType, objectOf(anyType, anyType)), "the schema, or its tree")],
  result: arg("output", booleanType, "true when it is"),
  examples: [['graphql.schema_is_valid("type Query {a: Int}")', "true"]],
});

export const graphqlBuiltins: readonly Builtin[] = [
  graphqlParseBuiltin,
  graphqlParseAndVerifyBuiltin,
  graphqlParseQueryBuiltin,
  graphqlParseSchemaBuiltin,
  graphqlIsValidBuiltin,
  graphqlSchemaIsValidBuiltin,
];
