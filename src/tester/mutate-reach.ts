// What a mistake at some place of a policy can change at all: the tests, invariants and decisions that come to the rule it is in. In: checked modules.
// Out: for a place the places of those rules. Nothing else has to be run on a mutant.

import type { CompiledModules } from "../compile/compile.ts";
import type { Location } from "../error.ts";
import { placeOf } from "./prove-shape.ts";

type Cell = CompiledModules["compilation"]["modules"][number]["rules"][number];

export class Reach {
  readonly #compiled: CompiledModules;
  readonly #known = new Map<Cell, ReadonlySet<string>>();

  constructor(compiled: CompiledModules) {
    this.#compiled = compiled;
  }

  /** Places of the rules around a place, and of all that use them; undefined: it is in no rule, so anything may change. */
  of(file: string, row: number): ReadonlySet<string> | undefined {
    const cells = this.#compiled.compilation.modules
      .flatMap(({ rules }) => rules)
      .filter(({ location }) => isInside(location, file, row));
    if (cells.length === 0) return undefined;
    return new Set(cells.flatMap((cell) => [...this.#users(cell)]));
  }

  #users(start: Cell): ReadonlySet<string> {
    const known = this.#known.get(start);
    if (known !== undefined) return known;
    const seen = new Set<Cell>();
    const pending = [start];
    for (let cell = pending.pop(); cell !== undefined; cell = pending.pop()) {
      if (seen.has(cell)) continue;
      seen.add(cell);
      pending.push(...this.#compiled.graph.dependents(cell));
    }
    const places = new Set(Array.from(seen, ({ location }) => placeOf(location)));
    this.#known.set(start, places);
    return places;
  }
}

function isInside({ file, row, text }: Location, wanted: string, at: number): boolean {
  return file === wanted && row <= at && at < row + text.split("\n").length;
}
