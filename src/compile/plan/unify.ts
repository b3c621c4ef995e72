// Unification. In: two terms, or a value and a term. Out: statements that fail where the two cannot be equal, with the variables of
// patterns bound on the way. Pairs whose variables are not known yet wait for those that bind them.

import type { ObjectTerm, Term } from "../../syntax/ast.ts";
import { isComprehension, isGround } from "../check/walk.ts";
import type { Operand } from "../ir/ir.ts";
import { type Context, type KindTest, local, type Then } from "./context.ts";
import { termKey } from "./rule-trie.ts";
import { hasUnseen } from "./term.ts";

type Pair = readonly [Term, Term];

export function planUnify(c: Context, a: Term, b: Term, then: Then): void {
  unifyAll(c, [[a, b]], then);
}

/** Takes the first pair that can be decided, then the rest. */
function unifyAll(c: Context, pairs: readonly Pair[], then: Then): void {
  const index = pairs.findIndex((pair) => isReady(c, pair));
  const pair = pairs[index] ?? pairs[0];
  if (pair === undefined) return then();
  const rest = pairs.filter((other) => other !== pair);
  unifyPair(c, pair, rest, then);
}

/** A new variable can only be bound to something that is known. */
function isReady(c: Context, [a, b]: Pair): boolean {
  if (isNew(c, a)) return isComposite(b) || b.kind === "var" ? !hasUnseen(c, b) : true;
  if (isNew(c, b)) return isComposite(a) ? !hasUnseen(c, a) : true;
  return true;
}

function isNew(c: Context, term: Term): term is Extract<Term, { kind: "var" }> {
  return term.kind === "var" && hasUnseen(c, term);
}

function isComposite(term: Term): term is Extract<Term, { kind: "array" | "object" }> {
  return term.kind === "array" || term.kind === "object";
}

function unifyPair(c: Context, [a, b]: Pair, rest: readonly Pair[], then: Then): void {
  const go = () => unifyAll(c, rest, then);
  if (a.kind === "array" && b.kind === "array") {
    if (a.items.length !== b.items.length) return c.emit({ kind: "BreakStmt", index: 0 });
    return unifyAll(c, [...a.items.map((item, i): Pair => [item, b.items[i] as Term]), ...rest], then);
  }
  if (a.kind === "object" && b.kind === "object") return unifyObjects(c, a, b, rest, then);
  if (
    (isComposite(a) && isComposite(b)) ||
    (isScalar(a) && isComposite(b)) ||
    (isComposite(a) && isScalar(b))
  ) {
    return c.emit({ kind: "BreakStmt", index: 0 });
  }
  // The side that is a pattern comes second; so does a comprehension that is compared with a ref.
  const second = isNew(c, a) || (isComposite(a) && !isNew(c, b)) || (isComprehension(a) && b.kind === "ref");
  const [known, pattern] = second ? [b, a] : [a, b];
  c.rooms.term(c, known, (value) => {
    // As in OPA, a comprehension is made only where it can equal the value: what it does wrong is told only then.
    const kinds = comparable[pattern.kind];
    if (kinds !== undefined && (known.kind === "ref" || known.kind === "var")) c.isOneOf(value, kinds);
    c.rooms.unifyOperand(c, value, pattern, go);
  });
}

/** The kinds of values with which OPA compares a comprehension. */
const comparable: { readonly [kind in Term["kind"]]?: readonly KindTest[] } = {
  "array-comprehension": ["IsArrayStmt", "IsSetStmt"],
  "object-comprehension": ["IsObjectStmt", "IsSetStmt"],
  "set-comprehension": ["IsSetStmt"],
};

function isScalar(term: Term): boolean {
  return term.kind === "null" || term.kind === "boolean" || term.kind === "number" || term.kind === "string";
}

