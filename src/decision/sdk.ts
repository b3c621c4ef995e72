// Story two: config -> bundle -> engine -> Decision -> log. A configuration and the ports to the world in, a decision agent out. Whatever
// goes wrong on the way to an answer is thrown, never answered: undefined, unverified, stale and full all mean no.

import type { VerifiedBundle } from "../bundle/bundle.ts";
import { lookup } from "../bundle/tree.ts";
import { InterQueryCache } from "../builtins/inter-query-cache.ts";
import { type BuiltinFailure, NdCache } from "../engine/engine.ts";
import { type Location, PolicyError } from "../error.ts";
import { decode, fromPlain } from "../value/json.ts";
import { PlainJson, readPlainJson } from "../value/plain-json.ts";
import { decodeUtf8 } from "../value/utf8.ts";
import type { Value } from "../value/value.ts";
import { resolve, type State } from "./activate.ts";
import { Bundles, type OfferOptions } from "./bundles.ts";
import { VERSION } from "./client.ts";
import { type Config, checkConfig } from "./config.ts";
import { type Decision, type Mode, markFailed } from "./decision.ts";
import type { Note } from "./log/event.ts";
import { DecisionLog } from "./log/decision-log.ts";
import { type Ports, type World, withDefaults } from "./ports.ts";
import { Reporter } from "./report.ts";
import { bundlePluginState, type StatusReport } from "./status.ts";
import { memoryStorage } from "./storage.ts";
import { hidesDenial, modeOf } from "./terms.ts";

export interface Query {
  /** `ai/decision`, with or without leading slash, or its keys where one of them holds a slash. */
  readonly path: string | readonly string[];
  /** Plain data, a Value, or what `readPlainJson` read; absent: `input` is undefined in the policy. */
  readonly input?: unknown;
  /** The same as JSON text, to the digit; not together with `input`. */
  readonly inputJson?: string | Uint8Array;
  /** A builtin that fails makes the decision fail. */
  readonly strict?: boolean;
  /** Not logged: what a host asks for its own purposes, such as whether somebody may ask at all. */
  readonly unlogged?: boolean;
  /** `nd_builtin_cache` of a logged decision: its non-deterministic builtins answer as they did then. */
  readonly ndBuiltinCache?: unknown;
  /** For the log: who asked, and with which headers. */
  readonly requestedBy?: string;
  readonly requestHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly traceId?: string;
  readonly spanId?: string;
  /** For the log: asked once the answer is there and before it is logged. */
  readonly note?: (outcome: Outcome) => Note | undefined;
}

/** What came of a query, for its note. */
export interface Outcome extends Pick<Decision, "decisionId" | "mode" | "denialErrored" | "result"> {
  readonly failure: PolicyError | undefined;
}

export interface DecisionAgent {
  /** The UUID of this agent in logs and status. */
  readonly id: string;
  readonly config: Config;
  /** Throws PolicyError when there is no answer that may be trusted; a Decision without result means the policy gave none. */
  decide(query: Query): Promise<Decision>;
  /** Resolves once every configured bundle has been activated. */
  ready(): Promise<void>;
  /** Why nothing can be decided now; undefined when it can. */
  obstacle(): string | undefined;
  status(): StatusReport;
  /** What is active: for listings and base data. */
  readonly state: State;
  /** Activates a bundle that comes from no service. */
  offer(name: string, packed: Uint8Array, options?: OfferOptions): Promise<void>;
  /** Downloads all bundles now. */
  trigger(): Promise<void>;
  /** Sends the decision log now; the number of events sent. */
  uploadLogs(): Promise<number>;
  /** Stops, sending what waits for at most `graceMs` (10 seconds by default; 0: keep it on disk). */
  close(graceMs?: number): Promise<void>;
}

/** Starts a decision agent; `ready` says when it can decide. `config` is a checked Config or plain data. */
export async function createDecisionAgent(
  config: Config | object,
  ports: Ports = {},
): Promise<DecisionAgent> {
  const checked = isChecked(config) ? config : checkConfig(config);
  const world = withDefaults(ports);
  for (const warning of checked.warnings) world.log("warn", warning);
  const persisted = [...checked.bundles.values()].find((bundle) => bundle.persist);
  if (persisted !== undefined && world.storage === undefined)
    throw new PolicyError(
      "config_error",
      `bundle \`${persisted.name}\` is to be persisted, but there is no storage`,
    );
  const agent = new Agent(checked, world, await openLog(checked, world));
  await agent.start();
  return agent;
}

function isChecked(config: Config | object): config is Config {
  return "services" in config && config.services instanceof Map;
}

type OpenLog = (onStatus: () => void) => DecisionLog | undefined;

