// What a module leaves for the next one: the bodies of its functions, by the functions and plans that they were emitted from, and what those
// read of the input. Holds no more than the last module had.

import type { Block, Plan } from "../ir/ir.ts";
import { KnownReads } from "./read-set.ts";
import type { Answerer, KeptBody } from "./recording.ts";
import { Encodings } from "./statics.ts";

export class Shelf {
  #before = new Map<object, KeptBody>();
  #now = new Map<object, KeptBody>();

  /** The body kept of this, with the numbers that it has in the module. */
  take(of: object, module: Answerer): KeptBody | undefined {
    const kept = this.#before.get(of);
    if (kept === undefined || !kept.moveTo(module)) return undefined;
    this.#now.set(of, kept);
    return kept;
  }

  put(of: object, body: KeptBody): void {
    this.#now.set(of, body);
  }

  /** Whether the body was kept of the last module. */
  has(of: object): boolean {
    return this.#before.has(of);
  }

  turn(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}

export class KeptBodies {
  readonly funcs = new Shelf();
  /** Plans as hosts of any kind call them, and as our engine does. */
  readonly plans = new Shelf();
  readonly decides = new Shelf();
  readonly reads = new KnownReads();
  /** What plans do that give one value; null for those that do not. */
  readonly singles = new WeakMap<Plan, readonly Block[] | null>();

  readonly encodings = new Encodings();

  /** The module is finished. */
  turn(): void {
    for (const kept of [this.funcs, this.plans, this.decides, this.encodings]) kept.turn();
  }
}
