// (Over 450 lines: expressions and terms hold each other, so two files would import each other.)
// Layout of expressions and terms, as `opa fmt` has it: one-line sequences stay on a line, others get a line for each line of the source; infix operators,
// `in`, parentheses where they are needed to read the same tree again. Writes into a Writer and hands troubles with comments up.

import type { Location } from "../error.ts";
import type {
  Body,
  CallTerms,
  Every,
  Expr,
  Logical,
  NotBody,
  SomeDecl,
  TemplateString,
  Term,
  With,
} from "./ast.ts";
import { byteIndex, closingRow, endRow, newlines, type Trouble, type Writer } from "./format-writer.ts";
import { INFIX_SYMBOLS } from "./operators.ts";
import { sortEntries, sortTerms, termKindName } from "./order.ts";
import { escapeTemplateText, isName, printTerm, quote } from "./print.ts";
import { isCallTerms, singleTerm, walkExpr, walkTerm } from "./visit.ts";

/** A node without a place of its own stands in row 1 of a file that is none. */
export const NOWHERE: Location = { file: "__format_default__", row: 1, col: 1, offset: 0, text: "" };

export function placeOf(term: Term): Location {
  return term.location.row === 0 ? { ...NOWHERE, text: printTerm(term) } : term.location;
}

type Item = Term | Expr | readonly [Term, Term];

function isPair(item: Item): item is readonly [Term, Term] {
  return Array.isArray(item);
}

function itemPlace(item: Item): Location {
  if (isPair(item)) return placeOf(item[0]);
  return item.kind === "expr" ? item.location : placeOf(item);
}

function arity(name: string): number {
  return name === "internal.member_3" ? 3 : 2;
}

function isUnion(term: Term): boolean {
  return term.kind === "call" && printTerm(term.operator) === "or";
}

function isUnionExpr(expr: Expr): boolean {
  return isCallTerms(expr.terms) && expr.terms.length === 3 && printTerm(expr.terms[0]) === "or";
}

// --- expressions

export function writeBody(w: Writer, body: Body): Trouble {
  const trouble = w.insertComments(body[0]?.location.row ?? 0);
  if (trouble) return trouble;
  for (const [i, expr] of body.entries()) {
    const previous = body[i - 1];
    if (previous !== undefined && expr.location.row > endRow(previous.location) + 1) w.blankLine();
    w.startLine();
    if (writeExpr(w, expr) === "fatal")
      w.refusals.push({ message: "original unformatted text is empty", location: NOWHERE });
    w.endLine();
  }
  return undefined;
}

export function writeExpr(w: Writer, expr: Expr): Trouble {
  const parens = w.parenExpr === expr;
  if (parens) w.parenExpr = undefined;
  const trouble = w.insertComments(expr.location.row);
  if (trouble) return trouble;
  if (!w.inline) w.startLine();
  if (expr.negated) w.write("not ");
  if (parens) w.write("(");
  const inner = writeExprTerms(w, expr);
  if (inner) return inner;
  if (parens) w.write(")");
  return writeModifiers(w, expr);
}

function writeExprTerms(w: Writer, expr: Expr): Trouble {
  const { terms } = expr;
  if (isCallTerms(terms)) return writeCallExpr(w, terms);
  switch (terms.kind) {
    case "some":
      return dropping(w, writeSome(w, terms));
    case "every":
      return dropping(w, writeEvery(w, terms, expr.location));
    case "not":
      return dropping(w, writeNot(w, terms, expr.location));
    case "and":
    case "or":
      return dropping(w, writeLogical(w, expr));
    default:
      return writeTerm(w, terms);
  }
}

function dropping(w: Writer, trouble: Trouble): Trouble {
  return trouble && w.drop(trouble);
}

/** The first `with` stays on the line where the terms end; those on lines of their own are indented once. */
function writeModifiers(w: Writer, expr: Expr): Trouble {
  let lastRow = termsEndRow(expr);
  let indented = false;
  let trouble: Trouble;
  for (const [i, modifier] of expr.with.entries()) {
    const { row } = modifier.location;
    const inLine = i === 0 && row === lastRow;
    const breaks = !inLine && row > lastRow;
    if (breaks) {
      if (!indented) w.level++;
      indented = true;
      w.endLine();
      w.startLine();
    }
    if (inLine || breaks) lastRow = row;
    trouble = writeWith(w, modifier, breaks);
    if (trouble) break;
  }
  if (indented) w.level--;
  return trouble;
}

