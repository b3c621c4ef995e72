// `reeve eval`: one query over files and bundles, in OPA's output formats and with OPA's exit codes.

import { Command, Option } from "commander";
import { builtins } from "../builtins/registry.ts";
import type { Bundle, WasmModule } from "../bundle/bundle.ts";
import { load as loadBundle } from "../bundle/load.ts";
import { regoVersionOf } from "../bundle/manifest.ts";
import { checkSources, type SourceText } from "../compile/compile.ts";
import { prepare } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import { type QuerySolution, runQuery } from "../query.ts";
import { decodeYaml, loadSources, mergeDocuments } from "../sources.ts";
import type { RegoVersion } from "../syntax/ast.ts";
import { decode, encode } from "../value/json.ts";
import { object } from "../value/object.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { addCompilerOptions, addDataOptions, collect, formatOption, readStdin, readText } from "./options.ts";
import * as output from "./output.ts";

interface EvalFlags {
  readonly data?: string[];
  readonly bundle?: string[];
  readonly ignore?: string[];
  readonly input?: string;
  readonly stdin?: boolean;
  readonly stdinInput?: boolean;
  readonly format: string;
  readonly fail?: boolean;
  readonly failDefined?: boolean;
  readonly strict?: boolean;
  readonly strictBuiltinErrors?: boolean;
  readonly import?: string[];
  readonly package?: string;
  readonly prettyLimit: number;
  readonly v0Compatible?: boolean;
}

const FORMATS = ["json", "values", "bindings", "pretty", "raw", "discard"] as const;

export function command(): Command {
  const command = new Command("eval")
    .description("Evaluate a Rego query and print the result.")
    .argument("[query]", "the query")
    .addOption(formatOption(FORMATS, "json"))
    .option("-i, --input <path>", "input file (JSON or YAML)")
    .option("-I, --stdin-input", "read the input document from stdin")
    .option("--stdin", "read the query from stdin")
    .option("--fail", "exit non-zero on an undefined or empty result and on errors")
    .option("--fail-defined", "exit non-zero on a defined, non-empty result and on errors")
    .option("--strict-builtin-errors", "treat the first error of a builtin as fatal")
    .option("--import <ref>", "query import(s); this flag can be repeated", collect)
    .option("--package <package>", "query package")
    .addOption(
      new Option("--pretty-limit <n>", "limit after which pretty output gets truncated")
        .default(80)
        .argParser(Number),
    );
  addDataOptions(command);
  addCompilerOptions(command);
  return command.action(evaluate);
}

async function evaluate(query: string | undefined, flags: EvalFlags): Promise<void> {
  const text = flags.stdin === true ? readStdin() : query;
  if (text === undefined) throw new PolicyError("invalid_parameter", "specify query argument or --stdin");
  try {
    const input = readInput(flags);
    const { modules, data, bundles } = await load(flags);
    const shipped = bundles
      .flatMap((bundle) => bundle.wasm)
      .find((module) => module.entrypoints.includes(entrypointOf(text)));
    if (shipped !== undefined) return await evaluateShipped(shipped, text, data, input, flags);
    const compiled = checkSources(modules, { ...(flags.strict === true && { strict: true }), print: true });
    const solutions = await runQuery(compiled, {
      text,
      data,
      input: input === undefined ? undefined : { value: input },
      imports: flags.import,
      package: flags.package,
      strictBuiltinErrors: flags.strictBuiltinErrors,
      context: { print: (message) => process.stderr.write(`${message}\n`) },
    });
    finish(solutions, flags);
  } catch (error) {
    if (flags.format === "json")
      process.stdout.write(
        `${output.indentJson(output.plainToJson({ errors: output.outputErrors(error) }))}\n`,
      );
    else process.stderr.write(`${output.prettyErrors(error)}\n`);
    process.exitCode = output.EXIT_ERROR;
  }
}

