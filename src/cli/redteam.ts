// `reeve redteam agentdojo DIR`: recorded tasks and attacks replayed against the policy library, compiled to Wasm. Prints what got through,
// what was denied or asked, the time of decisions, and the frontier between the two. Changes nothing and asks no model.

import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { type CatalogueDocument, Catalogue, readDefinitions, type ToolDefinition } from "../ai/catalogue.ts";
import { deriveCatalogue, editCatalogue } from "../ai/derive.ts";
import type { Decider } from "../ai/decider.ts";
import { loadProgramParsers } from "../ai/programs/load.ts";
import { readRendering } from "../ai/renderings.ts";
import {
  type Figures,
  decisionsBehind,
  type RecordedTask,
  type RedTeamOptions,
  redTeam,
  type Suite,
} from "../ai/redteam.ts";
import { build } from "../build.ts";
import { builtins } from "../builtins/registry.ts";
import { type Engine, prepare } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import { decodeYaml } from "../sources.ts";
import { decode, fromPlain } from "../value/json.ts";
import { emptyObject } from "../value/object.ts";
import { isArray, isObject, type RegoObject, type Value } from "../value/value.ts";
import { collect, readText } from "./options.ts";
import { table } from "./output.ts";

const ENTRYPOINT = "ai/calls/decision";

/** Known to be flawed: the user's own words name the account that the injections use. */
const APART = ["banking/user_task_15"];

const NO_FLOW = { sensitive: "off", anchor: "off", links: "allow", dictated: "allow", asked: "off" };

/** Points on the frontier: what a site may set, from strict to loose. */
const SETTINGS: readonly { readonly name: string; readonly site: object; readonly scoped?: boolean }[] = [
  { name: "default", site: {} },
  { name: "default, task scope known", site: {}, scoped: true },
  { name: "always ask before destroying", site: { destructive: "approve" } },
  { name: "computed values pass", site: { flow: { unseen: "allow" } } },
  { name: "tools need not be asked for", site: { flow: { asked: "off" } } },
  { name: "links and dictated texts pass", site: { flow: { links: "allow", dictated: "allow" } } },
  { name: "nothing need be said by the user", site: { flow: { anchor: "off" } } },
  { name: "destruction only", site: { flow: NO_FLOW } },
  { name: "task scope alone", site: { flow: NO_FLOW, destructive: "allow" }, scoped: true },
];

interface Flags {
  readonly edits?: string;
  readonly derived?: boolean;
  readonly apart: string[];
  readonly library: string;
  readonly details?: boolean;
  readonly json?: boolean;
  readonly setting: string[];
}

export function command(): Command {
  const library = fileURLToPath(new URL("../../rego", import.meta.url));
  const edits = fileURLToPath(new URL("../../bundles/agentdojo", import.meta.url));
  return new Command("redteam")
    .description("Replay recorded attacks against the policy library.")
    .argument("<benchmark>", "`agentdojo`")
    .argument("<dir>", "folder with one JSON file a suite")
    .option(
      "--edits <dir>",
      "folder with an owner's edits, SUITE.json, to each suite's derived catalogue",
      edits,
    )
    .option("--derived", "only the catalogue derived from the tool schemas")
    .option("--apart <suite/task>", "user tasks to report apart", collect, APART)
    .option("--library <dir>", "the policy library", library)
    .option("--details", "name every attack that got through and every call that was asked about")
    .option("--json", "figures as JSON")
    .option("--setting <name>", "only this point of the frontier (repeatable)", collect, [])
    .action(run);
}

