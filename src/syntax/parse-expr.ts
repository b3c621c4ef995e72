// Bodies and expressions: `some`, `every`, `not`, `with`, `:=` and `=`. The logical operators stand in parse-logical.ts. Functions take the cursor at
// the first token of what they parse and leave it behind; `undefined` means an error stands in the cursor.

import type { Location } from "../error.ts";
import type { Body, Expr, NotBody, Term, With } from "./ast.ts";
import type { Cursor, Mutable } from "./cursor.ts";
import type { TokenKind } from "./token.ts";

/** What parse-logical.ts gives: statements that begin with a brace, parenthesis or `not` may turn out to be operands of `and` or `or`. */
export interface Logic {
  /** Both are 'undefined, and the cursor unmoved' or 'decided'. */
  bracedStatement(cursor: Cursor): { expr: Expr | undefined } | undefined;
  parenthesizedStatement(cursor: Cursor): { expr: Expr | undefined } | undefined;
  /** `not (a or b)`, the cursor being at the parenthesis. */
  negatedGroup(cursor: Cursor, not: Location): { expr: Expr | undefined } | undefined;
  /** A whole operand, perhaps with `and`/`or` or `with` behind it. */
  tail(cursor: Cursor, operand: Expr): Expr | undefined;
  /** The same for an operand that was written without braces and may have had a `with`. */
  plainTail(cursor: Cursor, operand: Expr, withAt: Location | undefined, braced: boolean): Expr | undefined;
  notBody(cursor: Cursor, not: Location): Expr | undefined;
}

export function makeExpr(terms: Expr["terms"], location: Location): Expr {
  return { kind: "expr", terms, negated: false, with: [], location };
}

export function parseBody(cursor: Cursor, end: TokenKind): Body | undefined {
  return cursor.nested(() => parseQuery(cursor, false, end), 3);
}

/** Expressions up to `end`, on which the cursor stops; with `oneOnly` only those that semicolons join. */
export function parseQuery(cursor: Cursor, oneOnly: boolean, end: TokenKind): Body | undefined {
  if (cursor.kind === end) {
    cursor.error(cursor.location(), "found empty body");
    return undefined;
  }
  const body: Expr[] = [];
  for (;;) {
    const expr = cursor.grammar.literal(cursor);
    if (expr === undefined) return undefined;
    body.push(expr);
    if (cursor.at(";")) {
      cursor.scan();
      continue;
    }
    if (cursor.kind === end || oneOnly) return body;
    if (!cursor.state.skippedNewline) {
      if (!cursor.failed) cursor.illegal(`expected \\n or ; or ${end}`);
      return undefined;
    }
  }
}

export function parseLiteral(cursor: Cursor, logic: Logic): Expr | undefined {
  const location = cursor.location();
  const { start } = cursor.state;
  const expr = parseStatement(cursor, logic);
  if (expr === undefined) return undefined;
  location.text = cursor.textFrom(start);
  (expr as Mutable<Expr>).location = location;
  // A `not x` of future.keywords.not shares its place with the expression it negates.
  if ("kind" in expr.terms && expr.terms.kind === "not" && expr.terms.explicit !== true) {
    for (const inner of expr.terms.body) (inner as Mutable<Expr>).location = location;
  }
  return expr;
}

function parseStatement(cursor: Cursor, logic: Logic): Expr | undefined {
  const decided = cursor.at("{")
    ? logic.bracedStatement(cursor)
    : cursor.at("(")
      ? logic.parenthesizedStatement(cursor)
      : undefined;
  if (decided !== undefined) return decided.expr;
  if (cursor.keywordAsRefHead()) return parsePlain(cursor, logic, undefined);

  const not = parseNot(cursor);
  if (not !== undefined && cursor.notBodies && cursor.at("{")) {
    const negated = logic.notBody(cursor, not);
    return negated && logic.tail(cursor, negated);
  }
  if (!cursor.at("some") && !cursor.at("every")) return parsePlain(cursor, logic, not);
  if (not !== undefined) {
    cursor.illegal(`illegal negation of '${cursor.kind}'`);
    return undefined;
  }
  return cursor.at("some") ? parseSome(cursor) : parseEvery(cursor);
}

