// Drawing from a seed: the same seed gives the same module on every machine. Knows nothing of Rego.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bf03635) >>> 0;
    for (let i = 0; i < 4; i++) this.next();
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Whole, from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined && items.length === 0) throw new RangeError("nothing to pick from");
    return item as T;
  }

  /** One of the rows, by weight. */
  weighted<T>(rows: readonly (readonly [number, T])[]): T {
    let at = this.next() * rows.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of rows) {
      at -= weight;
      if (at < 0) return item;
    }
    return rows[rows.length - 1]![1];
  }

  times<T>(low: number, high: number, draw: (index: number) => T): T[] {
    return Array.from({ length: this.int(low, high) }, (_, index) => draw(index));
  }

  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }
}
