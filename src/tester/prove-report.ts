// What `reeve prove` says: pretty, JSON, JUnit; and counterexamples as Rego tests. In: results. Out: text.

import { canonical } from "./shrink.ts";
import type { FiredRule, ProveReport, ProveResult } from "./prove.ts";

const WORD = { holds: "ok", broken: "FAIL", vacuous: "VACUOUS", unfinished: "NOT RUN" } as const;
const MAX_UNREACHED = 12;

/** One result as it comes in. */
export function prettyResult(result: ProveResult): string {
  const { status, name, title, runs, met, milliseconds } = result;
  const lines = [`${WORD[status]}  ${name}${title === undefined ? "" : `  ${title}`}`];
  const met_ = result.assumption ? `, ${met} satisfied the assumption` : "";
  lines.push(`    ${runs} ${runs === 1 ? "input" : "inputs"}${met_}, ${(milliseconds / 1000).toFixed(1)} s`);
  if (status === "vacuous")
    lines.push(
      "    too few inputs satisfied the assumption to show anything: widen it, give a schema or `example_` rules, or add --runs",
    );
  if (status === "unfinished") lines.push("    no time was left: raise --time");
  const { counterexample } = result;
  if (counterexample !== undefined) {
    const { input, why, fired, replayed } = counterexample;
    if (result.description !== undefined) lines.push(...indent(result.description.trim()));
    lines.push(`    ${result.file}${result.row > 0 ? `:${result.row}` : ""}: ${why}`);
    lines.push(
      `    smallest input${replayed ? " (of a kept one)" : ""}:`,
      ...indent(JSON.stringify(input, undefined, 2), 6),
    );
    if (fired.length > 0)
      lines.push("    rules that gave a value:", ...fired.map((rule) => `      ${ruleText(rule)}`));
  }
  return `${lines.join("\n")}\n`;
}

export function prettySummary(report: ProveReport, seed: number): string {
  const { results, unreached } = report;
  const count = (status: ProveResult["status"]): number =>
    results.filter((result) => result.status === status).length;
  const lines: string[] = [];
  if (unreached.length > 0) {
    lines.push(`no input reached ${unreached.length} ${unreached.length === 1 ? "rule" : "rules"}:`);
    lines.push(...unreached.slice(0, MAX_UNREACHED).map((rule) => `  ${ruleText(rule)}`));
    if (unreached.length > MAX_UNREACHED) lines.push(`  and ${unreached.length - MAX_UNREACHED} more`);
  }
  const parts = [`${count("holds")} of ${results.length} hold`];
  if (count("broken") > 0) parts.push(`${count("broken")} broken`);
  if (count("vacuous") > 0) parts.push(`${count("vacuous")} vacuous`);
  if (count("unfinished") > 0) parts.push(`${count("unfinished")} not run`);
  lines.push(`${parts.join(", ")} (seed ${seed})`);
  return `${lines.join("\n")}\n`;
}

const ruleText = ({ name, file, row }: FiredRule): string => `${file}:${row}  ${name}`;

function indent(text: string, by = 4): string[] {
  return text.split("\n").map((line) => " ".repeat(by) + line);
}

export function jsonReport(report: ProveReport, seed: number): string {
  const { results, unreached } = report;
  return `${JSON.stringify({ seed, results, unreached }, undefined, 2)}\n`;
}

export function junitReport({ results }: ProveReport): string {
  const failed = results.filter(({ status }) => status !== "holds");
  const cases = results.map((result) => {
    const { name, milliseconds, status, file } = result;
    const open = `    <testcase classname="${xml(file)}" name="${xml(name)}" time="${(milliseconds / 1000).toFixed(3)}"`;
    if (status === "holds") return `${open}></testcase>`;
    return `${open}>\n      <failure message="${xml(result.counterexample?.why ?? status)}">${xml(prettyResult(result))}</failure>\n    </testcase>`;
  });
  return `<testsuites>\n  <testsuite name="prove" tests="${results.length}" failures="${failed.length}">\n${cases.join("\n")}\n  </testsuite>\n</testsuites>\n`;
}

function xml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\n": "&#xA;",
  };
  // Control characters have no form in XML.
  return text.replace(/[\p{Cc}&<>"]/gu, (c) => entities[c] ?? "?");
}

/** A module with one test for each broken invariant: it fails until the policy is mended. */
export function testModule(results: readonly ProveResult[]): string {
  const tests = results.flatMap(({ kind, name, counterexample, title }) => {
    if (counterexample === undefined || kind !== "invariant") return [];
    const own = name.split(".").at(-1) ?? name;
    const said = title === undefined ? "" : `# ${title.replaceAll("\n", " ")}\n`;
    return [`${said}test_${own} if ${name} with input as ${canonical(counterexample.input)}\n`];
  });
  return `package counterexamples_test\n\n${tests.join("\n")}`;
}
