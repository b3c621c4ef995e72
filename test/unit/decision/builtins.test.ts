// What builtins add to a decision: non-deterministic answers recorded and replayed, masked like input and result, and the host's own
// builtins called from bundles.

import { afterEach, expect, test } from "vitest";
import { type CustomBuiltin, customBuiltin, withCustom } from "../../../src/builtins/custom.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { createDecisionAgent, type DecisionAgent } from "../../../src/decision/sdk.ts";
import { loadRuntime } from "../../../src/build.ts";
import { assemble } from "../../../src/bundle/assemble.ts";
import { write } from "../../../src/bundle/write.ts";
import { emptyObject } from "../../../src/value/object.ts";
import { toPlain } from "../../../src/value/json.ts";
import { packed } from "./harness.ts";

const agents: DecisionAgent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close(0);
});

const REGO = `package t

draws := [rand.intn("die", 1000000), rand.intn("die", 1000000), rand.intn("coin", 2), time.now_ns(), uuid.rfc4122(input.k)]

steady := input.k
`;
const MASK = `package system.log

mask contains "/nd_builtin_cache/uuid.rfc4122"
`;

async function agentOf(
  config: object,
  lines: string[] = [],
  rego: Record<string, string> = { "t.rego": REGO },
) {
  const entrypoints = ["t/draws", "t/steady", ...("m.rego" in rego ? ["system/log/mask"] : [])];
  const agent = await createDecisionAgent(
    { decision_logs: { console: true }, ...config },
    { console: (line) => void lines.push(line) },
  );
  agents.push(agent);
  await agent.offer("b", await packed({ rego, entrypoints }));
  return agent;
}

const draws = async (agent: DecisionAgent, k: string, ndBuiltinCache?: unknown) => {
  const decision = await agent.decide({
    path: "t/draws",
    input: { k },
    ...(ndBuiltinCache === undefined ? {} : { ndBuiltinCache }),
  });
  return { result: toPlain(decision.result!) as unknown[], record: decision.ndBuiltinCache };
};

test("one value within a decision, recorded in OPA's shape, and replayed from the log", async () => {
  const lines: string[] = [];
  const agent = await agentOf({ nd_builtin_cache: true }, lines);
  const first = await draws(agent, "a");
  expect(first.result[0]).toBe(first.result[1]);
  const logged = JSON.parse(lines[0]!).nd_builtin_cache;
  expect(logged).toEqual({
    "rand.intn": { '["die",1000000]': first.result[0], '["coin",2]': first.result[2] },
    "time.now_ns": { "[]": first.result[3] },
    "uuid.rfc4122": { '["a"]': first.result[4] },
  });
  expect((await draws(agent, "a")).result).not.toEqual(first.result);
  // Another agent, which records nothing by itself.
  const later = await agentOf({});
  expect((await draws(later, "a", logged)).result).toEqual(first.result);
  expect((await draws(later, "a", first.record)).result).toEqual(first.result);
});

test("nothing is recorded without being asked, or where nothing was drawn", async () => {
  const lines: string[] = [];
  const silent = await agentOf({}, lines);
  expect((await draws(silent, "a")).record).toBeUndefined();
  const recording = await agentOf({ nd_builtin_cache: true }, lines);
  expect((await recording.decide({ path: "t/steady", input: { k: 1 } })).ndBuiltinCache).toBeUndefined();
  for (const line of lines) expect(JSON.parse(line)).not.toHaveProperty("nd_builtin_cache");
});

test("a mask reaches it", async () => {
  const lines: string[] = [];
  const agent = await agentOf({ nd_builtin_cache: true }, lines, { "t.rego": REGO, "m.rego": MASK });
  await draws(agent, "a");
  const event = JSON.parse(lines[0]!);
  expect(Object.keys(event.nd_builtin_cache)).toEqual(["rand.intn", "time.now_ns"]);
  expect(event.erased).toEqual(["/nd_builtin_cache/uuid.rfc4122"]);
});

const score: CustomBuiltin = {
  name: "acme.score",
  args: [{ type: "string" }],
  result: { type: "number" },
  body: (name) => {
    if (name === "") throw new Error("nobody has no score");
    return name === "unknown" ? undefined : String(name).length;
  },
};
let asked = 0;
const later: CustomBuiltin = {
  name: "acme.later",
  args: [{ type: "any" }],
  result: { type: "any" },
  nondeterministic: true,
  body: async (x) => ({ x, asked: ++asked }),
};
const custom = [customBuiltin(score), customBuiltin(later)];

const OWN = `package own

score := acme.score(input.name)

twice := [acme.later({1}), acme.later({1}), acme.later(2)]
`;

async function ownAgent(config: object): Promise<DecisionAgent> {
  const entrypoints = ["own/score", "own/twice"];
  const compiled = checkSources([{ file: "own.rego", text: OWN }], {
    builtins: withCustom(builtins, custom),
  });
  const { emitted } = compile(compiled, { entrypoints }, { runtime: loadRuntime() });
  const bundle = assemble({
    manifest: {
      revision: "",
      roots: [""],
      wasm: entrypoints.map((entrypoint) => ({ entrypoint, module: "/policy.wasm" })),
    },
    data: emptyObject,
    modules: [],
    wasm: [{ path: "policy.wasm", bytes: emitted.bytes }],
  });
  const agent = await createDecisionAgent(config, { builtins: custom });
  agents.push(agent);
  await agent.offer("own", await write(bundle));
  return agent;
}

test("the host's own builtins: checked, imported, called, waited for, recorded", async () => {
  const agent = await ownAgent({ nd_builtin_cache: true });
  const ask = (path: string, name?: string) => agent.decide({ path, input: { name } });
  expect(toPlain((await ask("own/score", "ada")).result!)).toBe(3);
  expect((await ask("own/score", "unknown")).result).toBeUndefined();
  expect((await ask("own/score", "")).errors[0]?.message).toBe("acme.score: nobody has no score");
  const { result, ndBuiltinCache } = await ask("own/twice");
  expect(toPlain(result!)).toEqual([
    { x: [1], asked: 1 },
    { x: [1], asked: 1 },
    { x: 2, asked: 2 },
  ]);
  const replayed = await agent.decide({ path: "own/twice", input: {}, ndBuiltinCache });
  expect(toPlain(replayed.result!)).toEqual(toPlain(result!));
});

test("declarations that are none, and names that are taken, are refused", () => {
  const refused = (change: object) => () => customBuiltin({ ...score, ...change } as CustomBuiltin);
  expect(refused({ name: "acme score" })).toThrow(
    "builtin `acme score`: its name must be words joined by dots",
  );
  expect(refused({ args: "string" })).toThrow("builtin `acme.score`: `args` must be a list of types");
  expect(refused({ result: { type: "text" } })).toThrow("builtin `acme.score`: ");
  expect(refused({ body: 1 })).toThrow("builtin `acme.score`: `body` must be a function");
  expect(() => withCustom(builtins, [customBuiltin({ ...score, name: "count" })])).toThrow(
    "builtin `count`: there is one of this name already",
  );
  const wrong = () =>
    checkSources([{ file: "w.rego", text: "package w\n\nx := acme.score(1)\n" }], {
      builtins: withCustom(builtins, custom),
    });
  expect(wrong).toThrow("w.rego:3: rego_type_error: acme.score: invalid argument(s)");
});
