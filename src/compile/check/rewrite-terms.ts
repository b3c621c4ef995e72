// Flattens what terms nest: calls inside terms become expressions of their own (hoist), comprehensions get a plain variable or
// value before the bar, `==` becomes `=`, and refs and comprehensions among operands are bound to variables first (dynamics).
// Bodies in, bodies out. The planner relies on every one of these.

import type { Body, Every, Expr, RefTerm, Term, With } from "../../syntax/ast.ts";
import { eachRule } from "./cells.ts";
import { featuresOf } from "./features.ts";
import type { Compilation, LocalGenerator } from "./compilation.ts";
import {
  appendToBody,
  builtinRef,
  callOf,
  equality,
  everyOf,
  hasTwoOperands,
  isComprehension,
  isEquality,
  isGlobalCall,
  isScalar,
  logicalOf,
  mapExpr,
  mapList,
  mapTerm,
  mapWith,
  notOf,
  requiresEvaluation,
  termOf,
  varTerm,
} from "./walk.ts";

/** Generated name -> the term that it stands for, for messages about types. */
export type Subjects = Map<string, Term>;

/** Takes calls out of terms: `x = count(f(y)) + 1` becomes `f(y, a); count(a, b); plus(b, 1, c); x = c`. */
export class Hoister {
  readonly #locals: LocalGenerator;
  readonly #subjects: Subjects;

  constructor(locals: LocalGenerator, subjects: Subjects) {
    this.#locals = locals;
    this.#subjects = subjects;
  }

  body = (body: Body): Body => body.flatMap((expr) => this.expr(expr));

