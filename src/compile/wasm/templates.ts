// Blocks that differ in nothing but constants and places are emitted once, with the constants in rows of a table: ten thousand rules of one shape are
// one rule and ten thousand rows. In: blocks. Out: templates, and for each block its template and its row. Keys of lookups stay in the code,
// where the emitter knows more of them.

import { fieldsOf } from "../ir/fields.ts";
import type { At, Block, Local, Operand, Stmt } from "../ir/ir.ts";
import { type Scope, usesOf } from "./uses.ts";

/** A constant of a row: a text or a number as its literal, by index of strings, or a plain word. */
export type Hole =
  | { readonly kind: "string" | "number"; readonly index: number }
  | { readonly kind: "word"; readonly value: number };

export interface Template {
  /** One of the blocks, with locals of `holes` for what differs. */
  readonly block: Block;
  /** Locals of the block that stand for words of the row, in its order. */
  readonly holes: readonly Local[];
  /** Positions of statements, with the locals of their rows and columns where those differ. */
  readonly places: ReadonlyMap<At, VaryingPlace>;
}

export interface VaryingPlace {
  readonly row: Local | undefined;
  readonly col: Local | undefined;
}

export interface Instance {
  readonly template: number;
  readonly row: readonly Hole[];
}

/** Locals of holes are above all that plans have. */
export const FIRST_HOLE = 1 << 30;
/** From this many blocks on one body for all of them is worth it. */
const WORTH_IT = 4;

interface Sketch {
  readonly key: string;
  readonly holes: readonly Hole[];
}

export function templates(
  blocks: readonly Block[],
  scope: Scope,
  merge: boolean,
  freshHole: () => Local,
): { readonly templates: readonly Template[]; readonly instances: readonly Instance[] } {
  const found: Template[] = [];
  const instances = new Array<Instance>(blocks.length);
  const groups = new Map<string, { readonly at: number; readonly holes: readonly Hole[] }[]>();
  blocks.forEach((block, at) => {
    const { key, holes }: Sketch = merge ? sketch(block, scope) : { key: String(at), holes: [] };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ at, holes }]);
    else group.push({ at, holes });
  });
  for (const group of groups.values()) {
    const first = group[0]!;
    if (group.length < WORTH_IT) {
      for (const { at } of group) {
        instances[at] = { template: found.length, row: [] };
        found.push({ block: blocks[at]!, holes: [], places: new Map() });
      }
      continue;
    }
    const differs = first.holes.map((hole, index) => group.some(({ holes }) => !same(hole, holes[index]!)));
    for (const { at, holes } of group)
      instances[at] = { template: found.length, row: holes.filter((_, index) => differs[index]) };
    found.push(new Filler(differs, freshHole).template(blocks[first.at]!));
  }
  return { templates: found, instances };
}

function same(a: Hole, b: Hole): boolean {
  if (a.kind === "word") return b.kind === "word" && a.value === b.value;
  return b.kind === a.kind && a.index === b.index;
}

/** Operands that may become holes: all but keys of lookups, and what decides what is emitted. */
function mayDiffer(stmt: Stmt, field: string): boolean {
  return !(
    stmt.kind === "DotStmt" ||
    stmt.kind === "CallDynamicStmt" ||
    stmt.kind === "WithStmt" ||
    field === "path"
  );
}

/** Statements whose place in the text is told when they fail. */
function tells(stmt: Stmt): boolean {
  return (
    stmt.kind === "CallStmt" || stmt.kind === "AssignVarOnceStmt" || stmt.kind === "ObjectInsertOnceStmt"
  );
}