async function run(benchmark: string, dir: string, flags: Flags): Promise<void> {
  if (benchmark !== "agentdojo")
    throw new PolicyError("invalid_parameter", `no benchmark \`${benchmark}\`: expected \`agentdojo\``);
  const files = existsSync(dir) ? readdirSync(dir).filter((file) => file.endsWith(".json")) : [];
  if (files.length === 0) throw new PolicyError("io_error", `no suites (*.json) in \`${dir}\``);
  const suites = files.sort().map((file) => readSuite(join(dir, file)));
  const { bundle } = await build({
    paths: [flags.library],
    asBundle: true,
    target: "wasm",
    entrypoints: [ENTRYPOINT],
  });
  const wasm = bundle.wasm[0]?.bytes;
  if (wasm === undefined) throw new PolicyError("internal_error", "the library gave no module");
  const module = new WebAssembly.Module(Uint8Array.from(wasm));
  const unknown = flags.setting.find((name) => !SETTINGS.some((setting) => setting.name === name));
  if (unknown !== undefined)
    throw new PolicyError(
      "invalid_parameter",
      `no setting \`${unknown}\`: they are ${SETTINGS.map(({ name }) => `\`${name}\``).join(", ")}`,
    );
  const settings = SETTINGS.filter(({ name }) => flags.setting.length === 0 || flags.setting.includes(name));
  const rows: Row[] = [];
  for (const catalogue of flags.derived === true
    ? (["derived"] as const)
    : (["derived", "edited"] as const)) {
    for (const setting of settings) rows.push(await measure(module, suites, catalogue, setting, flags));
  }
  const behind = flags.json === true ? undefined : await behindHistory(module, suites);
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(rows.map(plainRow), null, 2)}\n` : `${report(rows)}${behind}`,
  );
  if (flags.details === true) process.stdout.write(details(rows));
}

interface Row {
  readonly catalogue: "derived" | "edited";
  readonly setting: string;
  readonly figures: readonly Figures[];
}

interface LoadedSuite extends Suite {
  readonly definitions: readonly ToolDefinition[];
}

async function measure(
  module: WebAssembly.Module,
  suites: readonly LoadedSuite[],
  kind: "derived" | "edited",
  setting: (typeof SETTINGS)[number],
  flags: Flags,
): Promise<Row> {
  const figures: Figures[] = [];
  for (const suite of suites)
    figures.push(await redTeam(await optionsFor(module, suite, kind, setting, flags)));
  return { catalogue: kind, setting: setting.name, figures };
}

async function optionsFor(
  module: WebAssembly.Module,
  suite: LoadedSuite,
  kind: "derived" | "edited",
  setting: (typeof SETTINGS)[number],
  flags: Pick<Flags, "edits" | "apart">,
): Promise<RedTeamOptions> {
  const derived = deriveCatalogue(suite.definitions, suite.name);
  const document = kind === "derived" ? derived : edited(derived, suite.name, flags.edits);
  const site = { ...setting.site, catalogue: document };
  const engine = prepare({ wasm: module, data: { value: fromPlain({ site }) }, builtins });
  const owner = new Catalogue(document);
  const byName = new Catalogue(derived);
  return {
    suite,
    catalogue: owner,
    decider: deciderOf(engine),
    path: ENTRYPOINT,
    programs: await loadProgramParsers(),
    onlyReads: (tool) => owner.tool(tool)?.read_only === true && byName.tool(tool)?.read_only === true,
    apart: new Set(flags.apart),
    clockMs: () => performance.now(),
    scoped: setting.scoped === true,
  };
}

/** How much longer a decision takes behind a long history than behind none. */
async function behindHistory(module: WebAssembly.Module, suites: readonly LoadedSuite[]): Promise<string> {
  const [suite] = [...suites].sort((a, b) => b.userTasks.length - a.userTasks.length);
  const [setting] = SETTINGS;
  if (suite === undefined || setting === undefined) return "";
  const options = await optionsFor(module, suite, "derived", setting, { apart: [] });
  const [none = 0, long = 0] = await decisionsBehind(options, [0, HISTORY]);
  const times = (long / none).toFixed(1);
  return `A decision behind ${HISTORY} calls: ${long.toFixed(3)} ms; behind none: ${none.toFixed(3)} ms (${times} times; lower quartiles, suite ${suite.name})\n`;
}

const HISTORY = 200;

function edited(derived: CatalogueDocument, suite: string, folder: string | undefined): CatalogueDocument {
  const path = folder === undefined ? "" : join(folder, `${suite}.json`);
  return existsSync(path) ? editCatalogue(derived, decode(readText(path), { file: path })) : derived;
}

function deciderOf(engine: Engine): Decider {
  return {
    decide: async ({ path, input }) => ({
      decisionId: "",
      result: engine.evaluate(path, { value: input }).value,
    }),
  };
}

function readSuite(path: string): LoadedSuite {
  const suite = decode(readText(path), { file: path });
  if (!isObject(suite)) throw new PolicyError("invalid_input", `${path}: expected an object`);
  return {
    name: basename(path, ".json"),
    userTasks: readTasks(suite.get("user_tasks"), path),
    injectionTasks: readTasks(suite.get("injection_tasks"), path),
    definitions: readDefinitions(suite.get("tools") ?? null),
  };
}