async function openLog(config: Config, world: World): Promise<OpenLog> {
  const { decisionLogs } = config;
  if (decisionLogs === undefined) return () => undefined;
  const service = decisionLogs.service === undefined ? undefined : config.services.get(decisionLogs.service);
  const storage = world.storage ?? memoryStorage();
  if (service !== undefined && world.storage === undefined)
    world.log("warn", "there is no storage: decisions that are not uploaded are lost with the process");
  const journal =
    service === undefined ? undefined : await storage.openJournal({ syncEach: decisionLogs.syncEach });
  return (onStatus) => new DecisionLog({ config: decisionLogs, service, journal, world, onStatus });
}

class Agent implements DecisionAgent {
  readonly id: string;
  readonly config: Config;
  readonly #world: World;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #bundles: Bundles;
  readonly #log: DecisionLog | undefined;
  readonly #reporter: Reporter | undefined;
  /** Names of headers that are logged, in lower case. */
  readonly #loggedHeaders: ReadonlySet<string>;
  #requests = 0;
  #isClosed = false;

  constructor(config: Config, world: World, log: OpenLog) {
    this.config = config;
    this.#world = world;
    this.id = world.chance.uuid();
    this.#labels = { ...config.labels, id: this.id, version: VERSION };
    const onStatus = (): void => this.#reporter?.notify();
    this.#log = log(onStatus);
    const { decisionLogs, status } = config;
    this.#loggedHeaders = new Set(decisionLogs?.requestHeaders.map((name) => name.toLowerCase()));
    const { compile, parseModule, runtime } = world;
    this.#bundles = new Bundles({
      config,
      world,
      activation: {
        ...(compile === undefined ? {} : { compile }),
        logPolicies: decisionLogs === undefined ? [] : [decisionLogs.maskPath, decisionLogs.dropPath],
        builtins: world.builtins ?? [],
        context: {
          ...(world.network === undefined ? {} : { network: world.network }),
          ...(parseModule === undefined ? {} : { parseModule }),
          get nowNs() {
            return BigInt(Math.round(world.clock.nowMs())) * 1_000_000n;
          },
          interQueryCache: new InterQueryCache(config.interQueryCacheBytes),
          runtime: fromPlain({ config: { labels: this.#labels }, version: VERSION, ...runtime }),
        },
      },
      onStatus,
    });
    if (status === undefined) return;
    const service = status.service === undefined ? undefined : config.services.get(status.service);
    this.#reporter = new Reporter({ config: status, service, world, report: () => this.status() });
  }

  async start(): Promise<void> {
    this.#log?.start();
    await this.#bundles.start();
  }

  async decide(query: Query): Promise<Decision> {
    const { clock, chance } = this.#world;
    const decisionId = chance.uuid();
    const started = clock.monotonicMs();
    const { state } = this.#bundles;
    const path = keysOf(query.path);
    const { active, bundles, mode } = knownOf(state);
    let input: Value | PlainJson | undefined;
    const ndCache = this.#ndCache(query);
    let answer: Answer | undefined;
    let failure: PolicyError | undefined;
    this.#checkOpen();
    if (query.unlogged !== true) this.#log?.checkRoom();
    try {
      input = inputOf(query);
      this.#checkFresh();
      answer = await evaluate(state, path, input, query.strict === true, ndCache);
    } catch (error) {
      failure =
        error instanceof PolicyError
          ? error
          : new PolicyError("internal_error", String(error), { cause: error });
    }
    const metrics = { timer_rego_query_eval_ns: Math.round((clock.monotonicMs() - started) * 1e6) };
    const errors = answer?.errors ?? [];
    const places = failure === undefined ? errors.map(({ location }) => location) : conflictPlaces(failure);
    const decision = {
      decisionId,
      path: path.join("/"),
      bundles,
      mode,
      denialErrored: places.some((location) => hidesDenial(active, location)),
      metrics,
    };
    const result = answer?.value;
    const ndBuiltinCache = ndCache?.record;
    if (failure !== undefined) markFailed(failure, decision);
    if (this.#log !== undefined && query.unlogged !== true) {
      const note = query.note?.({ ...decision, result, failure });
      await this.#record(this.#log, query, decision, ndBuiltinCache, input, result, failure, state, note);
    } else query.note?.({ ...decision, result, failure });
    if (failure !== undefined) throw failure;
    return { ...decision, result, errors, ...(ndBuiltinCache === undefined ? {} : { ndBuiltinCache }) };
  }

  #ndCache({ ndBuiltinCache }: Query): NdCache | undefined {
    if (ndBuiltinCache !== undefined) return new NdCache(fromPlain(ndBuiltinCache));
    return this.config.ndBuiltinCache ? new NdCache() : undefined;
  }

