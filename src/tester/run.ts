// Runs tests one after the other in one instance. In: the shared module, data, the builtins it needs. Out: a TestResult each. Knows nothing of
// threads and files; what takes more steps than it may is given back as `tooLong`, for a thread that can be stopped.

import type { Builtin, BuiltinContext } from "../builtins/builtin.ts";
import { hostBuiltins } from "../builtins/host.ts";
import { commandRuntime } from "../builtins/opa.ts";
import { type Engine, type MarkListener, prepare } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import { isArray, type Value } from "../value/value.ts";
import type { Place, SubResults, TestError, TestResult } from "./result.ts";
import { subResultsOf } from "./result.ts";
import { sleepBuiltin } from "./sleep.ts";

/** What a thread needs to know of a test. */
export interface TestJob {
  readonly id: number;
  readonly location: Place;
  readonly package: string;
  readonly name: string;
  readonly parameterised: boolean;
}

export interface RunnerOptions {
  readonly wasm: WebAssembly.Module;
  readonly data: string;
  readonly hostBuiltins: readonly string[];
  /** Where the host's own are declared: every thread runs that file. */
  readonly builtinsFile?: string | undefined;
  /** Steps that one test may go; absent is no bound. */
  readonly steps?: number | undefined;
  readonly context?: Partial<BuiltinContext> | undefined;
  /** For modules with marks; not across threads. */
  readonly onMark?: MarkListener | undefined;
  /** Hears of calls of `trace`. */
  readonly onNote?: ((note: string) => void) | undefined;
  /** Hears when a case of a parameterised test begins. */
  readonly onCase?: (() => void) | undefined;
}

/** What one run of a test gave. */
interface Outcome {
  readonly fail: boolean;
  readonly error?: TestError | undefined;
  readonly subResults: SubResults;
  readonly undefined?: true;
}

export class TestRunner {
  readonly #engine: Engine;
  readonly #context: Partial<BuiltinContext>;
  #tried: (readonly Value[])[] = [];
  #output: string[] = [];

  private constructor(
    options: RunnerOptions,
    found: Map<string, Builtin>,
    parseModule: BuiltinContext["parseModule"],
  ) {
    const { steps } = options;
    this.#engine = prepare({
      wasm: options.wasm,
      data: options.data,
      builtins: found,
      ...(steps !== undefined && { limits: { steps } }),
      ...(options.onMark !== undefined && { onMark: options.onMark }),
    });
    this.#context = {
      parseModule,
      runtime: commandRuntime(process.env),
      ...options.context,
      print: (line) => this.#output.push(line),
    };
  }

  static async create(options: RunnerOptions): Promise<TestRunner> {
    const found = await hostBuiltins(options.hostBuiltins);
    if (options.hostBuiltins.includes(sleepBuiltin.name)) found.set(sleepBuiltin.name, sleepBuiltin);
    if (options.builtinsFile !== undefined) {
      // With all of OPA's builtins behind it, which a thread has no use for otherwise.
      const { loadBuiltins } = await import("../builtins/custom-file.ts");
      for (const own of await loadBuiltins(options.builtinsFile)) found.set(own.name, own);
    }
    const parses = options.hostBuiltins.includes("rego.parse_module");
    const parser = parses ? (await import("../syntax/module-value.ts")).moduleValue : undefined;
    const runner = new TestRunner(options, found, parser);
    const testCase = found.get(TEST_CASE);
    if (testCase !== undefined) {
      found.set(TEST_CASE, {
        ...testCase,
        host: ([keys]) => {
          options.onCase?.();
          runner.#tried.push(isArray(keys as Value) ? (keys as readonly Value[]) : []);
          return true;
        },
      });
    }
    const trace = found.get("trace");
    if (trace?.host !== undefined && options.onNote !== undefined) {
      const { onNote } = options;
      const host = trace.host;
      found.set("trace", {
        ...trace,
        host: (args, context) => {
          if (typeof args[0] === "string") onNote(args[0]);
          return host(args, context);
        },
      });
    }
    return runner;
  }

  /** Undefined if the test needs more steps than it may go. */
  async run(job: TestJob): Promise<TestResult | undefined> {
    this.#output = [];
    const start = process.hrtime.bigint();
    const outcome = await this.#outcome(job);
    const durationNs = Number(process.hrtime.bigint() - start);
    if (outcome === undefined) return undefined;
    const output = this.#output.map((line) => `${line}\n`).join("");
    const { location, package: path, name } = job;
    return { location, package: path, name, skip: false, durationNs, output, ...outcome };
  }

  async #outcome(job: TestJob): Promise<Outcome | undefined> {
    this.#tried = [];
    try {
      const answer = await this.#engine.evaluateAsync(job.id, undefined, { context: this.#context });
      const { value } = answer;
      if (value === undefined) return { fail: true, undefined: true, subResults: new Map() };
      if (job.parameterised) {
        const { fail, results } = subResultsOf(value, this.#tried);
        return { fail, subResults: results };
      }
      return { fail: value !== true, subResults: new Map() };
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      if (error.code === "eval_limit_error" && error.message.includes("step")) return undefined;
      return { fail: false, error: testError(error), subResults: new Map() };
    }
  }
}

const TEST_CASE = "internal.test_case";

function testError({ code, message, location }: PolicyError): TestError {
  if (location === undefined || location.file === "") return { code, message };
  const { file, row, col } = location;
  return { code, message, location: { file, row, col } };
}
