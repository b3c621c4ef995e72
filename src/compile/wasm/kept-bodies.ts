// What a module leaves for the next one: the bodies of its functions, by the functions and plans that they were emitted from, and what those
// read of the input. Holds no more than the last module had.

import type { Block, Plan } from "../ir/ir.ts";
import { KnownReads } from "./read-set.ts";
import type { Answerer, KeptBody } from "./recording.ts";
import { Encodings } from "./statics.ts";

export class Shelf {
  readonly #kept = new Map<object, { readonly body: KeptBody; turn: number }>();
  #turn = 0;

  /** The body kept of this, with the numbers that it has in the module. */
  take(of: object, module: Answerer): KeptBody | undefined {
    const kept = this.#kept.get(of);
    if (kept === undefined || !kept.body.moveTo(module)) return undefined;
    kept.turn = this.#turn;
    return kept.body;
  }

  put(of: object, body: KeptBody): void {
    this.#kept.set(of, { body, turn: this.#turn });
  }

  /** Whether the body was kept of the last module. */
  has(of: object): boolean {
    return this.#kept.has(of);
  }

  /** What the module had not is forgotten. */
  turn(): void {
    this.#kept.forEach(({ turn }, of) => {
      if (turn !== this.#turn) this.#kept.delete(of);
    });
    this.#turn++;
  }

  clear(): void {
    this.#kept.clear();
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
  #imports = "";

  /** The next module imports these functions. What was kept of one with others calls the runtime by other numbers. */
  fit(imports: ReadonlySet<string>): void {
    const all = [...imports].sort().join();
    if (all !== this.#imports) for (const kept of [this.funcs, this.plans, this.decides]) kept.clear();
    this.#imports = all;
  }

  /** The module is finished. */
  turn(): void {
    for (const kept of [this.funcs, this.plans, this.decides, this.encodings]) kept.turn();
  }
}
