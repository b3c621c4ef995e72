// Why tests failed: runs the failed ones again in a module with marks, and tells what was tried. In: a Program and results. Out: for each result the
// trace and the failing expression as text.

import { type CompiledModules, checkModules, Marks } from "../compile/compile.ts";
import type { Location } from "../error.ts";
import type { TestCase } from "./discover.ts";
import { type Owners, ownersOf } from "./owners.ts";
import { emitTests, type Program } from "./program.ts";
import type { FailureDetails } from "./report.ts";
import type { TestResult } from "./result.ts";
import { TestRunner } from "./run.ts";
import { type Logged, type TraceEvent, traceOf, withLineage } from "./trace.ts";
import { withRedos } from "./trace-redo.ts";
import { failingText, type Names, rememberPackage, traceTable } from "./trace-text.ts";
import { jobOf } from "./workers.ts";

export interface ExplainOptions {
  readonly varValues: boolean;
  /** Which events are shown; notes and failures unless told otherwise. */
  readonly mode?: string | undefined;
  /** The text of a file. */
  readonly text: (file: string) => string | undefined;
}

/** A failed test that goes on for longer is not explained. */
const STEPS = 20_000_000;
const LOG_LIMIT = 200_000;

export async function explain(
  program: Program,
  failures: readonly (readonly [TestCase, TestResult])[],
  options: ExplainOptions,
): Promise<Map<TestResult, FailureDetails>> {
  const found = new Map<TestResult, FailureDetails>();
  if (failures.length === 0) return found;
  const compiled = checkModules(program.modules, {
    builtins: program.compiled.builtins,
    print: true,
    testCases: true,
    captureTestTerms: options.varValues,
  });
  const marks = new Marks({ wants: () => true, events: true, index: true });
  const tests = failures.map(([test], id) => ({ ...test, id }));
  const { wasm, hostBuiltins } = emitTests(compiled, tests, marks);
  let log: Logged[] = [];
  const add = (entry: Logged): void => {
    if (log.length < LOG_LIMIT) log.push(entry);
  };
  let cases = 0;
  const runner = await TestRunner.create({
    wasm,
    hostBuiltins,
    builtinsFile: program.builtinsFile,
    data: program.data,
    steps: STEPS,
    onMark: (mark, values) => add({ mark: marks.list[mark] as Marks["list"][number], values }),
    onNote: (note) => add({ note }),
    onCase: () => add({ testCase: cases++ }),
  });
  const names: Names = {
    ...namesOf(compiled),
    line: (file, row) => options.text(file)?.split("\n")[row - 1] ?? "",
  };
  for (const [i, test] of tests.entries()) {
    log = [];
    cases = 0;
    const result = failures[i]?.[1] as TestResult;
    const again = await runner.run(jobOf(test));
    if (again === undefined) continue;
    const undefinedResult = again.fail && again.undefined === true;
    const events = asQuery(traceOf(log, names.owners), test, undefinedResult);
    found.set(result, details(events, names, options));
  }
  return found;
}

/** What the compiler's names for variables and rules stand for. */
export function namesOf({ modules, rewrittenVars }: CompiledModules): Omit<Names, "line"> {
  for (const module of modules)
    for (const rule of module.rules)
      for (let at: typeof rule | undefined = rule; at !== undefined; at = at.else)
        rememberPackage(at, module.package.path);
  return { written: rewrittenVars, owners: ownersOf(modules) };
}

/** The events that a kind of explanation consists of: `full` and `debug` all, `notes` and `fails` theirs; both unless told otherwise. */
export function shownEvents(
  events: readonly TraceEvent[],
  mode: string | undefined,
  owners: Owners,
): readonly TraceEvent[] {
  if (mode === "full" || mode === "debug") return withRedos(events, owners);
  return withLineage(
    events,
    ({ op }) => (op === "Note" && mode !== "fails") || (op === "Fail" && mode !== "notes"),
  );
}

/** The events of a run inside the query that asks for the test. */
function asQuery(events: readonly TraceEvent[], test: TestCase, failed: boolean): TraceEvent[] {
  const location: Location = { file: "", row: 1, col: 1, offset: 0, text: test.fullName };
  const base = {
    parent: -1,
    query: 0,
    node: undefined,
    location,
    locals: new Map(),
    message: `${test.fullName} = _`,
  };
  return [
    { ...base, op: "Enter" },
    { ...base, op: "Eval" },
    ...events,
    ...(failed ? [{ ...base, op: "Fail" as const }] : []),
  ];
}

function details(
  events: readonly TraceEvent[],
  names: Names,
  { mode, varValues }: ExplainOptions,
): FailureDetails {
  return {
    trace: traceTable(shownEvents(events, mode, names.owners), names, varValues),
    failing: (tried) => {
      const end = tried === undefined ? -1 : events.findIndex((event) => event.testCase === tried + 1);
      return failingText(end < 0 ? events : events.slice(0, end), names, varValues);
    },
  };
}
