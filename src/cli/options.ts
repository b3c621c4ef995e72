// Flags that several commands share, spelled as OPA spells them, and the helpers that read them.

import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { PolicyError } from "../error.ts";

/** For flags that may be repeated. */
export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** For `--ignore a,b`, which OPA splits at commas and lets be repeated. */
export function collectList(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), ...value.split(",")];
}

export function parseInteger(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError("must be a whole number.");
  return Number(value);
}

export function formatOption(formats: readonly string[], fallback: string): Option {
  return new Option("-f, --format <format>", "output format").choices([...formats]).default(fallback);
}

export function addDataOptions(command: Command): Command {
  return addVersionOptions(command)
    .option("-d, --data <path>", "set policy or data file(s); this flag can be repeated", collect)
    .option(
      "-b, --bundle <path>",
      "set bundle file(s) or directory path(s); this flag can be repeated",
      collect,
    )
    .option("--ignore <names>", "file and directory names to ignore during loading (e.g. '.*')", collectList);
}

export function addCompilerOptions(command: Command): Command {
  return command
    .option("-s, --schema <path>", "schema file path or directory path")
    .option("--capabilities <path>", "capabilities version or capabilities.json file path")
    .option("--builtins <path>", "ES module that declares builtins of the host's own")
    .option("-S, --strict", "enable compiler strict mode");
}

/** Reads a file, or says in one line why not. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new PolicyError("io_error", ioMessage(path, cause, "open"), { cause });
  }
}

export function readStdin(): string {
  return readFileSync(0, "utf8");
}

/** Writes a file whole or not at all: under another name first, then renamed. A link is written through. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  let target = path;
  let temporary: string | undefined;
  try {
    const known = statSync(path, { throwIfNoEntry: false });
    if (known !== undefined) target = realpathSync(path);
    if (known !== undefined && !known.isFile()) {
      // A device or a pipe cannot be replaced.
      if (known.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
      writeFileSync(target, content);
      return;
    }
    temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
    writeFileSync(temporary, content, known === undefined ? {} : { mode: known.mode });
    renameSync(temporary, target);
  } catch (cause) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw new PolicyError("io_error", ioMessage(path, cause, "open"), { cause });
  }
}

/** Misuse of a command, in OPA's words: printed with a hint at the usage. */
export function usageError(message: string): PolicyError {
  return new PolicyError("invalid_parameter", message);
}

/** `--v0-compatible`, and `--v1-compatible`, which says what is so anyway. */
export function addVersionOptions(command: Command): Command {
  return command
    .option("--v0-compatible", "opt in to Rego v0")
    .addOption(new Option("--v1-compatible", "opt in to Rego v1, which is the default").hideHelp());
}

/** Go's durations, `1h2m3.5s`, in milliseconds. */
export function parseDuration(value: string): number {
  const unitMs: Record<string, number> = {
    ns: 1e-6,
    us: 1e-3,
    µs: 1e-3,
    ms: 1,
    s: 1000,
    m: 60_000,
    h: 3_600_000,
  };
  if (value === "0") return 0;
  let total = 0;
  let rest = value.replaceAll(" ", "");
  if (rest === "") throw new InvalidArgumentError(`time: invalid duration "${value}"`);
  while (rest !== "") {
    const match = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/.exec(rest);
    if (match === null) throw new InvalidArgumentError(`time: invalid duration "${value}"`);
    total += Number(match[1]) * (unitMs[match[2] as string] as number);
    rest = rest.slice(match[0].length);
  }
  return total;
}

export function ioMessage(path: string, cause: unknown, verb = "stat"): string {
  const code = (cause as { code?: string }).code;
  const why: Record<string, string> = {
    ENOENT: "no such file or directory",
    EACCES: "permission denied",
    EISDIR: "is a directory",
    ENOTDIR: "not a directory",
  };
  return `${verb} ${path}: ${(code && why[code]) || String((cause as Error).message ?? cause)}`;
}
