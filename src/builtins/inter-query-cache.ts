// Answers of builtins that outlive a query, bounded by bytes: OPA's inter-query builtin cache. Keys and entries in, entries out; the oldest
// entries go when there is no room. Knows nothing of freshness: whoever keeps an entry judges it.

export interface CacheEntry {
  /** What the entry counts for. */
  readonly bytes: number;
}

export class InterQueryCache {
  readonly #entries = new Map<string, CacheEntry>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** Without a bound, as in OPA, nothing is ever put out. */
  constructor(maxBytes = Number.POSITIVE_INFINITY) {
    this.#maxBytes = maxBytes;
  }

  get(key: string): CacheEntry | undefined {
    return this.#entries.get(key);
  }

  put(key: string, entry: CacheEntry): void {
    this.delete(key);
    if (entry.bytes > this.#maxBytes) return;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes + entry.bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
  }

  delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }

  get bytes(): number {
    return this.#bytes;
  }
}
