// Holds the active State and what is known about every configured bundle: restores, downloads, activates, persists, and notes why something
// failed. A bundle that fails in any way changes nothing but its status.

import type { VerifiedBundle } from "../bundle/bundle.ts";
import { applyDelta } from "../bundle/delta.ts";
import { read } from "../bundle/read.ts";
import { checkNotOlder, isOlderCopy, type VerificationConfig, verify } from "../bundle/verify.ts";
import { PolicyError } from "../error.ts";
import { type ActivateOptions, activate, emptyState, type State } from "./activate.ts";
import type { BundleConfig, Config } from "./config.ts";
import { Downloader, type Update } from "./download.ts";
import type { World } from "./ports.ts";
import { termsOf } from "./terms.ts";
import { type BundleStatus, newBundleStatus, timestamp, withError, withoutError } from "./status.ts";

/** How a bundle that did not come from a service is to be taken. */
export interface OfferOptions {
  readonly verification?: VerificationConfig;
  readonly sizeLimitBytes?: number;
}

export interface BundlesOptions {
  readonly config: Config;
  readonly world: World;
  readonly activation: ActivateOptions;
  readonly onStatus: () => void;
}

export class Bundles {
  readonly #options: BundlesOptions;
  readonly #statuses = new Map<string, BundleStatus>();
  readonly #downloaders = new Map<string, Downloader>();
  /** When a service was last heard of, on the monotonic clock. */
  readonly #lastContact = new Map<string, number>();
  /** When a service last confirmed the active bundle, on both clocks. */
  readonly #confirmed = new Map<string, { readonly atMs: number; readonly monotonicMs: number }>();
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #state: State = emptyState;
  /** One activation at a time: each starts from the state the last one left. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: BundlesOptions) {
    this.#options = options;
    for (const bundle of options.config.bundles.values()) {
      this.#statuses.set(bundle.name, newBundleStatus(bundle.name));
      const service = options.config.services.get(bundle.service);
      if (service === undefined) throw new PolicyError("internal_error", `no service \`${bundle.service}\``);
      const onUpdate = (update: Update): Promise<void> => this.#onUpdate(bundle, update);
      this.#downloaders.set(bundle.name, new Downloader({ bundle, service, world: options.world, onUpdate }));
    }
  }

  get state(): State {
    return this.#state;
  }

  get statuses(): Readonly<Record<string, BundleStatus>> {
    return Object.fromEntries(this.#statuses);
  }

  /** Why nothing may be decided now; undefined when everything is there and fresh. */
  obstacle(): PolicyError | undefined {
    for (const bundle of this.#options.config.bundles.values()) {
      if (!this.#state.bundles.has(bundle.name)) {
        const message = this.#statuses.get(bundle.name)?.message;
        return new PolicyError(
          "policy_unverified",
          `bundle \`${bundle.name}\` is not active yet${message === undefined ? "" : `: ${message}`}`,
        );
      }
      const stale = this.#staleness(bundle);
      if (stale !== undefined)
        return new PolicyError("policy_stale", `bundle \`${bundle.name}\` is stale: ${stale}`);
    }
    return undefined;
  }

  #staleness(bundle: BundleConfig): string | undefined {
    const { clock } = this.#options.world;
    const age = clock.monotonicMs() - (this.#lastContact.get(bundle.name) ?? 0);
    if (bundle.maxStalenessMs !== undefined && age > bundle.maxStalenessMs)
      return `its service has not answered for ${Math.round(age / 1000)} seconds`;
    const active = this.#state.bundles.get(bundle.name);
    const limit = active === undefined ? undefined : termsOf(active).maxAgeMs;
    if (limit === undefined) return undefined;
    const confirmed = this.#confirmed.get(bundle.name);
    if (confirmed === undefined)
      return `it may not be older than ${limit / 1000} seconds, and nobody has confirmed it since the start`;
    // A clock that was set back makes nothing younger than this process knows it to be.
    const sinceConfirmed = Math.max(
      clock.nowMs() - confirmed.atMs,
      clock.monotonicMs() - confirmed.monotonicMs,
    );
    if (sinceConfirmed <= limit) return undefined;
    return `it may not be older than ${limit / 1000} seconds and was last confirmed ${Math.round(sinceConfirmed / 1000)} seconds ago`;
  }

