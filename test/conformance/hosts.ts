// Who runs a compiled policy: our engine, or OPA's unmodified JavaScript host. In: a module and a case. Out: the outcome. Both get the
// same bytes and the same host builtins.

import { createRequire } from "node:module";
import { lookup } from "node:dns/promises";
import type { Builtin, BuiltinContext } from "../../src/builtins/builtin.ts";
import { hostBuiltins } from "../../src/builtins/host.ts";
import { failWith, PolicyError } from "../../src/error.ts";
import { prepare } from "../../src/engine/engine.ts";
import { jsonText, moduleToJson } from "../../src/syntax/ast-json.ts";
import { parseModule } from "../../src/syntax/parser.ts";
import { decode, encode, fromPlain, toPlain } from "../../src/value/json.ts";
import { emptyObject } from "../../src/value/object.ts";
import type { Value } from "../../src/value/value.ts";
import type { Case } from "./cases.ts";
import type { Outcome } from "./judge.ts";

export type HostName = "engine" | "opa-wasm";

export interface Compiled {
  readonly bytes: Uint8Array;
  readonly builtins: Readonly<Record<string, number>>;
}

/** The one builtin of OPA's test runner. */
export const TEST_SLEEP: Builtin = {
  name: "test.sleep",
  description: "Waits.",
  args: [{ name: "duration", type: { kind: "string" }, description: "how long" }],
  result: { name: "", type: { kind: "null" }, description: "" },
  examples: [],
  host: async ([duration]) => {
    const [, amount, unit] = /^(\d+)(ns|us|ms|s)$/.exec(duration as string) ?? [];
    const ms = Number(amount) * { ns: 1e-6, us: 1e-3, ms: 1, s: 1000 }[unit as "ns" | "us" | "ms" | "s"];
    await new Promise((done) => setTimeout(done, ms));
    return null;
  },
};

const CONTEXT: Partial<BuiltinContext> = {
  parseModule: (file, text) => {
    const { module, diagnostics } = parseModule(text, { file });
    if (module === undefined) throw new PolicyError("eval_builtin_error", failWith(diagnostics).message);
    return decode(jsonText(moduleToJson(module)));
  },
  network: {
    fetch: () => Promise.reject(new PolicyError("eval_builtin_error", "no network in conformance runs")),
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  },
};

const known = new Map<string, Builtin | undefined>([["test.sleep", TEST_SLEEP]]);

/** The builtins of these names; throws if one does not exist. */
async function load(names: readonly string[]): Promise<Map<string, Builtin>> {
  const found = new Map<string, Builtin>();
  for (const name of names) {
    if (!known.has(name)) known.set(name, (await hostBuiltins([name]).catch(() => undefined))?.get(name));
    const builtin = known.get(name);
    if (builtin?.host === undefined)
      throw new PolicyError("rego_unsupported_error", `missing builtin \`${name}\``);
    found.set(name, builtin);
  }
  return found;
}

export async function runOn(host: HostName, policy: Compiled, item: Case): Promise<Outcome> {
  try {
    const builtins = await load(Object.keys(policy.builtins));
    if (host === "opa-wasm") return { values: runOpaWasm(policy, item, builtins) };
    const engine = prepare({
      wasm: policy.bytes,
      data: { value: item.data ?? emptyObject },
      builtins,
      context: CONTEXT,
    });
    const input = item.input === undefined ? undefined : { value: item.input };
    return { values: (await engine.evaluateAsync(0, input, { strict: item.strict })).values };
  } catch (error) {
    return { error };
  }
}

interface OpaWasm {
  loadPolicySync(
    wasm: Uint8Array,
    memory: unknown,
    builtins: Record<string, (...args: unknown[]) => unknown>,
  ): {
    setData(data: ArrayBuffer): void;
    evaluate(input: ArrayBuffer | undefined, entrypoint: number): unknown;
  };
}

function runOpaWasm(policy: Compiled, item: Case, builtins: ReadonlyMap<string, Builtin>): Value[] {
  const sdk = createRequire(import.meta.url)("@open-policy-agent/opa-wasm") as OpaWasm;
  const context: BuiltinContext = {
    nowNs: BigInt(Date.now()) * 1_000_000n,
    random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
    cache: new Map(),
    runtime: emptyObject,
  };
  const bodies = Array.from(
    builtins,
    ([name, builtin]) => [name, (...args: unknown[]) => answer(builtin, args, context)] as const,
  );
  const loaded = sdk.loadPolicySync(policy.bytes, undefined, Object.fromEntries(bodies));
  loaded.setData(text(item.data ?? emptyObject));
  try {
    return fromPlain(loaded.evaluate(item.input === undefined ? undefined : text(item.input), 0)) as Value[];
  } catch (error) {
    // This host throws what the module said as a bare string.
    const [, code, message] = /: (eval_[a-z_]+): (.*)$/s.exec(String(error)) ?? [];
    if (code === undefined) throw error;
    throw new PolicyError(code as "eval_conflict_error", message ?? "");
  }
}

function answer(builtin: Builtin, args: unknown[], context: BuiltinContext): unknown {
  try {
    const value = builtin.host!(args.map(fromPlain), context);
    if (value instanceof Promise) {
      value.catch(() => {});
      throw new Error(`\`${builtin.name}\` has to wait`);
    }
    return value === undefined ? undefined : toPlain(value);
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}

function text(value: Value): ArrayBuffer {
  return new TextEncoder().encode(encode(value, { escapeHtml: false })).buffer as ArrayBuffer;
}
