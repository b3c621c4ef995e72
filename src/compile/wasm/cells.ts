// Where the input's parts stand when a host writes them instead of a text: an object for each object of the read sets, at fixed addresses,
// with the word of each key's value at a fixed address as well (a cell). In: read sets. Out: static boxes, addresses by path, and the
// drawing of them that our engine reads. Only ground paths are looked up in these objects; nobody counts or scans them.

import type { ReadTree } from "./read-set.ts";
import type { Address, Statics } from "./statics.ts";

/** Name of the custom section that carries the drawing as JSON. */
export const CELLS_SECTION = "reeve.cells";

/** An object: its box, and for each key the cell, and the object that stands there unless the input has something else. */
export interface CellNode {
  readonly box: Address;
  readonly keys: Readonly<Record<string, readonly [cell: number, below: CellNode | null]>>;
}

/** More keys than this in one place, or more places, are not worth fixed addresses. */
const MAX_KEYS = 64;

export class Cells {
  readonly root: CellNode;
  readonly #paths = new Map<string, Address>();

  private constructor(tree: Exclude<ReadTree, true>, statics: Statics) {
    this.root = this.#node(tree, statics, "input");
  }

  /** The cells for every plan that does not look at the whole input; undefined if there is none such, or too much to draw. */
  static of(trees: Iterable<ReadTree>, statics: Statics): Cells | undefined {
    const drawn = [...trees].filter((tree): tree is Exclude<ReadTree, true> => tree !== true);
    if (drawn.length === 0) return undefined;
    const union = drawn.reduce<ReadTree>(merge, {}) as Exclude<ReadTree, true>;
    return fits(union) ? new Cells(union, statics) : undefined;
  }

  /** The cell of a path as `Known` spells it. */
  at(path: string): Address | undefined {
    return this.#paths.get(path);
  }

  #node(tree: Exclude<ReadTree, true>, statics: Statics, path: string): CellNode {
    const names = Object.keys(tree);
    const { box, below: inner, cells } = statics.cells(names);
    const keys = names.map((name, index): [string, [number, CellNode | null]] => {
      const below = tree[name]!;
      const at = `${path}.${JSON.stringify(name)}`;
      this.#paths.set(at, cells[index]!);
      const node = below === true ? null : this.#node(below, statics, at);
      if (node !== null) statics.patch(inner + index * 4, node.box);
      return [name, [cells[index]!, node]];
    });
    return { box, keys: Object.fromEntries(keys) };
  }
}

function merge(a: ReadTree, b: ReadTree): ReadTree {
  if (a === true || b === true) return true;
  if (has(a, b)) return a;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries(
    Array.from(keys, (key) => {
      const [x, y] = [own(a, key), own(b, key)];
      return [key, x === undefined ? y! : y === undefined ? x : merge(x, y)];
    }),
  );
}

/** Whether all of `b` is in `a`, which is so for most plans of a policy once some have been looked at. */
function has(a: ReadTree, b: ReadTree): boolean {
  if (a === true || b === true) return a === true;
  for (const key in b) {
    const known = own(a, key);
    if (known === undefined || !has(known, b[key]!)) return false;
  }
  return true;
}

function own(tree: Exclude<ReadTree, true>, key: string): ReadTree | undefined {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

function fits(tree: ReadTree): boolean {
  let places = 0;
  const visit = (node: ReadTree): boolean => {
    if (node === true) return true;
    const below = Object.values(node);
    places += below.length;
    return below.length <= MAX_KEYS && places <= 1024 && below.every(visit);
  };
  return visit(tree);
}
