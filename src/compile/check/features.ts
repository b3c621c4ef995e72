// What a rule is made of, found in one walk, so that stages about something rare pass over the rules that have none of it. In: a rule whose
// names are resolved, without its `else`. Out: which kinds of nodes stand in it. What stages make later is theirs to know.

import type { Body, Expr, RefTerm, Term } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import type { RuleCell } from "./cells.ts";
import { isGround, isScalar, isTrueBody } from "./walk.ts";

export interface Features {
  comprehension: boolean;
  template: boolean;
  with: boolean;
  /** A call inside a term. */
  call: boolean;
  /** `:=`. */
  assigns: boolean;
  /** `some`. */
  some: boolean;
  /** `every`, `not { … }`, `and`, `or`. */
  statement: boolean;
  /** Something refers to a document under `data`. */
  data: boolean;
  /** A variable that is not `input` or `data`, in a place where it is no function's name. */
  variable: boolean;
  /** A ref to something that has no name. */
  nameless: boolean;
  /** Names as generated ones are. */
  generated: string[] | undefined;
  /** The rule has one value, whatever the input is: nothing has to hold, and the value is there as it stands. */
  readonly constant: boolean;
  /** Functions that are called. */
  readonly calls: Set<string>;
}

/** What the names of a LocalGenerator start with. */
const GENERATED = "__local";

const known = new WeakMap<RuleCell, Features>();

export function featuresOf(rule: RuleCell): Features {
  let found = known.get(rule);
  if (found === undefined) {
    found = new Look(isConstantRule(rule)).rule(rule);
    known.set(rule, found);
  }
  return found;
}

/** Only scalars, collections of them, refs under `input` and `data`, and expressions that are calls of such: nothing binds, nothing nests. */
export function isPlain(rule: RuleCell): boolean {
  const found = featuresOf(rule);
  return !(
    found.comprehension ||
    found.template ||
    found.with ||
    found.call ||
    found.assigns ||
    found.some ||
    found.statement ||
    found.variable ||
    found.nameless
  );
}

/** The name that a call calls, as `printRef` has it. */
export function calledName(operator: RefTerm): string {
  const [head] = operator.terms;
  return operator.terms.length === 1 && head.kind === "var" ? head.name : printRef(operator.terms);
}

const NOTHING: Omit<Features, "calls" | "constant"> = {
  comprehension: false,
  template: false,
  with: false,
  call: false,
  assigns: false,
  some: false,
  statement: false,
  data: false,
  variable: false,
  nameless: false,
  generated: undefined,
};

/** As OPA decides it, of a rule as it stands: refs in a collection count as there. */
export function isConstantRule({ head, body }: RuleCell): boolean {
  const { reference, value } = head;
  return (
    isTrueBody(body) &&
    value !== undefined &&
    (value.kind === "var" || (value.kind !== "ref" && isGround(value))) &&
    reference.terms.every((term) => term.kind === "var" || isScalar(term))
  );
}

class Look {
  readonly #found: Features;

  constructor(constant: boolean) {
    this.#found = { ...NOTHING, calls: new Set(), constant };
  }

  rule({ head, body }: RuleCell): Features {
    const { terms } = head.reference;
    const [name] = terms;
    if (name.kind === "var" && name.name.startsWith(GENERATED)) this.#found.generated = [name.name];
    for (let i = 1; i < terms.length; i++) {
      const term = terms[i] as Term;
      this.#term(term);
      // Stages bind these to variables.
      if (term.kind === "ref") this.#found.variable = true;
    }
    for (const arg of head.args ?? []) {
      this.#term(arg);
      // Here `data.x` is made of a variable of the argument's own.
      if (!isScalar(arg)) this.#found.variable = true;
    }
    if (head.key !== undefined) this.#term(head.key);
    if (head.value !== undefined) this.#term(head.value);
    this.#body(body);
    return this.#found;
  }

  #body(body: Body): void {
    for (const expr of body) this.#expr(expr);
  }

  #expr(expr: Expr): void {
    const { terms } = expr;
    const found = this.#found;
    if (Array.isArray(terms)) {
      this.#operator(terms[0] as RefTerm);
      for (let i = 1; i < terms.length; i++) this.#term(terms[i] as Term);
    } else {
      const single = terms as Exclude<Expr["terms"], readonly unknown[]>;
      switch (single.kind) {
        case "some":
          found.some = true;
          for (const symbol of single.symbols) this.#term(symbol);
          break;
        case "every":
          found.statement = true;
          if (single.key !== undefined) this.#term(single.key);
          this.#term(single.value);
          this.#term(single.domain);
          this.#body(single.body);
          break;
        case "not":
          found.statement = true;
          this.#body(single.body);
          break;
        case "and":
        case "or":
          found.statement = true;
          this.#body(single.lhs);
          this.#body(single.rhs);
          break;
        default:
          this.#term(single);
      }
    }
    for (const modifier of expr.with) {
      found.with = true;
      this.#term(modifier.target);
      this.#term(modifier.value);
    }
  }

  #operator(operator: RefTerm): void {
    const name = calledName(operator);
    this.#found.calls.add(name);
    if (name === "assign") this.#found.assigns = true;
    if (name.startsWith(GENERATED)) this.#name(name);
    const { terms } = operator;
    if (terms.length > 1) this.#found.data = true;
    for (let i = 1; i < terms.length; i++) this.#term(terms[i] as Term);
  }

  #name(name: string): void {
    if (name === "data") this.#found.data = true;
    if (name === "input" || name === "data") return;
    this.#found.variable = true;
    if (name.startsWith(GENERATED)) (this.#found.generated ??= []).push(name);
  }

  #term(term: Term): void {
    switch (term.kind) {
      case "var":
        this.#name(term.name);
        return;
      case "ref": {
        const [head] = term.terms;
        if (head.kind !== "var" && head.kind !== "string" && head.kind !== "ref") this.#found.nameless = true;
        for (const part of term.terms) this.#term(part);
        return;
      }
      case "array":
      case "set":
        for (const item of term.items) this.#term(item);
        return;
      case "object":
        for (const [key, value] of term.entries) {
          this.#term(key);
          this.#term(value);
        }
        return;
      case "array-comprehension":
      case "set-comprehension":
        this.#found.comprehension = true;
        this.#term(term.term);
        this.#body(term.body);
        return;
      case "object-comprehension":
        this.#found.comprehension = true;
        this.#term(term.key);
        this.#term(term.value);
        this.#body(term.body);
        return;
      case "call":
        this.#found.call = true;
        this.#operator(term.operator);
        for (const arg of term.args) this.#term(arg);
        return;
      case "template-string":
        this.#found.template = true;
        for (const part of term.parts) {
          if (part.kind === "expr") this.#expr(part);
          else this.#term(part);
        }
        return;
      default:
    }
  }
}
