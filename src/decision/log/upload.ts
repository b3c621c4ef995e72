// Sends the journal to the service (OPA decision log service API): gzip of a JSON array, no larger than the limit, again and again until it is
// taken. At least once: whoever receives tells doubles by `decision_id`. Records are removed only after every chunk of them was taken.

import { PolicyError } from "../../error.ts";
import { decode, encode } from "../../value/json.ts";
import { object } from "../../value/object.ts";
import { encodeUtf8 } from "../../value/utf8.ts";
import { isObject } from "../../value/value.ts";
import { request } from "../client.ts";
import type { DecisionLogConfig, ServiceConfig } from "../config.ts";
import { backoffMs, sleep, type World } from "../ports.ts";
import type { DecisionLogStatus } from "../status.ts";
import type { Journal } from "../storage.ts";

export interface UploaderOptions {
  readonly journal: Journal;
  readonly config: DecisionLogConfig;
  readonly service: ServiceConfig;
  readonly world: World;
  readonly onStatus: (status: DecisionLogStatus) => void;
}

export class Uploader {
  readonly #options: UploaderOptions;
  readonly #stopped = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #uploading: Promise<number> | undefined;
  /** How much smaller the last chunks became by packing. */
  #ratio = 4;

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#options.config.trigger !== "manual") this.#running ??= this.#loop();
  }

  /** Something was appended: with the trigger `immediate`, enough of it is sent at once. */
  notify(): void {
    const { config, journal } = this.#options;
    if (config.trigger === "immediate" && journal.bytes >= config.uploadLimitBytes * this.#ratio)
      this.#wake.abort();
  }

  /** Sends all that is there; the number of events sent. Throws what stopped it. */
  async upload(): Promise<number> {
    this.#uploading ??= this.#uploadAll().finally(() => {
      this.#uploading = undefined;
    });
    return this.#uploading;
  }

  /** Ends the loop; tries once more to send what waits, for at most the given time. */
  async stop(graceMs: number): Promise<void> {
    const timer = this.#options.world.clock.after(graceMs, () => this.#stopped.abort());
    this.#wake.abort();
    if (graceMs > 0) await this.upload().catch(() => {});
    this.#stopped.abort();
    timer();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const { config, world } = this.#options;
    const { signal } = this.#stopped;
    let retry = 0;
    while (!signal.aborted) {
      const usual = config.minDelayMs + (config.maxDelayMs - config.minDelayMs) * world.chance.uniform();
      const delay = retry > 0 ? backoffMs(world.chance, config.maxDelayMs, retry - 1) : usual;
      this.#wake = new AbortController();
      const either = AbortSignal.any([signal, retry > 0 ? signal : this.#wake.signal]);
      await sleep(world.clock, delay, either);
      if (signal.aborted) return;
      try {
        await this.upload();
        retry = 0;
      } catch {
        retry++;
      }
    }
  }

  async #uploadAll(): Promise<number> {
    const { journal, onStatus } = this.#options;
    let sent = 0;
    try {
      for (let batch = await journal.oldest(); batch !== undefined; batch = await journal.oldest()) {
        await this.#send(batch.records);
        await batch.remove();
        sent += batch.records.length;
      }
      if (sent > 0) onStatus({});
      return sent;
    } catch (error) {
      const failure =
        error instanceof PolicyError
          ? error
          : new PolicyError("internal_error", String(error), { cause: error });
      onStatus({
        code: "decision_log_error",
        message: failure.message,
        ...(failure.cause instanceof HttpStatus ? { http_code: failure.cause.status } : {}),
      });
      throw failure;
    }
  }

  /** As many chunks as the limit asks for. */
  async #send(records: readonly Uint8Array[]): Promise<void> {
    const budget = this.#options.config.uploadLimitBytes * this.#ratio;
    for (let start = 0; start < records.length; ) {
      let end = start;
      for (let bytes = 2; end < records.length && (end === start || bytes < budget); end++)
        bytes += (records[end] as Uint8Array).length + 1;
      await this.#sendWithin(records.slice(start, end));
      start = end;
    }
  }

  async #sendWithin(records: readonly Uint8Array[]): Promise<void> {
    const { uploadLimitBytes } = this.#options.config;
    const plain = joinArray(records);
    const packed = await gzip(plain);
    if (packed.length > uploadLimitBytes && records.length > 1) {
      this.#ratio = Math.max(1, this.#ratio * 0.7);
      const half = records.length >> 1;
      await this.#sendWithin(records.slice(0, half));
      await this.#sendWithin(records.slice(half));
      return;
    }
    if (packed.length < uploadLimitBytes * 0.9) this.#ratio = Math.min(100, this.#ratio * 1.1);
    const isTooLarge = packed.length > uploadLimitBytes;
    await this.#post(isTooLarge ? await gzip(joinArray(records.map(withoutDocuments))) : packed);
  }

  async #post(body: Uint8Array): Promise<void> {
    const { service, config, world } = this.#options;
    const response = await request(service, world, {
      method: "POST",
      path: config.resource,
      headers: { "Content-Type": "application/json", "Content-Encoding": "gzip" },
      body,
      signal: this.#stopped.signal,
      maxBytes: 1024 * 1024,
    });
    if (response.status >= 200 && response.status < 300) return;
    throw new PolicyError("io_error", `log upload failed, server replied with HTTP ${response.status}`, {
      cause: new HttpStatus(response.status),
    });
  }
}

class HttpStatus {
  readonly status: number;
  constructor(status: number) {
    this.status = status;
  }
}

/** One event over the limit: OPA drops it; here it goes without its documents, and says so. */
function withoutDocuments(record: Uint8Array): Uint8Array {
  const event = decode(record);
  if (!isObject(event)) return record;
  const kept = [...event.entries()].filter(([key]) => !["input", "result", "erased"].includes(key as string));
  return encodeUtf8(encode(object([...kept, ["erased", ["/input", "/result"]]])));
}

function joinArray(records: readonly Uint8Array[]): Uint8Array {
  const length = records.reduce((sum, record) => sum + record.length + 1, 1);
  const joined = new Uint8Array(Math.max(2, length));
  let at = 0;
  joined[0] = 0x5b;
  for (const record of records) {
    if (at > 0) joined[at] = 0x2c;
    at++;
    joined.set(record, at);
    at += record.length;
  }
  joined[joined.length - 1] = 0x5d;
  return joined;
}

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
