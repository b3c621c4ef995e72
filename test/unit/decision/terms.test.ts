// What a bundle's signed manifest says about its use, through a real build, a real signature and a decision agent: modes, greatest age,
// denials that met an error.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { GuardedTask } from "../../../src/ai/task.ts";
import { Catalogue } from "../../../src/ai/catalogue.ts";
import { MemoryLedgerStore } from "../../../src/ai/ledger.ts";
import { build } from "../../../src/build.ts";
import { termsOf } from "../../../src/decision/terms.ts";
import { createDecisionAgent, type DecisionAgent } from "../../../src/decision/sdk.ts";
import { memoryStorage, type Storage } from "../../../src/decision/storage.ts";
import { decode, fromPlain } from "../../../src/value/json.ts";
import { object } from "../../../src/value/object.ts";
import type { RegoObject } from "../../../src/value/value.ts";
import { FakeClock, Service, until } from "./harness.ts";

const REGO = `package guard

default decision := {"effect": "deny", "reasons": [{"code": "default_deny", "message": "no"}]}

decision := {"effect": "deny", "reasons": [{"code": "unknown_tool", "message": "no"}]} if count(denials) > 0

decision := {"effect": "allow", "reasons": []} if {
	count(denials) == 0
	granted
}

granted if true

granted if to_number(input.action.arguments.grant) > 0

# METADATA
# scope: document
# custom:
#   effect: deny
denials contains "size" if limit < 10

limit := to_number(input.action.arguments.limit)

both := 1 if input.action.arguments.conflict

both := 2 if input.action.arguments.conflict

denials contains "conflict" if both == 3
`;

const folders: string[] = [];
const agents: DecisionAgent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close(0);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const signing = { key: "secret", algorithm: "HS256", keyId: "k" };

async function bundle(metadata: object, rego = REGO): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "reeve-terms-"));
  folders.push(folder);
  writeFileSync(join(folder, ".manifest"), JSON.stringify({ revision: "r1", roots: ["guard"], metadata }));
  writeFileSync(join(folder, "guard.rego"), rego);
  const built = await build({
    paths: [folder],
    asBundle: true,
    target: "wasm",
    entrypoints: ["guard/decision"],
    signing,
  });
  return built.bytes;
}

async function start(bytes: Uint8Array, storage?: Storage, reachable = true) {
  const service = new Service();
  const clock = new FakeClock();
  const lines: string[] = [];
  service.answer = ({ headers }) => {
    if (!reachable) throw new Error("connection refused");
    return headers["If-None-Match"] === "1"
      ? { status: 304 }
      : { status: 200, headers: { ETag: "1" }, body: bytes };
  };
  const make = async (): Promise<DecisionAgent> => {
    const agent = await createDecisionAgent(
      {
        services: { s: { url: "http://s.test" } },
        keys: { k: { key: "secret", algorithm: "HS256" } },
        bundles: {
          guard: {
            signing: { keyid: "k" },
            ...(storage !== undefined && { persist: true }),
            polling: { min_delay_seconds: 10, max_delay_seconds: 20 },
          },
        },
        decision_logs: { console: true },
      },
      {
        fetch: service.fetch,
        clock,
        chance: { uuid: () => crypto.randomUUID(), uniform: () => 0.5 },
        console: (line) => void lines.push(line),
        ...(storage !== undefined && { storage }),
      },
    );
    agents.push(agent);
    return agent;
  };
  const agent = await make();
  return { service, clock, agent, lines, make };
}

const tools = {
  login: { read_only: true, arguments: {}, results: { secret: ["/token"] } },
  pay: { read_only: false, arguments: { limit: {}, grant: {}, conflict: {}, pin: { secret: true } } },
};

async function taskOf(agent: DecisionAgent): Promise<GuardedTask> {
  return GuardedTask.open({
    id: "t",
    catalogue: new Catalogue({ version: "reeve-catalogue/1", tools }),
    ledger: { store: new MemoryLedgerStore(), nowMs: () => 0 },
    decider: agent,
    path: "guard/decision",
  });
}

