// Whether a GraphQL schema document is sound, by the rules (and with the words) of the library OPA uses: extensions merged into what
// they extend, names, references, directives, interfaces. A document of graphql-parser.ts in; nothing out, or a failure.

import { goQuote } from "../value/text.ts";
import type { Node, NodeValue } from "./graphql-parser.ts";
import { parseSchemaDocument, VALUE_KINDS } from "./graphql-parser.ts";
import { failure } from "./operand.ts";

/** What every schema has of itself. */
const PRELUDE = `
scalar Int scalar Float scalar String scalar Boolean scalar ID
directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @oneOf on INPUT_OBJECT
type __Schema { description: String types: [__Type!]! }
type __Type { name: String }
type __Field { name: String! }
type __InputValue { name: String! }
type __EnumValue { name: String! }
type __Directive { name: String! }
enum __TypeKind { SCALAR }
enum __DirectiveLocation { QUERY }
`;
const BUILTIN_DIRECTIVES = ["include", "skip", "deprecated", "specifiedBy", "defer", "oneOf"];

export function list(node: Node, field: string): readonly Node[] {
  const value = node[field];
  return Array.isArray(value) ? (value as readonly Node[]) : [];
}

export function names(node: Node, field: string): readonly string[] {
  const value = node[field];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

export function text(node: Node, field: string): string {
  const value: NodeValue | undefined = node[field];
  return typeof value === "string" ? value : "";
}

function wrong(message: string): Error {
  return failure(`Error in gqlparser SchemaDocument to Schema conversion: input: ${message}`);
}

const MERGED = ["Directives", "Interfaces", "Fields", "Types", "EnumValues"];

/** Throws unless the document makes a schema. */
export function checkSchema(document: Node): void {
  new SchemaCheck(document).run();
}

class SchemaCheck {
  readonly #document: Node;
  readonly #types = new Map<string, Node>();
  readonly #directives = new Map<string, Node>();
  readonly #builtIn = new Set<string>();

  constructor(document: Node) {
    this.#document = document;
    const prelude = parseSchemaDocument(PRELUDE);
    for (const definition of list(prelude, "Definitions")) {
      this.#types.set(text(definition, "Name"), definition);
      this.#builtIn.add(text(definition, "Name"));
    }
    for (const directive of list(prelude, "Directives"))
      this.#directives.set(text(directive, "Name"), directive);
  }

  run(): void {
    this.#gather();
    this.#checkRoots();
    const sorted = (map: ReadonlyMap<string, Node>): Node[] =>
      [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, node]) => node);
    for (const definition of sorted(this.#types)) this.#checkDefinition(definition);
    for (const directive of sorted(this.#directives)) {
      checkName(text(directive, "Name"));
      this.#checkArguments(list(directive, "Arguments"), text(directive, "Name"));
    }
  }

  #gather(): void {
    for (const definition of list(this.#document, "Definitions")) {
      const name = text(definition, "Name");
      if (this.#types.has(name)) throw wrong(`Cannot redeclare type ${name}.`);
      this.#types.set(name, definition);
    }
    for (const extension of list(this.#document, "Extensions")) {
      const name = text(extension, "Name");
      const base = this.#types.get(name) ?? { Kind: text(extension, "Kind"), Name: name };
      if (base.Kind !== extension.Kind) {
        throw wrong(
          `Cannot extend type ${name} because the base type is a ${base.Kind}, not ${extension.Kind}.`,
        );
      }
      const merged: Node = { ...base };
      for (const field of MERGED) merged[field] = [...list(base, field), ...list(extension, field)];
      this.#types.set(name, merged);
    }
    for (const directive of list(this.#document, "Directives")) {
      const name = text(directive, "Name");
      if (this.#directives.has(name) && !BUILTIN_DIRECTIVES.includes(name)) {
        throw wrong(`Cannot redeclare directive ${name}.`);
      }
      this.#directives.set(name, directive);
    }
  }

  #checkRoots(): void {
    const schemas = list(this.#document, "Schema");
    if (schemas.length > 1) {
      throw wrong("Cannot have multiple schema entry points, consider schema extensions instead.");
    }
    for (const schema of [...schemas, ...list(this.#document, "SchemaExtension")]) {
      for (const root of list(schema, "OperationTypes")) {
        if (this.#types.has(text(root, "Type"))) continue;
        throw wrong(
          `Schema root ${text(root, "Operation")} refers to a type ${text(root, "Type")} that does not exist.`,
        );
      }
      this.#checkDirectives(list(schema, "Directives"), "SCHEMA", undefined, true);
    }
  }

  #checkDefinition(definition: Node): void {
    const kind = text(definition, "Kind");
    const name = text(definition, "Name");
    const fields = list(definition, "Fields");
    for (const field of fields) {
      if (!this.#builtIn.has(name)) checkName(text(field, "Name"));
      this.#typeOf(field.Type as Node);
      this.#checkArguments(list(field, "Arguments"), undefined);
      const location = kind === "INPUT_OBJECT" ? "INPUT_FIELD_DEFINITION" : "FIELD_DEFINITION";
      this.#checkDirectives(list(field, "Directives"), location, undefined, true);
    }
    for (const member of names(definition, "Types")) {
      const type = this.#types.get(member);
      if (type === undefined) throw wrong(`Undefined type ${goQuote(member)}.`);
      if (type.Kind !== "OBJECT") throw wrong(`${kind} type ${goQuote(member)} must be OBJECT.`);
    }
    for (const implemented of names(definition, "Interfaces")) this.#checkImplements(definition, implemented);
    this.#checkMembers(definition, kind, name, fields);
    once(
      fields.map((field) => text(field, "Name")),
      (double) => `Field ${name}.${double} can only be defined once.`,
    );
    const values = list(definition, "EnumValues").map((value) => text(value, "Name"));
    once(values, (double) => `Enum value ${name}.${double} can only be defined once.`);
    once(names(definition, "Types"), (double) => `Union type ${name} can only include type ${double} once.`);
    if (!this.#builtIn.has(name)) checkName(name);
    this.#checkDirectives(list(definition, "Directives"), kind, undefined, false);
  }

  #checkMembers(definition: Node, kind: string, name: string, fields: readonly Node[]): void {
    const allowed = (kinds: readonly string[], message: (field: string, type: string) => string): void => {
      for (const field of fields) {
        const type = text(this.#typeOf(field.Type as Node), "Kind");
        if (!kinds.includes(type))
          throw wrong(`${message(text(field, "Name"), type)} must be one of ${kinds.join(", ")}.`);
      }
    };
    if (kind === "OBJECT" || kind === "INTERFACE") {
      if (fields.length === 0) throw wrong(`${kind} ${name}: must define one or more fields.`);
      allowed(["SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM"], () => `${kind} ${name}: field`);
    } else if (kind === "INPUT_OBJECT") {
      if (fields.length === 0) throw wrong(`${kind} ${name}: must define one or more input fields.`);
      allowed(["SCALAR", "ENUM", "INPUT_OBJECT"], (field, type) => `${type} ${field}: field`);
    } else if (kind === "ENUM") {
      const values = list(definition, "EnumValues");
      if (values.length === 0) throw wrong(`${kind} ${name}: must define one or more unique enum values.`);
      for (const value of values) {
        const valueName = text(value, "Name");
        if (["true", "false", "null"].includes(valueName))
          throw wrong(`${kind} ${name}: non-enum value ${valueName}.`);
        this.#checkDirectives(list(value, "Directives"), "ENUM_VALUE", undefined, true);
      }
    }
  }

  /** The definition at the bottom of a type reference. */
  #typeOf(type: Node): Node {
    const name = baseName(type);
    const found = this.#types.get(name);
    if (found === undefined) throw wrong(`Undefined type ${name}.`);
    return found;
  }

  #checkArguments(args: readonly Node[], directive: string | undefined): void {
    for (const arg of args) {
      checkName(text(arg, "Name"));
      const kind = text(this.#typeOf(arg.Type as Node), "Kind");
      if (!["SCALAR", "ENUM", "INPUT_OBJECT"].includes(kind)) {
        throw wrong(
          `cannot use ${typeText(arg.Type as Node)} as argument ${text(arg, "Name")} because ${kind} is not a valid input type`,
        );
      }
      this.#checkDirectives(list(arg, "Directives"), "ARGUMENT_DEFINITION", directive, true);
    }
  }

  #checkDirectives(
    used: readonly Node[],
    location: string,
    within: string | undefined,
    atOnePlace: boolean,
  ): void {
    const seen = new Set<string>();
    for (const directive of used) {
      const name = text(directive, "Name");
      checkName(name);
      if (name === within) throw wrong(`Directive ${name} cannot refer to itself.`);
      const definition = this.#directives.get(name);
      if (definition === undefined) throw wrong(`Undefined directive ${name}.`);
      if (atOnePlace && seen.has(name) && definition.IsRepeatable !== true) {
        throw wrong(`The directive ${name} can only be used once at this location.`);
      }
      seen.add(name);
      if (!names(definition, "Locations").includes(location)) {
        throw wrong(`Directive ${name} is not applicable on ${location}.`);
      }
      checkDirectiveArguments(directive, definition, name);
    }
  }

  #checkImplements(definition: Node, implemented: string): void {
    const name = text(definition, "Name");
    const target = this.#types.get(implemented);
    if (target === undefined) throw wrong(`Undefined type ${goQuote(implemented)}.`);
    if (target.Kind !== "INTERFACE")
      throw wrong(`${goQuote(implemented)} is a non interface type ${target.Kind}.`);
    for (const required of list(target, "Fields"))
      this.#checkField(definition, `For ${name} to implement ${implemented}`, required);
    for (const further of names(target, "Interfaces")) {
      if (names(definition, "Interfaces").includes(further)) continue;
      if (further === name) {
        throw wrong(
          `Type ${name} cannot implement ${implemented} because it would create a circular reference.`,
        );
      }
      throw wrong(`Type ${name} must implement ${further} because it is implemented by ${implemented}.`);
    }
  }

  #checkField(definition: Node, lead: string, required: Node): void {
    const field = text(required, "Name");
    const found = byName(list(definition, "Fields"), field);
    if (found === undefined) throw wrong(`${lead} it must have a field called ${field}.`);
    if (!this.#isCovariant(required.Type as Node, found.Type as Node)) {
      throw wrong(`${lead} the field ${field} must have type ${typeText(required.Type as Node)}.`);
    }
    for (const arg of list(required, "Arguments")) {
      const name = text(arg, "Name");
      const same = byName(list(found, "Arguments"), name);
      const problem =
        same === undefined
          ? `it is missing ${name}`
          : isCompatible(arg.Type as Node, same.Type as Node)
            ? ""
            : `${name} has the wrong type`;
      if (problem !== "")
        throw wrong(`${lead} the field ${field} must have the same arguments but ${problem}.`);
    }
    for (const arg of list(found, "Arguments")) {
      const isExtra = byName(list(required, "Arguments"), text(arg, "Name")) === undefined;
      if (isExtra && (arg.Type as Node).NonNull === true && !arg.DefaultValue) {
        throw wrong(
          `${lead} any additional arguments on ${field} must be optional or have a default value but ${text(arg, "Name")} is required.`,
        );
      }
    }
  }

  #isCovariant(required: Node, actual: Node): boolean {
    if (required.NonNull === true && actual.NonNull !== true) return false;
    const wanted = text(required, "NamedType");
    if (wanted === "")
      return (
        !!required.Elem && !!actual.Elem && this.#isCovariant(required.Elem as Node, actual.Elem as Node)
      );
    return wanted === text(actual, "NamedType") || this.#isPossible(wanted, text(actual, "NamedType"));
  }

  #isPossible(abstract: string, concrete: string): boolean {
    const union = this.#types.get(abstract);
    if (union !== undefined && names(union, "Types").includes(concrete)) return true;
    const definition = this.#types.get(concrete);
    return definition !== undefined && names(definition, "Interfaces").includes(abstract);
  }
}

function checkDirectiveArguments(directive: Node, definition: Node, name: string): void {
  for (const arg of list(directive, "Arguments")) {
    if (byName(list(definition, "Arguments"), text(arg, "Name")) === undefined) {
      throw wrong(`Undefined argument ${text(arg, "Name")} for directive ${name}.`);
    }
  }
  for (const declared of list(definition, "Arguments")) {
    if ((declared.Type as Node).NonNull !== true || declared.DefaultValue) continue;
    const given = byName(list(directive, "Arguments"), text(declared, "Name"));
    if (given === undefined || (given.Value as Node).Kind === VALUE_KINDS.null) {
      throw wrong(`Argument ${text(declared, "Name")} for directive ${name} cannot be null.`);
    }
  }
}

function byName(nodes: readonly Node[], name: string): Node | undefined {
  return nodes.find((node) => text(node, "Name") === name);
}

function once(all: readonly string[], message: (double: string) => string): void {
  const double = all.find((name, i) => all.indexOf(name) < i);
  if (double !== undefined) throw wrong(message(double));
}

function checkName(name: string): void {
  if (name.startsWith("__")) {
    throw wrong(`Name "${name}" must not begin with "__", which is reserved by GraphQL introspection.`);
  }
}

function baseName(type: Node): string {
  return type.Elem ? baseName(type.Elem as Node) : text(type, "NamedType");
}

function isCompatible(a: Node, b: Node): boolean {
  if (text(a, "NamedType") !== text(b, "NamedType") || (a.Elem && !b.Elem)) return false;
  if (a.Elem && !isCompatible(a.Elem as Node, b.Elem as Node)) return false;
  return b.NonNull !== true || a.NonNull === true;
}

export function typeText(type: Node): string {
  const inner = type.Elem ? `[${typeText(type.Elem as Node)}]` : text(type, "NamedType");
  return type.NonNull === true ? `${inner}!` : inner;
}
