// `reeve prove`: throws generated inputs at the invariants of policies, and with `--laws` at the ready laws. Exit code 0: all hold; 1: one is
// broken, or nothing was shown; 2: it could not be run.

import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { PolicyError } from "../error.ts";
import { formatModule } from "../syntax/format.ts";
import { filterOf } from "../tester/discover.ts";
import { proveParallel } from "../tester/prove-parallel.ts";
import { jsonReport, junitReport, prettyResult, prettySummary, testModule } from "../tester/prove-report.ts";
import { keep, readKept, seedsFileFor } from "../tester/prove-seeds.ts";
import { collectList, formatOption, parseDuration, parseInteger, writeWhole } from "./options.ts";
import { EXIT_ERROR, EXIT_FAIL, EXIT_OK, errorsJson, prettyErrors } from "./output.ts";
import { loadPolicies } from "./load.ts";
import { readSchemas } from "./schema-files.ts";
import { terminal } from "./terminal.ts";

interface Flags {
  readonly format: "pretty" | "json" | "junit";
  readonly bundle?: boolean;
  readonly ignore?: string[];
  readonly run?: string;
  readonly runs: number;
  readonly time?: number;
  readonly seed?: number;
  readonly schema?: string;
  readonly laws?: string;
  readonly optional?: string[];
  readonly writeTest?: string;
  readonly keep: boolean;
  readonly parallel: number;
}

export function command(): Command {
  return new Command("prove")
    .description("Check invariants and ready laws of policies on generated inputs.")
    .argument("<path...>", "files and folders with policies, data and invariants")
    .addOption(formatOption(["pretty", "json", "junit"], "pretty"))
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .option("--ignore <names>", "file and directory names to ignore during loading (e.g. '.*')", collectList)
    .option("-r, --run <regex>", "check only invariants and laws matching the regular expression")
    .addOption(new Option("--runs <n>", "inputs for each invariant").default(5000).argParser(parseInteger))
    .addOption(new Option("--time <duration>", "bound on the whole run (e.g. 30s)").argParser(parseDuration))
    .addOption(new Option("--seed <n>", "seed that inputs are drawn with").argParser(parseInteger))
    .addOption(
      new Option("-p, --parallel <n>", "threads; default: one for each core")
        .default(0)
        .argParser(parseInteger),
    )
    .option("-s, --schema <path>", "JSON schema of the input, or a folder of schemas that annotations name")
    .option("--laws <entrypoint>", "check the ready laws on this decision (e.g. authz/allow)")
    .option("--optional <paths>", "input fields that may be missing without harm, for --laws", collectList)
    .option("--write-test <file>", "write counterexamples as Rego tests")
    .option("--no-keep", "do not keep inputs that broke an invariant")
    .action(run);
}

async function run(paths: readonly string[], flags: Flags): Promise<void> {
  try {
    process.exitCode = await proveAll(paths, flags);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.exitCode = EXIT_ERROR;
    if (flags.format === "json") process.stdout.write(errorsJson(error));
    else process.stderr.write(`${prettyErrors(error)}\n`);
  }
}

async function proveAll(paths: readonly string[], flags: Flags): Promise<number> {
  if (flags.runs < 1) throw new PolicyError("invalid_parameter", "--runs must be at least 1");
  const where = flags.bundle === true ? { bundle: paths } : { data: paths };
  const { modules, data } = await loadPolicies({ ...where, ignore: flags.ignore ?? [] });
  const seedsFile = seedsFileFor(paths[0] ?? ".");
  const kept = readKept(seedsFile);
  const seed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
  const { print, progress } = terminal();
  const report = await proveParallel(modules, data, {
    parallel: flags.parallel > 0 ? flags.parallel : availableParallelism(),
    runs: flags.runs,
    seed,
    timeMs: flags.time,
    schemas: readSchemas(flags.schema),
    entrypoint: flags.laws?.replace(/^data\./, "").replaceAll(".", "/"),
    optional: flags.optional,
    filter: filterOf(flags.run),
    kept,
    onResult: (result) => {
      if (flags.format === "pretty") print(prettyResult(result));
    },
    onProgress: ({ name, done, total, runs }) => progress?.(done, total, `${name}: ${runs} inputs`),
  });
  if (flags.format === "pretty") print(prettySummary(report, seed));
  else print(flags.format === "json" ? jsonReport(report, seed) : junitReport(report));
  if (flags.keep) keep(seedsFile, kept, report.results);
  const broken = report.results.some(({ kind, status }) => kind === "invariant" && status === "broken");
  if (flags.writeTest !== undefined && broken) writeTest(flags.writeTest, testModule(report.results));
  return report.results.every(({ status }) => status === "holds") ? EXIT_OK : EXIT_FAIL;
}

function writeTest(file: string, text: string): void {
  const formatted = formatModule(text, { file });
  writeWhole(file, "text" in formatted ? formatted.text : text);
}
