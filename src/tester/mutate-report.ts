// What `reeve test --mutate` says: survivors on the source, most dangerous first; or JSON. In: a MutationReport. Out: text.

import type { MutationReport, Survivor } from "./mutate-run.ts";
import { type Mutant, mutated } from "./mutate.ts";

const WORD = {
  more: "lets more happen",
  other: "decides otherwise",
  less: "lets less happen",
  unknown: "no input found on which it decides otherwise",
} as const;
const MAX_UNKNOWN = 10;

export function mutationText(report: MutationReport): string {
  const { survivors } = report;
  const lines: string[] = [];
  const unknown = survivors.filter(({ danger }) => danger === "unknown");
  for (const survivor of survivors)
    if (survivor.danger !== "unknown") lines.push(...block(report, survivor), "");
  if (unknown.length > 0) {
    lines.push(
      `${unknown.length} more ${unknown.length === 1 ? "mutant" : "mutants"} survived, ${WORD.unknown}: they may mean the same`,
      ...unknown.slice(0, MAX_UNKNOWN).flatMap((survivor) => ["", ...block(report, survivor)]),
    );
    if (unknown.length > MAX_UNKNOWN) lines.push("", `and ${unknown.length - MAX_UNKNOWN} more`);
    lines.push("");
  }
  lines.push(...summary(report));
  return `${lines.join("\n")}\n`;
}

function block({ sources }: MutationReport, { mutant, danger, flips }: Survivor): string[] {
  const text = sources.find(({ file }) => file === mutant.file)?.text ?? "";
  const lines = [`SURVIVED  ${mutant.file}:${mutant.row}:${mutant.col}  ${mutant.kind}: ${WORD[danger]}`];
  lines.push(...changedLines(text, mutant).map((line) => `    ${line}`));
  const [flip] = flips;
  if (flip !== undefined) {
    const { entrypoint, kind, generated, example } = flip;
    lines.push(
      `    ${entrypoint}: ${kind} on ${generated} generated ${generated === 1 ? "input" : "inputs"}, as`,
      `    ${example.input === undefined ? "(no input)" : JSON.stringify(example.input)}`,
    );
  }
  return lines;
}

/** The lines around the edits, before and after, with a line of context on both sides. */
function changedLines(text: string, mutant: Mutant): string[] {
  const before = text.split("\n");
  const after = mutated(text, mutant).split("\n");
  let from = 0;
  while (from < before.length && before[from] === after[from]) from++;
  let last = 0;
  while (
    last < before.length - from &&
    last < after.length - from &&
    before[before.length - 1 - last] === after[after.length - 1 - last]
  )
    last++;
  const number = (row: number): string => String(row).padStart(5);
  const context = (row: number): string[] =>
    before[row] === undefined ? [] : [` ${number(row + 1)} | ${before[row]}`];
  const end = before.length - last;
  return [
    ...context(from - 1),
    ...before.slice(from, end).map((line, i) => `-${number(from + i + 1)} | ${line}`),
    ...after.slice(from, after.length - last).map((line, i) => `+${number(from + i + 1)} | ${line}`),
    ...context(end),
  ];
}

function summary(report: MutationReport): string[] {
  const { mutants, tried, invalid, killedByTests, killedByInvariants, survivors, score, seed } = report;
  const count = (danger: Survivor["danger"]): number =>
    survivors.filter((survivor) => survivor.danger === danger).length;
  const { tests, invariants } = report.watchers;
  const lines = [
    `${tried} of ${mutants} mutants tried in ${(report.milliseconds / 1000).toFixed(1)} s against ${tests} tests and ${invariants} invariants${invalid > 0 ? `; ${invalid} of them are no policy` : ""}`,
    `killed: ${killedByTests} by tests, ${killedByInvariants} by invariants`,
    `survived: ${survivors.length}, of which ${count("more")} let more happen, ${count("less")} less, ${count("other")} decide otherwise, ${count("unknown")} were not told apart at ${report.entrypoints.length === 0 ? "any entrypoint" : report.entrypoints.join(", ")}`,
  ];
  if (score !== undefined)
    lines.push(`${score.toFixed(1)} % killed of those that decide otherwise (seed ${seed})`);
  if (tried < mutants) lines.push(`time was up: ${mutants - tried} mutants were NOT tried`);
  return lines;
}

export function mutationJson({ sources, ...report }: MutationReport): string {
  const survivors = report.survivors.map(({ mutant, danger, flips }) => {
    const text = sources.find(({ file }) => file === mutant.file)?.text ?? "";
    const { kind, file, row, col } = mutant;
    return { danger, kind, file, row, col, lines: changedLines(text, mutant), flips };
  });
  return `${JSON.stringify({ ...report, survivors }, undefined, 2)}\n`;
}
