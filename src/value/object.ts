// The Rego object: any Value to Value, looked up by identity, iterated in OPA's order. Entries in, RegoObject out; never changes
// after it is made. Keys live in a Map, so `__proto__` is a key like any other.

import { compare, identity } from "./compare.ts";
import type { RegoObject, Value } from "./value.ts";

type Entry = readonly [Value, Value];

export class ObjectValue implements RegoObject {
  readonly kind = "object";
  readonly #entries: Map<string, Entry>;
  #sorted: readonly Entry[] | undefined;

  /** `entries` is taken over by the object. */
  constructor(entries: Map<string, Entry>) {
    this.#entries = entries;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(identity(key))?.[1];
  }

  has(key: Value): boolean {
    return this.#entries.has(identity(key));
  }

  entries(): IterableIterator<Entry> {
    this.#sorted ??= [...this.#entries.values()].sort((a, b) => compare(a[0], b[0]));
    return this.#sorted[Symbol.iterator]();
  }

  *keys(): IterableIterator<Value> {
    for (const entry of this.entries()) yield entry[0];
  }
}

export const emptyObject: RegoObject = new ObjectValue(new Map());

/** An object from its entries. Of entries with equal keys the last wins, under the key that came first, as in OPA. */
export function object(entries: Iterable<readonly [Value, Value]>): RegoObject {
  const map = new Map<string, Entry>();
  for (const entry of entries) {
    const id = identity(entry[0]);
    const known = map.get(id);
    map.set(id, known === undefined ? entry : [known[0], entry[1]]);
  }
  return map.size === 0 ? emptyObject : new ObjectValue(map);
}

/** An object from the own enumerable properties of a record; undefined values are left out. */
export function objectFromRecord(record: Readonly<Record<string, Value | undefined>>): RegoObject {
  const entries: Entry[] = [];
  for (const [key, value] of Object.entries(record)) if (value !== undefined) entries.push([key, value]);
  return object(entries);
}
