// Gives the locals of rules their own names: arguments (shared by all `else` branches), heads and bodies. Cells in, new heads and bodies
// out. Strict mode also reports arguments that are never used.

import type { Body, Expr, Term } from "../../syntax/ast.ts";
import type { RuleCell } from "./cells.ts";
import type { Compilation, Findings } from "./compilation.ts";
import { isPlain } from "./features.ts";
import { Scopes } from "./scopes.ts";
import { declaredIn } from "./resolve-refs.ts";
import { addAll, VarCollector, varsOfBody, varsOfExpr, varsOfTerm, varText } from "./vars.ts";
import { walkBody } from "../../syntax/visit.ts";
import { isComprehension, isScalar, isWildcard, mapExpr, mapTerm, walkHead } from "./walk.ts";
import { LocalRewriter } from "./local-rewriter.ts";

/** Names as a map says, everywhere under a term. */
function renamed(term: Term, names: ReadonlyMap<string, string>): Term {
  if (term.kind === "var") {
    const name = names.get(term.name);
    return name === undefined || name === term.name ? term : { ...term, name };
  }
  const mapper = {
    term: (t: Term): Term => renamed(t, names),
    body: (b: Body): Body => b.map((e) => mapExpr(e, mapper)),
  };
  return mapTerm(term, mapper);
}

export function headMayHaveVars(head: RuleCell["head"]): boolean {
  const open = (term: Term | undefined): boolean => term !== undefined && !isScalar(term);
  return (
    (head.args ?? []).some(open) ||
    open(head.key) ||
    open(head.value) ||
    head.reference.terms.slice(1).some(open)
  );
}

/** Arguments are declared in the outermost scope, that all `else` branches share. */
function rewriteArgument(compilation: Compilation, scopes: Scopes, term: Term): Term {
  const again = (t: Term): Term => rewriteArgument(compilation, scopes, t);
  switch (term.kind) {
    case "var": {
      const declared = scopes.declared(term.name);
      if (declared !== undefined) {
        scopes.seen(term.name);
        return { ...term, name: declared };
      }
      const name = compilation.locals.generate();
      scopes.insert(term.name, name, "arg");
      return { ...term, name };
    }
    case "object":
      return { ...term, entries: term.entries.map(([k, v]) => [k, again(v)] as const) };
    case "array":
    case "ref":
      return mapTerm(term, { term: again, body: (b) => b });
    case "call":
      compilation.findings.add("rego_compile_error", term.location, "rule arguments cannot contain calls");
      return term;
    default:
      return term;
  }
}

/** Comprehensions and template strings in a head are rewritten before the body, each in scopes of its own. */
function rewriteNestedInHead(compilation: Compilation, term: Term): Term {
  if (isComprehension(term) || term.kind === "template-string") {
    const rewriter = new LocalRewriter(compilation.locals, new Scopes(), compilation.options.strict === true);
    const result = term.kind === "template-string" ? rewriter.templateInHead(term) : rewriter.term(term);
    for (const [k, v] of rewriter.scopes.rewritten) compilation.rewritten.set(k, v);
    report(compilation.findings, rewriter);
    return result;
  }
  return mapTerm(term, { term: (t) => rewriteNestedInHead(compilation, t), body: (b) => b });
}

function report(findings: Findings, rewriter: LocalRewriter): void {
  for (const { location, message } of rewriter.errors) findings.add("rego_compile_error", location, message);
}

/**
 * A variable named like a builtin is rewritten as well, so that no later stage takes it for the builtin. Not so where it may mean
 * the function: called, mocked by `with`, or only in the head.
 */
