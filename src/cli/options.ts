// Flags that several commands share, spelled as OPA spells them, and the helpers that read them.

import { readFileSync } from "node:fs";
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
  return command
    .option("-d, --data <path>", "set policy or data file(s); this flag can be repeated", collect)
    .option(
      "-b, --bundle <path>",
      "set bundle file(s) or directory path(s); this flag can be repeated",
      collect,
    )
    .option("--ignore <names>", "file and directory names to ignore during loading (e.g. '.*')", collectList)
    .option("--v0-compatible", "opt in to Rego v0");
}

export function addCompilerOptions(command: Command): Command {
  return command
    .option("-s, --schema <path>", "schema file path or directory path")
    .option("--capabilities <path>", "capabilities version or capabilities.json file path")
    .option("-S, --strict", "enable compiler strict mode");
}

/** Reads a file, or says in one line why not. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new PolicyError("io_error", ioMessage(path, cause), { cause });
  }
}

export function readStdin(): string {
  return readFileSync(0, "utf8");
}

export function ioMessage(path: string, cause: unknown): string {
  const code = (cause as { code?: string }).code;
  const why: Record<string, string> = {
    ENOENT: "no such file or directory",
    EACCES: "permission denied",
    EISDIR: "is a directory",
    ENOTDIR: "not a directory",
  };
  return `stat ${path}: ${(code && why[code]) || String((cause as Error).message ?? cause)}`;
}
