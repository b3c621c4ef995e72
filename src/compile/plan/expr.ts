// Bodies and expressions. In: a checked body. Out: statements that go on to what follows once for each solution. Every expression is
// planned by one function below; the kinds of expressions are those of the syntax tree after check.

import type { Body, Every, Expr, Logical, NotBody, RefTerm, SomeDecl, Term } from "../../syntax/ast.ts";
import { callOf } from "../check/walk.ts";
import type { Operand } from "../ir/ir.ts";
import { bool, type Context, local, type Then } from "./context.ts";
import type { Mock } from "./environment.ts";
import { asLocal, scanValues } from "./ref.ts";
import { type Group, pathText } from "./rule-trie.ts";

const FALSE = bool(false);
const TRUE = bool(true);

/**
 * Expressions one after the other. What follows an expression is planned where its solutions are: usually right behind it, in the same
 * block, which the loop does; else inside of its loops.
 */
export function planBody(c: Context, body: Body, then: Then): void {
  planFrom(c, body, 0, then);
}

function planFrom(c: Context, body: Body, start: number, then: Then): void {
  const { block, at } = c;
  for (let index = start; index < body.length; index++) {
    const expr = body[index] as Expr;
    let behind = false;
    c.locate(expr.location, () => {
      c.mark("eval", expr, expr.location);
      planExpr(c, expr, () => {
        c.mark("pass", expr, expr.location);
        behind = c.block === block;
        if (behind) return;
        const inner = c.at;
        // What follows has positions of its own.
        c.at = at;
        planFrom(c, body, index + 1, then);
        c.at = inner;
      });
    });
    if (!behind) return;
  }
  then();
}

export function planExpr(c: Context, expr: Expr, then: Then): void {
  if (expr.with.length > 0) return c.rooms.withs(c, expr, then);
  if (expr.negated) return planNot(c, (go) => planExpr(c, { ...expr, negated: false }, go), then);
  const call = callOf(expr);
  if (call !== undefined) {
    const [operator, ...args] = call;
    return planCall(c, operator, args, then);
  }
  const terms = expr.terms as Term | SomeDecl | Every | NotBody | Logical;
  switch (terms.kind) {
    case "every":
      return planEvery(c, terms, then);
    case "not":
      return planNot(c, (go) => planBody(c, terms.body, go), then);
    case "and":
      holds(c, terms.lhs);
      holds(c, terms.rhs);
      return then();
    case "or":
      return planOr(c, terms, then);
    case "some":
      return then();
    case "boolean":
      if (!terms.value) c.emit({ kind: "BreakStmt", index: 0 });
      return terms.value ? then() : undefined;
    default:
      return c.rooms.term(c, terms, (value) => {
        c.markValue(expr, value);
        if (value.type !== "string_index") c.emit({ kind: "NotEqualStmt", a: value, b: FALSE });
        then();
      });
  }
}

function planNot(c: Context, plan: (go: Then) => void, then: Then): void {
  const block = c.nested(() => c.closure(() => c.once(plan)));
  c.emit({ kind: "NotStmt", block });
  then();
}

/** Succeeds once if the body has a solution; nothing it binds is seen outside. */
function holds(c: Context, body: Body): void {
  const found = c.local();
  c.emit({ kind: "ResetLocalStmt", target: found });
  c.closure(() =>
    c.blocks(() => planBody(c, body, () => c.emit({ kind: "AssignVarStmt", source: TRUE, target: found }))),
  );
  c.emit({ kind: "IsDefinedStmt", source: found });
}

function planOr(c: Context, or: Logical, then: Then): void {
  const found = c.local();
  const mark = () => c.emit({ kind: "AssignVarStmt", source: TRUE, target: found });
  c.emit({ kind: "ResetLocalStmt", target: found });
  c.blocks(
    () => planBody(c, or.lhs, mark),
    () => {
      c.emit({ kind: "IsUndefinedStmt", source: found });
      planBody(c, or.rhs, mark);
    },
  );
  c.emit({ kind: "IsDefinedStmt", source: found });
  then();
}

