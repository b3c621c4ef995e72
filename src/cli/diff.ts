// `reeve diff OLD NEW`: which decisions a change changes, over generated inputs and recorded decisions. Exit code 0: none that is not accepted;
// 1: some are; 2: it could not be run.

import { statSync } from "node:fs";
import { Command, Option } from "commander";
import { load as loadBundle } from "../bundle/load.ts";
import { PolicyError } from "../error.ts";
import { mergeDocuments } from "../sources.ts";
import type { Module } from "../syntax/ast.ts";
import { type AcceptLine, readAccepted } from "../tester/diff-accept.ts";
import { readDecisions, type Recorded } from "../tester/diff-decisions.ts";
import { diffJson, diffMarkdown, diffText, judge } from "../tester/diff-report.ts";
import { diff, showsNothing } from "../tester/diff.ts";
import type { SideSource } from "../tester/side.ts";
import {
  collect,
  collectList,
  formatOption,
  ioMessage,
  parseDuration,
  parseInteger,
  readText,
} from "./options.ts";
import { EXIT_ERROR, EXIT_FAIL, EXIT_OK, errorsJson, prettyErrors } from "./output.ts";
import { loadPolicies } from "./load.ts";
import { readSchemas } from "./schema-files.ts";

interface Flags {
  readonly format: "pretty" | "json" | "markdown";
  readonly bundle?: boolean;
  readonly data?: string[];
  readonly ignore?: string[];
  readonly entrypoint?: string[];
  readonly decisions?: string[];
  readonly accept?: string;
  readonly effectsOnly?: boolean;
  readonly runs: number;
  readonly time?: number;
  readonly seed?: number;
  readonly schema?: string;
  readonly v0Compatible?: boolean;
}

export function command(): Command {
  return new Command("diff")
    .description("Show which decisions change between two versions of a policy.")
    .argument("<old>", "a folder, file or bundle")
    .argument("<new>", "a folder, file or bundle")
    .addOption(formatOption(["pretty", "json", "markdown"], "pretty"))
    .option(
      "-e, --entrypoint <path>",
      "what is decided (e.g. authz/allow); default: entrypoint annotations",
      collect,
    )
    .option("-b, --bundle", "load both as bundle files or root directories")
    .option("-d, --data <path>", "policies and data that both versions are loaded with", collect)
    .option("--ignore <names>", "file and directory names to ignore during loading (e.g. '.*')", collectList)
    .option("--decisions <file>", "decide recorded decisions again (OPA decision logs)", collect)
    .option("--accept <file>", "list of changes that somebody has agreed to")
    .option(
      "--effects-only",
      "leave out changes of content where the effect stays, as other reasons for a denial",
    )
    .addOption(new Option("--runs <n>", "generated inputs").default(10_000).argParser(parseInteger))
    .addOption(new Option("--time <duration>", "bound on drawing inputs (e.g. 30s)").argParser(parseDuration))
    .addOption(new Option("--seed <n>", "seed that inputs are drawn with").argParser(parseInteger))
    .option("-s, --schema <path>", "JSON schema of the input")
    .option("--v0-compatible", "opt in to Rego v0")
    .action(run);
}

async function run(before: string, after: string, flags: Flags): Promise<void> {
  try {
    process.exitCode = await diffAll(before, after, flags);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.exitCode = EXIT_ERROR;
    if (flags.format === "json") process.stdout.write(errorsJson(error));
    else process.stderr.write(`${prettyErrors(error)}\n`);
  }
}

async function diffAll(before: string, after: string, flags: Flags): Promise<number> {
  if (flags.runs < 0) throw new PolicyError("invalid_parameter", "--runs must not be negative");
  const [old, fresh] = [await loadSide(before, flags), await loadSide(after, flags)];
  const recorded: Recorded[] = (flags.decisions ?? []).flatMap((file) => readDecisions(readText(file), file));
  const accepted: AcceptLine[] =
    flags.accept === undefined ? [] : readAccepted(readText(flags.accept), flags.accept);
  const report = diff(old, fresh, {
    entrypoints: entrypointsOf(old, fresh, recorded, flags),
    runs: flags.runs,
    seed: flags.seed ?? Math.floor(Math.random() * 2 ** 31),
    timeMs: flags.time,
    schema: readSchemas(flags.schema)?.get("schema"),
    recorded,
    effectsOnly: flags.effectsOnly,
  });
  const judged = judge(report, accepted);
  const form = { pretty: diffText, json: diffJson, markdown: diffMarkdown }[flags.format];
  process.stdout.write(form(judged));
  if (judged.refused > 0) return EXIT_FAIL;
  return showsNothing(report) ? EXIT_ERROR : EXIT_OK;
}

/** Those asked for; else those that annotations of either version or compiled modules name, and what was recorded. */
function entrypointsOf(
  old: SideSource,
  fresh: SideSource,
  recorded: readonly Recorded[],
  flags: Flags,
): string[] {
  const plain = (path: string): string =>
    path
      .replace(/^data\./, "")
      .replaceAll(".", "/")
      .replace(/^\/+|\/+$/g, "");
  if (flags.entrypoint !== undefined) return [...new Set(flags.entrypoint.map(plain))];
  const found = [old, fresh].flatMap(({ modules, wasm }) => [
    ...modules.flatMap(annotated),
    ...(wasm?.entrypoints ?? []),
  ]);
  const all = [...new Set([...found, ...recorded.map(({ path }) => path)])].filter((path) => path !== "");
  if (all.length === 0)
    throw new PolicyError(
      "invalid_parameter",
      "what is to be decided? Name it with -e, as `-e authz/allow`, or annotate rules with `entrypoint: true`",
    );
  return all;
}

function annotated({ package: own, annotations, rules }: Module): string[] {
  const steps = (terms: Module["package"]["path"]["terms"]): string[] =>
    terms.flatMap((term) => (term.kind === "string" ? [term.value] : term.kind === "var" ? [term.name] : []));
  const path = steps(own.path.terms).slice(1);
  return annotations.flatMap(({ entrypoint, target }) => {
    if (entrypoint !== true) return [];
    const rule = rules[target];
    return [[...path, ...(rule === undefined ? [] : steps(rule.head.reference.terms))].join("/")];
  });
}

/** A packed bundle is known by being a file that is no Rego, JSON or YAML. */
async function loadSide(path: string, flags: Flags): Promise<SideSource> {
  const ignore = flags.ignore ?? [];
  const packed = flags.bundle === true || isPacked(path);
  const v0 = flags.v0Compatible === true ? { v0Compatible: true } : {};
  const shared = flags.data ?? [];
  const { modules, data } = await loadPolicies({
    data: packed ? shared : [...shared, path],
    bundle: packed ? [path] : [],
    ignore,
    ...v0,
  });
  if (!packed) return { name: path, modules, data };
  const bundle = await loadBundle(path, { ignore });
  const [module, second] = bundle.wasm;
  if (module === undefined) return { name: path, modules, data };
  if (second !== undefined)
    throw new PolicyError("bundle_error", `${path}: has more than one Wasm module; compare its sources`);
  const whole = mergeDocuments(data, bundle.data) ?? data;
  return { name: path, modules, data: whole, wasm: { bytes: module.bytes, entrypoints: module.entrypoints } };
}

function isPacked(path: string): boolean {
  try {
    return statSync(path).isFile() && !/\.(rego|json|ya?ml)$/.test(path);
  } catch (cause) {
    throw new PolicyError("io_error", ioMessage(path, cause), { cause });
  }
}
