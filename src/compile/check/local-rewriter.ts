// Gives every local of a body its own name: what `:=`, `some` and `every` declare becomes `__localN__`, `:=` becomes `=`, declarations
// vanish. Bodies in, bodies out; misuse (assigned above, unused, shadowed) is gathered. Nothing here knows rules.

import type { Location } from "../../error.ts";
import type { Body, Every, Expr, Logical, NotBody, RefTerm, Term, With } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import type { LocalGenerator } from "./compilation.ts";
import type { Occurrence, Scopes } from "./scopes.ts";
import { outputsOfEquality } from "./outputs.ts";
import { declaredInExpr } from "./resolve-refs.ts";
import { addAll, difference, varsOfBody, varsOfTerm, varText } from "./vars.ts";
import { walkTerm } from "../../syntax/visit.ts";
import {
  builtinRef,
  callOf,
  everyOf,
  hasTwoOperands,
  isAssignment,
  isGenerated,
  isWildcard,
  logicalOf,
  mapExpr,
  mapTerm,
  notOf,
  refTerm,
  rootDocument,
  someOf,
  varTerm,
} from "./walk.ts";

const declarationError: Readonly<Record<Occurrence, string | undefined>> = {
  new: undefined,
  arg: "redeclared",
  seen: "referenced above",
  assigned: "assigned above",
  declared: "declared above",
};

/** OPA's names for the kinds of terms. */
const kindName: Readonly<Record<Term["kind"], string>> = {
  null: "null",
  boolean: "boolean",
  number: "number",
  string: "string",
  var: "var",
  ref: "ref",
  array: "array",
  object: "object",
  set: "set",
  "array-comprehension": "arraycomprehension",
  "object-comprehension": "objectcomprehension",
  "set-comprehension": "setcomprehension",
  call: "call",
  "template-string": "templatestring",
};

/** Rewrites bodies and terms under one stack of scopes. */
export class LocalRewriter {
  readonly scopes: Scopes;
  readonly errors: { location: Location; message: string }[] = [];
  readonly #locals: LocalGenerator;
  readonly #strict: boolean;

  constructor(locals: LocalGenerator, scopes: Scopes, strict: boolean) {
    this.#locals = locals;
    this.scopes = scopes;
    this.#strict = strict;
  }

