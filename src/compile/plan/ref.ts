// Refs. In: a ref over input, a local or data. Out: statements that look it up, with loops over what its unbound variables can be.
// Over `data`, rules (virtual documents) come before base documents at the same path, and whole documents are merged from both.

import type { RefTerm, Term } from "../../syntax/ast.ts";
import { isGround } from "../check/walk.ts";
import type { Local, Operand } from "../ir/ir.ts";
import { bool, type Context, DATA, INPUT, local, type Then, type WithOperand } from "./context.ts";
import { masked } from "./environment.ts";
import { type Group, termKey, type TrieNode } from "./rule-trie.ts";
import { hasUnseen } from "./term.ts";

export function planRef(c: Context, ref: RefTerm, then: WithOperand): void {
  const [head, ...rest] = ref.terms;
  if (head.kind === "var" && head.name === "data") return planData(c, rest, then);
  if (head.kind === "var" && head.name === "input") {
    if (rest.length === 0) c.emit({ kind: "IsDefinedStmt", source: 0 });
    return lookUp(c, INPUT, rest, then);
  }
  c.rooms.term(c, head, (value) => lookUp(c, value, rest, then));
}

/** Follows the path through a value: known steps are looked up, others searched. */
function lookUp(c: Context, source: Operand, path: readonly Term[], then: WithOperand): void {
  const [step, ...rest] = path;
  if (step === undefined) return then(source);
  if (hasUnseen(c, step)) return scan(c, source, step, (value) => lookUp(c, value, rest, then));
  c.rooms.term(c, step, (key) => {
    const target = c.local();
    c.emit({ kind: "DotStmt", source, key, target });
    if (source.type === "local" && c.fromData.has(source.value)) c.fromData.add(target);
    lookUp(c, local(target), rest, then);
  });
}

/** Loops over a collection, binding the variables of `pattern` to the keys (the members, in a set). */
function scan(c: Context, source: Operand, pattern: Term, then: WithOperand): void {
  const [key, value] = [c.local(), c.local()];
  const block = c.nested(() => {
    stopWhenDone(c);
    c.rooms.unifyOperand(c, local(key), pattern, () => then(local(value)));
  });
  c.emit({ kind: "ScanStmt", source: asLocal(c, source), key, value, block });
}

/** At the start of a loop's body: nothing is left to find if the rule has its one possible value. */
function stopWhenDone(c: Context): void {
  if (c.done !== undefined) c.emit({ kind: "IsUndefinedStmt", source: c.done });
}

export function asLocal(c: Context, operand: Operand): Local {
  if (operand.type === "local") return operand.value;
  const target = c.local();
  c.emit({ kind: "AssignVarStmt", source: operand, target });
  return target;
}

/** A place in `data`: what rules there are, and how to get to the base document. */
interface Place {
  readonly node: TrieNode | undefined;
  readonly base: readonly Term[];
}

function planData(c: Context, path: readonly Term[], then: WithOperand): void {
  const { trie } = c.shared;
  descend(c, { node: masked(c.env, trie.path) ? undefined : trie, base: [] }, path, then);
}

function descend(c: Context, place: Place, path: readonly Term[], then: WithOperand): void {
  const { node, base } = place;
  const [step, ...rest] = path;
  if (node === undefined && base.length + path.length > 0) return lookUp(c, DATA, [...base, ...path], then);
  if (step === undefined) return planExtent(c, place, then);
  if (isGround(step)) return descendTo(c, place, step, rest, then);
  if (!hasUnseen(c, step)) {
    return c.rooms.term(c, step, (key) => choose(c, place, { key, step, rest }, then));
  }
  enumerate(c, place, step, (key) => choose(c, place, { key, step, rest }, then));
}

function childOf(c: Context, node: TrieNode | undefined, step: Term): TrieNode | undefined {
  const child = node?.child(step);
  return child === undefined || masked(c.env, child.path) ? undefined : child;
}

function descendTo(c: Context, place: Place, step: Term, rest: readonly Term[], then: WithOperand): void {
  const child = childOf(c, place.node, step);
  if (child?.group !== undefined) return planGroup(c, child.group, rest, then);
  descend(c, { node: child, base: [...place.base, step] }, rest, then);
}

/**
 * A document of rules. Where it is looked up by known keys, only the part below them is made: what rules have under other keys is
 * neither searched nor able to clash.
 */
function planGroup(c: Context, group: Group, rest: readonly Term[], then: WithOperand): void {
  // A function is no document.
  if (group.arity > 0) return c.emit({ kind: "BreakStmt", index: 0 });
  const unknown = rest.findIndex((step) => hasUnseen(c, step));
  const known = rest.slice(0, Math.min(group.depth, unknown < 0 ? rest.length : unknown));
  const keys = known.map((step) => (isGround(step) && step.kind !== "ref" ? step : undefined));
  const args = known.filter((_, i) => keys[i] === undefined).map((step) => c.rooms.value(c, step));
  lookUp(c, c.callGroup(group, args, c.env, keys), rest, then);
}

interface Choice {
  readonly key: Operand;
  /** The term that has the value `key`. */
  readonly step: Term;
  readonly rest: readonly Term[];
}

