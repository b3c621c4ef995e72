// `reeve check`: parse and check Rego files, print every finding; exit 1 if there is one. `-` reads a module from stdin, so that editors
// can check what is not saved yet.

import { Command, Option } from "commander";
import { mergeBundles } from "../bundle/load.ts";
import { type CheckOptions, checkModules, parse } from "../compile/compile.ts";
import { PolicyError } from "../error.ts";
import type { Module } from "../syntax/ast.ts";
import type { RegoObject } from "../value/value.ts";
import { isObject } from "../value/value.ts";
import { loadBuiltins } from "../builtins/custom-file.ts";
import { capabilityOptions, refuseWithoutV1 } from "./capability-file.ts";
import { failInOrder, loadBundleModules, loadFiles, regoVersionFor } from "./load.ts";
import {
  addCompilerOptions,
  addVersionOptions,
  collectList,
  formatOption,
  parseInteger,
  readStdin,
  usageError,
} from "./options.ts";
import * as output from "./output.ts";
import { readSchemas } from "./schema-files.ts";

interface CheckFlags {
  readonly bundle?: boolean;
  readonly format: string;
  readonly ignore?: string[];
  readonly maxErrors: number;
  readonly strict?: boolean;
  readonly schema?: string;
  readonly capabilities?: string;
  readonly builtins?: string;
  readonly v0Compatible?: boolean;
  readonly stdinPath?: string;
  readonly v0V1?: boolean;
  readonly regoV1?: boolean;
}

export function command(): Command {
  const command = new Command("check")
    .description("Check Rego source files for parse and compilation errors.")
    .argument("[paths...]", "files or folders; `-` reads one module from stdin")
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .addOption(formatOption(["pretty", "json"], "pretty"))
    .option("--ignore <names>", "file and directory names to ignore during loading", collectList)
    .option(
      "-m, --max-errors <n>",
      "number of errors to allow before compilation fails early",
      parseInteger,
      10,
    )
    .option("--stdin-path <path>", "the file that stdin stands for: what is on disk there is passed over")
    .option("--v0-v1", "check for Rego v0 and v1 compatibility (policies must be compatible with both)")
    .addOption(new Option("--rego-v1").hideHelp());
  return addVersionOptions(addCompilerOptions(command)).action(run);
}

async function run(paths: string[], flags: CheckFlags): Promise<void> {
  if (paths.length === 0) throw usageError("specify at least one file");
  const capabilities = capabilityOptions(flags.capabilities, await loadBuiltins(flags.builtins));
  let during = " during loading";
  try {
    const schemas = readSchemas(flags.schema);
    refuseWithoutV1(capabilities, regoVersionFor(flags));
    if (flags.bundle === true) during = "";
    const { modules, data } =
      flags.bundle === true ? await readBundles(paths, flags) : readFiles(paths, flags);
    during = "";
    checkModules(modules, {
      ...capabilities,
      ...(schemas !== undefined && { schemas }),
      ...(flags.strict !== undefined && { strict: flags.strict }),
      ...(data !== undefined && data.size > 0 && { pathExists: existsIn(data) }),
      maxErrors: flags.maxErrors,
      print: true,
      schemaAnnotations: true,
    });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.stderr.write(
      flags.format === "json" ? output.errorsJson(error) : `${output.failureText(error, during)}\n`,
    );
    process.exitCode = output.EXIT_FAIL;
  }
}

interface Read {
  readonly modules: readonly Module[];
  readonly data?: RegoObject;
}

function readFiles(paths: readonly string[], flags: CheckFlags): Read {
  const both = flags.v0V1 === true || flags.regoV1 === true;
  const regoVersion = both ? "v0" : regoVersionFor(flags);
  const onDisk = loadFiles(
    paths.filter((path) => path !== "-"),
    {
      ignore: flags.ignore ?? [],
      regoVersion,
      onlyRego: true,
      except: flags.stdinPath,
      v1Compatible: both,
    },
  );
  if (!paths.includes("-")) return onDisk;
  const stdin = parse([
    { file: flags.stdinPath ?? "stdin", text: readStdin(), regoVersion, v1Compatible: both },
  ]);
  if (stdin.diagnostics.length > 0) throw failInOrder(stdin.diagnostics);
  return { modules: [...onDisk.modules, ...stdin.modules] };
}

async function readBundles(paths: readonly string[], flags: CheckFlags): Promise<Read> {
  const options = { ignore: flags.ignore ?? [], regoVersion: regoVersionFor(flags) };
  const loaded = await Promise.all(paths.map((path) => loadBundleModules(path, options)));
  const { data } = mergeBundles(
    loaded.map(({ bundle }) => bundle),
    "",
  );
  return { modules: loaded.flatMap(({ modules }) => modules), data };
}

/** Whether data has a document at a path, or something in the way that is no object. */
function existsIn(data: RegoObject): NonNullable<CheckOptions["pathExists"]> {
  return (path) => {
    let node: RegoObject = data;
    for (const key of path) {
      const next = node.get(key);
      if (next === undefined) return false;
      if (!isObject(next)) return true;
      node = next;
    }
    return path.length > 0;
  };
}
