// The bounded space in which decisions wait for their upload. An event is in the journal before the answer goes out; where there is no room
// the decision is refused (`decision_log_full`), or the event is dropped and counted if that was chosen.

import { PolicyError } from "../../error.ts";
import type { DecisionLogConfig } from "../config.ts";
import type { Journal } from "../storage.ts";

export class LogBuffer {
  readonly #journal: Journal;
  readonly #config: DecisionLogConfig;
  readonly #onAppend: () => void;
  #dropped = 0;

  constructor(journal: Journal, config: DecisionLogConfig, onAppend: () => void) {
    this.#journal = journal;
    this.#config = config;
    this.#onAppend = onAppend;
  }

  get journal(): Journal {
    return this.#journal;
  }

  /** Events dropped because there was no room, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  get bytes(): number {
    return this.#journal.bytes;
  }

  /** Before any work is done for a decision: is there room for its event at all? */
  checkRoom(): void {
    if (this.#config.whenFull === "deny" && this.#isFull(1)) throw full();
  }

  /** Returns when the event survives the process. Throws `decision_log_full`, or `io_error` when it cannot be written. */
  async append(record: Uint8Array): Promise<void> {
    if (this.#isFull(record.length + 1)) {
      if (this.#config.whenFull === "deny") throw full();
      this.#dropped++;
      return;
    }
    try {
      await this.#journal.append(record);
    } catch (error) {
      if (this.#config.whenFull === "deny") throw error;
      this.#dropped++;
      return;
    }
    this.#onAppend();
  }

  #isFull(more: number): boolean {
    const { bytes, records } = this.#journal;
    return bytes + more > this.#config.bufferLimitBytes || records + 1 > this.#config.bufferLimitEvents;
  }
}

function full(): PolicyError {
  return new PolicyError(
    "decision_log_full",
    "decision_log_full: there is no room left for the decision log, and a decision that is not logged is not made",
  );
}
