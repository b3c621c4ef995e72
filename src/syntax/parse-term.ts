// Terms: scalars, refs, calls, and infix operators between terms; collections and strings are in files of their own. Functions take the
// cursor at the first token of what they parse and leave it behind; `undefined` means an error stands in the cursor.

import type { Location } from "../error.ts";
import type { CallTerms, RefTerm, StringTerm, Term, VarTerm } from "./ast.ts";
import { type Cursor, type Mutable, NO_LOCATION } from "./cursor.ts";
import { INFIX_LEVELS, TOP_LEVEL } from "./operators.ts";
import { termKindName } from "./order.ts";
import { parseArray, parseList, parseSetOrObject } from "./parse-collection.ts";
import { parseString, parseTemplateString } from "./parse-string.ts";

function at<T extends Term>(term: T, location: Location): T {
  (term as Mutable<Term>).location = location;
  return term;
}

// --- infix operators

export function parseInfix(cursor: Cursor): Term | undefined {
  return parseIn(cursor, true, cursor.state.start);
}

export function parseInfixInList(cursor: Cursor): Term | undefined {
  return parseIn(cursor, false, cursor.state.start);
}

/** `x in xs`, and where `pairs` are allowed `k, v in xs`. `start` is where the text of the whole begins. */
function parseIn(cursor: Cursor, pairs: boolean, start: number): Term | undefined {
  let left = parseRelation(cursor, 0, start);
  while (left !== undefined) {
    const first = left;
    const pair: Term | undefined =
      pairs && cursor.at(",") ? restoring(cursor, () => parsePairIn(cursor, first, start)) : undefined;
    if (pair === undefined) cursor.keywordAsRefHead();
    const call: Term | undefined = pair ?? memberCall(cursor, "member_2", [first], start);
    if (call === undefined) return left;
    left = call;
    if (!cursor.at("in")) return left;
  }
  return undefined;
}

function restoring<T>(cursor: Cursor, parse: () => T | undefined): T | undefined {
  const state = cursor.save();
  const result = parse();
  if (result === undefined) cursor.restore(state);
  return result;
}

function parsePairIn(cursor: Cursor, key: Term, start: number): Term | undefined {
  cursor.scan();
  const value = parseRelation(cursor, 0, start);
  return value && memberCall(cursor, "member_3", [key, value], start);
}

function memberCall(
  cursor: Cursor,
  name: string,
  left: readonly [Term, ...Term[]],
  start: number,
): Term | undefined {
  if (!cursor.at("in")) return undefined;
  const location = cursor.location();
  cursor.scan();
  const xs = parseRelation(cursor, 0, cursor.state.start);
  if (xs === undefined) return undefined;
  const internal: VarTerm = { kind: "var", name: "internal", location };
  const member: StringTerm = { kind: "string", value: name, location };
  const operator: RefTerm = { kind: "ref", terms: [internal, member], location };
  return infixCall(cursor, operator, [...left, xs], left[0].location, start);
}

function infixCall(
  cursor: Cursor,
  operator: RefTerm,
  args: readonly Term[],
  location: Location,
  start: number,
): Term {
  return { kind: "call", operator, args, location: { ...location, text: cursor.textFrom(start) } };
}

/**
 * Operators of `level` and above. All calls of one chain have their text from `start` on, but row and column of their left operand: in
 * `(a) + b` the text has the parenthesis and the place has not. After a right operand that cannot be parsed, looser operators may still follow.
 */
function parseRelation(cursor: Cursor, level: number, start: number): Term | undefined {
  let left = cursor.grammar.term(cursor);
  let below = TOP_LEVEL;
  while (left !== undefined) {
    const found = INFIX_LEVELS.get(cursor.kind);
    if (found === undefined || found < level || found >= below) return left;
    const operator = parseOperator(cursor);
    const right = parseRelation(cursor, found + 1, cursor.state.start);
    below = right === undefined ? found : found + 1;
    if (right !== undefined) left = infixCall(cursor, operator, [left, right], left.location, start);
  }
  return undefined;
}

/** The current token as a ref to its builtin. */
export function parseOperator(cursor: Cursor): RefTerm {
  const location = cursor.location();
  const operator: RefTerm = { kind: "ref", terms: [{ kind: "var", name: cursor.kind, location }], location };
  cursor.scan();
  return operator;
}

// --- single terms

export function parseTerm(cursor: Cursor): Term | undefined {
  return cursor.nested(() => cursor.remembered(() => parseTermAnew(cursor)));
}

