// Which places of the modules the tests reached, in the shape of OPA's coverage report: ranges, lines, percentages, and why a range was not
// reached where that can be told; and beyond it, branches. In: marks that were hit. Out: the report. Runs nothing itself.

import type { Mark } from "../compile/compile.ts";
import type { Location } from "../error.ts";
import type { Body, Module, Rule } from "../syntax/ast.ts";
import { isCallTerms, walkModule } from "../syntax/visit.ts";
import { Fields, goJson, type Json } from "./go-json.ts";

export type Reason = "index_excluded" | "early_exit";

export interface Range {
  readonly start: { readonly row: number; readonly col: number };
  readonly end: { readonly row: number; readonly col: number };
  readonly kinds?: readonly Reason[];
  /** Why it was not reached, in words, where that can be told. */
  readonly why?: string;
}

export interface FileCoverage {
  readonly covered: readonly Range[];
  readonly notCovered: readonly Range[];
  readonly coveredLines: number;
  readonly notCoveredLines: number;
  readonly coverage: number;
  readonly branches: Branches;
}

/** Ways that the bodies of rules can go: each can hold, and each that says something can fail. */
export interface Branches {
  readonly taken: number;
  readonly total: number;
}

export interface CoverageReport {
  readonly files: ReadonlyMap<string, FileCoverage>;
  readonly coveredLines: number;
  readonly notCoveredLines: number;
  readonly coverage: number;
  readonly branches: Branches;
}

/** Gathers the marks of any number of runs. */
export class Hits {
  readonly #marks: readonly Mark[];
  readonly #hit: Uint8Array;
  /** Rules whose bodies began and have given nothing yet, and those that came to nothing, by place. */
  readonly #open = new Set<string>();
  readonly #failed = new Set<string>();

  constructor(marks: readonly Mark[]) {
    this.#marks = marks;
    this.#hit = new Uint8Array(marks.length);
  }

