// `and`, `or` and `not { … }` of future.keywords. Operands are expressions, bodies in braces or groups in parentheses; what a brace or parenthesis
// opens is decided by trying. Functions take the cursor at the first token of what they parse and leave it behind.

import type { Location } from "../error.ts";
import type { Body, Expr, Logical, Term } from "./ast.ts";
import type { Cursor, Mutable } from "./cursor.ts";
import { INFIX_SYMBOLS } from "./operators.ts";
import { type Logic, makeExpr, negate, parseExpr, parseNot, parseWith, withModifiers } from "./parse-expr.ts";
import { globalName } from "./parse-term.ts";
import { termKindName } from "./order.ts";

interface Operand {
  readonly body: Body;
  /** Written in braces. */
  readonly explicit: boolean;
  readonly location: Location;
}

type Word = "and" | "or";

function active(cursor: Cursor): boolean {
  return cursor.keywords.has("and") || cursor.keywords.has("or");
}

function wordAt(cursor: Cursor): Word | undefined {
  if (cursor.at("logical-and")) return "and";
  return cursor.at("logical-or") ? "or" : undefined;
}

function operandOf(expr: Expr): Operand {
  return { body: [expr], explicit: false, location: expr.location };
}

export const logic: Logic = {
  bracedStatement(cursor) {
    if (!active(cursor)) return undefined;
    return cursor.speculate(() => {
      const location = cursor.location();
      const { start } = cursor.state;
      cursor.scan();
      const body = cursor.grammar.body(cursor, "}");
      if (body === undefined) return undefined;
      cursor.scan();
      if (wordAt(cursor) === undefined) return undefined;
      if (isAmbiguousUnion(body)) {
        ambiguousUnion(cursor, location, start, body, "");
        return { expr: undefined };
      }
      const expr = parseOr(cursor, { body, explicit: true, location });
      return { expr: expr && withModifiers(cursor, expr) };
    });
  },

  parenthesizedStatement(cursor) {
    if (!active(cursor)) return undefined;
    const group = parseGroup(cursor, false, "");
    if (group === undefined) return undefined;
    return { expr: group.operand && foldTail(cursor, group.operand) };
  },

  negatedGroup(cursor, not) {
    const group = parseGroup(cursor, true, "not ");
    if (group === undefined) return undefined;
    if (group.operand === undefined) return { expr: undefined };
    const { body, explicit } = group.operand;
    return { expr: foldTail(cursor, operandOf(negate(cursor, body, not, explicit))) };
  },

  tail(cursor, operand) {
    return foldTail(cursor, operandOf(operand));
  },

  plainTail(cursor, operand, withAt, braced) {
    const word = wordAt(cursor) ?? "and";
    if (withAt !== undefined) return withOnOperand(cursor, withAt, word);
    if (braced) {
      if ("kind" in operand.terms && operand.terms.kind === "object" && operand.terms.entries.length === 0) {
        cursor.error(operand.location, "found empty body");
      } else braceLed(cursor, operand.location, operand.location.text, word);
      return undefined;
    }
    const expr = parseOr(cursor, operandOf(operand));
    return expr && withModifiers(cursor, expr);
  },

  notBody: parseNotBody,
};

function foldTail(cursor: Cursor, operand: Operand): Expr | undefined {
  const expr = wordAt(cursor) === undefined ? operand.body[0] : parseOr(cursor, operand);
  return expr && withModifiers(cursor, expr);
}

// --- chains

/** The cursor is at `and` or `or`; both are left-associative and `and` binds tighter. */
function parseOr(cursor: Cursor, first: Operand): Expr | undefined {
  return cursor.nested(() => {
    let left: Operand | undefined = first;
    if (cursor.at("logical-and")) left = parseAnd(cursor, left);
    while (left !== undefined && cursor.at("logical-or")) {
      cursor.scan();
      let right = parseOperand(cursor, "or");
      if (right !== undefined && cursor.at("logical-and")) right = parseAnd(cursor, right);
      left = right && join(cursor, "or", left, right);
    }
    return left?.body[0];
  });
}

function parseAnd(cursor: Cursor, first: Operand): Operand | undefined {
  return cursor.nested(() => {
    let left: Operand | undefined = first;
    while (left !== undefined && cursor.at("logical-and")) {
      cursor.scan();
      const right = parseOperand(cursor, "and");
      left = right && join(cursor, "and", left, right);
    }
    return left;
  });
}

function join(cursor: Cursor, kind: Word, left: Operand, right: Operand): Operand {
  refuseVoid(cursor, left.body, kind);
  refuseVoid(cursor, right.body, kind);
  const location = cursor.extended(left.location);
  const terms: Logical = {
    kind,
    lhs: left.body,
    rhs: right.body,
    ...(left.explicit && { explicitLhs: true }),
    ...(right.explicit && { explicitRhs: true }),
    location,
  };
  return operandOf(makeExpr(terms, location));
}

// --- operands