function parseTermAnew(cursor: Cursor): Term | undefined {
  logicalKeywordAsFunction(cursor);
  if (cursor.at("minus")) return parseMinus(cursor);
  const term = parseHead(cursor);
  return term && parseTermTail(cursor, term);
}

/** `and(` and `or(` where a term must stand are calls of the set functions. */
function logicalKeywordAsFunction(cursor: Cursor): void {
  if (!cursor.at("logical-and") && !cursor.at("logical-or")) return;
  if (cursor.peekSpace() === "(") cursor.state.kind = "identifier";
}

function parseHead(cursor: Cursor): Term | undefined {
  const { kind } = cursor;
  switch (kind) {
    case "null":
      return { kind: "null", location: cursor.location() };
    case "true":
    case "false":
      return { kind: "boolean", value: kind === "true", location: cursor.location() };
    case ".":
    case "number":
      return parseNumber(cursor);
    case "string":
      return parseString(cursor);
    case "template-string-part":
    case "template-string-end":
      return parseTemplateString(cursor, false);
    case "raw-template-string-part":
    case "raw-template-string-end":
      return parseTemplateString(cursor, true);
    case "identifier":
    case "contains":
      return parseVar(cursor);
    case "[":
      return parseArray(cursor);
    case "{":
      return parseSetOrObject(cursor);
    case "(":
      return parseParenthesized(cursor);
    default:
      cursor.illegal();
      return undefined;
  }
}

/** `-1` is a number; `-x` is minus(0, x). */
function parseMinus(cursor: Cursor): Term | undefined {
  const location = cursor.location();
  const { start } = cursor.state;
  const before = cursor.save();
  cursor.scan();
  if (!cursor.at("identifier") && !cursor.at("contains")) {
    cursor.restore(before);
    const number = parseNumber(cursor);
    return number && parseTermTail(cursor, number);
  }
  const term = parseTermTail(cursor, parseVar(cursor));
  if (term === undefined) return undefined;
  const name: VarTerm = { kind: "var", name: "minus", location: NO_LOCATION };
  const operator: RefTerm = { kind: "ref", terms: [name], location: NO_LOCATION };
  const zero: Term = { kind: "number", text: "0", location };
  return infixCall(cursor, operator, [zero, term], location, start);
}

function parseParenthesized(cursor: Cursor): Term | undefined {
  const { start } = cursor.state;
  cursor.scan();
  const term = cursor.grammar.infix(cursor);
  if (term === undefined) return undefined;
  if (!cursor.at(")")) {
    cursor.error(cursor.location(), "non-terminated expression");
    return undefined;
  }
  // Nodes may share this location object, and then all of them have the longer text, as in OPA.
  if (term.location !== NO_LOCATION)
    (term.location as Mutable<Location>).text = cursor.text(start, cursor.state.end);
  return term;
}

export function parseVar(cursor: Cursor): VarTerm {
  const { literal } = cursor.state;
  const name = literal === "_" ? cursor.nextWildcard() : literal;
  return { kind: "var", name, location: cursor.location() };
}

function parseTermTail(cursor: Cursor, head: Term): Term | undefined {
  const { start } = cursor.state;
  cursor.scanSpace();
  if (cursor.at("(") || cursor.at(".") || cursor.at("[")) return parseRefTail(cursor, head, start);
  if (cursor.at("whitespace")) cursor.scan();
  return asRootRef(head);
}

/** Bare `data` and `input` are refs. */
export function asRootRef(head: Term): Term {
  if (head.kind !== "var" || (head.name !== "data" && head.name !== "input")) return head;
  return { kind: "ref", terms: [head], location: head.location };
}

// --- scalars

/** OPA refuses numbers whose binary exponent is beyond this. */
const MAX_EXPONENT = 100_000;

function parseNumber(cursor: Cursor): Term | undefined {
  const location = cursor.location();
  let prefix = "";
  if (cursor.at("minus")) {
    prefix = "-";
    cursor.scan();
    if (!cursor.at("number") && !cursor.at(".")) return refuse(cursor, "expected number");
  }
  if (cursor.at(".")) {
    prefix += ".";
    cursor.scan();
    if (!cursor.at("number")) return refuse(cursor, "expected number");
  }
  const { literal } = cursor.state;
  if (!prefix.endsWith(".") && /^0(?![.eE]|$)/.test(literal))
    return refuse(cursor, "expected number without leading zero");
  const text = prefix + literal;
  const match = /^-?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null || Math.abs(Number(match[3] ?? 0)) > 2 ** 31) return refuse(cursor, "invalid float");
  if (!isSmallEnough(match[1] ?? "", match[2] ?? "", Number(match[3] ?? 0))) {
    cursor.error(cursor.location(), "number too big");
    return undefined;
  }
  return match[1] === ""
    ? { kind: "number", text: text.replace(".", "0."), bare: true, location }
    : { kind: "number", text, location };
}