function renameBuiltinNames(compilation: Compilation, scopes: Scopes, rule: RuleCell): void {
  const names = [...varsOfBody(rule.body, { skipCallHead: true, skipClosures: true })]
    .filter((name) => compilation.builtins.has(name))
    .sort();
  if (names.length === 0) return;
  const declared = declaredIn(rule.body);
  const modified = new Set<string>();
  const visitor = {
    expr: (expr: Expr): boolean => {
      for (const w of expr.with) addAll(modified, new VarCollector().with(w).names());
      return false;
    },
  };
  walkHead(rule.head, visitor);
  walkBody(rule.body, visitor);
  for (const name of names) {
    if (declared.has(name) || modified.has(name) || scopes.declared(name) !== undefined) continue;
    scopes.insert(name, compilation.locals.generate(), "seen");
  }
}

function rewriteRule(
  compilation: Compilation,
  rule: RuleCell,
  unusedArgs: Set<string>,
  argScopes: Scopes,
): Scopes {
  // No variable, no declaration: nothing to name.
  if (rule.head.args === undefined && isPlain(rule)) return argScopes;
  const open = headMayHaveVars(rule.head);
  const used = new Set<string>();
  if (open) {
    const nested = (t: Term): Term => rewriteNestedInHead(compilation, t);
    const { head } = rule;
    rule.head = {
      ...head,
      ...(head.args === undefined ? {} : { args: head.args.map(nested) }),
      ...(head.key === undefined ? {} : { key: nested(head.key) }),
      ...(head.value === undefined ? {} : { value: nested(head.value) }),
    };
    for (const t of rule.head.reference.terms.slice(1)) addAll(used, varsOfTerm(t));
    if (rule.head.key !== undefined) addAll(used, varsOfTerm(rule.head.key));
    const inValue = rule.head.value === undefined ? new Set<string>() : varsOfTerm(rule.head.value);
    addAll(used, inValue);
    for (const arg of inValue) unusedArgs.delete(arg);
  }
  const scopes = argScopes.copy();
  renameBuiltinNames(compilation, scopes, rule);
  const rewriter = new LocalRewriter(compilation.locals, scopes, compilation.options.strict === true);
  rule.body = rewriter.body(rule.body, used);
  for (const [k, v] of scopes.rewritten) compilation.rewritten.set(k, v);
  report(compilation.findings, rewriter);
  if (open) {
    const names = scopes.names();
    const rename = (t: Term): Term => renamed(t, names);
    const [name, ...rest] = rule.head.reference.terms;
    rule.head = {
      ...rule.head,
      reference: { ...rule.head.reference, terms: [name, ...rest.map(rename)] },
      ...(rule.head.args === undefined ? {} : { args: rule.head.args.map(rename) }),
      ...(rule.head.key === undefined ? {} : { key: rename(rule.head.key) }),
      ...(rule.head.value === undefined ? {} : { value: rename(rule.head.value) }),
    };
  }
  return scopes;
}

export function rewriteLocals(compilation: Compilation): void {
  const strict = compilation.options.strict === true;
  for (const module of compilation.modules) {
    for (const first of module.rules) {
      const unusedArgs = new Set<string>();
      if (strict) for (const arg of first.head.args ?? []) addAll(unusedArgs, varsOfTerm(arg));
      const argScopes = new Scopes();
      if (first.head.args !== undefined) {
        first.head = {
          ...first.head,
          args: first.head.args.map((t) => rewriteArgument(compilation, argScopes, t)),
        };
      }
      for (let rule: RuleCell | undefined = first; rule !== undefined; rule = rule.else) {
        const scopes = rewriteRule(compilation, rule, unusedArgs, argScopes);
        for (const arg of unusedArgs) if (scopes.count(arg) > 1) unusedArgs.delete(arg);
      }
      for (const arg of [...unusedArgs].sort()) {
        if (isWildcard(arg)) continue;
        compilation.findings.add(
          "rego_compile_error",
          first.head.location,
          `unused argument ${varText(arg)}. (hint: use _ (wildcard variable) instead)`,
        );
      }
    }
  }
}

/** The names that an expression list uses, generated ones included: what a generator for a query must avoid. */
export function namesIn(body: Body): Set<string> {
  const names = new Set<string>();
  walkBody(body, {
    expr: (expr) => {
      addAll(names, varsOfExpr(expr));
      return false;
    },
  });
  return names;
}
