// Template strings become calls of internal.template_string over an array of texts and sets: an expression that may be undefined
// becomes a comprehension `{x | x = expr}`. Bodies in, bodies out; variables that nothing binds before the string are reported.

import type { Location } from "../../error.ts";
import type { Body, Expr, TemplateString, Term } from "../../syntax/ast.ts";
import { printRef, printTerm } from "../../syntax/print.ts";
import { eachRule, isMultiValue, type RuleCell } from "./cells.ts";
import type { Compilation, Findings, LocalGenerator } from "./compilation.ts";
import { featuresOf } from "./features.ts";
import { type Arity, outputsOfBody } from "./outputs.ts";
import { findNode, type RuleNode } from "./trees.ts";
import { addAll, difference, reservedVars, safetyOptions, varsOfTerm, varsOfTerms, varText } from "./vars.ts";
import {
  builtinRef,
  callOf,
  equality,
  everyOf,
  isComprehension,
  mapExpr,
  mapTerm,
  termOf,
  varTerm,
} from "./walk.ts";

export interface TemplateContext {
  readonly compilation: Compilation;
  readonly findings: Findings;
  readonly locals: LocalGenerator;
  readonly rewritten: ReadonlyMap<string, string>;
  readonly arity: Arity;
  /** Whether a rule has one value, whatever the input is. */
  readonly isConstant: (rule: RuleCell) => boolean;
}

/** A ref to a rule that always has a value: a default, a partial set, or a constant. */
export function isAlwaysDefined(
  tree: RuleNode,
  ref: readonly Term[],
  isConstant: TemplateContext["isConstant"],
): boolean {
  const [head] = ref;
  if (ref.length < 2 || head?.kind !== "var" || head.name !== "data") return false;
  const rules = findNode(tree, ref)?.values ?? [];
  const [first, ...others] = rules;
  if (first === undefined || (first.head.args ?? []).length > 0) return false;
  if (first.default || isMultiValue(first.head)) return true;
  if (others.length > 0) return others.some((rule) => rule.default);
  return isConstant(first);
}

export class TemplateRewriter {
  readonly #context: TemplateContext;

  constructor(context: TemplateContext) {
    this.#context = context;
  }