/** Moves over `not` and gives its place, unless it is the head of a ref as in `not.x`. */
export function parseNot(cursor: Cursor): Location | undefined {
  if (!cursor.at("not")) return undefined;
  const next = cursor.peekSpace();
  if (next === "." || next === "[") return undefined;
  const location = cursor.location();
  cursor.scan();
  return location;
}

export function negate(cursor: Cursor, body: Body, not: Location, explicit: boolean): Expr {
  const location = cursor.extended(not);
  const terms: NotBody = explicit
    ? { kind: "not", body, explicit, location }
    : { kind: "not", body, location };
  return makeExpr(terms, location);
}

/** An expression of terms, negated if `not` tells where. */
function parsePlain(cursor: Cursor, logic: Logic, not: Location | undefined): Expr | undefined {
  const before = cursor.save();
  const location = cursor.location();
  const { start } = cursor.state;
  if (not !== undefined && cursor.notBodies && cursor.at("(")) {
    const decided = logic.negatedGroup(cursor, not);
    if (decided !== undefined) return decided.expr;
  }
  let expr = parseExpr(cursor);
  if (expr === undefined) return undefined;
  let withAt: Location | undefined;
  if (cursor.at("with")) {
    withAt = cursor.location();
    const modifiers = parseWith(cursor);
    if (modifiers === undefined) return undefined;
    (expr as Mutable<Expr>).with = modifiers;
  }
  hintEvery(cursor, expr, before);
  if (not !== undefined && cursor.notBodies) {
    // The `with` belongs to the negation as a whole.
    const modifiers = expr.with;
    (expr as Mutable<Expr>).with = [];
    expr = negate(cursor, [expr], not, false);
    (expr as Mutable<Expr>).with = modifiers;
  } else {
    (expr as Mutable<Expr>).negated = not !== undefined;
  }
  if (!cursor.at("logical-and") && !cursor.at("logical-or")) return expr;
  if ("kind" in expr.terms && expr.terms.kind === "not") return logic.plainTail(cursor, expr, withAt, false);
  location.text = cursor.textFrom(start);
  (expr as Mutable<Expr>).location = location;
  return logic.plainTail(cursor, expr, withAt, not === undefined && location.text.startsWith("{"));
}

/** In v0 a lone name `every` may be meant as the keyword. */
function hintEvery(cursor: Cursor, expr: Expr, before: Cursor["state"]): void {
  if (cursor.version !== "v0" || !("kind" in expr.terms)) return;
  if (expr.terms.kind !== "var" || expr.terms.name !== "every") return;
  const after = cursor.save();
  cursor.restore(before);
  const parsed = cursor.tryWithFutureKeywords(() => parseEvery(cursor));
  cursor.restore(after);
  if (parsed !== undefined)
    cursor.hint("`import future.keywords.every` for `every x in xs { ... }` expressions");
}

/** Terms joined by `:=` or `=`, or one term; its location is the caller's to set. */
export function parseExpr(cursor: Cursor): Expr | undefined {
  const location = cursor.location();
  const left = cursor.grammar.infix(cursor);
  if (left === undefined) return undefined;
  if (cursor.at("assign") || cursor.at("eq")) {
    const place = cursor.location();
    const name = cursor.kind;
    cursor.scan();
    const right = cursor.grammar.infix(cursor);
    if (right === undefined) return undefined;
    const operator = {
      kind: "ref",
      terms: [{ kind: "var", name, location: place }],
      location: place,
    } as const;
    return makeExpr([operator, left, right], location);
  }
  if (left.kind === "call") return makeExpr([left.operator, ...left.args], location);
  return makeExpr(left, location);
}