/** The last row of the terms, without the `with` modifiers behind them. */
function termsEndRow(expr: Expr): number {
  const { location } = expr;
  let { text } = location;
  const [first] = expr.with;
  if (first !== undefined) {
    const offset = first.location.offset - location.offset;
    if (offset > 0) text = text.slice(0, byteIndex(text, offset));
  }
  return location.row + newlines(text.replace(/[ \t\r\n]+$/, ""));
}

function writeWith(w: Writer, modifier: With, indented: boolean): Trouble {
  const trouble = w.insertComments(modifier.location.row);
  if (trouble) return w.drop(trouble);
  if (!indented) w.write(" ");
  w.write("with ");
  const target = writeTerm(w, modifier.target);
  if (target) return w.drop(target);
  w.write(" as ");
  return writeTerm(w, modifier.value) === "fatal" ? "fatal" : undefined;
}

function writeSome(w: Writer, decl: SomeDecl): Trouble {
  const trouble = w.insertComments(decl.location.row);
  if (trouble) return trouble;
  w.write("some ");
  let { row } = decl.location;
  for (const [i, term] of decl.symbols.entries()) {
    if (term.kind === "call") {
      const inner = writeIn(w, false, term.args, decl.location, printTerm(term.operator));
      if (inner) return inner;
      continue;
    }
    const place = placeOf(term);
    if (place.row > row) {
      w.endLine();
      w.startLine();
      w.write("\t");
      row = place.row;
    } else if (i > 0) w.write(" ");
    const inner = writeTerm(w, term);
    if (inner) return inner;
    if (i < decl.symbols.length - 1) w.write(",");
  }
  return undefined;
}

function writeEvery(w: Writer, every: Every, location: Location): Trouble {
  const trouble = w.insertComments(location.row);
  if (trouble) return trouble;
  w.write("every ");
  if (every.key !== undefined) {
    const key = writeTerm(w, every.key);
    if (key) return key;
    w.write(", ");
  }
  const value = writeTerm(w, every.value);
  if (value) return value;
  w.write(" in ");
  const domain = writeTerm(w, every.domain);
  if (domain) return domain;
  w.write(" {");
  if (writeInnerBody(w, "{", "}", every.body, location, location) === "fatal") return "fatal";
  if (every.body.length === 1 && every.body[0]?.location.row === every.location.row) w.write(" ");
  w.write("}");
  return undefined;
}

function writeNot(w: Writer, not: NotBody, location: Location): Trouble {
  const trouble = w.insertComments(location.row);
  if (trouble) return trouble;
  w.write("not ");
  const first = not.body[0]!;
  if (not.explicit === true || not.body.length > 1) return writeBraces(w, not.body, location);
  const parens = notNeedsParentheses(first);
  if (parens) w.write("(");
  if (writeExpr(w, first) === "fatal") return "fatal";
  if (parens) w.write(")");
  return undefined;
}

function notNeedsParentheses(expr: Expr): boolean {
  if (expr.with.length > 0 || isLogical(expr)) return true;
  return (!isCallTerms(expr.terms) && expr.terms.kind === "not") || isBraceLedExpr(expr);
}

/** A body in braces as operand; a union that leads it would make it a comprehension. */
function writeBraces(w: Writer, body: Body, location: Location): Trouble {
  if (isUnionExpr(body[0]!)) w.parenExpr = body[0];
  w.write("{");
  if (writeInnerBody(w, "{", "}", body, location, location) === "fatal") return "fatal";
  if (body.at(-1)?.location.row === location.row) w.write(" ");
  w.write("}");
  return undefined;
}

