// Which tasks are in memory. A task is one object for as long as anybody holds it, since two would each keep a ledger of their own; those that
// nobody holds are let go of, the longest unused first, and are read again from the store when they are asked for.

import type { GuardedTask } from "./task.ts";

export class OpenTasks {
  readonly #limit: number;
  readonly #opening = new Map<string, Promise<GuardedTask>>();
  /** Held by this map alone: the last ones used, in this order, and those that the store could not bring back as they are. */
  readonly #kept = new Map<string, GuardedTask>();
  readonly #known = new Map<string, WeakRef<GuardedTask>>();
  readonly #gone = new FinalizationRegistry<string>((id) => {
    if (this.#known.get(id)?.deref() === undefined) this.#known.delete(id);
  });

  /** `limit`: tasks that are kept although nobody holds them. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The task of this id, opened where it is not in memory; what `open` throws is thrown, and is tried again the next time. */
  get(id: string, open: () => Promise<GuardedTask>): Promise<GuardedTask> {
    const opening = this.#opening.get(id);
    if (opening !== undefined) return opening;
    const known = this.#kept.get(id) ?? this.#known.get(id)?.deref();
    if (known !== undefined) {
      this.#keep(id, known);
      return Promise.resolve(known);
    }
    const opened = open().then((task) => {
      // Forgotten while it was opened: whoever waits for it gets it, and nobody after them.
      if (this.#opening.get(id) !== opened) return task;
      this.#known.set(id, new WeakRef(task));
      this.#gone.register(task, id);
      this.#keep(id, task);
      return task;
    });
    this.#opening.set(id, opened);
    const done = (): void => {
      if (this.#opening.get(id) === opened) this.#opening.delete(id);
    };
    opened.then(done, done);
    return opened;
  }

  forget(id: string): void {
    this.#opening.delete(id);
    this.#kept.delete(id);
    this.#known.delete(id);
  }

  #keep(id: string, task: GuardedTask): void {
    this.#kept.delete(id);
    this.#kept.set(id, task);
    if (this.#kept.size <= this.#limit) return;
    for (const [oldest, { hasUnstored }] of this.#kept) {
      if (hasUnstored) continue;
      this.#kept.delete(oldest);
      return;
    }
  }
}
