// `reeve fmt`: Rego files laid out as `opa fmt` lays them out; to stdout, in place, as a list or as a diff. A file is written whole or not at all.

import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { diffMain } from "diff-match-patch-es";
import { builtins } from "../builtins/registry.ts";
import { type Diagnostic, formatDiagnostic, PolicyError } from "../error.ts";
import { formatModule } from "../syntax/format.ts";
import { capabilityOptions } from "./capability-file.ts";
import { DEPRECATED_BUILTINS } from "./compatibility.ts";
import { addVersionOptions, ioMessage, readStdin, writeWhole } from "./options.ts";
import * as output from "./output.ts";

interface FmtFlags {
  readonly write?: boolean;
  readonly list?: boolean;
  readonly diff?: boolean;
  readonly fail?: boolean;
  readonly checkResult: boolean;
  readonly dropV0Imports?: boolean;
  readonly v0V1?: boolean;
  readonly regoV1?: boolean;
  readonly v0Compatible?: boolean;
  readonly capabilities?: string;
}

/** OPA's exit code for a file that cannot be formatted or, with --fail, would change. */
const EXIT_DIFFERENT = 2;

export function command(): Command {
  const command = new Command("fmt")
    .description("Format Rego source files.")
    .argument("[paths...]", "files or folders; none: stdin")
    .option("-w, --write", "overwrite the original source file")
    .option("-l, --list", "list all files who would change when formatted")
    .option("-d, --diff", "only display a diff of the changes")
    .option("--fail", "non zero exit code on reformat")
    .option("--v0-v1", "format module(s) to be compatible with both Rego v0 and v1")
    .addOption(new Option("--rego-v1").hideHelp())
    .option("--check-result", "assert that the formatted code can be parsed", true)
    .addOption(new Option("--no-check-result").hideHelp())
    .option(
      "--drop-v0-imports",
      "drop v0 imports from the formatted code, such as 'rego.v1' and 'future.keywords'",
    )
    .option("--capabilities <path>", "capabilities version or capabilities.json file path");
  return addVersionOptions(command).action(run);
}

function run(paths: string[], flags: FmtFlags): void {
  const { builtins: known = builtins } = capabilityOptions(flags.capabilities);
  const names = new Set(known.keys());
  if (paths.length === 0) {
    const formatted = format("stdin", readStdin(), { ...flags, dropV0Imports: false }, names);
    if ("findings" in formatted) return fail(failureOf(formatted), output.EXIT_FAIL);
    process.stdout.write(formatted.text);
    return;
  }
  for (const given of paths) {
    const path = given.startsWith("file://") ? fileURLToPath(given) : given;
    let files: string[];
    try {
      files = regoFiles(path);
    } catch (cause) {
      return fail(ioMessage(path, cause, "lstat"), output.EXIT_FAIL);
    }
    for (const file of files) if (!formatFile(file, flags, names)) return;
  }
}

function fail(message: string, code: number): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}

/** Every Rego file at or below a path, in the order of names. */
function regoFiles(path: string): string[] {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return extname(path) === ".rego" ? [path] : [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => regoFiles(join(path, name)));
}

/** False where OPA stops. */
function formatFile(file: string, flags: FmtFlags, names: ReadonlySet<string>): boolean {
  const stop = (message: string): false => {
    fail(message, EXIT_DIFFERENT);
    return false;
  };
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (cause) {
    return stop(`failed to open file: ${ioMessage(file, cause, "open")}`);
  }
  const formatted = format(file, source, flags, names);
  if ("findings" in formatted) {
    const text = failureOf(formatted);
    if (!formatted.findings.some(({ location }) => location?.file === "formatted"))
      return stop(`failed to format Rego source file: ${text}`);
    return stop(`${file} was successfully formatted, but the result is invalid: ${text}`);
  }
  const changed = formatted.text !== source;
  const refused = changed && flags.fail === true;
  if (flags.list === true || flags.diff === true) {
    if (changed && flags.list === true) process.stdout.write(`${file}\n`);
    else if (changed) process.stdout.write(`${diffText(source, formatted.text)}\n`);
    return refused ? stop("unexpected diff") : true;
  }
  if (refused) return stop("unexpected diff");
  if (flags.write !== true) process.stdout.write(formatted.text);
  else if (changed) {
    try {
      writeWhole(file, formatted.text);
    } catch (cause) {
      return stop(`failed to open file for writing: ${(cause as Error).message}`);
    }
  }
  return true;
}

type Outcome =
  | { readonly text: string }
  | { readonly findings: readonly Diagnostic[]; readonly error: PolicyError };

/** OPA counts findings, but not this one. */
function failureOf({ findings, error }: Extract<Outcome, { error: unknown }>): string {
  const [only] = findings;
  return only !== undefined && findings.length === 1 && only.message === "empty module"
    ? formatDiagnostic(only)
    : output.prettyErrors(error);
}

function format(file: string, source: string, flags: FmtFlags, names: ReadonlySet<string>): Outcome {
  const formatted = formatModule(source, {
    file,
    regoVersion: flags.v0Compatible === true ? "v0" : "v1",
    v0ToV1: flags.v0V1 === true || flags.regoV1 === true,
    dropV0Imports: flags.dropV0Imports,
    deprecated: DEPRECATED_BUILTINS,
    builtins: names,
  });
  if ("text" in formatted) return formatted;
  const findings = formatted.diagnostics;
  return {
    findings,
    error: new PolicyError("rego_parse_error", "cannot be formatted", { diagnostics: findings }),
  };
}

/** Both texts in one: what goes in red, what comes in green, coloured line by line. */
function diffText(before: string, after: string): string {
  return diffMain(before, after, undefined, false)
    .map(([operation, text]) => {
      if (operation === 0) return text;
      const colour = `\u001b[${operation < 0 ? 31 : 32}m`;
      return text
        .split("\n")
        .map((line) => `${colour}${line}\u001b[0m`)
        .join("\n");
    })
    .join("");
}
