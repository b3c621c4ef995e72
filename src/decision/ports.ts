// What the decision agent reaches of the world, as interfaces with portable defaults: network, clock, chance, storage, console. Nothing else
// in the room touches the platform, so it runs wherever these can be had, and tests decide what time it is.

import type { Builtin, BuiltinNetwork } from "../builtins/builtin.ts";
import type { VerifiedBundle } from "../bundle/bundle.ts";
import type { Value } from "../value/value.ts";
import type { Storage } from "./storage.ts";

/** `fetch` as the platforms have it, reduced to what is used. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: {
    getReader(): {
      read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  } | null;
}

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number;
  /** Runs once after the time; the result takes it back. */
  after(ms: number, run: () => void): () => void;
}

export interface Chance {
  uuid(): string;
  /** Uniform in [0, 1). */
  uniform(): number;
}

/** One Rego file for the compile port. */
export interface SourceModule {
  readonly file: string;
  readonly text: string;
  readonly regoVersion?: number;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Ports {
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  readonly chance?: Chance;
  /** Nothing is persisted without it. */
  readonly storage?: Storage;
  /** One line of JSON for each decision or status, where the configuration has `console: true`. */
  readonly console?: (line: string) => void;
  /** What the agent has to say about itself. */
  readonly log?: (level: LogLevel, message: string) => void;
  /** Rego to Wasm, for Rego-only bundles. The library has none: it carries no compiler. */
  readonly compile?: (
    modules: readonly SourceModule[],
    bundles: readonly VerifiedBundle[],
  ) => Promise<Uint8Array>;
  /** The parser behind `rego.parse_module`, which is undefined without it. */
  readonly parseModule?: (file: string, text: string) => Value;
  /** What `opa.runtime()` shows besides the labels: `env` where the host wants policies to see it. */
  readonly runtime?: Readonly<Record<string, unknown>>;
  /** The host's own builtins, as `customBuiltin` makes them. */
  readonly builtins?: readonly Builtin[];
  /** What `http.send` and `net.lookup_ip_addr` reach; absent: the platform's own network. */
  readonly network?: BuiltinNetwork;
  /** Text of a file, for `token_path`. */
  readonly readText?: (path: string) => Promise<string>;
}

/** All ports but those that may be absent. */
export interface World extends Ports {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: (level: LogLevel, message: string) => void;
}

const platformClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, run) {
    // Timers of more than 24.8 days fire at once: longer waits are cut.
    const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

export function withDefaults(ports: Ports): World {
  return {
    ...ports,
    fetch: ports.fetch ?? ((url, init) => fetch(url, init) as Promise<FetchResponse>),
    clock: ports.clock ?? platformClock,
    chance: ports.chance ?? { uuid: () => crypto.randomUUID(), uniform: () => Math.random() },
    log: ports.log ?? (() => {}),
  };
}

/** Resolves after the time, or at once when `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener("abort", finish);
  });
}

/** Exponential with jitter from 100 ms: OPA's back-off (factor 1.6, a fifth of jitter). */
export function backoffMs(chance: Chance, maxMs: number, retry: number): number {
  const delay = Math.min(maxMs, 100 * 1.6 ** Math.min(retry, 60));
  return Math.max(0, delay * (1 + 0.2 * (chance.uniform() * 2 - 1)));
}