/** Fails unless the domain is a collection; then looks for an element for which the body has no solution. */
function planEvery(c: Context, every: Every, then: Then): void {
  c.rooms.term(c, every.domain, (domain) => {
    c.isOneOf(domain, ["IsArrayStmt", "IsObjectStmt", "IsSetStmt"]);
    const [counterexample, found, key, value] = [c.local(), c.local(), c.local(), c.local()];
    c.emit({ kind: "ResetLocalStmt", target: counterexample });
    const block = c.nested(() => {
      c.emit({ kind: "IsUndefinedStmt", source: counterexample });
      c.emit({ kind: "ResetLocalStmt", target: found });
      c.blocks(() => {
        const body = () =>
          planBody(c, every.body, () => c.emit({ kind: "AssignVarStmt", source: TRUE, target: found }));
        const elements = () => c.rooms.unifyOperand(c, local(value), every.value, body);
        if (every.key === undefined) elements();
        else c.rooms.unifyOperand(c, local(key), every.key, elements);
      });
      c.emit({ kind: "IsUndefinedStmt", source: found });
      c.emit({ kind: "AssignVarStmt", source: TRUE, target: counterexample });
    });
    c.emit({ kind: "ScanStmt", source: asLocal(c, domain), key, value, block });
    c.emit({ kind: "IsUndefinedStmt", source: counterexample });
    then();
  });
}

/** What a call calls, and how many arguments belong to it. */
interface Callee {
  readonly arity: number;
  readonly relation: boolean;
  readonly void: boolean;
  readonly run: (args: readonly Operand[]) => Operand;
}

export function planCall(c: Context, operator: RefTerm, args: readonly Term[], then: Then): void {
  const name = pathText(operator.terms);
  const [first, second] = args;
  if (
    name === "eq" &&
    first !== undefined &&
    second !== undefined &&
    args.length === 2 &&
    !c.env.mocks.has(name)
  ) {
    return c.rooms.unify(c, first, second, then);
  }
  const callee = calleeOf(c, operator, name, args.length);
  // One more argument than declared takes the result.
  const capture = args.length === callee.arity + 1 ? args.at(-1) : undefined;
  c.rooms.terms(c, capture === undefined ? args : args.slice(0, -1), (operands) => {
    const result = callee.run(operands);
    if (callee.relation) {
      return scanValues(c, asLocal(c, result), (value) => {
        if (capture !== undefined) return c.rooms.unifyOperand(c, value, capture, then);
        c.emit({ kind: "NotEqualStmt", a: value, b: FALSE });
        then();
      });
    }
    if (capture !== undefined) return c.rooms.unifyOperand(c, result, capture, then);
    if (!callee.void) c.emit({ kind: "NotEqualStmt", a: result, b: FALSE });
    then();
  });
}

function groupOf(c: Context, terms: readonly Term[]): Group | undefined {
  const [head, ...path] = terms;
  return head?.kind === "var" && head.name === "data" ? c.shared.trie.find(path)?.group : undefined;
}

function calleeOf(c: Context, operator: RefTerm, name: string, given: number): Callee {
  const mock = c.env.mocks.get(name);
  if (mock !== undefined) return mockCallee(c, operator, name, mock, given);
  const group = groupOf(c, operator.terms);
  if (group !== undefined) {
    return { arity: group.arity, relation: false, void: false, run: (args) => c.callGroup(group, args) };
  }
  return builtinCallee(c, name, given);
}

function builtinCallee(c: Context, name: string, given: number): Callee {
  const builtin = c.shared.builtins.get(name);
  if (builtin === undefined) throw c.fail(`unknown function \`${name}\``);
  c.shared.call(name);
  return {
    arity: builtin.variadic === true ? given : builtin.args.length,
    relation: builtin.relation === true,
    void: builtin.result === undefined,
    run: (args) => {
      const result = c.local();
      c.emit({ kind: "CallStmt", func: name, args, result });
      return local(result);
    },
  };
}

function mockCallee(c: Context, operator: RefTerm, name: string, mock: Mock, given: number): Callee {
  if (mock.kind === "value") {
    const arity = groupOf(c, operator.terms)?.arity ?? c.shared.builtins.get(name)?.args.length ?? given;
    return {
      arity,
      relation: false,
      void: false,
      run: () => {
        const value = c.mockValues.get(name);
        if (value === undefined) throw c.fail(`no value stands for \`${name}\``);
        return value;
      },
    };
  }
  const group = groupOf(c, mock.ref);
  if (group === undefined) return builtinCallee(c, mock.name, given);
  // The replacement runs without any replacement, its own included; hidden documents stay hidden.
  return { arity: group.arity, relation: false, void: false, run: (args) => c.callUnmocked(group, args) };
}
