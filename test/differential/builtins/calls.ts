// Calls of builtins, drawn and asked: of the real `opa` (one `opa eval --show-builtin-errors` for a whole batch), of our pipeline (native
// bodies where there are any) and of the host bodies. A batch is one module, one call a line, so that errors name their call by the row.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Builtin, BuiltinContext } from "../../../src/builtins/builtin.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { checkSources, compile, parsedModule } from "../../../src/compile/compile.ts";
import { prepare } from "../../../src/engine/engine.ts";
import { writeRegoText } from "../../../src/engine/rego-text.ts";
import { PolicyError } from "../../../src/error.ts";
import { decode, encode, toJsonValue } from "../../../src/value/json.ts";
import { emptyObject } from "../../../src/value/object.ts";
import { isArray, isObject, type Value } from "../../../src/value/value.ts";
import { Random } from "../random.ts";
import { any, byType, OPERANDS } from "./operands.ts";

export interface Call {
  readonly builtin: Builtin;
  readonly args: readonly Value[];
  /** As Rego. */
  readonly text: string;
}

/** A value as JSON (with its type, since JSON has no sets), `undefined`, or `code: message`. */
export type Answer = string;

/** What no two runs agree on, what the compiler writes, and what leaves nothing to compare. */
const NOT_DRAWN: ReadonlySet<string> = new Set(
  (
    "http.send net.lookup_ip_addr opa.runtime rand.intn time.now_ns uuid.rfc4122 internal.print internal.test_case " +
    "internal.template_string trace"
  ).split(" "),
);

export const drawn: readonly Builtin[] = [...builtins.values()].filter(
  ({ name, compiled }) => compiled !== true && !NOT_DRAWN.has(name),
);

export function drawCall(builtin: Builtin, seed: number): Call {
  const random = new Random(seed);
  const special = OPERANDS[builtin.name];
  const args = builtin.args.map(({ type }, index) => {
    if (random.chance(0.04)) return any(random);
    return special === undefined ? byType(type, random) : special[index]!(random);
  });
  // The first operand: OPA answers a call of a function with the result of an equal call, and 0.0 equals 0. A byte-order mark is refused wherever it stands in a source.
  const operands = args.map(
    (value) => `id(${random.int(0, 1_000_000_000)}, ${writeRegoText(value).replaceAll("\ufeff", "\\ufeff")})`,
  );
  if (builtin.name === "walk") return { builtin, args, text: `[y | walk(${operands[0]}, y)]` };
  if (builtin.name === "internal.member_2")
    return { builtin, args, text: `[x | x := ${operands.join(" in ")}][0]` };
  if (builtin.name === "internal.member_3")
    return { builtin, args, text: `[x | x := (${operands[0]}, ${operands[1]} in ${operands[2]})][0]` };
  return { builtin, args, text: `${builtin.name}(${operands.join(", ")})` };
}

const HEAD = ["package b", "id(n, x) = x { n }", 'out(n, x) = [x, sprintf("%v", [x])] { n }'];
const HEAD_V1 = ["package b", "id(_, x) := x", 'out(_, x) := [x, sprintf("%v", [x])]'];

/** Deprecated builtins exist in Rego v0 only. */
function moduleOf(calls: readonly Call[], v0: boolean): string {
  return [
    ...(v0 ? HEAD : HEAD_V1),
    ...calls.map(({ text }, index) => `r${index} ${v0 ? "=" : ":="} out(${index}, ${text})`),
  ].join("\n");
}

