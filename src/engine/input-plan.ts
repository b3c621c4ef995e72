// What of an input each entrypoint can read, and where the module looks for it: the plans that writers of inputs follow. In: a module's custom
// sections. Out: plans with a box for each place, and the text that says all of this, by which a generated writer is known to belong to the module.

import { PolicyError } from "../error.ts";
import * as abi from "../runtime/abi.ts";

/** `true`: everything below; a tree: only these keys. */
type ReadTree = true | { readonly [key: string]: ReadTree };

/** An object at a fixed address, as compile/wasm/cells.ts draws it. */
interface CellNode {
  readonly box: number;
  readonly keys: Readonly<Record<string, readonly [cell: number, below: CellNode | null]>>;
}

interface Drawing {
  /** Entrypoints that `answer` answers. */
  readonly plans: readonly string[];
  /** They are all that the module has, by their ids, and it calls no builtins of its host: nobody has to ask it for either. */
  readonly all?: boolean;
  readonly root: CellNode;
}

export interface Cells {
  readonly plans: readonly string[];
  readonly all: boolean;
  readonly root: number;
  /** What to write for each plan; none for those that may look at the whole input. */
  readonly writers: ReadonlyMap<string, InputPlan>;
}

export interface Slot {
  readonly name: string;
  /** Word of the value's address. */
  readonly cell: number;
  readonly below: InputPlan | undefined;
  /** Word of a box for what stands here, a text of up to SHORT characters behind it. */
  box: number;
  /** Different texts seen here: many of them are not worth remembering. */
  seen: number;
  /** Of the 31 that a plan may have to be written by a loop over the keys; 0 beyond. */
  readonly bit: number;
}

/** An object of which only these keys are written. */
export interface InputPlan {
  readonly box: number;
  readonly slots: readonly Slot[];
  readonly named: ReadonlyMap<string, Slot>;
  /** The places below which nothing is read, here and in the objects below, in the order of the keys. */
  readonly leaves: readonly Slot[];
  /** The bits of all slots. */
  readonly all: number;
  /** Keys as they came last, read or not, and where what stands under them belongs: two lists, for what is found in one look is found sooner. */
  readonly keys: string[];
  readonly places: (Slot | undefined)[];
  /** Slots are looked up by their names instead. */
  wide: boolean;
  /** Of a plan for a whole input: the function generated for it. */
  generated?: WriteInput | undefined;
}

/** What a generated function writes with. */
export interface InputPen {
  /** Writes what stands at the leaves of a plan, one for each. False: the input has to go through its JSON text. */
  put(slots: readonly Slot[], members: readonly unknown[]): boolean;
  /** There is an object here. */
  open(slot: Slot): void;
  /** Writes what is no plain object where the policy reads below it. False: as `put`. */
  other(slot: Slot, member: unknown): boolean;
}

/** False: the input has to go through its JSON text. */
export type WriteInput = (pen: InputPen, plan: InputPlan, input: unknown) => boolean;

/** Of what generated functions are given and have to look after themselves. */
export const WRITER_VERSION = 3;

/** The default export of a generated module: `prepare` takes it as `writer`. */
export interface GeneratedWriter {
  readonly version: number;
  /** What the module says of its read sets, to the letter: a writer fits no other. */
  readonly layout: string;
  readonly entrypoints: Readonly<Record<string, WriteInput>>;
}

/**
 * What the module carries; undefined if it is none of ours or was built without. `allocate` gives memory that stays. Throws `bundle_error` where
 * the sections say nothing that could be read.
 */
export function readCells(
  module: WebAssembly.Module,
  allocate: (bytes: number) => number,
): Cells | undefined {
  const layout = layoutOf(module);
  if (layout === undefined) return undefined;
  try {
    return cellsOf(layout, allocate);
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError("bundle_error", "what the module says of its input cannot be read", { cause });
  }
}

function cellsOf(layout: string, allocate: (bytes: number) => number): Cells {
  const [drawing, trees] = JSON.parse(layout) as [Drawing, Readonly<Record<string, ReadTree>>];
  const boxes = new Map<number, number>();
  const planOf = (node: CellNode, tree: ReadTree): InputPlan => {
    // One loop: each function that runs at the start has to be compiled for it.
    const slots: Slot[] = [];
    const leaves: Slot[] = [];
    const named = new Map<string, Slot>();
    let all = 0;
    for (const name of Object.keys(node.keys)) {
      if (tree !== true && !Object.hasOwn(tree, name)) continue;
      const [cell, below] = node.keys[name]!;
      const box = boxes.get(cell) ?? allocate(abi.BOX_SIZE + SHORT);
      boxes.set(cell, box);
      const slot: Slot = {
        name,
        cell: cell >> 2,
        below: below === null ? undefined : planOf(below, tree === true ? true : tree[name]!),
        box: box >> 2,
        seen: 0,
        bit: slots.length < 31 ? 1 << slots.length : 0,
      };
      all |= slot.bit;
      slots.push(slot);
      leaves.push(...(slot.below?.leaves ?? [slot]));
      named.set(name, slot);
    }
    return { box: node.box, slots, leaves, named, all, keys: [], places: [], wide: slots.length > 31 };
  };
  const writers = new Map<string, InputPlan>();
  for (const name of Object.keys(trees)) {
    const tree = trees[name]!;
    if (tree !== true) writers.set(name, planOf(drawing.root, tree));
  }
  return { plans: drawing.plans, all: drawing.all === true, root: drawing.root.box, writers };
}

/** The drawing and the read sets as one JSON text; undefined if the module has none. */
export function layoutOf(module: WebAssembly.Module): string | undefined {
  const [drawing] = WebAssembly.Module.customSections(module, "reeve.cells");
  const [trees] = WebAssembly.Module.customSections(module, "reeve.reads");
  if (drawing === undefined || trees === undefined) return undefined;
  const decoder = new TextDecoder();
  return `[${decoder.decode(drawing)},${decoder.decode(trees)}]`;
}

/** Up to this many characters a text is written one by one. */
export const SHORT = 24;

/** Has the plans written by functions that were generated for them. Throws `config_error` if they were generated for another module. */
export function useGenerated(
  cells: Cells | undefined,
  module: WebAssembly.Module,
  writer: GeneratedWriter,
): void {
  if (cells === undefined || writer.version !== WRITER_VERSION || writer.layout !== layoutOf(module)) {
    throw new PolicyError(
      "config_error",
      "the input writer was generated for another policy or version: build both anew",
    );
  }
  for (const [name, plan] of cells.writers) {
    // What Object.prototype has under a name that is read by it would be seen where an input has none.
    if (!inherits(plan))
      plan.generated = Object.hasOwn(writer.entrypoints, name) ? writer.entrypoints[name] : undefined;
  }
}

function inherits({ slots }: InputPlan): boolean {
  return slots.some(
    ({ name, below }) =>
      (name in Object.prototype && !OF_OBJECTS.has(name)) || (below !== undefined && inherits(below)),
  );
}

/** Names that every object has: generated code looks whether they are its own. */
export const OF_OBJECTS = new Set(Object.getOwnPropertyNames(Object.prototype));
