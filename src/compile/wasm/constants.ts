// Collections of constants that a block makes anew each time although they are always the same. In: statements of a block. Out: which of them make such a
// collection, and of what. Sets of texts and arrays of texts and numbers; only where nothing else in the function changes the collection.

import { fieldsOf } from "../ir/fields.ts";
import type { Block, Local, Stmt } from "../ir/ir.ts";
import { visitStmts } from "../ir/walk.ts";

/** By index of strings: a text, or the literal of a number. */
export interface ConstantItem {
  readonly kind: "text" | "number";
  readonly index: number;
}

export interface ConstantCollection {
  readonly kind: "array" | "set";
  readonly target: Local;
  readonly items: readonly ConstantItem[];
  /** Statements that it takes the place of. */
  readonly length: number;
}

/** How often statements change the collection in a local. */
export function updatesOf(blocks: readonly Block[]): ReadonlyMap<Local, number> {
  const found = new Map<Local, number>();
  visitStmts(blocks, (stmt) => {
    for (const [, role, value] of fieldsOf(stmt))
      if (role === "update") found.set(value as Local, (found.get(value as Local) ?? 0) + 1);
  });
  return found;
}

/** The collection that the statements from `at` on make, if it has members and all of them are constants. */
export function constantAt(
  stmts: readonly Stmt[],
  at: number,
  updates: ReadonlyMap<Local, number>,
  counts: ReadonlyMap<Local, number>,
): ConstantCollection | undefined {
  const make = stmts[at]!;
  if (make.kind !== "MakeSetStmt" && make.kind !== "MakeArrayStmt") return undefined;
  const { target } = make;
  const kind = make.kind === "MakeSetStmt" ? "set" : "array";
  const items: ConstantItem[] = [];
  let end = at + 1;
  for (let next = stmts[end]; next !== undefined; next = stmts[end]) {
    // A number is made just before it is put in, and used for nothing else.
    const number = kind === "array" && next.kind === "MakeNumberRefStmt" ? next : undefined;
    const add = number === undefined ? next : stmts[end + 1];
    const value =
      add?.kind === "SetAddStmt" && add.set === target && kind === "set"
        ? add.value
        : add?.kind === "ArrayAppendStmt" && add.array === target && kind === "array"
          ? add.value
          : undefined;
    if (value === undefined) break;
    if (number !== undefined) {
      if (value.type !== "local" || value.value !== number.target || counts.get(number.target) !== 2)
        return undefined;
      items.push({ kind: "number", index: number.index });
      end += 2;
    } else {
      if (value.type !== "string_index") return undefined;
      items.push({ kind: "text", index: value.value });
      end += 1;
    }
  }
  // Each statement that changes it must be one of these, or what is static would change.
  if (items.length === 0 || updates.get(target) !== items.length) return undefined;
  return { kind, target, items, length: end - at };
}
