// Benchmarks of tests: each is run for about a second, one after the other, on one thread. In: a Program and tests. Out: results with
// measurements; a test that does not pass is not measured.

import type { TestCase } from "./discover.ts";
import type { Program } from "./program.ts";
import { passed, type TestResult } from "./result.ts";
import { TestRunner } from "./run.ts";
import { jobOf, skipped } from "./workers.ts";

const TARGET_NS = 1e9;
const MOST_RUNS = 1e9;

export async function* benchmarks(program: Program, tests: readonly TestCase[]): AsyncGenerator<TestResult> {
  const { wasm, data, hostBuiltins, builtinsFile } = program;
  const runner = await TestRunner.create({ wasm, data, hostBuiltins, builtinsFile });
  for (const test of tests) yield test.skip ? skipped(test) : await benchmark(runner, test);
}

async function benchmark(runner: TestRunner, test: TestCase): Promise<TestResult> {
  const job = jobOf(test);
  const start = process.hrtime.bigint();
  const first = await runner.run(job);
  if (first === undefined || !passed(first)) return first ?? skipped(test);
  let runs = 1;
  let evalNs = first.durationNs;
  let totalNs = first.durationNs;
  while (totalNs < TARGET_NS && runs < MOST_RUNS) {
    // As Go's testing package guesses: a fifth more than seems to be needed, and at most a hundred times as many as before.
    const guess = Math.ceil((1.2 * TARGET_NS * runs) / Math.max(totalNs, 1));
    runs = Math.max(Math.min(guess, runs * 100), runs + 1);
    ({ totalNs, evalNs } = await measure(runner, job, runs));
  }
  const bytes = await memoryOf(runner, job);
  const durationNs = Number(process.hrtime.bigint() - start);
  return { ...first, durationNs, benchmark: { runs, totalNs, evalNs, bytes } };
}

async function measure(
  runner: TestRunner,
  job: Parameters<TestRunner["run"]>[0],
  runs: number,
): Promise<{ totalNs: number; evalNs: number }> {
  let evalNs = 0;
  const start = process.hrtime.bigint();
  for (let i = 0; i < runs; i++) evalNs += (await runner.run(job))?.durationNs ?? 0;
  return { totalNs: Number(process.hrtime.bigint() - start), evalNs };
}

/** Bytes of the heap that one run takes, on the average of a few; collections in between are not seen. */
async function memoryOf(runner: TestRunner, job: Parameters<TestRunner["run"]>[0]): Promise<number> {
  const rounds = 100;
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < rounds; i++) await runner.run(job);
  return Math.max(0, process.memoryUsage().heapUsed - before) / rounds;
}
