// The Rego parser: joins the parse files into one Grammar. Text in; trees and diagnostics out, one of them empty. Never throws, whatever
// the text is: nesting is bounded and every loop moves on.

import type { Diagnostic } from "../error.ts";
import type { Body, Module, RefTerm, RegoVersion, Term } from "./ast.ts";
import { parseAnnotationBlocks } from "./annotations.ts";
import { Cursor, type Grammar, TOO_DEEP } from "./cursor.ts";
import { INFIX_SYMBOLS } from "./operators.ts";
import { parseBody, parseLiteral, parseQuery as parseBodyUpTo } from "./parse-expr.ts";
import { logic } from "./parse-logical.ts";
import { assemble, parseStatements, type Statement } from "./parse-module.ts";
import { parseRules } from "./parse-rule.ts";
import {
  parseInfix,
  parseInfixInList,
  parseRefTail,
  parseTerm as parseSingleTerm,
  parseVar,
} from "./parse-term.ts";
import { printBody, printTerm } from "./print.ts";
import { ALL_FUTURE_KEYWORDS, type TokenKind, V0_FUTURE_KEYWORDS } from "./token.ts";

export interface ParseOptions {
  /** The name that locations carry. */
  readonly file?: string;
  /** v1 unless told otherwise. */
  readonly regoVersion?: RegoVersion | undefined;
  /** Keywords on from the start, as if imported from `future.keywords`. */
  readonly futureKeywords?: readonly string[] | undefined;
  readonly allFutureKeywords?: boolean | undefined;
  /** Names that a rule without body must not have (`count(x)` alone). */
  readonly builtins?: ReadonlySet<string> | undefined;
}

export interface ParseModuleOptions extends ParseOptions {
  readonly file: string;
  /** Read as v0, and refused where v1 would not take it (`--v0-v1`). */
  readonly v1Compatible?: boolean | undefined;
  /** Whether METADATA blocks are read; on unless told otherwise. */
  readonly annotations?: boolean | undefined;
}

export interface ParseQueryOptions extends ParseOptions {
  /** Import paths of the query, of which `future.keywords…` and `rego.v1` bear on parsing: `future.keywords.not`. */
  readonly imports?: readonly string[] | undefined;
}

const grammar: Grammar = {
  term: parseSingleTerm,
  infix: parseInfix,
  infixInList: parseInfixInList,
  variable: parseVar,
  refTail: parseRefTail,
  literal: (cursor) => parseLiteral(cursor, logic),
  body: parseBody,
  query: parseBodyUpTo,
  rules: parseRules,
};

const INFIX_NAMES: ReadonlySet<string> = new Set(INFIX_SYMBOLS.keys());

function initialKeywords(version: RegoVersion, options: ParseOptions): [string, TokenKind][] {
  if (options.allFutureKeywords === true) return [...ALL_FUTURE_KEYWORDS];
  const wanted = new Set(options.futureKeywords);
  const selected = [...ALL_FUTURE_KEYWORDS].filter(([word]) => wanted.has(word));
  return version === "v1" ? [...V0_FUTURE_KEYWORDS, ...selected] : selected;
}

function open(text: string, options: ParseOptions): Cursor {
  const version = options.regoVersion ?? "v1";
  return new Cursor(text, {
    file: options.file ?? "",
    version,
    grammar,
    keywords: initialKeywords(version, options),
  });
}

/** Chains of operators make trees that are deeper than the text is nested; every walk over a tree may rely on this bound. */
const MAX_HEIGHT = 600;
/** No text grows higher than this with each of its characters. */
const NODES_PER_CHARACTER = 5;

/** Reports statements whose trees are too high. Looks without recursion, and only where the text is long enough for it. */
function refuseHigh(cursor: Cursor, statements: readonly Statement[]): void {
  if (cursor.scanner.text.length < MAX_HEIGHT) return;
  for (const statement of statements) {
    const location = statement.kind === "body" ? statement.body[0]!.location : statement.location;
    // The text of a bare body is not at hand, only that of its first expression.
    if (statement.kind !== "body" && location.text.length * NODES_PER_CHARACTER < MAX_HEIGHT) continue;
    const nodes: object[] = [statement];
    const heights = [0];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const height = heights.pop()!;
      if (height > MAX_HEIGHT) {
        cursor.error(location, TOO_DEEP);
        break;
      }
      const below = Array.isArray(node) ? height : height + 1;
      for (const key in node) {
        const child = (node as Record<string, unknown>)[key];
        if (typeof child !== "object" || child === null || key === "location") continue;
        nodes.push(child);
        heights.push(below);
      }
    }
  }
}

