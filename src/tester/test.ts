// One run of `reeve test`: load, compile once, run, report. In: flags, and how to load. Out: the exit code; text goes to what is given. Decides
// no test itself.

import type { SourceText } from "../compile/compile.ts";
import { formatDiagnostic, type Location, PolicyError } from "../error.ts";
import { walkModule } from "../syntax/visit.ts";
import { encode } from "../value/json.ts";
import type { RegoObject } from "../value/value.ts";
import { filterOf, type TestCase } from "./discover.ts";
import { benchmarks } from "./benchmark.ts";
import { type CheckedTests, chooseTests, emitProgram, type Program, type ProgramOptions } from "./program.ts";
import { Session } from "./session.ts";
import { jsonReport, junitReport, PrettyReport } from "./report.ts";
import { coverageJson, coverageReport, type Reason, thresholdComplaint } from "./coverage.ts";
import { explain } from "./explain.ts";
import { measure } from "./measure.ts";
import { eachSubResult, errorText, headline, passed, subOutcome, type TestResult } from "./result.ts";
import { keepCases } from "./select.ts";
import { runTests } from "./workers.ts";

export interface TestFlags {
  readonly format: string;
  readonly verbose?: boolean;
  readonly run?: string;
  readonly parallel: number;
  readonly exitZeroOnSkipped?: boolean;
  readonly failOnEmpty?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly count: number;
  readonly maxErrors: number;
  readonly sort: string;
  readonly strict?: boolean;
  readonly check?: ProgramOptions["check"];
  /** An ES module that declares the host's own builtins, which `check` has too. */
  readonly builtins?: string;
  readonly coverage?: boolean;
  readonly coverageRuns?: readonly string[];
  readonly threshold: number;
  readonly branches?: boolean;
  readonly bench?: boolean;
  readonly benchmem?: boolean;
  readonly varValues?: boolean;
  /** `fails`, `full`, `notes` or `debug`. */
  readonly explain?: string;
  /** Told how many tests are done. */
  readonly progress?: (done: number, total: number) => void;
}

export interface Loaded {
  readonly sources: readonly SourceText[];
  readonly data: RegoObject;
}

export type Write = (text: string) => void;

export const EXIT_PASSED = 0;
/** It could not be tried. */
export const EXIT_BROKEN = 1;
/** Some test did not pass. */
export const EXIT_FAILED = 2;

/** Runs tests, again whenever it is told to: then only those that what changed can make a difference to. */
export class TestRun {
  readonly #flags: TestFlags;
  readonly #print: Write;
  readonly #complain: Write;
  readonly #session: Session;

