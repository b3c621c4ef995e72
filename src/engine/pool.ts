// Instances of one module with the same data, for reuse. In: a way to make one. Out: an idle one. A broken instance is never given out
// again; emptying the pool lets instances that are in use die when they come back.

import type { Run } from "./imports.ts";
import type { Answer, Document, Instance } from "./instance.ts";

export class Pool {
  readonly #make: () => Instance;
  #idle: Instance[] = [];
  #generation = 0;

  constructor(make: () => Instance) {
    this.#make = make;
  }

  /** An instance for the caller alone; it comes back with `reset` or `give`, or never. */
  take(): Instance {
    return this.#idle.pop() ?? this.#make();
  }

  /** Takes back what `take` gave, as it was. */
  give(instance: Instance): void {
    if (!instance.broken) this.#idle.push(instance);
  }

  /** Runs `work` with an instance of its own; re-entrant. */
  use<T>(work: (instance: Instance) => T): T {
    const generation = this.#generation;
    const instance = this.#idle.pop() ?? this.#make();
    try {
      return work(instance);
    } finally {
      if (!instance.broken && generation === this.#generation) this.#idle.push(instance);
    }
  }

  /** `use` for the hot path. */
  evaluate(entrypoint: number, input: Document | undefined, run: Run): Answer {
    const generation = this.#generation;
    const instance = this.#idle.pop() ?? this.#make();
    try {
      return instance.evaluate(entrypoint, input, run);
    } finally {
      if (!instance.broken && generation === this.#generation) this.#idle.push(instance);
    }
  }

  /** Starts anew with these instances. */
  reset(...instances: Instance[]): void {
    this.#generation++;
    this.#idle = instances;
  }
}