function readInput(flags: EvalFlags): Value | undefined {
  if (flags.stdinInput !== true && flags.input === undefined) return undefined;
  const name = flags.input ?? "stdin";
  const text = flags.stdinInput === true ? readStdin() : readText(name);
  try {
    return decode(text, { file: name });
  } catch (error) {
    // OPA takes YAML too; what is neither is reported as the JSON that it nearly always was meant to be.
    if (/^\s*[[{]/.test(text))
      throw new PolicyError("invalid_input", `unable to parse input: ${(error as Error).message}`);
    return decodeYaml(name, text);
  }
}

function finish(solutions: readonly QuerySolution[], flags: EvalFlags): void {
  process.stdout.write(present(solutions, flags));
  const empty = solutions.length === 0;
  if ((flags.fail === true && empty) || (flags.failDefined === true && !empty))
    process.exitCode = output.EXIT_FAIL;
}

/** `data.authz.allow` as an entrypoint, `authz/allow`. */
function entrypointOf(query: string): string {
  return /^data(\.\w+)+$/.test(query.trim()) ? query.trim().slice(5).replaceAll(".", "/") : "";
}

/** A query for what a shipped module answers is answered by that module, not by the Rego beside it. */
async function evaluateShipped(
  module: WasmModule,
  query: string,
  data: RegoObject,
  input: Value | undefined,
  flags: EvalFlags,
): Promise<void> {
  const engine = prepare({ wasm: module.bytes, data, builtins });
  const answer = await engine.evaluateAsync(
    entrypointOf(query),
    input === undefined ? undefined : { value: input },
    {
      strict: flags.strictBuiltinErrors === true,
    },
  );
  const { value } = answer;
  const text = query.trim();
  const solution = (result: Value): QuerySolution => ({
    expressions: [{ value: result, text, location: { row: 1, col: 1 } }],
    bindings: new Map(),
  });
  finish(value === undefined ? [] : [solution(value)], flags);
}

/** `-d` files and folders, and `-b` bundles, in one: modules side by side, data merged. */
async function load(
  flags: EvalFlags,
): Promise<{ modules: SourceText[]; data: RegoObject; bundles: Bundle[] }> {
  const ignore = flags.ignore ?? [];
  const fallback: RegoVersion = flags.v0Compatible === true ? "v0" : "v1";
  const loaded = loadSources(flags.data ?? [], { ignore });
  const paths = [...(flags.bundle ?? []), ...loaded.bundles];
  const bundles = await Promise.all(paths.map((path) => loadBundle(path, { ignore })));
  const modules: SourceText[] = loaded.modules.map((module) => ({ ...module, regoVersion: fallback }));
  let { data } = loaded;
  for (const [i, bundle] of bundles.entries()) {
    for (const { path, text } of bundle.modules) {
      const version = regoVersionOf(bundle.manifest, path);
      modules.push({
        file: path,
        text,
        regoVersion: version === undefined ? fallback : version === 0 ? "v0" : "v1",
      });
    }
    const merged = mergeDocuments(data, bundle.data);
    if (merged === undefined)
      throw new PolicyError("bundle_error", `${paths[i]}: its data conflicts with what was loaded before`);
    data = merged;
  }
  return { modules, data, bundles };
}

function present(solutions: readonly QuerySolution[], flags: EvalFlags): string {
  const indented = (value: Value): string => `${encode(value, { indent: "  " })}\n`;
  switch (flags.format) {
    case "json":
      return solutions.length === 0 ? "{}\n" : `${output.indentJson(resultJson(solutions))}\n`;
    case "values":
      return solutions
        .map((solution) => indented(solution.expressions.map((expression) => expression.value)))
        .join("");
    case "bindings":
      return solutions.map((solution) => indented(object(solution.bindings))).join("");
    case "raw":
      return solutions
        .map(
          (solution) =>
            `${solution.expressions.map(({ value }) => (typeof value === "string" ? value : encode(value))).join(" ")}\n`,
        )
        .join("");
    case "discard":
      return solutions.length === 0 ? "{}\n" : '{\n  "result": "discarded"\n}\n';
    default:
      return pretty(solutions, flags.prettyLimit);
  }
}

function resultJson(solutions: readonly QuerySolution[]): string {
  const results = solutions.map(({ expressions, bindings }) => {
    const shown = expressions.map(
      ({ value, text, location }) =>
        `{"value":${encode(value)},"text":${encode(text)},"location":{"row":${location.row},"col":${location.col}}}`,
    );
    const bound = bindings.size === 0 ? "" : `,"bindings":${encode(object(bindings))}`;
    return `{"expressions":[${shown.join(",")}]${bound}}`;
  });
  return `{"result":[${results.join(",")}]}`;
}

function pretty(solutions: readonly QuerySolution[], limit: number): string {
  const [first] = solutions;
  if (first === undefined) return "undefined\n";
  const [only] = first.expressions;
  const allBoolean = first.expressions.every(({ value }) => typeof value === "boolean");
  if (
    solutions.length === 1 &&
    first.bindings.size === 0 &&
    only !== undefined &&
    (first.expressions.length === 1 || allBoolean)
  ) {
    return `${encode(only.value, { indent: "  " })}\n`;
  }
  const names = [...first.bindings.keys()].sort();
  const values = first.expressions.flatMap(({ value, text }, i) =>
    typeof value === "boolean" ? [] : [{ text, i }],
  );
  const cut = (json: string): string =>
    limit > 0 && json.length > limit ? `${json.slice(0, limit)}...` : json;
  const rows = solutions.map(({ bindings, expressions }) => [
    ...names.map((name) => cut(encode(bindings.get(name) ?? null))),
    ...values.map(({ i }) => cut(encode(expressions[i]?.value ?? null))),
  ]);
  return output.table([...names, ...values.map(({ text }) => text)], rows);
}
