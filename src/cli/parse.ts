// `reeve parse`: the syntax tree of one file, as OPA's JSON or as an indented outline; findings as JSON on stderr.

import { readFileSync } from "node:fs";
import { Command } from "commander";
import { parse } from "../compile/compile.ts";
import { PolicyError } from "../error.ts";
import { jsonText, moduleToJson } from "../syntax/ast-json.ts";
import type { Module } from "../syntax/ast.ts";
import { outline } from "./ast-outline.ts";
import { failInOrder, regoVersionFor } from "./load.ts";
import { addVersionOptions, formatOption, ioMessage, usageError } from "./options.ts";
import * as output from "./output.ts";

interface ParseFlags {
  readonly format: string;
  readonly jsonInclude: string;
  readonly v0Compatible?: boolean;
}

export function command(): Command {
  const command = new Command("parse")
    .description("Parse a Rego source file and print its syntax tree.")
    .argument("[path]", "the file")
    .addOption(formatOption(["pretty", "json"], "pretty"))
    .option(
      "--json-include <list>",
      "include or exclude optional elements: locations, comments; e.g. `locations,-comments`",
      "",
    );
  return addVersionOptions(command).action(run);
}

function run(path: string | undefined, flags: ParseFlags): void {
  if (path === undefined) throw usageError("no source file specified");
  const wanted = flags.jsonInclude.split(",");
  const includes = (name: string, otherwise: boolean): boolean => {
    const last = wanted.filter((option) => option.endsWith(name)).at(-1);
    return last === undefined ? otherwise : !last.startsWith("-");
  };
  const options = { locations: includes("locations", false), comments: includes("comments", true) };
  try {
    const module = readModule(path, flags);
    const text =
      flags.format === "json"
        ? `${jsonText(moduleToJson(module, options), "  ")}\n`
        : outline(options.comments ? module : { ...module, comments: [] });
    process.stdout.write(text);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.stderr.write(output.errorsJson(error));
    process.exitCode = output.EXIT_FAIL;
  }
}

function readModule(path: string, flags: ParseFlags): Module {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new PolicyError("io_error", ioMessage(path, cause, "open"), { cause });
  }
  const { modules, diagnostics } = parse([{ file: path, text, regoVersion: regoVersionFor(flags) }]);
  const [module] = modules;
  if (module === undefined) throw failInOrder(diagnostics);
  return module;
}
