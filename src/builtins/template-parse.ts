// Go's text/template: text to a tree of nodes. Syntax errors are failures with the line. Knows no values; template.ts runs the tree.

import { failure } from "./operand.ts";

export type Expression =
  | { readonly kind: "dot" }
  | { readonly kind: "field"; readonly names: readonly string[] }
  | { readonly kind: "variable"; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: "literal"; readonly value: Literal }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "group"; readonly pipeline: Pipeline; readonly names: readonly string[] };

export type Literal = string | boolean | null | { readonly number: string };

/** A command is a function (or a value) with its arguments; each gets the result of the one before as its last argument. */
export interface Pipeline {
  readonly declares: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly (readonly Expression[])[];
}

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | { readonly kind: "template"; readonly name: string; readonly pipeline: Pipeline | undefined }
  | { readonly kind: "break" | "continue" };

export interface Template {
  readonly nodes: readonly Node[];
  readonly named: ReadonlyMap<string, readonly Node[]>;
}

interface Piece {
  readonly isAction: boolean;
  readonly text: string;
  readonly line: number;
}

const FUNCTIONS = new Set(
  "and or not len index slice print printf println html js urlquery eq ne lt le gt ge call".split(" "),
);

function wrong(line: number, message: string): Error {
  return failure(`template: template:${line}: ${message}`);
}

/** Text and actions; comments and the blanks that `{{-` and `-}}` trim are gone. */
function cut(source: string): Piece[] {
  const pieces: Piece[] = [];
  let line = 1;
  let at = 0;
  let trimsNext = false;
  const push = (isAction: boolean, text: string): void =>
    void (text !== "" && pieces.push({ isAction, text, line }));
  for (;;) {
    const open = source.indexOf("{{", at);
    let text = open < 0 ? source.slice(at) : source.slice(at, open);
    const lines = text.split("\n").length - 1;
    if (trimsNext) text = text.replace(/^[ \t\r\n]+/, "");
    const trimsThis = open >= 0 && /^\{\{-[ \t\r\n]/.test(source.slice(open));
    push(false, trimsThis ? text.replace(/[ \t\r\n]+$/, "") : text);
    line += lines;
    if (open < 0) return pieces;
    const start = open + (trimsThis ? 3 : 2);
    const match = /^\s*\/\*[\s\S]*?\*\/\s*(-?)\}\}/.exec(source.slice(start)) ?? undefined;
    const close = match === undefined ? endOfAction(source, start, line) : start + match[0].length;
    const inner = source.slice(start, close - 2);
    trimsNext = /[ \t\r\n]-$/.test(inner) || match?.[1] === "-";
    if (match === undefined) push(true, trimsNext ? inner.slice(0, -1) : inner);
    line += inner.split("\n").length - 1;
    at = close;
  }
}

function endOfAction(source: string, start: number, line: number): number {
  const literal = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|\}\}/g;
  literal.lastIndex = start;
  for (let match = literal.exec(source); match !== null; match = literal.exec(source)) {
    if (match[0] === "}}") return literal.lastIndex;
  }
  throw wrong(line, "unclosed action");
}

export function parseTemplate(source: string): Template {
  const parser = new Parser(cut(source));
  return { nodes: parser.nodes(true), named: parser.named };
}

const TOKEN =
  /\s+|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|:=|[-+]?(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|\$?[A-Za-z_][A-Za-z0-9_]*|\$|\.[A-Za-z_][A-Za-z0-9_]*|[.()|,=]/y;

function tokenize({ text, line }: Piece): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) throw wrong(line, `unexpected ${JSON.stringify(text.charAt(from))} in command`);
    tokens.push(/^\s/.test(token) ? " " : token);
  }
  return tokens;
}