  /** The service confirmed the bundle now; kept beside a persisted one, so that a restart makes nothing younger. */
  async #confirm(bundle: BundleConfig): Promise<void> {
    const { clock, storage, log } = this.#options.world;
    const atMs = clock.nowMs();
    this.#confirmed.set(bundle.name, { atMs, monotonicMs: clock.monotonicMs() });
    const active = this.#state.bundles.get(bundle.name);
    if (!bundle.persist || storage === undefined || active === undefined) return;
    if (termsOf(active).maxAgeMs === undefined) return;
    try {
      await storage.bundles.save(checkedName(bundle.name), new TextEncoder().encode(String(atMs)));
    } catch (error) {
      log("error", (error as Error).message);
    }
  }

  async #restoreConfirmed(bundle: BundleConfig): Promise<void> {
    const { clock, storage } = this.#options.world;
    const saved = await storage?.bundles.load(checkedName(bundle.name));
    const atMs = saved === undefined ? Number.NaN : Number(new TextDecoder().decode(saved));
    if (Number.isFinite(atMs))
      this.#confirmed.set(bundle.name, {
        atMs,
        monotonicMs: clock.monotonicMs() - Math.max(0, clock.nowMs() - atMs),
      });
  }

  /** Resolves once every configured bundle is active. */
  async ready(): Promise<void> {
    if (this.#isComplete()) return;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Brings back what was persisted, verified anew, then begins to download. */
  async start(): Promise<void> {
    const { config, world } = this.#options;
    for (const bundle of config.bundles.values()) {
      this.#lastContact.set(bundle.name, world.clock.monotonicMs());
      if (bundle.persist) await this.#restore(bundle);
    }
    for (const downloader of this.#downloaders.values()) downloader.start();
  }

  async trigger(): Promise<void> {
    for (const downloader of this.#downloaders.values()) await downloader.trigger();
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#downloaders.values(), (downloader) => downloader.stop()));
    await this.#queue.catch(() => {});
    for (const { reject } of this.#waiting.splice(0))
      reject(new PolicyError("decision_error", "the decision agent is closed"));
  }

  /** Takes a bundle from elsewhere (a file given at the start). Throws when it is not activated. */
  async offer(name: string, packed: Uint8Array, options: OfferOptions = {}): Promise<void> {
    await this.#enqueue(async () => {
      const verified = await this.#open(name, packed, options.verification ?? {}, options.sizeLimitBytes);
      await this.#swap(name, verified);
    });
  }

  async #restore(bundle: BundleConfig): Promise<void> {
    const { world } = this.#options;
    try {
      const packed = await world.storage?.bundles.load(bundle.name);
      if (packed === undefined) return;
      await this.offer(bundle.name, packed, {
        verification: bundle.verification,
        sizeLimitBytes: bundle.sizeLimitBytes,
      });
      await this.#restoreConfirmed(bundle);
      world.log("info", `bundle \`${bundle.name}\` restored at revision \`${this.#revision(bundle.name)}\``);
    } catch (error) {
      this.#note(bundle.name, (status) => withError(status, asPolicyError(error)));
      world.log("error", `the persisted bundle \`${bundle.name}\` is not used: ${(error as Error).message}`);
    }
  }

  async #onUpdate(bundle: BundleConfig, update: Update): Promise<void> {
    const { clock, log } = this.#options.world;
    const now = timestamp(clock.nowMs());
    if (update.kind === "failed") {
      const { error, httpCode } = update;
      this.#note(bundle.name, (status) => withError({ ...status, last_request: now }, error, httpCode));
      log("warn", `bundle \`${bundle.name}\`: ${error.message}`);
      return;
    }
    this.#lastContact.set(bundle.name, clock.monotonicMs());
    if (update.kind === "unchanged") {
      await this.#confirm(bundle);
      this.#note(bundle.name, (status) => ({
        ...withoutError(status),
        last_request: now,
        last_successful_request: now,
      }));
      return;
    }
    this.#note(
      bundle.name,
      (status) => ({
        ...status,
        last_request: now,
        last_successful_request: now,
        last_successful_download: now,
        size: update.packed.length,
      }),
      false,
    );
    try {
      await this.#enqueue(() => this.#take(bundle, update.packed));
      await this.#confirm(bundle);
      log("info", `bundle \`${bundle.name}\` active at revision \`${this.#revision(bundle.name)}\``);
    } catch (error) {
      this.#note(bundle.name, (status) => withError(status, asPolicyError(error)));
      log("error", `bundle \`${bundle.name}\` is refused: ${(error as Error).message}`);
      throw error;
    }
  }

  /** Verify, prepare, swap; then persist. */
  async #take(bundle: BundleConfig, packed: Uint8Array): Promise<void> {
    const { storage, log } = this.#options.world;
    const opened = await this.#open(bundle.name, packed, bundle.verification, bundle.sizeLimitBytes);
    if (opened.type === "delta" && bundle.persist)
      throw new PolicyError(
        "bundle_error",
        "'persist' property is true in config. persisting delta bundle to disk is not supported",
      );
    const before = this.#state;
    await this.#swap(bundle.name, opened);
    if (!bundle.persist || storage === undefined || this.#state === before) return;
    try {
      await storage.bundles.save(bundle.name, packed);
    } catch (error) {
      // The new policy is live and stays live; only the next start would not know it.
      log("error", (error as Error).message);
    }
  }

  async #open(
    name: string,
    packed: Uint8Array,
    verification: VerificationConfig,
    sizeLimitBytes?: number,
  ): Promise<VerifiedBundle> {
    const limits = sizeLimitBytes === undefined ? {} : { maxFileBytes: sizeLimitBytes };
    const opened = await verify(await read(packed, { limits }), verification).catch((error: unknown) => {
      throw asPolicyError(error, name);
    });
    checkNotOlder(this.#state.bundles.get(name), opened, verification);
    return opened;
  }

  async #swap(name: string, opened: VerifiedBundle): Promise<void> {
    const base = this.#state.bundles.get(name);
    if (opened.type === "delta" && base === undefined)
      throw new PolicyError("bundle_error", `delta bundle '${name}' has no snapshot to apply to`);
    if (base !== undefined && isOlderCopy(base, opened)) {
      this.#note(name, withoutError);
      return;
    }
    const bundle = opened.type === "delta" && base !== undefined ? applyDelta(base, opened, name) : opened;
    termsOf(bundle);
    const bundles = new Map(this.#state.bundles).set(name, bundle);
    this.#state = await activate(bundles, this.#options.activation);
    const { clock } = this.#options.world;
    this.#note(name, (status) => ({
      ...withoutError(status),
      active_revision: bundle.manifest.revision,
      type: opened.type,
      last_successful_activation: timestamp(clock.nowMs()),
    }));
    if (this.#isComplete()) for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #isComplete(): boolean {
    return [...this.#options.config.bundles.keys()].every((name) => this.#state.bundles.has(name));
  }

  #revision(name: string): string {
    return this.#state.bundles.get(name)?.manifest.revision ?? "";
  }

  #note(name: string, change: (status: BundleStatus) => BundleStatus, report = true): void {
    this.#statuses.set(name, change(this.#statuses.get(name) ?? newBundleStatus(name)));
    if (report) this.#options.onStatus();
  }

  #enqueue<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(run, run);
    this.#queue = turn.catch(() => {});
    return turn;
  }
}

/** Where the time of the last confirmation stands; no bundle has a name with a line feed. */
function checkedName(name: string): string {
  return `${name}\nchecked`;
}

function asPolicyError(error: unknown, name?: string): PolicyError {
  if (error instanceof PolicyError) return error;
  const where = name === undefined ? "" : `bundle \`${name}\`: `;
  return new PolicyError("internal_error", `${where}${String(error)}`, { cause: error });
}
