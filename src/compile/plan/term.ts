// Terms to values. In: a term of a checked body. Out: statements that make its value, and the operand that holds it. Terms with
// unbound variables inside refs have many values: then what follows is planned inside the loops that find them.

import type { Term } from "../../syntax/ast.ts";
import type { BareStmt, Context, WithOperand } from "./context.ts";
import { bool } from "./context.ts";
import type { Local, Operand } from "../ir/ir.ts";

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

type BareStmtFor = (target: Local) => BareStmt;

function made(c: Context, stmt: BareStmtFor): { readonly type: "local"; readonly value: Local } {
  const target = c.local();
  c.emit(stmt(target));
  return { type: "local", value: target };
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

/** Literals with more parts than this use the same locals again for each part: a function has room for some ten thousand. */
const MANY_PARTS = 64;

/**
 * Makes a collection and puts the parts in, `width` at a time. With parts that are searched it is made after them, in the innermost
 * loop, so that each round has a fresh one.
 */
function planCollection(
  c: Context,
  parts: readonly Term[],
  width: number,
  make: BareStmtFor,
  put: (collection: Local, values: readonly Operand[]) => void,
  then: WithOperand,
): void {
  if (!parts.every((part) => isSingle(c, part))) {
    return planTerms(c, parts, (values) => {
      const collection = made(c, make);
      for (let i = 0; i < values.length; i += width) put(collection.value, values.slice(i, i + width));
      then(collection);
    });
  }
  const collection = made(c, make);
  const first = c.next;
  let last = first;
  for (let i = 0; i < parts.length; i += width) {
    if (parts.length > MANY_PARTS) c.next = first;
    put(
      collection.value,
      parts.slice(i, i + width).map((part) => planValue(c, part)),
    );
    last = Math.max(last, c.next);
  }
  c.next = last;
  then(collection);
}

function planArray(c: Context, items: readonly Term[], then: WithOperand): void {
  planCollection(
    c,
    items,
    1,
    (target) => ({ kind: "MakeArrayStmt", capacity: items.length, target }),
    (array, [value]) => c.emit({ kind: "ArrayAppendStmt", value: value as Operand, array }),
    then,
  );
}

function planSet(c: Context, items: readonly Term[], then: WithOperand): void {
  planCollection(
    c,
    items,
    1,
    (target) => ({ kind: "MakeSetStmt", target }),
    (set, [value]) => c.emit({ kind: "SetAddStmt", value: value as Operand, set }),
    then,
  );
}

function planObject(c: Context, entries: readonly (readonly [Term, Term])[], then: WithOperand): void {
  planCollection(
    c,
    entries.flat(),
    2,
    (target) => ({ kind: "MakeObjectStmt", target }),
    (object, [key, value]) =>
      c.emit({ kind: "ObjectInsertStmt", key: key as Operand, value: value as Operand, object }),
    then,
  );
}
