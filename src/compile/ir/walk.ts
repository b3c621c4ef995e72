// Goes over plans: which blocks a statement holds, which locals it reads and assigns, every statement below a list of blocks.
// In: parts of a Policy. Out: views and visits. It never changes a plan.

import { fieldsOf } from "./fields.ts";
import type { Block, Local, Operand, Policy, Stmt } from "./ir.ts";

/** The blocks directly inside a statement. */
export function childBlocks(stmt: Stmt): readonly Block[] {
  switch (stmt.kind) {
    case "BlockStmt":
      return stmt.blocks;
    case "NotStmt":
    case "ScanStmt":
    case "WithStmt":
      return [stmt.block];
    default:
      return [];
  }
}

/** Calls `visit` for every statement, outer before inner, in order. `depth` counts the blocks around it, from 1. */
export function visitStmts(
  blocks: readonly Block[],
  visit: (stmt: Stmt, depth: number) => void,
  depth = 1,
): void {
  for (const block of blocks) {
    for (const stmt of block.stmts) {
      visit(stmt, depth);
      visitStmts(childBlocks(stmt), visit, depth + 1);
    }
  }
}

/** Every statement of all plans and functions. */
export function visitPolicy(policy: Policy, visit: (stmt: Stmt, depth: number) => void): void {
  for (const plan of policy.plans) visitStmts(plan.blocks, visit);
  for (const func of policy.funcs) visitStmts(func.blocks, visit);
}

/** The operands a statement reads (without those of nested blocks). */
export function operandsOf(stmt: Stmt): Operand[] {
  const found: Operand[] = [];
  for (const [, role, value] of fieldsOf(stmt)) {
    if (role === "operand") found.push(value as Operand);
    else if (role === "operands") found.push(...(value as readonly Operand[]));
  }
  return found;
}

/** The locals a statement reads, tests or changes in place (without those of nested blocks). */
export function localsRead(stmt: Stmt): Local[] {
  const found: Local[] = operandsOf(stmt).flatMap((operand) =>
    operand.type === "local" ? [operand.value] : [],
  );
  for (const [, role, value] of fieldsOf(stmt)) {
    if (role === "use" || role === "update" || role === "check") found.push(value as Local);
    else if (role === "uses") found.push(...(value as readonly Local[]));
  }
  return found;
}

/** The locals a statement assigns (without those of nested blocks). */
export function localsAssigned(stmt: Stmt): Local[] {
  const found: Local[] = [];
  for (const [, role, value] of fieldsOf(stmt)) if (role === "def") found.push(value as Local);
  return found;
}

/** One more than the highest local that the blocks or `params` name. */
export function localCount(blocks: readonly Block[], params: readonly Local[] = []): number {
  let count = Math.max(2, ...params.map((local) => local + 1));
  visitStmts(blocks, (stmt) => {
    for (const local of localsRead(stmt)) count = Math.max(count, local + 1);
    for (const local of localsAssigned(stmt)) count = Math.max(count, local + 1);
  });
  return count;
}