function statementsOf(cursor: Cursor, skipRules: boolean): readonly Statement[] {
  let statements: readonly Statement[] = [];
  try {
    statements = parseStatements(cursor, skipRules);
  } catch (error) {
    // The bounds leave room, but nobody knows how much of the call stack was left to us.
    if (!(error instanceof RangeError)) throw error;
    cursor.error(cursor.location(), TOO_DEEP);
  }
  refuseHigh(cursor, statements);
  return statements;
}

/** The text of one file. Without a module there is at least one diagnostic. */
export function parseModule(
  text: string,
  options: ParseModuleOptions,
): { module: Module | undefined; diagnostics: Diagnostic[] } {
  const cursor = open(text, options);
  const statements = statementsOf(cursor, false);
  const comments = options.annotations === false ? [] : cursor.comments();
  const { blocks, errors } = parseAnnotationBlocks(comments, (inner) => parseTerm(inner));
  for (const { location, message } of errors) cursor.error(location, message);
  if (cursor.failed) return { module: undefined, diagnostics: cursor.errors() };
  return assemble(cursor, statements, blocks, {
    builtins: options.builtins ?? INFIX_NAMES,
    v1Compatible: options.v1Compatible === true,
  });
}

/** A query, as `opa eval` takes it: expressions on lines or behind semicolons. An empty text is an empty body. */
export function parseQuery(
  text: string,
  options: ParseQueryOptions = {},
): { body: Body | undefined; diagnostics: Diagnostic[] } {
  const paths = (options.imports ?? []).map((path) => path.trim());
  const words = paths.filter((path) => path.startsWith("future.keywords.")).map((path) => path.slice(16));
  if (paths.includes("rego.v1")) words.push(...V0_FUTURE_KEYWORDS.keys());
  const all = options.allFutureKeywords === true || paths.includes("future.keywords");
  const futureKeywords = [...(options.futureKeywords ?? []), ...words];
  const cursor = open(text, { ...options, futureKeywords, allFutureKeywords: all });
  const statements = statementsOf(cursor, true);
  if (cursor.failed) return { body: undefined, diagnostics: cursor.errors() };
  const other = statements.find((statement) => statement.kind !== "body");
  if (other !== undefined) return { body: undefined, diagnostics: [unexpected(other)] };
  const body = statements.flatMap((statement) => (statement.kind === "body" ? statement.body : []));
  return { body, diagnostics: [] };
}

function unexpected(statement: Exclude<Statement, { kind: "body" }>): Diagnostic {
  const name = statement.kind.charAt(0).toUpperCase() + statement.kind.slice(1);
  return {
    code: "rego_parse_error",
    message: `expected body but got *ast.${name}`,
    location: statement.location,
  };
}

/** Exactly one term: `{1, x}`, `data.a[0]`, `f(x)` is none (it is an expression). */
export function parseTerm(
  text: string,
  options: ParseOptions = {},
): { term: Term | undefined; diagnostics: Diagnostic[] } {
  const { body, diagnostics } = parseQuery(text, options);
  if (body === undefined) return { term: undefined, diagnostics };
  const [expr, ...more] = body;
  const refuse = (message: string): { term: undefined; diagnostics: Diagnostic[] } => ({
    term: undefined,
    diagnostics: [{ code: "rego_parse_error", message }],
  });
  if (expr === undefined || more.length > 0)
    return refuse(`expected exactly one term but got: ${printBody(body)}`);
  const { terms } = expr;
  if (!("kind" in terms)) return refuse(`expected term but got ${terms.map(printTerm).join(" ")}`);
  switch (terms.kind) {
    case "some":
    case "every":
    case "not":
    case "and":
    case "or":
      return refuse(`expected term but got ${printBody(body)}`);
    default:
      return { term: terms, diagnostics: [] };
  }
}

/** Exactly one ref: `data.a["b-c"]`. */
export function parseRef(
  text: string,
  options: ParseOptions = {},
): { ref: RefTerm | undefined; diagnostics: Diagnostic[] } {
  const { term, diagnostics } = parseTerm(text, options);
  if (term === undefined) return { ref: undefined, diagnostics };
  if (term.kind === "ref") return { ref: term, diagnostics: [] };
  const message = `expected ref but got ${printTerm(term)}`;
  return { ref: undefined, diagnostics: [{ code: "rego_parse_error", message, location: term.location }] };
}
