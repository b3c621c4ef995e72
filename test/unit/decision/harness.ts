// A world for the decision agent: policies compiled here, a bundle service in memory, a clock that moves when told. In: Rego and data.
// Out: packed bundles, and an agent whose every request can be looked at.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { assemble, type BundleParts } from "../../../src/bundle/assemble.ts";
import type { Bundle } from "../../../src/bundle/bundle.ts";
import { type SignOptions, sign } from "../../../src/bundle/sign.ts";
import { write } from "../../../src/bundle/write.ts";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import type { Clock, Fetch, FetchInit, FetchResponse } from "../../../src/decision/ports.ts";
import { decode } from "../../../src/value/json.ts";
import type { RegoObject } from "../../../src/value/value.ts";

const runtime: Uint8Array = readFileSync(new URL("../../../dist/runtime.wasm", import.meta.url));

export function wasmOf(rego: Readonly<Record<string, string>>, entrypoints: readonly string[]): Uint8Array {
  const sources = Object.entries(rego).map(([file, text]) => ({ file, text }));
  return compile(checkSources(sources), { entrypoints }, { runtime }).emitted.bytes;
}

export interface PolicySource {
  readonly rego?: Readonly<Record<string, string>>;
  readonly entrypoints?: readonly string[];
  readonly data?: string;
  readonly revision?: string;
  readonly roots?: readonly string[];
  /** Ship the Rego without compiling it. */
  readonly asRego?: boolean;
}

export function bundleOf(source: PolicySource): Bundle {
  const { rego = {}, entrypoints = [], data = "{}", revision = "", roots = [""] } = source;
  const modules = Object.entries(rego).map(([path, text]) => ({ path, text }));
  const compiled = source.asRego !== true && entrypoints.length > 0;
  const parts: BundleParts = {
    manifest: {
      revision,
      roots,
      wasm: compiled ? entrypoints.map((entrypoint) => ({ entrypoint, module: "/policy.wasm" })) : [],
    },
    data: decode(data) as RegoObject,
    modules: source.asRego === true ? modules : [],
    wasm: compiled ? [{ path: "policy.wasm", bytes: wasmOf(rego, entrypoints) }] : [],
  };
  return assemble(parts);
}

export async function packed(source: PolicySource, signing?: SignOptions): Promise<Uint8Array> {
  const bundle = bundleOf(source);
  return write(signing === undefined ? bundle : await sign(bundle, signing));
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A service in memory. `answer` may be replaced at any time; every request is kept. */
export class Service {
  readonly seen: Seen[] = [];
  answer: (request: Seen, signal: AbortSignal | undefined) => Answer | Promise<Answer> = () => ({
    status: 404,
  });

  readonly fetch: Fetch = async (url, init) => {
    const request = { method: init.method, url, headers: init.headers, body: bodyOf(init) };
    this.seen.push(request);
    const answer = await Promise.race([this.answer(request, init.signal), aborted(init.signal)]);
    return responseOf(answer);
  };

  to(part: string): Seen[] {
    return this.seen.filter(({ url }) => url.includes(part));
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new Error("aborted")));
  });
}

function bodyOf({ body, headers }: FetchInit): unknown {
  if (body === undefined) return undefined;
  const bytes = headers["Content-Encoding"] === "gzip" ? gunzipSync(body) : Buffer.from(body);
  return JSON.parse(bytes.toString("utf8"));
}

function responseOf({ status, headers = {}, body }: Answer): FetchResponse {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  let left = body;
  return {
    status,
    headers: { get: (name) => lower.get(name.toLowerCase()) ?? null },
    body: {
      getReader: () => ({
        read: async () => {
          const value = left;
          left = undefined;
          return value === undefined ? { done: true } : { done: false, value };
        },
        cancel: async () => {},
      }),
    },
  };
}

/** Time passes only by `advance`, which runs what falls due, in order. */
export class FakeClock implements Clock {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  nowMs(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  monotonicMs(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Delays of the timers that are set, shortest first. */
  get pending(): number[] {
    return this.#timers.map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything that is ready run: promises, and the streams that gunzip. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Waits in real time until something holds: for work that streams and WebCrypto do outside of promises. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!holds()) throw new Error("waited in vain");
}
