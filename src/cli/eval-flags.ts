// The flags of `eval` and `bench`, and which of them may stand together, in OPA's words. What no compiled module can do is refused.

import { type Command, Option } from "commander";
import { PolicyError } from "../error.ts";
import { FORMATS } from "./eval-output.ts";
import {
  addCompilerOptions,
  addDataOptions,
  collect,
  collectList,
  formatOption,
  parseDuration,
  parseInteger,
  usageError,
} from "./options.ts";

const COVERAGE_RUNS = ["index_excluded", "early_exit"] as const;
const PROFILE_LIMIT = 10;

export interface EvalFlags {
  readonly data?: string[];
  readonly bundle?: string[];
  readonly ignore?: string[];
  readonly input?: string;
  readonly stdin?: boolean;
  readonly stdinInput?: boolean;
  readonly format: string;
  readonly fail?: boolean;
  readonly failDefined?: boolean;
  readonly schema?: string;
  readonly capabilities?: string;
  readonly builtins?: string;
  readonly strict?: boolean;
  readonly strictBuiltinErrors?: boolean;
  readonly showBuiltinErrors?: boolean;
  readonly import?: string[];
  readonly package?: string;
  readonly prettyLimit: number;
  readonly metrics?: boolean;
  readonly instrument?: boolean;
  readonly count: number;
  readonly timeout?: number;
  readonly optimize: number;
  readonly entrypoint?: string[];
  readonly partial?: boolean;
  readonly coverage?: boolean;
  readonly coverageRuns?: readonly string[];
  readonly profile?: boolean;
  readonly profileLimit: number;
  readonly profileSort?: string[];
  readonly varValues?: boolean;
  readonly explain: string;
  readonly v0Compatible?: boolean;
}

/** What decides about the query itself, for `bench` too. */
export function addQueryOptions(command: Command): Command {
  command
    .option("-i, --input <path>", "input file (JSON or YAML)")
    .option("-I, --stdin-input", "read the input document from stdin")
    .option("--stdin", "read the query from stdin")
    .option("--fail", "exit non-zero on an undefined or empty result and on errors")
    .option("--import <ref>", "query import(s); this flag can be repeated", collect)
    .option("--package <package>", "query package")
    .addOption(
      new Option("-t, --target <target>", "accepted for OPA's sake: all evaluation is Wasm").choices([
        "rego",
        "wasm",
      ]),
    )
    .option("-p, --partial", "partial evaluation; not supported")
    .option("-u, --unknowns <ref>", "for partial evaluation; not supported", collect)
    .option("--disable-early-exit", "accepted for OPA's sake")
    .option("--disable-indexing", "accepted for OPA's sake")
    .option("--disable-inlining <ref>", "for partial evaluation; accepted for OPA's sake", collect)
    .option("--shallow-inlining", "for partial evaluation; accepted for OPA's sake")
    .option("--nondeterminstic-builtins", "for partial evaluation; accepted for OPA's sake");
  return addCompilerOptions(addDataOptions(command));
}

export function addEvalOptions(command: Command): Command {
  return addQueryOptions(command)
    .addOption(formatOption(FORMATS, "json"))
    .option("--fail-defined", "exit non-zero on a defined, non-empty result and on errors")
    .option("--strict-builtin-errors", "treat the first error of a builtin as fatal")
    .option("--show-builtin-errors", "collect and return the errors of builtins")
    .option("--metrics", "report query performance metrics")
    .option("--instrument", "the same as --metrics")
    .option("--count <n>", "number of times to repeat the evaluation", parseInteger, 1)
    .option("--timeout <duration>", "evaluation timeout (default unlimited)", parseDuration)
    .option("-O, --optimize <level>", "level of the compiler's own passes", parseInteger, 0)
    .option("-e, --entrypoint <path>", "accepted for OPA's sake", collect)
    .option("--coverage", "report coverage")
    .addOption(
      new Option(
        "--coverage-runs <kinds>",
        "further runs that tell why a range is not covered; none if empty",
      )
        .default([...COVERAGE_RUNS], COVERAGE_RUNS.join(","))
        .argParser((text: string) => (text === "" ? [] : text.split(","))),
    )
    .option("--profile", "report the time that each line took")
    .addOption(
      new Option("--profile-limit <n>", "lines of the profile to show; 0 shows all")
        .default(PROFILE_LIMIT)
        .argParser(parseInteger),
    )
    .option(
      "--profile-sort <order>",
      "total_time_ns, num_eval, num_redo, num_gen_expr, file or line; this flag can be repeated",
      collectList,
    )
    .option("--var-values", "show the values of variables in pretty explanations")
    .addOption(
      new Option("--explain <mode>", "tell how the query was answered")
        .choices(["off", "full", "notes", "fails", "debug"])
        .default("off"),
    )
    .option("--optimize-store-for-read-speed", "accepted for OPA's sake")
    .addOption(
      new Option("--pretty-limit <n>", "limit after which pretty output gets truncated")
        .default(80)
        .argParser(parseInteger),
    );
}

/** A wish about the profile is a wish for it. */
export function profiled(flags: EvalFlags): boolean {
  return flags.profile === true || flags.profileSort !== undefined || flags.profileLimit !== PROFILE_LIMIT;
}

export function validate(queries: readonly string[], flags: EvalFlags): void {
  if (queries.length > 0 && flags.stdin === true)
    throw usageError("specify query argument or --stdin but not both");
  if (queries.length === 0 && flags.stdin !== true) throw usageError("specify query argument or --stdin");
  if (queries.length > 1) throw usageError("specify at most one query argument");
  if (flags.stdin === true && flags.stdinInput === true)
    throw usageError("specify --stdin or --stdin-input but not both");
  if (flags.stdinInput === true && flags.input !== undefined)
    throw usageError("specify --stdin-input or --input but not both");
  if (flags.fail === true && flags.failDefined === true)
    throw usageError("specify --fail or --fail-defined but not both");
  refuse(flags.partial === true, "partial evaluation is not supported: modules are compiled whole");
  if (flags.format === "source") throw usageError("invalid output format for evaluation");
  if (flags.optimize > 0 && flags.data !== undefined && flags.bundle !== undefined)
    throw usageError("specify either --data or --bundle flag with optimization level greater than 0");
  if (flags.strictBuiltinErrors === true && flags.showBuiltinErrors === true)
    throw usageError(
      "cannot use --show-builtin-errors with --strict-builtin-errors, --strict-builtin-errors will return the first built-in error encountered immediately",
    );
  if (flags.count < 1) throw usageError("--count must be at least 1");
  for (const kind of flags.coverageRuns ?? [])
    if (!COVERAGE_RUNS.some((known) => known === kind))
      throw usageError(`invalid --coverage-runs value "${kind}" (expected "index_excluded" or "early_exit")`);
}

function refuse(refused: boolean, message: string): void {
  if (refused) throw new PolicyError("rego_unsupported_error", message);
}
