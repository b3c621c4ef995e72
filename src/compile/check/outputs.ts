// Which variables an expression binds when the variables in `safe` are bound: the heart of the safety check, also used by print
// calls, template strings and `some … in`. Names in, names out; nothing is rewritten.

import type { Body, CallTerms, Expr, RefTerm, Term } from "../../syntax/ast.ts";
import {
  addAll,
  difference,
  isSubset,
  safetyOptions,
  varsOfTerm,
  varsOfTerms,
  VarCollector,
  type VarOptions,
} from "./vars.ts";
import { walkExpr, walkTerm } from "../../syntax/visit.ts";
import {
  callOf,
  everyOf,
  hasTwoOperands,
  isComprehension,
  isEquality,
  isGround,
  logicalOf,
  notOf,
} from "./walk.ts";

/** How many arguments a function takes; undefined when there is no such function. */
export type Arity = (operator: RefTerm) => number | undefined;

type Names = ReadonlySet<string>;

function isRefSafe(ref: RefTerm, safe: Names): boolean {
  const head = ref.terms[0];
  return head.kind === "var" ? safe.has(head.name) : isSubset(varsOfTerm(head, safetyOptions), safe);
}

function isApplicationSafe(term: Term, safe: Names): boolean {
  return term.kind === "ref" ? isRefSafe(term, safe) : isSubset(varsOfTerm(term, safetyOptions), safe);
}

const bindable: VarOptions = { skipRefHead: true, skipObjectKeys: true, skipClosures: true };

/** The variables that become known when `a = b` holds and those in `safe` are known. */
export function unify(safe: Names, a: Term, b: Term): Set<string> {
  const unified = new Set<string>();
  const unknown = new Map<string, Set<string>>();
  const isKnown = (name: string): boolean => safe.has(name) || unified.has(name);

  const mark = (name: string): void => {
    unified.add(name);
    const waiting = unknown.get(name);
    unknown.delete(name);
    for (const other of waiting ?? []) mark(other);
    for (const [other, needs] of [...unknown]) {
      if (needs.delete(name) && needs.size === 0) mark(other);
    }
  };
  const markAll = (term: Term): void => {
    for (const name of varsOfTerm(term, bindable)) mark(name);
  };
  const wait = (name: string, on: string): void => {
    const needs = unknown.get(name);
    if (needs === undefined) unknown.set(name, new Set([on]));
    else needs.add(on);
  };
  const withCollection = (name: string, collection: Term): void => {
    if (isKnown(name)) return markAll(collection);
    const open = [...varsOfTerm(collection, bindable)].filter((v) => !isKnown(v));
    if (open.length === 0) mark(name);
    else for (const v of open) wait(name, v);
  };

  const visit = (x: Term, y: Term): void => {
    if (x.kind === "var") {
      if (y.kind === "var") {
        if (isKnown(y.name)) mark(x.name);
        else if (isKnown(x.name)) mark(y.name);
        else {
          wait(x.name, y.name);
          wait(y.name, x.name);
        }
      } else if (y.kind === "array" || y.kind === "object") withCollection(x.name, y);
      else if (y.kind === "ref" || y.kind === "call") {
        if (isApplicationSafe(y, safe)) mark(x.name);
      } else mark(x.name);
    } else if (y.kind === "var") visit(y, x);
    else if (x.kind === "array" && y.kind === "array") {
      if (x.items.length === y.items.length)
        for (const [i, item] of x.items.entries()) visit(item, y.items[i] as Term);
    } else if (x.kind === "object" && y.kind === "object") {
      if (x.entries.length !== y.entries.length) return;
      for (const [k, v] of x.entries) {
        const other = y.entries.find(([k2]) => sameTerm(k, k2));
        if (other !== undefined) visit(v, other[1]);
      }
    } else if (x.kind === "array" || x.kind === "object") markFrom(y, x);
    else if (y.kind === "array" || y.kind === "object") markFrom(x, y);
  };
  const markFrom = (source: Term, collection: Term): void => {
    if (source.kind === "ref" || source.kind === "call") {
      if (isApplicationSafe(source, safe)) markAll(collection);
    } else if (
      isComprehension(source) &&
      (collection.kind === "array" || source.kind === "object-comprehension")
    )
      markAll(collection);
  };
  visit(a, b);
  return unified;
}