  /** `known`: the variables that are bound where the body starts. */
  body(body: Body, known: ReadonlySet<string>): { body: Body; safe: Set<string> } {
    const safe = outputsOfBody(body, this.#context.arity, known);
    addAll(safe, known);
    return { body: body.map((expr) => this.#expr(expr, safe)), safe };
  }

  #expr(expr: Expr, safe: ReadonlySet<string>): Expr {
    const every = everyOf(expr);
    const inner = new Set(safe);
    if (every !== undefined)
      addAll(inner, varsOfTerms([...(every.key === undefined ? [] : [every.key]), every.value]));
    const before = this.#context.findings.count;
    const done = mapExpr(expr, { term: (t) => this.term(t, safe), body: (b) => this.body(b, inner).body });
    if (every !== undefined && this.#context.findings.count > before)
      mapExpr(done, { term: (t) => t, body: (b) => this.#again(b, safe) });
    return done;
  }

  /** OPA looks at what is left in a body a second time, as a part of what is around it: findings come twice there. */
  #again(body: Body, safe: ReadonlySet<string>): Body {
    return body.map((expr) => this.#expr(expr, safe));
  }

  term(term: Term, safe: ReadonlySet<string>): Term {
    if (term.kind === "template-string") {
      const call = this.#template(term, safe);
      return call === undefined
        ? term
        : mapTerm(call, { term: (t) => this.term(t, safe), body: (b) => this.body(b, safe).body });
    }
    if (isComprehension(term)) {
      const before = this.#context.findings.count;
      const inner = this.body((term as { body: Body }).body, safe);
      const done = mapTerm(term, { term: (t) => this.term(t, inner.safe), body: () => inner.body });
      if (this.#context.findings.count > before)
        mapTerm(done, { term: (t) => this.term(t, safe), body: (b) => this.#again(b, safe) });
      return done;
    }
    return mapTerm(term, { term: (t) => this.term(t, safe), body: (b) => this.body(b, safe).body });
  }

  #template(template: TemplateString, safe: ReadonlySet<string>): Term | undefined {
    const { findings, compilation } = this.#context;
    const { features } = compilation.options;
    const { location } = template;
    if (
      (features !== undefined && !features.has("template_strings")) ||
      !compilation.builtins.has("internal.template_string")
    ) {
      findings.add("rego_compile_error", location, "template-strings are not supported");
      return undefined;
    }
    const items: Term[] = [];
    let failed = false;
    for (const part of template.parts) {
      const item = part.kind === "expr" ? this.#part(part, safe) : written(part);
      if (item === undefined) failed = true;
      else items.push(item);
    }
    if (failed) return undefined;
    if (template.parts.length === 0) items.push({ kind: "string", value: "", location });
    compilation.required.add("internal.template_string");
    return {
      kind: "call",
      operator: builtinRef("internal.template_string", location),
      args: [{ kind: "array", items, location }],
      location,
    };
  }

  #part(part: Expr, safe: ReadonlySet<string>): Term | undefined {
    const { findings, compilation, isConstant } = this.#context;
    const call = callOf(part);
    let term: Term | undefined;
    if (call !== undefined) {
      const [operator, ...args] = call;
      const name = printRef(operator.terms);
      if (compilation.builtins.get(name)?.relation === true) {
        findings.add(
          "rego_compile_error",
          undefined,
          `illegal call to relation built-in '${name}' that may cause multiple outputs`,
        );
        return undefined;
      }
      term = { kind: "call", operator, args, location: part.location };
    } else term = termOf(part);
    if (term === undefined) {
      findings.add("rego_compile_error", part.location, "unexpected template-string expression type");
      return undefined;
    }
    const { location } = term;
    if (
      term.kind === "var" ||
      (term.kind === "ref" && isAlwaysDefined(compilation.ruleTree, term.terms, isConstant))
    )
      return { kind: "set", items: [term], location };
    if (!this.#bound(term, safe, location)) return undefined;
    const variable = varTerm(this.#context.locals.generate(), location);
    return {
      kind: "set-comprehension",
      term: variable,
      body: [{ ...equality(variable, term, location, false), with: part.with }],
      location,
    };
  }

  #bound(term: Term, safe: ReadonlySet<string>, location: Location): boolean {
    const open = [...difference(varsOfTerm(term, safetyOptions), safe)].sort();
    for (const name of open) {
      this.#context.findings.add(
        "rego_compile_error",
        location,
        `var ${varText(this.#context.rewritten.get(name) ?? name)} is undeclared`,
      );
    }
    return open.length === 0;
  }
}

/** A number stands in the text as its author wrote it: `$"{.5}"` is `".5"`. */
function written(part: Term): Term {
  return part.kind === "number" && part.bare === true
    ? { kind: "string", value: printTerm(part), location: part.location }
    : part;
}

/** Of a rule that was checked in an earlier check, too: before the later stages changed it. */
export const wasConstant = (rule: RuleCell): boolean => featuresOf(rule).constant;

export function rewriteTemplates(compilation: Compilation, arity: Arity): void {
  const { findings, locals, rewritten } = compilation;
  const rewriter = new TemplateRewriter({
    compilation,
    findings,
    locals,
    rewritten,
    arity,
    isConstant: wasConstant,
  });
  eachRule(compilation.modules, (rule) => {
    if (!featuresOf(rule).template) return false;
    const known = varsOfTerms(rule.head.args ?? []);
    addAll(known, reservedVars);
    const { body, safe } = rewriter.body(rule.body, known);
    rule.body = body;
    const rewrite = (t: Term): Term => rewriter.term(t, safe);
    const { head } = rule;
    rule.head = {
      ...head,
      ...(head.args === undefined ? {} : { args: head.args.map(rewrite) }),
      ...(head.key === undefined ? {} : { key: rewrite(head.key) }),
      ...(head.value === undefined ? {} : { value: rewrite(head.value) }),
    };
    return false;
  });
}
