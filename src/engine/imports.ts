// What the host gives a module: memory, `opa_abort` and the five calls to host builtins. In: builtin ids and addresses. Out: addresses,
// 0 for undefined. A body that fails is noted, not thrown; a body that must wait ends the run with a Suspension that evaluateAsync replays.

import type { Builtin, BuiltinContext } from "../builtins/builtin.ts";
import { type ErrorCode, PolicyError } from "../error.ts";
import { identity } from "../value/compare.ts";
import type { Value } from "../value/value.ts";
import type { NdCache } from "./nd-cache.ts";

/** Thrown through the module when a body answered with a promise: the run is abandoned and repeated when the answer is there. */
export class Suspension {
  readonly key: string;
  readonly answer: Promise<Value | undefined>;

  constructor(key: string, answer: Promise<Value | undefined>) {
    this.key = key;
    this.answer = answer;
  }
}

/** What an awaited body came to. */
export type Settled = { readonly value: Value | undefined } | { readonly error: unknown };

/** State of one decision, kept over the repetitions of its evaluation. */
export class Run {
  readonly #makeContext: (given: Partial<BuiltinContext> | undefined) => BuiltinContext;
  readonly #given: Partial<BuiltinContext> | undefined;
  #context: BuiltinContext | undefined;
  #settled: Map<string, Settled> | undefined;
  /** The first builtin that had failed when a conflict ended the evaluation: in strict mode, that is the error. */
  failedBefore: PolicyError | undefined;

  /** Answers of non-deterministic builtins: read from, and added to. */
  readonly ndCache: NdCache | undefined;

  /** `makeContext` is one function for all runs: a decision makes nothing that it does not need. */
  constructor(
    makeContext: (given: Partial<BuiltinContext> | undefined) => BuiltinContext,
    given?: Partial<BuiltinContext>,
    ndCache?: NdCache,
  ) {
    this.#makeContext = makeContext;
    this.#given = given;
    this.ndCache = ndCache;
  }

  /** Made when the first builtin asks: most decisions never do. */
  get context(): BuiltinContext {
    this.#context ??= this.#makeContext(this.#given);
    return this.#context;
  }

  /** What a body that had to wait came to. */
  settled(key: () => string): Settled | undefined {
    return this.#settled?.get(key());
  }

  settle(key: string, answer: Settled): void {
    this.#settled ??= new Map();
    this.#settled.set(key, answer);
  }
}

/** The side of an instance that builtin calls need. */
export interface BuiltinHost {
  builtin(id: number): Builtin;
  read(address: number): Value;
  write(value: Value): number;
  /** A body failed: remember why. */
  failed(name: string, code: ErrorCode, message: string): void;
  readonly run: Run | undefined;
}

/** Failures that make a call undefined; every other error ends the evaluation. */
export function isFailure(error: unknown): error is PolicyError {
  return (
    error instanceof PolicyError && (error.code === "eval_builtin_error" || error.code === "eval_type_error")
  );
}

export function callHost(host: BuiltinHost, id: number, addresses: readonly number[]): number {
  const builtin = host.builtin(id);
  const { run } = host;
  if (run === undefined)
    throw new PolicyError("eval_internal_error", `\`${builtin.name}\` called outside an evaluation`);
  if (builtin.host === undefined) {
    throw new PolicyError("rego_unsupported_error", `builtin \`${builtin.name}\` has no body on this host`);
  }
  const args = addresses.map((address) => host.read(address));
  try {
    const answer = answerOf(builtin, args, run);
    return answer === undefined ? 0 : host.write(answer);
  } catch (error) {
    if (!isFailure(error)) throw error;
    host.failed(builtin.name, error.code, error.message);
    return 0;
  }
}

function answerOf(builtin: Builtin, args: readonly Value[], run: Run): Value | undefined {
  const recorded = builtin.nondeterministic === true ? run.ndCache?.get(builtin, args) : undefined;
  if (recorded !== undefined) return recorded;
  const known = run.settled(() => callKey(builtin, args));
  if (known !== undefined && "error" in known) throw known.error;
  const answer = known !== undefined ? known.value : builtin.host!(args, run.context);
  if (answer instanceof Promise) throw new Suspension(callKey(builtin, args), answer);
  if (builtin.nondeterministic === true && answer !== undefined) run.ndCache?.put(builtin, args, answer);
  return answer;
}

function callKey(builtin: Builtin, args: readonly Value[]): string {
  return `${builtin.name}:${identity(args)}`;
}

const LOCATED = /^(.*?):(\d+)(?::(\d+))?: (?:([a-z_]+): )?(.*)$/s;
/** What OPA's own modules say where OPA's interpreter has an error code. */
const OPA_TEXTS: ReadonlyMap<string, string> = new Map([
  ["var assignment conflict", "complete rules must not produce multiple outputs"],
  ["object insert conflict", "object keys must be unique"],
]);
const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  "eval_conflict_error",
  "eval_type_error",
  "eval_builtin_error",
  "eval_with_merge_error",
  "eval_internal_error",
  "eval_limit_error",
]);

/**
 * The error that a module ended with: `file:row: code: message`, whose column `behind` reads from what our runtime keeps behind that text, or
 * OPA's `file:row:col: text`.
 */
export function abortError(text: string, behind: () => string): PolicyError {
  if (text.includes("out of memory")) return new PolicyError("eval_limit_error", "memory limit reached");
  const [, bare, why = ""] = /^(eval_[a-z_]+): (.*)$/s.exec(text) ?? [];
  if (bare !== undefined && CODES.has(bare)) return new PolicyError(bare as ErrorCode, why);
  const [, file, row, col, code, message = text] = LOCATED.exec(text) ?? [];
  if (file === undefined) return new PolicyError("eval_internal_error", text);
  const column = col ?? (code === undefined ? 0 : behind());
  const location = { file, row: Number(row), col: Number(column), offset: 0, text: "" };
  const known = OPA_TEXTS.get(message);
  if (known !== undefined) return new PolicyError("eval_conflict_error", known, { location });
  if (code !== undefined && CODES.has(code)) return new PolicyError(code as ErrorCode, message, { location });
  return new PolicyError("eval_internal_error", text, { location });
}
