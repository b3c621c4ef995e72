// What `eval` shows beside a result, in OPA's forms: explanations, profiles and coverage, as members of its JSON or as tables. Findings in, text out.

import {
  bodyToJson,
  exprToJson,
  type JsonNode,
  jsonText,
  ruleToJson,
  termToJson,
} from "../syntax/ast-json.ts";
import type { Rule, Term } from "../syntax/ast.ts";
import { parseRef } from "../syntax/parser.ts";
import { walkBody, walkExpr, walkRule } from "../syntax/visit.ts";
import { type CoverageReport, coverageJson } from "../tester/coverage.ts";
import type { Explanation, Findings } from "../tester/probe.ts";
import type { LineStats } from "../tester/profile.ts";
import { durationText } from "../tester/result.ts";
import { isBody, type TraceEvent } from "../tester/trace.ts";
import { type Names, ruleText, traceTable } from "../tester/trace-text.ts";
import { statistics } from "./metrics.ts";
import * as output from "./output.ts";

export interface ProfileFlags {
  readonly profileLimit: number;
  readonly profileSort?: readonly string[];
}

const ORDERS: Readonly<Record<string, (a: LineStats, b: LineStats) => number>> = {
  total_time_ns: (a, b) => b.ns - a.ns,
  num_eval: (a, b) => b.evals - a.evals,
  num_redo: (a, b) => b.redos - a.redos,
  num_gen_expr: (a, b) => b.exprs - a.exprs,
  file: (a, b) => (a.location.file === b.location.file ? 0 : a.location.file > b.location.file ? -1 : 1),
  line: (a, b) => b.location.row - a.location.row,
};

/** The lines of a profile that are shown, greatest first. */
function chosenLines(lines: readonly LineStats[], { profileLimit, profileSort }: ProfileFlags): LineStats[] {
  const known = (profileSort ?? []).flatMap((name) => ORDERS[name] ?? []);
  const orders = known.length > 0 ? known : Object.values(ORDERS);
  const sorted = [...lines].sort((a, b) => {
    for (const order of orders) if (order(a, b) !== 0) return order(a, b);
    return 0;
  });
  return profileLimit > 0 ? sorted.slice(0, profileLimit) : sorted;
}

const place = ({ file, row }: LineStats["location"]): string => `${file}:${row}`;

/** The times of each line over several runs; what was counted is that of the first. */
function overRuns(
  runs: readonly (readonly LineStats[])[],
  flags: ProfileFlags,
): { line: LineStats; stats: Record<string, number> }[] {
  const times = new Map<string, number[]>();
  for (const lines of runs)
    for (const { location, ns } of lines)
      times.set(place(location), [...(times.get(place(location)) ?? []), ns]);
  return chosenLines(runs[0] ?? [], flags).map((line) => ({
    line,
    stats: statistics(times.get(place(line.location)) ?? []),
  }));
}

const counts = ({ evals, redos, exprs, location }: LineStats) => ({
  num_eval: evals,
  num_redo: redos,
  num_gen_expr: exprs,
  location,
});

/** Members of OPA's JSON, as `"name":json`. */
export function extraMembers(runs: readonly Findings[], flags: ProfileFlags): string[] {
  const [first] = runs;
  if (first === undefined) return [];
  const { coverage, explanation, profile } = first;
  const members: string[] = [];
  if (explanation !== undefined && explanation.events.length > 0)
    members.push(`"explanation":${explanationJson(explanation)}`);
  if (profile !== undefined && profile.length > 0) {
    if (runs.length === 1) {
      const lines = chosenLines(profile, flags).map((line) => ({ total_time_ns: line.ns, ...counts(line) }));
      members.push(`"profile":${JSON.stringify(lines)}`);
    } else {
      const lines = overRuns(profilesOf(runs), flags).map(({ line, stats }) => ({
        total_time_ns_stats: stats,
        ...counts(line),
      }));
      members.push(`"aggregated_profile":${JSON.stringify(lines)}`);
    }
  }
  if (coverage !== undefined)
    members.push(`"coverage":${JSON.stringify(JSON.parse(coverageJson(coverage)))}`);
  return members;
}

function profilesOf(runs: readonly Findings[]): (readonly LineStats[])[] {
  return runs.map(({ profile }) => profile ?? []);
}

/** What stands before a pretty result. */
export function explanationText({ explanation }: Findings, varValues: boolean): string {
  return explanation === undefined ? "" : traceTable(explanation.events, explanation.names, varValues, "");
}

/** What stands behind a pretty result. `query` stands for its own lines. */
export function profileTable(runs: readonly Findings[], query: string, flags: ProfileFlags): string {
  const where = ({ location }: LineStats): string => (location.file === "" ? query : place(location));
  const numbers = (line: LineStats): string[] => [
    String(line.evals),
    String(line.redos),
    String(line.exprs),
    where(line),
  ];
  const heads = ["Num Eval", "Num Redo", "Num Gen Expr", "Location"];
  const profile = runs[0]?.profile;
  if (profile === undefined || profile.length === 0) return "";
  if (runs.length === 1)
    return output.table(
      ["Time", ...heads],
      chosenLines(profile, flags).map((line) => [durationText(line.ns), ...numbers(line)]),
    );
  const columns = ["min", "max", "mean", "90%", "99%"];
  return output.table(
    ["Min", "Max", "Mean", "90%", "99%", ...heads],
    overRuns(profilesOf(runs), flags).map(({ line, stats }) => [
      ...columns.map((column) => durationText(Math.trunc(stats[column] ?? 0))),
      ...numbers(line),
    ]),
  );
}

export function coverageTable({ coverage }: CoverageReport): string {
  return output.table(["Overall Coverage", coverage.toFixed(2)], []);
}

function explanationJson({ events, names }: Explanation): string {
  return `[${events.map((event) => eventJson(event, names)).join(",")}]`;
}

/** OPA counts queries from the one that was asked. */
const queryId = (id: number): number => Math.max(0, Math.abs(id) - 1);

function refJson(rule: Rule): JsonNode {
  return parseRef(ruleText(rule)).ref?.terms.map((term) => termToJson(term)) ?? null;
}

function eventJson(event: TraceEvent, { written, owners }: Names): string {
  const { location, message = "", node, op, rule, suffix } = event;
  const isNote = op === "Note";
  const named: Record<string, unknown> = {};
  const note = (term: Term): false => {
    const name = term.kind === "var" ? written.get(term.name) : undefined;
    if (term.kind !== "var" || name === undefined || named[term.name] !== undefined) return false;
    const { file, row, col } = term.location;
    named[term.name] = { name, location: { file, row, col } };
    return false;
  };
  let json = "null";
  if (node !== undefined && !isNote) {
    if (isBody(node)) {
      walkBody(node, { term: note });
      json = jsonText(bodyToJson(node));
    } else if (node.kind === "rule") {
      walkRule(node, { term: note });
      json = jsonText(ruleToJson(node));
    } else {
      walkExpr(node, { term: note });
      json = jsonText(exprToJson(node, owners.get(node)?.index ?? 0));
    }
  }
  const at = location === undefined ? null : { file: location.file, row: location.row, col: location.col };
  const rest = {
    Location: at,
    QueryID: queryId(event.query),
    ParentID: queryId(event.parent),
    Locals: null,
    LocalMetadata: isNote ? null : named,
    Message: suffix ?? message,
    Ref: rule === undefined ? null : refJson(rule),
  };
  return `{"Op":"${op}","Node":${json},${JSON.stringify(rest).slice(1)}`;
}
