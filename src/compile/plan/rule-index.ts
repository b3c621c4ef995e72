// What an index of rules can tell of a rule before its body is tried: equalities of documents and arguments with constants, in OPA's
// choice of them. In: a rule's body after check. Out: expressions that must hold for the rule to be tried at all: all of them for marks,
// and where something could fail before the body comes to them.

import type { Body, Expr, RefTerm, Rule, Term } from "../../syntax/ast.ts";
import type { Location } from "../../error.ts";
import { printTerm } from "../../syntax/print.ts";
import { walkBody, walkExpr } from "../../syntax/visit.ts";
import {
  builtinRef,
  callOf,
  equality,
  isGround,
  isScalar,
  someTerm,
  termOf,
  varTerm,
} from "../check/walk.ts";
import { pathText, type TrieNode } from "./rule-trie.ts";

const NOT_INDEXED: ReadonlySet<string> = new Set(["internal.print", "internal.test_case"]);

export function indexConditions(rule: Rule, data: TrieNode): Expr[] {
  return hasSideEffects(rule.body) ? [] : new RuleIndex(rule, data).conditions();
}

/**
 * The conditions that stand behind something that can fail: a rule that OPA's index leaves out makes no errors and no conflicts. Empty for
 * most rules, as conditions are mostly written first.
 */
export function lateConditions(rule: Rule, data: TrieNode): Expr[] {
  const from = rule.body.findIndex((expr) => mayFail(expr, data));
  if (from === -1 || from === rule.body.length - 1 || hasSideEffects(rule.body)) return [];
  return new RuleIndex(rule, data).conditions(from);
}

const NEVER_FAIL: ReadonlySet<string> = new Set([
  "eq",
  "equal",
  "neq",
  "lt",
  "lte",
  "gt",
  "gte",
  "internal.member_2",
  "internal.member_3",
]);

/** Whether an expression calls anything, or reads what rules make. */
function mayFail(expr: Expr, data: TrieNode): boolean {
  let found = expr.with.length > 0;
  walkExpr(expr, {
    expr: (inner) => {
      const call = callOf(inner);
      if (call !== undefined && !NEVER_FAIL.has(pathText(call[0].terms))) found = true;
      return found;
    },
    term: (term) => {
      if (term.kind === "call") found = true;
      if (term.kind === "ref" && term.terms[0].kind === "var" && term.terms[0].name === "data")
        found ||= reachesRules(data, term.terms.slice(1));
      return found;
    },
  });
  return found;
}

function reachesRules(data: TrieNode, path: readonly Term[]): boolean {
  return path.every(isScalar) ? isVirtual(data, path) : true;
}

function hasSideEffects(body: Body): boolean {
  let found = false;
  walkBody(body, {
    expr: (expr) => {
      const call = callOf(expr);
      if (call !== undefined && NOT_INDEXED.has(pathText(call[0].terms))) found = true;
      return found;
    },
  });
  return found;
}

/** What one expression, or several about one ref, asks for. */
type Found =
  | { readonly kind: "other"; readonly expr: Expr; readonly at: number }
  | {
      readonly kind: "holds";
      readonly key: string;
      readonly ref: Term;
      /** Undefined: any value. */
      readonly values: (Term | undefined)[];
      readonly location: Location;
      at: number;
    };

const printed = (term: Term | undefined): string => (term === undefined ? "" : printTerm(term));

class RuleIndex {
  readonly #rule: Rule;
  readonly #data: TrieNode;
  readonly #constants = new Map<string, Term>();
  /** Variables that stand for a document: `x = input.a`. */
  readonly #refs = new Map<string, Term>();
  readonly #found: Found[] = [];
  /** The expression that is being read. */
  #at = 0;
  #anonymous = 0;

  constructor(rule: Rule, data: TrieNode) {
    this.#rule = rule;
    this.#data = data;
    for (const arg of rule.head.args ?? []) if (arg.kind === "var") this.#refs.set(arg.name, arg);
  }

