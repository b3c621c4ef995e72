// plan.json as OPA spells it, both ways. In: parsed JSON or a Policy. Out: a Policy or plain JSON data. Field names follow OPA's
// `v1/ir` (also the doubled `index`/`Index` of MakeNumberRefStmt). A document that is no plan is refused with its path; nothing is guessed.

import { PolicyError } from "../../error.ts";
import { fieldsOf, type FieldRole, isStmtKind, STMT_FIELDS } from "./fields.ts";
import type { At, Block, BuiltinFunc, Func, Operand, Plan, Policy, Stmt } from "./ir.ts";

type Json = Readonly<Record<string, unknown>>;

/** Reads OPA's plan.json. Throws PolicyError `invalid_input` naming the place. Fields that the contract has no room for are dropped. */
export function policyFromJson(json: unknown): Policy {
  const root = object(json, "plan");
  const fixed = optional(root.static, (value) => object(value, "static"), {});
  const constants = (name: string): string[] =>
    list(fixed[name], `static.${name}`, (item, at) => text(object(item, at).value, `${at}.value`));
  return {
    static: {
      strings: constants("strings"),
      builtinFuncs: list(fixed.builtin_funcs, "static.builtin_funcs", readBuiltin),
      files: constants("files"),
    },
    plans: list(optional(root.plans, (value) => object(value, "plans"), {}).plans, "plans.plans", readPlan),
    funcs: list(optional(root.funcs, (value) => object(value, "funcs"), {}).funcs, "funcs.funcs", readFunc),
  };
}

/** Writes what `policyFromJson` reads: plain data for JSON.stringify. */
export function policyToJson(policy: Policy): unknown {
  const constants = (values: readonly string[]) => values.map((value) => ({ value }));
  return {
    static: {
      strings: constants(policy.static.strings),
      builtin_funcs: policy.static.builtinFuncs.map(({ name, decl }) => ({ name, decl })),
      files: constants(policy.static.files),
    },
    plans: { plans: policy.plans.map((plan) => ({ name: plan.name, blocks: plan.blocks.map(writeBlock) })) },
    funcs: {
      funcs: policy.funcs.map((func) => ({
        name: func.name,
        params: [...func.params],
        return: func.return,
        blocks: func.blocks.map(writeBlock),
        ...(func.path === undefined ? {} : { path: [...func.path] }),
        ...(func.arity === undefined ? {} : { arity: func.arity }),
      })),
    },
  };
}

function readBuiltin(json: unknown, at: string): BuiltinFunc {
  const from = object(json, at);
  return { name: text(from.name, `${at}.name`), decl: object(from.decl, `${at}.decl`) };
}

function readPlan(json: unknown, at: string): Plan {
  const from = object(json, at);
  return { name: text(from.name, `${at}.name`), blocks: list(from.blocks, `${at}.blocks`, readBlock) };
}

function readFunc(json: unknown, at: string): Func {
  const from = object(json, at);
  return {
    name: text(from.name, `${at}.name`),
    params: list(from.params, `${at}.params`, local),
    return: local(from.return, `${at}.return`),
    blocks: list(from.blocks, `${at}.blocks`, readBlock),
    ...(from.path == null ? {} : { path: list(from.path, `${at}.path`, text) }),
    ...(from.arity == null ? {} : { arity: local(from.arity, `${at}.arity`) }),
  };
}

function readBlock(json: unknown, at: string): Block {
  return { stmts: list(object(json, at).stmts, `${at}.stmts`, readStmt) };
}

function readStmt(json: unknown, at: string): Stmt {
  const outer = object(json, at);
  const kind = text(outer.type, `${at}.type`);
  if (!isStmtKind(kind)) throw invalid(at, `unknown statement \`${kind}\``);
  const from = object(outer.stmt, `${at}.stmt`);
  const stmt: Record<string, unknown> = { kind };
  for (const [name, role] of Object.entries(STMT_FIELDS[kind]) as [string, FieldRole][]) {
    const value = name === "index" && from.index === undefined ? from.Index : from[name];
    stmt[name] = readField(role, value, `${at}.${kind}.${name}`);
  }
  stmt.at = readPosition(from, at);
  return stmt as unknown as Stmt;
}

function readField(role: FieldRole, json: unknown, at: string): unknown {
  switch (role) {
    case "use":
    case "def":
    case "update":
    case "check":
    case "string":
      return local(json, at);
    case "int":
      return integer(json, at);
    case "func":
      return text(json, at);
    case "operand":
      return readOperand(json, at);
    case "operands":
      return list(json, at, readOperand);
    case "uses":
    case "strings":
      return list(json, at, local);
    case "block":
      return readBlock(json, at);
    case "blocks":
      return list(json, at, readBlock);
  }
}

function readOperand(json: unknown, at: string): Operand {
  const from = object(json, at);
  switch (from.type) {
    case "local":
      return { type: "local", value: local(from.value, at) };
    case "string_index":
      return { type: "string_index", value: local(from.value, at) };
    case "bool":
      if (typeof from.value !== "boolean") throw invalid(at, "expected a boolean");
      return { type: "bool", value: from.value };
    default:
      throw invalid(at, `unknown operand type \`${String(from.type)}\``);
  }
}

function readPosition(from: Json, at: string): At {
  const number = (name: string) => optional(from[name], (value) => local(value, `${at}.${name}`), 0);
  const position = { file: number("file"), row: number("row"), col: number("col") };
  if (from.end_row === undefined || from.end_col === undefined) return position;
  return { ...position, endRow: number("end_row"), endCol: number("end_col") };
}

function writeBlock(block: Block): unknown {
  return { stmts: block.stmts.map((stmt) => ({ type: stmt.kind, stmt: writeStmt(stmt) })) };
}

function writeStmt(stmt: Stmt): unknown {
  const out: Record<string, unknown> = {};
  for (const [name, role, value] of fieldsOf(stmt)) {
    if (role === "block") out[name] = writeBlock(value as Block);
    else if (role === "blocks") out[name] = (value as readonly Block[]).map(writeBlock);
    else out[name] = value;
  }
  // Consumers older than OPA 1.20 read only the capitalised name.
  if (stmt.kind === "MakeNumberRefStmt") out.Index = stmt.index;
  const { file, row, col, endRow, endCol } = stmt.at;
  Object.assign(out, { file, col, row });
  if (endRow !== undefined && endCol !== undefined) Object.assign(out, { end_col: endCol, end_row: endRow });
  return out;
}

function invalid(at: string, problem: string): PolicyError {
  return new PolicyError("invalid_input", `plan: ${at}: ${problem}`);
}

function object(json: unknown, at: string): Json {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw invalid(at, "expected an object");
  return json as Json;
}

/** OPA writes empty lists as null or leaves them out. */
function list<T>(json: unknown, at: string, read: (item: unknown, at: string) => T): T[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json)) throw invalid(at, "expected an array");
  return json.map((item, index) => read(item, `${at}[${index}]`));
}

function text(json: unknown, at: string): string {
  if (typeof json !== "string") throw invalid(at, "expected a string");
  return json;
}

function integer(json: unknown, at: string): number {
  if (typeof json !== "number" || !Number.isSafeInteger(json)) throw invalid(at, "expected an integer");
  return json;
}

function local(json: unknown, at: string): number {
  const number = integer(json, at);
  if (number < 0) throw invalid(at, "expected a number that is not negative");
  return number;
}

function optional<T>(json: unknown, read: (json: unknown) => T, otherwise: T): T {
  return json === undefined || json === null ? otherwise : read(json);
}
