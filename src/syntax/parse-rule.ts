// Rules: heads of every form, bodies in braces or behind `if`, `else` chains, defaults. A rule without body is not a rule here yet: it is read as an
// expression and parse-module.ts makes the rule. `undefined` means an error stands in the cursor, or that there is no rule.

import type { Location } from "../error.ts";
import type { Body, Expr, Head, RefTerm, Rule, Term } from "./ast.ts";
import { type Cursor, type Mutable, NO_LOCATION } from "./cursor.ts";
import { isGround, termKindName } from "./order.ts";
import { printRef, printTerm } from "./print.ts";
import { asRootRef } from "./parse-term.ts";
import type { TokenKind } from "./token.ts";

type DraftHead = Mutable<Head>;
type DraftRule = Omit<Mutable<Rule>, "head"> & { head: DraftHead };

function truth(location: Location): Term {
  return { kind: "boolean", value: true, location };
}

/** The body of a rule that has none. */
export function trueBody(location: Location): Body {
  return [{ kind: "expr", terms: truth(location), negated: false, with: [], location }];
}

/** A deep copy of plain nodes, all of them at one location. */
function relocated<T>(node: T, location: Location): T {
  if (Array.isArray(node)) return node.map((item: unknown) => relocated(item, location)) as T;
  if (typeof node !== "object" || node === null) return node;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    copy[key] = key === "location" ? location : relocated(value, location);
  }
  return copy as T;
}

export function parseRules(cursor: Cursor): Rule[] | undefined {
  const location = cursor.location();
  const { start } = cursor.state;
  cursor.keywordAsRefHead();
  const isDefault = cursor.at("default");
  if (isDefault) {
    cursor.scan();
    cursor.keywordAsRefHead();
  }
  if (!cursor.at("identifier")) return undefined;
  const head = parseHead(cursor, isDefault);
  if (head === undefined) return undefined;
  const rule: DraftRule = { kind: "rule", default: isDefault, head, body: [], location };
  if (isDefault) {
    if (!checkDefault(cursor, rule)) return undefined;
    rule.body = trueBody(location);
    return [rule];
  }
  if (!classify(cursor, rule)) return undefined;
  if (!cursor.at("if") && !cursor.at("{")) {
    if (head.contains !== true) return undefined;
    rule.body = trueBody(location);
    rule.generatedBody = true;
    rule.location = head.location;
    return [rule];
  }
  const body = cursor.at("if") ? parseIf(cursor, head) : parseBraces(cursor);
  if (body === undefined) return undefined;
  rule.body = body;
  if (cursor.at("else") && !cursor.keywordAsRefHead()) {
    const next = parseElseOf(cursor, head);
    if (next === undefined) return undefined;
    rule.else = next;
  }
  location.text = cursor.textFrom(start);
  return parseFurtherBodies(cursor, rule);
}

/**
 * `p[x]` means a set with member x in v0 and a rule at p[x] behind which `if` stands; both keep the old name and key. False where such a
 * head has no name.
 */
function classify(cursor: Cursor, { head }: DraftRule): boolean {
  const [first, second, ...more] = head.reference.terms;
  if (head.contains === true || second === undefined || more.length > 0) return true;
  if (cursor.at("if")) {
    if ((!isGround(second) || second.kind === "ref") && head.args === undefined) head.key = second;
    if (head.value === undefined) {
      head.generatedValue = true;
      head.value = truth(head.location);
      return true;
    }
  } else if (head.args !== undefined) return true;
  if (first.kind !== "var") return false;
  head.name = first.name;
  if (cursor.at("if")) return true;
  head.key = second;
  if (head.value === undefined) head.reference = { ...head.reference, terms: [first] };
  return true;
}

function parseBraces(cursor: Cursor): Body | undefined {
  cursor.scan();
  const body = cursor.grammar.body(cursor, "}");
  if (body !== undefined) cursor.scan();
  return body;
}

/** One expression, or a body in braces. A set literal in braces is read as a body, as it would always be true. */
function parseIf(cursor: Cursor, head: DraftHead): Body | undefined {
  head.if = true;
  cursor.scan();
  const before = cursor.save();
  const braced = cursor.at("{");
  const expr = cursor.grammar.literal(cursor);
  if (expr !== undefined && !(braced && "kind" in expr.terms && expr.terms.kind === "set")) return [expr];
  if (!braced) return undefined;
  cursor.restore(before);
  return parseBraces(cursor);
}