let count = 0;
async function ask(agent: DecisionAgent, args: object, task?: GuardedTask) {
  const guarded = task ?? (await taskOf(agent));
  return guarded.ask({
    id: `c${count++}`,
    tool: "pay",
    server: "bank",
    arguments: fromPlain(args) as RegoObject,
    subject: fromPlain({ type: "user", id: "ann" }),
    agent: fromPlain({ id: "bot", identity: { verified: true } }),
    context: object([]),
  });
}

const codes = (answer: { reasons: readonly { code: string }[] }): string[] =>
  answer.reasons.map(({ code }) => code);

describe("denials that met an error", () => {
  test.each<[string, object, string, string[]]>([
    ["nothing failed", { limit: "12" }, "allow", []],
    ["plain undefinedness is no denial", {}, "allow", []],
    ["a builtin failed in a rule that a denial uses", { limit: "much" }, "deny", ["deny_rule_errored"]],
    ["a type error there", { limit: [1] }, "deny", ["deny_rule_errored"]],
    ["a conflict there", { conflict: true }, "deny", ["deny_rule_errored"]],
    ["a failure in a rule that only grants", { grant: "much" }, "allow", []],
  ])("%s", async (_, args, effect, expected) => {
    const { agent } = await start(await bundle({}));
    await agent.ready();
    const answer = await ask(agent, args);
    expect([answer.effect, answer.forward, codes(answer)]).toEqual([effect, effect === "allow", expected]);
  });

  test("without declared denials a failing builtin is plain undefined, as in Rego", async () => {
    const { agent } = await start(await bundle({}, REGO.replace(/# METADATA[\s\S]*?deny\n/, "")));
    await agent.ready();
    expect((await ask(agent, { limit: "much" })).effect).toBe("allow");
    expect(codes(await ask(agent, { conflict: true }))).toEqual(["policy_failed"]);
  });
});

describe("observe mode", () => {
  test("what is denied goes ahead, and the log says both", async () => {
    const { agent, lines } = await start(await bundle({ mode: "observe" }));
    await agent.ready();
    const answer = await ask(agent, { limit: 1 });
    expect(answer).toMatchObject({ effect: "deny", effective: "allow", mode: "observe", forward: true });
    expect(answer.bundles).toEqual({ guard: { revision: "r1" } });
    const record = decode(lines.at(-1) ?? "") as RegoObject;
    expect(record.get("custom")).toEqual(fromPlain({ effect: "deny", effective: "allow", mode: "observe" }));
    const failed = await ask(agent, { conflict: true });
    expect(failed).toMatchObject({ effect: "deny", effective: "allow", forward: true });
  });

  test("is nobody's to set but the bundle's: what was not signed, or is misspelt, is refused", async () => {
    const { agent, service } = await start(await bundle({ mode: "watch" }));
    await until(() => agent.obstacle()?.includes("`mode`") === true);
    expect(codes(await ask(agent, {}))).toEqual(["policy_unverified"]);
    expect((await ask(agent, {})).forward).toBe(false);
    const own = await bundle({ mode: "observe" });
    service.answer = () => ({
      status: 200,
      headers: { ETag: "2" },
      body: own.map((byte, i) => (i === 400 ? byte ^ 1 : byte)),
    });
    await agent.trigger().catch(() => {});
    expect((await ask(agent, {})).forward).toBe(false);
  });
});

describe("greatest age", () => {
  test("counts from the last confirmation, and says so", async () => {
    const { agent, service, clock } = await start(await bundle({ max_age_s: 60 }));
    await agent.ready();
    await clock.advance(300_000);
    expect((await ask(agent, {})).effect).toBe("allow");
    service.answer = () => Promise.reject(new Error("connection refused"));
    await clock.advance(50_000);
    expect((await ask(agent, {})).effect).toBe("allow");
    await clock.advance(40_000);
    const answer = await ask(agent, {});
    expect([answer.effect, codes(answer)]).toEqual(["deny", ["policy_stale"]]);
    expect(answer.reasons[0]?.message).toMatch(
      /may not be older than 60 seconds and was last confirmed \d+ seconds ago/,
    );
    service.answer = () => ({ status: 304 });
    await clock.advance(300_000);
    expect((await ask(agent, {})).effect).toBe("allow");
  });

  test("a restart makes nothing younger", async () => {
    const storage = memoryStorage();
    const bytes = await bundle({ max_age_s: 60 });
    const { agent, service, clock, make } = await start(bytes, storage);
    await agent.ready();
    service.answer = () => Promise.reject(new Error("connection refused"));
    await clock.advance(40_000);
    await agent.close(0);
    const second = await make();
    expect((await ask(second, {})).effect).toBe("allow");
    await clock.advance(40_000);
    expect(codes(await ask(second, {}))).toEqual(["policy_stale"]);
  });

  test("a limit that cannot be read is refused", async () => {
    const { agent } = await start(await bundle({ max_age_s: "soon" }));
    await until(() => agent.obstacle()?.includes("`max_age_s`") === true);
    const answer = await ask(agent, {});
    expect(codes(answer)).toEqual(["policy_unverified"]);
    expect(answer.reasons[0]?.message).toContain("`max_age_s` must be a number above zero");
  });
});

test("a secret argument is in no log, whether allowed, denied or failing", async () => {
  const { agent, lines } = await start(await bundle({}));
  await agent.ready();
  for (const args of [{}, { limit: 1 }, { conflict: true }, { limit: "much" }])
    await ask(agent, { ...args, pin: "7391-secret" });
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    expect(line).not.toContain("7391-secret");
    expect(line).toContain("/input/action/arguments/pin");
  }
});

test("a secret result is neither in the ledger nor in the log of a call that it flows into", async () => {
  const { agent, lines } = await start(await bundle({}));
  await agent.ready();
  const store = new MemoryLedgerStore();
  const task = await GuardedTask.open({
    id: "t",
    catalogue: new Catalogue({ version: "reeve-catalogue/1", tools }),
    ledger: { store, nowMs: () => 0 },
    decider: agent,
    path: "guard/decision",
  });
  const open = { id: "login-1", tool: "login", server: "bank", arguments: object([]), context: object([]) };
  await task.ask({
    ...open,
    subject: fromPlain({ type: "user", id: "ann" }),
    agent: fromPlain({ id: "bot" }),
  });
  await task.returned("login-1", "{'token': 'hunter2-9931', 'user': 'ann'}");
  expect(JSON.stringify(store.read("t").slice(-1))).not.toContain("hunter2");
  expect(JSON.stringify(store.read("t").slice(-1))).toContain("ann");
  await ask(agent, { grant: 1, limit: "Bearer hunter2-9931" }, task);
  expect(lines.at(-1)).not.toContain("hunter2");
  expect(lines.at(-1)).toContain('"grant":1');
});

test("terms survive a build from several bundles, the strictest of them", async () => {
  const folderWith = (root: string, metadata: object | undefined): string => {
    const folder = mkdtempSync(join(tmpdir(), "reeve-terms-"));
    folders.push(folder);
    writeFileSync(
      join(folder, ".manifest"),
      JSON.stringify({ roots: [root], ...(metadata && { metadata }) }),
    );
    writeFileSync(join(folder, "p.rego"), `package ${root}\n\nallow if true\n`);
    return folder;
  };
  const built = async (...all: (object | undefined)[]) => {
    const paths = all.map((metadata, i) => folderWith(`root${i}`, metadata));
    const { bundle } = await build({ paths, asBundle: true, target: "wasm", entrypoints: ["root0/allow"] });
    const { mode, maxAgeMs } = termsOf(bundle);
    return [mode, maxAgeMs];
  };
  expect(await built(undefined, undefined)).toEqual(["enforce", undefined]);
  expect(await built(undefined, { mode: "observe", max_age_s: 60 })).toEqual(["observe", 60_000]);
  expect(await built({ mode: "enforce", max_age_s: 90 }, { mode: "observe", max_age_s: 60 })).toEqual([
    "enforce",
    60_000,
  ]);
  await expect(built({ max_age_s: "soon" }, { max_age_s: 60 })).rejects.toThrow(
    "`max_age_s` must be a number",
  );
});