/** `word` is missing where the caller only tries and goes back on failure. */
function parseOperand(cursor: Cursor, word: Word | undefined): Operand | undefined {
  if (cursor.at("{")) return parseBracedOperand(cursor, word);
  const not = parseNot(cursor);
  if (not !== undefined && cursor.notBodies && cursor.at("{")) {
    const negated = parseNotBody(cursor, not);
    return negated && operandOf(negated);
  }
  if (cursor.at("(") && active(cursor) && (not === undefined || cursor.notBodies)) {
    const group = parseGroup(cursor, true, not === undefined ? "" : "not ");
    if (group !== undefined) {
      if (group.operand === undefined || not === undefined) return group.operand;
      return operandOf(negate(cursor, group.operand.body, not, group.operand.explicit));
    }
  }
  const location = cursor.location();
  const { start } = cursor.state;
  const expr = parseExpr(cursor);
  if (expr === undefined) return undefined;
  location.text = cursor.textFrom(start);
  (expr as Mutable<Expr>).location = location;
  if (not === undefined) return operandOf(expr);
  if (cursor.notBodies) return operandOf(negate(cursor, [expr], not, false));
  (expr as Mutable<Expr>).negated = true;
  return operandOf(expr);
}

function parseBracedOperand(cursor: Cursor, word: Word | undefined): Operand | undefined {
  const location = cursor.location();
  const { start } = cursor.state;
  const before = cursor.save();
  cursor.scan();
  const empty = cursor.at("}");
  const body = cursor.grammar.body(cursor, "}");
  if (body === undefined) {
    if (empty || word === undefined) return undefined;
    const value = valueInstead(cursor, before);
    if (value !== undefined) braceLed(cursor, location, cursor.textFrom(start), word);
    return undefined;
  }
  cursor.scan();
  // Reported, but not undefined: a group around it may still turn out to be a term, and then the report goes with it.
  if (isAmbiguousUnion(body)) ambiguousUnion(cursor, location, start, body, "");
  return { body, explicit: true, location };
}

/** Where braces hold no body: the value that they begin, the cursor then being behind it. Otherwise the cursor keeps the body's error. */
function valueInstead(cursor: Cursor, before: Cursor["state"]): Term | undefined {
  const failed = cursor.save();
  cursor.restore(before);
  const term = cursor.grammar.infix(cursor);
  if (term === undefined) cursor.restore(failed);
  return term;
}

function parseNotBody(cursor: Cursor, not: Location): Expr | undefined {
  const location = cursor.location();
  const { start } = cursor.state;
  const before = cursor.save();
  cursor.scan();
  const empty = cursor.at("}");
  const body = cursor.grammar.body(cursor, "}");
  if (body === undefined) {
    if (empty) return undefined;
    const value = valueInstead(cursor, before);
    if (value !== undefined) {
      const text = cursor.textFrom(start);
      cursor.hint(`write \`not (${text})\` to negate the value, or \`not {${text}}\` for a body holding it`);
      const name = termKindName(braceLedValue(value));
      cursor.error(location, `\`{...}\` in an operand position must contain expression(s), got: ${name}`);
    }
    return undefined;
  }
  cursor.scan();
  if (isAmbiguousUnion(body)) {
    ambiguousUnion(cursor, location, start, body, "not ");
    return undefined;
  }
  return negate(cursor, body, not, true);
}

/** The value that the brace opens: in `{1, 2} & s` the set. */
function braceLedValue(term: Term): Term {
  if (term.kind !== "call") return term;
  const name = globalName([term.operator, ...term.args]) ?? "internal.member";
  const [first] = term.args;
  return first !== undefined && (INFIX_SYMBOLS.has(name) || name === "internal.member")
    ? braceLedValue(first)
    : term;
}

// --- groups

/** At `(`. Undefined, the cursor unmoved: it is a term. Without an operand: an error. */
function parseGroup(
  cursor: Cursor,
  isOperand: boolean,
  prefix: string,
): { operand: Operand | undefined } | undefined {
  const before = cursor.save();
  let entered = false;
  const group = cursor.nested(() => {
    entered = true;
    return parseGroupInside(cursor, isOperand, prefix, before);
  }, 3);
  return entered ? group : { operand: undefined };
}

const FAILED = { operand: undefined };

function parseGroupInside(
  cursor: Cursor,
  isOperand: boolean,
  prefix: string,
  before: Cursor["state"],
): { operand: Operand | undefined } | undefined {
  const open = cursor.location();
  const goBack = (): undefined => cursor.restore(before.copy()) as undefined;
  const close = (body: Body): { operand: Operand | undefined } => {
    if (!cursor.at(")")) {
      cursor.error(cursor.location(), "expected ) to close parenthesized group");
      return FAILED;
    }
    cursor.scan();
    return { operand: { body, explicit: false, location: cursor.extended(open) } };
  };
  cursor.scan();
  if (cursor.at(")")) {
    if (!isOperand) return goBack();
    cursor.error(open, "empty parenthesized group");
    return FAILED;
  }
  const left = parseOperand(cursor, undefined);
  if (left === undefined) return goBack();
  if (wordAt(cursor) !== undefined) {
    const chain = parseOr(cursor, left);
    const expr = chain && withModifiers(cursor, chain);
    return expr === undefined ? FAILED : close([expr]);
  }
  const [only] = left.body;
  if (cursor.at("with") && !left.explicit && left.body.length === 1 && only !== undefined) {
    return parseGroupWith(cursor, only, isOperand, close, goBack);
  }
  if (left.explicit) return parseGroupOfBody(cursor, left, prefix, open, before);
  if (isLogicalOrNegated(left.body)) return close(left.body);
  return goBack();
}

