// Walks and transformations of the tree. A walk goes top down in OPA's order (in rules head before body; heads without their ref); a mapping goes bottom up
// and shares what did not change. Neither ever changes a node.

import type {
  Body,
  CallTerms,
  Every,
  Expr,
  Head,
  Logical,
  Module,
  NotBody,
  RefTerm,
  Rule,
  SomeDecl,
  Term,
  With,
} from "./ast.ts";

/** Each is called before the children; returning true leaves them out. */
export interface Visitor {
  rule?(rule: Rule): boolean | undefined;
  head?(head: Head): boolean | undefined;
  body?(body: Body): boolean | undefined;
  expr?(expr: Expr): boolean | undefined;
  some?(node: SomeDecl): boolean | undefined;
  every?(node: Every): boolean | undefined;
  not?(node: NotBody): boolean | undefined;
  logical?(node: Logical): boolean | undefined;
  with?(node: With): boolean | undefined;
  term?(term: Term): boolean | undefined;
}

export function isCallTerms(terms: Expr["terms"]): terms is CallTerms {
  return Array.isArray(terms);
}

/** The term of an expression that is only a term. */
export function singleTerm(expr: Expr): Term | undefined {
  const { terms } = expr;
  if (isCallTerms(terms)) return undefined;
  switch (terms.kind) {
    case "some":
    case "every":
    case "not":
    case "and":
    case "or":
      return undefined;
    default:
      return terms;
  }
}

/** Imports and package are not walked: they have paths only. */
export function walkModule(module: Module, visitor: Visitor): void {
  for (const rule of module.rules) walkRule(rule, visitor);
}

/** Else branches included. */
export function walkRule(rule: Rule, visitor: Visitor): void {
  if (visitor.rule?.(rule) === true) return;
  walkHead(rule.head, visitor);
  walkBody(rule.body, visitor);
  if (rule.else !== undefined) walkRule(rule.else, visitor);
}

/** Arguments, key and value; the head's ref is `head.reference`, for those who want it. */
export function walkHead(head: Head, visitor: Visitor): void {
  if (visitor.head?.(head) === true) return;
  for (const arg of head.args ?? []) walkTerm(arg, visitor);
  if (head.key !== undefined) walkTerm(head.key, visitor);
  if (head.value !== undefined) walkTerm(head.value, visitor);
}

export function walkBody(body: Body, visitor: Visitor): void {
  if (visitor.body?.(body) === true) return;
  for (const expr of body) walkExpr(expr, visitor);
}

export function walkExpr(expr: Expr, visitor: Visitor): void {
  if (visitor.expr?.(expr) === true) return;
  walkExprTerms(expr.terms, visitor);
  for (const modifier of expr.with) {
    if (visitor.with?.(modifier) === true) continue;
    walkTerm(modifier.target, visitor);
    walkTerm(modifier.value, visitor);
  }
}

function walkExprTerms(terms: Expr["terms"], visitor: Visitor): void {
  if (isCallTerms(terms)) {
    for (const term of terms) walkTerm(term, visitor);
    return;
  }
  switch (terms.kind) {
    case "some":
      if (visitor.some?.(terms) === true) return;
      for (const symbol of terms.symbols) walkTerm(symbol, visitor);
      return;
    case "every":
      if (visitor.every?.(terms) === true) return;
      if (terms.key !== undefined) walkTerm(terms.key, visitor);
      walkTerm(terms.value, visitor);
      walkTerm(terms.domain, visitor);
      walkBody(terms.body, visitor);
      return;
    case "not":
      if (visitor.not?.(terms) !== true) walkBody(terms.body, visitor);
      return;
    case "and":
    case "or":
      if (visitor.logical?.(terms) === true) return;
      walkBody(terms.lhs, visitor);
      walkBody(terms.rhs, visitor);
      return;
    default:
      walkTerm(terms, visitor);
  }
}

export function walkTerm(term: Term, visitor: Visitor): void {
  if (visitor.term?.(term) === true) return;
  switch (term.kind) {
    case "ref":
      for (const part of term.terms) walkTerm(part, visitor);
      return;
    case "array":
    case "set":
      for (const item of term.items) walkTerm(item, visitor);
      return;
    case "object":
      for (const [key, value] of term.entries) {
        walkTerm(key, visitor);
        walkTerm(value, visitor);
      }
      return;
    case "array-comprehension":
    case "set-comprehension":
      walkTerm(term.term, visitor);
      walkBody(term.body, visitor);
      return;
    case "object-comprehension":
      walkTerm(term.key, visitor);
      walkTerm(term.value, visitor);
      walkBody(term.body, visitor);
      return;
    case "call":
      walkTerm(term.operator, visitor);
      for (const arg of term.args) walkTerm(arg, visitor);
      return;
    case "template-string":
      for (const part of term.parts) {
        if (part.kind === "expr") walkExpr(part, visitor);
        else walkTerm(part, visitor);
      }
      return;
    default:
  }
}

