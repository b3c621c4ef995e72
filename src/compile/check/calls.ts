// Checks of calls: functions that do not exist or get the wrong number of arguments, void functions used as values, builtins
// that are unsafe or deprecated. Bodies in, findings out.

import type { Location } from "../../error.ts";
import type { Body, Expr, RefTerm, Term } from "../../syntax/ast.ts";
import { printRef, printTerm } from "../../syntax/print.ts";
import { eachRule, isV1 } from "./cells.ts";
import type { Compilation, Findings } from "./compilation.ts";
import type { Arity } from "./outputs.ts";
import { findNode } from "./trees.ts";
import { type Visitor, walkBody } from "../../syntax/visit.ts";
import { calledName, type Features, featuresOf } from "./features.ts";
import { callOf, everyOf, isEquality, logicalOf, mapTerm, notOf, walkHead } from "./walk.ts";

/** The number of arguments of builtins and of the rules that the modules define. */
export function arityOf(compilation: Compilation): Arity {
  return (operator) => {
    const builtin = compilation.builtins.get(calledName(operator));
    if (builtin !== undefined) return builtin.args.length - (builtin.variadic === true ? 1 : 0);
    const [first] = findNode(compilation.ruleTree, operator.terms)?.values ?? [];
    return first === undefined ? undefined : (first.head.args ?? []).length;
  };
}

/** The author's names in a ref. */
export function originalRef(ref: RefTerm, rewritten: ReadonlyMap<string, string>): RefTerm {
  const [head, ...rest] = ref.terms;
  const name = (t: Term): Term =>
    t.kind === "var"
      ? { ...t, name: rewritten.get(t.name) ?? t.name }
      : mapTerm(t, { term: name, body: (body) => body });
  return { ...ref, terms: [name(head), ...rest.map(name)] };
}

export interface CallContext {
  readonly compilation: Compilation;
  readonly findings: Findings;
  readonly rewritten: ReadonlyMap<string, string>;
  /** Have and want of a call of a function whose type is known, for the details of a finding. */
  readonly argumentDetails?: (expr: Expr) => unknown;
}

/** Unknown functions and wrong numbers of arguments. */
export function checkCalls(context: CallContext, visit: ExprWalk): void {
  const { compilation, findings, rewritten } = context;
  const arity = arityOf(compilation);
  visit((expr) => {
    const call = callOf(expr);
    if (call === undefined) return false;
    const want = arity(call[0]);
    if (want === undefined) {
      const operator = originalRef(call[0], rewritten);
      findings.add("rego_type_error", expr.location, `undefined function ${printRef(operator.terms)}`);
      return true;
    }
    const operands = call.length - 1;
    const have = expr.generated === true ? operands - 1 : operands;
    const fits =
      expr.generated === true
        ? isEquality(expr) || have === want
        : operands === want || operands === want + 1;
    if (fits) return false;
    const name = printRef(originalRef(call[0], rewritten).terms);
    const details = context.argumentDetails?.(expr);
    const plural = have === 1 ? "" : "s";
    const message =
      details === undefined
        ? `function ${name} has arity ${want}, got ${have} argument${plural}`
        : `${name}: arity mismatch`;
    findings.add("rego_type_error", expr.location, message, details);
    return true;
  });
}

/** `print` and its like have no value. */
export function checkVoidCalls(
  compilation: Compilation,
  findings: Findings,
  visit: (visitor: Visitor) => void,
): void {
  visit({
    term: (t) => {
      if (t.kind !== "call") return false;
      const builtin = compilation.builtins.get(printRef(t.operator.terms));
      if (builtin !== undefined && builtin.result === undefined)
        findings.add("rego_type_error", t.location, `${printTerm(t)} used as value`);
      return false;
    },
  });
}

export function checkUnsafeBuiltins(unsafe: ReadonlySet<string>, findings: Findings, visit: ExprWalk): void {
  if (unsafe.size === 0) return;
  visit((expr) => {
    const call = callOf(expr);
    const name = call === undefined ? "" : calledName(call[0]);
    if (unsafe.has(name))
      findings.add("rego_type_error", expr.location, `unsafe built-in function calls in expression: ${name}`);
    return false;
  });
}

/** Whether a rule calls a builtin that v1 has dropped. */
export function callsDeprecated({ builtins }: Compilation): (features: Features) => boolean {
  return ({ calls }) => {
    for (const name of calls) if (builtins.get(name)?.deprecated === true) return true;
    return false;
  };
}

export function checkDeprecatedBuiltins(
  compilation: Compilation,
  findings: Findings,
  visit: (visitor: Visitor) => void,
): void {
  const report = (operator: RefTerm, location: Location): false => {
    const name = printRef(operator.terms);
    if (compilation.builtins.get(name)?.deprecated === true) {
      findings.add("rego_type_error", location, `deprecated built-in function calls in expression: ${name}`);
    }
    return false;
  };
  visit({
    expr: (expr) => {
      const call = callOf(expr);
      return call === undefined ? false : report(call[0], expr.location);
    },
    term: (t) => (t.kind === "call" ? report(t.operator, t.operator.location) : false),
  });
}

interface RuleChoice {
  readonly v1Only?: boolean;
  /** Rules without these features are passed over. */
  readonly when?: (features: Features) => boolean;
}

/** Walks the heads and bodies of all rules. */
export function overRules(compilation: Compilation, choice: RuleChoice = {}): (visitor: Visitor) => void {
  const { v1Only = false, when } = choice;
  return (visitor) =>
    eachRule(compilation.modules, (rule, module) => {
      if (v1Only && compilation.options.strict !== true && !isV1(module)) return true;
      if (when !== undefined && !when(featuresOf(rule))) return false;
      walkHead(rule.head, visitor);
      walkBody(rule.body, visitor);
      return false;
    });
}

/** Shows each expression to a visitor; what it says true to is not gone into. */
export type ExprWalk = (visit: (expr: Expr) => boolean) => void;

/** All expressions of all rules. Terms are gone through only where they may hold any. */
export function overExprs(compilation: Compilation): ExprWalk {
  return (visit) => {
    const visitor: Visitor = { expr: visit };
    eachRule(compilation.modules, (rule) => {
      const { calls, comprehension, template } = featuresOf(rule);
      // Template strings and what is printed have become comprehensions.
      if (comprehension || template || (compilation.options.print === true && calls.has("print"))) {
        walkHead(rule.head, visitor);
        walkBody(rule.body, visitor);
      } else eachExpr(rule.body, visit);
      return false;
    });
  };
}

function eachExpr(body: Body, visit: (expr: Expr) => boolean): void {
  for (const expr of body) {
    if (visit(expr) || callOf(expr) !== undefined) continue;
    const logical = logicalOf(expr);
    const inner = everyOf(expr) ?? notOf(expr);
    if (inner !== undefined) eachExpr(inner.body, visit);
    else if (logical !== undefined) {
      eachExpr(logical.lhs, visit);
      eachExpr(logical.rhs, visit);
    }
  }
}

export const overBody =
  (body: Body): ((visitor: Visitor) => void) =>
  (visitor) =>
    walkBody(body, visitor);

export const exprsOfBody =
  (body: Body): ExprWalk =>
  (visit) =>
    walkBody(body, { expr: visit });
