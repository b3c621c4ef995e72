// GraphQL documents to trees in the shape that OPA shows (that of the gqlparser library, as JSON): query documents and schema documents.
// Text in; plain data out, with `null` and empty lists where nothing stands (graphql.ts leaves those out) and no positions, which
// policies never see. Over 450 lines because it is one grammar in one place.

import { goQuote } from "../value/text.ts";
import type { Token } from "./graphql-lexer.ts";
import { describeToken, located, tokenize } from "./graphql-lexer.ts";

export type Node = { [field: string]: NodeValue };
export type NodeValue = string | number | boolean | null | Node | readonly NodeValue[];

/** `Kind` of a value. */
export const VALUE_KINDS = {
  variable: 0,
  Int: 1,
  Float: 2,
  String: 3,
  BlockString: 4,
  boolean: 5,
  null: 6,
  enum: 7,
  list: 8,
  object: 9,
} as const;

const LOCATIONS: ReadonlySet<string> = new Set(
  (
    "QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA " +
    "SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION"
  ).split(" "),
);

export function parseQueryDocument(text: string): Node {
  return new Parser(text).queryDocument();
}

export function parseSchemaDocument(text: string): Node {
  return new Parser(text).schemaDocument();
}

interface Description {
  readonly text: string;
  readonly comment: Node | null;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  /** Comments before the current token, as their own node. */
  get #comment(): Node | null {
    const { comments } = this.#token;
    return comments.length === 0 ? null : { List: comments.map((Value) => ({ Value })) };
  }

  #next(): Token {
    const token = this.#token;
    if (this.#at < this.#tokens.length - 1) this.#at++;
    return token;
  }

  #peek(kind: string): boolean {
    return this.#token.kind === kind;
  }

  #isWord(word: string): boolean {
    return this.#token.kind === "Name" && this.#token.value === word;
  }

  #error(message: string, token = this.#token): Error {
    return located(message, token.line, token.column);
  }

  #unexpected(token = this.#token): Error {
    return this.#error(`Unexpected ${describeToken(token)}`, token);
  }

  #expect(kind: string): Token {
    if (!this.#peek(kind)) throw this.#error(`Expected ${kind}, found ${this.#token.kind}`);
    return this.#next();
  }

  #expectWord(word: string): Node | null {
    const comment = this.#comment;
    if (!this.#isWord(word))
      throw this.#error(`Expected ${goQuote(word)}, found ${describeToken(this.#token)}`);
    this.#next();
    return comment;
  }

  #skip(kind: string): boolean {
    if (!this.#peek(kind)) return false;
    this.#next();
    return true;
  }

  #name(): string {
    return this.#expect("Name").value;
  }

  /** A list in brackets that must not be empty, or nothing at all; with the comment before its end. */
  #some(open: string, close: string, read: () => Node): { list: Node[]; comment: Node | null } {
    if (!this.#skip(open)) return { list: [], comment: null };
    const list: Node[] = [];
    while (!this.#peek(close)) list.push(read());
    if (list.length === 0) throw this.#error(`expected at least one definition, found ${this.#token.kind}`);
    const comment = this.#comment;
    this.#next();
    return { list, comment };
  }

  queryDocument(): Node {
    const Operations: Node[] = [];
    const Fragments: Node[] = [];
    while (!this.#peek("<EOF>")) {
      if (this.#peek("{") || ["query", "mutation", "subscription"].some((word) => this.#isWord(word))) {
        Operations.push(this.#operation());
      } else if (this.#isWord("fragment")) Fragments.push(this.#fragmentDefinition());
      else throw this.#unexpected();
    }
    return { Operations, Fragments };
  }

  #operation(): Node {
    const Comment = this.#comment;
    if (this.#peek("{")) {
      // The comment before a bare selection set is lost in OPA.
      return { Operation: "query", Name: "", SelectionSet: this.#selectionSet() };
    }
    return {
      Comment,
      Operation: this.#next().value,
      Name: this.#peek("Name") ? this.#next().value : "",
      VariableDefinitions: this.#variableDefinitions(),
      Directives: this.#directives(false),
      SelectionSet: this.#selectionSet(),
    };
  }

  #variableDefinitions(): Node[] {
    return this.#some("(", ")", () => {
      const Comment = this.#comment;
      this.#expect("$");
      const Variable = this.#name();
      this.#expect(":");
      const Type = this.#type();
      const DefaultValue = this.#skip("=") ? this.#value(true) : null;
      return { Comment, Variable, Type, DefaultValue, Directives: this.#directives(false), Used: false };
    }).list;
  }

  #selectionSet(): Node[] {
    if (!this.#peek("{")) throw this.#error(`Expected {, found ${this.#token.kind}`);
    return this.#some("{", "}", () => (this.#peek("...") ? this.#fragment() : this.#field())).list;
  }

  #field(): Node {
    const Comment = this.#comment;
    const Alias = this.#name();
    const Name = this.#skip(":") ? this.#name() : Alias;
    const Arguments = this.#arguments(false);
    const Directives = this.#directives(false);
    const SelectionSet = this.#peek("{") ? this.#selectionSet() : [];
    return { Comment, Alias, Name, Arguments, Directives, SelectionSet };
  }

  #arguments(isConst: boolean): Node[] {
    return this.#some("(", ")", () => {
      const Comment = this.#comment;
      const Name = this.#name();
      this.#expect(":");
      return { Comment, Name, Value: this.#value(isConst) };
    }).list;
  }

  #fragment(): Node {
    const Comment = this.#comment;
    this.#expect("...");
    if (this.#peek("Name") && !this.#isWord("on")) {
      return { Comment, Name: this.#fragmentName(), Directives: this.#directives(false) };
    }
    let TypeCondition = "";
    if (this.#isWord("on")) {
      this.#next();
      TypeCondition = this.#name();
    }
    return {
      Comment,
      TypeCondition,
      Directives: this.#directives(false),
      SelectionSet: this.#selectionSet(),
    };
  }

  #fragmentDefinition(): Node {
    const Comment = this.#expectWord("fragment");
    const Name = this.#fragmentName();
    const VariableDefinition = this.#variableDefinitions();
    this.#expectWord("on");
    const TypeCondition = this.#name();
    const Directives = this.#directives(false);
    return {
      Comment,
      Name,
      VariableDefinition,
      TypeCondition,
      Directives,
      SelectionSet: this.#selectionSet(),
    };
  }

  #fragmentName(): string {
    if (this.#isWord("on")) throw this.#unexpected();
    return this.#name();
  }

  #value(isConst: boolean): Node {
    const Comment = this.#comment;
    const token = this.#token;
    const node = (Kind: number, Raw: string, Children: readonly Node[] = []): Node => ({
      Raw,
      Kind,
      Children,
      ExpectedTypeHasDefault: false,
    });
    switch (token.kind) {
      case "[":
        return {
          ...this.#children("[", "]", () => ({ Name: "", Value: this.#value(isConst) }), VALUE_KINDS.list),
          Comment,
        };
      case "{":
        return { ...this.#children("{", "}", () => this.#objectField(isConst), VALUE_KINDS.object), Comment };
      case "$":
        if (isConst) throw this.#unexpected();
        this.#next();
        return node(VALUE_KINDS.variable, this.#name());
      case "Int":
      case "Float":
      case "String":
      case "BlockString":
        this.#next();
        return node(VALUE_KINDS[token.kind], token.value);
      case "Name":
        this.#next();
        if (token.value === "true" || token.value === "false") return node(VALUE_KINDS.boolean, token.value);
        return node(token.value === "null" ? VALUE_KINDS.null : VALUE_KINDS.enum, token.value);
      default:
        throw this.#unexpected();
    }
  }

  #children(open: string, close: string, read: () => Node, Kind: number): Node {
    this.#expect(open);
    const Children: Node[] = [];
    while (!this.#peek(close)) Children.push(read());
    this.#next();
    return { Raw: "", Kind, Children, ExpectedTypeHasDefault: false };
  }

  #objectField(isConst: boolean): Node {
    const Comment = this.#comment;
    const Name = this.#name();
    this.#expect(":");
    return { Comment, Name, Value: this.#value(isConst) };
  }

  #directives(isConst: boolean): Node[] {
    const list: Node[] = [];
    while (this.#skip("@"))
      list.push({ Name: this.#name(), Arguments: this.#arguments(isConst), Location: "" });
    return list;
  }

  #type(): Node {
    let Elem: Node | null = null;
    let NamedType = "";
    if (this.#skip("[")) {
      Elem = this.#type();
      this.#expect("]");
    } else NamedType = this.#name();
    return { NamedType, Elem, NonNull: this.#skip("!") };
  }

  schemaDocument(): Node {
    const doc = {
      Schema: [] as Node[],
      SchemaExtension: [] as Node[],
      Directives: [] as Node[],
      Definitions: [] as Node[],
      Extensions: [] as Node[],
    };
    while (!this.#peek("<EOF>")) {
      const descriptionToken = this.#token;
      const description = this.#description();
      if (!this.#peek("Name")) throw this.#unexpected();
      const word = this.#token.value;
      if (DEFINITION_WORDS.has(word))
        doc.Definitions.push(this.#definition(description, this.#comment, false));
      else if (word === "schema") doc.Schema.push(this.#schema(description, this.#comment, false));
      else if (word === "directive") doc.Directives.push(this.#directiveDefinition(description));
      else if (word === "extend") {
        if (description.text !== "") throw this.#unexpected(descriptionToken);
        const comment = this.#expectWord("extend");
        const next = this.#token.value;
        if (next === "schema") doc.SchemaExtension.push(this.#schema(NO_DESCRIPTION, comment, true));
        else if (DEFINITION_WORDS.has(next))
          doc.Extensions.push(this.#definition(NO_DESCRIPTION, comment, true));
        else throw this.#unexpected();
      } else throw this.#unexpected();
    }
    return { ...doc, Comment: this.#comment };
  }

  #description(): Description {
    if (!this.#peek("String") && !this.#peek("BlockString")) return NO_DESCRIPTION;
    const comment = this.#comment;
    return { text: this.#next().value, comment };
  }

  /** Description and comments of a member; the comment before an empty description is lost, as it is there. */
  #memberHead(): Node {
    const description = this.#description();
    return {
      Description: description.text,
      BeforeDescriptionComment: description.text === "" ? null : description.comment,
      AfterDescriptionComment: this.#comment,
    };
  }

  #schema(description: Description, comment: Node | null, isExtension: boolean): Node {
    this.#expectWord("schema");
    const Directives = this.#directives(true);
    const { list, comment: EndOfDefinitionComment } = this.#some("{", "}", () => this.#operationType());
    if (isExtension && Directives.length === 0 && list.length === 0) throw this.#unexpected();
    return { ...head(description, comment), Directives, OperationTypes: list, EndOfDefinitionComment };
  }

  #operationType(): Node {
    const Comment = this.#comment;
    const token = this.#next();
    if (!["query", "mutation", "subscription"].includes(token.value)) throw this.#unexpected(token);
    this.#expect(":");
    return { Comment, Operation: token.value, Type: this.#name() };
  }

  #definition(description: Description, comment: Node | null, isExtension: boolean): Node {
    const word = this.#next().value;
    const Kind = DEFINITION_WORDS.get(word) as string;
    const Name = this.#name();
    const mayImplement = word === "type" || (word === "interface" && !isExtension);
    const Interfaces = mayImplement && this.#token.value === "implements" ? this.#interfaces() : [];
    const Directives = this.#directives(!(isExtension && word === "input"));
    const body = this.#definitionBody(word);
    const isEmpty = [Interfaces, Directives, ...Object.values(body)].every(
      (part) => !Array.isArray(part) || part.length === 0,
    );
    if (isExtension && isEmpty) throw this.#unexpected();
    return { ...head(description, comment), Kind, Name, Interfaces, Directives, ...body, BuiltIn: false };
  }

  #definitionBody(word: string): Node {
    if (word === "scalar") return {};
    if (word === "union") return { Types: this.#skip("=") ? this.#separated("|", () => this.#name()) : [] };
    const read = {
      type: () => this.#fieldDefinition(),
      interface: () => this.#fieldDefinition(),
      enum: () => this.#enumValue(),
      input: () => this.#inputValue(),
    }[word];
    const { list, comment } = this.#some("{", "}", read as () => Node);
    return { [word === "enum" ? "EnumValues" : "Fields"]: list, EndOfDefinitionComment: comment };
  }

  #interfaces(): string[] {
    this.#next();
    return this.#separated("&", () => this.#name());
  }

  /** `a | b`, with an optional separator in front. */
  #separated(mark: string, read: () => string): string[] {
    this.#skip(mark);
    const list = [read()];
    while (this.#skip(mark)) list.push(read());
    return list;
  }

  #fieldDefinition(): Node {
    const memberHead = this.#memberHead();
    const Name = this.#name();
    const Arguments = this.#argumentDefinitions();
    this.#expect(":");
    return { ...memberHead, Name, Arguments, Type: this.#type(), Directives: this.#directives(true) };
  }

  #argumentDefinitions(): Node[] {
    return this.#some("(", ")", () => this.#inputValue()).list;
  }

  #inputValue(): Node {
    const memberHead = this.#memberHead();
    const Name = this.#name();
    this.#expect(":");
    const Type = this.#type();
    const DefaultValue = this.#skip("=") ? this.#value(true) : null;
    return { ...memberHead, Name, Type, DefaultValue, Directives: this.#directives(true) };
  }

  #enumValue(): Node {
    return { ...this.#memberHead(), Name: this.#name(), Directives: this.#directives(true) };
  }

  #directiveDefinition(description: Description): Node {
    const comment = this.#expectWord("directive");
    this.#expect("@");
    const Name = this.#name();
    const Arguments = this.#argumentDefinitions();
    const IsRepeatable = this.#isWord("repeatable");
    if (IsRepeatable) this.#next();
    this.#expectWord("on");
    const Locations = this.#separated("|", () => {
      const token = this.#expect("Name");
      if (!LOCATIONS.has(token.value)) throw this.#unexpected(token);
      return token.value;
    });
    return { ...head(description, comment), Name, Arguments, IsRepeatable, Locations };
  }
}

const NO_DESCRIPTION: Description = { text: "", comment: null };

const DEFINITION_WORDS: ReadonlyMap<string, string> = new Map([
  ["scalar", "SCALAR"],
  ["type", "OBJECT"],
  ["interface", "INTERFACE"],
  ["union", "UNION"],
  ["enum", "ENUM"],
  ["input", "INPUT_OBJECT"],
]);

function head(description: Description, comment: Node | null): Node {
  return {
    Description: description.text,
    BeforeDescriptionComment: description.comment,
    AfterDescriptionComment: comment,
  };
}
