// What each field of each statement is: the one table that json, walk, print and validate read, so that a statement is described
// once. In: nothing. Out: STMT_FIELDS, in the order in which the fields are printed. It must list every field of every kind.

import type { Stmt, StmtKind, StmtOf } from "./ir.ts";

/**
 * - use, def, update: a local that is read, assigned, or changed in place; check: a local that may be undefined
 * - operand, operands, uses: values that are read
 * - int: a plain number; func: name of a Func or builtin; string, strings: indices into Static.strings
 * - block, blocks: nested code
 */
export type FieldRole =
  | "use"
  | "def"
  | "update"
  | "check"
  | "operand"
  | "operands"
  | "uses"
  | "int"
  | "func"
  | "string"
  | "strings"
  | "block"
  | "blocks";

type FieldsOf<K extends StmtKind> = Readonly<Record<Exclude<keyof StmtOf<K>, "kind" | "at">, FieldRole>>;

export const STMT_FIELDS: { readonly [K in StmtKind]: FieldsOf<K> } = {
  ArrayAppendStmt: { value: "operand", array: "update" },
  AssignIntStmt: { value: "int", target: "def" },
  AssignVarStmt: { source: "operand", target: "def" },
  AssignVarOnceStmt: { source: "operand", target: "def" },
  BlockStmt: { blocks: "blocks" },
  BreakStmt: { index: "int" },
  CallStmt: { func: "func", args: "operands", result: "def" },
  CallDynamicStmt: { args: "uses", path: "operands", result: "def" },
  DotStmt: { source: "operand", key: "operand", target: "def" },
  EqualStmt: { a: "operand", b: "operand" },
  IsArrayStmt: { source: "operand" },
  IsDefinedStmt: { source: "check" },
  IsObjectStmt: { source: "operand" },
  IsSetStmt: { source: "operand" },
  IsUndefinedStmt: { source: "check" },
  LenStmt: { source: "operand", target: "def" },
  MakeArrayStmt: { capacity: "int", target: "def" },
  MakeNullStmt: { target: "def" },
  MakeNumberIntStmt: { value: "int", target: "def" },
  MakeNumberRefStmt: { index: "string", target: "def" },
  MakeObjectStmt: { target: "def" },
  MakeSetStmt: { target: "def" },
  MarkStmt: { mark: "int", values: "operands" },
  NopStmt: {},
  NotEqualStmt: { a: "operand", b: "operand" },
  NotStmt: { block: "block" },
  ObjectInsertStmt: { key: "operand", value: "operand", object: "update" },
  ObjectInsertOnceStmt: { key: "operand", value: "operand", object: "update" },
  ObjectMergeStmt: { a: "use", b: "use", target: "def" },
  ResetLocalStmt: { target: "def" },
  ResultSetAddStmt: { value: "use" },
  ReturnLocalStmt: { source: "check" },
  ScanStmt: { source: "use", key: "def", value: "def", block: "block" },
  SetAddStmt: { value: "operand", set: "update" },
  WithStmt: { local: "check", path: "strings", value: "operand", block: "block" },
};

type Field = readonly [name: string, role: FieldRole, value: unknown];

const ENTRIES = new Map(
  Object.entries(STMT_FIELDS).map(([kind, fields]) => [
    kind,
    Object.entries(fields) as readonly (readonly [string, FieldRole])[],
  ]),
);

/** The fields of a statement with their roles and values, in printing order. */
export function fieldsOf(stmt: Stmt): readonly Field[] {
  const values = stmt as unknown as Readonly<Record<string, unknown>>;
  const found: Field[] = [];
  for (const [name, role] of ENTRIES.get(stmt.kind) ?? []) found.push([name, role, values[name]]);
  return found;
}

export function isStmtKind(name: string): name is StmtKind {
  return Object.hasOwn(STMT_FIELDS, name);
}