function refuse(cursor: Cursor, note: string): undefined {
  cursor.illegal(note);
  return undefined;
}

function isSmallEnough(whole: string, fraction: string, exponent: number): boolean {
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return true;
  // value = 0.d1d2d3… * 10^scale
  const scale = exponent - fraction.length + digits.length;
  const log2 = (scale - 1) * Math.log2(10) + Math.log2(Number(`${digits[0]}.${digits.slice(1, 18)}`));
  const binaryExponent = Math.floor(log2) + 1;
  return binaryExponent <= MAX_EXPONENT && binaryExponent >= -MAX_EXPONENT;
}

// --- refs and calls

/** The name of a called function that has no dots. */
export function globalName(terms: CallTerms): string | undefined {
  const [head, ...rest] = terms[0].terms;
  return rest.length === 0 && head.kind === "var" ? head.name : undefined;
}

const REF_HEADS: ReadonlySet<string> = new Set([
  "var",
  "array",
  "object",
  "set",
  "array-comprehension",
  "object-comprehension",
  "set-comprehension",
  "call",
]);

/** The cursor stands at `.`, `[` or `(`. */
export function parseRefTail(cursor: Cursor, head: Term, start: number): Term | undefined {
  return cursor.nested(() => {
    const { location } = head;
    if (!REF_HEADS.has(head.kind)) {
      cursor.error(location, `illegal ref (head cannot be ${termKindName(head)})`);
    }
    const terms: [Term, ...Term[]] = [head];
    for (;;) {
      if (cursor.at(".")) {
        if (!parseDot(cursor, terms)) return undefined;
      } else if (cursor.at("[")) {
        if (!parseBracket(cursor, terms)) return undefined;
      } else if (cursor.at("(")) {
        return parseCallTail(cursor, terms, location, start);
      } else {
        const text = cursor.textFrom(start);
        if (cursor.at("whitespace")) cursor.scan();
        return { kind: "ref", terms, location: { ...location, text } };
      }
    }
  });
}

function parseDot(cursor: Cursor, terms: Term[]): boolean {
  cursor.scanSpace();
  if (!cursor.at("identifier") && !cursor.isRefKeyword(cursor.kind)) {
    cursor.illegal("expected identifier");
    return false;
  }
  terms.push({ kind: "string", value: cursor.state.literal, location: cursor.location() });
  cursor.scanSpace();
  return true;
}

function parseBracket(cursor: Cursor, terms: Term[]): boolean {
  cursor.scan();
  const term = cursor.grammar.infix(cursor);
  if (term === undefined) return false;
  if (!cursor.at("]")) {
    cursor.illegal("expected [");
    return false;
  }
  terms.push(term);
  cursor.scanSpace();
  return true;
}

function parseCallTail(
  cursor: Cursor,
  terms: [Term, ...Term[]],
  location: Location,
  start: number,
): Term | undefined {
  const operator: RefTerm = {
    kind: "ref",
    terms,
    location: { ...location, text: cursor.text(start, cursor.state.start) },
  };
  const call = parseCall(cursor, operator, start);
  if (call === undefined) return undefined;
  if (cursor.at("whitespace")) {
    cursor.scan();
    return at(call, { ...location, text: cursor.textFrom(start) });
  }
  if (!cursor.at(".") && !cursor.at("[")) return at(call, { ...location, text: cursor.textFrom(start) });
  return parseRefTail(cursor, call, start);
}

function parseCall(cursor: Cursor, operator: RefTerm, start: number): Term | undefined {
  cursor.scan();
  const args = cursor.at(")") ? [] : parseList(cursor, ")");
  if (args === undefined) return undefined;
  const location = { ...operator.location, text: cursor.text(start, cursor.state.end) };
  cursor.scanSpace();
  const [head] = operator.terms;
  const isSet = operator.terms.length === 1 && head.kind === "var" && head.name === "set";
  if (args.length === 0 && isSet) return { kind: "set", items: [], location };
  return { kind: "call", operator, args, location };
}
