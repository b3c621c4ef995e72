// The log as the decision agent sees it: a decision in, durable (or knowingly dropped) before `record` returns. Asks the policies what to
// mask and what to drop, writes the journal, keeps the uploader going.

import { lookup } from "../../bundle/tree.ts";
import type { Value } from "../../value/value.ts";
import { findEntrypoint, type State } from "../activate.ts";
import type { DecisionLogConfig, ServiceConfig } from "../config.ts";
import type { World } from "../ports.ts";
import type { DecisionLogStatus } from "../status.ts";
import type { Journal } from "../storage.ts";
import { LogBuffer } from "./buffer.ts";
import { type EventParts, encodeEvent, eventValue, type LogEvent, newEvent } from "./event.ts";
import { erase, hideAll, mask } from "./mask.ts";
import { consoleDecision } from "./sinks.ts";
import { Uploader } from "./upload.ts";

export interface DecisionLogOptions {
  readonly config: DecisionLogConfig;
  readonly service: ServiceConfig | undefined;
  /** Where there is a service, events wait here for it. */
  readonly journal: Journal | undefined;
  readonly world: World;
  readonly onStatus: () => void;
}

export class DecisionLog {
  readonly #options: DecisionLogOptions;
  readonly #buffer: LogBuffer | undefined;
  readonly #uploader: Uploader | undefined;
  #status: DecisionLogStatus = {};
  #masked = 0;
  /** Looked up once for each state. */
  #policies: { readonly state: State; readonly drop: LogPolicy; readonly mask: LogPolicy } | undefined;

  constructor(options: DecisionLogOptions) {
    this.#options = options;
    const { config, service, journal, world } = options;
    if (service === undefined || journal === undefined) return;
    const onStatus = (status: DecisionLogStatus): void => {
      this.#status = status;
      options.onStatus();
    };
    const uploader = new Uploader({ journal, config, service, world, onStatus });
    this.#uploader = uploader;
    this.#buffer = new LogBuffer(journal, config, () => uploader.notify());
  }

  /** Events held, dropped and hidden, with the last failure of an upload. */
  get status(): DecisionLogStatus {
    const journal = this.#buffer?.journal;
    return {
      ...this.#status,
      metrics: {
        counter_decision_logs_dropped: this.#buffer?.dropped ?? 0,
        counter_decision_logs_mask_failed: this.#masked,
        gauge_decision_logs_waiting: journal?.records ?? 0,
        gauge_decision_logs_waiting_bytes: journal?.bytes ?? 0,
      },
    };
  }

  start(): void {
    this.#uploader?.start();
  }

  /** Throws `decision_log_full` when a decision could not be logged anyway. */
  checkRoom(): void {
    this.#buffer?.checkRoom();
  }

  async record(parts: EventParts, state: State): Promise<void> {
    const { config, world } = this.#options;
    const event = await this.#prepare(parts, state);
    if (event === undefined) return;
    if (config.console) world.console?.(consoleDecision(event, world.clock.nowMs()));
    const dropped = this.#buffer?.dropped;
    await this.#buffer?.append(encodeEvent(event));
    if (this.#buffer?.dropped !== dropped) this.#options.onStatus();
  }

  async upload(): Promise<number> {
    return (await this.#uploader?.upload()) ?? 0;
  }

  async stop(graceMs: number): Promise<void> {
    await this.#uploader?.stop(graceMs);
    await this.#buffer?.journal.close();
  }

  #policiesOf(state: State): { readonly drop: LogPolicy; readonly mask: LogPolicy } {
    if (this.#policies?.state !== state) {
      const { dropPath, maskPath } = this.#options.config;
      this.#policies = { state, drop: logPolicy(state, dropPath), mask: logPolicy(state, maskPath) };
    }
    return this.#policies;
  }

  /** The event as it may be logged; undefined when a policy says that it is not. */
  async #prepare(parts: EventParts, state: State): Promise<LogEvent | undefined> {
    const { world } = this.#options;
    const { drop, mask: masking } = this.#policiesOf(state);
    // Before any policy sees it: what is erased here is there for no mask to forget.
    const event = erase(newEvent(parts), parts.note?.erase ?? []);
    try {
      if (drop !== undefined && (await drop(event)) === true) return undefined;
    } catch (error) {
      world.log("error", `the drop policy failed, the decision is logged: ${(error as Error).message}`);
    }
    if (masking === undefined) return event;
    try {
      const masked = mask(event, await masking(event));
      if (masked.hidden) this.#masked++;
      return masked;
    } catch (error) {
      this.#masked++;
      world.log("error", `the mask policy failed, input and result are hidden: ${(error as Error).message}`);
      return hideAll(event, (error as Error).message);
    }
  }
}

/** What a log policy says about an event; undefined where there is none. */
type LogPolicy = ((event: LogEvent) => Promise<Value | undefined>) | undefined;

function logPolicy(state: State, path: string): LogPolicy {
  const keys = path.split("/");
  const found = findEntrypoint(state, keys);
  if (found === undefined) {
    const value = lookup(state.data, keys);
    return value === undefined ? undefined : async () => value;
  }
  return async (event) => {
    const results = await found.engine.evaluateAsync(found.entrypoint, { value: eventValue(event) });
    return results.value === undefined ? undefined : lookup(results.value, found.rest);
  };
}