/** `p if {…} {…}`: each further body is a rule with the same head, whose nodes are all where the body is. */
function parseFurtherBodies(cursor: Cursor, rule: DraftRule): Rule[] | undefined {
  const rules: Rule[] = [rule];
  while (cursor.at("{")) {
    if (rule.else !== undefined) {
      cursor.error(cursor.location(), "expected else keyword");
      return undefined;
    }
    const location = cursor.location();
    const { start } = cursor.state;
    const body = parseBraces(cursor);
    if (body === undefined) return undefined;
    location.text = cursor.textFrom(start);
    const { reference } = rule.head;
    const args = freshWildcards(cursor, rule.head.args);
    const head: Head = {
      ...relocated(rule.head, location),
      reference,
      ...(args && { args: relocated(args, location) }),
    };
    rules.push({ kind: "rule", default: false, head, body, location });
  }
  return rules;
}

function freshWildcards(cursor: Cursor, args: readonly Term[] | undefined): Term[] | undefined {
  return args?.map((arg) =>
    arg.kind === "var" && arg.name.startsWith("$") ? { ...arg, name: cursor.nextWildcard() } : arg,
  );
}

// --- else

function parseElseOf(cursor: Cursor, head: Head): Rule | undefined {
  const { terms } = head.reference;
  if (terms.length > 1 && !isGround(head.reference)) {
    cursor.error(cursor.location(), "else keyword cannot be used on rules with variables in head");
    return undefined;
  }
  if (head.key !== undefined) {
    cursor.error(cursor.location(), "else keyword cannot be used on multi-value rules");
    return undefined;
  }
  return parseElse(cursor, head);
}

function parseElse(cursor: Cursor, first: Head): Rule | undefined {
  return cursor.nested(() => {
    const location = cursor.location();
    const { start } = cursor.state;
    const { if: _if, generatedValue: _generated, args: _args, ...copy } = first;
    const args = freshWildcards(cursor, first.args);
    const head: DraftHead = { ...copy, ...(args && { args }), location: cursor.location() };
    cursor.scan();
    if (!parseElseValue(cursor, head, start)) return undefined;
    const rule: DraftRule = { kind: "rule", default: false, head, body: [], location };
    if (!cursor.at("if") && !cursor.at("{")) {
      rule.body = trueBody(location);
      rule.generatedBody = true;
    } else {
      const body = parseElseBody(cursor, head, location);
      if (body === undefined) return undefined;
      rule.body = body;
      if (cursor.at("else")) {
        const next = parseElse(cursor, first);
        if (next === undefined) return undefined;
        rule.else = next;
      }
    }
    location.text = cursor.textFrom(start);
    return rule;
  });
}

function parseElseValue(cursor: Cursor, head: DraftHead, start: number): boolean {
  if (cursor.at("{") || cursor.at("if")) {
    head.generatedValue = true;
    head.value = truth(NO_LOCATION);
    return true;
  }
  if (!cursor.at("assign") && !cursor.at("eq")) {
    cursor.illegal("expected else value term or rule body");
    return false;
  }
  head.assign = cursor.at("assign");
  cursor.scan();
  const value = cursor.grammar.infix(cursor);
  if (value === undefined) return false;
  head.value = value;
  (head.location as Mutable<Location>).text = cursor.textFrom(start);
  return true;
}

function parseElseBody(cursor: Cursor, head: DraftHead, location: Location): Body | undefined {
  if (cursor.at("if")) {
    head.if = true;
    cursor.scan();
  }
  if (cursor.at("{")) return parseBraces(cursor);
  if (cursor.at("eof")) {
    cursor.illegal("rule body expected");
    return undefined;
  }
  const expr: Expr | undefined = cursor.grammar.literal(cursor);
  return expr && [relocated(expr, location)];
}

// --- heads

const NO_VALUE_AFTER: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "plus",
  "minus",
  "mul",
  "div",
  "rem",
  "and",
  "or",
  "equal",
  "neq",
  "gt",
  "gte",
  "lt",
  "lte",
]);

function parseHead(cursor: Cursor, isDefault: boolean): DraftHead | undefined {
  const location = cursor.location();
  const { start } = cursor.state;
  const term = parseHeadRef(cursor, cursor.grammar.variable(cursor));
  if (term === undefined) {
    cursor.illegal("expected rule head name");
    return undefined;
  }
  const head = headOf(cursor, term);
  if (head === undefined) return undefined;
  parseHeadValue(cursor, head, isDefault);
  if (head.args?.length === 0) delete head.args;
  if (
    head.value === undefined &&
    head.key === undefined &&
    (head.reference.terms.length !== 2 || head.args !== undefined)
  ) {
    head.generatedValue = true;
    head.value = truth(NO_LOCATION);
  }
  location.text = cursor.textFrom(start);
  head.location = location;
  return head;
}

