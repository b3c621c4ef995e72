// What blocks do with locals, so that blocks can be moved into functions of their own, run in loops, or stand for others. In: blocks of a plan.
// Out: which locals they use, which come in with a value, which go out with one. Changes nothing.

import { fieldsOf } from "../ir/fields.ts";
import type { Block, Local, Operand, Stmt } from "../ir/ir.ts";

/** Which locals stand in blocks, how often, and which of them bring a value into one of the blocks. */
export class Uses {
  readonly counts = new Map<Local, number>();
  readonly assigned = new Set<Local>();
  /** Read in a block where the block has not certainly assigned them before. */
  readonly carried = new Set<Local>();
  /** Control leaves the blocks other than at their ends: a return, a break to blocks around them, an addition to the result set. */
  escapes = false;

  /** All uses of blocks that come one after the other. */
  static of(blocks: readonly Block[]): Uses {
    const all = new Uses();
    for (const block of blocks) {
      const { counts, assigned, carried } = usesOf(block);
      for (const [local, uses] of counts) all.counts.set(local, (all.counts.get(local) ?? 0) + uses);
      for (const local of assigned) all.assigned.add(local);
      for (const local of carried) all.carried.add(local);
    }
    return all;
  }

  constructor(block?: Block) {
    if (block !== undefined) this.#block(block, new Set(), 1);
  }

  #block(block: Block, before: ReadonlySet<Local>, depth: number): void {
    const has = new Set(before);
    for (const stmt of block.stmts) this.#stmt(stmt, has, depth);
  }

  #stmt(stmt: Stmt, has: Set<Local>, depth: number): void {
    if (stmt.kind === "ReturnLocalStmt" || stmt.kind === "ResultSetAddStmt") this.escapes = true;
    if (stmt.kind === "BreakStmt" && stmt.index >= depth) this.escapes = true;
    const defined: Local[] = [];
    const nested: Block[] = [];
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "def") defined.push(value as Local);
      else if (role === "use" || role === "update" || role === "check") this.#read(value as Local, has);
      else if (role === "uses") for (const local of value as readonly Local[]) this.#read(local, has);
      else if (role === "operand") this.#operand(value as Operand, has);
      else if (role === "operands")
        for (const operand of value as readonly Operand[]) this.#operand(operand, has);
      else if (role === "block") nested.push(value as Block);
      else if (role === "blocks") nested.push(...(value as readonly Block[]));
    }
    // A second value for a local that is assigned once is compared with the first.
    if (stmt.kind === "AssignVarOnceStmt") this.#read(stmt.target, has);
    for (const local of defined) {
      this.#count(local);
      this.assigned.add(local);
    }
    // What a scan assigns stands only in its block.
    const inside = stmt.kind === "ScanStmt" ? new Set([...has, ...defined]) : has;
    for (const block of nested) this.#block(block, inside, depth + 1);
    if (stmt.kind !== "ScanStmt") for (const local of defined) has.add(local);
  }

  #count(local: Local): void {
    this.counts.set(local, (this.counts.get(local) ?? 0) + 1);
  }

  #read(local: Local, has: ReadonlySet<Local>): void {
    this.#count(local);
    if (!has.has(local)) this.carried.add(local);
  }

  #operand(operand: Operand, has: ReadonlySet<Local>): void {
    if (operand.type === "local") this.#read(operand.value, has);
  }
}

const known = new WeakMap<Block, Uses>();

/** The uses of one block, which is looked at once. */
export function usesOf(block: Block): Uses {
  let found = known.get(block);
  if (found === undefined) {
    found = new Uses(block);
    known.set(block, found);
  }
  return found;
}

/**
 * Locals of a function whose blocks are looked at: in a list of blocks that is the whole function, or that stands somewhere inside it. The blocks
 * of a function come one after the other, so a local that each of them assigns before it reads it is private to each of them, even where
 * long functions use its number again.
 */
export class Scope {
  readonly all: Uses;
  readonly params: ReadonlySet<Local>;
  readonly nested: boolean;

  constructor(all: Uses, params: readonly Local[], nested: boolean) {
    this.all = all;
    this.params = new Set(params);
    this.nested = nested;
  }

  /** Whether a local of these blocks may have a value from outside of them, or give one to it. */
  isShared(local: Local, { counts }: Uses): boolean {
    if (this.params.has(local)) return true;
    if (this.all.counts.get(local) === counts.get(local)) return false;
    return this.nested || this.all.carried.has(local);
  }
}

export interface Traffic {
  /** Locals that stand in the blocks and outside of them: parameters of a function with these blocks. */
  readonly shared: readonly Local[];
  /** The ones among them that the blocks assign. */
  readonly assigned: readonly Local[];
}

/** What goes in and out of blocks, but for the locals in `own`. */
export function traffic(blocks: readonly Block[], scope: Scope, own: ReadonlySet<Local>): Traffic {
  const shared = new Set<Local>();
  const assigned = new Set<Local>();
  for (const block of blocks) {
    const within = usesOf(block);
    for (const local of within.counts.keys()) {
      if (own.has(local) || !scope.isShared(local, within)) continue;
      shared.add(local);
      if (within.assigned.has(local)) assigned.add(local);
    }
  }
  const sorted = (locals: ReadonlySet<Local>): Local[] => [...locals].sort((a, b) => a - b);
  return { shared: sorted(shared), assigned: sorted(assigned) };
}