class Parser {
  readonly named = new Map<string, readonly Node[]>();
  readonly #pieces: readonly Piece[];
  #at = 0;
  /** The words of the `else` or `end` that closed the last list. */
  #closing: string[] = [];
  #variables = ["$"];

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  nodes(isTop: boolean): Node[] {
    const list: Node[] = [];
    for (; this.#at < this.#pieces.length; ) {
      const piece = this.#pieces[this.#at++] as Piece;
      if (!piece.isAction) {
        list.push({ kind: "text", text: piece.text });
        continue;
      }
      const tokens = tokenize(piece);
      const word = tokens.find((token) => token !== " ") ?? "";
      if (word === "end" || word === "else") {
        if (isTop) throw wrong(piece.line, `unexpected {{${word}}}`);
        this.#closing = tokens.filter((token) => token !== " " || word === "else");
        return list;
      }
      const node = this.#action(word, tokens, piece.line);
      if (node !== undefined) list.push(node);
    }
    if (!isTop) throw wrong(this.#pieces.at(-1)?.line ?? 1, "unexpected EOF");
    return list;
  }

  #action(word: string, tokens: readonly string[], line: number): Node | undefined {
    const rest = tokens.slice(tokens.indexOf(word) + 1);
    switch (word) {
      case "if":
      case "with":
      case "range":
        return this.#block(word, rest, line);
      case "break":
      case "continue":
        return { kind: word };
      case "define":
      case "block": {
        const [name, after] = this.#name(rest, line);
        const pipeline = word === "block" ? new Commands(after, line, this.#variables).pipeline() : undefined;
        const outer = this.#variables;
        this.#variables = ["$"];
        if (!this.named.has(name) || word === "define") this.named.set(name, this.nodes(false));
        else this.nodes(false);
        this.#variables = outer;
        return pipeline === undefined ? undefined : { kind: "template", name, pipeline };
      }
      case "template": {
        const [name, after] = this.#name(rest, line);
        const hasArgument = after.some((token) => token !== " ");
        return {
          kind: "template",
          name,
          pipeline: hasArgument ? new Commands(after, line, this.#variables).pipeline() : undefined,
        };
      }
      default:
        return { kind: "output", pipeline: new Commands(tokens, line, this.#variables).pipeline() };
    }
  }

  #name(tokens: readonly string[], line: number): [string, readonly string[]] {
    const at = tokens.findIndex((token) => token !== " ");
    const name = tokens[at];
    if (name === undefined || !/^["`]/.test(name)) throw wrong(line, "missing template name");
    return [unquote(name, line) as string, tokens.slice(at + 1)];
  }

  #block(kind: "if" | "with" | "range", tokens: readonly string[], line: number): Node {
    const depth = this.#variables.length;
    const pipeline = new Commands(tokens, line, this.#variables).pipeline();
    const body = this.nodes(false);
    let otherwise: readonly Node[] = [];
    if (this.#closing.includes("else")) {
      const chained = this.#closing.slice(this.#closing.indexOf("else") + 1);
      const word = chained.find((token) => token !== " ");
      // `{{else if x}}` is an if within the else, closed by the same end.
      if (word === "if" || word === "with")
        otherwise = [this.#block(word, chained.slice(chained.indexOf(word) + 1), line)];
      else {
        otherwise = this.nodes(false);
        if (this.#closing.includes("else")) throw wrong(line, "expected end; found {{else}}");
      }
    }
    this.#variables.length = depth;
    return { kind, pipeline, body, otherwise };
  }
}

class Commands {
  readonly #tokens: readonly string[];
  readonly #line: number;
  readonly #variables: string[];
  #at = 0;

  constructor(tokens: readonly string[], line: number, variables: string[]) {
    this.#tokens = tokens;
    this.#line = line;
    this.#variables = variables;
  }

  #blanks(): void {
    while (this.#tokens[this.#at] === " ") this.#at++;
  }

  pipeline(isGroup = false): Pipeline {
    const { declares, assigns } = this.#declaration();
    const commands: Expression[][] = [[]];
    for (;;) {
      this.#blanks();
      const token = this.#tokens[this.#at];
      if (token === undefined || token === ")") {
        if ((token === ")") !== isGroup)
          throw wrong(this.#line, token === undefined ? "unclosed left paren" : "unexpected right paren");
        break;
      }
      if (token === "|") {
        this.#at++;
        commands.push([]);
      } else (commands.at(-1) as Expression[]).push(this.#operand());
    }
    if (commands.some((command) => command.length === 0))
      throw wrong(this.#line, "missing value for command");
    for (const name of declares) if (!assigns) this.#variables.push(name);
    return { declares, assigns, commands };
  }

  /** `$x :=`, `$x =`, or `$i, $x :=` before the commands. */
  #declaration(): { declares: string[]; assigns: boolean } {
    const text = this.#tokens.slice(this.#at).filter((token) => token !== " ");
    const isName = (token: string | undefined): boolean => /^\$\w+$/.test(token ?? "");
    const single = isName(text[0]) && (text[1] === ":=" || text[1] === "=");
    const double =
      isName(text[0]) && text[1] === "," && isName(text[2]) && (text[3] === ":=" || text[3] === "=");
    if (!single && !double) return { declares: [], assigns: false };
    const mark = this.#tokens.findIndex((token, i) => i >= this.#at && (token === ":=" || token === "="));
    const declares = double ? [text[0] as string, text[2] as string] : [text[0] as string];
    const assigns = this.#tokens[mark] === "=";
    this.#at = mark + 1;
    return { declares, assigns };
  }

  #fields(): string[] {
    const names: string[] = [];
    for (
      let token = this.#tokens[this.#at];
      token !== undefined && /^\.\w/.test(token);
      token = this.#tokens[this.#at]
    ) {
      names.push(token.slice(1));
      this.#at++;
    }
    return names;
  }

  #operand(): Expression {
    const token = this.#tokens[this.#at++] as string;
    if (token === "(") {
      const pipeline = this.pipeline(true);
      this.#at++;
      return { kind: "group", pipeline, names: this.#fields() };
    }
    if (token === ".") return { kind: "dot" };
    if (/^\.[A-Za-z_]/.test(token)) {
      this.#at--;
      return { kind: "field", names: this.#fields() };
    }
    if (token.startsWith("$")) {
      if (!this.#variables.includes(token))
        throw wrong(this.#line, `undefined variable ${JSON.stringify(token)}`);
      return { kind: "variable", name: token, names: this.#fields() };
    }
    if (token === "true" || token === "false") return { kind: "literal", value: token === "true" };
    if (token === "nil") return { kind: "literal", value: null };
    if (/^["'`]/.test(token)) return { kind: "literal", value: unquote(token, this.#line) };
    if (/^[-+.\d]/.test(token)) return { kind: "literal", value: { number: token } };
    if (FUNCTIONS.has(token)) return { kind: "function", name: token };
    if (/^\w/.test(token)) throw wrong(this.#line, `function ${JSON.stringify(token)} not defined`);
    throw wrong(this.#line, `unexpected ${JSON.stringify(token)} in operand`);
  }
}

function unquote(token: string, line: number): Literal {
  if (token.startsWith("`")) return token.slice(1, -1);
  try {
    const text = JSON.parse(
      `"${token
        .slice(1, -1)
        .replace(/\\'/g, "'")
        .replace(/\\x([0-9a-fA-F]{2})/g, "\\u00$1")
        .replace(/\\a/g, "\\u0007")
        .replace(/\\v/g, "\\u000b")}"`,
    ) as string;
    return token.startsWith("'") ? { number: String(text.codePointAt(0)) } : text;
  } catch {
    throw wrong(line, `invalid syntax in ${token}`);
  }
}