/** Each is called with a node whose children are mapped already, and gives what takes its place. */
export interface Mapper {
  term?(term: Term): Term;
  expr?(expr: Expr): Expr;
  body?(body: Body): Body;
}

/** The same list when no item changed. */
function mapList<T>(list: readonly T[], map: (item: T) => T): readonly T[] {
  let changed = false;
  const mapped = list.map((item) => {
    const result = map(item);
    changed ||= result !== item;
    return result;
  });
  return changed ? mapped : list;
}

/** The same node when no field changed. */
function update<T extends object>(node: T, fields: { readonly [K in keyof T]?: T[K] | undefined }): T {
  for (const key of Object.keys(fields) as (keyof T)[]) {
    if (fields[key] === node[key]) continue;
    const copy: Record<string, unknown> = { ...(node as Record<string, unknown>) };
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) copy[name] = value;
    return copy as T;
  }
  return node;
}

export function mapRule(rule: Rule, mapper: Mapper): Rule {
  return update(rule, {
    head: mapHead(rule.head, mapper),
    body: mapBody(rule.body, mapper),
    else: rule.else && mapRule(rule.else, mapper),
  });
}

/** Arguments, key, value, and the ref but for its first part. */
export function mapHead(head: Head, mapper: Mapper): Head {
  const [name, ...path] = head.reference.terms;
  const rest = mapList(path, (term) => mapTerm(term, mapper));
  const reference = rest === path ? head.reference : { ...head.reference, terms: [name, ...rest] as const };
  return update(head, {
    reference,
    args: head.args && mapList(head.args, (term) => mapTerm(term, mapper)),
    key: head.key && mapTerm(head.key, mapper),
    value: head.value && mapTerm(head.value, mapper),
  });
}

export function mapBody(body: Body, mapper: Mapper): Body {
  const mapped = mapList(body, (expr) => mapExpr(expr, mapper));
  return mapper.body?.(mapped) ?? mapped;
}

export function mapExpr(expr: Expr, mapper: Mapper): Expr {
  const modifiers = mapList(expr.with, (modifier) =>
    update(modifier, { target: mapTerm(modifier.target, mapper), value: mapTerm(modifier.value, mapper) }),
  );
  const mapped = update(expr, { terms: mapExprTerms(expr.terms, mapper), with: modifiers });
  return mapper.expr?.(mapped) ?? mapped;
}

function mapExprTerms(terms: Expr["terms"], mapper: Mapper): Expr["terms"] {
  if (isCallTerms(terms)) return mapList<Term>(terms, (term) => mapTerm(term, mapper)) as CallTerms;
  switch (terms.kind) {
    case "some":
      return update(terms, { symbols: mapList(terms.symbols, (term) => mapTerm(term, mapper)) });
    case "every":
      return update(terms, {
        key: terms.key && mapTerm(terms.key, mapper),
        value: mapTerm(terms.value, mapper),
        domain: mapTerm(terms.domain, mapper),
        body: mapBody(terms.body, mapper),
      });
    case "not":
      return update(terms, { body: mapBody(terms.body, mapper) });
    case "and":
    case "or":
      return update(terms, { lhs: mapBody(terms.lhs, mapper), rhs: mapBody(terms.rhs, mapper) });
    default:
      return mapTerm(terms, mapper);
  }
}

export function mapTerm(term: Term, mapper: Mapper): Term {
  const mapped = mapChildren(term, mapper);
  return mapper.term?.(mapped) ?? mapped;
}

function mapChildren(term: Term, mapper: Mapper): Term {
  const map = (child: Term): Term => mapTerm(child, mapper);
  switch (term.kind) {
    case "ref":
      return update(term, { terms: mapList<Term>(term.terms, map) as RefTerm["terms"] });
    case "array":
      return update(term, { items: mapList(term.items, map) });
    case "set":
      return update(term, { items: mapList(term.items, map) });
    case "object":
      return update(term, { entries: mapList(term.entries, (entry) => mapList(entry, map) as typeof entry) });
    case "array-comprehension":
      return update(term, { term: map(term.term), body: mapBody(term.body, mapper) });
    case "set-comprehension":
      return update(term, { term: map(term.term), body: mapBody(term.body, mapper) });
    case "object-comprehension":
      return update(term, { key: map(term.key), value: map(term.value), body: mapBody(term.body, mapper) });
    case "call":
      return update(term, { operator: map(term.operator) as RefTerm, args: mapList(term.args, map) });
    case "template-string":
      return update(term, {
        parts: mapList(term.parts, (part) =>
          part.kind === "expr" ? mapExpr(part, mapper) : (map(part) as typeof part),
        ),
      });
    default:
      return term;
  }
}