/** A body after `|` or `{`: on this line if it begins on the row of `after` and stands on one line itself. */
function writeInnerBody(
  w: Writer,
  open: string,
  close: string,
  body: Body,
  after: Location,
  whole: Location,
): Trouble {
  const lines = groupLines(w, body, after);
  if (body[0]!.location.row > after.row || lines.length > 1) {
    w.endLine();
    w.level++;
    const trouble = writeBody(w, body) ?? dropping(w, w.insertComments(closingRow(open, close, whole)));
    w.level--;
    w.startLine();
    return trouble;
  }
  w.write(" ");
  for (const [i, expr] of body.entries()) {
    if (i > 0) w.write("; ");
    const trouble = writeExpr(w, expr);
    if (trouble) return trouble;
  }
  return dropping(w, w.insertComments(closingRow(open, close, whole)));
}

// --- and, or

interface Operand {
  readonly body: Body;
  readonly explicit: boolean;
  readonly parens: boolean;
  /** Of the opening brace. */
  readonly brace: Location;
}

interface Step {
  readonly word: "and" | "or";
  readonly right: Operand;
  /** Where everything left of the operator ends. */
  readonly leftEnd: number;
}

export function isLogical(expr: Expr): expr is Expr & { readonly terms: Logical } {
  return !isCallTerms(expr.terms) && (expr.terms.kind === "and" || expr.terms.kind === "or");
}

function writeLogical(w: Writer, expr: Expr): Trouble {
  const { first, steps } = flatten(expr);
  if (writeOperand(w, first) === "fatal") return "fatal";
  let indented = false;
  let trouble: Trouble;
  for (const { word, right, leftEnd } of steps) {
    w.write(` ${word}`);
    const row = right.explicit ? right.brace.row : right.body[0]!.location.row;
    if (row > leftEnd) {
      if (!indented) w.level++;
      indented = true;
      w.endLine();
      w.startLine();
    } else w.write(" ");
    trouble = writeOperand(w, right);
    if (trouble === "fatal") break;
    trouble = undefined;
  }
  if (indented) w.level--;
  return trouble;
}

function writeOperand(w: Writer, operand: Operand): Trouble {
  if (operand.explicit) return writeBraces(w, operand.body, operand.brace);
  if (operand.parens) w.write("(");
  const trouble = writeExpr(w, operand.body[0]!);
  if (operand.parens) w.write(")");
  return trouble;
}

/** A chain of operators, left-associative, as one list. An operand in parentheses is an operand of its own. */
export function flatten(expr: Expr): { first: Operand; steps: Step[] } {
  const { kind, lhs, rhs, explicitLhs, explicitRhs } = expr.terms as Logical;
  const right = makeOperand(rhs, explicitRhs === true, kind, true, expr.location);
  const [only] = lhs;
  if (explicitLhs !== true && only !== undefined && lhs.length === 1 && isLogical(only)) {
    if (!operandNeedsParentheses(only, kind, false)) {
      const { first, steps } = flatten(only);
      return { first, steps: [...steps, { word: kind, right, leftEnd: bodyEndRow(lhs) }] };
    }
  }
  const first = makeOperand(lhs, explicitLhs === true, kind, false, expr.location);
  const closing = first.explicit ? closingRow("{", "}", first.brace) : 0;
  return { first, steps: [{ word: kind, right, leftEnd: closing > 0 ? closing : bodyEndRow(lhs) }] };
}

function makeOperand(
  body: Body,
  braced: boolean,
  parent: "and" | "or",
  right: boolean,
  whole: Location,
): Operand {
  const explicit = braced || body.length !== 1;
  const parens = !explicit && operandNeedsParentheses(body[0]!, parent, right);
  return { body, explicit, parens, brace: explicit ? bracePlace(whole, body) : whole };
}

function operandNeedsParentheses(expr: Expr, parent: "and" | "or", right: boolean): boolean {
  if (expr.with.length > 0) return true;
  if (isLogical(expr))
    return expr.terms.kind === "or" ? parent === "and" || right : parent === "and" && right;
  return isBraceLedExpr(expr);
}

function bodyEndRow(body: Body): number {
  const location = body.at(-1)?.location;
  return location === undefined ? 0 : location.row + newlines(location.text.replace(/[ \t\r\n]+$/, ""));
}

