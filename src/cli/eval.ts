// `reeve eval`: one query over files and bundles, in OPA's output formats and with OPA's exit codes.

import { Command } from "commander";
import { builtins } from "../builtins/registry.ts";
import type { Builtin } from "../builtins/builtin.ts";
import { withCustom } from "../builtins/custom.ts";
import { lookup } from "../bundle/tree.ts";
import { commandRuntime } from "../builtins/opa.ts";
import type { WasmModule } from "../bundle/bundle.ts";
import { checkModules } from "../compile/compile.ts";
import { prepare } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import type { QueryAnswer } from "../query.ts";
import type { Reason } from "../tester/coverage.ts";
import { type Findings, Probe } from "../tester/probe.ts";
import { moduleValue } from "../syntax/module-value.ts";
import type { Value } from "../value/value.ts";
import { loadBuiltins } from "../builtins/custom-file.ts";
import { allowedHosts, capabilityOptions, refuseWithoutV1 } from "./capability-file.ts";
import { runWithin } from "./deadline.ts";
import { addEvalOptions, type EvalFlags, profiled, validate } from "./eval-flags.ts";
import { finish, type Run } from "./eval-report.ts";
import { type Loaded, loadPolicies, regoVersionFor } from "./load.ts";
import { Timers } from "./metrics.ts";
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
  const custom = await loadBuiltins(flags.builtins);
  const capabilities = capabilityOptions(flags.capabilities, custom);
  if (flags.timeout !== undefined && flags.timeout > 0) {
    if (runWithin(flags.timeout)) return;
    const error = new PolicyError("eval_cancel_error", "context deadline exceeded");
    return finish([{ error, timings: new Map(), findings: {} }], "", flags);
  }
  const text = flags.stdin === true ? readStdin() : (queries[0] ?? "");
  const input = readInput(flags);
  let schemas: Known["schemas"];
  try {
    schemas = readSchemas(flags.schema);
  } catch (error) {
    // What is wrong with a schema is not told as a finding about the query.
    process.stderr.write(`${output.prettyErrors(error, " during loading")}\n`);
    process.exitCode = output.EXIT_ERROR;
    return;
  }
  const runs: Run[] = [];
  for (let i = 0; i < flags.count && runs.at(-1)?.error === undefined; i++)
    runs.push(await runOnce(text, input, { capabilities, custom, schemas }, flags));
  finish(runs, text, flags);
}

interface Known {
  readonly capabilities: ReturnType<typeof capabilityOptions>;
  /** The host's own. */
  readonly custom: readonly Builtin[];
  readonly schemas: ReturnType<typeof readSchemas>;
}

/** What a run came to; what it failed with is told beside what was measured until then. */
async function runOnce(text: string, input: Value | undefined, known: Known, flags: EvalFlags): Promise<Run> {
  const timers = new Timers();
  let probe: Probe | undefined;
  const findings = async (): Promise<Findings> => (await probe?.findings()) ?? {};
  try {
    refuseWithoutV1(known.capabilities, regoVersionFor(flags));
    const made = await prepared(text, input, known, flags, timers);
    if (made instanceof Probe) probe = made;
    const answer = await timers.timeAsync("rego_query_eval", () => made.run());
    return { answer, timings: timers.timings(), findings: await findings() };
  } catch (error) {
    return { error, timings: timers.timings(), findings: await findings() };
  }
}

async function prepared(
  text: string,
  input: Value | undefined,
  { capabilities, custom, schemas }: Known,
  flags: EvalFlags,
  timers: Timers,
): Promise<{ run(): Promise<QueryAnswer> }> {
  const hasFiles = flags.data !== undefined || flags.bundle !== undefined;
  const loaded = await loading(() => loadPolicies(flags, timers));
  const document = input === undefined ? undefined : { value: input };
  const shipped = loaded.bundles
    .flatMap((bundle) => bundle.wasm)
    .find((module) => module.entrypoints.includes(entrypointOf(text)));
  if (shipped !== undefined) return { run: () => answerOfShipped(shipped, text, loaded, document, flags) };
  const check = () =>
    checkModules(loaded.modules, {
      ...capabilities,
      ...(flags.strict === true && { strict: true }),
      ...(schemas !== undefined && { schemas, schemaAnnotations: true }),
      print: true,
      pathExists: (path) => lookup(loaded.data, path) !== undefined,
    });
  const compiled = loaded.modules.length > 0 ? timers.time("rego_module_compile", check) : check();
  if (flags.optimize > 0 && hasFiles && flags.entrypoint === undefined && compiled.entrypoints.length === 0)
    throw new PolicyError("invalid_input", "bundle optimizations require at least one entrypoint");
  return new Probe(
    loaded.modules,
    compiled,
    {
      text,
      data: loaded.data,
      input: document,
      imports: flags.import,
      package: flags.package,
      strictBuiltinErrors: flags.strictBuiltinErrors,
      regoVersion: regoVersionFor(flags),
      context: {
        print: (message) => process.stderr.write(`${message}\n`),
        runtime: commandRuntime(process.env),
        allowNet: allowedHosts(flags.capabilities),
      },
      ...(custom.length > 0 && { builtins: withCustom(builtins, custom) }),
      onTime: timers.time,
    },
    {
      explain: flags.explain === "off" ? undefined : flags.explain,
      profile: profiled(flags),
      coverage: flags.coverage === true ? ((flags.coverageRuns ?? []) as Reason[]) : undefined,
    },
  );
}

/** OPA says of bundles, and only of them, that loading failed. */
async function loading<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof PolicyError) || !/^(bundle (?!activation)|error reading )/.test(error.message))
      throw error;
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
  const engine = prepare({
    wasm: module.bytes,
    data,
    builtins: withCustom(builtins, await loadBuiltins(flags.builtins)),
    context: { parseModule: moduleValue },
  });
  const answer = await engine.evaluateAsync(entrypointOf(query), input, {
    strict: flags.strictBuiltinErrors === true,
  });
  const { value } = answer;
  const expression = { text: query.trim(), location: { row: 1, col: 1 } };
  const solutions =
    value === undefined ? [] : [{ expressions: [{ value, ...expression }], bindings: new Map() }];
  return { solutions, failures: answer.errors };
}
