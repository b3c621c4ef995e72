// What `reeve diff` says: text, JSON, Markdown for a pull request. In: a DiffReport and the list of what was accepted. Out: text.

import { type AcceptLine, acceptedBy } from "./diff-accept.ts";
import { type DiffReport, type Flip, type Shown, type SideReport, showsNothing } from "./diff.ts";

const MAX_LISTED = 10;

export interface Judged {
  readonly report: DiffReport;
  /** Flips with the line that accepts each, if one does. */
  readonly flips: readonly (Flip & { readonly acceptedBy: AcceptLine | undefined })[];
  /** Lines that fitted no flip. */
  readonly unused: readonly AcceptLine[];
  readonly refused: number;
}

export function judge(report: DiffReport, accepted: readonly AcceptLine[]): Judged {
  const flips = report.flips.map((flip) => ({ ...flip, acceptedBy: acceptedBy(accepted, flip) }));
  const used = new Set(flips.map((flip) => flip.acceptedBy));
  return {
    report,
    flips,
    unused: accepted.filter((line) => !used.has(line)),
    refused: flips.filter((flip) => flip.acceptedBy === undefined).length,
  };
}

export function diffText(judged: Judged): string {
  const { report, flips, unused } = judged;
  const lines: string[] = [];
  for (const flip of flips) {
    lines.push(
      `${flip.acceptedBy === undefined ? "" : "accepted  "}${acceptLine(flip)}  ${counts(flip)}`,
      ...flip.rules.map(({ side, name, file, row }) => `    ${side}: ${file}:${row}  ${name}`),
      "    smallest input:",
      ...indent(inputText(flip), 6),
      `    old: ${shownText(flip.example.old)}`,
      `    new: ${shownText(flip.example.new)}`,
    );
  }
  lines.push(verdict(judged), ...effort(report));
  for (const { line, text } of unused) lines.push(`accepted in line ${line} but not seen: ${text}`);
  return `${lines.join("\n")}\n`;
}

export function diffJson({ report, flips, unused, refused }: Judged): string {
  const accepted = flips.map(({ acceptedBy: line, ...flip }) => ({
    ...flip,
    accepted: line !== undefined,
    accept: acceptLine(flip),
  }));
  const result = { refused, ...report, flips: accepted, unusedAccepted: unused.map(({ text }) => text) };
  return `${JSON.stringify(result, undefined, 2)}\n`;
}

export function diffMarkdown(judged: Judged): string {
  const { report, flips, unused } = judged;
  const lines = ["### Decisions that change", "", `${verdict(judged)}.`, ""];
  if (flips.length > 0) {
    lines.push(
      "| change | entrypoint | rule | inputs | recorded | |",
      "| --- | --- | --- | ---: | ---: | --- |",
    );
    for (const flip of flips) {
      const { kind, entrypoint, rule, generated, recorded } = flip;
      const note =
        flip.acceptedBy !== undefined ? "accepted" : flip.widening > 0 ? "**lets more happen**" : "";
      const cells = [kindText(kind), entrypoint, rule].map((text) => `\`${text.replaceAll("|", "\\|")}\``);
      lines.push(`| ${cells.join(" | ")} | ${generated} | ${recorded} | ${note} |`);
    }
    lines.push("");
    for (const flip of flips) lines.push(...markdownExample(flip));
  }
  lines.push(...effort(report).map((line) => `- ${line.trim()}`));
  for (const { line, text } of unused) lines.push(`- accepted in line ${line} but not seen: \`${text}\``);
  return `${lines.join("\n")}\n`;
}

function markdownExample(flip: Flip): string[] {
  const { example } = flip;
  return [
    `<details><summary><code>${html(kindText(flip.kind))}</code> ${html(flip.entrypoint)}: ${html(flip.rule)}</summary>`,
    "",
    ...fenced("json", inputText(flip)),
    "",
    `old: ${code(shownText(example.old))}`,
    "",
    `new: ${code(shownText(example.new))}`,
    "",
    "To accept it, add this line to the accepted list:",
    "",
    ...fenced("text", acceptLine(flip)),
    "",
    "</details>",
    "",
  ];
}

/** What a line of the accepted list has to be. */
export function acceptLine({ entrypoint, kind, rule }: Pick<Flip, "entrypoint" | "kind" | "rule">): string {
  return `${entrypoint} ${kind} ${rule}`;
}

const kindText = (kind: string): string => kind.replace("->", " → ");

