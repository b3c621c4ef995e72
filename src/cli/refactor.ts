// `reeve refactor move`: packages and what refers to them under other names, formatted, on stdout or in place. What does not compile afterwards is refused,
// and nothing is written.

import { Command } from "commander";
import { checkModules, parse } from "../compile/compile.ts";
import { failWith, PolicyError } from "../error.ts";
import type { Module, RefTerm } from "../syntax/ast.ts";
import { formatParsed } from "../syntax/format.ts";
import { type Move, moveReferences } from "../syntax/move.ts";
import { parseTerm } from "../syntax/parser.ts";
import { printTerm } from "../syntax/print.ts";
import { loadFiles, regoVersionFor } from "./load.ts";
import { addVersionOptions, collect, collectList, usageError, writeWhole } from "./options.ts";
import * as output from "./output.ts";

interface MoveFlags {
  readonly path?: string[];
  readonly write?: boolean;
  readonly ignore?: string[];
  readonly v0Compatible?: boolean;
}

export function command(): Command {
  const move = new Command("move")
    .description("Rename packages and their references in Rego file(s).")
    .argument("[paths...]", "files or folders")
    .option("-p, --path <from:to>", "how references are rewritten; this flag can be repeated", collect)
    .option("-w, --write", "overwrite the original source file")
    .option("--ignore <names>", "file and directory names to ignore during loading (e.g. '.*')", collectList);
  return new Command("refactor")
    .description("Refactor Rego file(s).")
    .addCommand(addVersionOptions(move).action(run));
}

function run(paths: string[], flags: MoveFlags): void {
  if (paths.length === 0) throw usageError("specify at least one path containing policy files");
  let during = "";
  try {
    const moves = movesOf(flags.path ?? []);
    const regoVersion = regoVersionFor(flags);
    during = " during loading";
    const { modules } = loadFiles(paths, { ignore: flags.ignore ?? [], regoVersion });
    during = "";
    const moved = modules.map((module) => moveReferences(module, moves));
    for (const module of moved) refuseNoPackage(module);
    checkModules(moved);
    const texts = moved.map((module) => {
      const formatted = formatParsed(module, regoVersion);
      if ("diagnostics" in formatted) throw failWith(formatted.diagnostics);
      const { text } = formatted;
      const { diagnostics } = parse([{ file: module.file, text, regoVersion }]);
      if (diagnostics.length > 0) throw failWith(diagnostics);
      return text;
    });
    for (const [i, { file }] of moved.entries()) {
      if (flags.write === true) writeWhole(file, texts[i] ?? "");
      else process.stdout.write(texts[i] ?? "");
    }
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.stderr.write(`error: ${textOf(error, during)}\n`);
    process.exitCode = output.EXIT_FAIL;
  }
}

/** What is wrong with the wish itself is told without a count of errors. */
function textOf(error: PolicyError, during: string): string {
  const { location, message } = error;
  if (error.code !== "invalid_input" || error.diagnostics.length > 0)
    return output.prettyErrors(error, during);
  return location === undefined ? message : `${location.file}:${location.row}: ${message}`;
}

function wrong(message: string): PolicyError {
  return new PolicyError("invalid_input", message);
}

function movesOf(mappings: readonly string[]): Move[] {
  if (mappings.length === 0) throw wrong("specify at least one mapping of the form <from>:<to>");
  return mappings.map((mapping) => {
    const { term, diagnostics } = parseTerm(`{${mapping}}`);
    if (term === undefined)
      throw wrong(
        `failed to parse mapping: failed to parse term: ${output.prettyErrors(failWith(diagnostics))}`,
      );
    const [entry, ...more] = term.kind === "object" ? term.entries : [];
    if (entry === undefined || more.length > 0) throw wrong("expected mapping of the form <from>:<to>");
    const [from, to] = entry.map((end): RefTerm => {
      if (end.kind === "ref") return end;
      // A variable is a reference of one step.
      if (end.kind === "var") return { kind: "ref", terms: [end], location: end.location };
      throw wrong(`expected ref but got ${printTerm(end)}`);
    }) as [RefTerm, RefTerm];
    return { from, to };
  });
}

/** A package lies below `data`, under names. */
function refuseNoPackage({ package: { path, location } }: Module): void {
  const [root, ...keys] = path.terms;
  if (
    root.kind === "var" &&
    root.name === "data" &&
    keys.length > 0 &&
    keys.every(({ kind }) => kind === "string")
  )
    return;
  throw new PolicyError("invalid_input", `invalid package path: ${printTerm(path)}`, { location });
}