function unifyObjects(c: Context, a: ObjectTerm, b: ObjectTerm, rest: readonly Pair[], then: Then): void {
  if (a.entries.length !== b.entries.length) return c.emit({ kind: "BreakStmt", index: 0 });
  const constant = (object: ObjectTerm) => object.entries.every(([key]) => isGround(key));
  if (constant(a) && constant(b)) {
    const values = new Map(b.entries.map(([key, value]) => [termKey(key), value]));
    const pairs: Pair[] = [];
    for (const [key, value] of a.entries) {
      const other = values.get(termKey(key));
      if (other === undefined) return c.emit({ kind: "BreakStmt", index: 0 });
      pairs.push([value, other]);
    }
    return unifyAll(c, [...pairs, ...rest], then);
  }
  const go = () => unifyAll(c, rest, then);
  if (!hasUnseen(c, a)) return c.rooms.term(c, a, (value) => c.rooms.unifyOperand(c, value, b, go));
  if (!hasUnseen(c, b)) return c.rooms.term(c, b, (value) => c.rooms.unifyOperand(c, value, a, go));
  matchEntries(c, a.entries, b.entries, [], rest, then);
}

/** Both sides hold new variables and some key is known only at run time: every way in which the keys can be equal is tried. */
function matchEntries(
  c: Context,
  left: ObjectTerm["entries"],
  right: ObjectTerm["entries"],
  pairs: readonly Pair[],
  rest: readonly Pair[],
  then: Then,
): void {
  const [first, ...others] = left;
  if (first === undefined) return unifyAll(c, [...pairs, ...rest], then);
  c.blocks(
    ...right.map((candidate) => () => {
      c.rooms.terms(c, [first[0], candidate[0]], ([a, b]) => {
        if (a === undefined || b === undefined) return;
        c.emit({ kind: "EqualStmt", a, b });
        const remaining = right.filter((entry) => entry !== candidate);
        matchEntries(c, others, remaining, [...pairs, [first[1], candidate[1]]], rest, then);
      });
    }),
  );
}

export function planUnifyOperand(c: Context, a: Operand, b: Term, then: Then): void {
  if (b.kind === "string" && a.type === "string_index")
    return decided(c, c.shared.tables.strings[a.value] === b.value, then);
  if (b.kind === "boolean" && a.type === "bool") return decided(c, a.value === b.value, then);
  if (isNew(c, b)) {
    c.vars.bind(b.name, settled(c, a));
    return then();
  }
  if (b.kind === "array" && !isGround(b)) return unifyArray(c, a, b.items, then);
  if (b.kind === "object" && !isGround(b)) return unifyObject(c, a, b, then);
  c.rooms.term(c, b, (value) => {
    c.emit({ kind: "EqualStmt", a, b: value });
    then();
  });
}

function decided(c: Context, equal: boolean, then: Then): void {
  if (equal) then();
  else c.emit({ kind: "BreakStmt", index: 0 });
}

/** A variable keeps the value it got when `with` changes input and data; and it is a value of its own, no place in a base document. */
function settled(c: Context, operand: Operand): Operand {
  if (operand.type !== "local" || (operand.value > 1 && !c.fromData.has(operand.value))) return operand;
  const target = c.local();
  c.emit({ kind: "AssignVarStmt", source: operand, target });
  return local(target);
}

function checkLength(c: Context, source: Operand, length: number): void {
  const [actual, wanted] = [c.local(), c.local()];
  c.emit({ kind: "LenStmt", source, target: actual });
  c.emit({ kind: "MakeNumberIntStmt", value: length, target: wanted });
  c.emit({ kind: "EqualStmt", a: local(actual), b: local(wanted) });
}

function unifyArray(c: Context, a: Operand, items: readonly Term[], then: Then): void {
  c.emit({ kind: "IsArrayStmt", source: a });
  checkLength(c, a, items.length);
  const element = (i: number): void => {
    const item = items[i];
    if (item === undefined) return then();
    const [index, value] = [c.local(), c.local()];
    c.emit({ kind: "MakeNumberIntStmt", value: i, target: index });
    c.emit({ kind: "DotStmt", source: a, key: local(index), target: value });
    planUnifyOperand(c, local(value), item, () => element(i + 1));
  };
  element(0);
}

function unifyObject(c: Context, a: Operand, b: ObjectTerm, then: Then): void {
  c.emit({ kind: "IsObjectStmt", source: a });
  checkLength(c, a, b.entries.length);
  const entry = (i: number): void => {
    const [key, pattern] = b.entries[i] ?? [];
    if (key === undefined || pattern === undefined) return then();
    c.rooms.term(c, key, (at) => {
      const value = c.local();
      c.emit({ kind: "DotStmt", source: a, key: at, target: value });
      planUnifyOperand(c, local(value), pattern, () => entry(i + 1));
    });
  };
  entry(0);
}
