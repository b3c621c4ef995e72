// `reeve eval`: one query over files and bundles, in OPA's output formats and with OPA's exit codes.

import { Command } from "commander";
import { builtins } from "../builtins/registry.ts";
import type { WasmModule } from "../bundle/bundle.ts";
import { checkModules } from "../compile/compile.ts";
import { prepare } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import { prepareQuery, type QueryAnswer } from "../query.ts";
import type { Value } from "../value/value.ts";
import { capabilityOptions, refuseWithoutV1 } from "./capability-file.ts";
import { runWithin } from "./deadline.ts";
import { addEvalOptions, type EvalFlags, validate } from "./eval-flags.ts";
import { present } from "./eval-output.ts";
import { type Loaded, loadPolicies, regoVersionFor } from "./load.ts";
import { aggregate, aggregateTable, Timers, type Timings, timingsJson, timingsTable } from "./metrics.ts";
import { readInput } from "./input.ts";
import { readStdin } from "./options.ts";
import * as output from "./output.ts";
import { readSchemas } from "./schema-files.ts";

export function command(): Command {
  const command = new Command("eval")
    .description("Evaluate a Rego query and print the result.")
    .argument("[query...]", "the query");
  return addEvalOptions(command).action(evaluate);
}

async function evaluate(queries: string[], flags: EvalFlags): Promise<void> {
  validate(queries, flags);
  const capabilities = capabilityOptions(flags.capabilities);
  if (flags.timeout !== undefined && flags.timeout > 0) {
    if (runWithin(flags.timeout)) return;
    return failEvaluation(new PolicyError("eval_cancel_error", "context deadline exceeded"), flags);
  }
  const text = flags.stdin === true ? readStdin() : (queries[0] ?? "");
  const input = readInput(flags);
  try {
    refuseWithoutV1(capabilities, regoVersionFor(flags));
    const runs: Run[] = [];
    for (let i = 0; i < flags.count; i++) runs.push(await runOnce(text, input, capabilities, flags));
    const [first] = runs;
    if (first !== undefined) finish(first, runs, flags);
  } catch (error) {
    failEvaluation(error, flags);
  }
}

function failEvaluation(error: unknown, flags: EvalFlags): void {
  if (flags.format === "json" || flags.format === "discard") process.stdout.write(output.errorsJson(error));
  else process.stderr.write(`${output.prettyErrors(error)}\n`);
  process.exitCode = output.EXIT_ERROR;
}

interface Run {
  readonly answer: QueryAnswer;
  readonly timings: Timings;
}

async function runOnce(
  text: string,
  input: Value | undefined,
  capabilities: ReturnType<typeof capabilityOptions>,
  flags: EvalFlags,
): Promise<Run> {
  const timers = new Timers();
  const schemas = readSchemas(flags.schema);
  const hasFiles = flags.data !== undefined || flags.bundle !== undefined;
  const load = (): Promise<Loaded> => loading(() => loadPolicies(flags));
  const loaded = hasFiles ? await timers.timeAsync("rego_load_files", load) : await load();
  const document = input === undefined ? undefined : { value: input };
  const shipped = loaded.bundles
    .flatMap((bundle) => bundle.wasm)
    .find((module) => module.entrypoints.includes(entrypointOf(text)));
  if (shipped !== undefined) {
    const answer = await timers.timeAsync("rego_query_eval", () =>
      answerOfShipped(shipped, text, loaded, document, flags),
    );
    return { answer, timings: timers.timings() };
  }
  const check = () =>
    checkModules(loaded.modules, {
      ...capabilities,
      ...(flags.strict === true && { strict: true }),
      ...(schemas !== undefined && { schemas, schemaAnnotations: true }),
      print: true,
    });
  const compiled = hasFiles ? timers.time("rego_module_compile", check) : check();
  const prepared = prepareQuery(compiled, {
    text,
    data: loaded.data,
    input: document,
    imports: flags.import,
    package: flags.package,
    strictBuiltinErrors: flags.strictBuiltinErrors,
    regoVersion: regoVersionFor(flags),
    context: { print: (message) => process.stderr.write(`${message}\n`) },
    onTime: timers.time,
  });
  const answer = await timers.timeAsync("rego_query_eval", () => prepared.run());
  return { answer, timings: timers.timings() };
}

/** OPA says of bundles, and only of them, that loading failed. */
async function loading<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof PolicyError) || !/^(bundle |error reading )/.test(error.message)) throw error;
    throw new PolicyError("bundle_error", `loading error: ${error.message}`);
  }
}

/** `data.authz.allow` as an entrypoint, `authz/allow`. */
function entrypointOf(query: string): string {
  return /^data(\.\w+)+$/.test(query.trim()) ? query.trim().slice(5).replaceAll(".", "/") : "";
}

/** A query for what a shipped module answers is answered by that module, not by the Rego beside it. */
async function answerOfShipped(
  module: WasmModule,
  query: string,
  { data }: Loaded,
  input: { readonly value: Value } | undefined,
  flags: EvalFlags,
): Promise<QueryAnswer> {
  const engine = prepare({ wasm: module.bytes, data, builtins });
  const answer = await engine.evaluateAsync(entrypointOf(query), input, {
    strict: flags.strictBuiltinErrors === true,
  });
  const { value } = answer;
  const expression = { text: query.trim(), location: { row: 1, col: 1 } };
  const solutions =
    value === undefined ? [] : [{ expressions: [{ value, ...expression }], bindings: new Map() }];
  return { solutions, failures: answer.errors };
}

function finish({ answer, timings }: Run, runs: readonly Run[], flags: EvalFlags): void {
  const failures = flags.showBuiltinErrors === true ? answer.failures : [];
  const { solutions } = answer;
  const empty = solutions.length === 0;
  const measured = flags.metrics === true || flags.instrument === true;
  const aggregated = flags.count > 1 ? aggregate(runs.map((run) => run.timings)) : undefined;
  if (failures.length > 0 && flags.format !== "json" && flags.format !== "discard") {
    const diagnostics = failures.map(({ code, message, location }) => ({
      code,
      message,
      ...(location && { location }),
    }));
    process.stderr.write(
      `${output.prettyErrors(new PolicyError("eval_builtin_error", "", { diagnostics }))}\n`,
    );
  } else {
    const before = `"errors":${output.plainToJson(failures.map((failure) => output.diagnosticToOutput({ code: failure.code, message: failure.message, ...(failure.location && { location: failure.location }) })))}`;
    const after =
      aggregated === undefined
        ? `"metrics":${timingsJson(timings)}`
        : `"aggregated_metrics":${JSON.stringify(Object.fromEntries(aggregated))}`;
    process.stdout.write(
      present(solutions, flags, { ...(failures.length > 0 && { before }), ...(measured && { after }) }),
    );
  }
  if (measured && flags.format === "pretty")
    process.stdout.write(aggregated === undefined ? timingsTable(timings) : aggregateTable(aggregated));
  if ((flags.fail === true && empty) || (flags.failDefined === true && !empty))
    process.exitCode = output.EXIT_FAIL;
}