/** Equal as written, places left aside. */
export function sameTerm(a: Term, b: Term): boolean {
  return termKey(a) === termKey(b);
}

/** A text that two terms share exactly when they are the same but for their places. */
export function termKey(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) =>
    key === "location" || key === "raw" ? undefined : part,
  );
}

/** The variables that the refs of an expression bind (`x[i]` binds `i` when `x` is safe). */
function refOutputs(walk: (visitor: { term(t: Term): boolean }) => void, safe: Names): Set<string> {
  const output = new Set<string>();
  walk({
    term: (t) => {
      if (isComprehension(t) || t.kind === "template-string") return true;
      if (t.kind !== "ref") return false;
      if (!isRefSafe(t, safe)) return true;
      if (!isGround(t)) addAll(output, varsOfTerm(t, { skipRefHead: true }));
      return false;
    },
  });
  return output;
}

/** What `a = b` binds. After `:=` the left side may not make the right side known. */
export function outputsOfEquality(expr: Expr, safe: Names, carried: Names = new Set()): Set<string> {
  const call = callOf(expr);
  if (call === undefined || !hasTwoOperands(expr)) return new Set(safe);
  const [, left, right] = call as readonly [RefTerm, Term, Term];
  const output = refOutputs((v) => walkExpr(expr, v), safe);
  addAll(output, carried);
  addAll(output, safe);
  if ((expr as { fromAssignment?: true }).fromAssignment === true) {
    walkTerm(left, {
      term: (t) => {
        if (t.kind === "var") output.delete(t.name);
        return false;
      },
    });
  }
  addAll(output, unify(output, left, right));
  return difference(output, safe);
}

const argumentOptions: VarOptions = {
  skipClosures: true,
  skipSets: true,
  skipObjectKeys: true,
  skipRefHead: true,
};

/**
 * OPA's own check carries what one expression would bind over to the next, even when the first could not be placed. It does no
 * harm to bodies that are safe, but decides which variables of an unsafe body it reports; a Carry is for that report only.
 */
export interface Carry {
  names: ReadonlySet<string>;
}

export function outputsOfExpr(expr: Expr, arity: Arity, safe: Names, carry?: Carry): Set<string> {
  const none = new Set<string>();
  if (expr.negated || notOf(expr) !== undefined || logicalOf(expr) !== undefined) return none;
  for (const w of expr.with)
    if (!isSubset(new VarCollector(safetyOptions).with(w).names(), safe)) return none;
  const call = callOf(expr);
  if (call !== undefined) return outputsOfCall(expr, call, arity, safe, carry);
  const every = everyOf(expr);
  if (every === undefined) return refOutputs((v) => walkExpr(expr, v), safe);
  const output = refOutputs((v) => walkTerm(every.domain, v), safe);
  if (carry !== undefined) {
    addAll(output, carry.names);
    carry.names = output;
  }
  return output;
}

function outputsOfCall(
  expr: Expr,
  call: CallTerms,
  arity: Arity,
  safe: Names,
  carry: Carry | undefined,
): Set<string> {
  if (isEquality(expr)) {
    const output = outputsOfEquality(expr, safe, carry?.names);
    if (carry !== undefined && hasTwoOperands(expr)) carry.names = new Set();
    return output;
  }
  const count = arity(call[0]);
  if (count === undefined) return new Set();
  const output = refOutputs((v) => walkExpr(expr, v), safe);
  if (carry !== undefined) carry.names = output;
  if (count + 1 >= call.length) return output;
  const inputs = varsOfTerms(call.slice(0, count + 1), argumentOptions);
  for (const name of inputs) if (!output.has(name) && !safe.has(name)) return new Set();
  addAll(output, varsOfTerms(call.slice(count + 1), argumentOptions));
  return output;
}

/** What a body binds beyond `safe`, read from first to last. */
export function outputsOfBody(body: Body, arity: Arity, safe: Names): Set<string> {
  const known = new Set(safe);
  for (const expr of body) addAll(known, outputsOfExpr(expr, arity, known));
  return difference(known, safe);
}
