// The tree as OPA spells it in JSON (`opa parse --format json`, `rego.parse_module`): members of sets and keys of objects sorted, numbers with the digits
// of the source, locations on request (their text in base64). Gives plain objects whose keys stand in OPA's order; JsonNumber keeps number texts.

import type { Location } from "../error.ts";
import { compareStrings } from "../value/compare.ts";
import { ruleAnnotations } from "./annotations.ts";
import type { Annotations, Body, Comment, Expr, Head, Import, Module, Rule, Term, With } from "./ast.ts";
import { sortEntries, sortTerms } from "./order.ts";
import { isCallTerms } from "./visit.ts";

/** A number that must be written exactly as it is spelled here. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonNode =
  | null
  | boolean
  | string
  | number
  | bigint
  | JsonNumber
  | readonly JsonNode[]
  | { readonly [key: string]: JsonNode };

export interface JsonOptions {
  readonly locations?: boolean;
  readonly comments?: boolean;
}

export function moduleToJson(module: Module, options: JsonOptions = {}): JsonNode {
  const { annotations, imports, rules, comments } = module;
  const writer = new Writer(options.locations === true);
  const attached = ruleAnnotations(module);
  const path = module.package.path.terms.map(writer.term);
  return {
    package: { ...writer.at(module.package.location), path },
    ...(imports.length > 0 && { imports: imports.map(writer.import) }),
    ...(annotations.length > 0 && { annotations: annotations.map(writer.annotations) }),
    ...(rules.length > 0 && {
      rules: rules.map((rule, i) => writer.rule(rule, attached[i] ?? [])),
    }),
    ...(options.comments === true &&
      comments.length > 0 && {
        comments: comments.map((comment) => commentToJson(comment, writer.locations)),
      }),
  };
}

export function bodyToJson(body: Body, options: JsonOptions = {}): JsonNode {
  return new Writer(options.locations === true).body(body);
}

export function ruleToJson(rule: Rule, options: JsonOptions = {}): JsonNode {
  return new Writer(options.locations === true).rule(rule, []);
}

/** `index` is the place of the expression in its body. */
export function exprToJson(expr: Expr, index: number, options: JsonOptions = {}): JsonNode {
  return new Writer(options.locations === true).expr(expr, index);
}

export function termToJson(term: Term, options: JsonOptions = {}): JsonNode {
  return new Writer(options.locations === true).term(term);
}

export function annotationsToJson(annotations: Annotations, options: JsonOptions = {}): JsonNode {
  return new Writer(options.locations === true).annotations(annotations);
}

function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function locationToJson({ file, row, col, text }: Location): JsonNode {
  return { file, row, col, ...(text !== "" && { text: base64(text) }) };
}

/** Comments always have their place, with text where nodes have theirs. */
function commentToJson({ text, location }: Comment, locations: boolean): JsonNode {
  const { file, row, col } = location;
  return { Text: base64(text), Location: locations ? locationToJson(location) : { file, row, col } };
}

class Writer {
  readonly locations: boolean;

  constructor(locations: boolean) {
    this.locations = locations;
  }

  /** Nothing where OPA has no location either. */
  at(location: Location): { location?: JsonNode } {
    return this.locations && location.row > 0 ? { location: locationToJson(location) } : {};
  }

  import = (node: Import): JsonNode => ({
    ...(node.alias !== undefined && { alias: node.alias }),
    ...this.at(node.location),
    path: this.term(node.path),
  });

  rule = (rule: Rule, annotations: readonly Annotations[]): JsonNode => ({
    ...(annotations.length > 0 && { annotations: annotations.map(this.annotations) }),
    body: this.body(rule.body),
    ...(rule.default && { default: true }),
    ...(rule.else !== undefined && { else: this.rule(rule.else, []) }),
    head: this.head(rule.head),
    ...this.at(rule.location),
  });

  head = (head: Head): JsonNode => ({
    ...(head.name !== "" && { name: head.name }),
    ...(head.args !== undefined && head.args.length > 0 && { args: head.args.map(this.term) }),
    ...(head.key !== undefined && { key: this.term(head.key) }),
    ...(head.value !== undefined && { value: this.term(head.value) }),
    ...(head.assign && { assign: true }),
    ref: head.reference.terms.map(this.term),
    ...this.at(head.location),
  });

  body = (body: Body): JsonNode => body.map(this.expr);

  expr = (expr: Expr, index: number): JsonNode => ({
    ...(expr.generated === true && { generated: true }),
    index,
    ...this.at(expr.location),
    ...(expr.negated && { negated: true }),
    terms: this.#exprTerms(expr.terms),
    ...(expr.with.length > 0 && { with: expr.with.map(this.with) }),
  });

  with = (node: With): JsonNode => ({
    ...this.at(node.location),
    target: this.term(node.target),
    value: this.term(node.value),
  });

