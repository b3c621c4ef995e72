// Tests over threads: the main thread runs them itself until it is clear that this takes long, then shares the compiled module with workers.
// In: a Program and the tests chosen. Out: results in the order of the tests. A test that exceeds its time is stopped with its thread.

import type { Program } from "./program.ts";
import type { TestCase } from "./discover.ts";
import type { TestResult } from "./result.ts";
import { type RunnerOptions, type TestJob, TestRunner } from "./run.ts";
import { Thread } from "./thread.ts";

export interface RunOptions {
  readonly timeoutMs: number;
  /** Threads at most. */
  readonly parallel: number;
}

/** Until then nobody can say how long tests take. */
const PATIENCE_MS = 250;
/** Workers need a tenth of a second each to start, and compile anew what they run: less than this is sooner done here. */
const WORTH_WORKERS_MS = 500;
/** About a second of work: what needs more is run where it can be stopped. */
const UNGUARDED_STEPS = 20_000_000;

export function jobOf({ id, location, package: path, name, parameterised }: TestCase): TestJob {
  const { file, row, col } = location;
  return { id, location: { file, row, col }, package: path, name, parameterised };
}

export function skipped(test: TestCase): TestResult {
  const { location, package: path, name } = jobOf(test);
  return {
    location,
    package: path,
    name,
    fail: false,
    skip: true,
    durationNs: 0,
    output: "",
    subResults: new Map(),
  };
}

export async function* runTests(
  program: Program,
  tests: readonly TestCase[],
  options: RunOptions,
): AsyncGenerator<TestResult> {
  const shared: RunnerOptions = {
    wasm: program.wasm,
    data: program.data,
    hostBuiltins: program.hostBuiltins,
    builtinsFile: program.builtinsFile,
  };
  const runner = await TestRunner.create({ ...shared, steps: UNGUARDED_STEPS });
  const start = performance.now();
  for (const [i, test] of tests.entries()) {
    if (test.skip) {
      yield skipped(test);
      continue;
    }
    const rest = tests.length - i;
    const spent = performance.now() - start;
    const expected = (spent / i) * rest;
    if (options.parallel > 1 && rest > 1 && spent > PATIENCE_MS && expected > WORTH_WORKERS_MS) {
      return yield* inWorkers(shared, tests.slice(i), options);
    }
    const sleeps = program.hostBuiltins.some((name) => name === "test.sleep" || name === "http.send");
    const result = sleeps ? undefined : await runner.run(jobOf(test));
    if (result === undefined) yield* inWorkers(shared, [test], { ...options, parallel: 1 });
    else yield result;
  }
}

/** Results as they are needed: kept back until those before them are there. */
async function* inWorkers(
  shared: RunnerOptions,
  tests: readonly TestCase[],
  options: RunOptions,
): AsyncGenerator<TestResult> {
  const queue = tests.entries();
  const slots = tests.map(() => deferred<TestResult>());
  const work = async (): Promise<void> => {
    let thread: Thread<TestJob, TestResult> | undefined;
    try {
      for (const [i, test] of queue) {
        const slot = slots[i] as Deferred<TestResult>;
        if (test.skip) {
          slot.resolve(skipped(test));
          continue;
        }
        thread ??= new Thread("worker", shared);
        const result = await thread.run(jobOf(test), options.timeoutMs);
        if (result === undefined) {
          await thread.stop();
          thread = undefined;
        }
        slot.resolve(result ?? cancelled(test, options.timeoutMs));
      }
    } finally {
      await thread?.stop();
    }
  };
  const workers = Array.from({ length: Math.min(options.parallel, tests.length) }, work);
  const failed = Promise.all(workers).then(() => new Promise<never>(() => {}));
  for (const slot of slots) yield await Promise.race([slot.promise, failed]);
  await Promise.all(workers);
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function cancelled(test: TestCase, timeoutMs: number): TestResult {
  const error = { code: "eval_cancel_error", message: "caller cancelled query execution" } as const;
  return { ...skipped(test), skip: false, durationNs: timeoutMs * 1e6, error };
}
