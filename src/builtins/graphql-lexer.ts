// GraphQL text to tokens, with positions and complaints as OPA's parser gives them. Lines and columns count from 1, in characters; the
// column of a string is that of its content, as it is there.

import { goQuote } from "../value/text.ts";
import { failure } from "./operand.ts";

export interface Token {
  /** A punctuator, or one of `Name`, `Int`, `Float`, `String`, `BlockString`, `<EOF>`, `<Invalid>`. */
  readonly kind: string;
  readonly value: string;
  readonly line: number;
  readonly column: number;
  /** The comments right before it. */
  readonly comments: readonly string[];
}

export function located(message: string, line: number, column: number): Error {
  return failure(`${message} in GraphQL string at location ${line}:${column}`);
}

/** As complaints name it: the kind, and for words and literals also what stands there. */
export function describeToken(token: Token): string {
  return token.value === "" ? token.kind : `${token.kind} ${goQuote(token.value)}`;
}

const NUMBER = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["/", "/"],
  ["\\", "\\"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** All tokens; the last one is `<EOF>`, or `<Invalid>` where the text cannot be read. */
export function tokenize(text: string): Token[] {
  return new Lexer(text).run();
}

class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  /** Where the characters of this line are counted up to, and how many there are. */
  #counted = 0;
  #characters = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Token[] {
    const tokens: Token[] = [];
    for (;;) {
      const comments = this.#skip();
      const token = this.#next(comments);
      tokens.push(token);
      if (token.kind === "<EOF>" || token.kind === "<Invalid>") return tokens;
    }
  }

  /** Counted on from where it was asked for last: a document may be one long line. */
  get #column(): number {
    if (this.#counted < this.#lineStart || this.#counted > this.#at) {
      this.#counted = this.#lineStart;
      this.#characters = 0;
    }
    for (; this.#counted < this.#at; this.#counted++) {
      const unit = this.#text.charCodeAt(this.#counted);
      const isSecondHalf = unit >= 0xdc00 && unit < 0xe000;
      if (!isSecondHalf) this.#characters++;
    }
    return this.#characters + 1;
  }

  #skip(): string[] {
    const comments: string[] = [];
    for (;;) {
      const blank = /^[\t ,\ufeff]+/.exec(this.#rest)?.[0];
      const comment = /^#[^\n\r]*/.exec(this.#rest)?.[0];
      const newline = /^(\r\n|\n|\r)/.exec(this.#rest)?.[0];
      if (comment !== undefined) comments.push(comment);
      const skipped = blank ?? comment ?? newline;
      if (skipped === undefined) return comments;
      this.#at += skipped.length;
      if (newline !== undefined && skipped === newline) this.#newLine();
    }
  }

  get #rest(): string {
    return this.#text.slice(this.#at);
  }

  #newLine(): void {
    this.#line++;
    this.#lineStart = this.#at;
  }

  /** What cannot be read is a token, too: OPA's parser complains about it, not its lexer. It is the last one. */
  #invalid(comments: readonly string[], length = 0): Token {
    this.#at += length;
    const token = { kind: "<Invalid>", value: "", line: this.#line, column: this.#column, comments };
    this.#at = this.#text.length;
    return token;
  }

  #next(comments: readonly string[]): Token {
    const rest = this.#rest;
    const token = (kind: string, value: string, length: number): Token => {
      const found = { kind, value, line: this.#line, column: this.#column, comments };
      this.#at += length;
      return found;
    };
    if (rest === "") return token("<EOF>", "", 0);
    const punctuator = /^(\.\.\.|[!$&():=@[\]{}|])/.exec(rest)?.[0];
    if (punctuator !== undefined) return token(punctuator, "", punctuator.length);
    const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest)?.[0];
    if (name !== undefined) return token("Name", name, name.length);
    if (/^[-\d]/.test(rest)) return this.#number(rest, token);
    if (rest.startsWith('"""')) return this.#block(comments);
    if (rest.startsWith('"')) return this.#string(comments);
    return this.#invalid(comments);
  }

  #number(rest: string, token: (kind: string, value: string, length: number) => Token): Token {
    const [all = "", fraction, exponent] = NUMBER.exec(rest) ?? [];
    // What has begun like a fraction or an exponent must go on like one; the complaint is about the character behind.
    const [begun = ""] =
      /^(?:[eE][+-]?(?!\d)|\.(?!\d))/.exec(exponent === undefined ? rest.slice(all.length) : "") ?? [];
    const isFraction = begun.startsWith(".") && fraction !== undefined;
    if (all === "" || (begun !== "" && !isFraction))
      return this.#invalid([], all.length + (begun.length || 1));
    if (/^-?0$/.test(all) && /^\d/.test(rest.slice(all.length))) return this.#invalid([], all.length);
    return token(fraction === undefined && exponent === undefined ? "Int" : "Float", all, all.length);
  }

  #string(comments: readonly string[]): Token {
    this.#at++;
    const start = { line: this.#line, column: this.#column };
    let value = "";
    for (;;) {
      const c = this.#text[this.#at];
      if (c === undefined || c === "\n" || c === "\r") return this.#invalid(comments);
      this.#at++;
      if (c === '"') return { kind: "String", value, ...start, comments };
      if (c !== "\\") value += c;
      else {
        const escaped = this.#escape();
        if (escaped === undefined) return this.#invalid(comments);
        value += escaped;
      }
    }
  }

  #escape(): string | undefined {
    const c = this.#text[this.#at++] ?? "";
    const plain = ESCAPES.get(c);
    if (plain !== undefined) return plain;
    const hex = c === "u" ? /^[0-9a-fA-F]{4}/.exec(this.#rest)?.[0] : undefined;
    if (hex === undefined) return undefined;
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #block(comments: readonly string[]): Token {
    this.#at += 3;
    const start = { line: this.#line, column: this.#column };
    let raw = "";
    for (;;) {
      const rest = this.#rest;
      if (rest === "") return this.#invalid(comments);
      const quotes = /^"+/.exec(rest)?.[0].length ?? 0;
      if (quotes >= 3) {
        this.#at += quotes;
        return { kind: "BlockString", value: blockValue(raw + '"'.repeat(quotes - 3)), ...start, comments };
      }
      const newline = /^(\r\n|\n|\r)/.exec(rest)?.[0];
      const escaped = rest.startsWith('\\"""');
      raw += escaped ? '"""' : newline === undefined ? rest.charAt(0) : "\n";
      this.#at += escaped ? 4 : (newline?.length ?? 1);
      if (newline !== undefined) this.#newLine();
    }
  }
}

/** The indentation that all lines share goes, and so do blank lines at both ends. */
function blockValue(raw: string): string {
  const lines = raw.split("\n");
  const indents = lines.map((line) => line.search(/[^ \t]/)).filter((indent) => indent >= 0);
  const common = indents.length === 0 ? 0 : Math.min(...indents);
  const cut = lines.map((line, i) => (i === 0 ? line : line.slice(common)));
  while (cut.length > 0 && /^[ \t]*$/.test(cut[0] as string)) cut.shift();
  while (cut.length > 0 && /^[ \t]*$/.test(cut.at(-1) as string)) cut.pop();
  return cut.join("\n");
}