export function parseWith(cursor: Cursor): With[] | undefined {
  const modifiers: With[] = [];
  while (cursor.at("with")) {
    const location = cursor.location();
    const { start } = cursor.state;
    cursor.scan();
    if (!cursor.at("identifier")) {
      cursor.illegal("expected ident");
      return undefined;
    }
    const target = cursor.grammar.term(cursor);
    if (target === undefined) return undefined;
    if (target.kind !== "ref" && target.kind !== "var") cursor.illegal("expected with target path");
    if (!cursor.at("as")) {
      cursor.illegal("expected as keyword");
      return undefined;
    }
    cursor.scan();
    const value = cursor.grammar.infix(cursor);
    if (value === undefined) return undefined;
    location.text = cursor.textFrom(start);
    modifiers.push({ target, value, location });
  }
  return modifiers;
}

/** Adds the `with` modifiers that follow, if any. */
export function withModifiers(cursor: Cursor, expr: Expr): Expr | undefined {
  if (!cursor.at("with")) return expr;
  const modifiers = parseWith(cursor);
  if (modifiers === undefined) return undefined;
  (expr as Mutable<Expr>).with = modifiers;
  return expr;
}

/** 2 for `x in xs`, 3 for `k, v in xs`, 0 for other calls. */
function membershipArity(term: Term): 0 | 2 | 3 {
  if (term.kind !== "call") return 0;
  const [head, name, ...rest] = term.operator.terms;
  if (head.kind !== "var" || head.name !== "internal" || name?.kind !== "string" || rest.length > 0) return 0;
  return name.value === "member_2" ? 2 : name.value === "member_3" ? 3 : 0;
}

// --- some

function parseSome(cursor: Cursor): Expr | undefined {
  const location = cursor.location();
  const before = cursor.save();
  cursor.scan();
  const term = cursor.grammar.infix(cursor);
  if (term?.kind === "call") {
    const arity = membershipArity(term);
    if (arity === 0 || term.args.length !== arity) {
      cursor.illegal(arity === 0 ? "expected `x in xs` or `x, y in xs` expression" : "illegal domain");
      return undefined;
    }
    return withModifiers(cursor, makeExpr({ kind: "some", symbols: [term], location }, location));
  }
  cursor.restore(before);
  hintIn(cursor);
  const symbols: Term[] = [];
  do {
    cursor.scan();
    if (!cursor.at("identifier")) {
      cursor.illegal("expected var");
      return undefined;
    }
    symbols.push(cursor.grammar.variable(cursor));
    cursor.scan();
  } while (cursor.at(","));
  return makeExpr({ kind: "some", symbols, location }, location);
}

function hintIn(cursor: Cursor): void {
  if (cursor.version !== "v0") return;
  const before = cursor.save();
  cursor.scan();
  const found = cursor.tryWithFutureKeywords(() => {
    const term = cursor.grammar.infix(cursor);
    return term !== undefined && membershipArity(term) !== 0;
  });
  cursor.restore(before);
  if (found) cursor.hint("`import future.keywords.in` for `some x in xs` expressions");
}

// --- every

const EVERY_FORM = "expected `x[, y] in xs { ... }` expression";

function parseEvery(cursor: Cursor): Expr | undefined {
  const location = cursor.location();
  cursor.scan();
  const term = cursor.grammar.infix(cursor);
  if (term === undefined) return undefined;
  const arity = membershipArity(term);
  if (term.kind !== "call" || arity === 0) return refuse(cursor, EVERY_FORM);
  if (term.args.length !== arity) return refuse(cursor, "illegal domain");
  const [domain, value, key] = [...term.args].reverse();
  if (domain === undefined || value === undefined) return refuse(cursor, "illegal domain");
  if (key !== undefined && key.kind !== "var") return refuse(cursor, "expected key to be a variable");
  if (value.kind !== "var") return refuse(cursor, "expected value to be a variable");
  if (!cursor.at("{")) return refuse(cursor, "missing body");
  cursor.scan();
  const body = cursor.grammar.body(cursor, "}");
  if (body === undefined) return undefined;
  cursor.scan();
  const every = { kind: "every", ...(key && { key }), value, domain, body, location } as const;
  return withModifiers(cursor, makeExpr(every, location));
}

function refuse(cursor: Cursor, note: string): undefined {
  cursor.illegal(note);
  return undefined;
}
