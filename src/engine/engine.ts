// A compiled policy, ready to answer. In: the bytes of a module, data, builtins. Out: an Engine that evaluates entrypoints. Takes modules
// of our compiler and of `opa build -t wasm`; knows nothing of Rego's syntax, of bundles or of decisions.

import type { Builtin, BuiltinContext } from "../builtins/builtin.ts";
import { InterQueryCache } from "../builtins/inter-query-cache.ts";
import { PolicyError } from "../error.ts";
import { emptyObject, object } from "../value/object.ts";
import type { Value } from "../value/value.ts";
import { isArray } from "../value/value.ts";
import { Run, type Settled, Suspension } from "./imports.ts";
import { type Document, Instance, type MarkListener } from "./instance.ts";
import { type CheckedLimits, checkLimits, type Limits } from "./limits.ts";
import type { GeneratedWriter } from "./input-plan.ts";
import type { NdCache } from "./nd-cache.ts";
import { Pool } from "./pool.ts";
import type { ResultSet } from "./result-set.ts";
import type { Change } from "./changes.ts";
import { checkPatch, type DataPatch, readDocument, Store } from "./store.ts";
import { applyChange, changeOfObjects, notFound } from "./value-changes.ts";

export type { Document, MarkListener } from "./instance.ts";
export { type BuiltinFailure, ResultSet } from "./result-set.ts";
export type { GeneratedWriter } from "./input-plan.ts";
export type { Limits } from "./limits.ts";
export type { Builtin, BuiltinNetwork } from "../builtins/builtin.ts";
export { type CustomBuiltin, customBuiltin } from "../builtins/custom.ts";
export { NdCache } from "./nd-cache.ts";
export type { DataPatch } from "./store.ts";

/** Data as it comes: JSON text or bytes, a Value, or a Document. */
export type DataSource = Document | Uint8Array | string | Value;

export interface PrepareOptions {
  readonly wasm: Uint8Array | WebAssembly.Module;
  /** The base document; an empty object by default. */
  readonly data?: DataSource;
  /** Bodies for the builtins that the module imports. */
  readonly builtins?: ReadonlyMap<string, Builtin>;
  readonly limits?: Limits;
  /** What host builtins see unless `evaluate` is told otherwise. */
  readonly context?: Partial<BuiltinContext>;
  /** What `reeve build --input-writer` made of the same policy. Throws `config_error` if it belongs to another one. */
  readonly writer?: GeneratedWriter;
  /** For modules with marks. */
  readonly onMark?: MarkListener;
}

export interface EvaluateOptions {
  /** A builtin that fails makes the whole evaluation fail. */
  readonly strict?: boolean;
  readonly context?: Partial<BuiltinContext>;
  /** Records what non-deterministic builtins answer; what it has already is not asked again. */
  readonly ndCache?: NdCache;
}

const PLAIN: EvaluateOptions = {};
/** Calls that one evaluation may wait for, one after the other. */
const MAX_WAITS = 10_000;

export class Engine {
  readonly entrypoints: ReadonlyMap<string, number>;
  /** Names of the builtins that the module calls on its host. */
  readonly requiredBuiltins: readonly string[];
  /** By number: there is such an entrypoint. */
  readonly #ids: boolean[] = [];
  readonly #pool: Pool;
  readonly #context: Partial<BuiltinContext>;
  readonly #make: (store: Store) => Instance;
  readonly #interQueryCache = new InterQueryCache();
  /** Shared by all evaluations of a module that asks its host for nothing; undefined for other modules. */
  readonly #still: Run | undefined;
  #store: Store;
  /** The data as a Value, once somebody has asked for it. */
  #value: Value | undefined;
  /** Bytes of the data when it was last loaded whole: patches leave garbage, which is measured against it. */
  #loadedBytes: number;

