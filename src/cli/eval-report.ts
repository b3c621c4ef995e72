// What `eval` prints of its runs, and its exit code: result or errors, and beside them what was measured, in the format asked for. Decides nothing else.

import { PolicyError } from "../error.ts";
import type { BuiltinFailure } from "../engine/engine.ts";
import type { QueryAnswer } from "../query.ts";
import { coverageReport, Hits } from "../tester/coverage.ts";
import type { Findings } from "../tester/probe.ts";
import { coverageTable, explanationText, extraMembers, profileTable } from "./eval-extras.ts";
import { type EvalFlags, profiled } from "./eval-flags.ts";
import { discarded, present } from "./eval-output.ts";
import { aggregate, aggregateTable, type Timings, timingsJson, timingsTable } from "./metrics.ts";
import * as output from "./output.ts";

export interface Run {
  readonly answer?: QueryAnswer;
  /** What it failed with. */
  readonly error?: unknown;
  readonly timings: Timings;
  readonly findings: Findings;
}

/** `text` is the query. */
export function finish(runs: readonly Run[], text: string, flags: EvalFlags): void {
  const failed = runs.find(({ error }) => error !== undefined);
  const answer = runs[0]?.answer;
  const failures = flags.showBuiltinErrors === true ? (answer?.failures ?? []) : [];
  const error = failed?.error ?? (failures.length > 0 ? failureOf(failures) : undefined);
  const solutions = error === undefined || failed === undefined ? (answer?.solutions ?? []) : [];
  const findings = runs.map((run) => complete(run.findings, flags));
  if (flags.format === "json" || flags.format === "discard") {
    const members = membersOf(runs, findings, flags);
    const errors =
      error === undefined ? undefined : `"errors":${output.plainToJson(output.outputErrors(error))}`;
    const extra = { ...(errors !== undefined && { before: errors }), after: members };
    const json = present(solutions, flags, extra);
    process.stdout.write(flags.format === "discard" ? discarded(json) : json);
  } else {
    const pretty = flags.format === "pretty";
    if (pretty && findings[0] !== undefined)
      process.stdout.write(explanationText(findings[0], flags.varValues === true));
    if (error === undefined) process.stdout.write(present(solutions, flags));
    else process.stderr.write(`${output.prettyErrors(error)}\n`);
    if (pretty) process.stdout.write(tablesOf(runs, findings, text, flags));
  }
  const empty = solutions.length === 0;
  if (failed !== undefined) process.exitCode = output.EXIT_ERROR;
  else if ((flags.fail === true && empty) || (flags.failDefined === true && !empty))
    process.exitCode = output.EXIT_FAIL;
}

/** Coverage is told of also where nothing came to be evaluated. */
function complete(findings: Findings, flags: EvalFlags): Findings {
  if (flags.coverage !== true || findings.coverage !== undefined) return findings;
  return { ...findings, coverage: coverageReport([], new Hits([])) };
}

const measured = (flags: EvalFlags): boolean =>
  flags.metrics === true || flags.instrument === true || profiled(flags);

function membersOf(runs: readonly Run[], findings: readonly Findings[], flags: EvalFlags): string[] {
  const [first] = runs;
  if (first === undefined) return [];
  const all = runs.map(({ timings }) => timings);
  const timings =
    runs.length === 1
      ? `"metrics":${timingsJson(first.timings)}`
      : `"aggregated_metrics":${JSON.stringify(Object.fromEntries(aggregate(all)))}`;
  return [...(measured(flags) ? [timings] : []), ...extraMembers(findings, flags)];
}

function tablesOf(
  runs: readonly Run[],
  findings: readonly Findings[],
  text: string,
  flags: EvalFlags,
): string {
  const [first] = runs;
  if (first === undefined) return "";
  const all = runs.map(({ timings }) => timings);
  const timings = runs.length === 1 ? timingsTable(first.timings) : aggregateTable(aggregate(all));
  const coverage = findings[0]?.coverage;
  return [
    measured(flags) ? timings : "",
    profileTable(findings, text, flags),
    coverage === undefined ? "" : coverageTable(coverage),
  ].join("");
}

function failureOf(failures: readonly BuiltinFailure[]): PolicyError {
  const diagnostics = failures.map(({ code, message, location }) => ({
    code,
    message,
    ...(location && { location }),
  }));
  return new PolicyError("eval_builtin_error", "", { diagnostics });
}
