// `reeve test`: runs the tests of Rego files, folders and bundles, with OPA's flags, reports and exit codes.

import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Builtin } from "../builtins/builtin.ts";
import { loadBuiltins } from "../builtins/custom-file.ts";
import type { Bundle } from "../bundle/bundle.ts";
import { load as loadBundle } from "../bundle/load.ts";
import { moduleVersion } from "../bundle/manifest.ts";
import type { SourceText } from "../compile/compile.ts";
import { PolicyError } from "../error.ts";
import { loadSources, mergeDocuments } from "../sources.ts";
import { emptyObject } from "../value/object.ts";
import type { RegoObject } from "../value/value.ts";
import { EXIT_BROKEN, type TestFlags, TestRun } from "../tester/test.ts";
import { durationMs } from "../tester/sleep.ts";
import { capabilityOptions, refuseWithoutV1 } from "./capability-file.ts";
import { refuseOverlap } from "./load.ts";
import { collect, collectList, formatOption, parseDuration, parseInteger, usageError } from "./options.ts";
import { prettyErrors } from "./output.ts";
import { readSchemas } from "./schema-files.ts";
import { terminal } from "./terminal.ts";
import { watch } from "./watch.ts";

interface Flags extends TestFlags {
  readonly mutate?: boolean;
  readonly entrypoint?: string[];
  readonly time?: number;
  readonly seed?: number;
  readonly bundle?: boolean;
  readonly ignore?: string[];
  readonly capabilities?: string;
  readonly schema?: string;
  readonly v0Compatible?: boolean;
  readonly watch?: boolean;
}

export function command(): Command {
  return new Command("test")
    .description("Execute Rego test cases.")
    .argument("[paths...]", "files and folders with tests")
    .addOption(formatOption(["pretty", "json", "gobench", "junit"], "pretty"))
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .option("-v, --verbose", "set verbose reporting mode")
    .option("-r, --run <regex>", "run only test cases matching the regular expression")
    .addOption(
      new Option("-p, --parallel <n>", "tests that can run in parallel").default(0).argParser(parseInteger),
    )
    .option("--ignore <names>", "file and directory names to ignore during loading (e.g. '.*')", collectList)
    .option("-w, --watch", "watch command line files for changes")
    .option("-z, --exit-zero-on-skipped", "skipped tests return status 0")
    .option("--fail-on-empty", "fail when no test was run")
    .addOption(
      new Option("--timeout <duration>", "test timeout (default 5s, 30s when benchmarking)").argParser(
        duration,
      ),
    )
    .addOption(
      new Option("--count <n>", "number of times to repeat each test").default(1).argParser(parseInteger),
    )
    .addOption(
      new Option("-m, --max-errors <n>", "errors until compilation fails early")
        .default(10)
        .argParser(parseInteger),
    )
    .addOption(
      new Option("--sort <order>", "sort the JSON report").choices(["none", "duration"]).default("none"),
    )
    .option("-c, --coverage", "report coverage")
    .option("--coverage-runs <kinds>", "further runs that tell why a range is not covered", (text) =>
      text === "" ? [] : text.split(","),
    )
    .option("--branches", "add branches and reasons to the coverage report")
    .addOption(
      new Option(
        "--threshold <percent>",
        "fail if coverage, or with --mutate the share of mutants noticed, is less",
      )
        .default(0)
        .argParser(Number),
    )
    .option("--var-values", "show local variable values in test output")
    .addOption(
      new Option("--explain <mode>", "show more of why tests failed").choices([
        "fails",
        "full",
        "notes",
        "debug",
      ]),
    )
    .addOption(
      new Option("-t, --target <target>", "the runtime to exercise: always Wasm").choices(["rego", "wasm"]),
    )
    .addOption(new Option("--v1-compatible", "opt in to Rego v1, which is the default").hideHelp())
    .option("--mutate", "make small mistakes in the policy and show those that nothing notices")
    .option("-e, --entrypoint <path>", "with --mutate: what survivors are compared at", collect)
    .addOption(
      new Option("--time <duration>", "with --mutate: bound on the whole run").argParser(parseDuration),
    )
    .addOption(new Option("--seed <n>", "with --mutate: seed of inputs").argParser(parseInteger))
    .option("--bench", "benchmark the unit tests")
    .option("--benchmem", "report memory with benchmark results", true)
    .option("--no-benchmem", "leave memory out of benchmark results")
    .option("-s, --schema <path>", "schema file path or directory path")
    .option("--capabilities <path>", "capabilities version or capabilities.json file path")
    .option("--builtins <path>", "ES module that declares builtins of the host's own")
    .option("-S, --strict", "enable compiler strict mode")
    .option("--v0-compatible", "opt in to Rego v0")
    .action(run);
}

