// Trees of graphql-parser.ts (or given by a policy in that shape) back to GraphQL text, for the validator, which reads text. Trees in,
// text out; comments and descriptions are left out.

import type { Node } from "./graphql-parser.ts";
import { VALUE_KINDS } from "./graphql-parser.ts";
import { list, names, text, typeText } from "./graphql-schema.ts";

export function printQuery(document: Node): string {
  const operations = list(document, "Operations").map(
    (o) =>
      `${text(o, "Operation") || "query"} ${text(o, "Name")}${variables(list(o, "VariableDefinitions"))}${directives(o)} ${selections(o)}`,
  );
  const fragments = list(document, "Fragments").map(
    (f) => `fragment ${text(f, "Name")} on ${text(f, "TypeCondition")}${directives(f)} ${selections(f)}`,
  );
  return [...operations, ...fragments].join("\n");
}

function variables(definitions: readonly Node[]): string {
  const shown = definitions.map(
    (v) => `$${text(v, "Variable")}: ${typeText(v.Type as Node)}${defaultValue(v)}${directives(v)}`,
  );
  return shown.length === 0 ? "" : `(${shown.join(", ")})`;
}

function defaultValue(node: Node): string {
  return node.DefaultValue ? ` = ${printValue(node.DefaultValue as Node)}` : "";
}

function selections(node: Node): string {
  const set = list(node, "SelectionSet");
  return set.length === 0 ? "" : `{ ${set.map(selection).join(" ")} }`;
}

function selection(node: Node): string {
  if ("Alias" in node) {
    const [alias, name] = [text(node, "Alias"), text(node, "Name")];
    const shown = alias === name || alias === "" ? name : `${alias}: ${name}`;
    return `${shown}${args(node)}${directives(node)} ${selections(node)}`;
  }
  if ("SelectionSet" in node) {
    const condition = text(node, "TypeCondition");
    return `...${condition === "" ? "" : ` on ${condition}`}${directives(node)} ${selections(node)}`;
  }
  return `...${text(node, "Name")}${directives(node)}`;
}

function args(node: Node): string {
  const shown = list(node, "Arguments").map((a) => `${text(a, "Name")}: ${printValue(a.Value as Node)}`);
  return shown.length === 0 ? "" : `(${shown.join(", ")})`;
}

function directives(node: Node): string {
  return list(node, "Directives")
    .map((d) => ` @${text(d, "Name")}${args(d)}`)
    .join("");
}

function printValue(value: Node): string {
  const raw = text(value, "Raw");
  const children = list(value, "Children");
  switch (value.Kind) {
    case VALUE_KINDS.variable:
      return `$${raw}`;
    case VALUE_KINDS.String:
    case VALUE_KINDS.BlockString:
      return JSON.stringify(raw);
    case VALUE_KINDS.list:
      return `[${children.map((child) => printValue(child.Value as Node)).join(", ")}]`;
    case VALUE_KINDS.object:
      return `{${children.map((child) => `${text(child, "Name")}: ${printValue(child.Value as Node)}`).join(", ")}}`;
    default:
      return raw;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  SCALAR: "scalar",
  OBJECT: "type",
  INTERFACE: "interface",
  UNION: "union",
  ENUM: "enum",
  INPUT_OBJECT: "input",
};

export function printSchema(document: Node): string {
  const roots = (schema: Node): string => {
    const types = list(schema, "OperationTypes").map(
      (root) => `${text(root, "Operation")}: ${text(root, "Type")}`,
    );
    return types.length === 0 ? "" : ` { ${types.join(" ")} }`;
  };
  // Extensions of types that do not exist make them.
  const known = new Set(list(document, "Definitions").map((d) => text(d, "Name")));
  const extensions = list(document, "Extensions").map((extension) => {
    const name = text(extension, "Name");
    const prefix = known.has(name) ? "extend " : "";
    known.add(name);
    return prefix + definition(extension);
  });
  const schemas = list(document, "Schema");
  return [
    ...schemas.map((s) => `schema${directives(s)}${roots(s)}`),
    ...list(document, "Directives").map(directiveDefinition),
    ...list(document, "Definitions").map(definition),
    ...extensions,
    ...list(document, "SchemaExtension").map(
      (s) => `${schemas.length > 0 ? "extend " : ""}schema${directives(s)}${roots(s)}`,
    ),
  ].join("\n");
}

function directiveDefinition(d: Node): string {
  const repeatable = d.IsRepeatable === true ? " repeatable" : "";
  return `directive @${text(d, "Name")}${inputs(list(d, "Arguments"), "(", ")")}${repeatable} on ${names(d, "Locations").join(" | ")}`;
}

function definition(d: Node): string {
  const interfaces = names(d, "Interfaces");
  const head = `${WORDS[text(d, "Kind")]} ${text(d, "Name")}${interfaces.length === 0 ? "" : ` implements ${interfaces.join(" & ")}`}${directives(d)}`;
  const types = names(d, "Types");
  if (types.length > 0) return `${head} = ${types.join(" | ")}`;
  const values = list(d, "EnumValues").map((value) => text(value, "Name") + directives(value));
  if (values.length > 0) return `${head} { ${values.join(" ")} }`;
  if (d.Kind === "INPUT_OBJECT") return `${head} ${inputs(list(d, "Fields"), "{ ", " }")}`;
  const fields = list(d, "Fields").map(
    (f) =>
      `${text(f, "Name")}${inputs(list(f, "Arguments"), "(", ")")}: ${typeText(f.Type as Node)}${directives(f)}`,
  );
  return fields.length === 0 ? head : `${head} { ${fields.join(" ")} }`;
}

function inputs(definitions: readonly Node[], open: string, close: string): string {
  const shown = definitions.map(
    (a) => `${text(a, "Name")}: ${typeText(a.Type as Node)}${defaultValue(a)}${directives(a)}`,
  );
  return shown.length === 0 ? "" : open + shown.join(", ") + close;
}