/** The brace in front of an operand's first expression. */
function bracePlace(whole: Location, body: Body): Location {
  const start = byteIndex(whole.text, (body[0]?.location.offset ?? whole.offset) - whole.offset);
  const at = start === 0 ? -1 : whole.text.lastIndexOf("{", start - 1);
  if (at < 0) return whole;
  return { ...whole, row: whole.row + newlines(whole.text.slice(0, at)), text: whole.text.slice(at) };
}

/** Whether what is written begins with a brace, which in the place of an operand would open a body. */
function isBraceLedExpr(expr: Expr): boolean {
  if (!isCallTerms(expr.terms)) {
    const term = singleTerm(expr);
    return term !== undefined && isBraceLed(term);
  }
  const lead = leadOfInfix(expr.terms);
  return lead !== undefined && isBraceLed(lead);
}

/** The operand that is written first: the result in `z = x | y`, else the left one. */
function leadOfInfix([operator, ...args]: CallTerms): Term | undefined {
  const name = printTerm(operator);
  if (!INFIX_SYMBOLS.has(name)) return undefined;
  if (args.length === arity(name)) return args[0];
  return args.length === arity(name) + 1 ? args.at(-1) : undefined;
}

function isBraceLed(term: Term): boolean {
  switch (term.kind) {
    case "set":
      return term.items.length > 0;
    case "object":
    case "set-comprehension":
    case "object-comprehension":
      return true;
    case "ref":
      return isBraceLed(term.terms[0]);
    case "call": {
      const name = printTerm(term.operator);
      const [first] = term.args;
      return (
        INFIX_SYMBOLS.has(name) &&
        term.args.length === arity(name) &&
        first !== undefined &&
        isBraceLed(first)
      );
    }
    default:
      return false;
  }
}

/** Marks a union at the very beginning of a body, where `{ x | y` would read as a comprehension. */
export function markLeadingUnion(w: Writer, expr: Expr): void {
  if (expr.negated) return;
  if (isLogical(expr)) {
    const { first } = flatten(expr);
    if (!first.explicit && !first.parens) markLeadingUnion(w, first.body[0]!);
    return;
  }
  if (isUnionExpr(expr)) {
    w.parenExpr = expr;
    return;
  }
  if (!isCallTerms(expr.terms)) return;
  const lead = leadOfInfix(expr.terms);
  if (lead !== undefined && isUnion(lead)) w.parenTerm = lead;
}

// --- calls

function writeCallExpr(w: Writer, terms: CallTerms): Trouble {
  const [operator, ...args] = terms;
  const name = printTerm(operator);
  const symbol = INFIX_SYMBOLS.get(name);
  if (symbol === "in") return writeIn(w, false, args, operator.location, name);
  if (symbol === undefined) return writePlainCall(w, operator, args);
  const [left, right, result] = args;
  if (left === undefined || right === undefined || args.length > 3) {
    refuseArity(w, args, name, operator.location);
    return writePlainCall(w, operator, args);
  }
  if (result !== undefined) {
    const trouble = writeTerm(w, result);
    if (trouble) return w.drop(trouble);
    w.write(" = ");
  }
  const trouble = writeTerm(w, left);
  if (trouble) return w.drop(trouble);
  w.write(` ${symbol} `);
  const rightTrouble = writeTerm(w, right);
  return rightTrouble && result !== undefined ? w.drop(rightTrouble) : rightTrouble;
}

function refuseArity(w: Writer, args: readonly Term[], name: string, location: Location): void {
  const have = args.map(termKindName);
  w.refusals.push({ message: `${name}: arity mismatch`, location, details: { have } });
}

function writePlainCall(w: Writer, operator: CallTerms[0], args: readonly Term[]): Trouble {
  // OPA does not notice that the name has used comments up, and writes those above it a second time.
  const { comments } = w;
  const trouble = writeRef(w, operator.terms);
  if (trouble) return trouble;
  w.comments = comments;
  w.write("(");
  const place = placeOf(operator);
  const inner = writeSequence(w, args, place, closingRow("(", ")", place), listItem(w, false));
  w.write(")");
  return dropping(w, inner);
}