export async function askOpa(calls: readonly Call[], v0: boolean): Promise<readonly Answer[]> {
  const folder = mkdtempSync(join(tmpdir(), "builtins-"));
  try {
    writeFileSync(join(folder, "b.rego"), moduleOf(calls, v0));
    const args = [
      "eval",
      "--show-builtin-errors",
      "-f",
      "json",
      "-d",
      "b.rego",
      "data.b",
      ...(v0 ? ["--v0-compatible"] : []),
    ];
    const output = await new Promise<string>((done) => {
      execFile("opa", args, { cwd: folder, timeout: 120_000, maxBuffer: 1 << 28 }, (_error, stdout, stderr) =>
        done(stdout === "" ? JSON.stringify({ crash: stderr }) : stdout),
      );
    });
    const reply = decode(output);
    const rows = errorsByRow(member(reply, "errors"));
    const result = at(member(at(member(reply, "result"), 0), "expressions"), 0);
    const rules = member(result, "value");
    if (rules !== undefined)
      return calls.map((_, index) => rows.get(index) ?? shown(member(rules, `r${index}`)));
    // Something ended the evaluation as a whole: the call is found by halving.
    if (calls.length === 1) return [[...rows.values()][0] ?? `no answer: ${output.slice(0, 500)}`];
    const half = calls.length >> 1;
    return [...(await askOpa(calls.slice(0, half), v0)), ...(await askOpa(calls.slice(half), v0))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function errorsByRow(errors: Value | undefined): Map<number, string> {
  const rows = new Map<number, string>();
  if (errors === undefined || !isArray(errors)) return rows;
  for (const error of errors) {
    const row = member(member(error, "location"), "row");
    const index = row === undefined ? -1 : Number(encode(row)) - 1 - HEAD.length;
    if (!rows.has(index))
      rows.set(index, `${member(error, "code") as string}: ${member(error, "message") as string}`);
  }
  return rows;
}

function member(value: Value | undefined, key: string): Value | undefined {
  return value !== undefined && isObject(value) ? value.get(key) : undefined;
}

function at(value: Value | undefined, index: number): Value | undefined {
  return value !== undefined && isArray(value) ? value[index] : undefined;
}

function shown(value: Value | undefined): Answer {
  return value === undefined ? "undefined" : encode(toJsonValue(value));
}

/** The module in our engine: the bodies that ship. */
export async function askModule(
  calls: readonly Call[],
  v0: boolean,
  runtime: Uint8Array,
): Promise<readonly Answer[]> {
  // The module keeps no more failures than this.
  if (calls.length > 256)
    return [
      ...(await askModule(calls.slice(0, 256), v0, runtime)),
      ...(await askModule(calls.slice(256), v0, runtime)),
    ];
  try {
    const compiled = checkSources([
      { file: "b.rego", text: moduleOf(calls, v0), regoVersion: v0 ? "v0" : "v1" },
    ]);
    const { emitted } = compile(compiled, { entrypoints: ["b"] }, { runtime });
    const engine = prepare({ wasm: emitted.bytes, builtins, context, limits: { failures: 1_000_000 } });
    const { value, errors } = await engine.evaluateAsync("b");
    const rows = new Map<number, string>();
    for (const { code, message, location } of errors) {
      const index = (location?.row ?? 0) - 1 - HEAD.length;
      if (!rows.has(index)) rows.set(index, `${code}: ${message}`);
    }
    return calls.map((_, index) => rows.get(index) ?? shown(member(value, `r${index}`)));
  } catch (error) {
    if (calls.length === 1) return [failed(error)];
    const half = calls.length >> 1;
    return [
      ...(await askModule(calls.slice(0, half), v0, runtime)),
      ...(await askModule(calls.slice(half), v0, runtime)),
    ];
  }
}

const context: Partial<BuiltinContext> = { parseModule: parsedModule };

/** The host body alone: what modules of `opa build` call. */
export async function askBody({ builtin, args }: Call): Promise<Answer> {
  const whole: BuiltinContext = {
    nowNs: 0n,
    random: (length) => new Uint8Array(length),
    cache: new Map(),
    runtime: emptyObject,
    ...context,
  };
  try {
    const value = await builtin.host!(args, whole);
    return value === undefined ? "undefined" : shown([value]);
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): Answer {
  if (error instanceof PolicyError) return `${error.code}: ${error.message}`;
  return `crash: ${(error as Error).stack ?? String(error)}`;
}

/** An answer of the module without its second half, to compare it with that of a body. */
export function firstOf(answer: Answer): Answer {
  if (!answer.startsWith("[")) return answer;
  return encode([at(decode(answer), 0) ?? null]);
}
