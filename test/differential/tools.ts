// `check`, `parse` and `fmt` on many modules, theirs and ours. As a program: `tools [--seed N] [--drawn N] [--mutants N] [--only check,parse,fmt]`.
// Prints every kind of difference with its smallest example; exits 1 if there is one.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { builtins } from "../../src/builtins/registry.ts";
import { DEPRECATED_BUILTINS } from "../../src/cli/compatibility.ts";
import { checkModules, parse } from "../../src/compile/compile.ts";
import { PolicyError, type Diagnostic } from "../../src/error.ts";
import { jsonText, moduleToJson } from "../../src/syntax/ast-json.ts";
import { formatModule } from "../../src/syntax/format.ts";
import { parseModule } from "../../src/syntax/parser.ts";
import { decode, encode } from "../../src/value/json.ts";
import { mutants, type Text, wholeModules } from "./corpus.ts";
import { Opa } from "./opa.ts";

export interface Difference {
  readonly tool: string;
  readonly name: string;
  readonly text: string;
  readonly opa: string;
  readonly ours: string;
}

const NAMES = new Set(builtins.keys());

/** One line per finding, with what stands below it. */
function lineOf({ code, message, location, details }: Diagnostic): string {
  const { line, idx } = (details ?? {}) as { line?: string; idx?: number };
  const below = line === undefined ? "" : ` | ${line} @${idx}`;
  return `${location?.row}:${location?.col}: ${code}: ${message}${below}`;
}

