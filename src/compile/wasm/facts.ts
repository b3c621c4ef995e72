// What a function does with its locals: which it reads, so that values nobody looks at are not made; which come straight from `data`;
// which hold one number for good. In: blocks of the plan. Out: sets and maps of locals.

import { fieldsOf } from "../ir/fields.ts";
import type { Block, Local, Operand, Static, Stmt } from "../ir/ir.ts";

const INPUT: Local = 0;
const DATA: Local = 1;

export interface LocalFacts {
  readonly reads: ReadonlySet<Local>;
  /** `data` and what is looked up in it step by step; a variable that was assigned such a value is not among them. */
  readonly fromData: ReadonlySet<Local>;
  /** Locals that are only ever assigned this number. */
  readonly numbers: ReadonlyMap<Local, string>;
  /** Locals that only ever hold what stands at a ground path of input or data; equal paths, equal texts. */
  readonly paths: ReadonlyMap<Local, string>;
}

export function localFacts(blocks: readonly Block[], constants: Static): LocalFacts {
  const fromData = new Set([DATA]);
  const numbers = new Map<Local, string>();
  const assigned = new Map<Local, number>();
  const visit = (stmt: Stmt): void => {
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "def") assigned.set(value as Local, (assigned.get(value as Local) ?? 0) + 1);
      else if (role === "block") (value as Block).stmts.forEach(visit);
      else if (role === "blocks") for (const inner of value as readonly Block[]) inner.stmts.forEach(visit);
    }
    if (stmt.kind === "MakeNumberRefStmt") numbers.set(stmt.target, constants.strings[stmt.index] ?? "");
    if (stmt.kind === "MakeNumberIntStmt") numbers.set(stmt.target, String(stmt.value));
    if (stmt.kind === "DotStmt" && stmt.source.type === "local" && fromData.has(stmt.source.value))
      fromData.add(stmt.target);
  };
  for (const block of blocks) block.stmts.forEach(visit);
  for (const [local, count] of assigned) {
    if (count === 1) continue;
    numbers.delete(local);
    if (local !== DATA) fromData.delete(local);
  }
  return { reads: localsRead(blocks), fromData, numbers, paths: groundPaths(blocks, constants, assigned) };
}

/** Paths from input or data by constant keys. None in a function that replaces input or data for some of its statements. */
function groundPaths(
  blocks: readonly Block[],
  constants: Static,
  assigned: ReadonlyMap<Local, number>,
): ReadonlyMap<Local, string> {
  const paths = new Map<Local, string>([
    [INPUT, "input"],
    [DATA, "data"],
  ]);
  let replaced = assigned.has(INPUT) || assigned.has(DATA);
  const visit = (stmt: Stmt): void => {
    if (stmt.kind === "WithStmt") replaced = true;
    if (stmt.kind === "DotStmt" && stmt.source.type === "local" && stmt.key.type === "string_index") {
      const parent = paths.get(stmt.source.value);
      if (parent !== undefined && assigned.get(stmt.target) === 1) {
        paths.set(stmt.target, `${parent}.${JSON.stringify(constants.strings[stmt.key.value])}`);
      }
    }
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "block") (value as Block).stmts.forEach(visit);
      else if (role === "blocks") for (const inner of value as readonly Block[]) inner.stmts.forEach(visit);
    }
  };
  for (const block of blocks) block.stmts.forEach(visit);
  return replaced ? new Map() : paths;
}

function localsRead(blocks: readonly Block[]): ReadonlySet<Local> {
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