function parseHeadRef(cursor: Cursor, head: Term): Term | undefined {
  const { start } = cursor.state;
  cursor.scanSpace();
  if (NO_VALUE_AFTER.has(cursor.kind)) cursor.illegal();
  else if (cursor.at("whitespace")) cursor.scan();
  if (cursor.at("(") || cursor.at(".") || cursor.at("[")) return cursor.grammar.refTail(cursor, head, start);
  return asRootRef(head);
}

function headOf(cursor: Cursor, term: Term): DraftHead | undefined {
  const make = (reference: RefTerm): DraftHead => {
    const [first, ...rest] = reference.terms;
    const name = rest.length === 0 && first.kind === "var" ? first.name : "";
    return { reference, name, assign: false, location: NO_LOCATION };
  };
  switch (term.kind) {
    case "var":
      return make({ kind: "ref", terms: [term], location: term.location });
    case "ref":
      return make(term);
    case "call": {
      if (term.operator.terms[0].kind !== "var") {
        cursor.illegal(`rule head ref ${printTerm(term.operator)} invalid`);
        return undefined;
      }
      const head = make(term.operator);
      head.args = term.args;
      return head;
    }
    default:
      return undefined;
  }
}

function parseHeadValue(cursor: Cursor, head: DraftHead, isDefault: boolean): void {
  const name = printRef(head.reference.terms);
  const { kind } = cursor;
  if (kind === "contains") {
    if (head.args !== undefined) {
      cursor.illegal(
        `the contains keyword can only be used with multi-value rule definitions (e.g., ${name} contains <VALUE> { ... })`,
      );
    }
    head.contains = true;
    cursor.scan();
    const key = cursor.grammar.infix(cursor);
    if (key === undefined) cursor.illegal(`expected rule key term (e.g., ${name} contains <VALUE> { ... })`);
    else head.key = key;
    return;
  }
  if (kind !== "eq" && kind !== "assign") return;
  cursor.scan();
  head.assign = kind === "assign";
  const value = cursor.grammar.infix(cursor);
  if (value !== undefined) head.value = value;
  else if (kind === "eq") cursor.illegal(`expected rule value term (e.g., ${name}[<nil>] = <VALUE> { ... })`);
  else if (head.args !== undefined && head.args.length > 0) {
    cursor.illegal(`expected function value term (e.g., ${name}(...) := <VALUE> { ... })`);
  } else if (isDefault) cursor.illegal(`expected default rule value term (e.g., default ${name} := <VALUE>)`);
  else cursor.illegal(`expected rule value term (e.g., ${name} := <VALUE> { ... })`);
}

// --- defaults

function checkDefault(cursor: Cursor, { head, location }: DraftRule): boolean {
  if (head.value === undefined) {
    cursor.error(location, "illegal default rule (must have a value)");
    return false;
  }
  let valid = true;
  const refuse = (what: string): void => {
    cursor.error(location, `illegal default rule (${what})`);
    valid = false;
  };
  refuseVariable(head.value, (kind) => refuse(`value cannot contain ${kind}`));
  if (!valid || head.args === undefined) return valid;
  const names = new Set<string>();
  for (const arg of head.args) {
    if (arg.kind !== "var") refuse(`arguments cannot contain ${termKindName(arg)}`);
    else if (names.has(arg.name)) refuse(`arguments cannot be repeated ${arg.name}`);
    else names.add(arg.name);
  }
  return valid;
}

/** Refs, variables and calls in a default value; comprehensions are not looked into. */
function refuseVariable(term: Term, refuse: (kind: string) => void): void {
  const visit = (inner: Term): void => refuseVariable(inner, refuse);
  switch (term.kind) {
    case "ref":
    case "var":
    case "call":
      refuse(term.kind);
      return;
    case "array":
    case "set":
      for (const item of term.items) visit(item);
      return;
    case "object":
      for (const [key, value] of term.entries) {
        visit(key);
        visit(value);
      }
      return;
    case "template-string":
      for (const part of term.parts) {
        if (part.kind !== "expr") visit(part);
        else if (!("kind" in part.terms)) part.terms.forEach(visit);
        else if (part.terms.kind === "ref" || part.terms.kind === "var") visit(part.terms);
      }
      return;
    default:
  }
}