function writeCall(w: Writer, parens: boolean, term: Term & { kind: "call" }, place: Location): Trouble {
  const name = printTerm(term.operator);
  const symbol = INFIX_SYMBOLS.get(name);
  if (symbol === undefined) return writePlainCall(w, term.operator, term.args);
  if (symbol === "in") return writeIn(w, true, term.args, place, name);
  if (parens) w.write("(");
  const [left, right, ...more] = term.args;
  if (left === undefined || right === undefined || more.length > 0) {
    refuseArity(w, term.args, name, place);
    return undefined;
  }
  const trouble = writeTermParens(w, true, left);
  if (trouble) return w.drop(trouble);
  w.write(` ${symbol} `);
  const rightTrouble = writeTermParens(w, true, right);
  if (rightTrouble) return w.drop(rightTrouble);
  if (parens) w.write(")");
  return undefined;
}

function writeIn(w: Writer, parens: boolean, args: readonly Term[], place: Location, name: string): Trouble {
  if (args.length !== arity(name)) {
    refuseArity(w, args, name, place);
    return undefined;
  }
  const wrap = parens && args.length === 3;
  if (wrap) w.write("(");
  let trouble: Trouble;
  for (const [i, arg] of args.entries()) {
    if (i > 0) w.write(i === args.length - 1 ? " in " : ", ");
    trouble = writeTermParens(w, true, arg);
    if (trouble) break;
  }
  if (wrap) w.write(")");
  return dropping(w, trouble);
}

// --- terms

/** With its source text where a comment has no place in the layout; the trouble is told nevertheless. */
export function writeTerm(w: Writer, term: Term): Trouble {
  if (w.comments.length === 0) return writeTermParens(w, false, term);
  const { comments, level } = w;
  const { length } = w.out;
  const trouble = writeTermParens(w, false, term);
  if (trouble === undefined) return undefined;
  if (trouble === "fatal") return w.drop(trouble);
  w.out = w.out.slice(0, length);
  w.level = level;
  const place = placeOf(term);
  const waiting = w.lineEnd?.location.row ?? -1;
  if (place.text !== "" && waiting >= place.row && waiting <= endRow(place)) w.lineEnd = undefined;
  return w.writeUnformatted(place, comments) ?? "comment";
}

export function writeTermParens(w: Writer, wanted: boolean, term: Term): Trouble {
  const marked = w.parenTerm === term;
  if (marked) w.parenTerm = undefined;
  const place = placeOf(term);
  const trouble = w.insertComments(place.row);
  if (trouble) return w.drop(trouble);
  if (!w.inline) w.startLine();
  const inner = writeTermKind(w, wanted || marked, term, place);
  if (inner) return w.drop(inner);
  if (!w.inline) w.startLine();
  return undefined;
}

function writeTermKind(w: Writer, parens: boolean, term: Term, place: Location): Trouble {
  switch (term.kind) {
    case "ref":
      return writeRef(w, term.terms);
    case "object":
      return wrapped(w, "{", "}", () =>
        writeSequence(w, sortEntries(term.entries), place, closingRow("{", "}", place), objectItem(w)),
      );
    case "array":
      return wrapped(w, "[", "]", () =>
        writeSequence(w, term.items, place, closingRow("[", "]", place), listItem(w, true)),
      );
    case "set":
      return writeSet(w, term.items, place);
    case "array-comprehension":
      return wrapped(w, "[", "]", () =>
        writeComprehension(w, "[", "]", term.term, placeOf(term.term), term.body, place),
      );
    case "set-comprehension":
      return wrapped(w, "{", "}", () =>
        writeComprehension(w, "{", "}", term.term, placeOf(term.term), term.body, place),
      );
    case "object-comprehension":
      return wrapped(w, "{", "}", () => writeObjectComprehension(w, term, place));
    case "string":
      w.write(stringText(term.value, place.text));
      return undefined;
    case "template-string":
      return writeTemplate(w, term);
    case "var":
      w.write(varText(w, term.name));
      return undefined;
    case "call":
      return writeCall(w, parens, term, place);
    default:
      w.write(printTerm(term));
      return undefined;
  }
}

