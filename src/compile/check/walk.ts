// Reads and maps syntax trees the way the stages of check need it: what kind of expression one is, and mappers that decide themselves
// whether to go on below a node. Nothing here changes a node in place, and nothing here knows what a stage is for.

import type { Location } from "../../error.ts";
import type {
  Body,
  CallTerms,
  Every,
  Expr,
  Logical,
  NotBody,
  RefTerm,
  Rule,
  SomeDecl,
  Term,
  VarTerm,
  With,
} from "../../syntax/ast.ts";
import { type Visitor, walkHead as walkHeadTerms, walkTerm } from "../../syntax/visit.ts";

/** The walks themselves are those of the tree. */
export { type Visitor, walkBody, walkExpr, walkTerm } from "../../syntax/visit.ts";

/** The call `[operator, ...operands]` of an expression, or undefined. */
export function callOf(expr: Expr): CallTerms | undefined {
  return Array.isArray(expr.terms) ? (expr.terms as CallTerms) : undefined;
}

/** What an expression that is no call holds. */
type Single = Exclude<Expr["terms"], CallTerms>;
const single = (expr: Expr): Single | undefined =>
  callOf(expr) === undefined ? (expr.terms as Single) : undefined;

export function everyOf(expr: Expr): Every | undefined {
  const terms = single(expr);
  return terms?.kind === "every" ? terms : undefined;
}

export function notOf(expr: Expr): NotBody | undefined {
  const terms = single(expr);
  return terms?.kind === "not" ? terms : undefined;
}

export function logicalOf(expr: Expr): Logical | undefined {
  const terms = single(expr);
  return terms?.kind === "and" || terms?.kind === "or" ? terms : undefined;
}

export function someOf(expr: Expr): SomeDecl | undefined {
  const terms = single(expr);
  return terms?.kind === "some" ? terms : undefined;
}

const isStatement = (terms: Single): terms is SomeDecl | Every | NotBody | Logical =>
  terms.kind === "every" ||
  terms.kind === "not" ||
  terms.kind === "some" ||
  terms.kind === "and" ||
  terms.kind === "or";

/** The single term of an expression that is neither call nor statement (`some`, `every`, `not`, `and`, `or`). */
export function termOf(expr: Expr): Term | undefined {
  const terms = single(expr);
  return terms === undefined || isStatement(terms) ? undefined : terms;
}

/** True when a call expression's operator is the global builtin `name` (a ref of one var). */
export function isGlobalCall(expr: Expr, name: string): boolean {
  const call = callOf(expr);
  if (call === undefined || call[0].terms.length !== 1) return false;
  const head = call[0].terms[0];
  return head.kind === "var" && head.name === name;
}

export const isEquality = (expr: Expr): boolean => isGlobalCall(expr, "eq");
export const isAssignment = (expr: Expr): boolean => isGlobalCall(expr, "assign");
/** `eq` and `assign` can be called by name, with any number of arguments; only two make sense to the rewriters. */
export const hasTwoOperands = (expr: Expr): boolean => callOf(expr)?.length === 3;

export const isScalar = (term: Term): boolean =>
  term.kind === "null" || term.kind === "boolean" || term.kind === "number" || term.kind === "string";
export const isComprehension = (term: Term): boolean =>
  term.kind === "array-comprehension" ||
  term.kind === "set-comprehension" ||
  term.kind === "object-comprehension";
export const isGenerated = (name: string): boolean => name.startsWith("__local");
export const isWildcard = (name: string): boolean => name.startsWith("$");

/** `input` or `data` alone: a ref of just that var. */
export function rootDocument(term: Term): "input" | "data" | undefined {
  if (term.kind !== "ref" || term.terms.length !== 1) return undefined;
  const head = term.terms[0];
  return head.kind === "var" && (head.name === "input" || head.name === "data") ? head.name : undefined;
}

export function varTerm(name: string, location: Location): VarTerm {
  return { kind: "var", name, location };
}

export function refTerm(terms: readonly [Term, ...Term[]], location: Location): RefTerm {
  return { kind: "ref", terms, location };
}

/** The operator of a builtin as the parser spells it: `a.b` is the var `a` followed by the string "b". */
export function builtinRef(name: string, location: Location): RefTerm {
  if (!name.includes(".")) return refTerm([varTerm(name, location)], location);
  const [head = "", ...rest] = name.split(".");
  return refTerm(
    [varTerm(head, location), ...rest.map((value): Term => ({ kind: "string", value, location }))],
    location,
  );
}

/** `a = b` as the compiler makes it. */
export function equality(a: Term, b: Term, location: Location, generated: boolean): Expr {
  const expr: Expr = {
    kind: "expr",
    terms: [builtinRef("eq", location), a, b],
    negated: false,
    with: [],
    location,
  };
  return generated ? { ...expr, generated: true } : expr;
}

/** Everything under a rule's head that can hold variables: the ref without its name, arguments, key and value. */
export function walkHead(head: Rule["head"], visitor: Visitor): void {
  for (const t of head.reference.terms.slice(1)) walkTerm(t, visitor);
  walkHeadTerms(head, visitor);
}

/** What replaces the children of a node. */
export interface Mapper {
  term(term: Term): Term;
  body(body: Body): Body;
}

