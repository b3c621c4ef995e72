// The parser's place in the text: current token, errors and comments so far, going back, locations. Declares the Grammar through which
// the parse files call each other, so that they import this file only. Errors are gathered here, never thrown.

import type { Diagnostic, Location } from "../error.ts";
import type { Body, Comment, Expr, RegoVersion, Rule, Term, VarTerm } from "./ast.ts";
import { Scanner, type ScanMode } from "./scanner.ts";
import type { Position } from "./scanner.ts";
import { ALL_FUTURE_KEYWORDS, BASE_KEYWORDS, isKeywordIn, isKeywordKind, tokenText } from "./token.ts";
import type { TokenKind } from "./token.ts";

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What OPA leaves without a location has this one. */
export const NO_LOCATION: Location = Object.freeze({ file: "", row: 0, col: 0, offset: 0, text: "" });

/** `undefined` means that nothing could be parsed; why stands in the cursor's errors. */
export interface Grammar {
  /** A term without infix operators. */
  term(cursor: Cursor): Term | undefined;
  /** A term with infix operators; `k, v in xs` is one. */
  infix(cursor: Cursor): Term | undefined;
  /** The same where a comma ends the term. */
  infixInList(cursor: Cursor): Term | undefined;
  variable(cursor: Cursor): VarTerm;
  /** What follows the head of a ref or call; `start` is where its text begins. */
  refTail(cursor: Cursor, head: Term, start: number): Term | undefined;
  literal(cursor: Cursor): Expr | undefined;
  body(cursor: Cursor, end: TokenKind): Body | undefined;
  query(cursor: Cursor, oneOnly: boolean, end: TokenKind): Body | undefined;
  rules(cursor: Cursor): Rule[] | undefined;
}

/** A list that can be shortened by going back to an older node: saved states share it. */
interface Chain<T> {
  readonly item: T;
  readonly previous: Chain<T> | undefined;
}

/** Everything that going back must restore. */
export class State {
  kind: TokenKind = "illegal";
  literal = "";
  row = 1;
  col = 0;
  start = 0;
  end = 0;
  /** End of the last token that was not whitespace. */
  lastEnd = 0;
  skippedNewline = false;
  wildcards = 0;
  position: Position;
  errors: Chain<Diagnostic> | undefined;
  comments: Chain<Comment> | undefined;
  hints: readonly string[] = [];

  constructor(position: Position) {
    this.position = position;
  }

  copy(): State {
    const copy = new State(this.position);
    copy.kind = this.kind;
    copy.literal = this.literal;
    copy.row = this.row;
    copy.col = this.col;
    copy.start = this.start;
    copy.end = this.end;
    copy.lastEnd = this.lastEnd;
    copy.skippedNewline = this.skippedNewline;
    copy.wildcards = this.wildcards;
    copy.errors = this.errors;
    copy.comments = this.comments;
    copy.hints = this.hints;
    return copy;
  }
}

interface ParsedTerm {
  readonly start: number;
  readonly term: Term | undefined;
  readonly after: State;
}

/** Nesting beyond this is refused: it bounds the call stack of the parser and of every walk over its trees. */
const MAX_DEPTH = 400;

export const TOO_DEEP = "max parsing recursion depth exceeded";

export class Cursor {
  readonly file: string;
  readonly version: RegoVersion;
  readonly scanner: Scanner;
  readonly grammar: Grammar;
  state: State;
  keywords: ReadonlyMap<string, TokenKind>;
  /** `future.keywords.not` is on: `not` makes NotBody nodes. */
  notBodies = false;
  #parsed: ParsedTerm[] = [];
  #depth = 0;

  constructor(
    text: string,
    options: {
      file: string;
      version: RegoVersion;
      grammar: Grammar;
      keywords: Iterable<readonly [string, TokenKind]>;
    },
  ) {
    this.file = options.file;
    this.version = options.version;
    this.grammar = options.grammar;
    this.scanner = new Scanner(text);
    this.state = new State(this.scanner.start);
    this.keywords = BASE_KEYWORDS;
    this.addKeywords(options.keywords);
    this.scan();
  }

  get kind(): TokenKind {
    return this.state.kind;
  }

  /** Whether the current token is of this kind. */
  at(kind: TokenKind): boolean {
    return this.state.kind === kind;
  }