  #fail(location: Location, message: string): void {
    this.errors.push({ location, message });
  }

  #declare(name: string, occurrence: Occurrence, location: Location): string {
    const before = this.scopes.occurrence(name);
    const problem = declarationError[before];
    if (problem !== undefined) {
      this.#fail(location, `${before === "arg" ? "arg" : "var"} ${varText(name)} ${problem}`);
      return name;
    }
    const generated = this.#locals.generate();
    this.scopes.insert(name, generated, occurrence);
    return generated;
  }

  /** `used`: names that something beside the body uses, so that they do not count as unused. */
  body = (body: Body, used: ReadonlySet<string> = new Set()): Body => {
    const result: Expr[] = [];
    for (const expr of body) {
      const rewritten = this.#statement(expr);
      if (rewritten !== undefined) result.push(rewritten);
    }
    if (result.length === 0) {
      const location = body[0]?.location as Location;
      result.push({
        kind: "expr",
        terms: { kind: "boolean", value: true, location },
        negated: false,
        with: [],
        location,
      });
    }
    this.#unusedAssigned(body, used);
    this.#unusedDeclared(body, used, result);
    return result;
  };

  #statement(expr: Expr): Expr | undefined {
    if (isAssignment(expr)) return this.#assignment(expr);
    const some = someOf(expr);
    if (some !== undefined) return this.#some(expr);
    const every = everyOf(expr);
    if (every !== undefined) return this.#every(expr, every);
    const not = notOf(expr);
    if (not !== undefined) return this.#not(expr, not);
    const logical = logicalOf(expr);
    return logical === undefined ? this.expr(expr) : this.#logical(expr, logical);
  }

  /** Renames what an expression uses; nothing in it may declare, comprehensions aside. */
  expr(expr: Expr): Expr {
    const mapped = mapExpr(
      { ...expr, with: [] },
      { term: this.term, body: (body) => body.map((e) => this.expr(e)) },
    );
    return { ...mapped, with: expr.with.map((w) => this.#with(w)) };
  }

  #with(w: With): With {
    let target = this.term(w.target);
    // `with input as …` means the document, even where a local named input hides it elsewhere.
    const hidden = this.scopes.declared("input");
    if (hidden !== undefined) {
      if (target.kind === "var" && target.name === hidden)
        target = refTerm([varTerm("input", target.location)], target.location);
      else if (target.kind === "ref" && target.terms[0].kind === "var" && target.terms[0].name === hidden) {
        target = { ...target, terms: [varTerm("input", target.terms[0].location), ...target.terms.slice(1)] };
      }
    }
    return { ...w, target, value: this.term(w.value) };
  }

  term = (term: Term): Term => {
    switch (term.kind) {
      case "var": {
        const declared = this.scopes.declared(term.name);
        if (declared !== undefined) {
          this.scopes.seen(term.name);
          return { ...term, name: declared };
        }
        if (this.scopes.occurrence(term.name) === "new") this.scopes.insert(term.name, term.name, "seen");
        return term;
      }
      case "ref": {
        const root = rootDocument(term);
        if (root === undefined) break;
        const occurrence = this.scopes.anywhere(root);
        return occurrence === undefined || occurrence === "seen"
          ? term
          : varTerm(this.scopes.declared(root) ?? root, term.location);
      }
      case "call":
        walkTerm(term.operator, {
          term: (t) => {
            const declared = t.kind === "var" ? this.scopes.declared(t.name) : undefined;
            if (t.kind === "var" && declared !== undefined && declared !== t.name) {
              this.#fail(term.location, `called function ${printRef(term.operator.terms)} shadowed`);
            }
            return false;
          },
        });
        break;
      case "array-comprehension":
      case "set-comprehension": {
        const used = varsOfTerm(term.term);
        return this.#scoped(() => {
          const body = this.body(term.body, used);
          return { ...term, body, term: this.term(term.term) };
        });
      }
      case "object-comprehension": {
        const used = varsOfTerm(term.key);
        addAll(used, varsOfTerm(term.value));
        return this.#scoped(() => {
          const body = this.body(term.body, used);
          return { ...term, body, key: this.term(term.key), value: this.term(term.value) };
        });
      }
      default:
    }
    return mapTerm(term, { term: this.term, body: (body) => body.map((e) => this.expr(e)) });
  };

  #scoped<T>(run: () => T): T {
    this.scopes.push();
    try {
      return run();
    } finally {
      this.scopes.pop();
    }
  }

  /** A template string in a head: its expressions have scopes of their own. */
  templateInHead(term: Term & { kind: "template-string" }): Term {
    return {
      ...term,
      parts: term.parts.map((part) => (part.kind === "expr" ? this.#scoped(() => this.expr(part)) : part)),
    };
  }

  #assignment(expr: Expr): Expr {
    if (expr.negated) {
      this.#fail(expr.location, "cannot assign vars inside negated expression");
      return expr;
    }
    if (!hasTwoOperands(expr)) return expr;
    const [operator, left, right] = callOf(expr) as readonly [RefTerm, Term, Term];
    const before = this.errors.length;
    const value = this.term(right);
    const modifiers = expr.with.map((w) => ({ ...w, value: this.term(w.value) }));
    const target = this.#target(left);
    // Left as it is, but for what is inside: it is walked again.
    if (this.errors.length > before) return { ...expr, terms: [operator, left, value] };
    const assigned: Expr & { fromAssignment: true } = {
      ...expr,
      terms: [builtinRef("eq", operator.terms[0].location), target, value],
      with: modifiers,
      fromAssignment: true,
    };
    return assigned;
  }

  /** The left side of `:=`: every variable in it is declared. */
  #target(term: Term): Term {
    if (term.kind === "var")
      return varTerm(this.#declare(term.name, "assigned", term.location), term.location);
    if (term.kind === "array") return { ...term, items: term.items.map((t) => this.#target(t)) };
    if (term.kind === "object")
      return { ...term, entries: term.entries.map(([k, v]) => [k, this.#target(v)] as const) };
    const root = rootDocument(term);
    if (root !== undefined) return varTerm(this.#declare(root, "assigned", term.location), term.location);
    this.#fail(term.location, `cannot assign to ${kindName[term.kind]}`);
    return term;
  }

  #some(expr: Expr): Expr | undefined {
    const some = someOf(expr);
    for (const symbol of some?.symbols ?? []) {
      if (symbol.kind === "var") {
        const before = this.errors.length;
        this.#declare(symbol.name, "declared", some?.location as Location);
        if (this.errors.length > before) return undefined;
      } else if (symbol.kind === "call") return this.#someIn(expr, symbol.args, some?.location as Location);
    }
    return undefined;
  }

  /** `some k, v in xs` becomes `v = xs[k]`. */
  #someIn(expr: Expr, args: readonly Term[], location: Location): Expr | undefined {
    const container = args[args.length - 1] as Term;
    const key =
      args.length === 3 ? (args[0] as Term) : varTerm(this.#locals.generate(), (args[0] as Term).location);
    const value = args[args.length - 2] as Term;
    const element = refTerm(
      container.kind === "ref" ? [...container.terms, key] : [container, key],
      container.location,
    );
    const rewritten: Expr = { ...expr, terms: [builtinRef("eq", location), value, element] };
    const names = [...outputsOfEquality(rewritten, varsOfTerm(container))].sort();
    const before = this.errors.length;
    for (const name of names) {
      this.#declare(name, "declared", location);
      if (this.errors.length > before) return undefined;
    }
    return this.expr(rewritten);
  }

  #every(expr: Expr, every: Every): Expr {
    const domain = this.term(every.domain);
    return this.#scoped(() => {
      const before = this.errors.length;
      const loopVar = (term: Term): Term =>
        term.kind === "var" && !isWildcard(term.name)
          ? varTerm(this.#declare(term.name, "declared", every.location), term.location)
          : term;
      const key =
        every.key === undefined ? varTerm(this.#locals.generate(), every.location) : loopVar(every.key);
      const value = loopVar(every.value);
      if (this.errors.length > before) return expr;
      const body = this.#bodyOfStatement(every.body);
      return {
        ...expr,
        // Again, as OPA does: a name in the domain that nothing else declares is the loop's own variable (and unsafe).
        terms: { ...every, key, value, domain: this.term(domain), body },
        with: expr.with.map((w) => this.#with(w)),
      };
    });
  }

  /**
   * OPA walks such a body a second time, as it has become: closures in it then know what is declared behind them, and what they still
   * do wrong is told again. The walk is left out where it finds nothing to do.
   */
  #bodyOfStatement(body: Body): Body {
    const before = this.errors.length;
    const rewritten = this.body(body);
    const isLate = (name: string): boolean => (this.scopes.declared(name) ?? name) !== name;
    if (this.errors.length === before && ![...varsOfBody(rewritten)].some(isLate)) return rewritten;
    return rewritten.map((expr) => this.expr(expr));
  }

  #not(expr: Expr, not: NotBody): Expr {
    if (not.explicit !== true) {
      const before = this.errors.length;
      const body = this.#implicit(not.body, "cannot assign vars inside negated expression");
      return this.errors.length > before ? expr : this.expr({ ...expr, terms: { ...not, body } });
    }
    return this.#scoped(() => {
      const body = this.#bodyOfStatement(not.body);
      return { ...expr, terms: { ...not, body }, with: expr.with.map((w) => this.#with(w)) };
    });
  }

  #logical(expr: Expr, logical: Logical): Expr {
    const before = this.errors.length;
    const problem = `cannot assign vars inside implicit ${logical.kind} operand`;
    const operand = (body: Body, explicit: boolean | undefined): Body =>
      explicit === true ? this.#scoped(() => this.body(body)) : this.#implicit(body, problem);
    const lhs = operand(logical.lhs, logical.explicitLhs);
    const rhs = operand(logical.rhs, logical.explicitRhs);
    return this.errors.length > before ? expr : this.expr({ ...expr, terms: { ...logical, lhs, rhs } });
  }

  /** Operands without braces may not assign: nothing could use what they assign. */
  #implicit(body: Body, problem: string): Body {
    return body.map((expr) => {
      if (isAssignment(expr)) this.#fail(expr.location, problem);
      const not = notOf(expr);
      if (not !== undefined) return this.#not(expr, not);
      const logical = logicalOf(expr);
      return logical === undefined ? expr : this.#logical(expr, logical);
    });
  }

  #unusedAssigned(body: Body, used: ReadonlySet<string>): void {
    if (!this.#strict || this.errors.length > 0) return;
    const unused = new Map<string, string>();
    for (const [name, occurrence] of this.scopes.current()) {
      if (occurrence === "assigned" && !isWildcard(name) && this.scopes.count(name) <= 1)
        unused.set(this.scopes.declared(name) ?? name, name);
    }
    for (const name of used) unused.delete(this.scopes.declared(name) ?? name);
    for (const generated of [...unused.keys()].sort()) {
      const name = unused.get(generated) as string;
      const place = body.find((expr) => isAssignment(expr) && declaredInExpr(expr).has(name)) ?? body[0];
      if (place !== undefined) this.#fail(place.location, `assigned var ${varText(name)} unused`);
    }
  }

  #unusedDeclared(body: Body, used: ReadonlySet<string>, result: Body): void {
    if (this.errors.length > 0) return;
    const declared = new Map<string, string>();
    for (const [name, occurrence] of this.scopes.current()) {
      if (occurrence === "declared") declared.set(this.scopes.declared(name) ?? name, name);
    }
    if (declared.size === 0) return;
    const inUse = varsOfBody(result);
    for (const name of used) inUse.add(this.scopes.declared(name) ?? name);
    for (const generated of [...difference(declared.keys(), inUse)].sort()) {
      const name = declared.get(generated) as string;
      if (used.has(generated) || isGenerated(name)) continue;
      const place = body.find((expr) => declaredInExpr(expr).has(name)) ?? body[0];
      if (place !== undefined) this.#fail(place.location, `declared var ${varText(name)} unused`);
    }
  }
}
