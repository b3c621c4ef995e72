import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { decisionIdOf } from "../../../src/decision/decision.ts";
import { fileStorage } from "../../../src/decision/node/storage.ts";
import type { Ports } from "../../../src/decision/ports.ts";
import { createDecisionAgent, type DecisionAgent } from "../../../src/decision/sdk.ts";
import { type Journal, memoryStorage, type Storage } from "../../../src/decision/storage.ts";
import { FakeClock, type PolicySource, packed, Service, settle, until } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "reeve-log-"));
afterAll(() => rmSync(folder, { recursive: true }));
const agents: DecisionAgent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close(0);
});

const policy: PolicySource = {
  rego: {
    "p.rego":
      'package p\n\nallow := {"ok": true, "secret": input.password}\n\nboom := 1 if input.a\n\nboom := 2 if input.b\n',
  },
  entrypoints: ["p/allow", "p/boom"],
  roots: ["p"],
  revision: "r1",
};
const services = { s: { url: "http://s.test" } };
const reporting = { min_delay_seconds: 10, max_delay_seconds: 10 };

async function start(decisionLogs: object, ports: Ports = {}) {
  const service = new Service();
  const clock = new FakeClock();
  const lines: string[] = [];
  service.answer = () => ({ status: 200 });
  const config = {
    services,
    labels: { env: "test" },
    decision_logs: { service: "s", reporting, ...decisionLogs },
  };
  const make = async (source: PolicySource = policy): Promise<DecisionAgent> => {
    const agent = await createDecisionAgent(config, {
      fetch: service.fetch,
      clock,
      chance: { uuid: () => crypto.randomUUID(), uniform: () => 0.5 },
      storage: memoryStorage(),
      console: (line) => void lines.push(line),
      ...ports,
    });
    agents.push(agent);
    await agent.offer("b", await packed(source));
    return agent;
  };
  return { service, clock, lines, make };
}

const ask = (agent: DecisionAgent, input: unknown = { user: "ann" }) =>
  agent.decide({ path: "p/allow", input });
type Event = Record<string, unknown> & { decision_id: string };
const sent = (service: Service): Event[] => service.to("/logs").flatMap(({ body }) => body as Event[]);

test("an event has OPA's fields and is sent as gzip of a JSON array", async () => {
  const { service, make } = await start({ request_context: { http: { headers: ["x-request"] } } });
  const agent = await make();
  const decision = await agent.decide({
    path: "p/allow",
    input: { password: "pw", n: 1.5 },
    requestedBy: "10.0.0.1",
    requestHeaders: { "X-Request": ["1"], Cookie: ["no"] },
  });
  await agent.uploadLogs();
  const [request] = service.to("/logs");
  expect(request?.headers).toMatchObject({ "Content-Type": "application/json", "Content-Encoding": "gzip" });
  expect(sent(service)).toEqual([
    {
      labels: { env: "test", id: agent.id, version: expect.any(String) },
      decision_id: decision.decisionId,
      bundles: { b: { revision: "r1" } },
      path: "p/allow",
      input: { password: "pw", n: 1.5 },
      result: { ok: true, secret: "pw" },
      requested_by: "10.0.0.1",
      timestamp: "2026-01-01T00:00:00.000Z",
      metrics: { timer_rego_query_eval_ns: expect.any(Number) },
      req_id: 1,
      request_context: { http: { headers: { "X-Request": ["1"] } } },
    },
  ]);
});

test("undefined results and failures are logged as such", async () => {
  const { service, make } = await start({});
  const agent = await make();
  await ask(agent, {});
  await expect(agent.decide({ path: "p/boom", input: { a: 1, b: 1 } })).rejects.toMatchObject({
    code: "eval_conflict_error",
  });
  const failure: unknown = await agent.decide({ path: "p" }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "undefined_document" });
  await agent.uploadLogs();
  const events = sent(service);
  expect(events[2]?.decision_id).toBe(decisionIdOf(failure));
  expect(
    events.map(({ path, result, error }) => [path, result, (error as { code?: string } | undefined)?.code]),
  ).toEqual([
    ["p/allow", undefined, undefined],
    ["p/boom", undefined, "eval_conflict_error"],
    ["p", undefined, "undefined_document"],
  ]);
});