  /** Turns future keywords on. */
  addKeywords(added: Iterable<readonly [string, TokenKind]>): void {
    const keywords = new Map(this.keywords);
    for (const [word, kind] of added) {
      keywords.set(word, kind);
      if (kind === "every") keywords.set("in", "in");
      if (word === "not") this.notBodies = true;
    }
    this.keywords = keywords;
  }

  /** Runs `parse` as if no future keyword were known (`import future.keywords.in` must see a name). */
  withoutFutureKeywords<T>(parse: () => T): T {
    const { keywords } = this;
    const parsed = this.#parsed;
    this.keywords = new Map([...keywords].filter(([word]) => !ALL_FUTURE_KEYWORDS.has(word)));
    this.#parsed = [];
    try {
      return parse();
    } finally {
      this.keywords = keywords;
      this.#parsed = parsed;
    }
  }

  /** Runs `parse` as if every future keyword were known, and goes back; for hints. */
  tryWithFutureKeywords<T>(parse: () => T): T {
    const { keywords } = this;
    const parsed = this.#parsed;
    const state = this.save();
    this.keywords = new Map([...keywords, ...ALL_FUTURE_KEYWORDS]);
    this.#parsed = [];
    try {
      return parse();
    } finally {
      this.keywords = keywords;
      this.#parsed = parsed;
      this.restore(state);
    }
  }

  // --- tokens

  /** To the next token that is not whitespace. */
  scan(): void {
    this.#scan(true, "code");
  }

  /** To the next token, whitespace included. */
  scanSpace(): void {
    this.#scan(false, "code");
  }

  /** From the `}` of an expression to the next part of the template string. */
  scanTemplate(raw: boolean): void {
    this.#scan(false, raw ? "raw-template" : "template");
  }

