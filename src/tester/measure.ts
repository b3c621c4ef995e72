// Runs tests in modules with marks: once as OPA would go, and once more for each thing that OPA leaves out, to tell what was left out. In: a
// Program and tests. Out: what was reached, and the tests that failed.

import { Marks, type MarkRequest } from "../compile/compile.ts";
import { type FurtherRun, Hits, type Reason } from "./coverage.ts";
import { emitTests, type Program } from "./program.ts";
import type { TestError, TestResult } from "./result.ts";
import { TestRunner } from "./run.ts";
import { jobOf } from "./workers.ts";

export interface Measured {
  readonly failures: readonly TestResult[];
  /** Of the first test that could not be tried to its end. */
  readonly error: TestError | undefined;
  readonly hits: Hits;
  readonly further: readonly FurtherRun[];
}

/** A test that goes on for longer cannot be measured. */
const STEPS = 1_000_000_000;

/** How a module is marked that does not leave out what OPA leaves out for this reason. */
export const WITHOUT: Readonly<Record<Reason, Partial<MarkRequest>>> = {
  index_excluded: { index: false },
  early_exit: { earlyExit: false },
};

/** Nothing of the module that ships is needed. */
type Measurable = Pick<Program, "compiled" | "tests" | "data" | "builtinsFile">;

export async function measure(program: Measurable, reasons: readonly Reason[]): Promise<Measured> {
  const first = await pass(program, { branches: true });
  const further: FurtherRun[] = [];
  if (first.error === undefined && first.failures.length === 0)
    for (const reason of reasons) {
      const { hits } = await pass(program, WITHOUT[reason]);
      further.push({ reason, hits });
    }
  return { ...first, further };
}

async function pass(program: Measurable, request: Partial<MarkRequest>): Promise<Omit<Measured, "further">> {
  const marks = new Marks({ wants: () => true, index: true, ...request });
  const { wasm, hostBuiltins } = emitTests(program.compiled, program.tests, marks);
  const hits = new Hits(marks.list);
  const runner = await TestRunner.create({
    wasm,
    hostBuiltins,
    builtinsFile: program.builtinsFile,
    data: program.data,
    steps: STEPS,
    onMark: hits.add,
  });
  const failures: TestResult[] = [];
  for (const test of program.tests) {
    if (test.skip) continue;
    const result = await runner.run(jobOf(test));
    const error: TestError | undefined =
      result === undefined
        ? { code: "eval_cancel_error", message: "caller cancelled query execution" }
        : result.error;
    if (error !== undefined) return { failures, error, hits };
    if (result?.fail === true) failures.push(result);
  }
  return { failures, error: undefined, hits };
}
