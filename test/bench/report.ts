// A run as Markdown: the goals with their verdicts, then every table, fastest first. In: results. Out: text. What is slower than a peer
// stands in the same columns as what is faster.

import { verdicts } from "./goals.ts";
import type { Table } from "./tables.ts";

export interface Run {
  readonly node: string;
  readonly v8: string;
  readonly cpu: string;
  readonly opa: string | undefined;
  readonly tables: Readonly<Record<string, Table>>;
}

/** The row that others are compared with. */
const BASE = /^our engine(, object in)?$/;

export function markdown(run: Run): string {
  const lines = [
    "# Performance",
    "",
    "Written by `make bench REPORT=docs/performance.md`; not edited by hand. Trust ratios inside a table, not times across tables or",
    "machines. A figure is a ratio of medians; beside it stands the ratio of the lowest rounds, which other work on the machine disturbs",
    "least: the verdict goes by that one. A table with a ratio within 5 % of its bound is run three times and its rounds are put together.",
    "Shares of a million decisions (p99.9) come from blocks of a million: the lowest block is their lowest round. What the budget of steps costs",
    "is measured on four engines with it and four without, in turn: one pair differs by where V8 puts the code, too.",
    "Every contestant of a race gave the same answers before the clock was looked at.",
    "",
    `Node ${run.node} (V8 ${run.v8}), ${run.cpu}, ${run.opa === undefined ? "without opa" : `opa ${run.opa}`}.`,
    "",
    "## Goals",
    "",
    "| goal | figure | lowest rounds | verdict |",
    "| --- | --- | --- | --- |",
    ...verdicts(run.tables).map(
      ({ goal, figure, lowest, verdict }) =>
        `| ${goal} | ${figure} | ${lowest} | ${verdict === "missed" ? "**missed**" : verdict} |`,
    ),
  ];
  for (const table of Object.values(run.tables)) lines.push("", ...section(table));
  return `${lines.join("\n")}\n`;
}

function section({ title, rows, figures }: Table): string[] {
  const lines = [`## ${title}`, ""];
  const base = rows.find(({ name }) => BASE.test(name))?.ns;
  if (rows.length > 0) {
    lines.push(
      `| contestant | time | lowest to highest round |${base === undefined ? "" : " of our engine |"}`,
    );
    lines.push(`| --- | --- | --- |${base === undefined ? "" : " --- |"}`);
    for (const row of base === undefined ? rows : [...rows].sort((a, b) => a.ns - b.ns)) {
      const of = base === undefined ? "" : ` ${(row.ns / base).toFixed(2)}x |`;
      lines.push(`| ${row.name} | ${time(row.ns)} | ${time(row.low)} to ${time(row.high)} |${of}`);
    }
  }
  const named = Object.entries(figures);
  if (named.length > 0) {
    lines.push("", "| figure | value |", "| --- | --- |");
    for (const [name, value] of named) lines.push(`| ${name} | ${Math.round(value).toLocaleString("en")} |`);
  }
  return lines;
}

function time(ns: number): string {
  if (ns < 10_000) return `${ns.toFixed(0)} ns`;
  if (ns < 10_000_000) return `${(ns / 1000).toFixed(1)} µs`;
  return `${(ns / 1e6).toFixed(1)} ms`;
}
