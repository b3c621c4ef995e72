// Instances of one module with the same data, for reuse. In: a way to make one. Out: an idle one. A broken instance is never given out
// again; emptying the pool lets instances that are in use die when they come back.

import type { Run } from "./imports.ts";
import type { Document, Instance } from "./instance.ts";
import type { ResultSet } from "./result-set.ts";

export class Pool {
  readonly #make: () => Instance;
  /** One that most evaluations find here, and those behind it. */
  #spare: Instance | undefined;
  #idle: Instance[] = [];
  #generation = 0;

  constructor(make: () => Instance) {
    this.#make = make;
  }

  /** An instance for the caller alone; it comes back with `reset` or `give`, or never. */
  take(): Instance {
    const spare = this.#spare;
    if (spare === undefined) return this.#idle.pop() ?? this.#make();
    this.#spare = undefined;
    return spare;
  }

  /** Takes back what `take` gave, as it was. */
  give(instance: Instance): void {
    if (instance.broken) return;
    if (this.#spare === undefined) this.#spare = instance;
    else this.#idle.push(instance);
  }

  /** Runs `work` with an instance of its own; re-entrant. */
  use<T>(work: (instance: Instance) => T): T {
    const generation = this.#generation;
    const instance = this.take();
    try {
      return work(instance);
    } finally {
      if (generation === this.#generation) this.give(instance);
    }
  }

  /** `use` for the hot path. */
  evaluate(entrypoint: number, input: Document | undefined, run: Run): ResultSet {
    const generation = this.#generation;
    const instance = this.take();
    try {
      return instance.evaluate(entrypoint, input, run);
    } finally {
      if (generation === this.#generation) this.give(instance);
    }
  }

  /** Starts anew with these instances. */
  reset(...instances: Instance[]): void {
    this.#generation++;
    this.#spare = instances.pop();
    this.#idle = instances;
  }
}
