// A path into the input, written as one lookup behind another, as one look into the cell at its end. In: statements of a block. Out: instructions.
// Only where nobody else asks for what stands on the way.

import type { Local, Stmt } from "../ir/ir.ts";
import { emitCell, failUnless, type FunctionContext, push } from "./context.ts";

type Dot = Stmt & { readonly kind: "DotStmt" };

/** The lookups that begin at `index` and of which each goes on from what the one before gave, which nothing else uses. */
export function dotsBehind(
  stmts: readonly Stmt[],
  index: number,
  counts: () => ReadonlyMap<Local, number>,
): readonly Dot[] {
  const found: Dot[] = [];
  for (let at = index; at < stmts.length; at++) {
    const stmt = stmts[at]!;
    const last = found.at(-1);
    if (stmt.kind !== "DotStmt") break;
    if (last !== undefined) {
      const goesOn = stmt.source.type === "local" && stmt.source.value === last.target;
      // Its definition and this use.
      if (!goesOn || counts().get(last.target) !== 2) break;
    }
    found.push(stmt);
  }
  return found;
}

/** Emits as many of them as lead to a cell of the input: how many, which may be none. */
export function emitCellPath(context: FunctionContext, dots: readonly Dot[]): number {
  for (let count = dots.length; count > 0; count--) if (emitted(context, dots.slice(0, count))) return count;
  return 0;
}

function emitted(context: FunctionContext, dots: readonly Dot[]): boolean {
  const { code, known, locals, module } = context;
  const [first] = dots;
  const last = dots.at(-1);
  if (first === undefined || last === undefined || first.source.type !== "local") return false;
  const { fromData = false, path: start } = known.of(first.source.value);
  let path = start;
  for (const { key } of dots) {
    if (path === undefined || key.type !== "string_index") return false;
    path = `${path}.${JSON.stringify(module.stringText(key.value))}`;
  }
  const cell = path === undefined ? undefined : module.cell(path);
  if (cell === undefined) return false;
  const target = locals.of(last.target);
  // A path of input is only known where input is local 0.
  emitCell(context, cell, target, () => {
    push(context, first.source);
    for (const { key } of dots) {
      push(context, key);
      code.call(module.runtime("value_member"));
    }
  });
  code.get(target);
  failUnless(context);
  known.set(last.target, { path, fromData });
  return true;
}
