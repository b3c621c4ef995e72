// The tools beside the real opa on everything: rego/, bundles/ and every conformance case. As a program: `whole CASES [--only eval,fmt]
// [--filter TEXT]`. The same JSON (order of keys and of tests aside, and times) and the same exit code, or the difference is printed, unless
// explained.yaml has a reason for it; exits 1 then. Ours runs in this process, call after call, as it would from the command line.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { decode, encode } from "../../src/value/json.ts";
import { isArray, isObject, type RegoNumber, type Value } from "../../src/value/value.ts";
import { type Case, readCases } from "../conformance/cases.ts";

const TOOLS = ["eval", "test", "check", "fmt", "parse", "inspect"] as const;
type Tool = (typeof TOOLS)[number];

interface Call {
  readonly tool: Tool;
  readonly name: string;
  readonly cwd: string;
  readonly args: readonly string[];
}

interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** Answers that differ from one call to the next, also in opa. */
const RANDOM = /\b(time\.now_ns|rand\.intn|uuid\.rfc4122|opa\.runtime|http\.send|net\.lookup_ip_addr)\b/;

function opa({ tool, args, cwd }: Call): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const child = spawn("opa", [tool, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ stdout, stderr, status: status ?? -1 }));
  });
}

const main = pathToFileURL(fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))).href;
let calls = 0;

/** The command line anew: only its first file is loaded again. */
async function reeve({ tool, args, cwd }: Call): Promise<Printed> {
  const { stdout, stderr, argv } = process;
  const before = process.cwd();
  const printed = { stdout: "", stderr: "" };
  const writes = [stdout.write, stderr.write] as const;
  const capture =
    (name: "stdout" | "stderr") =>
    (text: string | Uint8Array): boolean => {
      printed[name] += typeof text === "string" ? text : Buffer.from(text).toString();
      return true;
    };
  stdout.write = capture("stdout") as typeof stdout.write;
  stderr.write = capture("stderr") as typeof stderr.write;
  process.argv = [argv[0] as string, "reeve", tool, ...args];
  process.exitCode = 0;
  process.chdir(cwd);
  try {
    await import(`${main}?${++calls}`);
    return { ...printed, status: Number(process.exitCode) };
  } finally {
    process.chdir(before);
    process.argv = argv;
    [stdout.write, stderr.write] = writes;
    process.exitCode = 0;
    stdout.removeAllListeners("error");
    process.removeAllListeners("uncaughtException");
  }
}

/** What is compared. */
function seen(call: Call, { stdout, stderr, status }: Printed): string {
  const out = call.tool === "fmt" ? stdout : sorted(stdout);
  return `exit ${status}\n${out}\n${call.tool === "check" || status !== 0 ? sorted(stderr) : ""}`;
}