  #exprTerms(terms: Expr["terms"]): JsonNode {
    if (isCallTerms(terms)) return terms.map(this.term);
    switch (terms.kind) {
      case "some":
        return { ...this.at(terms.location), symbols: terms.symbols.map(this.term) };
      case "every":
        return {
          body: this.body(terms.body),
          domain: this.term(terms.domain),
          key: terms.key === undefined ? null : this.term(terms.key),
          ...this.at(terms.location),
          value: this.term(terms.value),
        };
      case "not":
        return { body: this.body(terms.body), explicit_body: terms.explicit === true, type: "not" };
      case "and":
      case "or":
        return {
          ...(terms.explicitLhs === true && { explicit_lhs: true }),
          ...(terms.explicitRhs === true && { explicit_rhs: true }),
          lhs: this.body(terms.lhs),
          rhs: this.body(terms.rhs),
          type: terms.kind,
        };
      default:
        return this.term(terms);
    }
  }

  term = (term: Term): JsonNode => ({
    ...this.at(term.location),
    type: term.kind.replace("-", ""),
    value: this.#value(term),
  });

  #value(term: Term): JsonNode {
    switch (term.kind) {
      case "null":
        // OPA's null is an empty struct.
        return {};
      case "boolean":
      case "string":
        return term.value;
      case "number":
        return new JsonNumber(term.text);
      case "var":
        return term.name;
      case "ref":
        return term.terms.map(this.term);
      case "array":
        return term.items.map(this.term);
      case "set":
        return sortTerms(term.items).map(this.term);
      case "object":
        return sortEntries(term.entries).map((entry) => entry.map(this.term));
      case "array-comprehension":
      case "set-comprehension":
        return { term: this.term(term.term), body: this.body(term.body) };
      case "object-comprehension":
        return { key: this.term(term.key), value: this.term(term.value), body: this.body(term.body) };
      case "call":
        return [term.operator, ...term.args].map(this.term);
      case "template-string":
        return {
          // An empty list is null here: OPA never makes it.
          parts:
            term.parts.length === 0
              ? null
              : term.parts.map((part) => (part.kind === "expr" ? this.expr(part, 0) : this.term(part))),
          multi_line: term.raw,
        };
    }
  }

  /** Paths of schemas were parsed on their own: they never have locations. */
  annotations = (block: Annotations): JsonNode => {
    const plain = new Writer(false);
    const { authors, compile, custom, labels, organizations, relatedResources, schemas } = block;
    return {
      ...(authors?.length && {
        authors: authors.map(({ name, email }) => ({ name, ...(email && { email }) })),
      }),
      ...(compile && {
        compile: {
          ...(compile.unknowns?.length && {
            unknowns: compile.unknowns.map((ref) => ref.terms.map(this.term)),
          }),
          ...(compile.maskRule && { mask_rule: compile.maskRule.terms.map(this.term) }),
        },
      }),
      ...(custom && Object.keys(custom).length > 0 && { custom: sortedKeys(custom) }),
      ...(block.description && { description: block.description }),
      ...(block.entrypoint && { entrypoint: true }),
      ...(labels && Object.keys(labels).length > 0 && { labels: sortedKeys(labels) }),
      ...this.at(block.location),
      ...(organizations?.length && { organizations }),
      ...(relatedResources?.length && {
        related_resources: relatedResources.map(({ ref, description }) => ({
          ...(description && { description }),
          ref,
        })),
      }),
      ...(schemas?.length && {
        schemas: schemas.map(({ path, schema, definition }) => ({
          path: path.terms.map(plain.term),
          ...(schema && { schema: schema.terms.map(this.term) }),
          ...(definition !== undefined && { definition: sortedKeys(definition) }),
        })),
      }),
      scope: block.scope,
      ...(block.title && { title: block.title }),
    };
  };
}

/** What authors put into annotations, with the keys of maps in order at every level. */
function sortedKeys(value: unknown): JsonNode {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value as JsonNode;
  const entries = Object.entries(value).sort((a, b) => compareStrings(a[0], b[0]));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortedKeys(item)]));
}

/** JSON text, of one line, or with each level indented as Go's MarshalIndent does it. */
export function jsonText(node: JsonNode, indent = ""): string {
  return write(node, indent, "");
}

function write(node: JsonNode, indent: string, margin: string): string {
  if (node instanceof JsonNumber) return node.text;
  if (typeof node === "string") return goString(node);
  if (typeof node === "bigint") return String(node);
  if (typeof node !== "object" || node === null) return JSON.stringify(node);
  const isArray = Array.isArray(node);
  const inner = margin + indent;
  const parts = isArray
    ? (node as readonly JsonNode[]).map((item) => write(item, indent, inner))
    : Object.entries(node).map(
        ([key, item]) => `${goString(key)}:${indent && " "}${write(item, indent, inner)}`,
      );
  const [open, close] = isArray ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  if (indent === "") return `${open}${parts.join(",")}${close}`;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${margin}${close}`;
}

/** Go's encoder writes `<`, `>`, `&` and the two line separators as escapes. */
function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
