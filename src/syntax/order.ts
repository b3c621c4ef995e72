// OPA's order of terms, as it sorts the members of sets and the keys of objects in text and JSON; and what follows from it: equality,
// groundness, sorted and deduplicated collections. Locations never count.

import { compareStrings } from "../value/compare.ts";
import { compareNumbers } from "../value/number.ts";
import type { Body, CallTerms, Expr, StringTerm, Term, TermKind, With } from "./ast.ts";

const RANK: Readonly<Record<TermKind, number>> = {
  null: 0,
  boolean: 1,
  number: 2,
  string: 3,
  "template-string": 4,
  var: 5,
  ref: 6,
  array: 7,
  object: 8,
  set: 9,
  "array-comprehension": 10,
  "object-comprehension": 11,
  "set-comprehension": 12,
  call: 13,
};

const EXPR_RANK: Readonly<Record<string, number>> = { some: 0, every: 3, not: 4, and: 5, or: 6 };

export function compareTerms(a: Term, b: Term): number {
  if (a.kind !== b.kind) return RANK[a.kind] - RANK[b.kind];
  switch (a.kind) {
    case "null":
      return 0;
    case "boolean":
      return Number(a.value) - Number((b as typeof a).value);
    case "number":
      return compareNumbers(a, b as typeof a);
    case "string":
      return compareStrings(a.value, (b as typeof a).value);
    case "var":
      return compareStrings(a.name, (b as typeof a).name);
    case "ref":
      return compareLists(a.terms, (b as typeof a).terms, compareTerms);
    case "array":
      return compareLists(a.items, (b as typeof a).items, compareTerms);
    case "set":
      return compareLists(sortTerms(a.items), sortTerms((b as typeof a).items), compareTerms);
    case "object":
      return compareObjects(a.entries, (b as typeof a).entries);
    case "array-comprehension":
    case "set-comprehension":
      return compareTerms(a.term, (b as typeof a).term) || compareBodies(a.body, (b as typeof a).body);
    case "object-comprehension": {
      const c = b as typeof a;
      return compareTerms(a.key, c.key) || compareTerms(a.value, c.value) || compareBodies(a.body, c.body);
    }
    case "call": {
      const c = b as typeof a;
      return compareLists([a.operator, ...a.args], [c.operator, ...c.args], compareTerms);
    }
    case "template-string": {
      // Unlike any other list: the one with fewer parts is first.
      const c = b as typeof a;
      return a.parts.length - c.parts.length || compareLists(a.parts, c.parts, compareParts);
    }
  }
}

export function equalTerms(a: Term, b: Term): boolean {
  return a === b || compareTerms(a, b) === 0;
}

type Entry = readonly [Term, Term];

function compareObjects(a: readonly Entry[], b: readonly Entry[]): number {
  const [x, y] = [sortEntries(a), sortEntries(b)];
  return compareLists(x, y, (p, q) => compareTerms(p[0], q[0]) || compareTerms(p[1], q[1]));
}

function compareParts(a: Expr | Term, b: Expr | Term): number {
  if (a.kind === "expr") return b.kind === "expr" ? compareExprs(a, 0, b, 0) : 1;
  return b.kind === "expr" ? -1 : compareTerms(a, b);
}

export function compareBodies(a: Body, b: Body): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareExprs(a[i]!, i, b[i]!, i);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareExprs(a: Expr, i: number, b: Expr, j: number): number {
  const order = exprRank(a) - exprRank(b) || i - j || Number(a.negated) - Number(b.negated);
  return order || compareExprTerms(a, b) || compareLists(a.with, b.with, compareWith);
}

function exprRank(expr: Expr): number {
  if (isCallTerms(expr.terms)) return 2;
  return EXPR_RANK[expr.terms.kind] ?? 1;
}

function isCallTerms(terms: Expr["terms"]): terms is CallTerms {
  return Array.isArray(terms);
}

/** Both are of one rank. */
function compareExprTerms(a: Expr, b: Expr): number {
  const [x, y] = [a.terms, b.terms];
  if (isCallTerms(x)) return compareLists(x, y as CallTerms, compareTerms);
  switch (x.kind) {
    case "some":
      return compareLists(x.symbols, (y as typeof x).symbols, compareTerms);
    case "every": {
      const other = y as typeof x;
      const keys = compareOptional(x.key, other.key);
      return (
        keys ||
        compareTerms(x.value, other.value) ||
        compareTerms(x.domain, other.domain) ||
        compareBodies(x.body, other.body)
      );
    }
    case "not":
      return compareBodies(x.body, (y as typeof x).body);
    case "and":
    case "or":
      return compareBodies(x.lhs, (y as typeof x).lhs) || compareBodies(x.rhs, (y as typeof x).rhs);
    default:
      return compareTerms(x, y as Term);
  }
}

function compareOptional(a: Term | undefined, b: Term | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareTerms(a, b);
}

function compareWith(a: With, b: With): number {
  return compareTerms(a.target, b.target) || compareTerms(a.value, b.value);
}

function compareLists<T>(a: readonly T[], b: readonly T[], order: (x: T, y: T) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const found = order(a[i]!, b[i]!);
    if (found !== 0) return found;
  }
  return a.length - b.length;
}

export function sortTerms(terms: readonly Term[]): Term[] {
  return [...terms].sort(compareTerms);
}

export function sortEntries(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => compareTerms(a[0], b[0]));
}

/** Without the later ones of equal members. */
export function distinctTerms(terms: readonly Term[]): Term[] {
  const first = firstEqual(terms);
  return terms.filter((_, i) => first[i] === i);
}

/** For each term the index of the first one equal to it. */
function firstEqual(terms: readonly Term[]): number[] {
  const order = terms.map((_, i) => i).sort((i, j) => compareTerms(terms[i]!, terms[j]!) || i - j);
  const first = new Array<number>(terms.length);
  order.forEach((i, at) => {
    const before = order[at - 1];
    const equal = before !== undefined && compareTerms(terms[before]!, terms[i]!) === 0;
    first[i] = equal ? first[before]! : i;
  });
  return first;
}

/** No variable decides its value: what OPA calls ground. Heads of refs do not count. */
export function isGround(term: Term): boolean {
  switch (term.kind) {
    case "null":
    case "boolean":
    case "number":
    case "string":
      return true;
    case "ref":
      return term.terms.slice(1).every(isGround);
    case "array":
    case "set":
      return term.items.every(isGround);
    case "object":
      return term.entries.every(([key, value]) => isGround(key) && isGround(value));
    case "call":
      return isGround(term.operator) && term.args.every(isGround);
    default:
      return false;
  }
}

/** The parts of a ref before the first one that is not ground. */
export function groundPrefix(terms: readonly Term[]): readonly Term[] {
  const open = terms.findIndex((term, i) => i > 0 && !isGround(term));
  return open < 0 ? terms : terms.slice(0, open);
}

/** Made of scalars only. */
export function isConstant(term: Term): boolean {
  switch (term.kind) {
    case "null":
    case "boolean":
    case "number":
    case "string":
      return true;
    case "array":
    case "set":
      return term.items.every(isConstant);
    case "object":
      return term.entries.every(([key, value]) => isConstant(key) && isConstant(value));
    default:
      return false;
  }
}

/** The name that OPA's messages have for a kind of term. */
export function termKindName(term: Term | StringTerm): string {
  return term.kind.replace("-", "");
}