/** JSON with keys sorted, and lists of tests, which come in any order; other text as it is. */
function sorted(text: string): string {
  const masked = text.replace(/"duration": \d+/g, '"duration": 0');
  if (!/^\s*[[{]/.test(masked)) return masked;
  let value: Value;
  try {
    value = decode(masked);
  } catch {
    return masked;
  }
  return JSON.stringify(ordered(value), null, 1);
}

/** Numbers as their text, so that no digit is lost. */
function ordered(value: Value): unknown {
  if (value === null || typeof value !== "object") return value;
  if (isArray(value)) {
    const items = value.map((item) => ordered(item));
    const isTests = (items[0] as { package?: unknown } | null)?.package !== undefined;
    const text = (item: unknown): string => JSON.stringify(item);
    return isTests ? items.sort((a, b) => (text(a) < text(b) ? -1 : 1)) : items;
  }
  if (!isObject(value)) return `#${(value as RegoNumber).text}`;
  return Object.fromEntries(Array.from(value.entries(), ([name, item]) => [name, ordered(item)]));
}

const root = fileURLToPath(new URL("../../", import.meta.url));

type Explain = (call: Call, ours: string, theirs: string) => string | undefined;

/** What is known to differ, and why: entries of regular expressions over the call's name and both answers, each with its tools. */
function readExplained(file: string): Explain {
  interface Entry {
    readonly tools: readonly Tool[];
    readonly name: string;
    readonly opa: string;
    readonly ours: string;
    readonly reason: string;
  }
  const entries = (parse(readFileSync(file, "utf8")) as readonly Entry[]).map((entry) => ({
    ...entry,
    name: new RegExp(entry.name),
    opa: new RegExp(entry.opa),
    ours: new RegExp(entry.ours),
  }));
  return (call, ours, theirs) =>
    entries.find(
      ({ tools, name, opa, ours: own }) =>
        tools.includes(call.tool) && name.test(call.name) && opa.test(theirs) && own.test(ours),
    )?.reason;
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

/** Everything under rego/ and bundles/. */
function ownCalls(): Call[] {
  const call = (tool: Tool, ...args: string[]): Call => ({ tool, name: args.join(" "), cwd: root, args });
  const modules = [...filesBelow("rego", ".rego"), ...filesBelow("bundles", ".rego")];
  const bundles = readdirSync(join(root, "bundles")).filter((name) =>
    statSync(join(root, "bundles", name)).isDirectory(),
  );
  const given = (bundle: string): string[] => {
    const own = ["-b", join("bundles", bundle)];
    return filesBelow(join("bundles", bundle), ".rego").length > 0 ? own : ["-b", "rego", ...own];
  };
  return [
    ...modules.flatMap((file) => [
      call("parse", file, "-f", "json", "--json-include", "locations,comments"),
      call("fmt", file),
      call("inspect", file, "-a", "-f", "json"),
    ]),
    call("check", "-S", "rego", "bundles", "-f", "json"),
    call("test", "rego", "bundles/ai-tools/data.json", "-f", "json"),
    call("inspect", "rego", "-a", "-f", "json"),
    ...bundles.flatMap((bundle) => [
      call("check", "-f", "json", ...given(bundle).filter((word) => word !== "-b"), "-b"),
      call("inspect", join("bundles", bundle), "-a", "-f", "json"),
      call("test", "-f", "json", ...given(bundle).filter((word) => word !== "-b"), "-b"),
      call("eval", ...given(bundle), "data", "-f", "json"),
      ...filesBelow(join("bundles", bundle), "input.json").map((input) =>
        call("eval", ...given(bundle), "-i", input, "data", "-f", "json"),
      ),
    ]),
  ];
}

function caseCalls(item: Case, cwd: string): Call[] {
  mkdirSync(cwd);
  const files = item.modules.map((text, i) => {
    writeFileSync(join(cwd, `m${i}.rego`), text);
    return `m${i}.rego`;
  });
  const hasData = item.data !== undefined && item.data !== null;
  if (hasData) writeFileSync(join(cwd, "data.json"), encode(item.data));
  mkdirSync(join(cwd, "more"));
  writeFileSync(
    join(cwd, "more", "q_test.rego"),
    `package zz_query_test\n\ntest_query if {\n\t${item.query}\n}\n`,
  );
  const input = item.input === undefined ? [] : ["-i", join("more", "input.json")];
  if (item.input !== undefined) writeFileSync(join(cwd, "more", "input.json"), encode(item.input));
  const data = hasData ? ["data.json"] : [];
  const call = (tool: Tool, ...args: string[]): Call => ({
    tool,
    name: `${item.category}: ${item.note}`,
    cwd,
    args,
  });
  return [
    call(
      "eval",
      "-f",
      "json",
      ...[...files, ...data].flatMap((file) => ["-d", file]),
      ...input,
      ...(item.strict ? ["--strict-builtin-errors"] : []),
      item.query,
    ),
    ...(files.length === 0
      ? []
      : [
          call("check", "-f", "json", "-m", "0", ...files),
          call("test", "-f", "json", ...files, ...data, join("more", "q_test.rego")),
          call("fmt", ...files),
          call("inspect", "-f", "json", "-a", "."),
        ]),
    ...files.map((file) => call("parse", "-f", "json", "--json-include", "locations,comments", file)),
  ];
}

interface Count {
  calls: number;
  same: number;
  differ: number;
  random: number;
  readonly explained: Map<string, number>;
}

function different(call: Call, ours: string, theirs: string): string {
  const [left, right] = [ours.split("\n"), theirs.split("\n")];
  const at = left.findIndex((line, n) => line !== right[n]);
  const shown = (text: readonly string[]): string =>
    text.slice(Math.max(0, at < 0 ? text.length - 4 : at - 2), at < 0 ? undefined : at + 4).join("\n  ");
  return `${call.tool} ${call.name}\n  ${call.args.join(" ")}\n ours:\n  ${shown(left)}\n opa:\n  ${shown(right)}\n`;
}

/** The calls of one tool. Every difference is printed when it is met, the numbers at the end, and now and then how far it is. */
async function runTool(
  tool: Tool,
  calls: readonly Call[],
  isRandom: (call: Call) => boolean,
  explain: Explain,
): Promise<number> {
  const count: Count = { calls: 0, same: 0, differ: 0, random: 0, explained: new Map() };
  // The answers of opa are fetched some calls ahead: a process each, while this one works.
  const ahead: Promise<Printed>[] = [];
  const width = availableParallelism();
  for (const [i, call] of calls.entries()) {
    while (ahead.length <= i + width && ahead.length < calls.length)
      ahead.push(opa(calls[ahead.length] as Call));
    const ours = seen(call, await reeve(call));
    const theirs = seen(call, await (ahead[i] as Promise<Printed>));
    (ahead as unknown[])[i] = undefined;
    count.calls++;
    const reason = ours === theirs ? undefined : explain(call, ours, theirs);
    if (ours === theirs) count.same++;
    else if (reason !== undefined) count.explained.set(reason, (count.explained.get(reason) ?? 0) + 1);
    else if (isRandom(call)) count.random++;
    else {
      count.differ++;
      process.stdout.write(different(call, ours, theirs));
    }
    if (count.calls % 250 === 0) process.stderr.write(`${tool}: ${count.calls} of ${calls.length}\n`);
  }
  const drawn = count.random > 0 ? `, ${count.random} that draw or ask the clock` : "";
  process.stdout.write(
    `${tool}: ${count.calls} compared, ${count.same} the same, ${count.differ} different${drawn}\n`,
  );
  for (const [reason, times] of count.explained) process.stdout.write(`  ${times} explained: ${reason}\n`);
  return count.differ;
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: "string" }, filter: { type: "string" } },
  });
  const [folder] = positionals;
  const only = new Set(values.only?.split(",") ?? TOOLS);
  const filter = values.filter ?? "";
  const temporary = mkdtempSync(join(tmpdir(), "whole-"));
  const cases = folder === undefined ? [] : readCases(folder);
  const nameOf = (item: Case): string => `${item.category}: ${item.note}`;
  const random = new Set(
    cases.filter((item) => RANDOM.test([item.query, ...item.modules].join("\n"))).map(nameOf),
  );
  const isRandom = ({ tool, name }: Call): boolean =>
    (tool === "eval" || tool === "test") && random.has(name);
  const explain = readExplained(join(root, "test/interop/explained.yaml"));
  let differ = 0;
  try {
    const all = [
      ...ownCalls(),
      ...cases.flatMap((item, i) =>
        nameOf(item).includes(filter) ? caseCalls(item, join(temporary, String(i))) : [],
      ),
    ].filter(({ name }) => name.includes(filter));
    for (const tool of TOOLS) {
      const calls = all.filter((call) => call.tool === tool && only.has(tool));
      if (calls.length > 0) differ += await runTool(tool, calls, isRandom, explain);
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  process.exitCode = differ === 0 ? 0 : 1;
}

await run();
