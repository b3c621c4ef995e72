// print calls: erased, or rewritten to internal.print over comprehensions, so that an undefined operand prints as undefined and does
// not stop the rule. Bodies in, bodies out; operands that nothing binds before the call are reported.

import type { Body, Expr, Term } from "../../syntax/ast.ts";
import { eachRule } from "./cells.ts";
import type { Compilation, Findings, LocalGenerator } from "./compilation.ts";
import { featuresOf } from "./features.ts";
import { type Arity, outputsOfBody } from "./outputs.ts";
import { addAll, difference, reservedVars, safetyOptions, varsOfTerm, varsOfTerms, varText } from "./vars.ts";
import { walkBody } from "../../syntax/visit.ts";
import {
  builtinRef,
  callOf,
  equality,
  everyOf,
  isGenerated,
  isGlobalCall,
  mapExpr,
  mapTerm,
  varTerm,
} from "./walk.ts";

const isPrint = (expr: Expr): boolean => isGlobalCall(expr, "print");

export function containsPrint(body: Body): boolean {
  let found = false;
  walkBody(body, {
    expr: (expr) => {
      if (isPrint(expr)) found = true;
      return found;
    },
  });
  return found;
}

/** The body without print calls, in closures too; `true` where nothing else is left. */
export function erasePrints(body: Body): Body {
  if (!containsPrint(body)) return body;
  const kept = body.filter((expr) => !isPrint(expr)).map((expr) => mapExpr(expr, eraser));
  if (kept.length > 0) return kept;
  const { location } = body[0] as Expr;
  return [
    { kind: "expr", terms: { kind: "boolean", value: true, location }, negated: false, with: [], location },
  ];
}

const eraser = { term: (term: Term): Term => mapTerm(term, eraser), body: erasePrints };

export interface PrintContext {
  readonly findings: Findings;
  readonly locals: LocalGenerator;
  readonly rewritten: ReadonlyMap<string, string>;
  readonly arity: Arity;
}

export function rewritePrintsIn(context: PrintContext, body: Body, known: ReadonlySet<string>): Body {
  const result: Expr[] = [];
  body.forEach((expr, i) => {
    const safe = (): Set<string> => {
      const names = outputsOfBody(body.slice(0, i), context.arity, known);
      addAll(names, known);
      return names;
    };
    result.push(
      isPrint(expr) ? printCall(context, expr, body.slice(0, i), safe()) : nested(context, expr, safe),
    );
  });
  return result;
}

/** Closures of an expression: what they print may use what is bound before the expression. */
function nested(context: PrintContext, expr: Expr, safe: () => Set<string>): Expr {
  if (!containsPrint([expr])) return expr;
  const names = safe();
  const every = everyOf(expr);
  if (every !== undefined)
    addAll(names, varsOfTerms([...(every.key === undefined ? [] : [every.key]), every.value]));
  const mapper = {
    term: (t: Term): Term => mapTerm(t, mapper),
    body: (b: Body): Body => rewritePrintsIn(context, b, names),
  };
  return mapExpr(expr, mapper);
}

function printCall(context: PrintContext, expr: Expr, before: Body, safe: Set<string>): Expr {
  walkBody(before, {
    term: (t) => {
      if (t.kind === "var" && isGenerated(t.name)) safe.add(t.name);
      return false;
    },
  });
  const operands = callOf(expr)?.slice(1) ?? [];
  for (const operand of operands) {
    for (const name of [...difference(varsOfTerm(operand, safetyOptions), safe)].sort()) {
      context.findings.add(
        "rego_compile_error",
        operand.location,
        `var ${varText(context.rewritten.get(name) ?? name)} is undeclared`,
      );
    }
  }
  const { location } = expr;
  const items = operands.map((operand): Term => {
    const variable = varTerm(context.locals.generate(), operand.location);
    return {
      kind: "set-comprehension",
      term: variable,
      body: [equality(variable, operand, operand.location, false)],
      location: operand.location,
    };
  });
  return {
    kind: "expr",
    terms: [builtinRef("internal.print", location), { kind: "array", items, location }],
    negated: false,
    with: [],
    location,
  };
}

export function rewritePrints(compilation: Compilation, arity: Arity): void {
  const { findings, locals, options, rewritten } = compilation;
  eachRule(compilation.modules, (rule) => {
    if (!featuresOf(rule).calls.has("print")) return false;
    if (options.print !== true) {
      rule.body = erasePrints(rule.body);
      return eraseInHead(compilation, rule.head, (head) => {
        rule.head = head;
      });
    }
    const known = varsOfTerms(rule.head.args ?? []);
    addAll(known, reservedVars);
    const context: PrintContext = { findings, locals, rewritten, arity };
    const mapper = {
      term: (t: Term): Term => mapTerm(t, mapper),
      body: (b: Body): Body => (containsPrint(b) ? rewritePrintsIn(context, b, known) : b),
    };
    rule.body = containsPrint(rule.body) ? rewritePrintsIn(context, rule.body, known) : rule.body;
    rule.head = mapHead(rule.head, mapper.term);
    return false;
  });
}

type Head = Parameters<typeof mapHead>[0];

function mapHead(
  head: import("../../syntax/ast.ts").Head,
  map: (t: Term) => Term,
): import("../../syntax/ast.ts").Head {
  return {
    ...head,
    ...(head.key === undefined ? {} : { key: map(head.key) }),
    ...(head.value === undefined ? {} : { value: map(head.value) }),
  };
}

function eraseInHead(_compilation: Compilation, head: Head, set: (head: Head) => void): false {
  set(mapHead(head, eraser.term));
  return false;
}
