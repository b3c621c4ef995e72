// Keeps one bundle up to date (OPA bundle service API): polls with jitter, long-polls where the server can, backs off after failures. Bytes
// go to `onUpdate`, which activates them; only what it accepted counts as seen. Never decides whether a bundle is good.

import { PolicyError } from "../error.ts";
import { request } from "./client.ts";
import type { BundleConfig, ServiceConfig } from "./config.ts";
import { backoffMs, sleep, type World } from "./ports.ts";

/** The content type by which a server says that it holds requests. */
export const BUNDLE_CONTENT_TYPE = "application/vnd.openpolicyagent.bundles";

/** Node's fetch gives a silent server 300 seconds. */
const MAX_WAIT_SECONDS = 290;
const MIN_PAUSE_MS = 50;
const UNHELD_PAUSE_MS = 1000;

export type Update =
  | { readonly kind: "unchanged" }
  | { readonly kind: "bundle"; readonly packed: Uint8Array; readonly etag: string }
  | { readonly kind: "failed"; readonly error: PolicyError; readonly httpCode?: number };

export interface DownloaderOptions {
  readonly bundle: BundleConfig;
  readonly service: ServiceConfig;
  readonly world: World;
  /** Throws when the bundle was not activated. Called for every request, also for those that failed. */
  readonly onUpdate: (update: Update) => Promise<void>;
}

export class Downloader {
  readonly #options: DownloaderOptions;
  readonly #stopped = new AbortController();
  /** Of the bundle that was last activated. */
  #etag = "";
  #longPolling: boolean;
  #running: Promise<void> | undefined;

  constructor(options: DownloaderOptions) {
    this.#options = options;
    this.#longPolling = options.bundle.polling.longPollingSeconds !== undefined;
  }

  /** Begins to poll, unless the bundle is triggered by hand. */
  start(): void {
    if (this.#options.bundle.trigger === "manual") return;
    this.#running ??= this.#loop();
  }

  /** One download now. */
  async trigger(): Promise<void> {
    await this.#once(false);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const { bundle, world } = this.#options;
    const { minDelayMs, maxDelayMs, longPollingSeconds } = bundle.polling;
    const { signal } = this.#stopped;
    for (let retry = 0; !signal.aborted; ) {
      let delay = 0;
      const started = world.clock.monotonicMs();
      try {
        const { kind } = await this.#once(true);
        retry = 0;
        const usual = minDelayMs + (maxDelayMs - minDelayMs) * world.chance.uniform();
        const isHeld = this.#longPolling && longPollingSeconds !== undefined;
        // A server that promises to hold requests and does not must not be asked in a tight loop.
        const pause = kind === "bundle" ? MIN_PAUSE_MS : UNHELD_PAUSE_MS;
        delay = isHeld ? Math.max(0, pause - (world.clock.monotonicMs() - started)) : usual;
      } catch {
        // `onUpdate` has been told; here it only means to wait.
        delay = backoffMs(world.chance, maxDelayMs, retry++);
      }
      if (!signal.aborted && delay > 0) await sleep(world.clock, delay, signal);
    }
  }

  /** One request and what follows from it; throws when there is nothing good to show for it. */
  async #once(hold: boolean): Promise<Update> {
    const { onUpdate } = this.#options;
    let update: Update;
    try {
      update = await this.#download(hold && this.#longPolling);
    } catch (error) {
      if (this.#stopped.signal.aborted) return { kind: "unchanged" };
      const failure =
        error instanceof PolicyError
          ? error
          : new PolicyError("internal_error", String(error), { cause: error });
      const httpCode = HTTP_CODES.get(failure);
      await onUpdate({ kind: "failed", error: failure, ...(httpCode === undefined ? {} : { httpCode }) });
      throw failure;
    }
    await onUpdate(update);
    if (update.kind === "bundle") this.#etag = update.etag;
    return update;
  }

  async #download(hold: boolean): Promise<Update> {
    const { bundle, service, world } = this.#options;
    const configured = bundle.polling.longPollingSeconds;
    const longPollingSeconds = configured === undefined ? undefined : Math.min(configured, MAX_WAIT_SECONDS);
    // A delta cannot be persisted, so whoever persists does not ask for one.
    const modes = bundle.persist ? "modes=snapshot" : "modes=snapshot,delta";
    const waits = hold && longPollingSeconds !== undefined;
    const response = await request(service, world, {
      method: "GET",
      path: bundle.resource,
      headers: { "If-None-Match": this.#etag, Prefer: waits ? `${modes};wait=${longPollingSeconds}` : modes },
      // OPA waits for ever here; a connection that died silently would then hold the old policy for ever.
      ...(waits
        ? { timeoutMs: longPollingSeconds * 1000 + Math.max(service.responseHeaderTimeoutMs, 1000) }
        : {}),
      signal: this.#stopped.signal,
      maxBytes: bundle.sizeLimitBytes,
    });
    if (response.status === 304) return { kind: "unchanged" };
    if (response.status !== 200) {
      const error = new PolicyError(
        "io_error",
        `server replied with ${STATUS_TEXTS.get(response.status) ?? response.status}`,
      );
      HTTP_CODES.set(error, response.status);
      throw error;
    }
    if (bundle.polling.longPollingSeconds !== undefined)
      this.#longPolling = response.header("content-type") === BUNDLE_CONTENT_TYPE;
    if (response.body.length === 0) {
      this.#etag = "";
      return { kind: "unchanged" };
    }
    return { kind: "bundle", packed: response.body, etag: response.header("etag") ?? "" };
  }
}

const HTTP_CODES = new WeakMap<PolicyError, number>();

/** Go's names of the statuses that servers answer with. */
const STATUS_TEXTS: ReadonlyMap<number, string> = new Map([
  [204, "No Content"],
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [429, "Too Many Requests"],
  [500, "Internal Server Error"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
]);
