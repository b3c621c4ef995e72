// Tells, at run time, which case of a parameterised test is being tried: `test_x[case]` gets a call of internal.test_case with the keys of its
// head, as early in its body as they are known. Cells in, new bodies out; rules that call it by hand are left alone.

import type { Expr, Rule, Term } from "../../syntax/ast.ts";
import { walkBody, walkExpr, walkTerm } from "../../syntax/visit.ts";
import type { RuleCell } from "./cells.ts";
import type { Compilation } from "./compilation.ts";
import { sameTerm } from "./outputs.ts";
import {
  builtinRef,
  callOf,
  groundPrefix,
  isAssignment,
  isEquality,
  isGenerated,
  isGlobalCall,
} from "./walk.ts";

const TEST_CASE = "internal.test_case";

/** How many elements of a head's ref name the test: up to the first that begins with `test_` or `todo_test_`; -1 if it is none. */
export function testNameLength(head: Rule["head"]): number {
  const prefix = groundPrefix(head.reference.terms);
  const at = prefix.findIndex((term) => /^(todo_)?test_/.test(nameOf(term)));
  return at + 1 === 0 ? -1 : at + 1;
}

export function nameOf(term: Term): string {
  if (term.kind === "var") return term.name;
  return term.kind === "string" ? term.value : "";
}

export function injectTestCases(compilation: Compilation): void {
  if (compilation.options.testCases !== true) return;
  for (const module of compilation.modules) for (const rule of module.rules) inject(rule);
}

function inject(rule: RuleCell): void {
  const length = testNameLength(rule.head);
  const { terms } = rule.head.reference;
  const name = terms[length - 1];
  if (name === undefined || !nameOf(name).startsWith("test_") || terms.length <= length) return;
  if (callsByHand(rule)) return;
  const keys = terms.slice(length);
  let body = [...rule.body];
  for (const key of keys) body = liftBindings(body, key);
  const { location } = rule.head;
  const call: Expr = {
    kind: "expr",
    terms: [builtinRef(TEST_CASE, location), { kind: "array", items: keys, location }],
    negated: false,
    with: [],
    // A place that no report shows: the author did not write this.
    location: { ...location, file: "", row: 0, col: 0, text: "" },
  };
  const below = Math.max(
    -1,
    ...keys.map((key) => (key.kind === "var" ? firstUse(body, new Set([key.name])) : -1)),
  );
  body.splice(below + 1, 0, call);
  rule.body = body;
}

function callsByHand(rule: RuleCell): boolean {
  let found = false;
  walkBody(rule.body, {
    expr: (expr) => {
      if (isGlobalCall(expr, TEST_CASE)) found = true;
      return found;
    },
  });
  return found;
}

/** Moves what the compiler made to bind a key right behind what it depends on; what the author wrote keeps its place. */
function liftBindings(body: Expr[], key: Term): Expr[] {
  let lifted = body;
  for (let i = lifted.length - 1; i >= 0; ) {
    const expr = lifted[i] as Expr;
    const target = bindsKey(expr, key) ? targetOf(lifted, i) : i;
    if (target >= i) i--;
    else lifted = [...lifted.slice(0, target), expr, ...lifted.slice(target, i), ...lifted.slice(i + 1)];
  }
  return lifted;
}

function bindsKey(expr: Expr, key: Term): boolean {
  const left = callOf(expr)?.[1];
  return (
    expr.generated === true &&
    (isEquality(expr) || isAssignment(expr)) &&
    left !== undefined &&
    sameTerm(left, key)
  );
}

function targetOf(body: readonly Expr[], index: number): number {
  const right = callOf(body[index] as Expr)?.[2];
  const names = new Set<string>();
  if (right !== undefined)
    walkTerm(right, {
      term: (term) => {
        if (term.kind === "var" && isGenerated(term.name)) names.add(term.name);
        return false;
      },
    });
  if (names.size === 0) return 0;
  const before = body.slice(0, index);
  return Math.max(0, ...[...names].map((name) => firstUse(before, new Set([name])))) + 1;
}

function firstUse(body: readonly Expr[], names: ReadonlySet<string>): number {
  return body.findIndex((expr) => {
    let found = false;
    walkExpr(expr, {
      term: (term) => {
        if (term.kind === "var" && names.has(term.name)) found = true;
        return found;
      },
    });
    return found;
  });
}
