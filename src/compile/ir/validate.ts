// Is a Policy well-formed? In: a Policy from any planner. Out: findings, none if it is sound: indices in bounds, breaks in range,
// callees known with the right number of arguments, and no local read on a path on which nothing assigned it. It never throws.

import type { Diagnostic } from "../../error.ts";
import { fieldsOf } from "./fields.ts";
import type { Block, Func, Local, Operand, Policy, Stmt } from "./ir.ts";
import { localCount } from "./walk.ts";

/** The locals that are assigned on every path to a point, as bits; undefined where no path leads. Never changed once it is shared. */
type Assigned = Uint32Array | undefined;

export function validate(policy: Policy): Diagnostic[] {
  const findings: Diagnostic[] = [];
  const calls = collectCallees(policy, findings);
  for (const plan of policy.plans)
    new BodyCheck(policy, calls, `plan ${plan.name}`, findings).run(plan.blocks, [0, 1]);
  for (const func of policy.funcs)
    new BodyCheck(policy, calls, `func ${func.name}`, findings).run(func.blocks, func.params);
  return findings;
}

/** Name to number of arguments; undefined: any number. */
type Callees = ReadonlyMap<string, number | undefined>;

function collectCallees(policy: Policy, findings: Diagnostic[]): Callees {
  const callees = new Map<string, number | undefined>();
  for (const { name, decl } of policy.static.builtinFuncs) {
    const { args, variadic } = decl as { args?: readonly unknown[] | null; variadic?: unknown };
    callees.set(name, variadic === undefined || variadic === null ? (args ?? []).length : undefined);
  }
  const named = new Set<string>();
  for (const func of policy.funcs) {
    if (named.has(func.name)) findings.push(finding(`func ${func.name}: defined twice`));
    if (badParams(func))
      findings.push(finding(`func ${func.name}: parameters must be distinct and not negative`));
    named.add(func.name);
    callees.set(func.name, func.params.length);
  }
  return callees;
}

function badParams(func: Func): boolean {
  return (
    new Set(func.params).size !== func.params.length ||
    [...func.params, func.return].some((local) => local < 0)
  );
}

function finding(message: string): Diagnostic {
  return { code: "internal_error", message: `invalid plan: ${message}` };
}

/** Walks one plan or function, holding for each block around the current statement what is assigned wherever control leaves it. */
class BodyCheck {
  readonly #policy: Policy;
  readonly #callees: Callees;
  readonly #owner: string;
  readonly #findings: Diagnostic[];
  readonly #exits: Assigned[] = [];

  constructor(policy: Policy, callees: Callees, owner: string, findings: Diagnostic[]) {
    this.#policy = policy;
    this.#callees = callees;
    this.#owner = owner;
    this.#findings = findings;
  }

  run(blocks: readonly Block[], params: readonly Local[]): void {
    const words = (localCount(blocks, params) >> 5) + 1;
    let state: Assigned = add(new Uint32Array(words), ...params);
    for (const block of blocks) state = this.#blockEnd(block, state).leaving;
  }

