// `reeve exec`: one decision over many input files, by the same decision agent that the daemons run; results as OPA's JSON, in the order of
// the files. With -c the agent's configuration decides on bundles and logs, with -b bundles on disk are used.

import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { Command, Option } from "commander";
import { build } from "../build.ts";
import type { Builtin } from "../builtins/builtin.ts";
import { loadBuiltins } from "../builtins/custom-file.ts";
import type { DecisionAgent } from "../decision/sdk.ts";
import { PolicyError } from "../error.ts";
import { decodeDocument } from "../sources.ts";
import { isArray, isSet, type Value } from "../value/value.ts";
import { logLine, type StartedAgent, startAgent } from "./agent.ts";
import { overridden } from "./config-overrides.ts";
import { runWithin } from "./deadline.ts";
import { addVersionOptions, collect, formatOption, ioMessage, parseDuration, readStdin } from "./options.ts";
import * as output from "./output.ts";

interface ExecFlags {
  readonly bundle?: string[];
  readonly configFile?: string;
  readonly set?: string[];
  readonly setFile?: string[];
  readonly decision?: string;
  readonly fail?: boolean;
  readonly failDefined?: boolean;
  readonly failNonEmpty?: boolean;
  readonly stdinInput?: boolean;
  readonly timeout?: number;
  readonly logLevel: string;
  readonly logFormat: string;
  readonly logTimestampFormat?: string;
  readonly builtins?: string;
  readonly v0Compatible?: boolean;
}

const STDIN_PATH = "--stdin-input";

export function command(): Command {
  const command = new Command("exec")
    .description("Decide on every input file.")
    .argument("[paths...]", "input files (JSON or YAML) and folders of them")
    .option("-b, --bundle <path>", "set bundle file(s) or directory path(s); can be repeated", collect)
    .addOption(formatOption(["json"], "json"))
    .option("-c, --config-file <path>", "configuration file of the decision agent")
    .option("--set <key=value>", "override config values; commas separate several", collect)
    .option("--set-file <key=path>", "override config values with the content of files", collect)
    .option("--decision <path>", "decision to evaluate")
    .option("--fail", "exit non-zero on undefined or empty results and errors")
    .option("--fail-defined", "exit non-zero on defined or non-empty results and errors")
    .option("--fail-non-empty", "exit non-zero on non-empty results and errors")
    .option("-I, --stdin-input", "read an input document from stdin")
    .option("--timeout <duration>", "time for all of it (default unlimited)", parseDuration)
    .addOption(
      new Option("-l, --log-level <level>", "log level").choices(["debug", "info", "error"]).default("error"),
    )
    .addOption(
      new Option("--log-format <format>", "log format")
        .choices(["text", "json", "json-pretty"])
        .default("json"),
    )
    .addOption(
      new Option("--log-timestamp-format <layout>", "how times are logged, as a layout of Go's").env(
        "OPA_LOG_TIMESTAMP_FORMAT",
      ),
    )
    .option("--builtins <path>", "ES module that declares builtins of the host's own");
  return addVersionOptions(command).action(run);
}

async function run(paths: string[], flags: ExecFlags): Promise<void> {
  try {
    if (flags.stdinInput !== true && paths.length === 0)
      throw wrong("requires at least 1 path arg, or the --stdin-input flag");
    if (flags.timeout !== undefined && flags.timeout > 0) {
      if (runWithin(flags.timeout)) return;
      throw wrong("exec error: timed out");
    }
    const custom = await loadBuiltins(flags.builtins);
    const { agent } = await started(flags, custom);
    try {
      await offerBundles(agent, flags, custom);
      await execute(agent, paths, flags);
    } finally {
      await agent.close();
    }
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.stderr.write(
      logLine("error", "Unexpected error.", flags.logFormat, flags.logTimestampFormat, {
        err: error.message,
      }),
    );
    process.exitCode = output.EXIT_FAIL;
  }
}

async function started(flags: ExecFlags, custom: readonly Builtin[]): Promise<StartedAgent> {
  const { configFile, set = [], setFile = [], logLevel, logFormat, logTimestampFormat } = flags;
  try {
    return await startAgent(configFile, {
      stdoutIsOurs: false,
      logLevel,
      logFormat,
      ...(logTimestampFormat !== undefined && { logTimestampFormat }),
      builtins: custom,
      regoVersion: flags.v0Compatible === true ? "v0" : "v1",
      change: (config) => overridden(config, set, setFile),
    });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new PolicyError(error.code, `config error: ${error.message}`, { cause: error });
  }
}

function wrong(message: string): PolicyError {
  return new PolicyError("invalid_input", message);
}

async function offerBundles(
  agent: DecisionAgent,
  flags: ExecFlags,
  custom: readonly Builtin[],
): Promise<void> {
  for (const [i, path] of (flags.bundle ?? []).entries()) {
    try {
      const { v0Compatible } = flags;
      const { bytes } = await build({ paths: [path], asBundle: true, v0Compatible, builtins: custom });
      await agent.offer(`~${i}`, bytes);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      const message = `runtime error: Bundle name: ~${i}, Code: bundle_error, HTTPCode: -1, Message: ${output.failureText(error)}`;
      throw new PolicyError("bundle_error", message, { cause: error });
    }
  }
}

