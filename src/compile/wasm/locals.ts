// Maps the locals of a plan function to locals of a Wasm function. In: plan locals in the order of their use. Out: indices; parameters
// first. Also lends scratch locals and takes them back, so that deep plans do not pile them up.

import type { Local } from "../ir/ir.ts";
import { TYPE_I32, type TYPE_I64 } from "./encode.ts";
import type { Code } from "./instruction.ts";

export class Locals {
  readonly #code: Code;
  readonly #map = new Map<Local, number>();
  readonly #caches = new Map<string, number>();
  readonly #free = new Map<number, number[]>();

  /** `params` are the plan locals that the Wasm parameters hold, in order. */
  constructor(code: Code, params: readonly Local[]) {
    this.#code = code;
    params.forEach((local, index) => {
      this.#map.set(local, index);
    });
  }

  of(local: Local): number {
    let index = this.#map.get(local);
    if (index === undefined) {
      index = this.#code.local();
      this.#map.set(local, index);
    }
    return index;
  }

  /** A local that holds the value of a path for the whole function, 0 until it is looked up. */
  cache(path: string): number {
    let index = this.#caches.get(path);
    if (index === undefined) {
      index = this.#code.local();
      this.#caches.set(path, index);
    }
    return index;
  }

  /** A scratch local, for as long as `use` runs. Its value at the start is not defined. */
  scratch<T>(use: (local: number) => T, type: typeof TYPE_I32 | typeof TYPE_I64 = TYPE_I32): T {
    const local = this.#free.get(type)?.pop() ?? this.#code.local(type);
    try {
      return use(local);
    } finally {
      const free = this.#free.get(type);
      if (free === undefined) this.#free.set(type, [local]);
      else free.push(local);
    }
  }
}
