// Which locals a function reads, so that values nobody looks at are not made. In: blocks of the plan. Out: a set of locals.

import { fieldsOf } from "../ir/fields.ts";
import type { Block, Local, Operand } from "../ir/ir.ts";

export function localsRead(blocks: readonly Block[]): ReadonlySet<Local> {
  const reads = new Set<Local>();
  for (const block of blocks) visit(block, reads);
  return reads;
}

function visit(block: Block, reads: Set<Local>): void {
  const operand = (value: Operand): void => {
    if (value.type === "local") reads.add(value.value);
  };
  for (const stmt of block.stmts) {
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "use" || role === "update" || role === "check") reads.add(value as Local);
      else if (role === "uses") for (const local of value as readonly Local[]) reads.add(local);
      else if (role === "operand") operand(value as Operand);
      else if (role === "operands") (value as readonly Operand[]).forEach(operand);
      else if (role === "block") visit(value as Block, reads);
      else if (role === "blocks") for (const inner of value as readonly Block[]) visit(inner, reads);
    }
  }
}