  readonly add = (index: number): void => {
    this.#hit[index] = 1;
    const mark = this.#marks[index] as Mark;
    if (mark.kind === "eval" || mark.kind === "pass" || Array.isArray(mark.node)) return;
    const rule = placeOf((mark.node as Rule).location);
    if (mark.kind !== "exit" && this.#open.has(rule)) this.#failed.add(rule);
    if (mark.kind === "enter") this.#open.add(rule);
    else this.#open.delete(rule);
  };

  /** Whether the body of a rule was tried in vain. */
  failed(rule: Rule): boolean {
    return this.#failed.has(placeOf(rule.location));
  }

  /** The places that were reached, by file. */
  covered(): Map<string, Map<string, Range>> {
    const files = new Map<string, Map<string, Range>>();
    for (const [i, { kind, location }] of this.#marks.entries()) {
      if (this.#hit[i] === 0 || (kind !== "eval" && kind !== "exit")) continue;
      const range = rangeOf(location);
      let ranges = files.get(location.file);
      if (ranges === undefined) {
        ranges = new Map();
        files.set(location.file, ranges);
      }
      ranges.set(keyOf(range), range);
    }
    return files;
  }
}

/** What a further run shows that left something out of the way of the first. */
export interface FurtherRun {
  readonly reason: Reason;
  readonly hits: Hits;
}

export function coverageReport(
  modules: readonly Module[],
  hits: Hits,
  furtherRuns: readonly FurtherRun[] = [],
): CoverageReport {
  const covered = hits.covered();
  const further = furtherRuns.map(({ reason, hits: more }) => ({ reason, covered: more.covered() }));
  const files = new Map<string, FileCoverage>();
  for (const module of modules) {
    const here = [...(covered.get(module.file)?.values() ?? [])].sort(compare);
    const there = further.map((run) => ({
      ...run,
      covered: [...(run.covered.get(module.file)?.values() ?? [])],
    }));
    const known = (location: Location): boolean => isWithin(here, rangeOf(location));
    const notCovered = missed(module, known).map((range) => {
      const kinds = there.filter((run) => isWithin(run.covered, range)).map(({ reason }) => reason);
      return kinds.length === 0 ? range : { ...range, kinds };
    });
    files.set(module.file, fileCoverage(here, notCovered, branchesOf(module, known, hits)));
  }
  const sum = (of: (file: FileCoverage) => number): number =>
    [...files.values()].reduce((n, file) => n + of(file), 0);
  const [coveredLines, notCoveredLines] = [
    sum((file) => file.coveredLines),
    sum((file) => file.notCoveredLines),
  ];
  return {
    files,
    coveredLines,
    notCoveredLines,
    coverage: percent(coveredLines, notCoveredLines),
    branches: { taken: sum((file) => file.branches.taken), total: sum((file) => file.branches.total) },
  };
}

/** Heads and expressions that were not reached, in order, with the reason that their surroundings give. */
function missed(module: Module, known: (location: Location) => boolean): Range[] {
  const found = new Map<string, Range>();
  const miss = (location: Location, why: string): void => {
    if (location.file === "" || location.row === 0 || known(location)) return;
    const range = rangeOf(location);
    if (!found.has(keyOf(range))) found.set(keyOf(range), { ...range, why });
  };
  const behind = (exprs: Body): string => {
    const last = exprs.findLast((expr) => known(expr.location));
    return last === undefined ? "never tried" : `the expression of line ${last.location.row} never held`;
  };
  walkModule(module, {
    rule: (rule) => {
      miss(rule.head.location, behind(rule.body));
      return false;
    },
    body: (body) => {
      body.forEach((expr, i) => {
        if (isCallTerms(expr.terms) || expr.terms.kind !== "some")
          miss(expr.location, behind(body.slice(0, i)));
      });
      return false;
    },
  });
  return [...found.values()].sort(compare);
}

function isWithin(ranges: readonly Range[], range: Range): boolean {
  return ranges.some((other) => contains(other, range));
}

function placeOf({ file, row, col }: Location): string {
  return `${file}:${row}:${col}`;
}

function fileCoverage(
  covered: readonly Range[],
  notCovered: readonly Range[],
  branches: Branches,
): FileCoverage {
  const [yes, no] = [rowsOf(covered).size, rowsOf(notCovered).size];
  return {
    covered,
    notCovered,
    coveredLines: yes,
    notCoveredLines: no,
    coverage: percent(yes, no),
    branches,
  };
}

function percent(yes: number, no: number): number {
  return yes + no === 0 ? 0 : (100 * yes) / (yes + no);
}

function branchesOf(module: Module, known: (location: Location) => boolean, hits: Hits): Branches {
  let taken = 0;
  let total = 0;
  walkModule(module, {
    rule: (rule) => {
      total++;
      if (known(rule.head.location)) taken++;
      if (rule.generatedBody !== true && !rule.default) {
        total++;
        if (hits.failed(rule)) taken++;
      }
      return false;
    },
  });
  return { taken, total };
}

/** OPA counts the end in characters, the start in bytes. */
export function rangeOf({ row, col, text }: Location): Range {
  if (text === "") return { start: { row, col }, end: { row, col } };
  const lines = text.split("\n");
  const last = [...(lines.at(-1) as string)].length;
  return {
    start: { row, col },
    end: { row: row + lines.length - 1, col: lines.length === 1 ? col + last : last + 1 },
  };
}

function keyOf({ start, end }: Range): string {
  return `${start.row}:${start.col}-${end.row}:${end.col}`;
}

function compare(a: Range, b: Range): number {
  return (
    a.start.row - b.start.row || a.start.col - b.start.col || a.end.row - b.end.row || a.end.col - b.end.col
  );
}

function contains(outer: Range, inner: Range): boolean {
  const starts = outer.start.row - inner.start.row || outer.start.col - inner.start.col;
  const ends = outer.end.row - inner.end.row || outer.end.col - inner.end.col;
  return starts <= 0 && ends >= 0;
}

function rowsOf(ranges: readonly Range[]): Set<number> {
  const rows = new Set<number>();
  for (const { start, end } of ranges) for (let row = start.row; row <= end.row; row++) rows.add(row);
  return rows;
}

/** OPA's report, with `branches` beside its fields where asked for. */
export function coverageJson(report: CoverageReport, branches = false): string {
  const files = [...report.files].sort(([a], [b]) => (a < b ? -1 : 1));
  const branchFields = ({ taken, total }: Branches): Json =>
    new Fields([
      ["taken", taken],
      ["total", total],
    ]);
  return `${goJson(
    new Fields([
      ["files", new Fields(files.map(([name, file]) => [name, fileFields(file, branches)] as const))],
      ["covered_lines", report.coveredLines],
      ["not_covered_lines", report.notCoveredLines],
      ["coverage", report.coverage],
      ["branches", branches ? branchFields(report.branches) : undefined],
    ]),
  )}\n`;
}

function fileFields(file: FileCoverage, branches: boolean): Json {
  const ranges = (list: readonly Range[]): Json | undefined =>
    list.length === 0 ? undefined : list.map((range) => rangeFields(range, branches ? range.why : undefined));
  return new Fields([
    ["covered", ranges(file.covered)],
    ["not_covered", ranges(file.notCovered)],
    ["covered_lines", file.coveredLines || undefined],
    ["not_covered_lines", file.notCoveredLines || undefined],
    ["coverage", file.coverage || undefined],
    ["branches", branches ? new Fields(Object.entries(file.branches)) : undefined],
  ]);
}

function rangeFields({ start, end, kinds }: Range, why?: string): Json {
  const place = ({ row, col }: Range["start"]): Json =>
    new Fields([
      ["row", row],
      ["col", col || undefined],
    ]);
  return new Fields([
    ["start", place(start)],
    ["end", place(end)],
    ["kinds", kinds && [...kinds]],
    ["why", why],
  ]);
}

/** OPA's complaint about too little coverage; `verbose` lists the lines. */
export function thresholdComplaint(
  report: CoverageReport,
  threshold: number,
  verbose: boolean,
): string | undefined {
  if (report.coverage >= threshold) return undefined;
  const text = `Code coverage threshold not met: got ${report.coverage.toFixed(2)} instead of ${threshold.toFixed(2)}`;
  if (!verbose || report.files.size === 0) return text;
  const lines = [text, "Lines not covered:"];
  for (const [file, { notCovered }] of [...report.files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [first, last] of spansOf(notCovered))
      lines.push(first === last ? `\t${file}:${first}` : `\t${file}:${first}-${last}`);
  }
  return lines.join("\n");
}

function spansOf(ranges: readonly Range[]): [first: number, last: number][] {
  const spans: [number, number][] = [];
  for (const row of [...rowsOf(ranges)].sort((a, b) => a - b)) {
    const open = spans.at(-1);
    if (open !== undefined && open[1] + 1 === row) open[1] = row;
    else spans.push([row, row]);
  }
  return spans;
}
