// Which paths of the input each plan can read, so that a host that has the input as an object need not write all of it. In: a policy.
// Out: for each plan a tree of keys, or `true` where the whole document may be looked at. Errs on the side of reading more.

import { fieldsOf } from "../ir/fields.ts";
import type { Block, Func, Local, Operand, Plan, Policy, Stmt } from "../ir/ir.ts";

/** `true`: everything below may be read; a tree: only these keys (none: whether there is a value, not which). */
export type ReadTree = true | { readonly [key: string]: ReadTree };

/** Name of the custom section that carries the trees by plan name, as JSON. */
export const READS_SECTION = "reeve.reads";

/** Deeper paths count as read whole; a loop that walks down by one key would never end otherwise. */
const MAX_DEPTH = 24;

class Node {
  all = false;
  readonly children = new Map<string, Node>();
  readonly #depth: number;

  constructor(depth = 0) {
    this.#depth = depth;
  }

  child(key: string): Node {
    if (this.#depth === MAX_DEPTH) {
      this.all = true;
      return this;
    }
    let child = this.children.get(key);
    if (child === undefined) {
      child = new Node(this.#depth + 1);
      this.children.set(key, child);
    }
    return child;
  }

  add(other: Node): void {
    this.all ||= other.all;
    for (const [key, child] of other.children) this.child(key).add(child);
  }

  tree(): ReadTree {
    if (this.all) return true;
    // A key may be `__proto__`: no plain assignment.
    return Object.fromEntries([...this.children].map(([key, child]) => [key, child.tree()]));
  }
}

/** What one function reads itself, and whom it calls with its own input. */
export interface Summary {
  readonly reads: Node;
  readonly calls: Set<string>;
  dynamic: boolean;
}

/** What was found out of functions and plans of an earlier policy, whose texts had the same numbers. */
export class KnownReads {
  readonly summaries = new WeakMap<Func | Plan, Summary>();
  /** What plans read, and of which functions that was told. */
  readonly trees = new WeakMap<
    Plan,
    { readonly tree: ReadTree; readonly reached: ReadonlyMap<string, Summary> }
  >();
}

export function readSets(policy: Policy, known?: KnownReads): Record<string, ReadTree> {
  const strings = policy.static.strings;
  const funcs = new Map(policy.funcs.map((func) => [func.name, func]));
  const summaryOf = (body: Func | Plan, input: Local): Summary => {
    const summary = known?.summaries.get(body) ?? summarize(body, input, funcs, strings);
    known?.summaries.set(body, summary);
    return summary;
  };
  const summaries = new Map(policy.funcs.map((func) => [func.name, summaryOf(func, func.params[0] ?? 0)]));
  let dynamic: readonly string[] | undefined;
  const named = (): readonly string[] =>
    (dynamic ??= policy.funcs.filter((func) => func.path !== undefined).map((func) => func.name));
  return recordOf(
    policy.plans.map((plan): [string, ReadTree] => {
      const before = known?.trees.get(plan);
      if (before !== undefined && isSame(before.reached, summaries)) return [plan.name, before.tree];
      const reads = new Node();
      const reached = new Map<string, Summary>();
      let dynamics = false;
      const pending: Summary[] = [summaryOf(plan, 0)];
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        reads.add(next.reads);
        dynamics ||= next.dynamic;
        for (const name of next.dynamic ? [...next.calls, ...named()] : next.calls) {
          const summary = summaries.get(name);
          if (summary === undefined || reached.has(name)) continue;
          reached.set(name, summary);
          pending.push(summary);
        }
      }
      const tree = reads.tree();
      // What may be any function is another one with each function that comes.
      if (!dynamics) known?.trees.set(plan, { tree, reached });
      return [plan.name, tree];
    }),
  );
}

/** Of many entries: what has no prototype is a dictionary from the start, where `Object.fromEntries` goes through a thousand shapes. */
export function recordOf<T>(entries: Iterable<readonly [key: string, value: T]>): Record<string, T> {
  const record: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) record[key] = value;
  return record;
}

