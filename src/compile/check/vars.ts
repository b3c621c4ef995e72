// Collects the variables of syntax trees, under the conditions that the stages need (without closures, without ref heads, …).
// Sets of names go out; the last place of each variable is kept for messages, as OPA does.

import type { Location } from "../../error.ts";
import type { Body, Expr, Rule, Term, With } from "../../syntax/ast.ts";
import { callOf, everyOf, logicalOf, notOf, someOf, termOf } from "./walk.ts";

export interface VarOptions {
  readonly skipRefHead?: boolean;
  readonly skipObjectKeys?: boolean;
  /** Leaves out comprehensions, template strings, `not { … }` and the body, key and value of `every`. */
  readonly skipClosures?: boolean;
  readonly skipSets?: boolean;
  /** Leaves out the name that a call calls, and the heads of `with` targets and of refs as `with` values. */
  readonly skipCallHead?: boolean;
  readonly skipTemplateStrings?: boolean;
  /** What an operand of `not`, `and` or `or` without braces contributes to the enclosing body. */
  readonly promote?: (body: Body) => Iterable<string>;
}

/** What the safety check looks at. */
export const safetyOptions: VarOptions = { skipCallHead: true, skipClosures: true };

/** Variable name -> where it stands last. */
export type Vars = Map<string, Location>;

export class VarCollector {
  readonly vars: Vars = new Map();
  readonly #options: VarOptions;

  constructor(options: VarOptions = {}) {
    this.#options = options;
  }

  #all(terms: readonly Term[]): void {
    for (const t of terms) this.term(t);
  }

  term(term: Term): this {
    const o = this.#options;
    switch (term.kind) {
      case "var":
        this.vars.set(term.name, term.location);
        break;
      case "ref":
        this.#all(o.skipRefHead === true ? term.terms.slice(1) : term.terms);
        break;
      case "array":
        this.#all(term.items);
        break;
      case "set":
        if (o.skipSets !== true) this.#all(term.items);
        break;
      case "object":
        for (const [k, v] of term.entries) {
          if (o.skipObjectKeys !== true) this.term(k);
          this.term(v);
        }
        break;
      case "array-comprehension":
      case "set-comprehension":
        if (o.skipClosures !== true) this.term(term.term).body(term.body);
        break;
      case "object-comprehension":
        if (o.skipClosures !== true) this.term(term.key).term(term.value).body(term.body);
        break;
      case "call":
        if (o.skipCallHead === true) this.#all(term.operator.terms.slice(1));
        else this.term(term.operator);
        this.#all(term.args);
        break;
      case "template-string":
        if (o.skipClosures === true || o.skipTemplateStrings === true) break;
        for (const part of term.parts) part.kind === "expr" ? this.expr(part) : this.term(part);
        break;
      default:
    }
    return this;
  }

  expr(expr: Expr): this {
    const o = this.#options;
    const call = callOf(expr);
    const every = everyOf(expr);
    const not = notOf(expr);
    const logical = logicalOf(expr);
    if (call !== undefined) {
      const [operator, ...operands] = call;
      if (o.skipCallHead === true) this.#all(operator.terms.slice(1));
      else this.term(operator);
      this.#all(operands);
    } else if (every !== undefined) {
      if (o.skipClosures === true) {
        // OPA looks at nothing but the domain here, not even at the modifiers.
        this.term(every.domain);
        return this;
      }
      if (every.key !== undefined) this.term(every.key);
      this.term(every.value).term(every.domain).body(every.body);
    } else if (not !== undefined) {
      this.#operand(not.body, not.explicit, expr.location);
    } else if (logical !== undefined) {
      this.#operand(logical.lhs, logical.explicitLhs, expr.location);
      this.#operand(logical.rhs, logical.explicitRhs, expr.location);
    } else {
      const term = termOf(expr);
      if (term !== undefined) this.term(term);
      else this.#all(someOf(expr)?.symbols ?? []);
    }
    for (const w of expr.with) this.with(w);
    return this;
  }

  #operand(body: Body, explicit: boolean | undefined, location: Location): void {
    const { promote, skipClosures } = this.#options;
    if (promote !== undefined) {
      if (explicit === true) return;
      for (const name of promote(body)) this.vars.set(name, location);
    } else if (skipClosures !== true) this.body(body);
  }

  with(w: With): this {
    if (this.#options.skipCallHead !== true) return this.term(w.target).term(w.value);
    if (w.target.kind === "ref") this.#all(w.target.terms.slice(1));
    if (w.value.kind === "ref") this.#all(w.value.terms.slice(1));
    else this.term(w.value);
    return this;
  }

  body(body: Body): this {
    for (const expr of body) this.expr(expr);
    return this;
  }

  head(head: Rule["head"]): this {
    this.#all(head.args ?? []);
    if (head.key !== undefined) this.term(head.key);
    if (head.value !== undefined) this.term(head.value);
    this.#all(head.reference.terms.slice(1));
    return this;
  }

  rule(rule: Rule): this {
    this.term(rule.head.reference).head(rule.head).body(rule.body);
    return rule.else === undefined ? this : this.rule(rule.else);
  }

  names(): Set<string> {
    return new Set(this.vars.keys());
  }
}

export const varsOfTerm = (term: Term, options?: VarOptions): Set<string> =>
  new VarCollector(options).term(term).names();
export const varsOfExpr = (expr: Expr, options?: VarOptions): Set<string> =>
  new VarCollector(options).expr(expr).names();
export const varsOfBody = (body: Body, options?: VarOptions): Set<string> =>
  new VarCollector(options).body(body).names();
export const varsOfTerms = (terms: readonly Term[], options?: VarOptions): Set<string> => {
  const collector = new VarCollector(options);
  for (const t of terms) collector.term(t);
  return collector.names();
};

export const reservedVars: readonly string[] = ["data", "input"];

export function difference(a: Iterable<string>, b: ReadonlySet<string>): Set<string> {
  const result = new Set<string>();
  for (const x of a) if (!b.has(x)) result.add(x);
  return result;
}

export function addAll(target: Set<string>, names: Iterable<string>): void {
  for (const name of names) target.add(name);
}

export function isSubset(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const x of a) if (!b.has(x)) return false;
  return true;
}

/** A name as messages show it: the parser's names for `_` are `_` again. */
export function varText(name: string): string {
  return name.startsWith("$") ? "_" : name;
}