  #record(
    log: DecisionLog,
    query: Query,
    { decisionId, path, bundles, metrics }: Pick<Decision, "decisionId" | "path" | "bundles" | "metrics">,
    ndBuiltinCache: Value | undefined,
    input: Value | PlainJson | undefined,
    result: Value | undefined,
    failure: PolicyError | undefined,
    state: State,
    note: Note | undefined,
  ): Promise<void> {
    const { requestedBy, requestHeaders, traceId, spanId } = query;
    return log.record(
      {
        decisionId,
        path,
        bundles,
        metrics,
        ndBuiltinCache,
        labels: this.#labels,
        input,
        result,
        ...(note === undefined ? {} : { note }),
        ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message } }),
        ...(requestedBy === undefined ? {} : { requestedBy }),
        ...(traceId === undefined ? {} : { traceId }),
        ...(spanId === undefined ? {} : { spanId }),
        timestampMs: this.#world.clock.nowMs(),
        requestId: ++this.#requests,
        ...(requestHeaders === undefined || this.#loggedHeaders.size === 0
          ? {}
          : {
              requestHeaders: Object.fromEntries(
                Object.entries(requestHeaders).filter(([name]) =>
                  this.#loggedHeaders.has(name.toLowerCase()),
                ),
              ),
            }),
      },
      state,
    );
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new PolicyError("decision_error", "the decision agent is closed");
  }

  #checkFresh(): void {
    const obstacle = this.#bundles.obstacle();
    if (obstacle !== undefined) throw obstacle;
  }

  get state(): State {
    return this.#bundles.state;
  }

  ready(): Promise<void> {
    return this.#bundles.ready();
  }

  obstacle(): string | undefined {
    return this.#isClosed ? "the decision agent is closed" : this.#bundles.obstacle()?.message;
  }

  status(): StatusReport {
    const { statuses } = this.#bundles;
    const logs = this.#log?.status;
    return {
      labels: this.#labels,
      ...(Object.keys(statuses).length === 0 ? {} : { bundles: statuses }),
      plugins: {
        ...(this.config.bundles.size === 0 ? {} : { bundle: bundlePluginState(Object.values(statuses)) }),
        ...(logs === undefined ? {} : { decision_logs: { state: "OK" } }),
        ...(this.#reporter === undefined ? {} : { status: { state: "OK" } }),
      },
      ...(logs === undefined ? {} : { decision_logs: logs }),
    };
  }

  offer(name: string, packed: Uint8Array, options?: OfferOptions): Promise<void> {
    return this.#bundles.offer(name, packed, options);
  }

  trigger(): Promise<void> {
    return this.#bundles.trigger();
  }

  async uploadLogs(): Promise<number> {
    return (await this.#log?.upload()) ?? 0;
  }

  async close(graceMs = 10_000): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#bundles.stop();
    await this.#log?.stop(graceMs);
    await this.#reporter?.stop();
  }
}

/** Where a conflict or another failure of the whole evaluation arose. */
function conflictPlaces(failure: PolicyError): (Location | undefined)[] {
  return failure.code.startsWith("eval_") ? [failure.location] : [];
}

interface Answer {
  readonly value: Value | undefined;
  readonly errors: readonly BuiltinFailure[];
}

/** An entrypoint's answer, or base data. What lies below an entrypoint is looked up in its answer. */
async function evaluate(
  state: State,
  path: readonly string[],
  input: Value | PlainJson | undefined,
  strict: boolean,
  ndCache: NdCache | undefined,
): Promise<Answer> {
  const target = resolve(state, path);
  if (target.kind === "data") return { value: target.value, errors: [] };
  const document =
    input === undefined ? undefined : { value: input instanceof PlainJson ? input.data : input };
  const results = await target.engine.evaluateAsync(target.entrypoint, document, {
    strict,
    ...(ndCache === undefined ? {} : { ndCache }),
  });
  const { value, errors } = results;
  return { value: value === undefined ? undefined : lookup(value, target.rest), errors };
}

function inputOf(query: Query): Value | PlainJson | undefined {
  if (query.inputJson !== undefined) {
    if (query.input !== undefined)
      throw new PolicyError("invalid_parameter", "`input` and `inputJson` exclude each other");
    const { inputJson } = query;
    const text = typeof inputJson === "string" ? inputJson : decodeUtf8(inputJson);
    const data = readPlainJson(text);
    return data === undefined ? decode(text) : new PlainJson(data);
  }
  const { input } = query;
  return input === undefined || input instanceof PlainJson ? input : fromPlain(input);
}

function keysOf(path: string | readonly string[]): readonly string[] {
  if (typeof path !== "string") return path;
  const trimmed = path.replace(/^\/+|\/+$/g, "");
  return trimmed === "" ? [] : trimmed.split("/");
}

/** What every decision needs to know of the state that makes it. */
interface Known {
  readonly active: readonly VerifiedBundle[];
  readonly bundles: Readonly<Record<string, { readonly revision: string }>>;
  readonly mode: Mode;
}

/** Of a state that decides: found once, as it never changes. */
const knownStates = new WeakMap<State, Known>();

function knownOf(state: State): Known {
  let known = knownStates.get(state);
  if (known === undefined) {
    const each = Array.from(
      state.bundles,
      ([name, { manifest }]) => [name, Object.freeze({ revision: manifest.revision })] as const,
    );
    const active = [...state.bundles.values()];
    // Every decision shows the same object.
    known = { active, bundles: Object.freeze(Object.fromEntries(each)), mode: modeOf(active) };
    knownStates.set(state, known);
  }
  return known;
}
