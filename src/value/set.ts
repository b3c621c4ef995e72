// The Rego set: Values held once each, iterated in OPA's order. Members in, RegoSet out; never changes after it is made.

import { compare, identity } from "./compare.ts";
import type { RegoSet, Value } from "./value.ts";

export class SetValue implements RegoSet {
  readonly kind = "set";
  readonly #members: Map<string, Value>;
  #sorted: readonly Value[] | undefined;

  /** `members` is taken over by the set. */
  constructor(members: Map<string, Value>) {
    this.#members = members;
  }

  get size(): number {
    return this.#members.size;
  }

  has(member: Value): boolean {
    return this.#members.has(identity(member));
  }

  values(): IterableIterator<Value> {
    this.#sorted ??= [...this.#members.values()].sort(compare);
    return this.#sorted[Symbol.iterator]();
  }
}

export const emptySet: RegoSet = new SetValue(new Map());

/** A set of the given values; of equal ones (`1`, `1.0`) the first is kept. */
export function set(values: Iterable<Value>): RegoSet {
  const members = new Map<string, Value>();
  for (const value of values) {
    const id = identity(value);
    if (!members.has(id)) members.set(id, value);
  }
  return members.size === 0 ? emptySet : new SetValue(members);
}