function counts({ generated, recorded, decisions }: Flip): string {
  const parts: string[] = [];
  if (generated > 0) parts.push(`${generated} generated ${plural(generated, "input")}`);
  if (recorded > 0)
    parts.push(
      `${recorded} recorded ${plural(recorded, "decision")} (${decisions.join(", ")}${recorded > decisions.length ? ", …" : ""})`,
    );
  return parts.join(", ");
}

function verdict({ flips, refused, report }: Judged): string {
  if (flips.length === 0)
    return report.contentOnly === undefined ? "no decision changed" : "no effect changed";
  const kinds = flips.length === 1 ? "1 kind of change" : `${flips.length} kinds of changes`;
  const wide = flips.filter(({ widening }) => widening > 0).length;
  const accepted = flips.length - refused;
  return [
    kinds,
    ...(wide > 0 ? [`${wide} of them ${wide === 1 ? "lets" : "let"} more happen`] : []),
    ...(accepted > 0 ? [`${accepted} accepted`] : []),
    ...(refused > 0 ? [`${refused} not accepted`] : []),
  ].join(", ");
}

/** How hard it was looked. */
function effort(report: DiffReport): string[] {
  const { generated, seed, ways, recorded, milliseconds, changed, dataChanged, examples, contentOnly } =
    report;
  const from = examples === 0 ? "" : `, from ${examples} ${plural(examples, "example")} too`;
  const lines = [
    `looked at ${generated} generated ${plural(generated, "input")} (seed ${seed}${from}), which took ${ways} ${plural(ways, "way")} through the two versions, in ${(milliseconds / 1000).toFixed(1)} s`,
    `  ${sideText("old", report.old)}; ${sideText("new", report.new)}`,
  ];
  if (contentOnly !== undefined)
    lines.push(
      `left out: ${contentOnly.generated} generated ${plural(contentOnly.generated, "input")} and ${contentOnly.recorded} recorded ${plural(contentOnly.recorded, "decision")} whose effect stays, where only the content changes`,
    );
  if (recorded.decided > 0 || recorded.passedOver > 0) lines.push(recordedText(recorded));
  const compiled = [report.old, report.new].filter(({ total }) => total === 0).length;
  if (compiled === 2)
    lines.push(
      "both versions are compiled: inputs were drawn without their constants; sources let it look harder",
    );
  if (compiled === 1) lines.push("one version is compiled: what was changed in its rules is not known");
  if (showsNothing(report)) lines.push("every input went the same way: NOTHING WAS SHOWN");
  if (compiled > 0) return lines;
  if (changed.length === 0)
    lines.push(`no rule that these entrypoints come to was changed${dataChanged ? ", but data was" : ""}`);
  else {
    const missed = changed.filter(({ reached }) => !reached);
    lines.push(
      `${changed.length} changed ${plural(changed.length, "rule")}${missed.length === 0 ? ", each reached by some input" : `, of which NO input reached ${missed.length}:`}`,
      ...missed.slice(0, MAX_LISTED).map(({ side, file, row, name }) => `  ${side}: ${file}:${row}  ${name}`),
    );
    if (missed.length > MAX_LISTED) lines.push(`  and ${missed.length - MAX_LISTED} more`);
    if (dataChanged) lines.push("data was changed too");
  }
  return lines;
}

function recordedText(recorded: DiffReport["recorded"]): string {
  const { decided, passedOver, masked, asLogged, missing } = recorded;
  const parts = [
    `decided ${decided} recorded ${plural(decided, "decision")} again, ${asLogged} of them by the old version as logged`,
  ];
  if (masked > 0) parts.push(`${masked} with a masked input`);
  if (passedOver > 0) parts.push(`${passedOver} about other entrypoints passed over`);
  if (missing.length > 0) parts.push(`no recorded values of ${missing.join(", ")}`);
  return parts.join("; ");
}

function sideText(side: string, { name, reached, total }: SideReport): string {
  return total === 0
    ? `${side} (${name}): compiled, without marks`
    : `${side} (${name}): ${reached} of ${total} places reached`;
}

function inputText({ example: { input } }: Flip): string {
  return input === undefined ? "(no input)" : JSON.stringify(input, undefined, 2);
}

function shownText({ effect, value, error }: Shown): string {
  return error !== undefined ? `evaluation fails: ${error}` : (value ?? effect);
}

const plural = (n: number, word: string): string => (n === 1 ? word : `${word}s`);

const indent = (text: string, by: number): string[] => text.split("\n").map((line) => " ".repeat(by) + line);

/** A fence longer than any in the text. */
function fenced(language: string, text: string): string[] {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}${language}`, ...text.split("\n"), fence];
}

function code(text: string): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return longest === 0 ? `${ticks}${text}${ticks}` : `${ticks} ${text} ${ticks}`;
}

const html = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