/** Goes on below `place` where the next key is known only at run time: one block for each key with rules, one for the others. */
function choose(c: Context, place: Place, choice: Choice, then: WithOperand): void {
  const { key, step, rest } = choice;
  const children =
    place.node === undefined
      ? []
      : c.shared.childrenOf(place.node).filter((child) => !masked(c.env, child.path));
  // Terms with searched parts inside `step` are bound by now, or `step` is a name for `key`.
  const base = (go: WithOperand) => lookUp(c, DATA, [...place.base, step, ...rest], go);
  if (children.length === 0) return base(then);
  const one = !rest.some((term) => hasUnseen(c, term));
  const result = c.local();
  if (one) c.emit({ kind: "ResetLocalStmt", target: result });
  const go: WithOperand = one
    ? (value) => c.emit({ kind: "AssignVarStmt", source: value, target: result })
    : then;
  // Blocks beside each other, so that many of them can be found by their keys.
  const found = c.local();
  c.emit({ kind: "ResetLocalStmt", target: found });
  c.blocks(
    ...children.map(
      (child): Then =>
        () => {
          c.rooms.term(c, child.term as Term, (name) => c.emit({ kind: "EqualStmt", a: key, b: name }));
          c.emit({ kind: "AssignVarStmt", source: bool(true), target: found });
          descendTo(c, place, child.term as Term, rest, go);
        },
    ),
    () => {
      // The key was another one: the base document is meant.
      c.emit({ kind: "IsUndefinedStmt", source: found });
      base(go);
    },
  );
  if (!one) return;
  c.emit({ kind: "IsDefinedStmt", source: result });
  then(local(result));
}

/** Loops over the keys at a place: those of the base document first, then those that only rules have. */
function enumerate(c: Context, place: Place, pattern: Term, then: WithOperand): void {
  const keys = c.local();
  const document = c.local();
  c.emit({ kind: "MakeArrayStmt", capacity: 0, target: keys });
  c.emit({ kind: "ResetLocalStmt", target: document });
  c.blocks(() =>
    lookUp(c, DATA, place.base, (value) => {
      c.emit({ kind: "AssignVarStmt", source: value, target: document });
      scanKeys(c, document, (key) => {
        if (place.base.length === 0) c.emit({ kind: "NotEqualStmt", a: key, b: c.string("system") });
        c.emit({ kind: "ArrayAppendStmt", value: key, array: keys });
      });
    }),
  );
  for (const child of place.node === undefined ? [] : c.shared.childrenOf(place.node)) {
    if (masked(c.env, child.path)) continue;
    c.blocks(() => {
      const name = c.rooms.value(c, child.term as Term);
      if (!isHidden(child)) {
        const inBase = c.nested(() => {
          c.emit({ kind: "IsDefinedStmt", source: document });
          c.emit({ kind: "DotStmt", source: local(document), key: name, target: c.local() });
        });
        c.emit({ kind: "NotStmt", block: inBase });
      }
      c.emit({ kind: "ArrayAppendStmt", value: name, array: keys });
    });
  }
  scanValues(c, keys, (key) => c.rooms.unifyOperand(c, key, pattern, () => then(key)));
}

function scanKeys(c: Context, source: Local, then: WithOperand): void {
  const [key, value] = [c.local(), c.local()];
  c.emit({ kind: "ScanStmt", source, key, value, block: c.nested(() => then(local(key))) });
}

export function scanValues(c: Context, source: Local, then: WithOperand): void {
  const [key, value] = [c.local(), c.local()];
  const block = c.nested(() => {
    stopWhenDone(c);
    then(local(value));
  });
  c.emit({ kind: "ScanStmt", source, key, value, block });
}

/** The whole document at a place: base and rules merged, base first where both have a value. */
function planExtent(c: Context, place: Place, then: WithOperand): void {
  const { node, base } = place;
  const virtual = node === undefined ? undefined : planVirtual(c, node);
  if (virtual === undefined && base.length > 0) return lookUp(c, DATA, base, then);
  const target = c.local();
  if (virtual === undefined) c.emit({ kind: "ResetLocalStmt", target });
  else c.emit({ kind: "AssignVarStmt", source: local(virtual), target });
  c.blocks(() => {
    const source = base.length === 0 ? local(withoutSystem(c)) : undefined;
    const merge: WithOperand = (value) => {
      c.emit({ kind: "AssignVarStmt", source: value, target });
      if (virtual === undefined) return;
      c.emit({ kind: "IsObjectStmt", source: value });
      c.emit({ kind: "ObjectMergeStmt", a: asLocal(c, value), b: virtual, target });
    };
    if (source !== undefined) merge(source);
    else lookUp(c, DATA, base, merge);
  });
  c.emit({ kind: "IsDefinedStmt", source: target });
  then(local(target));
}

/** `data` as a whole does not show `data.system`. */
function withoutSystem(c: Context): Local {
  const [target, key, value] = [c.local(), c.local(), c.local()];
  c.emit({ kind: "MakeObjectStmt", target });
  const block = c.nested(() => {
    c.emit({ kind: "NotEqualStmt", a: local(key), b: c.string("system") });
    c.emit({ kind: "ObjectInsertStmt", key: local(key), value: local(value), object: target });
  });
  c.emit({ kind: "ScanStmt", source: 1, key, value, block });
  return target;
}

/** An object of everything that rules below the node give. Undefined rules and functions are left out, empty packages are not. */
function planVirtual(c: Context, node: TrieNode): Local {
  const target = c.local();
  c.emit({ kind: "MakeObjectStmt", target });
  for (const child of c.shared.childrenOf(node)) {
    if (masked(c.env, child.path) || isHidden(child)) continue;
    const { group } = child;
    if (group !== undefined && group.arity > 0) continue;
    c.blocks(() => {
      const value = group === undefined ? local(planVirtual(c, child)) : c.callGroup(group, []);
      c.emit({ kind: "ObjectInsertStmt", key: c.rooms.value(c, child.term as Term), value, object: target });
    });
  }
  return target;
}

function isHidden(node: TrieNode): boolean {
  return node.path.length === 2 && node.path[1] !== undefined && termKey(node.path[1]) === '"system"';
}