  constructor(module: WebAssembly.Module, options: PrepareOptions, limits: CheckedLimits) {
    const builtins = options.builtins ?? new Map<string, Builtin>();
    this.#store = new Store(documentOf(options.data ?? { json: "{}" }));
    this.#context = options.context ?? {};
    this.#make = (store) => {
      const instance = new Instance(module, builtins, limits, options.onMark, options.writer);
      instance.setData(store.document);
      for (const change of store.changes) replay(instance, change);
      return instance;
    };
    this.#pool = new Pool(() => this.#make(this.#store));
    const first = this.#make(this.#store);
    this.#loadedBytes = first.dataBytes;
    this.entrypoints = first.entrypoints;
    for (const id of first.entrypoints.values()) this.#ids[id] = true;
    this.requiredBuiltins = [...first.builtinNames.values()];
    this.#still = this.requiredBuiltins.length === 0 ? new Run(this.#contextOf) : undefined;
    const missing = this.requiredBuiltins.filter((name) => builtins.get(name)?.host === undefined);
    if (missing.length > 0) {
      const names = missing.map((name) => `\`${name}\``).join(", ");
      throw new PolicyError(
        "rego_unsupported_error",
        `the module calls builtins that this host has not: ${names}`,
      );
    }
    this.#pool.reset(first);
  }

  /**
   * Evaluates one entrypoint. Without an input, `input` is undefined in the policy. Throws PolicyError: conflicts, limits, in strict mode
   * the first failed builtin; a builtin that must wait needs `evaluateAsync`.
   */
  evaluate(entrypoint: string | number, input?: Document, options: EvaluateOptions = PLAIN): ResultSet {
    const id = this.#entrypoint(entrypoint);
    const run = this.#run(options);
    try {
      return finish(this.#pool.evaluate(id, input, run), options);
    } catch (error) {
      if (!(error instanceof Suspension)) throw (options.strict === true && run.failedBefore) || error;
      error.answer.catch(() => {});
      const [name] = error.key.split(":", 1);
      throw new PolicyError(
        "eval_builtin_error",
        `\`${name}\` has to wait: the evaluation must be asynchronous`,
      );
    }
  }

  /** The same, waiting for builtins: the run is abandoned at the call and repeated, with all that is settled, when its answer is there. */
  async evaluateAsync(
    entrypoint: string | number,
    input?: Document,
    options: EvaluateOptions = PLAIN,
  ): Promise<ResultSet> {
    const id = this.#entrypoint(entrypoint);
    const run = this.#run(options);
    for (let waits = 0; ; waits++) {
      try {
        return finish(this.#pool.evaluate(id, input, run), options);
      } catch (error) {
        if (!(error instanceof Suspension)) throw (options.strict === true && run.failedBefore) || error;
        if (waits === MAX_WAITS)
          throw new PolicyError("eval_limit_error", `more than ${MAX_WAITS} calls had to wait`);
        run.settle(error.key, await settle(error.answer));
      }
    }
  }

  /** Replaces the base document. If it cannot be loaded, the old one stays. */
  setData(data: DataSource): void {
    this.#replace(new Store(documentOf(data)));
  }

  /**
   * Changes parts of the base document: all of the patches, or, if one does not fit, none. The time does not grow with the document, but for the
   * root replaced, elements inserted into or removed from the middle of an array, and, now and then, the garbage of many patches.
   */
  patchData(patches: readonly DataPatch[]): void {
    const changes = patches.map(checkPatch);
    if (changes.some(({ path }) => path.length === 0)) this.#replace(this.#storeOf(changes));
    else this.#patch(changes);
  }

  #patch(changes: readonly Change[]): void {
    const instance = this.#pool.take();
    if (!instance.changesInPlace) {
      this.#pool.give(instance);
      this.#patchValues(changes);
      return;
    }
    const taken: (readonly [Change, boolean])[] = [];
    for (const change of changes) {
      const done = instance.change(change);
      if (done === undefined) {
        // Where something is changed already, the instance is given up.
        if (taken.length === 0) this.#pool.give(instance);
        throw notFound(change.path);
      }
      taken.push([fromDepth(change, done.depth), done.renumbers]);
    }
    for (const [change, renumbers] of taken) this.#store.changes.add(change, renumbers);
    this.#value = undefined;
    this.#pool.reset(instance);
    if (instance.dataBytes > this.#loadedBytes + (this.#loadedBytes >> 2) + (1 << 20))
      this.#compact(instance);
  }

  /** Data that holds a lot which nobody can reach any more is loaded anew. Where there is no memory for that, it stays as it is. */
  #compact(instance: Instance): void {
    try {
      this.#replace(new Store(instance.document()));
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      this.#loadedBytes = instance.dataBytes;
    }
  }

  /** A module of another compiler: the data is patched as a Value, in place only where its ABI can. */
  #patchValues(changes: readonly Change[]): void {
    const store = this.#storeOf(changes);
    let instance: Instance | undefined;
    try {
      instance = this.#pool.use((idle) => {
        if (idle.dataBytes > 2 * this.#loadedBytes + (1 << 20)) return undefined;
        for (const change of changes) {
          const inObjects = changeOfObjects(readDocument(store.document), change);
          if (inObjects === undefined || !idle.patchData(inObjects.path, inObjects.value)) return undefined;
        }
        return idle;
      });
    } catch (error) {
      // An instance may be changed in part: none of them is used again.
      this.#pool.reset();
      throw error;
    }
    if (instance === undefined) this.#replace(store);
    else {
      this.#keep(store);
      this.#pool.reset(instance);
    }
  }

  #storeOf(changes: readonly Change[]): Store {
    return new Store({ value: changes.reduce(applyChange, this.data) });
  }

  #replace(store: Store): void {
    const instance = this.#make(store);
    this.#loadedBytes = instance.dataBytes;
    this.#keep(store);
    this.#pool.reset(instance);
  }

  #keep(store: Store): void {
    this.#store = store;
    this.#value = undefined;
  }

  /** Linear memory of an instance. */
  get memoryBytes(): number {
    return this.#pool.use((instance) => instance.memoryBytes);
  }

  /** The base document as it is now. */
  get data(): Value {
    const { changes, document } = this.#store;
    this.#value ??= changes.empty ? readDocument(document) : this.#pool.use((instance) => instance.data());
    return this.#value;
  }

  #run(options: EvaluateOptions): Run {
    if (options === PLAIN && this.#still !== undefined) return this.#still;
    return new Run(this.#contextOf, options.context, options.ndCache);
  }

  #entrypoint(entrypoint: string | number): number {
    const id = typeof entrypoint === "number" ? entrypoint : this.entrypoints.get(entrypoint);
    if (id === undefined || this.#ids[id] !== true) {
      throw new PolicyError("undefined_document", `the module has no entrypoint \`${entrypoint}\``);
    }
    return id;
  }

  readonly #contextOf = (given: Partial<BuiltinContext> | undefined): BuiltinContext => {
    return {
      nowNs: BigInt(Date.now()) * 1_000_000n,
      random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
      cache: new Map(),
      runtime: emptyObject,
      interQueryCache: this.#interQueryCache,
      ...this.#context,
      ...given,
    };
  };
}

