// A plan as text, for goldens and the command line. In: a Policy. Out: one line per statement, `what it reads -> what it assigns`,
// nested blocks indented. Strings stand in place of their indices, so that the text does not depend on the order of constants.

import { type FieldRole, fieldsOf } from "./fields.ts";
import type { Block, Operand, Policy, Stmt } from "./ir.ts";

export interface PrintOptions {
  /** Append `# file:row:col` to each statement. */
  readonly positions?: boolean;
}

export function printPolicy(policy: Policy, options: PrintOptions = {}): string {
  const lines: string[] = [];
  for (const plan of policy.plans) {
    lines.push(`plan ${plan.name}`);
    printBlocks(policy, plan.blocks, 1, lines, options);
  }
  for (const func of policy.funcs) {
    const params = func.params.map((param) => `%${param}`).join(", ");
    lines.push(
      "",
      `func ${func.name}(${params}) -> %${func.return}${func.path ? ` at ${func.path.join("/")}` : ""}`,
    );
    printBlocks(policy, func.blocks, 1, lines, options);
  }
  if (policy.static.builtinFuncs.length > 0) {
    lines.push("", `builtins ${policy.static.builtinFuncs.map((builtin) => builtin.name).join(" ")}`);
  }
  return `${lines.join("\n")}\n`;
}

function printBlocks(
  policy: Policy,
  blocks: readonly Block[],
  depth: number,
  lines: string[],
  options: PrintOptions,
): void {
  for (const block of blocks) {
    lines.push(`${"  ".repeat(depth)}{`);
    for (const stmt of block.stmts) printStmt(policy, stmt, depth + 1, lines, options);
    lines.push(`${"  ".repeat(depth)}}`);
  }
}

function printStmt(policy: Policy, stmt: Stmt, depth: number, lines: string[], options: PrintOptions): void {
  const reads: string[] = [];
  const assigns: string[] = [];
  let nested: readonly Block[] = [];
  for (const [, role, value] of fieldsOf(stmt)) {
    if (role === "block") nested = [value as Block];
    else if (role === "blocks") nested = value as readonly Block[];
    else if (role === "def") assigns.push(`%${String(value)}`);
    else reads.push(printField(policy, role, value));
  }
  const name = stmt.kind
    .slice(0, -"Stmt".length)
    .replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
  const target = assigns.length > 0 ? `-> ${assigns.join(" ")}` : "";
  const { file, row, col } = stmt.at;
  const place = options.positions ? `# ${policy.static.files[file] ?? ""}:${row}:${col}` : "";
  lines.push("  ".repeat(depth) + [name, ...reads, target, place].filter((part) => part !== "").join(" "));
  printBlocks(policy, nested, depth + 1, lines, options);
}

function printField(policy: Policy, role: FieldRole, value: unknown): string {
  const quoted = (index: unknown) => JSON.stringify(policy.static.strings[index as number] ?? null);
  switch (role) {
    case "operand":
      return printOperand(policy, value as Operand);
    case "operands":
      return `(${(value as readonly Operand[]).map((operand) => printOperand(policy, operand)).join(", ")})`;
    case "uses":
      return `(${(value as readonly number[]).map((local) => `%${local}`).join(", ")})`;
    case "string":
      return quoted(value);
    case "strings":
      return `[${(value as readonly number[]).map(quoted).join(", ")}]`;
    case "use":
    case "update":
    case "check":
      return `%${String(value)}`;
    default:
      return String(value);
  }
}

function printOperand(policy: Policy, operand: Operand): string {
  if (operand.type === "local") return `%${operand.value}`;
  if (operand.type === "bool") return String(operand.value);
  return JSON.stringify(policy.static.strings[operand.value] ?? null);
}