function duration(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) throw new InvalidArgumentError("must be a duration, as 5s.");
  return ms;
}

async function run(paths: readonly string[], flags: Flags): Promise<void> {
  if (paths.length === 0) throw usageError("specify at least one file");
  const parallel = flags.parallel > 0 ? flags.parallel : availableParallelism();
  const { print, progress } = terminal();
  const complain = (text: string): void => {
    process.stderr.write(text);
  };
  if (flags.format === "gobench" && flags.bench !== true) {
    complain("cannot use output format gobench without running benchmarks (--bench)\n");
    return;
  }
  if (!(flags.threshold >= 0 && flags.threshold <= 100)) {
    complain("Code coverage threshold must be between 0 and 100\n");
    process.exitCode = EXIT_BROKEN;
    return;
  }
  if (flags.mutate === true) {
    if (flags.builtins !== undefined)
      throw usageError("--mutate tries policies without builtins of the host's own: leave --builtins out");
    const { runMutants } = await import("./mutate.ts");
    process.exitCode = await runMutants(() => load(paths, flags), flags, parallel, print, complain, progress);
    return;
  }
  if (flags.format === "pretty" && flags.sort !== "none")
    complain("warning: --sort is only supported with JSON format\n");
  let check: TestFlags["check"];
  try {
    check = checkOptions(flags, await loadBuiltins(flags.builtins));
  } catch (error) {
    if (!(error instanceof PolicyError) || error.code === "invalid_parameter") throw error;
    complain(`${prettyErrors(error, " during loading")}\n`);
    process.exitCode = EXIT_BROKEN;
    return;
  }
  const tests = new TestRun(
    {
      ...flags,
      check,
      verbose: flags.verbose === true || flags.explain !== undefined,
      parallel,
      ...(progress !== undefined && { progress }),
    },
    print,
    complain,
  );
  if (flags.watch !== true) {
    process.exitCode = await tests.run(() => load(paths, flags));
    return;
  }
  await watch(paths, {
    announce: () => print(`${"*".repeat(80)}\nWatching for changes ...\n`),
    work: () => tests.run(() => load(paths, flags)),
  });
  process.exitCode = 0;
}

/** What `--capabilities`, `--builtins` and `-s` say. */
function checkOptions(flags: Flags, custom: readonly Builtin[]): NonNullable<TestFlags["check"]> {
  const capabilities = capabilityOptions(flags.capabilities, custom);
  refuseWithoutV1(capabilities, flags.v0Compatible === true ? "v0" : "v1");
  const schemas = readSchemas(flags.schema);
  return { ...capabilities, ...(schemas !== undefined && { schemas, schemaAnnotations: true }) };
}

/** Files and folders, or with `-b` bundles: modules side by side, data merged. */
async function load(
  paths: readonly string[],
  flags: Flags,
): Promise<{ sources: SourceText[]; data: RegoObject }> {
  const ignore = flags.ignore ?? [];
  const fallback = flags.v0Compatible === true ? "v0" : "v1";
  if (flags.bundle !== true) {
    const loaded = loadSources(paths, { ignore });
    const bundles = await Promise.all(loaded.bundles.map((path) => loadBundle(path, { ignore })));
    const sources = loaded.modules.map((module): SourceText => ({ ...module, regoVersion: fallback }));
    return addBundles(sources, loaded.data, bundles, fallback);
  }
  const bundles = await Promise.all(
    paths.map((path) =>
      loadBundle(path, { ignore }).catch((error: Error) => {
        throw new PolicyError("config_error", `unable to load bundle ${path}: ${error.message}`, {
          cause: error,
        });
      }),
    ),
  );
  refuseOverlap(paths, bundles, "", "config_error");
  return addBundles([], emptyObject, bundles, fallback);
}

function addBundles(
  sources: readonly SourceText[],
  document: RegoObject,
  bundles: readonly Bundle[],
  fallback: "v0" | "v1",
): { sources: SourceText[]; data: RegoObject } {
  const all = [...sources];
  let data = document;
  for (const bundle of bundles) {
    for (const module of bundle.modules) {
      const version = moduleVersion(bundle.manifest, module);
      all.push({
        file: module.path,
        text: module.text,
        regoVersion: version === undefined ? fallback : version === 0 ? "v0" : "v1",
      });
    }
    const merged = mergeDocuments(data, bundle.data);
    if (merged === undefined) throw new PolicyError("bundle_error", "bundles conflict in their data");
    data = merged;
  }
  return { sources: all, data };
}