interface Outcome {
  readonly path: string;
  /** Members after `path`, as JSON. */
  readonly json: string;
  readonly decisionId?: string;
  readonly result?: Value;
  readonly failed?: "undefined" | "error";
}

async function execute(agent: DecisionAgent, paths: readonly string[], flags: ExecFlags): Promise<void> {
  const given = [flags.fail, flags.failDefined, flags.failNonEmpty].filter((flag) => flag === true);
  if (given.length > 1) throw wrong(`exec error: ${clash(flags)}`);
  const outcomes: Outcome[] = [];
  if (flags.stdinInput === true) outcomes.push(await decide(agent, STDIN_PATH, readStdinInput(), flags));
  for (const file of paths.flatMap(inputFiles)) {
    const input = readInputFile(file);
    outcomes.push(
      typeof input === "string"
        ? { path: file, json: '"error":{}', failed: "error" }
        : await decide(agent, file, input, flags),
    );
  }
  const shown = outcomes.map(({ path, json, decisionId }) => {
    const id = decisionId === undefined ? "" : `"decision_id":${output.plainToJson(decisionId)},`;
    return `{${id}"path":${output.plainToJson(path)},${json}}`;
  });
  process.stdout.write(`${output.indentJson(`{"result":[${shown.join(",")}]}`)}\n`);
  reportFailures(outcomes, flags);
}

function clash(flags: ExecFlags): string {
  if (flags.fail === true && flags.failDefined === true)
    return "specify --fail or --fail-defined but not both";
  if (flags.fail === true) return "specify --fail-non-empty or --fail but not both";
  return "specify --fail-non-empty or --fail-defined but not both";
}

function reportFailures(outcomes: readonly Outcome[], flags: ExecFlags): void {
  const flag = flags.fail
    ? "--fail"
    : flags.failDefined
      ? "--fail-defined"
      : flags.failNonEmpty
        ? "--fail-non-empty"
        : "";
  if (flag === "") return;
  const errors = outcomes.filter(
    ({ failed }) => failed === "error" || (failed === "undefined" && flags.fail === true),
  );
  const failures = outcomes.filter(({ result }) => result !== undefined && counts(result, flags));
  if (errors.length + failures.length === 0) return;
  throw wrong(
    `exec error: there were ${failures.length} failures and ${errors.length} errors counted in the results list, and ${flag} is set`,
  );
}

function counts(result: Value, flags: ExecFlags): boolean {
  if (result === null || flags.fail === true) return result === null && flags.fail === true;
  if (flags.failDefined === true) return true;
  return isSet(result) ? result.size > 0 : !isArray(result) || result.length > 0;
}

/** Every file at or below a path, in the order of names. */
function inputFiles(path: string): string[] {
  try {
    if (!lstatSync(path).isDirectory())
      return [".json", ".yaml", ".yml"].includes(extname(path)) ? [path] : [];
    return readdirSync(path)
      .sort()
      .flatMap((name) => inputFiles(join(path, name)));
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError("io_error", `exec error: ${ioMessage(path, cause, "lstat")}`, { cause });
  }
}

/** The document of a file; text: why there is none. */
function readInputFile(path: string): { readonly value: Value } | string {
  try {
    return { value: decodeDocument(readFileSync(path, "utf8")) };
  } catch (error) {
    return (error as Error).message;
  }
}

function readStdinInput(): { readonly value: Value } {
  const text = readStdin();
  if (text.trim() === "")
    throw wrong(
      "exec error: cannot execute on empty input; please enter valid json or yaml when using the --stdin-input flag",
    );
  try {
    return { value: decodeDocument(text) };
  } catch (error) {
    throw wrong(`exec error: ${(error as Error).message}`);
  }
}

async function decide(
  agent: DecisionAgent,
  path: string,
  input: { readonly value: Value },
  flags: ExecFlags,
): Promise<Outcome> {
  const wanted = flags.decision ?? agent.config.defaultDecision;
  const failure = (code: string, message: string, failed: "undefined" | "error"): Outcome => ({
    path,
    json: `"error":${output.plainToJson({ code, message })}`,
    failed,
  });
  const undefinedAnswer = () =>
    failure(
      "opa_undefined_error",
      `${flags.decision ?? `/${wanted.replace(/^\//, "")}`} decision was undefined`,
      "undefined",
    );
  try {
    const { decisionId, result } = await agent.decide({
      path: wanted.replace(/^\/+/, ""),
      input: input.value,
    });
    if (result === undefined) return undefinedAnswer();
    return { path, json: `"result":${output.valueToJson(result)}`, decisionId, result };
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    if (error.code === "undefined_document" || error.code === "storage_not_found_error")
      return undefinedAnswer();
    return failure(error.code, error.message, "error");
  }
}