/** The block as a text in which private locals are numbered from 0 and constants are left out, and the constants. */
function sketch(block: Block, scope: Scope): Sketch {
  const uses = usesOf(block);
  const keys = lookupKeys([block]);
  const names = new Map<Local, number>();
  const holes: Hole[] = [];
  let key = "";
  const local = (value: Local): void => {
    if (scope.isShared(value, uses)) {
      key += ` ${value}`;
      return;
    }
    let name = names.get(value);
    if (name === undefined) {
      name = names.size;
      names.set(value, name);
    }
    key += ` p${name}`;
  };
  const operand = (value: Operand, hole: boolean): void => {
    if (value.type === "local") local(value.value);
    else if (value.type === "bool") key += value.value ? " true" : " false";
    else if (hole) {
      key += " ?";
      holes.push({ kind: "string", index: value.value });
    } else key += ` s${value.value}`;
  };
  const visit = ({ stmts }: Block): void => {
    key += "{";
    for (const stmt of stmts) {
      key += `${stmt.kind}`;
      if (stmt.kind === "MakeNumberRefStmt" && !keys.has(stmt.target)) {
        key += " ?";
        local(stmt.target);
        holes.push({ kind: "number", index: stmt.index });
        continue;
      }
      for (const [name, role, value] of fieldsOf(stmt)) {
        if (role === "operand") operand(value as Operand, mayDiffer(stmt, name));
        else if (role === "operands")
          for (const one of value as readonly Operand[]) operand(one, mayDiffer(stmt, name));
        else if (role === "uses") for (const one of value as readonly Local[]) local(one);
        else if (role === "block") visit(value as Block);
        else if (role === "blocks") for (const one of value as readonly Block[]) visit(one);
        else if (role === "func" || role === "int" || role === "string" || role === "strings")
          key += ` ${value}`;
        else local(value as Local);
      }
      if (tells(stmt)) {
        key += `@${stmt.at.file}`;
        holes.push({ kind: "word", value: stmt.at.row }, { kind: "word", value: stmt.at.col });
      }
      key += ";";
    }
    key += "}";
  };
  visit(block);
  return { key, holes };
}

/** Locals by which something is looked up: numbers among them are known to the emitter. */
function lookupKeys(blocks: readonly Block[], found = new Set<Local>()): ReadonlySet<Local> {
  for (const { stmts } of blocks) {
    for (const stmt of stmts) {
      if (stmt.kind === "DotStmt" && stmt.key.type === "local") found.add(stmt.key.value);
      if (stmt.kind === "BlockStmt") lookupKeys(stmt.blocks, found);
      else if (stmt.kind === "NotStmt" || stmt.kind === "ScanStmt" || stmt.kind === "WithStmt")
        lookupKeys([stmt.block], found);
    }
  }
  return found;
}

/** Puts locals where constants differ; goes over a block in the order of `sketch`. */
class Filler {
  readonly #differs: readonly boolean[];
  /** No two templates share a local: one may stand inside another. */
  readonly #fresh: () => Local;
  readonly #holes: Local[] = [];
  readonly #places = new Map<At, VaryingPlace>();
  #at = 0;
  #keys: ReadonlySet<Local> = new Set();

  constructor(differs: readonly boolean[], fresh: () => Local) {
    this.#differs = differs;
    this.#fresh = fresh;
  }

  template(block: Block): Template {
    this.#keys = lookupKeys([block]);
    return { block: this.#block(block), holes: this.#holes, places: this.#places };
  }

  /** The local of the next constant if it differs. */
  #next(): Local | undefined {
    if (this.#differs[this.#at++] !== true) return undefined;
    const hole = this.#fresh();
    this.#holes.push(hole);
    return hole;
  }

  #block({ stmts }: Block): Block {
    return { stmts: stmts.map((stmt) => this.#stmt(stmt)) };
  }

  #operand(value: Operand, hole: boolean): Operand {
    const local = value.type === "string_index" && hole ? this.#next() : undefined;
    return local === undefined ? value : { type: "local", value: local };
  }

  #stmt(stmt: Stmt): Stmt {
    if (stmt.kind === "MakeNumberRefStmt" && !this.#keys.has(stmt.target)) {
      const value = this.#next();
      if (value === undefined) return stmt;
      return { kind: "AssignVarStmt", source: { type: "local", value }, target: stmt.target, at: stmt.at };
    }
    const fields: Record<string, unknown> = {};
    for (const [name, role, value] of fieldsOf(stmt)) {
      const hole = mayDiffer(stmt, name);
      if (role === "operand") fields[name] = this.#operand(value as Operand, hole);
      else if (role === "operands")
        fields[name] = (value as readonly Operand[]).map((one) => this.#operand(one, hole));
      else if (role === "block") fields[name] = this.#block(value as Block);
      else if (role === "blocks") fields[name] = (value as readonly Block[]).map((one) => this.#block(one));
    }
    const at = tells(stmt) ? this.#place(stmt.at) : stmt.at;
    return { ...stmt, ...fields, at } as Stmt;
  }

  #place(at: At): At {
    const own = { ...at };
    this.#places.set(own, { row: this.#next(), col: this.#next() });
    return own;
  }
}