function wrapped(w: Writer, open: string, close: string, inner: () => Trouble): Trouble {
  w.write(open);
  const trouble = inner();
  w.write(close);
  return trouble;
}

/** Escapes stay as the author wrote them. The text may have `else := ` in front. */
function stringText(value: string, text: string): string {
  if (text.startsWith("`")) return text;
  const mark = text.at(-1);
  const from = mark === '"' || mark === "`" ? text.indexOf(mark) : -1;
  return from < 0 ? quote(value) : text.slice(from);
}

function varText(w: Writer, name: string): string {
  return w.style.wildcards.get(name) ?? (name.startsWith("$") ? "_" : name);
}

function writeSet(w: Writer, items: readonly Term[], place: Location): Trouble {
  if (items.length > 0) {
    return wrapped(w, "{", "}", () =>
      writeSequence(w, sortTerms(items), place, closingRow("{", "}", place), listItem(w, true)),
    );
  }
  w.write("set()");
  return w.insertComments(closingRow("(", ")", place));
}

export function writeRef(w: Writer, terms: readonly Term[]): Trouble {
  const [head, ...path] = terms;
  if (head === undefined) return undefined;
  const trouble = writeTermParens(w, head.kind === "call" && placeOf(head).text.startsWith("("), head);
  if (trouble) return w.drop(trouble);
  for (const term of path) {
    if (term.kind === "string") w.write(pathText(w, term.value, placeOf(term)));
    else if (term.kind === "var") w.write(`[${varText(w, term.name)}]`);
    else {
      w.write("[");
      const inner = writeTerm(w, term);
      if (inner === "fatal") return w.drop(inner);
      // The bracket must not become part of the comment that ends the text.
      if (inner) w.write("\n");
      w.write("]");
    }
  }
  return undefined;
}

/** `["if"]` stays quoted where the author quoted it. */
function pathText(w: Writer, name: string, place: Location): string {
  const quoted = !isName(name) || (w.style.keywords.has(name) && place.text.startsWith('"'));
  return quoted ? `[${quote(name)}]` : `.${name}`;
}

// --- comprehensions and template strings

function writeObjectComprehension(
  w: Writer,
  term: Term & { kind: "object-comprehension" },
  place: Location,
): Trouble {
  const parens = isUnion(term.key);
  if (parens) w.write("(");
  const trouble = writeTerm(w, term.key);
  if (trouble) return trouble;
  if (parens) w.write(")");
  w.write(": ");
  // The value never goes to a new line.
  const valuePlace = { ...placeOf(term.value), row: place.row };
  const value = { ...term.value, location: valuePlace };
  return writeComprehension(w, "{", "}", value, valuePlace, term.body, place);
}

function writeComprehension(
  w: Writer,
  open: string,
  close: string,
  term: Term,
  termPlace: Location,
  body: Body,
  place: Location,
): Trouble {
  if (termPlace.row > place.row) {
    w.endLine();
    w.startLine();
  }
  const parens = term.kind === "call" && (isUnion(term) || termPlace.text.startsWith("("));
  const trouble = writeTermParens(w, parens, term);
  if (trouble) return trouble;
  w.write(" |");
  return writeInnerBody(w, open, close, body, termPlace, place);
}

function writeTemplate(w: Writer, term: TemplateString): Trouble {
  const mark = term.raw ? "`" : '"';
  w.write(`$${mark}`);
  for (const [i, part] of term.parts.entries()) {
    if (part.kind === "expr") {
      const trouble = writeTemplateExpr(w, part, term.parts[i + 1]);
      if (trouble) return trouble;
    } else if (part.kind === "string") {
      w.write(escapeTemplateText(term.raw ? part.value : quote(part.value).slice(1, -1)));
    } else w.write(printTerm(part));
  }
  w.write(mark);
  return undefined;
}

