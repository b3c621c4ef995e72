// What patches have made of a base document since it was loaded. In: changes that an instance took. Out: the same changes in an order that leads
// from the loaded document to the present one, each place with its last value only, so that the list grows with what differs, not with time.

import type { Value } from "../value/value.ts";

/** One change, as delta bundles have it, with its value read. */
export interface Change {
  readonly op: "upsert" | "replace" | "remove";
  readonly path: readonly string[];
  /** Undefined only for `remove`. */
  readonly value: Value | undefined;
}

interface Place {
  change: Change | undefined;
  readonly below: Map<string, Place>;
}

const nowhere = (): Place => ({ change: undefined, below: new Map() });

export class Changes {
  /** Trees of places; between two of them, a change that gave elements of an array other numbers. */
  readonly #steps: (Place | Change)[] = [];

  get empty(): boolean {
    return this.#steps.length === 0;
  }

  /** `renumbers`: an element of an array came or went, so what is said of the array later means other elements. */
  add(change: Change, renumbers: boolean): void {
    if (renumbers) {
      this.#steps.push(change);
      return;
    }
    const last = this.#steps.at(-1);
    let at = last !== undefined && "below" in last ? last : nowhere();
    if (at !== last) this.#steps.push(at);
    for (const key of change.path) {
      const next = at.below.get(key) ?? nowhere();
      at.below.set(key, next);
      at = next;
    }
    at.change = change;
    at.below.clear();
  }

  /** Each change, those of a place before those below it. One that takes away what the loaded document never had does not fit it. */
  *[Symbol.iterator](): IterableIterator<Change> {
    for (const step of this.#steps) {
      if ("below" in step) yield* within(step);
      else yield step;
    }
  }
}

function* within(place: Place): IterableIterator<Change> {
  if (place.change !== undefined) yield place.change;
  for (const below of place.below.values()) yield* within(below);
}