  /** `through`: what is assigned when the last statement went well; `leaving`: at the end of the block, however it was reached. */
  #blockEnd(block: Block, before: Assigned): { through: Assigned; leaving: Assigned } {
    this.#exits.push(undefined);
    let state = before;
    for (const stmt of block.stmts) state = this.#stmt(stmt, state);
    const broken = this.#exits.pop();
    return { through: state, leaving: meet(state, broken) };
  }

  #leave(levels: number, state: Assigned): void {
    const target = this.#exits.length - 1 - levels;
    if (target >= 0) this.#exits[target] = meet(this.#exits[target], state);
  }

  #stmt(stmt: Stmt, state: Assigned): Assigned {
    this.#checkFields(stmt, state);
    // Any statement may be undefined and then leaves its block; what it assigns is not there yet.
    if (canFail(stmt)) this.#leave(0, state);
    switch (stmt.kind) {
      case "BlockStmt":
        return stmt.blocks.reduce((before: Assigned, block) => this.#blockEnd(block, before).leaving, state);
      case "NotStmt":
        this.#blockEnd(stmt.block, state);
        return state;
      case "ScanStmt":
        this.#blockEnd(stmt.block, add(state, stmt.key, stmt.value));
        return state;
      case "WithStmt":
        return this.#blockEnd(stmt.block, add(state, stmt.local)).through;
      case "BreakStmt":
        this.#leave(stmt.index, state);
        return undefined;
      case "ReturnLocalStmt":
        return undefined;
      case "IsDefinedStmt":
        return add(state, stmt.source);
      case "CallDynamicStmt":
        // OPA leaves four blocks when there is a function and it is undefined.
        this.#leave(3, state);
        return add(state, stmt.result);
      case "ResetLocalStmt":
        return remove(state, stmt.target);
      default:
        return add(state, ...assignedBy(stmt));
    }
  }

  #checkFields(stmt: Stmt, state: Assigned): void {
    const { strings, files } = this.#policy.static;
    if (stmt.at.file !== 0 && stmt.at.file >= files.length)
      this.#report(stmt, `file index ${stmt.at.file} out of bounds`);
    if (stmt.kind === "BreakStmt" && (stmt.index < 0 || stmt.index >= this.#exits.length)) {
      this.#report(stmt, `break ${stmt.index} in only ${this.#exits.length} blocks`);
    }
    if (stmt.kind === "CallStmt") this.#checkCall(stmt.func, stmt.args.length, stmt);
    const stringAt = (index: number) => {
      if (!Number.isInteger(index) || index < 0 || index >= strings.length)
        this.#report(stmt, `string index ${index} out of bounds`);
    };
    const read = (local: Local) => {
      if (local < 0) this.#report(stmt, `no such local ${local}`);
      else if (state !== undefined && local > 1 && !has(state, local))
        this.#report(stmt, `local ${local} may be unassigned`);
    };
    const operand = (value: Operand) => {
      if (value.type === "local") read(value.value);
      else if (value.type === "string_index") stringAt(value.value);
    };
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "use" || role === "update") read(value as Local);
      else if (role === "uses") (value as readonly Local[]).forEach(read);
      else if (role === "operand") operand(value as Operand);
      else if (role === "operands") (value as readonly Operand[]).forEach(operand);
      else if (role === "string") stringAt(value as number);
      else if (role === "strings") (value as readonly number[]).forEach(stringAt);
    }
  }

  #checkCall(name: string, given: number, stmt: Stmt): void {
    if (!this.#callees.has(name)) return this.#report(stmt, `unknown function \`${name}\``);
    const wanted = this.#callees.get(name);
    if (wanted !== undefined && wanted !== given)
      this.#report(stmt, `\`${name}\` takes ${wanted} arguments, got ${given}`);
  }

  #report(stmt: Stmt, problem: string): void {
    const { file, row, col } = stmt.at;
    this.#findings.push({
      ...finding(`${this.#owner}: ${stmt.kind}: ${problem}`),
      location: { file: this.#policy.static.files[file] ?? "", row, col, offset: 0, text: "" },
    });
  }
}

function assignedBy(stmt: Stmt): Local[] {
  return [...fieldsOf(stmt)].flatMap(([, role, value]) => (role === "def" ? [value as Local] : []));
}

const NEVER_FAILS: ReadonlySet<Stmt["kind"]> = new Set<Stmt["kind"]>([
  "ArrayAppendStmt",
  "AssignIntStmt",
  "AssignVarStmt",
  "AssignVarOnceStmt",
  "BlockStmt",
  "BreakStmt",
  "MakeArrayStmt",
  "MakeNullStmt",
  "MakeNumberIntStmt",
  "MakeNumberRefStmt",
  "MakeObjectStmt",
  "MakeSetStmt",
  "MarkStmt",
  "NopStmt",
  "ObjectInsertStmt",
  "ObjectInsertOnceStmt",
  "ResetLocalStmt",
  "ResultSetAddStmt",
  "ReturnLocalStmt",
  "ScanStmt",
  "SetAddStmt",
]);

function canFail(stmt: Stmt): boolean {
  return !NEVER_FAILS.has(stmt.kind);
}

function has(state: Uint32Array, local: Local): boolean {
  return ((state[local >> 5] ?? 0) & (1 << (local & 31))) !== 0;
}

function add(state: Assigned, ...locals: readonly Local[]): Assigned {
  if (state === undefined || locals.every((local) => has(state, local))) return state;
  const result = state.slice();
  for (const local of locals)
    if (local >= 0) result[local >> 5] = (result[local >> 5] ?? 0) | (1 << (local & 31));
  return result;
}

function remove(state: Assigned, local: Local): Assigned {
  if (state === undefined || !has(state, local)) return state;
  const result = state.slice();
  result[local >> 5] = (result[local >> 5] ?? 0) & ~(1 << (local & 31));
  return result;
}

function meet(a: Assigned, b: Assigned): Assigned {
  if (a === undefined || a === b) return b;
  if (b === undefined) return a;
  return a.map((word, i) => word & (b[i] ?? 0));
}