  /** What the expressions from this one on ask for. */
  conditions(from = 0): Expr[] {
    this.#rule.body.forEach((expr, i) => {
      this.#at = i;
      if (expr.with.length === 0 && !expr.negated) this.#expr(expr);
    });
    return this.#found.filter(({ at }) => at >= from).map((found) => this.#condition(found));
  }

  /** Several values of one ref are as good as each other, whatever the body says; a variable stands for any. */
  #condition(found: Found): Expr {
    if (found.kind === "other") return found.expr;
    const { ref, values, location } = found;
    const [first, ...more] = values;
    if (more.length === 0) return equality(this.#any(first, location), ref, location, true);
    const constants = values.filter((value): value is Term => value !== undefined && isScalar(value));
    if (constants.length < values.length)
      return equality(this.#any(undefined, location), ref, location, true);
    const items: Term = { kind: "set", items: constants, location };
    const terms: Expr["terms"] = [builtinRef("internal.member_2", location), ref, items];
    return { kind: "expr", terms, negated: false, with: [], generated: true, location };
  }

  /** A value of variables only has to be there. */
  #any(value: Term | undefined, location: Location): Term {
    if (value === undefined || value.kind === "var") return varTerm(`$index${this.#anonymous++}`, location);
    return value.kind === "array"
      ? { ...value, items: value.items.map((item) => this.#any(item, location)) }
      : value;
  }

  #other(expr: Expr): void {
    this.#found.push({ kind: "other", expr, at: this.#at });
  }

  #expr(expr: Expr): void {
    const term = termOf(expr);
    if (term?.kind === "ref" && this.#isIndexed(term)) this.#holds(term, undefined, expr);
    const call = callOf(expr);
    const [operator, a, b] = call ?? [];
    if (operator === undefined || a === undefined || b === undefined || call?.length !== 3) return;
    const name = pathText(operator.terms);
    if (name === "eq" || name === "equal") {
      if (this.#element(a, b, expr) || this.#element(b, a, expr)) return;
      if (!this.#equal(a, b, expr)) this.#equal(b, a, expr);
    } else if (name === "internal.member_2") this.#member(operator, a, b, expr);
  }

  /** `input.xs[_] == "a"` */
  #element(a: Term, b: Term, expr: Expr): boolean {
    if (a.kind !== "ref") return false;
    const prefix = a.terms.slice(0, -1) as unknown as RefTerm["terms"];
    if (a.terms.at(-1)?.kind !== "var" || prefix.length === 0) return false;
    if (!this.#isIndexed({ ...a, terms: prefix })) return false;
    const value = b.kind === "var" ? this.#constants.get(b.name) : b;
    if (value === undefined || !isScalar(value)) return false;
    const any = [...prefix, varTerm("$element", a.location)] as unknown as RefTerm["terms"];
    this.#other(equality({ ...a, terms: any }, value, expr.location, true));
    return true;
  }

  #equal(a: Term, b: Term, expr: Expr): boolean {
    if (a.kind === "var") {
      if (isConstant(b)) this.#constants.set(a.name, b);
      const ref = this.#refs.get(a.name);
      if (ref === undefined || !isIndexValue(b)) return false;
      this.#holds(ref, b, expr);
      return true;
    }
    if (a.kind !== "ref" || !this.#isIndexed(a) || !isIndexValue(b)) return false;
    const value = b.kind === "var" ? (this.#constants.get(b.name) ?? b) : b;
    if (value.kind === "var" && !this.#refs.has(value.name)) this.#refs.set(value.name, a);
    this.#holds(a, value, expr);
    return true;
  }

  #member(operator: RefTerm, a: Term, b: Term, expr: Expr): void {
    const element = a.kind === "var" ? this.#refs.get(a.name) : undefined;
    const constant = (term: Term): Term | undefined =>
      term.kind === "var" ? this.#constants.get(term.name) : term;
    const document = b.kind === "var" ? this.#refs.get(b.name) : b;
    let terms: Expr["terms"] | undefined;
    if (element !== undefined) {
      const values = constant(b);
      if (values !== undefined && isConstant(values) && hasMembers(values))
        terms = [operator, element, values];
    } else if (document !== undefined && (document.kind !== "ref" || this.#isIndexed(document))) {
      const value = constant(a);
      if (value !== undefined && isScalar(value) && (document.kind === "ref" || document.kind === "var"))
        terms = [operator, value, document];
    }
    if (terms !== undefined)
      this.#other({
        kind: "expr",
        terms,
        negated: false,
        with: [],
        generated: true,
        location: expr.location,
      });
  }

  /** As OPA notes it (ast/index.go, insert): a constant takes the place of a variable, everything else stands beside what is there. */
  #holds(ref: Term, value: Term | undefined, { location }: Expr): void {
    const key = printTerm(ref);
    const known = this.#found.find((found) => found.kind === "holds" && found.key === key);
    if (known?.kind !== "holds") {
      this.#found.push({ kind: "holds", key, ref, values: [value], location, at: this.#at });
      return;
    }
    if (known.values.some((other) => printed(other) === printed(value))) return;
    known.at = this.#at;
    const open = known.values.findIndex((other) => other?.kind === "var");
    if (value?.kind !== "var" && open >= 0) known.values[open] = value;
    else known.values.push(value);
  }

  #isIndexed(ref: RefTerm): boolean {
    const [head, ...path] = ref.terms;
    if (head.kind !== "var" || !isGround(ref)) return false;
    if (path.some((step) => !isScalar(step))) return false;
    if (head.name === "input") return true;
    return head.name === "data" && !isVirtual(this.#data, path);
  }
}

function isVirtual(data: TrieNode, path: readonly Term[]): boolean {
  let node: TrieNode = data;
  for (const step of path) {
    const child = node.child(step);
    if (child === undefined) return false;
    if (child.group !== undefined) return true;
    node = child;
  }
  return true;
}

/** OPA notes one value after the other: where there is none, nothing is noted. */
function hasMembers(term: Term): boolean {
  if (term.kind === "array" || term.kind === "set") return term.items.length > 0;
  return term.kind === "object" && term.entries.length > 0;
}

function isConstant(term: Term): boolean {
  return !someTerm(
    term,
    (part) =>
      part.kind === "var" ||
      part.kind === "ref" ||
      part.kind === "call" ||
      part.kind.endsWith("comprehension"),
  );
}

function isIndexValue(term: Term): boolean {
  if (isScalar(term) || term.kind === "var") return true;
  return term.kind === "array" && term.items.every((item) => isScalar(item) || item.kind === "var");
}