/** Like `list.map`, but the list itself when nothing changes: what two expressions share stays shared. */
export function mapList<T>(list: readonly T[], map: (item: T) => T): readonly T[] {
  let changed: T[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const item = list[i] as T;
    const result = map(item);
    if (changed !== undefined) changed.push(result);
    else if (result !== item) changed = [...list.slice(0, i), result];
  }
  return changed ?? list;
}

const mapPair = (pair: readonly [Term, Term], mapper: Mapper): readonly [Term, Term] => {
  const [k, v] = [mapper.term(pair[0]), mapper.term(pair[1])];
  return k === pair[0] && v === pair[1] ? pair : [k, v];
};

/** The term with every child replaced by what the mapper makes of it; the term itself where nothing changes. */
export function mapTerm(term: Term, mapper: Mapper): Term {
  switch (term.kind) {
    case "ref": {
      const terms = mapList<Term>(term.terms, mapper.term) as RefTerm["terms"];
      return terms === term.terms ? term : { ...term, terms };
    }
    case "array":
    case "set": {
      const items = mapList(term.items, mapper.term);
      return items === term.items ? term : { ...term, items };
    }
    case "object": {
      const entries = mapList(term.entries, (pair) => mapPair(pair, mapper));
      return entries === term.entries ? term : { ...term, entries };
    }
    case "array-comprehension":
    case "set-comprehension": {
      const [inner, body] = [mapper.term(term.term), mapper.body(term.body)];
      return inner === term.term && body === term.body ? term : { ...term, term: inner, body };
    }
    case "object-comprehension": {
      const [key, value, body] = [mapper.term(term.key), mapper.term(term.value), mapper.body(term.body)];
      return key === term.key && value === term.value && body === term.body
        ? term
        : { ...term, key, value, body };
    }
    case "call": {
      const [operator, args] = [mapper.term(term.operator) as RefTerm, mapList(term.args, mapper.term)];
      return operator === term.operator && args === term.args ? term : { ...term, operator, args };
    }
    case "template-string": {
      const parts = mapList(term.parts, (part) => (part.kind === "expr" ? mapExpr(part, mapper) : part));
      return parts === term.parts ? term : { ...term, parts };
    }
    default:
      return term;
  }
}

export function mapWith(w: With, mapper: Mapper): With {
  const [target, value] = [mapper.term(w.target), mapper.term(w.value)];
  return target === w.target && value === w.value ? w : { ...w, target, value };
}

/** The expression with its terms, bodies and `with` modifiers replaced; itself where nothing changes. */
export function mapExpr(expr: Expr, mapper: Mapper): Expr {
  const terms = mapTerms(expr, mapper);
  const modifiers = expr.with.length === 0 ? expr.with : mapList(expr.with, (w) => mapWith(w, mapper));
  return terms === expr.terms && modifiers === expr.with ? expr : { ...expr, terms, with: modifiers };
}

function mapTerms(expr: Expr, mapper: Mapper): Expr["terms"] {
  const call = callOf(expr);
  if (call !== undefined) return mapList<Term>(call, mapper.term) as CallTerms;
  const terms = expr.terms as Single;
  if (!isStatement(terms)) return mapper.term(terms);
  switch (terms.kind) {
    case "every": {
      const key = terms.key === undefined ? {} : { key: mapper.term(terms.key) };
      return {
        ...terms,
        ...key,
        value: mapper.term(terms.value),
        domain: mapper.term(terms.domain),
        body: mapper.body(terms.body),
      };
    }
    case "not":
      return { ...terms, body: mapper.body(terms.body) };
    case "some":
      return { ...terms, symbols: mapList(terms.symbols, mapper.term) };
    default:
      return { ...terms, lhs: mapper.body(terms.lhs), rhs: mapper.body(terms.rhs) };
  }
}

/** Is there any term under `term` (itself included) for which `test` holds? */
export function someTerm(term: Term, test: (term: Term) => boolean): boolean {
  let found = false;
  walkTerm(term, {
    term: (t) => {
      if (!found && test(t)) found = true;
      return found;
    },
    expr: () => found,
  });
  return found;
}

/** True when the value cannot be used as it stands: it holds a ref or a comprehension. */
export function requiresEvaluation(term: Term | undefined): boolean {
  return term !== undefined && someTerm(term, (t) => t.kind === "ref" || isComprehension(t));
}

/** No variable and nothing to evaluate. */
export function isGround(term: Term): boolean {
  switch (term.kind) {
    case "null":
    case "boolean":
    case "number":
    case "string":
      return true;
    case "array":
    case "set":
      return term.items.every(isGround);
    case "object":
      return term.entries.every(([k, v]) => isGround(k) && isGround(v));
    case "ref":
      return term.terms.slice(1).every(isGround);
    default:
      return false;
  }
}

/** Head and the elements before the first one that holds a variable. */
export function groundPrefix(terms: readonly Term[]): readonly Term[] {
  const end = terms.findIndex((t, i) => i > 0 && !isGround(t));
  return end < 0 ? terms : terms.slice(0, end);
}

const emptyBody = (body: Body): boolean => {
  const [only] = body;
  const term = body.length === 1 && only !== undefined ? termOf(only) : undefined;
  return term?.kind === "boolean" && term.value;
};

/** True for the body of `pi := 3.14`: the single expression `true`. */
export const isTrueBody = emptyBody;

/** Appends; a body that is only `true` gives way to what is appended. */
export function appendToBody(body: Body, exprs: readonly Expr[]): Body {
  if (exprs.length === 0) return body;
  return emptyBody(body) ? exprs : [...body, ...exprs];
}
