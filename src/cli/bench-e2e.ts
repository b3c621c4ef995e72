// `reeve bench --e2e`: the same query asked of a daemon over HTTP, for what serving it costs. Starts `reeve run -s` as a process of its own, asks
// it again and again for about a second, and stops it. What each answer tells of its stages is gathered by name.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { type Diagnostic, PolicyError } from "../error.ts";
import { parseQuery } from "../syntax/parser.ts";
import type { BenchResult } from "./bench-report.ts";
import { statistics } from "./metrics.ts";

export interface ServedQuery {
  readonly text: string;
  /** JSON; undefined: none. */
  readonly input: string | undefined;
  /** What the daemon is given besides its address. */
  readonly daemonFlags: readonly string[];
  readonly failOnUndefined: boolean;
  readonly metrics: boolean;
}

const BENCHMARK_NS = 1_000_000_000;
const WARM_UP_RUNS = 20;

/** Measures `count` times, with one daemon. Throws PolicyError with what the daemon complains of. */
export async function measureServed(
  query: ServedQuery,
  count: number,
  onResult: (result: BenchResult) => void,
): Promise<void> {
  if (parseQuery(query.text).body === undefined)
    throw new PolicyError("invalid_input", "error occurred while parsing query");
  const daemon = spawn(
    process.execPath,
    [process.argv[1] as string, "run", "-s", "-a", "localhost:0", "-l", "error", ...query.daemonFlags],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const agent = new Agent({ keepAlive: true });
  try {
    const ask = asker(await urlOf(daemon), query, agent);
    for (let i = 0; i < count; i++) onResult(await measure(ask));
  } finally {
    agent.destroy();
    if (daemon.exitCode === null && daemon.kill()) await once(daemon, "exit");
  }
}

/** Where it listens, or why it does not. */
async function urlOf(daemon: ChildProcess): Promise<string> {
  let complaint = "";
  daemon.stderr?.on("data", (chunk: Buffer) => (complaint += String(chunk)));
  const line = await Promise.race([
    once(daemon.stdout as NonNullable<ChildProcess["stdout"]>, "data").then(([chunk]) => String(chunk)),
    once(daemon, "close").then(() => undefined),
  ]);
  if (line === undefined)
    throw new PolicyError(
      "invalid_input",
      complaint.trim().replace(/^error: /i, "") || "the daemon did not start",
    );
  return (JSON.parse(line) as { url: string }).url;
}

type Ask = () => Promise<Readonly<Record<string, unknown>>>;

/** As OPA asks: a path of `data` by the Data API, all else by the Query API. */
function asker(
  url: string,
  { text, input = "{}", failOnUndefined, metrics }: ServedQuery,
  agent: Agent,
): Ask {
  const isPath = text.startsWith("data.");
  const path = isPath ? text.replaceAll(".", "/") : "query";
  const body = isPath ? `{"input":${input}}` : `{"input":${input},"query":${JSON.stringify(text)}}`;
  const target = `${url}/v1/${path}${metrics ? "?metrics=true" : ""}`;
  return async () => {
    const { status, json } = await post(target, body, agent);
    const answer = JSON.parse(json) as Answer;
    if (status !== 200) throw failureOf(status, answer);
    if (answer.result === undefined && failOnUndefined)
      throw new PolicyError("invalid_input", "undefined result");
    return answer.metrics ?? {};
  };
}

interface Answer {
  readonly result?: unknown;
  readonly metrics?: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly errors?: readonly Diagnostic[];
}

function failureOf(status: number, { message, errors }: Answer): PolicyError {
  if (errors === undefined)
    return new PolicyError(
      "invalid_input",
      `request failed, the daemon replied with HTTP ${status}: ${message}`,
    );
  return new PolicyError("invalid_input", String(message), { diagnostics: errors });
}

function post(target: string, body: string, agent: Agent): Promise<{ status: number; json: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(target, { method: "POST", agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, json: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function measure(ask: Ask): Promise<BenchResult> {
  for (let i = 0; i < WARM_UP_RUNS; i++) await ask();
  const told = new Map<string, number[]>();
  let ns = 0;
  let runs = 0;
  for (; ns < BENCHMARK_NS; runs++) {
    const start = process.hrtime.bigint();
    const metrics = await ask();
    ns += Number(process.hrtime.bigint() - start);
    for (const [name, value] of Object.entries(metrics)) {
      if (typeof value !== "number") continue;
      const values = told.get(name) ?? [];
      values.push(value);
      told.set(name, values);
    }
  }
  const extra = [...told].flatMap(([name, values]) =>
    Object.entries(statistics(values)).map(([kind, value]) => [`histogram_${name}_${kind}`, value] as const),
  );
  return { runs, ns, extra: Object.fromEntries(extra) };
}