  #scan(skipSpace: boolean, mode: ScanMode): void {
    const { state } = this;
    if (state.kind !== "whitespace") {
      state.lastEnd = state.end;
      state.skippedNewline = false;
    }
    for (;;) {
      const token = this.scanner.scan(state.position, mode);
      state.kind =
        token.kind === "identifier" ? (this.keywords.get(token.literal) ?? "identifier") : token.kind;
      state.literal = token.literal;
      state.row = token.row;
      state.col = token.col;
      state.start = token.start;
      state.end = token.end;
      state.position = token.next;
      if (token.errors.length > 0) {
        for (const message of token.errors) this.error(this.location(), message);
        state.kind = "illegal";
      }
      if (state.kind === "whitespace") {
        if (state.literal === "\n") state.skippedNewline = true;
        if (skipSpace) continue;
      }
      if (state.kind !== "comment") return;
      const text = token.literal.slice(1);
      const comment = {
        text: text.replace(text === "\r" ? /\r$/ : /(?<!^)\r+$/, ""),
        location: this.location(),
      };
      state.comments = { item: comment, previous: state.comments };
    }
  }

  /** The kind of the token that stands right behind the current one. */
  peekSpace(): TokenKind {
    const state = this.save();
    this.scanSpace();
    const { kind } = this.state;
    this.restore(state);
    return kind;
  }

  isRefKeyword(kind: TokenKind): boolean {
    const word = tokenText(kind);
    return isKeywordIn(word, this.version) || this.keywords.has(word);
  }

  /** A keyword with `.` or `[` right behind it is the first name of a ref: makes it an identifier. */
  keywordAsRefHead(): boolean {
    if (!this.isRefKeyword(this.kind)) return false;
    const next = this.peekSpace();
    if (next !== "." && next !== "[") return false;
    this.state.kind = "identifier";
    return true;
  }

  // --- going back

  save(): State {
    return this.state.copy();
  }

  restore(state: State): void {
    this.state = state;
  }

  /** A term once parsed at this place is not parsed again after going back; `parse` moves behind it. */
  remembered(parse: () => Term | undefined): Term | undefined {
    const { start } = this.state;
    for (let i = this.#parsed.length - 1; i >= 0; i--) {
      const known = this.#parsed[i];
      if (known === undefined || known.start < start) break;
      if (known.start === start) {
        this.state = known.after.copy();
        return known.term;
      }
    }
    const term = parse();
    while ((this.#parsed.at(-1)?.start ?? -1) >= start) this.#parsed.pop();
    this.#parsed.push({ start, term, after: this.save() });
    return term;
  }

  /** Between statements nobody goes back. */
  forget(): void {
    this.#parsed = [];
  }

  /** Runs `parse`; when it gives nothing, state and remembered terms are as before. */
  speculate<T>(parse: () => T | undefined): T | undefined {
    const state = this.save();
    const parsed = [...this.#parsed];
    const result = parse();
    if (result === undefined) {
      this.restore(state);
      this.#parsed = parsed;
    }
    return result;
  }

  /** Counts nesting around `parse`; `weight` stands for how much of the call stack one level takes. */
  nested<T>(parse: () => T | undefined, weight = 1): T | undefined {
    if (this.#depth + weight > MAX_DEPTH) {
      this.error(this.location(), TOO_DEEP);
      return undefined;
    }
    this.#depth += weight;
    try {
      return parse();
    } finally {
      this.#depth -= weight;
    }
  }

  // --- locations

  /** Of the current token. Fresh, so that its text may be extended. */
  location(): Mutable<Location> {
    const { start, end, row, col } = this.state;
    return { file: this.file, row, col, offset: this.scanner.byteOffset(start), text: this.text(start, end) };
  }

  text(start: number, end: number): string {
    return end >= start ? this.scanner.text.slice(start, end) : "";
  }

  /** The text from `start` to the end of the token before the current one. */
  textFrom(start: number): string {
    return this.text(start, this.state.lastEnd);
  }

  /** Index in the text where a location starts. */
  startOf(location: Location): number {
    return this.scanner.indexOf(location.offset);
  }

  /** A copy of `location` whose text goes on to the end of the last token. */
  extended(location: Location): Mutable<Location> {
    return { ...location, text: this.textFrom(this.startOf(location)) };
  }

  nextWildcard(): string {
    return `$${this.state.wildcards++}`;
  }

  // --- errors

  get failed(): boolean {
    return this.state.errors !== undefined;
  }

  errors(): Diagnostic[] {
    return unchain(this.state.errors);
  }

  comments(): Comment[] {
    return unchain(this.state.comments);
  }

  /** Goes into brackets behind the next error. */
  hint(text: string): void {
    this.state.hints = [...this.state.hints, text];
  }

  error(location: Location, message: string): void {
    const { hints } = this.state;
    const suffix =
      hints.length === 0 ? "" : ` (${hints.length === 1 ? "hint" : "hints"}: ${hints.join(", ")})`;
    const item: Diagnostic = {
      code: "rego_parse_error",
      message: message + suffix,
      location,
      details: errorLine(this.scanner, location),
    };
    this.state.errors = { item, previous: this.state.errors };
    this.state.hints = [];
  }

  /** The current token is not what could stand here. */
  illegal(note = ""): void {
    const { kind } = this.state;
    if (kind === "illegal") {
      this.error(this.location(), "illegal token");
      return;
    }
    const type = isKeywordKind(kind) ? "keyword" : "token";
    this.error(this.location(), `unexpected ${tokenText(kind)} ${type}${note === "" ? "" : `: ${note}`}`);
  }
}

function unchain<T>(chain: Chain<T> | undefined): T[] {
  const items: T[] = [];
  for (let node = chain; node !== undefined; node = node.previous) items.push(node.item);
  return items.reverse();
}

/** The line that OPA prints below a parse error, and the byte of it that the mark stands under. */
function errorLine(scanner: Scanner, location: Location): { line: string; idx: number } {
  const { text } = scanner;
  if (text === "") return { line: "", idx: 0 };
  const isBreak = (i: number): boolean => text[i] === "\n" || text[i] === "\r";
  let at = Math.min(scanner.indexOf(location.offset), text.length - 1);
  while (at > 0 && /[\t\n\v\f\r \u0085\u00a0]/.test(text[at] ?? "")) at--;
  let begin = at;
  while (begin > 0 && !isBreak(begin)) begin--;
  if (isBreak(begin)) begin++;
  let end = at;
  while (end < text.length && !isBreak(end)) end++;
  begin = Math.min(begin, end);
  return { line: text.slice(begin, end), idx: scanner.byteOffset(at) - scanner.byteOffset(begin) };
}
