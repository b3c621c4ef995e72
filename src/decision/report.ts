// Sends status reports to the service (OPA status service API) and to the console. Told that something changed, it sends the newest report;
// one that could not be sent is tried again, or replaced by a newer one.

import { encode, fromPlain } from "../value/json.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import { request } from "./client.ts";
import type { ServiceConfig, StatusConfig } from "./config.ts";
import { consoleStatus } from "./log/sinks.ts";
import { backoffMs, sleep, type World } from "./ports.ts";
import type { StatusReport } from "./status.ts";

const MAX_RETRY_MS = 30_000;

export interface ReporterOptions {
  readonly config: StatusConfig;
  readonly service: ServiceConfig | undefined;
  readonly world: World;
  readonly report: () => StatusReport;
}

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #stopped = new AbortController();
  #isDirty = false;
  #sending: Promise<void> | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Something changed. */
  notify(): void {
    const { config, world, report } = this.#options;
    if (config.console) world.console?.(consoleStatus(report(), world.clock.nowMs()));
    if (this.#options.service === undefined || config.trigger === "manual") return;
    this.#isDirty = true;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Sends the report now, once. */
  async send(): Promise<void> {
    const { config, service, world, report } = this.#options;
    if (service === undefined) return;
    const response = await request(service, world, {
      method: "POST",
      path: config.partition === "" ? "status" : `status/${config.partition}`,
      headers: { "Content-Type": "application/json" },
      body: encodeUtf8(encode(fromPlain(report()))),
      signal: this.#stopped.signal,
      maxBytes: 1024 * 1024,
    });
    if (response.status < 200 || response.status >= 300)
      throw new Error(`status update failed, server replied with HTTP ${response.status}`);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    const { world } = this.#options;
    const { signal } = this.#stopped;
    for (let retry = 0; this.#isDirty && !signal.aborted; ) {
      this.#isDirty = false;
      try {
        await this.send();
        retry = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#isDirty = true;
        world.log("debug", (error as Error).message);
        await sleep(world.clock, backoffMs(world.chance, MAX_RETRY_MS, retry++), signal);
      }
    }
  }
}
