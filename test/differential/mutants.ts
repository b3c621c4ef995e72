// Mutants of our own policies, evaluated: the library with its tests in the real `opa` and in our pipeline, one module changed at a time, all
// documents and tests compared. As a program: `mutants [--seed N] [--mutants N] [--time SECONDS] [--root FOLDER]`. Exits 1 if there is a
// disagreement. The inputs are those of the tests.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkSources, parse } from "../../src/compile/compile.ts";
import { decode, encode } from "../../src/value/json.ts";
import { mutate } from "./mutate.ts";
import { type Answer, Opa } from "./opa.ts";
import { askOurs, findingsOf, prepareCase } from "./ours.ts";
import { Random } from "./random.ts";

interface Source {
  readonly file: string;
  readonly text: string;
}

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    mutants: { type: "string", default: "100" },
    time: { type: "string", default: "600" },
    root: { type: "string", default: "rego" },
    runtime: { type: "string", default: "dist/runtime.wasm" },
  },
});

const modules: Source[] = readdirSync(values.root, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".rego"))
  .sort()
  .map((name) => join(values.root, name))
  .map((file) => ({ file, text: readFileSync(file, "utf8") }));
/** What is asked for: every package. */
const packages = [...new Set(modules.map(({ text }) => /^package ([\w.]+)/m.exec(text)?.[1]))]
  .filter((name) => name !== undefined)
  .map((name) => name.replaceAll(".", "/"))
  .sort();
const runtime = readFileSync(values.runtime);
const random = new Random(Number(values.seed));
const until = Date.now() + Number(values.time) * 1000;
const tally = { mutants: 0, unparsed: 0, refused: 0, documents: 0, disagreements: 0 };

const shown = (answer: Answer): string =>
  answer.kind === "result"
    ? encode(decode(answer.json))
    : answer.kind === "error"
      ? `${answer.findings[0]?.code} ${answer.findings[0]?.message}`
      : answer.kind;

// The folder at once: one module after the other would miss those that come later.
const opa = new Opa([values.root]);
await opa.start();
try {
  const sources = modules.filter(({ file }) => !file.endsWith("_test.rego"));
  while (tally.mutants < Number(values.mutants) && Date.now() < until) {
    const original = random.pick(sources);
    const changed = { ...original, text: mutate(original.text, random) };
    if (changed.text === original.text || !parses(changed)) {
      tally.unparsed++;
      continue;
    }
    tally.mutants++;
    const refused = await opa.replace(changed);
    await compare(changed, refused);
    if (refused === undefined) await opa.replace(original);
  }
} finally {
  await opa.stop();
}
process.stdout.write(`${JSON.stringify(tally)}\n`);
process.exitCode = tally.disagreements === 0 ? 0 : 1;

function parses(source: Source): boolean {
  try {
    return parse([source]).diagnostics.length === 0;
  } catch {
    return false;
  }
}

async function compare(changed: Source, refused: readonly { code: string }[] | undefined): Promise<void> {
  const all = modules.map((module) => (module.file === changed.file ? changed : module));
  const tell = (about: string, theirs: string, ours: string): void => {
    tally.disagreements++;
    const line = changed.text.split("\n").find((one, i) => one !== originalLines(changed.file)[i]);
    process.stdout.write(
      `\n${changed.file}: ${line}\n  ${about}\n  opa:  ${theirs.slice(0, 400)}\n  ours: ${ours.slice(0, 400)}\n`,
    );
  };
  if (refused !== undefined) {
    tally.refused++;
    const line = (one: { code: string; message?: string }): string => `${one.code} ${one.message}`;
    let ours = ["compiles"];
    try {
      checkSources(all);
    } catch (error) {
      ours = findingsOf(error).map(line);
    }
    const [a, b] = [refused.map(line).sort(), ours.sort()];
    if (a.length < 10 && a.join("\n") !== b.join("\n")) tell("findings", a.join("\n"), b.join("\n"));
    return;
  }
  const prepared = await prepareCase({ modules: all, data: "{}", entrypoints: packages }, runtime);
  if (!("engine" in prepared)) return tell("findings", "compiles", JSON.stringify(prepared.findings));
  for (const path of packages) {
    tally.documents++;
    const theirs = shown(await opa.ask(path, undefined, false));
    const ours = shown(await askOurs(prepared.engine, path, undefined, false));
    if (theirs !== ours) tell(path, ...firstDifference(theirs, ours));
  }
}

function originalLines(file: string): string[] {
  return (modules.find((module) => module.file === file)?.text ?? "").split("\n");
}

/** Both from where they part. */
function firstDifference(a: string, b: string): [string, string] {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return [a.slice(Math.max(0, at - 80)), b.slice(Math.max(0, at - 80))];
}
