// Orders the expressions of bodies so that every variable is bound before it is needed, closures included, and reports the variables
// that nothing binds. Bodies in, ordered bodies out; a body that cannot be ordered comes back as it was.

import type { Location } from "../../error.ts";
import type { Body, Every, Expr, Term } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import { eachRule, type ModuleCell, type RuleCell } from "./cells.ts";
import type { Compilation, Findings } from "./compilation.ts";
import { isPlain } from "./features.ts";
import { type Arity, type Carry, outputsOfBody, outputsOfEquality, outputsOfExpr } from "./outputs.ts";
import { headMayHaveVars } from "./rewrite-locals.ts";
import {
  addAll,
  difference,
  isSubset,
  reservedVars,
  safetyOptions,
  VarCollector,
  type VarOptions,
  varsOfBody,
  varsOfExpr,
  varsOfTerm,
  varsOfTerms,
  varText,
} from "./vars.ts";
import { walkExpr } from "../../syntax/visit.ts";
import {
  callOf,
  everyOf,
  groundPrefix,
  isComprehension,
  isEquality,
  isGenerated,
  logicalOf,
  mapExpr,
  mapTerm,
  notOf,
} from "./walk.ts";

/** Expression -> the variables in it that nothing binds. */
export type Unsafe = Map<Expr, Set<string>>;

/**
 * The variables of an operand of `not`, `and` or `or` without braces that must be bound outside it: all of them where it is one
 * expression; else those that it does not bind itself, or binds for no other of its expressions.
 */
function outerVars(body: Body, arity: Arity): Set<string> {
  const occurrences = new Map<string, number>();
  for (const expr of body)
    for (const name of varsOfExpr(expr, safetyOptions))
      occurrences.set(name, (occurrences.get(name) ?? 0) + 1);
  if (body.length === 1) return new Set(occurrences.keys());
  const bound = new Set<string>();
  for (const expr of body) {
    const call = callOf(expr);
    if (call === undefined) continue;
    if (isEquality(expr)) addAll(bound, outputsOfEquality(expr, new Set()));
    else {
      const count = arity(call[0]);
      if (count !== undefined)
        addAll(
          bound,
          varsOfTerms(call.slice(count + 1), {
            skipClosures: true,
            skipSets: true,
            skipObjectKeys: true,
            skipRefHead: true,
          }),
        );
    }
  }
  return new Set(
    [...occurrences].filter(([name, times]) => !bound.has(name) || times === 1).map(([name]) => name),
  );
}

/** Everything that closures in the expression mention. */
function closureVars(expr: Expr): Set<string> {
  const names = new Set<string>();
  walkExpr(expr, {
    term: (t) => {
      if (!isComprehension(t)) return false;
      addAll(names, varsOfTerm(t));
      return true;
    },
    every: (every) => {
      addAll(names, varsOfBody(every.body));
      return true;
    },
    not: (not) => {
      addAll(names, varsOfBody(not.body));
      return true;
    },
    logical: (logical) => {
      addAll(names, varsOfBody([...logical.lhs, ...logical.rhs]));
      return true;
    },
  });
  return names;
}

export class SafetyChecker {
  readonly #arity: Arity;
  readonly #options: VarOptions;
  readonly #reporting: boolean;

  /** `reporting`: with OPA's carrying over, to report the variables that OPA reports. */
  constructor(arity: Arity, reporting = false) {
    this.#arity = arity;
    this.#reporting = reporting;
    this.#options = { ...safetyOptions, promote: (body) => outerVars(body, arity) };
  }

