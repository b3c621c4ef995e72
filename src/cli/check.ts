// `reeve check`: parse and check Rego files, print every finding; exit 1 if there is one. `-` reads a module from stdin.

import { Command } from "commander";
import { checkBundle } from "../build.ts";
import { load, mergeBundles } from "../bundle/load.ts";
import { checkModules, parse, type SourceText } from "../compile/compile.ts";
import { failWith, PolicyError } from "../error.ts";
import { loadSources } from "../sources.ts";
import { collectList, formatOption, parseInteger, readStdin } from "./options.ts";
import * as output from "./output.ts";

interface CheckFlags {
  readonly bundle?: boolean;
  readonly format: string;
  readonly ignore?: string[];
  readonly maxErrors: number;
  readonly strict?: boolean;
  readonly v0Compatible?: boolean;
}

export function command(): Command {
  return new Command("check")
    .description("Check Rego source files for parse and compilation errors.")
    .argument("<paths...>", "files or folders; `-` reads one module from stdin")
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .addOption(formatOption(["pretty", "json"], "pretty"))
    .option("--ignore <names>", "file and directory names to ignore during loading", collectList)
    .option(
      "-m, --max-errors <n>",
      "number of errors to allow before compilation fails early",
      parseInteger,
      10,
    )
    .option("-S, --strict", "enable compiler strict mode")
    .option("--v0-compatible", "opt in to Rego v0")
    .action(run);
}

async function run(paths: string[], flags: CheckFlags): Promise<void> {
  try {
    if (flags.bundle === true) {
      const bundles = await Promise.all(paths.map((path) => load(path, { ignore: flags.ignore ?? [] })));
      checkBundle(mergeBundles(bundles), { v0Compatible: flags.v0Compatible, strict: flags.strict });
    } else checkFiles(paths, flags);
    if (flags.format === "json") process.stdout.write("{}\n");
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const text =
      flags.format === "json"
        ? output.indentJson(output.plainToJson({ errors: output.outputErrors(error) }))
        : output.prettyErrors(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = output.EXIT_FAIL;
  }
}

function checkFiles(paths: readonly string[], flags: CheckFlags): void {
  const onDisk = loadSources(
    paths.filter((path) => path !== "-"),
    { ignore: flags.ignore ?? [] },
  ).modules;
  const sources: SourceText[] = paths.includes("-")
    ? [...onDisk, { file: "stdin", text: readStdin() }]
    : [...onDisk];
  const regoVersion = flags.v0Compatible === true ? "v0" : "v1";
  const { modules, diagnostics } = parse(sources.map((source) => ({ ...source, regoVersion })));
  if (diagnostics.length > 0) throw failWith(diagnostics);
  checkModules(modules, {
    maxErrors: flags.maxErrors,
    ...(flags.strict !== undefined && { strict: flags.strict }),
  });
}