/** Names of the builtins that a module calls on its host: what `builtins/host.ts` is asked for before `prepare`. */
export function requiredBuiltins(wasm: Uint8Array | WebAssembly.Module): string[] {
  return [...new Instance(compile(wasm), new Map(), checkLimits()).builtinNames.values()];
}

/** Compiles and instantiates a module. Throws `bundle_error` if it is none, `rego_unsupported_error` if the host lacks a builtin. */
export function prepare(options: PrepareOptions): Engine {
  return new Engine(compile(options.wasm), options, checkLimits(options.limits));
}

function compile(wasm: Uint8Array | WebAssembly.Module): WebAssembly.Module {
  if (wasm instanceof WebAssembly.Module) return wasm;
  try {
    return new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PolicyError("bundle_error", `not a WebAssembly module: ${why}`, { cause });
  }
}

function finish(answer: ResultSet, options: EvaluateOptions): ResultSet {
  if (options.strict !== true) return answer;
  const [first] = answer.errors;
  if (first === undefined) return answer;
  throw new PolicyError(first.code, first.message, { location: first.location });
}

async function settle(answer: Promise<Value | undefined>): Promise<Settled> {
  try {
    return { value: await answer };
  } catch (error) {
    return { error };
  }
}

function documentOf(data: DataSource): Document {
  if (typeof data === "string" || data instanceof Uint8Array) return { json: data };
  if (data === null || typeof data !== "object" || isArray(data as Value)) return { value: data };
  return "kind" in data ? { value: data } : (data as Document);
}

/** What was really put: where objects were missing on the way, the outermost of them. */
function fromDepth({ op, path, value }: Change, depth: number): Change {
  if (value === undefined) return { op, path, value };
  const whole = path.slice(depth + 1).reduceRight<Value>((inner, key) => object([[key, inner]]), value);
  return { op, path: path.slice(0, depth + 1), value: whole };
}

/** A change that some instance took already: of a place's changes only the last one is known, so it may stand alone. */
function replay(instance: Instance, change: Change): void {
  if (instance.change(change) === undefined && change.op === "replace")
    instance.change({ ...change, op: "upsert" });
}