  /** As `reorder`; where that fails, with the findings that OPA would report. */
  check(globals: ReadonlySet<string>, body: Body): { body: Body; unsafe: Unsafe } {
    const result = this.reorder(globals, body);
    if (result.unsafe.size === 0) return result;
    const { unsafe } = new SafetyChecker(this.#arity, true).reorder(globals, body);
    return unsafe.size === 0 ? result : { body, unsafe };
  }

  /** `globals`: what is bound before the body starts. */
  reorder(globals: ReadonlySet<string>, body: Body): { body: Body; unsafe: Unsafe } {
    const { ordered, unsafe } = this.#order(globals, body);
    const known = new Set(globals);
    const result = ordered.map((expr, i) => {
      const previous = ordered[i - 1];
      if (previous !== undefined) addAll(known, varsOfExpr(previous, this.#options));
      return this.#closures(expr, known, unsafe);
    });
    return { body: result, unsafe };
  }

  #order(globals: ReadonlySet<string>, body: Body): { ordered: Expr[]; unsafe: Unsafe } {
    const bodyVars = varsOfBody(body, this.#options);
    const safe = new Set([...bodyVars].filter((name) => globals.has(name)));
    const unsafe: Unsafe = new Map();
    const closing = new Map<Expr, Set<string>>();
    for (const expr of body) {
      const open = difference(varsOfExpr(expr, this.#options), safe);
      if (open.size > 0) unsafe.set(expr, open);
      closing.set(
        expr,
        new Set([...closureVars(expr)].filter((name) => bodyVars.has(name) && !globals.has(name))),
      );
    }
    const carry: Carry | undefined = this.#reporting ? { names: new Set() } : undefined;
    const ordered: Expr[] = [];
    const placed = new Set<Expr>();
    for (let before = -1; before !== ordered.length; ) {
      before = ordered.length;
      for (const expr of body) {
        if (placed.has(expr)) continue;
        const outputs = outputsOfExpr(expr, this.#arity, safe, carry);
        const closed = closing.get(expr) as Set<string>;
        if (closed.size > 0) {
          const open = difference(closed, outputsOfBody(ordered, this.#arity, safe));
          if (open.size > 0) {
            // What a closure in `x = …` calls x is a variable of its own.
            if (open.size === outputs.size && isSubset(open, outputs)) continue;
            // OPA forgets what else is unsafe in the expression; that is fit for a report only.
            unsafe.set(expr, this.#reporting ? open : new Set([...(unsafe.get(expr) ?? []), ...open]));
          }
        }
        const open = unsafe.get(expr);
        if (open !== undefined)
          for (const name of [...open]) if (outputs.has(name) || safe.has(name)) open.delete(name);
        if (open !== undefined && open.size > 0) continue;
        unsafe.delete(expr);
        ordered.push(expr);
        placed.add(expr);
        addAll(safe, outputs);
      }
    }
    return { ordered, unsafe };
  }

  /** The expression with the bodies of its closures ordered; `known` grows by the variables of `every`. */
  #closures(expr: Expr, known: Set<string>, unsafe: Unsafe): Expr {
    const body = (needed: ReadonlySet<string>, inner: Body): Body =>
      this.#closure(expr, needed, inner, known, unsafe);
    const none = new Set<string>();
    const every = everyOf(expr);
    if (every !== undefined) {
      addAll(known, everyVars(every));
      return { ...expr, terms: { ...every, body: body(none, every.body) } };
    }
    const not = notOf(expr);
    if (not !== undefined) return { ...expr, terms: { ...not, body: body(none, not.body) } };
    const logical = logicalOf(expr);
    if (logical !== undefined)
      return { ...expr, terms: { ...logical, lhs: body(none, logical.lhs), rhs: body(none, logical.rhs) } };
    const term = (t: Term): Term => {
      if (t.kind === "object-comprehension")
        return { ...t, body: body(varsOfTerms([t.key, t.value]), t.body) };
      if (t.kind === "array-comprehension" || t.kind === "set-comprehension")
        return { ...t, body: body(varsOfTerm(t.term), t.body) };
      return mapTerm(t, { term, body: (b) => b });
    };
    return mapExpr(expr, { term, body: (b) => b });
  }

  #closure(
    current: Expr,
    needed: ReadonlySet<string>,
    inner: Body,
    known: ReadonlySet<string>,
    unsafe: Unsafe,
  ): Body {
    const available = varsOfBody(inner, this.#options);
    addAll(available, known);
    const missing = difference(needed, available);
    if (missing.size > 0) unsafe.set(current, new Set([...(unsafe.get(current) ?? []), ...missing]));
    const result = this.reorder(known, inner);
    if (result.unsafe.size === 0) return result.body;
    for (const [expr, names] of result.unsafe)
      unsafe.set(expr, new Set([...(unsafe.get(expr) ?? []), ...names]));
    return inner;
  }
}

const everyVars = (every: Every): Set<string> =>
  varsOfTerms([...(every.key === undefined ? [] : [every.key]), every.value]);

const futureKeywords: ReadonlySet<string> = new Set(["in", "every", "contains", "if", "not", "and", "or"]);

const before = (a: Location, b: Location): boolean =>
  a.file !== b.file ? a.file < b.file : a.row !== b.row ? a.row < b.row : a.col < b.col;

/** One finding for each unsafe variable, at the first expression that has it; generated ones are reported by expression. */
export function reportUnsafe(
  findings: Findings,
  unsafe: Unsafe,
  rewritten: ReadonlyMap<string, string>,
  scope: string,
): boolean {
  const places = new Map<string, Location>();
  for (const [expr, names] of unsafe) {
    for (const name of names) {
      const place = places.get(name);
      if (place === undefined || before(expr.location, place)) places.set(name, expr.location);
    }
  }
  const list = [...places].sort(([, a], [, b]) => (before(a, b) ? -1 : before(b, a) ? 1 : 0));
  let reported = false;
  for (const [generated, location] of list) {
    const name = rewritten.get(generated) ?? generated;
    if (isGenerated(name)) continue;
    const hint = futureKeywords.has(name)
      ? ` (hint: \`import future.keywords.${name}\` to import a future keyword)`
      : "";
    findings.add("rego_unsafe_var_error", location, `var ${varText(name)} is unsafe${scope}${hint}`);
    reported = true;
  }
  if (reported) return true;
  const seen = new Set<string>();
  for (const [expr, names] of [...unsafe].sort(([a], [b]) => (before(a.location, b.location) ? -1 : 1))) {
    const size = seen.size;
    for (const name of names) if (isGenerated(name)) seen.add(name);
    if (seen.size === size) continue;
    findings.add("rego_unsafe_var_error", expr.location, `expression is unsafe${scope}`);
    reported = true;
  }
  return reported;
}

/** Rows of a module where rules of more than one name start: there a finding names the rule. */
function sharedRows(module: ModuleCell): Set<number> {
  const names = new Map<number, string>();
  const shared = new Set<number>();
  eachRule([module], (rule) => {
    const name = ruleName(rule);
    const first = names.get(rule.location.row);
    if (first === undefined) names.set(rule.location.row, name);
    else if (first !== name) shared.add(rule.location.row);
    return false;
  });
  return shared;
}

const ruleName = (rule: RuleCell): string => printRef(groundPrefix(rule.head.reference.terms));

function scopeOf(rows: Map<ModuleCell, Set<number>>, rule: RuleCell): string {
  let shared = rows.get(rule.module);
  if (shared === undefined) rows.set(rule.module, (shared = sharedRows(rule.module)));
  return shared.has(rule.location.row) ? ` in rule ${ruleName(rule)}` : "";
}

/** Variables of heads have to appear in the body or among the arguments. */
export function checkHeadSafety(compilation: Compilation): void {
  const rows = new Map<ModuleCell, Set<number>>();
  eachRule(compilation.modules, (rule) => {
    if (!headMayHaveVars(rule.head)) return false;
    const bound = varsOfBody(rule.body, safetyOptions);
    addAll(bound, varsOfTerms(rule.head.args ?? []));
    const vars = new VarCollector().head(rule.head).vars;
    for (const [generated, location] of vars) {
      if (bound.has(generated)) continue;
      const name = compilation.rewritten.get(generated) ?? generated;
      if (!isGenerated(name))
        compilation.findings.add(
          "rego_unsafe_var_error",
          location,
          `var ${varText(name)} is unsafe${scopeOf(rows, rule)}`,
        );
    }
    return false;
  });
}

export function checkBodySafety(compilation: Compilation, arity: Arity): void {
  const rows = new Map<ModuleCell, Set<number>>();
  const checker = new SafetyChecker(arity);
  eachRule(compilation.modules, (rule) => {
    // Nothing to bind: whatever the order, all is bound. What stages have lifted out of heads since binds a variable of its own, at the end.
    if (isPlain(rule)) return false;
    const globals = varsOfTerms(rule.head.args ?? []);
    addAll(globals, reservedVars);
    const { body, unsafe } = checker.check(globals, rule.body);
    if (
      unsafe.size === 0 ||
      !reportUnsafe(compilation.findings, unsafe, compilation.rewritten, scopeOf(rows, rule))
    )
      rule.body = body;
    return false;
  });
}