  expr(expr: Expr): Expr[] {
    const before: Expr[] = [];
    const modifiers = mapList(expr.with, (w) => {
      const value = this.term(w.value, before);
      return value === w.value ? w : { ...w, value };
    });
    const support: Expr[] = [];
    const call = callOf(expr);
    const every = everyOf(expr);
    const not = notOf(expr);
    const logical = logicalOf(expr);
    const term = termOf(expr);
    let terms: Expr["terms"] = expr.terms;
    if (call !== undefined) {
      const [operator, ...operands] = call;
      terms = [operator, ...operands.map((t) => this.term(t, support))];
    } else if (every !== undefined) {
      const domain = varTerm(this.#locals.generate(), every.domain.location);
      support.push(
        ...this.expr({ ...equality(domain, every.domain, every.domain.location, true), with: modifiers }),
      );
      terms = { ...every, domain, body: this.body(every.body) };
    } else if (not !== undefined) terms = { ...not, body: this.body(not.body) };
    else if (logical !== undefined)
      terms = { ...logical, lhs: this.body(logical.lhs), rhs: this.body(logical.rhs) };
    else if (term !== undefined) terms = this.term(term, support);
    const under =
      modifiers.length === 0 || every !== undefined
        ? support
        : support.map((e) => ({ ...e, with: modifiers }));
    return [...before, ...under, { ...expr, terms, with: modifiers }];
  }

  /** The term without calls; what has to come before it is pushed to `support`. */
  term(term: Term, support: Expr[]): Term {
    switch (term.kind) {
      case "call": {
        const args = term.args.map((t) => this.term(t, support));
        const result = varTerm(this.#locals.generate(), term.location);
        support.push({
          kind: "expr",
          terms: [term.operator, ...args, result],
          negated: false,
          with: [],
          generated: true,
          location: term.location,
        });
        return result;
      }
      case "ref":
        return this.#ref(term, support);
      case "array-comprehension":
      case "set-comprehension": {
        const inner: Expr[] = [];
        const value = this.term(term.term, inner);
        return { ...term, term: value, body: this.body(appendToBody(term.body, inner)) };
      }
      case "object-comprehension": {
        const inner: Expr[] = [];
        const key = this.term(term.key, inner);
        const value = this.term(term.value, inner);
        return { ...term, key, value, body: this.body(appendToBody(term.body, inner)) };
      }
      default:
        return mapTerm(term, { term: (t) => this.term(t, support), body: this.body });
    }
  }

  /** `[1, 2][i]` and `f(x).y` get a variable as their head. */
  #ref(ref: RefTerm, support: Expr[]): Term {
    const terms = mapList<Term>(ref.terms, (t) => {
      const result = this.term(t, support);
      if (t.kind === "call" && result.kind === "var") this.#subjects.set(result.name, t);
      return result;
    }) as RefTerm["terms"];
    const [head, ...rest] = terms;
    // Scalars stay where they are, as in OPA: `some x in 3` is a match error there.
    if (head.kind === "var" || head.kind === "ref" || isScalar(head))
      return terms === ref.terms ? ref : { ...ref, terms };
    const subject = varTerm(this.#locals.generate(), head.location);
    support.push(equality(subject, head, head.location, true));
    this.#subjects.set(subject.name, head);
    return { ...ref, terms: [subject, ...rest] };
  }
}

export function rewriteExprTerms(compilation: Compilation): void {
  const hoister = new Hoister(compilation.locals, compilation.subjects);
  eachRule(compilation.modules, (rule) => {
    const { call, comprehension, nameless, some, statement, template } = featuresOf(rule);
    // `some … in` has become refs to what it went through.
    if (!call && !comprehension && !nameless && !some && !statement && !template) return false;
    const support: Expr[] = [];
    const lift = (t: Term): Term => hoister.term(t, support);
    const { head } = rule;
    rule.head = {
      ...head,
      ...(head.args === undefined ? {} : { args: head.args.map(lift) }),
      ...(head.key === undefined ? {} : { key: lift(head.key) }),
      ...(head.value === undefined ? {} : { value: lift(head.value) }),
    };
    rule.body = hoister.body(appendToBody(rule.body, support));
    return false;
  });
}

/** Binds what stands before the bar of a comprehension to a variable, if it has to be evaluated. */
export class ComprehensionTerms {
  readonly #locals: LocalGenerator;
  /** Modifiers done: those that expressions share stay shared. */
  readonly #done = new Map<With, With>();

  constructor(locals: LocalGenerator) {
    this.#locals = locals;
  }

  body = (body: Body): Body => mapList(body, (expr) => this.#expr(expr));

  term = (term: Term): Term => (isComprehension(term) ? this.#comprehension(term) : mapTerm(term, this));

  #expr(expr: Expr): Expr {
    if (expr.with.length === 0) return mapExpr(expr, this);
    const modifiers = expr.with.map((w) => {
      const done = this.#done.get(w) ?? mapWith(w, this);
      this.#done.set(w, done);
      return done;
    });
    return { ...mapExpr({ ...expr, with: [] }, this), with: modifiers };
  }

  #comprehension(term: Term): Term {
    const support: Expr[] = [];
    const lift = (t: Term): Term => {
      if (!requiresEvaluation(t)) return t;
      const variable = varTerm(this.#locals.generate(), t.location);
      support.push(equality(variable, t, t.location, true));
      return variable;
    };
    if (term.kind === "object-comprehension") {
      const [key, value] = [lift(term.key), lift(term.value)];
      return mapTerm({ ...term, key, value, body: appendToBody(term.body, support) }, this);
    }
    if (term.kind === "array-comprehension" || term.kind === "set-comprehension") {
      const inner = lift(term.term);
      return mapTerm({ ...term, term: inner, body: appendToBody(term.body, support) }, this);
    }
    return term;
  }
}

export function rewriteComprehensionTerms(compilation: Compilation): void {
  const mapper = new ComprehensionTerms(compilation.locals);
  eachRule(compilation.modules, (rule) => {
    const { comprehension, template } = featuresOf(rule);
    // Template strings and what is printed have become comprehensions.
    if (!comprehension && !template && compilation.options.print !== true) return false;
    const { head } = rule;
    const [name, ...rest] = head.reference.terms;
    rule.head = {
      ...head,
      reference: { ...head.reference, terms: [name, ...rest.map(mapper.term)] },
      ...(head.args === undefined ? {} : { args: head.args.map(mapper.term) }),
      ...(head.key === undefined ? {} : { key: mapper.term(head.key) }),
      ...(head.value === undefined ? {} : { value: mapper.term(head.value) }),
    };
    rule.body = mapper.body(rule.body);
    return false;
  });
}

interface BodyMapper {
  term(term: Term): Term;
  body(body: Body): Body;
}

const equalsMapper: BodyMapper = {
  term: (term) => mapTerm(term, equalsMapper),
  body: (body) => mapList(body, (expr) => equalsExpr(expr, equalsMapper)),
};

/** For bodies in whose terms are no expressions. */
const shallowEqualsMapper: BodyMapper = {
  term: (term) => term,
  body: (body) => mapList(body, (expr) => equalsExpr(expr, shallowEqualsMapper)),
};

function equalsExpr(expr: Expr, mapper: BodyMapper): Expr {
  const call = callOf(expr);
  const unified =
    call !== undefined && isGlobalCall(expr, "equal") && call.length === 3
      ? { ...expr, terms: [builtinRef("eq", call[0].location), call[1], call[2]] as const }
      : expr;
  return mapExpr(unified as Expr, mapper);
}

/** `==` holds when `=` holds, once safety is known; queries keep it, since they show its value. */
export function rewriteEquals(compilation: Compilation): void {
  eachRule(compilation.modules, (rule) => {
    const { calls, comprehension, template } = featuresOf(rule);
    if (!calls.has("equal")) return false;
    const shallow = !comprehension && !template && compilation.options.print !== true;
    rule.body = (shallow ? shallowEqualsMapper : equalsMapper).body(rule.body);
    return false;
  });
}

/** Binds refs and comprehensions that are operands to variables, before the expression that uses them. */
export class Dynamics {
  readonly #locals: LocalGenerator;
  readonly #subjects: Subjects;

  constructor(locals: LocalGenerator, subjects: Subjects) {
    this.#locals = locals;
    this.#subjects = subjects;
  }

  body = (body: Body): Body => {
    const result: Expr[] = [];
    for (const expr of body) result.push(this.#expr(expr, result));
    return result;
  };

  #expr(expr: Expr, out: Expr[]): Expr {
    const call = callOf(expr);
    if (call !== undefined) {
      const [operator, ...operands] = call;
      if (isEquality(expr) && !hasTwoOperands(expr)) return expr;
      const plain = isEquality(expr)
        ? mapList<Term>(operands, (t) => this.#top(expr, t, out))
        : mapList<Term>(operands, (t) => this.#operand(expr, t, out));
      return plain === operands ? expr : { ...expr, terms: [operator, ...plain] };
    }
    const every = everyOf(expr);
    if (every !== undefined) return { ...expr, terms: this.#every(expr, every, out) };
    const not = notOf(expr);
    if (not !== undefined) return { ...expr, terms: { ...not, body: this.body(not.body) } };
    const logical = logicalOf(expr);
    if (logical !== undefined)
      return { ...expr, terms: { ...logical, lhs: this.body(logical.lhs), rhs: this.body(logical.rhs) } };
    const term = termOf(expr);
    if (term === undefined) return expr;
    const top = this.#top(expr, term, out);
    return top === term ? expr : { ...expr, terms: top };
  }

  #every(expr: Expr, every: Every, out: Expr[]): Every {
    const domain = this.#operand(expr, every.domain, out);
    return { ...every, domain, body: this.body(every.body) };
  }

  /** A term that may stay a ref or comprehension itself, but not hold any. */
  #top(expr: Expr, term: Term, out: Expr[]): Term {
    if (term.kind === "ref") return this.#refElements(expr, term, out);
    if (isComprehension(term)) return mapTerm(term, { term: (t) => t, body: this.body });
    return this.#operand(expr, term, out);
  }

  #refElements(expr: Expr, ref: RefTerm, out: Expr[]): RefTerm {
    const [head] = ref.terms;
    const terms = mapList<Term>(ref.terms, (t) => (t === head ? t : this.#operand(expr, t, out)));
    return terms === ref.terms ? ref : { ...ref, terms: terms as RefTerm["terms"] };
  }

  #operand(expr: Expr, term: Term, out: Expr[]): Term {
    if (term.kind === "ref") return this.#bind(expr, this.#refElements(expr, term, out), out);
    if (isComprehension(term))
      return this.#bind(expr, mapTerm(term, { term: (t) => t, body: this.body }), out);
    if (term.kind === "array" || term.kind === "set" || term.kind === "object") {
      return mapTerm(term, { term: (t) => this.#operand(expr, t, out), body: (b) => b });
    }
    return term;
  }

  #bind(expr: Expr, term: Term, out: Expr[]): Term {
    const variable = varTerm(this.#locals.generate(), term.location);
    out.push({ ...equality(variable, term, term.location, true), with: expr.with });
    this.#subjects.set(variable.name, term);
    return variable;
  }
}

export function rewriteDynamics(compilation: Compilation): void {
  const dynamics = new Dynamics(compilation.locals, compilation.subjects);
  eachRule(compilation.modules, (rule) => {
    rule.body = dynamics.body(rule.body);
    return false;
  });
}

/** In `test_` rules: the sides of equalities get variables of their own, whose values a report of a failed test can show. */
export function captureTestTerms(compilation: Compilation): void {
  if (compilation.options.captureTestTerms !== true) return;
  const body = (exprs: Body): Body => {
    const out: Expr[] = [];
    const capture = (expr: Expr, term: Term): Term => {
      if (term.kind !== "ref" && !isComprehension(term)) return term;
      const variable = varTerm(compilation.locals.generate(), term.location);
      out.push({
        ...equality(variable, term, term.location, true),
        with: expr.with.map((w) => mapWith(w, { term: (t) => t, body: (b) => b })),
      });
      return variable;
    };
    for (const expr of exprs) {
      const call = callOf(expr);
      const every = everyOf(expr);
      if (expr.negated || expr.generated === true) out.push(expr);
      else if (call !== undefined && isEquality(expr)) {
        const [operator, ...operands] = call;
        const terms = [operator, ...operands.map((t, i) => (i < 2 ? capture(expr, t) : t))] as const;
        out.push({ ...expr, terms });
      } else if (every !== undefined) out.push({ ...expr, terms: { ...every, body: body(every.body) } });
      else out.push(expr);
    }
    return out;
  };
  eachRule(compilation.modules, (rule) => {
    if (rule.head.name.startsWith("test_")) rule.body = body(rule.body);
    return false;
  });
}
