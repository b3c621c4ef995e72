// What a function does with its locals: which it reads, so that values nobody looks at are not made; which it assigns where; and, while it
// is emitted, what a local is known to hold. In: blocks of the plan. Out: sets of locals, and the Known table that emitters keep.

import { fieldsOf } from "../ir/fields.ts";
import type { Block, Local, Operand, Stmt } from "../ir/ir.ts";
import { visitStmts } from "../ir/walk.ts";

const INPUT: Local = 0;
const DATA: Local = 1;

/** What a local holds at the point that is being emitted. */
export interface Knowledge {
  /** The value at this ground path of input or data; equal paths, equal texts. */
  readonly path?: string | undefined;
  /** Looked up in `data` step by step, not assigned from a variable. */
  readonly fromData?: boolean;
}

/** Follows statements in the order of emission. What a block assigns is not known behind it, nor at the start of a further turn of a loop. */
export class Known {
  readonly #facts = new Map<Local, Knowledge>();

  constructor(blocks: readonly Block[]) {
    // A function that replaces input or data for some of its statements has no path that always means the same.
    const replaces = blocks.some((block) => block.stmts.some(replacesDocument));
    if (!replaces) this.#facts.set(INPUT, { path: "input" });
    this.#facts.set(DATA, { path: replaces ? undefined : "data", fromData: true });
  }

  of(local: Local): Knowledge {
    return this.#facts.get(local) ?? {};
  }

  set(local: Local, knowledge: Knowledge): void {
    this.#facts.set(local, knowledge);
  }

  forget(locals: Iterable<Local>): void {
    for (const local of locals) this.#facts.delete(local);
  }
}

function replacesDocument(stmt: Stmt): boolean {
  if (stmt.kind === "WithStmt") return true;
  for (const [, role, value] of fieldsOf(stmt)) {
    if (role === "def" && ((value as Local) === INPUT || (value as Local) === DATA)) return true;
    if (role === "block" && (value as Block).stmts.some(replacesDocument)) return true;
    if (role === "blocks" && (value as readonly Block[]).some((block) => block.stmts.some(replacesDocument)))
      return true;
  }
  return false;
}

export function localsRead(blocks: readonly Block[]): ReadonlySet<Local> {
  const reads = new Set<Local>();
  for (const block of blocks) readsOf(block, reads);
  return reads;
}

function readsOf(block: Block, reads: Set<Local>): void {
  const operand = (value: Operand): void => {
    if (value.type === "local") reads.add(value.value);
  };
  for (const stmt of block.stmts) {
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "use" || role === "update" || role === "check") reads.add(value as Local);
      else if (role === "uses") for (const local of value as readonly Local[]) reads.add(local);
      else if (role === "operand") operand(value as Operand);
      else if (role === "operands") (value as readonly Operand[]).forEach(operand);
      else if (role === "block") readsOf(value as Block, reads);
      else if (role === "blocks") for (const inner of value as readonly Block[]) readsOf(inner, reads);
    }
  }
}

/** Ground paths of input and data, spelled as `Knowledge` spells them, that are looked up in more than one place of these blocks. */
export function repeatedPaths(blocks: readonly Block[], strings: readonly string[]): ReadonlySet<string> {
  const paths = new Map<Local, string>([
    [INPUT, "input"],
    [DATA, "data"],
  ]);
  const seen = new Set<string>();
  const repeated = new Set<string>();
  visitStmts(blocks, (stmt) => {
    if (stmt.kind !== "DotStmt" || stmt.source.type !== "local" || stmt.key.type !== "string_index") return;
    const from = paths.get(stmt.source.value);
    if (from === undefined) return;
    const path = `${from}.${JSON.stringify(strings[stmt.key.value] ?? "")}`;
    paths.set(stmt.target, path);
    if (seen.has(path)) repeated.add(path);
    else seen.add(path);
  });
  return repeated;
}

const assignedIn = new WeakMap<Block, ReadonlySet<Local>>();

/** The locals that some statement in a block assigns. */
export function localsAssigned(block: Block): ReadonlySet<Local> {
  const known = assignedIn.get(block);
  if (known !== undefined) return known;
  const assigned = new Set<Local>();
  const add = (inner: Block): void => {
    for (const local of localsAssigned(inner)) assigned.add(local);
  };
  for (const stmt of block.stmts) {
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "def") assigned.add(value as Local);
      else if (role === "block") add(value as Block);
      else if (role === "blocks") (value as readonly Block[]).forEach(add);
    }
  }
  assignedIn.set(block, assigned);
  return assigned;
}

/**
 * Whether a further turn of a loop leaves no trace but the constants it assigns once: it adds to no collection from outside, and gives no
 * local a second value that would have to be compared with the first.
 */
export function repeatsSilently(body: Block): boolean {
  const own = localsAssigned(body);
  const reset = new Set<Local>();
  const silent = (stmt: Stmt): boolean => {
    if (stmt.kind === "ResetLocalStmt") reset.add(stmt.target);
    if (stmt.kind === "ResultSetAddStmt" || stmt.kind === "ReturnLocalStmt") return false;
    if (stmt.kind === "AssignVarOnceStmt" && stmt.source.type === "local" && !reset.has(stmt.target))
      return false;
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "update" && !own.has(value as Local)) return false;
      if (role === "block" && !(value as Block).stmts.every(silent)) return false;
      if (role === "blocks" && !(value as readonly Block[]).every((block) => block.stmts.every(silent)))
        return false;
    }
    return true;
  };
  return body.stmts.every(silent);
}