describe("no decision without its record", () => {
  const failing = (): Storage => {
    const storage = memoryStorage();
    return {
      ...storage,
      openJournal: async (options) => {
        const journal = await storage.openJournal(options);
        return {
          ...journal,
          bytes: 0,
          records: 0,
          append: () => Promise.reject(new Error("disk")),
        } as Journal;
      },
    };
  };

  test("the record is there before the answer", async () => {
    const storage = memoryStorage();
    const { make } = await start({}, { storage });
    const agent = await make();
    await ask(agent);
    expect((await storage.openJournal({ syncEach: false })).records).toBe(1);
  });

  test("a journal that cannot be written denies", async () => {
    const { make } = await start({}, { storage: failing() });
    await expect(ask(await make())).rejects.toThrow("disk");
  });

  test("a full journal denies with `decision_log_full`, until there is room again", async () => {
    const { service, make } = await start({ reporting: { ...reporting, buffer_size_limit_bytes: 1000 } });
    const agent = await make();
    let made = 0;
    for (; made < 20; made++) {
      const failure = await ask(agent).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) continue;
      expect(failure).toMatchObject({
        code: "decision_log_full",
        message: expect.stringMatching(/^decision_log_full: there is no room/),
      });
      break;
    }
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(20);
    expect(await agent.uploadLogs()).toBe(made);
    expect(sent(service)).toHaveLength(made);
    await expect(ask(agent)).resolves.toBeDefined();
  });

  test("where dropping was chosen it is counted and reported", async () => {
    const { make } = await start({
      reporting: {
        min_delay_seconds: 10,
        max_delay_seconds: 10,
        buffer_type: "event",
        buffer_size_limit_events: 2,
        when_full: "drop",
      },
    });
    const agent = await make();
    for (let i = 0; i < 5; i++) await ask(agent);
    expect(agent.status().decision_logs?.metrics).toMatchObject({
      counter_decision_logs_dropped: 3,
      gauge_decision_logs_waiting: 2,
    });
  });
});

describe("upload", () => {
  test("again and again until it is taken, then no more", async () => {
    const { service, clock, make } = await start({});
    const agent = await make();
    service.answer = () => ({ status: 500 });
    const { decisionId } = await ask(agent);
    await clock.advance(10_001);
    await until(() => service.to("/logs").length === 1);
    await settle();
    expect(agent.status().decision_logs).toMatchObject({ code: "decision_log_error", http_code: 500 });
    service.answer = () => ({ status: 200 });
    await clock.advance(200);
    await until(() => service.to("/logs").length === 2);
    await settle();
    await clock.advance(60_000);
    expect(sent(service).map((event) => event.decision_id)).toEqual([decisionId, decisionId]);
    expect(agent.status().decision_logs?.code).toBeUndefined();
    expect(agent.status().decision_logs?.metrics?.gauge_decision_logs_waiting).toBe(0);
  });

  test("in chunks no larger than the limit, every event once; one that is too large goes without its documents", async () => {
    const sizes: number[] = [];
    const { service, make } = await start({ reporting: { ...reporting, upload_size_limit_bytes: 1500 } });
    const agent = await make();
    const inner = service.fetch;
    Object.assign(service, { fetch: inner });
    const ids: string[] = [];
    const noise = (length: number): string => Array.from({ length }, () => crypto.randomUUID()).join("");
    for (let i = 0; i < 60; i++) ids.push((await ask(agent, { noise: noise(3) })).decisionId);
    const large = await ask(agent, { noise: noise(200) });
    expect(await agent.uploadLogs()).toBe(61);
    for (const { body } of service.to("/logs")) {
      const { gzipSync } = await import("node:zlib");
      sizes.push(gzipSync(JSON.stringify(body)).length);
    }
    expect(sizes.length).toBeGreaterThan(5);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1550);
    const events = sent(service);
    expect(events.map((event) => event.decision_id).sort()).toEqual([...ids, large.decisionId].sort());
    const found = events.find((event) => event.decision_id === large.decisionId);
    expect(found).toMatchObject({ erased: ["/input", "/result"], path: "p/allow" });
    expect(found?.input).toBeUndefined();
  });

  test("what waits is sent when the agent closes", async () => {
    const { service, make } = await start({});
    const agent = await make();
    await ask(agent);
    await agent.close();
    expect(sent(service)).toHaveLength(1);
  });
});

