// Rules that an equality with a constant text chooses are not tried one after the other: the text is looked up once. In: the blocks of a
// function, one for each rule. Out: the same blocks, runs of them grouped by the text they ask for. Only blocks are left out whose first
// statements are certain to fail and leave no trace, so order and answers stay.

import { fieldsOf } from "../ir/fields.ts";
import type { Block, Local, Operand, Stmt } from "../ir/ir.ts";

/** Keys from a parameter: `input.user.name` is local 0 and `user`, `name`. */
export interface Place {
  readonly root: Local;
  readonly keys: readonly number[];
}

export type Segment =
  | { readonly kind: "plain"; readonly block: Block }
  | {
      readonly kind: "switch";
      readonly place: Place;
      /** By text, in the order of the blocks. */
      readonly cases: ReadonlyMap<string, readonly Block[]>;
      readonly blocks: readonly Block[];
    };

/** From this many rules on a look into a table is cheaper than trying. */
const WORTH_IT = 6;

/** `spent` are the places that chose these blocks already. */
export function segments(
  blocks: readonly Block[],
  params: readonly Local[],
  strings: readonly string[],
  spent: ReadonlySet<string>,
): Segment[] {
  const asked = blocks.map((block) => equalities(block, params, strings, spent));
  const found: Segment[] = [];
  for (let at = 0; at < blocks.length; ) {
    let best = { end: at + 1, key: "" };
    for (const key of asked[at]!.keys()) {
      let end = at + 1;
      while (end < blocks.length && asked[end]!.has(key)) end++;
      if (end > best.end) best = { end, key };
    }
    const { end, key } = best;
    if (end - at < WORTH_IT) found.push({ kind: "plain", block: blocks[at++]! });
    else {
      const cases = new Map<string, Block[]>();
      for (let index = at; index < end; index++) {
        const { text } = asked[index]!.get(key)!;
        const known = cases.get(text);
        if (known === undefined) cases.set(text, [blocks[index]!]);
        else known.push(blocks[index]!);
      }
      found.push({ kind: "switch", place: asked[at]!.get(key)!.place, cases, blocks: blocks.slice(at, end) });
      at = end;
    }
  }
  return found;
}

export function placeKey({ root, keys }: Place): string {
  return `${root}:${keys.join()}`;
}

/** The equalities with a text that a block asks for before it does anything, by place. */
function equalities(
  block: Block,
  params: readonly Local[],
  strings: readonly string[],
  spent: ReadonlySet<string>,
): Map<string, { place: Place; text: string }> {
  const places = new Map<Local, Place>(params.map((root) => [root, { root, keys: [] }]));
  const found = new Map<string, { place: Place; text: string }>();
  for (const stmt of block.stmts) {
    if (stmt.kind === "DotStmt") {
      const from = stmt.source.type === "local" ? places.get(stmt.source.value) : undefined;
      if (from !== undefined && stmt.key.type === "string_index" && !params.includes(stmt.target))
        places.set(stmt.target, { root: from.root, keys: [...from.keys, stmt.key.value] });
      else places.delete(stmt.target);
    } else if (stmt.kind === "EqualStmt") {
      const [value, text] = stmt.a.type === "local" ? [stmt.a, stmt.b] : [stmt.b, stmt.a];
      const place = value.type === "local" ? places.get(value.value) : undefined;
      if (place === undefined || text.type !== "string_index") continue;
      const key = placeKey(place);
      if (!found.has(key) && !spent.has(key)) found.set(key, { place, text: strings[text.value] ?? "" });
    } else if (stmt.kind !== "IsUndefinedStmt" && stmt.kind !== "IsDefinedStmt") break;
  }
  return found;
}

export interface Traffic {
  /** Locals that stand in the blocks and outside of them: parameters of a function with these blocks. */
  readonly shared: readonly Local[];
  /** The one local that the blocks assign and others read, if there is one. */
  readonly assigned: Local | undefined;
}

/** What goes in and out of blocks of a function; undefined if they assign too much, or return. */
export function traffic(blocks: readonly Block[], params: readonly Local[], all: Uses): Traffic | undefined {
  const shared = new Set<Local>();
  const assigned = new Set<Local>();
  for (const block of blocks) {
    const within = new Uses([block]);
    if (within.returns) return undefined;
    for (const [local, uses] of within.counts) {
      const elsewhere = all.carried.has(local) && all.counts.get(local) !== uses;
      if (!elsewhere && !params.includes(local)) continue;
      shared.add(local);
      if (within.assigned.has(local)) assigned.add(local);
    }
  }
  const [only, ...more] = assigned;
  return more.length > 0 ? undefined : { shared: [...shared].sort((a, b) => a - b), assigned: only };
}

/** Which locals stand in blocks, how often, and which of them bring a value into one of the blocks. */
export class Uses {
  readonly counts = new Map<Local, number>();
  readonly assigned = new Set<Local>();
  /** Read in a block where the block has not certainly assigned them before. */
  readonly carried = new Set<Local>();
  returns = false;

  constructor(blocks: readonly Block[]) {
    for (const block of blocks) this.#block(block, new Set());
  }

  #block(block: Block, before: ReadonlySet<Local>): void {
    const has = new Set(before);
    for (const stmt of block.stmts) this.#stmt(stmt, has);
  }

  #stmt(stmt: Stmt, has: Set<Local>): void {
    if (stmt.kind === "ReturnLocalStmt" || stmt.kind === "ResultSetAddStmt") this.returns = true;
    const defined: Local[] = [];
    const nested: Block[] = [];
    for (const [, role, value] of fieldsOf(stmt)) {
      if (role === "def") defined.push(value as Local);
      else if (role === "use" || role === "update" || role === "check") this.#read(value as Local, has);
      else if (role === "uses") for (const local of value as readonly Local[]) this.#read(local, has);
      else if (role === "operand") this.#operand(value as Operand, has);
      else if (role === "operands")
        for (const operand of value as readonly Operand[]) this.#operand(operand, has);
      else if (role === "block") nested.push(value as Block);
      else if (role === "blocks") nested.push(...(value as readonly Block[]));
    }
    // A second value for a local that is assigned once is compared with the first.
    if (stmt.kind === "AssignVarOnceStmt") this.#read(stmt.target, has);
    for (const local of defined) {
      this.#count(local);
      this.assigned.add(local);
    }
    // What a scan assigns stands only in its block.
    const inside = stmt.kind === "ScanStmt" ? new Set([...has, ...defined]) : has;
    for (const block of nested) this.#block(block, inside);
    if (stmt.kind !== "ScanStmt") for (const local of defined) has.add(local);
  }

  #count(local: Local): void {
    this.counts.set(local, (this.counts.get(local) ?? 0) + 1);
  }

  #read(local: Local, has: ReadonlySet<Local>): void {
    this.#count(local);
    if (!has.has(local)) this.carried.add(local);
  }

  #operand(operand: Operand, has: ReadonlySet<Local>): void {
    if (operand.type === "local") this.#read(operand.value, has);
  }
}
