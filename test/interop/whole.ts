// The tools beside the real opa on everything: rego/, bundles/ and every conformance case. As a program: `whole CASES [--only eval,fmt]
// [--filter TEXT]`. The same JSON (order of keys, of findings and of tests aside, and times) and the same exit code, or the difference is
// printed; exits 1 then. Ours runs in this process, call after call, as it would from the command line.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
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

/** What is known to differ, and why ours is right. */
const EXPLAINED: ReadonlyMap<string, string> = new Map([
  [
    "fmt aggregates: aggregates/member object with key, nested",
    "opa writes a module of another meaning; ours refuses to write it",
  ],
]);

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

/** JSON with keys sorted, and lists of findings and tests, which come in any order; other text as it is. */
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
function ordered(value: Value, key = ""): unknown {
  if (value === null || typeof value !== "object") return value;
  if (isArray(value)) {
    const items = value.map((item) => ordered(item));
    const isList = key === "errors" || (items[0] as { package?: unknown } | null)?.package !== undefined;
    const text = (item: unknown): string => JSON.stringify(item);
    return isList ? items.sort((a, b) => (text(a) < text(b) ? -1 : 1)) : items;
  }
  if (!isObject(value)) return `#${(value as RegoNumber).text}`;
  return Object.fromEntries(
    Array.from(value.entries(), ([name, item]) => [name, ordered(item, String(name))]),
  );
}

const root = fileURLToPath(new URL("../../", import.meta.url));

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

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: "string" }, filter: { type: "string" }, from: { type: "string" } },
  });
  const [folder] = positionals;
  const only = new Set(values.only?.split(",") ?? TOOLS);
  const temporary = mkdtempSync(join(tmpdir(), "whole-"));
  const counts = new Map<string, { same: number; differ: number; random: number; explained: number }>(
    TOOLS.map((tool) => [tool, { same: 0, differ: 0, random: 0, explained: 0 }]),
  );
  const cases = folder === undefined ? [] : readCases(folder);
  const all = [
    ...ownCalls(),
    ...cases.flatMap((item, i) =>
      values.filter === undefined || `${item.category}: ${item.note}`.includes(values.filter)
        ? caseCalls(item, join(temporary, String(i)))
        : [],
    ),
  ].filter(
    ({ tool, name }) => only.has(tool) && (values.filter === undefined || name.includes(values.filter)),
  );
  const random = new Set(
    cases
      .filter((item) => RANDOM.test([item.query, ...item.modules].join("\n")))
      .map((item) => `${item.category}: ${item.note}`),
  );
  // The answers of opa are fetched some calls ahead: a process each, while this one works.
  const ahead: Promise<Printed>[] = [];
  const width = availableParallelism();
  try {
    for (const [i, call] of all.entries()) {
      while (ahead.length <= i + width && ahead.length < all.length)
        ahead.push(opa(all[ahead.length] as Call));
      const ours = seen(call, await reeve(call));
      const theirs = seen(call, await (ahead[i] as Promise<Printed>));
      (ahead as unknown[])[i] = undefined;
      const count = counts.get(call.tool) as {
        same: number;
        differ: number;
        random: number;
        explained: number;
      };
      if (ours === theirs) count.same++;
      else if (EXPLAINED.has(`${call.tool} ${call.name}`)) count.explained++;
      else if (random.has(call.name) && (call.tool === "eval" || call.tool === "test")) count.random++;
      else {
        count.differ++;
        const lines = [ours.split("\n"), theirs.split("\n")] as const;
        const at = lines[0].findIndex((line, n) => line !== lines[1][n]);
        const shown = (text: readonly string[]): string =>
          text.slice(Math.max(0, at - 2), at + 4).join("\n  ");
        process.stdout.write(
          `${call.tool} ${call.name}\n  ${call.args.join(" ")}\n ours:\n  ${shown(lines[0])}\n opa:\n  ${shown(lines[1])}\n`,
        );
      }
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  let differ = 0;
  for (const [tool, count] of counts) {
    if (!only.has(tool)) continue;
    differ += count.differ;
    const drawn = count.random > 0 ? `, ${count.random} that draw or ask the clock` : "";
    process.stdout.write(
      `${tool}: ${count.same} the same, ${count.differ} different, ${count.explained} explained${drawn}\n`,
    );
  }
  process.exitCode = differ === 0 ? 0 : 1;
}

await run();