describe("masking", () => {
  const masked = (rules: string, entrypoints = ["p/allow", "system/log/mask"]): PolicySource => ({
    ...policy,
    rego: { ...policy.rego, "m.rego": `package system.log\n\n${rules}\n` },
    entrypoints,
    roots: ["p", "system/log"],
  });

  test("pointers are erased, values put in their place; the answer keeps what the log loses", async () => {
    const { service, make } = await start({});
    const agent = await make(
      masked(
        'mask contains "/input/password"\n\nmask contains "/input/list/0"\n\nmask contains "/input/no/such"\n\nmask contains {"op": "upsert", "path": "/result/secret", "value": "***"} if input.result.secret',
      ),
    );
    const decision = await ask(agent, { password: "pw", list: [1, 2], user: "ann" });
    expect(decision.result).toBeDefined();
    await agent.uploadLogs();
    expect(sent(service)).toMatchObject([
      { input: { list: [2], user: "ann" }, result: { ok: true, secret: "***" }, masked: ["/result/secret"] },
    ]);
    const { erased } = sent(service)[0] as Event;
    expect([...(erased as string[])].sort()).toEqual(["/input/list/0", "/input/password"]);
    expect(JSON.stringify(sent(service))).not.toContain("pw");
  });

  test("keys that need escapes are found in every spelling", async () => {
    const { service, make } = await start({});
    const agent = await make(
      masked(
        'mask contains "/input/a b"\n\nmask contains "/input/c%20d"\n\nmask contains "/input/e~1f"\n\nmask contains "/input/in/x y"',
      ),
    );
    await ask(agent, { "a b": 1, "c d": 2, "e/f": 3, in: { "x y": 4, z: 5 } });
    await agent.uploadLogs();
    expect(sent(service)[0]).toMatchObject({
      input: { in: { z: 5 } },
      erased: expect.arrayContaining(["/input/a%20b", "/input/in/x%20y"]),
    });
    expect(Object.keys(sent(service)[0]?.input as object)).toEqual(["in"]);
  });

  test("a whole part can go", async () => {
    const { service, make } = await start({});
    const agent = await make(masked('mask contains "/input"'));
    await ask(agent, { password: "pw" });
    await agent.uploadLogs();
    expect(sent(service)[0]).not.toHaveProperty("input");
  });

  test.each([
    ['mask contains "/labels/x"', "mask prefix not allowed: labels"],
    ['mask contains "input/x"', "mask must be slash-prefixed"],
    ['mask contains {"op": "add", "path": "/input/x"}', "mask op is not supported: add"],
    ["mask contains 1", "invalid mask rule format"],
    ['mask := {"a": 1}', "the mask is not a list of rules"],
    ["mask := 1 if input.decision_id\n\nmask := 2 if input.path", "multiple outputs"],
  ])("a mask that fails hides everything: %s", async (rules, reason) => {
    const { service, make } = await start({});
    const agent = await make(masked(rules));
    await ask(agent, { password: "pw" });
    await agent.uploadLogs();
    const [event] = sent(service);
    expect(event).toMatchObject({ erased: ["/input", "/result"], path: "p/allow" });
    expect(JSON.stringify(event?.custom)).toContain(reason);
    expect(JSON.stringify(event)).not.toContain("pw");
    expect(agent.status().decision_logs?.metrics?.counter_decision_logs_mask_failed).toBe(1);
  });

  test("drop decides what is not logged", async () => {
    const { service, make } = await start({});
    const agent = await make({
      ...policy,
      rego: { ...policy.rego, "m.rego": 'package system.log\n\ndrop if input.input.user == "bot"\n' },
      entrypoints: ["p/allow", "system/log/drop"],
      roots: ["p", "system/log"],
    });
    await ask(agent, { user: "bot" });
    await ask(agent, { user: "ann" });
    await agent.uploadLogs();
    expect(sent(service).map(({ input }) => input)).toEqual([{ user: "ann" }]);
  });

  test("a mask that is shipped but cannot be asked is refused", async () => {
    const { make } = await start({});
    const { assemble } = await import("../../../src/bundle/assemble.ts");
    const { write } = await import("../../../src/bundle/write.ts");
    const agent = await make();
    const bundle = assemble({
      manifest: { revision: "", roots: ["system/log"], wasm: [] },
      modules: [{ path: "m.rego", text: 'package system.log\n\nmask contains "/input/password"\n' }],
      wasm: [{ path: "policy.wasm", bytes: Uint8Array.of() }],
    });
    await expect(agent.offer("m", write(bundle))).rejects.toThrow(
      "ships the log policy `system/log/mask`, which is no entrypoint: build it with `-e system/log/mask`",
    );
  });
});

