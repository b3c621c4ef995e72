// Which scans of base documents an equality restricts. In: the scan and what is known where it stands. Out: where in each element which
// value must stand. Looks only at the statements at the start of a turn that leave no trace, so the elements left out would do nothing.

import type { Local, Operand, Stmt, StmtOf } from "../ir/ir.ts";
import { localsAssigned } from "./facts.ts";
import type { Address } from "./statics.ts";

/** Keys from a local that does not change in the loop, or a constant. */
export type Source =
  | { readonly kind: "place"; readonly root: Local; readonly keys: readonly number[] }
  | { readonly kind: "constant"; readonly operand: Operand };

export interface Restriction {
  /** Keys from the element, indices of strings. */
  readonly keys: readonly number[];
  readonly equals: Source;
}

const MOST = 4;

interface Place {
  readonly root: Local;
  readonly keys: readonly number[];
}

export function restrictions(scan: StmtOf<"ScanStmt">): Restriction[] {
  const changing = localsAssigned(scan.block);
  const places = new Map<Local, Place>();
  const found = new Map<string, Restriction>();
  const placeOf = (operand: Operand): Place | undefined => {
    if (operand.type !== "local") return undefined;
    const { value } = operand;
    if (value === scan.value && !changing.has(value)) return { root: value, keys: [] };
    return (
      places.get(value) ?? (value === scan.key || changing.has(value) ? undefined : { root: value, keys: [] })
    );
  };
  const sourceOf = (operand: Operand): Source | undefined => {
    if (operand.type !== "local") return { kind: "constant", operand };
    const place = placeOf(operand);
    return place === undefined || place.root === scan.value ? undefined : { kind: "place", ...place };
  };
  const restrict = (element: Operand, other: Operand): void => {
    const place = placeOf(element);
    const equals = sourceOf(other);
    if (place?.root !== scan.value || equals === undefined || found.size === MOST) return;
    const key = place.keys.join();
    if (!found.has(key)) found.set(key, { keys: place.keys, equals });
  };
  const assigned = new Set<Local>();
  for (const stmt of scan.block.stmts) {
    if (!isSilent(stmt)) break;
    if (stmt.kind === "EqualStmt") {
      restrict(stmt.a, stmt.b);
      restrict(stmt.b, stmt.a);
    }
    if (stmt.kind !== "DotStmt") continue;
    const from = placeOf(stmt.source);
    // A local that is assigned twice says nothing certain.
    if (from !== undefined && stmt.key.type === "string_index" && !assigned.has(stmt.target))
      places.set(stmt.target, { root: from.root, keys: [...from.keys, stmt.key.value] });
    else places.delete(stmt.target);
    assigned.add(stmt.target);
  }
  return [...found.values()];
}

const SILENT: ReadonlySet<Stmt["kind"]> = new Set<Stmt["kind"]>([
  "DotStmt",
  "EqualStmt",
  "NotEqualStmt",
  "IsDefinedStmt",
  "IsUndefinedStmt",
  "IsArrayStmt",
  "IsObjectStmt",
  "IsSetStmt",
  "NopStmt",
]);

function isSilent(stmt: Stmt): boolean {
  return SILENT.has(stmt.kind);
}

/** An index that the module asks for when data is there. */
export interface IndexSite {
  /** Word that holds its address. */
  readonly cell: Address;
  /** Keys from `data`. */
  readonly path: readonly string[];
  /** Address of the array of arrays of keys. */
  readonly places: number;
}

/** The keys of a path as `Known` spells it, if it leads into data. */
export function dataPath(path: string | undefined): string[] | undefined {
  if (path === undefined || !path.startsWith("data.")) return undefined;
  return Array.from(path.matchAll(/"(?:[^"\\]|\\.)*"/g), ([key]) => JSON.parse(key) as string);
}