function readTasks(tasks: Value | undefined, path: string): RecordedTask[] {
  return listOf(tasks, path).map((task) => ({
    id: textOf(task.get("id")),
    prompt: textOf(task.get("prompt")),
    calls: listOf(task.get("calls"), path).map((call) => ({
      name: textOf(call.get("name")),
      args: call.get("args") ?? emptyObject,
      result: structured(call.get("result") ?? null),
      failed: (call.get("error") ?? null) !== null,
    })),
  }));
}

function listOf(value: Value | undefined, path: string): RegoObject[] {
  if (value === undefined || value === null || typeof value !== "object" || !isArray(value))
    throw new PolicyError("invalid_input", `${path}: expected an array`);
  return value.filter((item) => item !== null && typeof item === "object" && isObject(item)) as RegoObject[];
}

function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

/** What the tool returned, from the text that was recorded: a document where it reads as one, else the text. */
function structured(result: Value): Value {
  if (typeof result !== "string") return result;
  const literal = readRendering(result);
  if (literal !== undefined) return literal;
  try {
    const value = decodeYaml("result", result);
    return value !== null && typeof value === "object" ? value : result;
  } catch {
    return result;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const percent = (part: number, whole: number): string =>
  whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;

function report(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const catalogue of ["derived", "edited"] as const) {
    const own = rows.filter((row) => row.catalogue === catalogue);
    const [first] = own;
    if (first === undefined) continue;
    const title =
      catalogue === "derived" ? "Catalogue derived from the tool schemas" : "The same with its owner's edits";
    lines.push(`${title}\n`);
    const header = [
      "suite",
      "attacks through",
      "whole attacks",
      "apart",
      "benign denied",
      "unprompted tasks",
      "p50 ms",
      "p99 ms",
    ];
    lines.push(
      table(header, [
        ...first.figures.map((figures) => cells(figures.suite, [figures])),
        cells("all", first.figures),
      ]),
    );
    lines.push("\nFrontier\n");
    const points = own.map((row) => cells(row.setting, row.figures));
    lines.push(table(["setting", ...header.slice(1)], points), "");
  }
  return `${lines.join("\n")}\n`;
}

function cells(name: string, figures: readonly Figures[]): string[] {
  const attacks = figures.map((one) => one.attacks);
  const apart = figures.map((one) => one.attacksApart);
  const pairs = sum(attacks.map((one) => one.pairs));
  const through = sum(attacks.map((one) => one.succeeded.length));
  const tasks = sum(figures.map((one) => one.tasks));
  const unprompted = tasks - sum(figures.map((one) => one.promptedTasks));
  const times = figures.flatMap((one) => one.decisionsMs).sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(3);
  return [
    name,
    `${through}/${pairs} (${percent(through, pairs)})`,
    String(sum(attacks.map((one) => one.complete))),
    `${sum(apart.map((one) => one.succeeded.length))}/${sum(apart.map((one) => one.pairs))}`,
    `${sum(figures.map((one) => one.denied.length))}/${sum(figures.map((one) => one.benignCalls))}`,
    `${unprompted}/${tasks} (${percent(unprompted, tasks)})`,
    at(0.5),
    at(0.99),
  ];
}

function plainRow(row: Row): unknown {
  return {
    ...row,
    figures: row.figures.map(({ decisionsMs, ...rest }) => ({
      ...rest,
      decisions: decisionsMs.length,
      p50Ms: decisionsMs[Math.floor(decisionsMs.length * 0.5)],
      p99Ms: decisionsMs[Math.floor(decisionsMs.length * 0.99)],
    })),
  };
}

function details(rows: readonly Row[]): string {
  const lines = rows
    .filter((row) => row.setting === "default")
    .flatMap((row) =>
      row.figures.flatMap((figures) => [
        `\n${figures.suite}, ${row.catalogue}:`,
        ...figures.attacks.succeeded.map((pair) => `  through: ${pair}`),
        ...[...figures.denied, ...figures.prompted].map(
          ({ effect, task, call, codes }) => `  ${effect}: ${task} ${call}: ${codes.join(", ")}`,
        ),
      ]),
    );
  return `${lines.join("\n")}\n`;
}
