// Terms to values. In: a term of a checked body. Out: statements that make its value, and the operand that holds it. Terms with
// unbound variables inside refs have many values: then what follows is planned inside the loops that find them.

import type { Term } from "../../syntax/ast.ts";
import type { BareStmt, Context, WithOperand } from "./context.ts";
import { bool, local } from "./context.ts";
import type { Operand } from "../ir/ir.ts";

/** True if nothing has bound some variable of the term yet. Closures do not count: they bind their own. */
export function hasUnseen(c: Context, term: Term): boolean {
  switch (term.kind) {
    case "var":
      return term.name !== "data" && term.name !== "input" && c.vars.get(term.name) === undefined;
    case "array":
    case "set":
      return term.items.some((item) => hasUnseen(c, item));
    case "object":
      return term.entries.some(([key, value]) => hasUnseen(c, key) || hasUnseen(c, value));
    case "ref":
      return term.terms.some((part) => hasUnseen(c, part));
    case "call":
      return term.args.some((arg) => hasUnseen(c, arg));
    default:
      return false;
  }
}

/** True if the term has one value at most: every ref in it is looked up, none is searched. */
export function isSingle(c: Context, term: Term): boolean {
  switch (term.kind) {
    case "array":
    case "set":
      return term.items.every((item) => isSingle(c, item));
    case "object":
      return term.entries.every(([key, value]) => isSingle(c, key) && isSingle(c, value));
    case "ref":
      return term.terms.every((part, i) => (i === 0 || !hasUnseen(c, part)) && isSingle(c, part));
    case "call":
      return term.args.every((arg) => isSingle(c, arg));
    default:
      return true;
  }
}

export function planTerm(c: Context, term: Term, then: WithOperand): void {
  switch (term.kind) {
    case "null":
      return then(made(c, (target) => ({ kind: "MakeNullStmt", target })));
    case "boolean":
      return then(bool(term.value));
    case "number":
      return then(
        made(c, (target) => ({ kind: "MakeNumberRefStmt", index: c.shared.string(term.text), target })),
      );
    case "string":
      return then(c.string(term.value));
    case "var":
      return planVar(c, term.name, then);
    case "ref":
      return c.rooms.ref(c, term, then);
    case "array":
      return planArray(c, term.items, then);
    case "set":
      return planSet(c, term.items, then);
    case "object":
      return planObject(c, term.entries, then);
    case "array-comprehension":
    case "set-comprehension":
    case "object-comprehension":
      return then(c.rooms.comprehension(c, term));
    case "call": {
      const result: Term = { kind: "var", name: `$call${c.next}`, location: term.location };
      return c.rooms.call(c, term.operator, [...term.args, result], () => c.rooms.term(c, result, then));
    }
    case "template-string":
      throw c.fail("a template string that check should have rewritten");
  }
}

export function planValue(c: Context, term: Term): Operand {
  let value: Operand | undefined;
  planTerm(c, term, (operand) => {
    value = operand;
  });
  if (value !== undefined) return value;
  // There is no way through; whatever follows is never reached.
  c.emit({ kind: "BreakStmt", index: 0 });
  return bool(false);
}

/** Plans the terms one by one: in a loop as long as they are single, so that large literals do not nest. */
export function planTerms(
  c: Context,
  terms: readonly Term[],
  then: (operands: readonly Operand[]) => void,
): void {
  planRest(c, terms, [], then);
}

function planRest(
  c: Context,
  terms: readonly Term[],
  known: readonly Operand[],
  then: (operands: readonly Operand[]) => void,
): void {
  const operands = [...known];
  while (operands.length < terms.length) {
    const term = terms[operands.length] as Term;
    if (!isSingle(c, term))
      return planTerm(c, term, (operand) => planRest(c, terms, [...operands, operand], then));
    operands.push(planValue(c, term));
  }
  then(operands);
}

function made(c: Context, stmt: (target: number) => BareStmt): Operand {
  const target = c.local();
  c.emit(stmt(target));
  return local(target);
}

function planVar(c: Context, name: string, then: WithOperand): void {
  if (name === "input" || name === "data") {
    const location = { file: "", row: 0, col: 0, offset: 0, text: "" };
    return c.rooms.ref(c, { kind: "ref", terms: [{ kind: "var", name, location }], location }, then);
  }
  const operand = c.vars.get(name);
  if (operand === undefined) throw c.fail(`variable \`${name}\` is unsafe`);
  then(operand);
}

/** A collection is made after its parts: parts that are searched put it into the innermost loop, so that each round has a fresh one. */
function planArray(c: Context, items: readonly Term[], then: WithOperand): void {
  planTerms(c, items, (values) => {
    const array = c.local();
    c.emit({ kind: "MakeArrayStmt", capacity: items.length, target: array });
    for (const value of values) c.emit({ kind: "ArrayAppendStmt", value, array });
    then(local(array));
  });
}

function planSet(c: Context, items: readonly Term[], then: WithOperand): void {
  planTerms(c, items, (values) => {
    const set = c.local();
    c.emit({ kind: "MakeSetStmt", target: set });
    for (const value of values) c.emit({ kind: "SetAddStmt", value, set });
    then(local(set));
  });
}

function planObject(c: Context, entries: readonly (readonly [Term, Term])[], then: WithOperand): void {
  const parts = entries.flat();
  planTerms(c, parts, (values) => {
    const object = c.local();
    c.emit({ kind: "MakeObjectStmt", target: object });
    for (let i = 0; i + 1 < values.length; i += 2) {
      c.emit({
        kind: "ObjectInsertStmt",
        key: values[i] as Operand,
        value: values[i + 1] as Operand,
        object,
      });
    }
    then(local(object));
  });
}
