// `reeve deps`: the base documents that a query reads and the rules that it uses, as a table or as OPA's JSON.

import { Command } from "commander";
import { loadBuiltins } from "../builtins/custom-file.ts";
import { checkModules } from "../compile/compile.ts";
import { dependenciesOf, dependencyTexts } from "../compile/check/deps.ts";
import { failWith, PolicyError } from "../error.ts";
import { jsonText, type JsonNode, termToJson } from "../syntax/ast-json.ts";
import type { Module, RefTerm } from "../syntax/ast.ts";
import { parseQuery } from "../syntax/parser.ts";
import { capabilityOptions } from "./capability-file.ts";
import { loadBundleModules, loadFiles, regoVersionFor } from "./load.ts";
import { addDataOptions, formatOption, usageError } from "./options.ts";
import * as output from "./output.ts";

interface DepsFlags {
  readonly data?: string[];
  readonly bundle?: string[];
  readonly ignore?: string[];
  readonly format: string;
  readonly builtins?: string;
  readonly v0Compatible?: boolean;
}

export function command(): Command {
  const command = new Command("deps")
    .description("Analyze Rego query dependencies.")
    .argument("[query...]", "the query")
    .addOption(formatOption(["pretty", "json"], "pretty"));
  return addDataOptions(command)
    .option("--builtins <path>", "ES module that declares builtins of the host's own")
    .action(run);
}

async function run(queries: string[], flags: DepsFlags): Promise<void> {
  const [query] = queries;
  if (query === undefined || queries.length > 1) throw usageError("specify exactly one query argument");
  let during = "";
  try {
    const { body, diagnostics } = parseQuery(query);
    if (body === undefined) throw failWith(diagnostics);
    during = " during loading";
    let modules: readonly Module[] = loadFiles(flags.data ?? [], {
      ignore: flags.ignore ?? [],
      regoVersion: regoVersionFor(flags),
    }).modules;
    during = "";
    // As in OPA, bundles take the place of files.
    if (flags.bundle !== undefined) modules = await readBundles(flags.bundle, flags);
    const compiled = checkModules(modules, capabilityOptions(undefined, await loadBuiltins(flags.builtins)));
    const dependencies = dependenciesOf(compiled, body);
    process.stdout.write(
      flags.format === "json"
        ? `${jsonText(toJson(dependencies), "  ")}\n`
        : table(dependencyTexts(dependencies)),
    );
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.stderr.write(`${output.failureText(error, during)}\n`);
    process.exitCode = output.EXIT_FAIL;
  }
}

async function readBundles(paths: readonly string[], flags: DepsFlags): Promise<Module[]> {
  const options = { ignore: flags.ignore ?? [], regoVersion: regoVersionFor(flags) };
  const bundles = await Promise.all(paths.map((path) => loadBundleModules(path, options)));
  return bundles.flatMap(({ modules }) => modules);
}

function toJson({ base, virtual }: ReturnType<typeof dependenciesOf>): JsonNode {
  const list = (refs: readonly RefTerm[]): JsonNode =>
    refs.map(({ terms }) => terms.map((term) => termToJson(term)));
  return {
    ...(base.length > 0 && { base: list(base) }),
    ...(virtual.length > 0 && { virtual: list(virtual) }),
  };
}

function table({ base, virtual }: ReturnType<typeof dependencyTexts>): string {
  const columns = [
    { header: "BASE DOCUMENTS", cells: base },
    { header: "VIRTUAL DOCUMENTS", cells: virtual },
  ].filter(({ cells }) => cells.length > 0);
  if (columns.length === 0) return "";
  const rows = Array.from({ length: Math.max(...columns.map(({ cells }) => cells.length)) }, (_, i) =>
    columns.map(({ cells }) => cells[i] ?? ""),
  );
  return output.table(
    columns.map(({ header }) => header),
    rows,
  );
}
