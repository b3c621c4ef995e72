// Where the decision agent keeps what must outlive it: the last good bundles, and decisions that are not uploaded yet. An interface, and
// the one implementation that needs no platform: memory. decision/node has files; others bring their own.

export interface Storage {
  readonly bundles: BundleStore;
  /** Opens what an earlier process left; one process at a time. */
  openJournal(options: JournalOptions): Promise<Journal>;
}

export interface BundleStore {
  load(name: string): Promise<Uint8Array | undefined>;
  /** Completely or not at all, also when the power fails. */
  save(name: string, packed: Uint8Array): Promise<void>;
}

export interface JournalOptions {
  /** Also wait for the disk (power loss), not only for the operating system (loss of the process). */
  readonly syncEach: boolean;
}

/** Records in the order they came, until they are removed. A record is one line without line breaks. */
export interface Journal {
  /** All that is held. */
  readonly bytes: number;
  readonly records: number;
  /** When it returns (or resolves), the record survives the end of the process. */
  append(record: Uint8Array): void | Promise<void>;
  /** The oldest records; they stay until the batch is removed. Undefined when there is none. */
  oldest(): Promise<Batch | undefined>;
  close(): Promise<void>;
}

export interface Batch {
  readonly records: readonly Uint8Array[];
  remove(): Promise<void>;
}

/** Keeps everything in memory: for tests, and for hosts that have nothing else. */
export function memoryStorage(): Storage {
  const bundles = new Map<string, Uint8Array>();
  let pending: Uint8Array[] = [];
  const journal: Journal = {
    get bytes() {
      return pending.reduce((sum, record) => sum + record.length, 0);
    },
    get records() {
      return pending.length;
    },
    append(record) {
      pending.push(record);
    },
    async oldest() {
      const records = pending.slice(0, 1000);
      if (records.length === 0) return undefined;
      return {
        records,
        remove: async () => {
          const done = new Set(records);
          pending = pending.filter((record) => !done.has(record));
        },
      };
    },
    async close() {},
  };
  return {
    bundles: {
      load: async (name) => bundles.get(name),
      save: async (name, packed) => void bundles.set(name, packed),
    },
    openJournal: async () => journal,
  };
}
