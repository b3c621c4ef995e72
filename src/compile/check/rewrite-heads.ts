// Leaves nothing in a rule's head that has to be evaluated: elements of ref heads, keys, values and arguments that are more than
// scalars and variables become generated variables that the body binds. Cells in, new heads and bodies out.

import type { Expr, Term } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import { type RuleCell, isMultiValue, eachRule } from "./cells.ts";
import type { Compilation } from "./compilation.ts";
import { sameTerm } from "./outputs.ts";
import { appendToBody, equality, isScalar, requiresEvaluation, varTerm } from "./walk.ts";

/** `p.q[r.s] …` becomes `p.q[x] … { …; x = r.s }`: the rule tree knows scalars and vars only. */
export function rewriteHeadRefs(compilation: Compilation): void {
  for (const module of compilation.modules) {
    for (const rule of module.rules) if (refsAllowed(compilation, rule)) rewriteHeadRef(compilation, rule);
  }
}

function refsAllowed(compilation: Compilation, rule: RuleCell): boolean {
  const { features } = compilation.options;
  if (features === undefined || features.has("rego_v1") || features.has("rule_head_refs")) return true;
  const { terms } = rule.head.reference;
  // A head whose ref is more than a name and a key has no name of its own.
  if (!features.has("rule_head_ref_string_prefixes") && rule.head.name === "") {
    compilation.findings.add(
      "rego_compile_error",
      rule.location,
      `rule heads with refs are not supported: ${printRef(terms)}`,
    );
    return false;
  }
  terms.forEach((term, i) => {
    if (i === 0 || term.kind === "string" || (!isMultiValue(rule.head) && i === terms.length - 1)) return;
    compilation.findings.add(
      "rego_type_error",
      rule.location,
      `rule heads with general refs (containing variables) are not supported: ${printRef(terms)}`,
    );
  });
  return true;
}

function rewriteHeadRef(compilation: Compilation, rule: RuleCell): void {
  const [name, ...rest] = rule.head.reference.terms;
  const support: Expr[] = [];
  let { key } = rule.head;
  const elements = rest.map((term, i): Term => {
    if (term.kind === "var" || isScalar(term)) return term;
    const variable = varTerm(compilation.locals.generate(), term.location);
    support.push(equality(variable, term, term.location, true));
    if (i === rest.length - 1 && key !== undefined && sameTerm(key, term)) key = variable;
    return variable;
  });
  if (support.length === 0) return;
  rule.head = {
    ...rule.head,
    reference: { ...rule.head.reference, terms: [name, ...elements] },
    ...(key === undefined ? {} : { key }),
  };
  rule.body = appendToBody(rule.body, support);
}

/** The same for keys, values and arguments that hold refs or comprehensions. */
export function rewriteRefsInHead(compilation: Compilation): void {
  eachRule(compilation.modules, (rule) => {
    const support: Expr[] = [];
    const lift = (term: Term): Term => {
      if (!requiresEvaluation(term)) return term;
      const variable = varTerm(compilation.locals.generate(), term.location);
      support.push(equality(variable, term, term.location, true));
      return variable;
    };
    const { head } = rule;
    rule.head = {
      ...head,
      ...(head.key === undefined ? {} : { key: lift(head.key) }),
      ...(head.value === undefined ? {} : { value: lift(head.value) }),
      ...(head.args === undefined ? {} : { args: head.args.map(lift) }),
    };
    rule.body = appendToBody(rule.body, support);
    return false;
  });
}