test("the console has one line for each decision", async () => {
  const { lines, service, make } = await start({ service: undefined, console: true });
  const agent = await make();
  const { decisionId } = await ask(agent);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    decision_id: decisionId,
    msg: "Decision Log",
    type: "openpolicyagent.org/decision_logs",
  });
  expect(service.seen).toHaveLength(0);
});

describe("files", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const text = (records: readonly Uint8Array[] = []): string[] =>
    records.map((record) => new TextDecoder().decode(record));

  test("records outlive the process that is killed while it writes; a torn line is dropped, whole lines are not", async () => {
    const place = join(folder, "killed");
    const script = join(folder, "child.mjs");
    await build({
      stdin: {
        contents: `import { fileStorage } from "./src/decision/node/storage.ts";
          const journal = await fileStorage(process.argv[2]).openJournal({ syncEach: false });
          for (let i = 0; ; i++) { journal.append(new TextEncoder().encode(JSON.stringify({ i, pad: "x".repeat(200) }))); process.stdout.write(i + "\\n"); if (i % 50 === 0) await new Promise((r) => setTimeout(r, 1)); }`,
        resolveDir: process.cwd(),
        loader: "ts",
      },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: script,
      logLevel: "error",
    });
    const child = spawn(process.execPath, [script, place], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await until(() => output.split("\n").length > 2000);
    await expect(fileStorage(place).openJournal({ syncEach: false })).rejects.toThrow(
      `is in use by process ${child.pid}`,
    );
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    const lastSaid = Number(
      output
        .trimEnd()
        .split("\n")
        .at(output.endsWith("\n") ? -1 : -2),
    );
    const logs = join(place, "decision_logs");
    const newest = readdirSync(logs)
      .filter((name) => name.endsWith(".log"))
      .sort()
      .at(-1) as string;
    appendFileSync(join(logs, newest), '{"i":"torn');
    const journal = await fileStorage(place).openJournal({ syncEach: false });
    const found: number[] = [];
    for (let batch = await journal.oldest(); batch !== undefined; batch = await journal.oldest()) {
      for (const record of text(batch.records)) found.push((JSON.parse(record) as { i: number }).i);
      await batch.remove();
    }
    expect(found).toEqual(Array.from({ length: found.length }, (_, i) => i));
    expect(found.length).toBeGreaterThan(lastSaid);
    expect(journal.bytes).toBe(0);
    await journal.close();
    expect(readdirSync(logs)).toEqual([]);
  });

  test("records that come while others are sent are not removed with them", async () => {
    const journal = await fileStorage(join(folder, "order")).openJournal({ syncEach: true });
    await journal.append(bytes("1"));
    const batch = await journal.oldest();
    await journal.append(bytes("2"));
    expect(text(batch?.records)).toEqual(["1"]);
    await batch?.remove();
    expect(text((await journal.oldest())?.records)).toEqual(["2"]);
    expect(journal.records).toBe(1);
    await journal.close();
  });

  test("bundles are replaced whole, whatever their name", async () => {
    const storage = fileStorage(join(folder, "bundles"));
    for (const name of ["a/b", "..", ".", "ü %", "x"]) {
      expect(await storage.bundles.load(name)).toBeUndefined();
      await storage.bundles.save(name, bytes(`1${name}`));
      await storage.bundles.save(name, bytes(`2${name}`));
      expect(text([(await storage.bundles.load(name)) as Uint8Array])).toEqual([`2${name}`]);
    }
    expect(readdirSync(join(folder, "bundles")).sort()).toEqual(["bundles"]);
    writeFileSync(join(folder, "blocked"), "");
    await expect(fileStorage(join(folder, "blocked")).bundles.save("x", bytes("1"))).rejects.toMatchObject({
      code: "io_error",
    });
    await expect(fileStorage(join(folder, "blocked")).openJournal({ syncEach: false })).rejects.toMatchObject(
      { code: "io_error" },
    );
  });
});

test("the deciding half needs nothing that a browser lacks", async () => {
  const result = await build({
    entryPoints: ["src/decision/sdk.ts"],
    bundle: true,
    platform: "browser",
    format: "esm",
    splitting: true,
    outdir: join(folder, "browser"),
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  expect(result.errors).toEqual([]);
  expect(
    Object.keys(result.metafile.inputs).filter(
      (input) => input.startsWith("node:") || /(^|\/)src\/(compile|syntax|server|cli)\//.test(input),
    ),
  ).toEqual([]);
});
