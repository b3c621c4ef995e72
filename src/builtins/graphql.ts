// GraphQL: queries and schemas parsed, and held against each other. Texts or trees in; trees, pairs and booleans out. Parsing and schema
// rules are our own, in OPA's shapes and words; whether a query fits a schema is judged by the `graphql` package.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyOf, anyType, arrayType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import {
  buildASTSchema,
  GraphQLError,
  GraphQLSchema,
  parse as parseText,
  specifiedRules,
  specifiedScalarTypes,
  validate,
  type ValidationRule,
} from "graphql";
import { toPlain } from "../value/json.ts";
import { integer } from "../value/number.ts";
import { emptyObject, object } from "../value/object.ts";
import type { Value } from "../value/value.ts";
import { isObject } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import type { Node, NodeValue } from "./graphql-parser.ts";
import { parseQueryDocument, parseSchemaDocument } from "./graphql-parser.ts";
import { printQuery, printSchema } from "./graphql-print.ts";
import { checkSchema, list } from "./graphql-schema.ts";
import { failure, stringOperand, wrongType } from "./operand.ts";

/** A tree as policies see it: without null and empty parts, and without what is undefined. */
function prune(value: NodeValue): Value | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "number") return integer(value);
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) {
    const list = value.flatMap((item: NodeValue): Value[] => {
      const kept = prune(item);
      return kept === undefined ? [] : [kept];
    });
    return list.length === 0 ? undefined : list;
  }
  const entries: [Value, Value][] = [];
  for (const [field, item] of Object.entries(value as Node)) {
    const kept = field === "Position" ? undefined : prune(item);
    if (kept !== undefined) entries.push([field, kept]);
  }
  return entries.length === 0 ? undefined : object(entries);
}

function treeOf(document: Node): Value {
  return prune(document) ?? emptyObject;
}

interface Parsed {
  readonly document: Node;
  /** What the validator reads. */
  readonly text: string;
}

function read(
  value: Value | undefined,
  parse: (text: string) => Node,
  print: (document: Node) => string,
  position: number,
): Parsed {
  if (typeof value === "string") {
    const document = parse(value);
    return { document, text: value };
  }
  if (value === undefined || !isObject(value)) throw wrongType(position, value, "string", "object");
  const document = toPlain(value) as Node;
  return { document, text: print(document) };
}

// OPA counts these two operands from 0.
const readQuery = (value: Value | undefined): Parsed => read(value, parseQueryDocument, printQuery, 0);
const readSchema = (value: Value | undefined): Parsed => read(value, parseSchemaDocument, printSchema, 1);

/** A schema of the validator; the scalars that every schema has are in it even where no type of it uses them. */
function builtSchema({ document }: Parsed): GraphQLSchema {
  const text = printSchema(document);
  if (text.trim() === "") return new GraphQLSchema({ types: specifiedScalarTypes, assumeValid: true });
  const built = buildASTSchema(parseText(text, { noLocation: true }), {
    assumeValid: true,
    assumeValidSDL: true,
  }).toConfig();
  return new GraphQLSchema({ ...built, types: [...built.types, ...specifiedScalarTypes], assumeValid: true });
}

/** A schema without the root of an operation does not support it; the validator leaves that to those who execute. */
const operationIsSupported: ValidationRule = (context) => ({
  OperationDefinition: (node) => {
    if (context.getSchema().getRootType(node.operation) != null) return;
    context.reportError(
      new GraphQLError(`Schema does not support operation type "${node.operation}"`, { nodes: node }),
    );
  },
});

/** Throws when the query does not fit. */
function checkQuery(schema: Parsed, query: Parsed): void {
  checkSchema(schema.document);
  // The validator refuses to read an empty document; there is nothing in it that could be wrong.
  if (list(query.document, "Operations").length + list(query.document, "Fragments").length === 0) return;
  // The text is printed anew: extensions of unknown types are definitions to OPA, errors to the validator.
  const document = parseText(query.text, { allowLegacyFragmentVariables: true });
  const errors = validate(builtSchema(schema), document, [...specifiedRules, operationIsSupported]);
  const [first, ...more] = errors;
  if (first === undefined) return;
  const { line = 0, column = 0 } = first.locations?.[0] ?? {};
  const others = more.map(
    (error) => `\ninput:${error.locations?.[0]?.line}:${error.locations?.[0]?.column}: ${error.message}`,
  );
  // A final stop goes, with the line break behind it; any other end keeps the break.
  const message = `${first.message}${others.join("")}\n`.replace(/\.\n$/, "");
  throw failure(`${message} in GraphQL string at location ${line}:${column}`);
}

const graphqlParseQueryBody: HostBody = ([query]) => treeOf(parseQueryDocument(stringOperand(query, 1)));
const graphqlParseSchemaBody: HostBody = ([schema]) => treeOf(parseSchemaDocument(stringOperand(schema, 1)));

const graphqlParseBody: HostBody = ([query, schema]) => {
  const parsedQuery = readQuery(query);
  const parsedSchema = readSchema(schema);
  checkQuery(parsedSchema, parsedQuery);
  return [treeOf(parsedQuery.document), treeOf(parsedSchema.document)];
};

function succeeded<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch {
    return undefined;
  }
}

const graphqlParseAndVerifyBody: HostBody = (args, context) => {
  const trees = succeeded(() => graphqlParseBody(args, context)) as readonly Value[] | undefined;
  return trees === undefined ? [false, emptyObject, emptyObject] : [true, ...trees];
};

const graphqlIsValidBody: HostBody = (args, context) =>
  succeeded(() => graphqlParseBody(args, context)) !== undefined;

const graphqlSchemaIsValidBody: HostBody = ([schema]) =>
  succeeded(() => {
    checkSchema(readSchema(schema).document);
    return true;
  }) ?? false;

// Declarations

const graphqlParseBuiltin = builtin({
  name: "graphql.parse",
  description: "Reads a GraphQL query and schema that fit each other.",
  args: [
    arg("query", anyOf(stringType, objectOf(anyType, anyType)), "the query, or its tree"),
    arg("schema", anyOf(stringType, objectOf(anyType, anyType)), "the schema, or its tree"),
  ],
  result: arg("output", arrayType([objectOf(anyType, anyType), objectOf(anyType, anyType)]), "both trees"),
  examples: [['graphql.parse("{a}", "type Query {a: Int}")[0].Operations[0].Operation', '"query"']],
  host: graphqlParseBody,
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
  host: graphqlParseAndVerifyBody,
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
  host: graphqlParseQueryBody,
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
  host: graphqlParseSchemaBody,
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
  host: graphqlIsValidBody,
});

const graphqlSchemaIsValidBuiltin = builtin({
  name: "graphql.schema_is_valid",
  description: "Tells whether a GraphQL schema is sound.",
  args: [arg("schema", anyOf(stringType, objectOf(anyType, anyType)), "the schema, or its tree")],
  result: arg("output", booleanType, "true when it is"),
  examples: [['graphql.schema_is_valid("type Query {a: Int}")', "true"]],
  host: graphqlSchemaIsValidBody,
});

export const graphqlBuiltins: readonly Builtin[] = [
  graphqlParseBuiltin,
  graphqlParseAndVerifyBuiltin,
  graphqlParseQueryBuiltin,
  graphqlParseSchemaBuiltin,
  graphqlIsValidBuiltin,
  graphqlSchemaIsValidBuiltin,
];