  constructor(flags: TestFlags, print: Write, complain: Write) {
    this.#flags = flags;
    this.#print = print;
    this.#complain = complain;
    this.#session = new Session({
      strict: flags.strict,
      maxErrors: flags.maxErrors,
      print: flags.bench !== true,
      check: flags.check,
      builtinsFile: flags.builtins,
    });
  }

  /** The exit code. */
  async run(load: () => Promise<Loaded>): Promise<number> {
    const flags = this.#flags;
    const covers = flags.coverage === true || flags.threshold > 0;
    let program: Program | (CheckedTests & { readonly data: string });
    try {
      const filter = filterOf(flags.run);
      const wanted = ({ fullName, parameterised }: TestCase): boolean =>
        filter === undefined || (parameterised && !covers) || filter(fullName);
      const { modules, data } = await loading(async () => {
        const loaded = await load();
        return { modules: this.#session.parse(loaded.sources), data: loaded.data };
      });
      const { checked, affected } = this.#session.check(modules, data);
      program = covers
        ? { ...chooseTests(checked, checked.tests.filter(wanted)), data: encode(data) }
        : emitProgram(checked, affected.filter(wanted), data);
    } catch (error) {
      this.#complain(`${complaint(error)}\n`);
      return EXIT_BROKEN;
    }
    const text = (file: string): string | undefined => this.#session.text(file);
    for (let i = 0; i < flags.count; i++) {
      const code = await ("wasm" in program
        ? runAndReport(program, text, flags, this.#print, this.#complain)
        : reportCoverage(program, flags, this.#print, this.#complain));
      if (code !== EXIT_PASSED) return code;
    }
    return EXIT_PASSED;
  }
}

async function runAndReport(
  program: Program,
  source: (file: string) => string | undefined,
  flags: TestFlags,
  print: Write,
  complain: Write,
): Promise<number> {
  const { tests } = program;
  const results: TestResult[] = [];
  const text = flags.format === "pretty" || flags.format === "gobench";
  const pretty = new PrettyReport(text ? print : () => {}, {
    ...(flags.verbose !== undefined && { verbose: flags.verbose }),
    ...(flags.varValues !== undefined && { varValues: flags.varValues }),
    benchmark: flags.bench === true,
    benchmem: flags.benchmem !== false,
    gobench: flags.format === "gobench",
  });
  const testOf = new Map<TestResult, TestCase>();
  for await (const [test, result] of chosenResults(program, flags)) {
    flags.progress?.(results.length, tests.length);
    testOf.set(result, test);
    results.push(result);
    pretty.add(result);
  }
  flags.progress?.(tests.length, tests.length);
  const why = text && flags.bench !== true && (flags.verbose === true || flags.varValues === true);
  const failures = why
    ? pretty.failures.map((failure) => [testOf.get(failure) as TestCase, failure] as const)
    : [];
  pretty.finish(
    await explain(program, failures, {
      varValues: flags.varValues === true,
      text: source,
      mode: flags.explain,
    }),
  );
  if (flags.format === "json") print(jsonReport(sorted(results, flags.sort)));
  if (flags.format === "junit") print(junitReport(results));
  if (results.length === 0 && flags.failOnEmpty === true) {
    complain("no tests were run\n");
    return EXIT_BROKEN;
  }
  const fine = results.every((result) => passed(result) || (result.skip && flags.exitZeroOnSkipped === true));
  return fine ? EXIT_PASSED : EXIT_FAILED;
}

/** Tests whose name fits the pattern; of parameterised ones also those of which some case fits. */
async function* chosenResults(
  program: Program,
  flags: TestFlags,
): AsyncGenerator<readonly [TestCase, TestResult]> {
  const filter = filterOf(flags.run);
  const whole = (test: TestCase): boolean => filter === undefined || filter(test.fullName);
  const { tests } = program;
  const options = {
    timeoutMs: flags.timeout === undefined || flags.timeout === 0 ? 5000 : flags.timeout,
    parallel: flags.parallel,
  };
  let i = 0;
  const results = flags.bench === true ? benchmarks(program, tests) : runTests(program, tests, options);
  for await (const result of results) {
    const test = tests[i++] as TestCase;
    const kept = filter === undefined || whole(test) ? result : keepCases(result, test.fullName, filter);
    if (kept !== undefined) yield [test, withColumn(program, kept)];
  }
}

/** Coverage in place of results: of tests that pass. Fails as OPA does: the first failure on stderr, the report of them on stdout. */
async function reportCoverage(
  program: CheckedTests & { readonly data: string },
  flags: TestFlags,
  print: Write,
  complain: Write,
): Promise<number> {
  const kinds = (flags.coverageRuns ?? ["index_excluded", "early_exit"]) as Reason[];
  const { failures, hits, further, error } = await measure(program, kinds);
  if (error !== undefined) {
    complain(`${errorText(error)}\n`);
    return EXIT_BROKEN;
  }
  const [first] = failures;
  if (first !== undefined) {
    const report = new PrettyReport(print, {
      ...(flags.verbose !== undefined && { verbose: flags.verbose }),
    });
    for (const failure of failures) report.add(failure);
    report.finish();
    const subs = [...eachSubResult(first.subResults)];
    const lines = subs.map(
      ([names, sub]) => `${"  ".repeat(names.length - 1)}${sub.name}: ${subOutcome(sub)}\n`,
    );
    complain(`${headline(first)}\n${lines.join("")}\n`);
    return EXIT_BROKEN;
  }
  const report = coverageReport(program.modules, hits, further);
  const tooLittle = thresholdComplaint(report, flags.threshold, flags.verbose === true);
  if (tooLittle !== undefined) {
    complain(`${tooLittle}\n`);
    return EXIT_FAILED;
  }
  print(coverageJson(report, flags.branches));
  return EXIT_PASSED;
}

/** Errors of evaluation name a line; OPA's also have the column of the rule or expression that begins there. */
function withColumn({ modules }: Program, result: TestResult): TestResult {
  const at = result.error?.location;
  if (result.error === undefined || at === undefined || at.col > 0) return result;
  let col = 0;
  const look = ({ location }: { readonly location: Location }): false => {
    if (location.row === at.row && (col === 0 || location.col < col)) col = location.col;
    return false;
  };
  const module = modules.find(({ file }) => file === at.file);
  if (module !== undefined) walkModule(module, { rule: look, expr: look, term: look });
  return { ...result, error: { ...result.error, location: { ...at, col } } };
}

function sorted(results: readonly TestResult[], order: string): readonly TestResult[] {
  return order === "duration" ? [...results].sort((a, b) => b.durationNs - a.durationNs) : results;
}

/** Findings while loading, marked as such. */
class LoadingFailure extends PolicyError {}

async function loading<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw asLoading(error);
  }
}

function asLoading(error: unknown): unknown {
  // Of bundles that cannot be loaded, or do not go together, OPA says so in other words.
  if (!(error instanceof PolicyError) || error.code === "config_error") return error;
  const { code, message, location, diagnostics } = error;
  return new LoadingFailure(code, message, { location, diagnostics });
}

/** Failures as OPA says them: `1 error occurred during loading: …`. */
export function complaint(error: unknown): string {
  if (!(error instanceof PolicyError)) throw error;
  const during = error instanceof LoadingFailure ? " during loading" : "";
  const { diagnostics } = error;
  if (diagnostics.length > 1)
    return `${diagnostics.length} errors occurred${during}:\n${diagnostics.map(formatDiagnostic).join("\n")}`;
  const [only] = diagnostics;
  if (only !== undefined) return `1 error occurred${during}: ${formatDiagnostic(only)}`;
  if (during === "") return error.message;
  return `1 error occurred${during}: ${error.message}`;
}
