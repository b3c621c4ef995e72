// `reeve bench`: one query, compiled once and evaluated again and again for about a second by our own engine; in OPA's formats. Bytes are those
// of the JavaScript heap: V8 counts no allocations, so none are reported.

import { Command } from "commander";
import { withCustom } from "../builtins/custom.ts";
import { loadBuiltins } from "../builtins/custom-file.ts";
import { builtins } from "../builtins/registry.ts";
import { checkModules } from "../compile/compile.ts";
import { PolicyError } from "../error.ts";
import { type PreparedQuery, prepareQuery } from "../query.ts";
import { encode } from "../value/json.ts";
import { measureServed, type ServedQuery } from "./bench-e2e.ts";
import { type BenchResult, present, twoColumns } from "./bench-report.ts";
import { capabilityOptions } from "./capability-file.ts";
import { addQueryOptions, type EvalFlags, validate } from "./eval-flags.ts";
import { readInput } from "./input.ts";
import { loadPolicies, regoVersionFor } from "./load.ts";
import { statistics } from "./metrics.ts";
import { formatOption, parseInteger, readStdin } from "./options.ts";
import * as output from "./output.ts";
import { type Share, sample } from "./sampling.ts";
import { readSchemas } from "./schema-files.ts";

interface BenchFlags extends EvalFlags {
  readonly benchmem: boolean;
  readonly metrics: boolean;
  readonly fail: boolean;
  readonly profile?: boolean;
  readonly e2e?: boolean;
  readonly configFile?: string;
  readonly shutdownGracePeriod: number;
  readonly shutdownWaitPeriod: number;
}

const BENCHMARK_NS = 1_000_000_000;
const WARM_UP_RUNS = 100;
const MAX_SAMPLES = 1_000_000;

export function command(): Command {
  const command = new Command("bench")
    .description("Benchmark a Rego query.")
    .argument("[query...]", "the query")
    .addOption(formatOption(["pretty", "json", "gobench"], "pretty"))
    .option("--benchmem", "report memory with benchmark results", true)
    .option("--no-benchmem", "leave memory out")
    .option("--metrics", "report query performance metrics", true)
    .option("--no-metrics", "leave metrics out")
    .option("--profile", "report where the time goes instead: rules, builtins, the runtime, the host")
    .option("--e2e", "ask a daemon, started for it, over HTTP")
    .option("-c, --config-file <path>", "with --e2e: configuration file of the daemon")
    .option(
      "--shutdown-grace-period <seconds>",
      "with --e2e: time to let running requests finish",
      parseInteger,
      10,
    )
    .option(
      "--shutdown-wait-period <seconds>",
      "with --e2e: time to go on serving before shutting down",
      parseInteger,
      0,
    )
    .option("--no-fail", "take an undefined result, too")
    .option("--optimize-store-for-read-speed", "accepted for OPA's sake")
    .option("--count <n>", "number of times to repeat each benchmark", parseInteger, 1);
  addQueryOptions(command);
  return command.action(run);
}

async function run(queries: string[], flags: BenchFlags): Promise<void> {
  validate(queries, { ...flags, optimize: 0, explain: "off" });
  const text = flags.stdin === true ? readStdin() : (queries[0] ?? "");
  const { benchmem, format } = flags;
  const show = (result: BenchResult): void =>
    void process.stdout.write(present(result, { format, benchmem }));
  try {
    if (flags.e2e === true) return await measureServed(servedQuery(text, flags), flags.count, show);
    const prepared = await prepareBenchmark(text, flags);
    const { solutions } = await prepared.run();
    if (solutions.length === 0 && flags.fail !== false)
      throw new PolicyError("invalid_input", "undefined result");
    if (flags.profile === true)
      return void process.stdout.write(presentProfile(await profile(prepared), flags));
    for (let i = 0; i < flags.count; i++) show(await measure(prepared, flags.metrics));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    if (flags.format === "json") process.stdout.write(output.errorsJson(error));
    else process.stderr.write(`${output.prettyErrors(error)}\n`);
    process.exitCode = output.EXIT_FAIL;
  }
}

/** As in OPA, one path that is a bundle makes all of them bundles. */
function servedQuery(text: string, flags: BenchFlags): ServedQuery {
  const input = readInput(flags);
  const { data = [], bundle, configFile, builtins: own, v0Compatible } = flags;
  return {
    text: text.trim(),
    input: input === undefined ? undefined : encode(input),
    failOnUndefined: flags.fail !== false,
    metrics: flags.metrics,
    daemonFlags: [
      ...(bundle === undefined ? [] : ["-b", "--skip-verify"]),
      ...(configFile === undefined ? [] : ["-c", configFile]),
      ...(own === undefined ? [] : ["--builtins", own]),
      ...(v0Compatible === true ? ["--v0-compatible"] : []),
      ...(flags.ignore ?? []).flatMap((name) => ["--ignore", name]),
      `--shutdown-grace-period=${flags.shutdownGracePeriod}`,
      `--shutdown-wait-period=${flags.shutdownWaitPeriod}`,
      ...data,
      ...(bundle ?? []),
    ],
  };
}

async function prepareBenchmark(text: string, flags: BenchFlags): Promise<PreparedQuery> {
  const custom = await loadBuiltins(flags.builtins);
  const input = readInput(flags);
  const schemas = readSchemas(flags.schema);
  const { modules, data } = await loadPolicies(flags);
  const compiled = checkModules(modules, {
    ...capabilityOptions(flags.capabilities, custom),
    ...(flags.strict === true && { strict: true }),
    ...(schemas !== undefined && { schemas, schemaAnnotations: true }),
  });
  return prepareQuery(compiled, {
    text,
    data,
    input: input === undefined ? undefined : { value: input },
    imports: flags.import,
    package: flags.package,
    regoVersion: regoVersionFor(flags),
    ...(custom.length > 0 && { builtins: withCustom(builtins, custom) }),
    names: flags.profile,
  });
}

async function measure(prepared: PreparedQuery, metrics: boolean): Promise<BenchResult> {
  for (let i = 0; i < WARM_UP_RUNS; i++) await prepared.run();
  const samples: number[] = [];
  let bytes = 0;
  let ns = 0;
  let runs = 0;
  for (; ns < BENCHMARK_NS && runs < MAX_SAMPLES; runs++) {
    const heap = process.memoryUsage().heapUsed;
    const start = process.hrtime.bigint();
    await prepared.run();
    const took = Number(process.hrtime.bigint() - start);
    // A collection in between makes the heap smaller: that run tells nothing about memory.
    bytes += Math.max(0, process.memoryUsage().heapUsed - heap);
    samples.push(took);
    ns += took;
  }
  const extra = Object.entries(statistics(samples)).map(
    ([name, value]) => [`histogram_timer_rego_query_eval_ns_${name}`, value] as const,
  );
  return { runs, ns, bytes, extra: metrics ? Object.fromEntries(extra) : {} };
}

async function profile(prepared: PreparedQuery): Promise<Share[]> {
  for (let i = 0; i < WARM_UP_RUNS; i++) await prepared.run();
  return sample(async () => {
    for (const end = process.hrtime.bigint() + BigInt(BENCHMARK_NS); process.hrtime.bigint() < end; )
      for (let i = 0; i < WARM_UP_RUNS; i++) await prepared.run();
  });
}

function presentProfile(shares: readonly Share[], flags: BenchFlags): string {
  if (flags.format === "json") return `${output.indentJson(output.plainToJson(shares))}\n`;
  return twoColumns(shares.map(({ part, share }) => [part, `${(share * 100).toFixed(1)} %`] as const));
}