/** `(a with x as y)`: a group where it is an operand, else a term with a modifier that the caller will read again. */
function parseGroupWith(
  cursor: Cursor,
  expr: Expr,
  isOperand: boolean,
  close: (body: Body) => { operand: Operand | undefined },
  goBack: () => undefined,
): { operand: Operand | undefined } | undefined {
  const withAt = cursor.location();
  const modifiers = parseWith(cursor);
  if (modifiers === undefined) return FAILED;
  (expr as Mutable<Expr>).with = modifiers;
  const word = wordAt(cursor);
  if (word !== undefined) {
    withOnOperand(cursor, withAt, word);
    return FAILED;
  }
  const group = close([expr]);
  if (group.operand === undefined || isOperand || wordAt(cursor) !== undefined) return group;
  return goBack();
}

/** `({…})`: parentheses go around values, not around bodies. */
function parseGroupOfBody(
  cursor: Cursor,
  left: Operand,
  prefix: string,
  open: Location,
  before: Cursor["state"],
): { operand: undefined } | undefined {
  const braces = cursor.textFrom(cursor.startOf(left.location));
  cursor.restore(before.copy());
  cursor.scan();
  const term = cursor.grammar.term(cursor);
  cursor.restore(before.copy());
  if (term !== undefined) return undefined;
  cursor.hint(`drop the parens to keep the body: \`${prefix}${braces}\``);
  cursor.error(open, "`(...)` in an operand position cannot contain a body");
  return { operand: undefined };
}

function isLogicalOrNegated(body: Body): boolean {
  const [expr] = body;
  if (expr === undefined || body.length !== 1) return false;
  if (expr.negated) return true;
  return (
    "kind" in expr.terms &&
    (expr.terms.kind === "and" || expr.terms.kind === "or" || expr.terms.kind === "not")
  );
}

// --- refusals

function withOnOperand(cursor: Cursor, location: Location, word: Word): undefined {
  cursor.hint(
    `Wrap the operand in \`(...)\` or \`{...}\` to scope, or move \`with\` after the \`${word}\` expression to apply it to the whole expression`,
  );
  cursor.error(location, `\`with\` modifier is not allowed on operand of \`${word}\``);
}

function braceLed(cursor: Cursor, location: Location, operand: string, word: Word): void {
  cursor.hint(`wrap the operand to keep the value: \`(${operand}) ${word} ...\``);
  cursor.error(location, `operand of \`${word}\` cannot begin with \`{\` unless the braces hold a body`);
}

/** The only builtin without a result; a body of nothing else can never fail. */
const VOID = "print";

function refuseVoid(cursor: Cursor, body: Body, word: Word): void {
  for (const expr of body) {
    if (expr.negated || "kind" in expr.terms || globalName(expr.terms) !== VOID) return;
  }
  const [first] = body;
  if (first === undefined) return;
  cursor.hint(
    `\`${VOID}\` produces no value and always succeeds, so the operand can never fail; move it out of the operand, or add an expression that can fail`,
  );
  cursor.error(first.location, `operand of \`${word}\` cannot consist only of calls to \`${VOID}\``);
}

/** `{ a | b … }` reads as a comprehension too. The call form `or(a, b)` and the parenthesized `(a | b)` do not. */
function isAmbiguousUnion(body: Body): boolean {
  const [first] = body;
  if (first === undefined || "kind" in first.terms || globalName(first.terms) !== "or") return false;
  return first.terms[0].location.text === "|" && !first.location.text.trim().startsWith("(");
}

function ambiguousUnion(cursor: Cursor, location: Location, start: number, body: Body, prefix: string): void {
  const braces = cursor.textFrom(start);
  let union = braces;
  const inner = body[0]?.location;
  if (inner !== undefined) {
    const at = cursor.startOf(inner) - start;
    const end = at + inner.text.length;
    if (at > 0 && end <= braces.length) union = `${braces.slice(0, at)}(${inner.text})${braces.slice(end)}`;
  }
  cursor.hint(
    `write \`${prefix}(${braces})\` for the comprehension, or \`${prefix}${union}\` for the set union`,
  );
  cursor.error(
    location,
    "ambiguous `{ ... | ... }` operand: read as a body holding a set-union expression, not as a comprehension",
  );
}