function isSame(reached: ReadonlyMap<string, Summary>, summaries: ReadonlyMap<string, Summary>): boolean {
  for (const [name, summary] of reached) if (summaries.get(name) !== summary) return false;
  return true;
}

function summarize(
  body: Func | Plan,
  input: Local,
  funcs: ReadonlyMap<string, Func>,
  strings: readonly string[],
): Summary {
  const reader = new Reader(input, funcs, strings);
  // A local may be given a path behind the place, in the order of the text, where it is read: until nothing new turns up.
  for (let before = -1; before !== reader.size; ) {
    before = reader.size;
    for (const block of body.blocks) for (const stmt of block.stmts) reader.visit(stmt);
  }
  return reader.summary;
}

class Reader {
  readonly summary: Summary = { reads: new Node(), calls: new Set(), dynamic: false };
  /** The nodes that a local may stand for: all it is ever assigned. */
  readonly #nodes = new Map<Local, Set<Node>>();
  readonly #input: Local;
  readonly #funcs: ReadonlyMap<string, Func>;
  readonly #strings: readonly string[];
  size = 0;

  constructor(input: Local, funcs: ReadonlyMap<string, Func>, strings: readonly string[]) {
    this.#input = input;
    this.#funcs = funcs;
    this.#strings = strings;
    this.#nodes.set(input, new Set([this.summary.reads]));
  }

  #of(local: Local): Iterable<Node> {
    return this.#nodes.get(local) ?? [];
  }

  #alias(target: Local, node: Node): void {
    const nodes = this.#nodes.get(target) ?? new Set();
    if (nodes.has(node)) return;
    this.#nodes.set(target, nodes.add(node));
    this.size++;
  }

  /** Everything below a local's value is read. */
  readonly #all = (local: Local): void => {
    for (const node of this.#of(local)) node.all = true;
  };

  readonly #whole = (operand: Operand): void => {
    if (operand.type === "local") this.#all(operand.value);
  };

  readonly visit = (stmt: Stmt): void => {
    switch (stmt.kind) {
      case "DotStmt":
        this.#whole(stmt.key);
        if (stmt.source.type !== "local") return;
        if (stmt.key.type !== "string_index") this.#whole(stmt.source);
        else {
          const key = this.#strings[stmt.key.value] ?? "";
          for (const node of [...this.#of(stmt.source.value)]) this.#alias(stmt.target, node.child(key));
        }
        return;
      case "AssignVarStmt":
        if (stmt.source.type === "local")
          for (const node of [...this.#of(stmt.source.value)]) this.#alias(stmt.target, node);
        return;
      case "IsDefinedStmt":
      case "IsUndefinedStmt":
        return;
      case "CallStmt":
        this.#call(stmt.func, stmt.args);
        return;
      case "CallDynamicStmt":
        this.summary.dynamic = true;
        stmt.args.slice(1).forEach(this.#all);
        stmt.path.forEach(this.#whole);
        return;
      case "WithStmt":
        this.#whole(stmt.value);
        if (stmt.local !== this.#input) this.#all(stmt.local);
        stmt.block.stmts.forEach(this.visit);
        return;
      default:
        this.#fields(stmt);
    }
  };

  /** A function of the policy reads of its input what its own summary says; everything else is handed over whole. */
  #call(name: string, args: readonly Operand[]): void {
    const [first, ...rest] = args;
    const own = first?.type === "local" && first.value === this.#input;
    const known = this.#funcs.has(name);
    if (known) this.summary.calls.add(name);
    (known && own ? rest : args).forEach(this.#whole);
  }

  #fields(stmt: Stmt): void {
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "use" || role === "update" || role === "check") this.#all(value as Local);
      else if (role === "uses") (value as readonly Local[]).forEach(this.#all);
      else if (role === "operand") this.#whole(value as Operand);
      else if (role === "operands") (value as readonly Operand[]).forEach(this.#whole);
      else if (role === "block") (value as Block).stmts.forEach(this.visit);
      else if (role === "blocks")
        for (const block of value as readonly Block[]) block.stmts.forEach(this.visit);
    }
  }
}
