// Evaluation cases through the whole pipeline: parse, check, plan, emit, evaluate. In: a folder of cases (JSON or OPA's YAML). Out: a
// report. As a program: `run FOLDER [--host engine|opa-wasm] [--filter TEXT] [--runtime FILE] [--plans FOLDER]` prints it and exits 1 if a case
// failed; with --plans, OPA's own plans of these cases run instead.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { builtins as registry } from "../../src/builtins/registry.ts";
import { checkSources, compile, compileQuery } from "../../src/compile/compile.ts";
import { failWith, PolicyError } from "../../src/error.ts";
import { fromPlain, toPlain } from "../../src/value/json.ts";
import { isNumber, type Value } from "../../src/value/value.ts";
import { parseQuery } from "../../src/syntax/parser.ts";
import { type Case, readCases } from "./cases.ts";
import { type Compiled, type HostName, runOn, TEST_SLEEP } from "./hosts.ts";
import { describe, judge } from "./judge.ts";
import { runPlans } from "./plans.ts";
import { type Judged, type Report, report } from "./report.ts";

export interface RunOptions {
  readonly runtime: Uint8Array;
  readonly host?: HostName;
  /** Only categories or notes that contain this. */
  readonly filter?: string;
}

const BUILTINS = new Map([...registry, ["test.sleep", TEST_SLEEP] as const]);

/** Modules and query of a case as one module with the query as its only plan. Throws PolicyError. */
export function compileCase(item: Case, runtime: Uint8Array): Compiled {
  const sources = item.modules.map((text, index) => ({ file: `test-${index}.rego`, text }));
  const compiled = checkSources(sources, { builtins: BUILTINS });
  const { body, diagnostics } = parseQuery(item.query, { file: "" });
  if (body === undefined) throw failWith(diagnostics);
  const query = compileQuery(compiled, body);
  return compile(compiled, { queries: [{ name: "eval", queries: [query] }] }, { runtime, verify: true })
    .emitted;
}

/** Cases that OPA's host cannot be asked, each rule with its name; the report says how many each one leaves out. */
const LEFT_OUT: readonly (readonly [name: string, fits: (item: Case, compiled: Compiled) => boolean])[] = [
  ["strict mode, which the host has not", (item) => item.strict],
  ["a builtin that the module asks its host for", (_, compiled) => Object.keys(compiled.builtins).length > 0],
  [
    "an input that the host drops (false, 0, an empty string, null)",
    ({ input }) => input !== undefined && isFalsy(input),
  ],
];

function isFalsy(input: Value): boolean {
  return input === null || input === false || input === "" || (isNumber(input) && Number(input.text) === 0);
}

export async function runCases(folder: string, options: RunOptions): Promise<Report> {
  const judged: Judged[] = [];
  const leftOut = new Map<string, number>();
  for (const item of readCases(folder)) {
    const { category, note } = item;
    if (options.filter !== undefined && !`${category} ${note}`.includes(options.filter)) continue;
    const compiled = compiledOrReason(item, options);
    if (typeof compiled !== "string" && options.host === "opa-wasm") {
      const rule = LEFT_OUT.find(([, fits]) => fits(item, compiled));
      if (rule !== undefined) {
        leftOut.set(rule[0], (leftOut.get(rule[0]) ?? 0) + 1);
        continue;
      }
    }
    judged.push({ category, note, reason: await runCase(item, compiled, options) });
  }
  return report(judged, leftOut);
}

/** What a host that reads the answer with JSON.parse can know of it. */
function inDoubles(item: Case): Case {
  if (item.wantResult === undefined) return item;
  return { ...item, wantResult: item.wantResult.map((value) => fromPlain(toPlain(value))) };
}

/** The module of a case, or why it does not compile. */
function compiledOrReason(item: Case, options: RunOptions): Compiled | string {
  try {
    return compileCase(item, options.runtime);
  } catch (error) {
    const bug = error instanceof PolicyError ? "" : `\n${error instanceof Error ? error.stack : ""}`;
    return `compile: ${describe(error)}${bug}`;
  }
}

async function runCase(
  item: Case,
  compiled: Compiled | string,
  options: RunOptions,
): Promise<string | undefined> {
  if (typeof compiled === "string") return compiled;
  const outcome = await runOn(options.host ?? "engine", compiled, item);
  return judge(options.host === "opa-wasm" ? inDoubles(item) : item, outcome);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      host: { type: "string" },
      filter: { type: "string" },
      runtime: { type: "string" },
      plans: { type: "string" },
    },
  });
  const runtime = readFileSync(
    values.runtime ?? fileURLToPath(new URL("../../dist/runtime.wasm", import.meta.url)),
  );
  const host: HostName = values.host === "opa-wasm" ? "opa-wasm" : "engine";
  let failed = 0;
  for (const folder of positionals) {
    const options = { runtime, host, ...(values.filter !== undefined && { filter: values.filter }) };
    const { plans } = values;
    const result =
      plans === undefined
        ? await runCases(folder, options)
        : await runPlans({ cases: folder, plans }, options);
    failed += result.failed;
    process.stdout.write(`${result.text}\n`);
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && /conformance[/\\]run\.[cm]?[jt]s$/.test(process.argv[1])) await main();