/** What a batch of files has for findings in `opa check`: parse errors only. */
function opaParseErrors(texts: readonly Text[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "differential-tools-"));
  try {
    for (const [i, { text }] of texts.entries()) writeFileSync(join(folder, `m${i}.rego`), text);
    // One that never parses keeps OPA from compiling the rest.
    writeFileSync(join(folder, "zz.rego"), "package");
    const { stderr } = spawnSync("opa", ["check", ".", "-m", "0", "-f", "json"], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    const found = texts.map((): string[] => []);
    const { errors } = JSON.parse(stderr) as { errors: Diagnostic[] };
    for (const error of errors) {
      const match = /^m(\d+)\.rego$/.exec(error.location?.file ?? "");
      if (match !== null) found[Number(match[1])]?.push(lineOf(error));
      else if (error.location?.file !== "zz.rego") throw new Error(JSON.stringify(error));
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function compareParseErrors(texts: readonly Text[], batch = 400): Difference[] {
  const out: Difference[] = [];
  for (let at = 0; at < texts.length; at += batch) {
    const some = texts.slice(at, at + batch);
    const theirs = opaParseErrors(some);
    for (const [i, { name, text }] of some.entries()) {
      let ours: string;
      try {
        ours = parse([{ file: `m${i}.rego`, text }])
          .diagnostics.map(lineOf)
          .join("\n");
      } catch (error) {
        ours = `crash ${(error as Error).stack}`;
      }
      const opa = theirs[i]!.join("\n");
      if (opa !== ours) out.push({ tool: "parse error", name, text, opa, ours });
    }
  }
  return out;
}

/** Both parse these. The tree as `rego.parse_module` gives it. */
export async function compareTrees(texts: readonly Text[], opa: Opa, batch = 100): Promise<Difference[]> {
  const out: Difference[] = [];
  const reader = {
    data: "{}",
    modules: [
      {
        file: "trees.rego",
        text: "package trees\nall := [t | some m in input; t := [rego.parse_module(m[0], m[1])]]\n",
      },
    ],
  };
  await opa.load(reader);
  for (let at = 0; at < texts.length; at += batch) {
    const some = texts.slice(at, at + batch);
    const input = JSON.stringify(some.map(({ text }) => ["m.rego", text]));
    const answer = await opa.ask("trees/all", input, true);
    if (answer.kind !== "result") {
      // One module whose tree OPA cannot write, as of a number like `1.`, hides those beside it.
      if (some.length > 1) out.push(...(await compareTrees(some, opa, 1)));
      else if (!JSON.stringify(answer).includes("error calling MarshalJSON"))
        throw new Error(JSON.stringify(answer));
      continue;
    }
    const trees = decode(answer.json) as readonly (readonly [Parameters<typeof encode>[0]])[];
    for (const [i, { name, text }] of some.entries()) {
      const { module } = parseModule(text, { file: "m.rego", annotations: false, builtins: NAMES });
      const ours = module && encode(decode(jsonText(moduleToJson(module, { comments: true }))));
      const theirs = encode(trees[i]![0]);
      if (theirs !== ours) out.push({ tool: "parse", name, text, opa: theirs, ours: `${ours}` });
    }
  }
  return out;
}

export function compareFormats(texts: readonly Text[], args: readonly string[] = []): Difference[] {
  const out: Difference[] = [];
  const folder = mkdtempSync(join(tmpdir(), "differential-tools-"));
  const file = (i: number): string => `m${String(i).padStart(5, "0")}.rego`;
  try {
    for (const [i, { text }] of texts.entries()) writeFileSync(join(folder, file(i)), text);
    const refused = new Map<number, string>();
    const results: string[] = [];
    let done = 0;
    for (;;) {
      const { stderr, status } = spawnSync("opa", ["fmt", "-w", ...args, "."], {
        cwd: folder,
        encoding: "utf8",
        maxBuffer: 1 << 28,
      });
      if (status === 0) break;
      const index = Number(/m(\d{5})\.rego/.exec(stderr)?.[1]);
      if (Number.isNaN(index) || refused.has(index)) throw new Error(stderr);
      refused.set(index, stderr.trim());
      // Those before it are done.
      for (; done <= index; done++) {
        if (done < index) results[done] = readFileSync(join(folder, file(done)), "utf8");
        rmSync(join(folder, file(done)));
      }
    }
    for (const [i, { name, text }] of texts.entries()) {
      const options = { file: file(i), deprecated: DEPRECATED_BUILTINS, builtins: NAMES };
      let ours: string;
      try {
        const formatted = formatModule(text, {
          ...options,
          verify: false,
          dropV0Imports: args.includes("--drop-v0-imports"),
          v0ToV1: args.includes("--v0-v1"),
          ...(args.includes("--v0-compatible") && { regoVersion: "v0" }),
        });
        ours =
          "text" in formatted ? formatted.text : `refused ${formatted.diagnostics.map(lineOf).join("\n")}`;
      } catch (error) {
        ours = `crash ${(error as Error).stack}`;
      }
      const why = refused.get(i);
      const opa =
        why === undefined ? (results[i] ?? readFileSync(join(folder, file(i)), "utf8")) : `refused ${why}`;
      if (opa !== ours && !(why !== undefined && ours.startsWith("refused "))) {
        out.push({ tool: `fmt ${args.join(" ")}`, name, text, opa, ours });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return out;
}

/**
 * Findings in their order, which at one place is that of a map in OPA. Refs to the package's own rules share one place in OPA, that of the last of
 * them in the file (written out, as `data.p.f`, each has its own); where they are found there is no order to compare.
 */
function inOrder(lines: readonly string[]): string {
  const isShared = (line: string): boolean => /undefined ref: |used as reference, not called/.test(line);
  const plain = lines.map((line) => (isShared(line) ? line.replace(/^[^ ]* /, "") : line));
  if (lines.some(isShared)) return plain.sort().join("\n");
  const placeOf = (line: string): string => line.slice(0, line.indexOf(" "));
  const groups: string[][] = [];
  for (const line of plain) {
    const last = groups.at(-1);
    if (last !== undefined && placeOf(last[0] as string) === placeOf(line)) last.push(line);
    else groups.push([line]);
  }
  return groups.map((group) => group.sort().join("\n")).join("\n");
}

/** OPA has no place for what it finds inside a template string. */
function sameInTemplates(theirs: readonly string[], ours: readonly string[]): boolean {
  const left = [...ours];
  const placeless = theirs.filter((line) => {
    const at = left.indexOf(line);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  const sorted = (lines: readonly string[]): string =>
    lines
      .map((line) => line.replace(/^[^ ]* /, ""))
      .sort()
      .join("\n");
  return placeless.every((line) => line.startsWith(": ")) && sorted(placeless) === sorted(left);
}

/** Findings of a module that parses, by the server; all of them up to ten. */
export async function compareFindings(texts: readonly Text[], opa: Opa): Promise<Difference[]> {
  const out: Difference[] = [];
  for (const { name, text } of texts) {
    let refused: Awaited<ReturnType<Opa["load"]>>;
    try {
      refused = await opa.load({ data: "{}", modules: [{ file: "m.rego", text }] });
    } catch {
      await opa.restart();
      continue;
    }
    const line = (one: { code: string; message: string; place: string }): string =>
      `${one.place}: ${one.code}: ${one.message}`;
    const theirs = (refused?.findings ?? []).map(line);
    const ours: string[] = [];
    try {
      const { modules } = parse([{ file: "m.rego", text }]);
      checkModules(modules);
    } catch (error) {
      if (!(error instanceof PolicyError)) ours.push(`crash ${(error as Error).stack}`);
      else
        for (const { code, message, location } of error.diagnostics)
          ours.push(
            line({
              code,
              message,
              place: location === undefined ? "" : `${location.file}:${location.row}:${location.col}`,
            }),
          );
    }
    if (theirs.length >= 10) {
      theirs.length = 9;
      ours.length = Math.min(9, ours.length);
    }
    if (inOrder(theirs) !== inOrder(ours) && !sameInTemplates(theirs, ours))
      out.push({ tool: "check", name, text, opa: theirs.join("\n"), ours: ours.join("\n") });
  }
  return out;
}

function kindOf({ tool, opa, ours }: Difference): string {
  const plain = (text: string): string =>
    tool.startsWith("fmt") || tool === "parse"
      ? text.slice(0, 7) === "refused" || text.startsWith("crash")
        ? text.slice(0, 60)
        : "text"
      : text
          .split("\n")[0]!
          .replace(/\|.*@/s, "| @")
          .replace(/^\S+ /, "")
          .replace(/[\w.]*\d[\w.]*/g, "#")
          .slice(0, 120);
  return `${tool}: ${plain(opa)} <> ${plain(ours)}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      drawn: { type: "string", default: "200" },
      mutants: { type: "string", default: "2000" },
      only: { type: "string", default: "errors,check,parse,fmt" },
      show: { type: "string", default: "20" },
      whole: { type: "boolean", default: true },
      corpus: { type: "string" },
    },
    allowNegative: true,
  });
  const seed = Number(values.seed);
  const whole =
    values.corpus === undefined
      ? wholeModules(".", Number(values.drawn), seed)
      : (JSON.parse(readFileSync(values.corpus, "utf8")) as Text[]);
  const broken = mutants(whole, Number(values.mutants), seed);
  const all = values.whole ? [...whole, ...broken] : broken;
  const parses = all.filter(({ text }) => {
    try {
      return parse([{ file: "m.rego", text }]).diagnostics.length === 0;
    } catch {
      return false;
    }
  });
  const differences: Difference[] = [];
  const opa = new Opa();
  const wants = (name: string): boolean => values.only.split(",").includes(name);
  const counts: Record<string, number> = { texts: all.length, parse: parses.length };
  if (wants("errors")) differences.push(...compareParseErrors(all));
  const badlyParsed = new Set(differences.map(({ text }) => text));
  const good = parses.filter(({ text }) => !badlyParsed.has(text));
  if (wants("fmt")) {
    for (const args of [[], ["--drop-v0-imports"], ["--v0-v1"]])
      differences.push(...compareFormats(good, args));
  }
  await opa.start();
  try {
    if (wants("parse")) differences.push(...(await compareTrees(good, opa)));
    if (wants("check")) differences.push(...(await compareFindings(good, opa)));
  } finally {
    await opa.stop();
  }
  const kinds = new Map<string, Difference[]>();
  for (const one of differences) kinds.set(kindOf(one), [...(kinds.get(kindOf(one)) ?? []), one]);
  process.stdout.write(`${JSON.stringify({ ...counts, differences: differences.length })}\n`);
  for (const [kind, found] of [...kinds]
    .sort((a, b) => b[1].length - a[1].length)
    .slice(0, Number(values.show))) {
    const one = found.reduce((a, b) => (a.text.length <= b.text.length ? a : b));
    process.stdout.write(
      `\n==== ${found.length}x ${kind}\n${one.name}\n${one.text.slice(0, 1500)}\n--- opa\n${one.opa.slice(0, 1500)}\n--- ours\n${one.ours.slice(0, 1500)}\n`,
    );
  }
  process.exitCode = differences.length === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && /differential[/\\]tools\.[cm]?[jt]s$/.test(process.argv[1]))
  await main();