/** Comments inside the braces stay inside them. */
function writeTemplateExpr(
  w: Writer,
  expr: Expr,
  next: TemplateString["parts"][number] | undefined,
): Trouble {
  w.write("{");
  w.level++;
  if (w.lineEnd !== undefined) {
    w.endLine();
    w.startLine();
  } else {
    const before = w.before(expr.location.row);
    if (before.length > 0) {
      w.write(" ");
      w.inline = true;
      w.writeComments(before);
      w.comments = w.comments.slice(before.length);
    }
  }
  const trouble = writeExpr(w, expr);
  if (trouble) return trouble;
  if (next !== undefined) {
    const before = w.before(next.kind === "expr" ? next.location.row : placeOf(next).row);
    if (before.length > 0) {
      w.endLine();
      w.writeComments(before);
      w.comments = w.comments.slice(before.length);
      w.startLine();
    }
  }
  w.write("}");
  w.level--;
  return undefined;
}

// --- sequences

type ItemWriter = (item: Item) => Trouble;

export function listItem(w: Writer, parenUnions: boolean): ItemWriter {
  return (item) => {
    const term = item as Term;
    const parens = isUnion(term) && (parenUnions || placeOf(term).text.startsWith("("));
    return parens ? wrapped(w, "(", ")", () => writeTerm(w, term)) : writeTerm(w, term);
  };
}

function objectItem(w: Writer): ItemWriter {
  return (item) => {
    const [key, value] = item as readonly [Term, Term];
    const keyParens = isUnion(key);
    if (keyParens) w.write("(");
    const trouble = writeTerm(w, key);
    if (trouble) return w.drop(trouble);
    if (keyParens) w.write(")");
    w.write(": ");
    return isUnion(value) ? wrapped(w, "(", ")", () => writeTerm(w, value)) : writeTerm(w, value);
  };
}

/** Items between brackets: on one line if they are on one line, else a line for each of theirs. */
export function writeSequence(
  w: Writer,
  items: readonly Item[],
  place: Location,
  close: number,
  write: ItemWriter,
): Trouble {
  const lines = groupLines(w, items, place);
  let multiline = lines.length > 1;
  if (!multiline) {
    // Comments are in order, so most often the first one tells.
    const inside = w.comments.find(({ location }) => location.row > place.row || location.row >= close);
    if (inside !== undefined && inside.location.row > place.row && inside.location.row < close)
      return "comment";
    const [first] = items;
    const at =
      first === undefined
        ? -1
        : place.text.indexOf(isPair(first) ? placeOf(first[0]).text : itemPlace(first).text);
    multiline =
      at > 0 && place.text.lastIndexOf("\n", at - 1) > 0 && place.text.slice(0, at).indexOf("\n") > 0;
  }
  if (multiline) w.startMultiline();
  for (const [i, line] of lines.entries()) {
    if (i > 0) {
      w.write(",");
      w.endLine();
      w.startLine();
    }
    for (const [j, item] of line.entries()) {
      if (j > 0) w.write(", ");
      const trouble = write(item);
      if (trouble) return w.drop(trouble);
    }
  }
  if (!multiline) return undefined;
  w.write(",");
  w.endLine();
  const trouble = w.insertComments(close);
  if (trouble) return w.drop(trouble);
  w.level--;
  w.startLine();
  return undefined;
}

/** Items in source order, grouped by line. Items of generated code have no trustworthy places and stay together. */
function groupLines<T extends Item>(_w: Writer, items: readonly T[], after: Location): T[][] {
  if (items.some(isGenerated)) return [[...items]];
  const sorted = [...items].sort((a, b) => {
    const [x, y] = [itemPlace(a), itemPlace(b)];
    return x.row - y.row || x.col - y.col;
  });
  const lines: T[][] = [];
  let line: T[] = [];
  let last = after.row;
  for (const [i, item] of sorted.entries()) {
    const { row } = itemPlace(item);
    if (row > last && i > 0) {
      lines.push(line);
      line = [];
    }
    last = row;
    line.push(item);
  }
  lines.push(line);
  return lines;
}

function isGenerated(item: Item): boolean {
  if (isPair(item)) return false;
  let found = false;
  const term = (inner: Term): boolean => {
    found ||= inner.location.row === 0 || (inner.kind === "var" && inner.name.startsWith("__local"));
    return found;
  };
  if (item.kind === "expr") walkExpr(item, { term });
  else walkTerm(item, { term });
  return found;
}
