// Claude Code's hook contract: as a callback, over HTTP to the daemon, and as a command, all as real processes. The program itself, on a
// scripted model, is in test/interop/claude-code.interop.test.ts.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claudeCodeTool, guardClaudeCode } from "../../src/ai/adapters/claude-code.ts";
import type { Guard } from "../../src/ai/guard.ts";
import { type LedgerStore, MemoryLedgerStore } from "../../src/ai/ledger.ts";
import { decode, encode, toPlain } from "../../src/value/json.ts";
import { type Daemon, startDaemon } from "../conformance/authzen/daemon.ts";
import { chosenTask, ForgetfulStore } from "./guard.ts";

type Json = Record<string, unknown>;

const subject = { type: "user", id: "alice" };

function guardOver(store: LedgerStore): Guard {
  return { task: (id) => chosenTask(id, store), forget: () => {} };
}

function open(store: LedgerStore = new MemoryLedgerStore(), more: object = {}) {
  const tasks = new Map<string, ReturnType<typeof chosenTask>>();
  const inner = guardOver(store);
  const guard: Guard = {
    ...inner,
    task: (id) => {
      const known = tasks.get(id) ?? inner.task(id);
      tasks.set(id, known);
      return known;
    },
  };
  const hook = guardClaudeCode({ guard, subject, ...more });
  const send = async (event: string, more_: Json = {}): Promise<Json> => {
    const base = { session_id: "s", cwd: "/", transcript_path: "t", hook_event_name: event };
    return toPlain(await hook.handle({ ...base, ...more_ })) as Json;
  };
  const pre = (id: string, input: Json, tool = "act") =>
    send("PreToolUse", { tool_name: tool, tool_input: input, tool_use_id: id });
  const post = (id: string, input: Json, response: unknown = "ok", tool = "act") =>
    send("PostToolUse", { tool_name: tool, tool_input: input, tool_use_id: id, tool_response: response });
  return { hook, send, pre, post, session: async () => (await guard.task("claude-code:s")).session() };
}

const decisionOf = (answer: Json): unknown =>
  (answer.hookSpecificOutput as Json | undefined)?.permissionDecision;

describe("PreToolUse", () => {
  test.each([
    ["allow", "allow"],
    ["deny", "deny"],
    ["approve", "ask"],
    ["undefined", "deny"],
    ["conflict", "deny"],
    ["obligation", "deny"],
  ])("%s is %s", async (effect, decision) => {
    const answer = await open().pre("c1", { effect });
    expect(answer).toEqual({
      hookSpecificOutput: {
        hookEventName: "PreToolUse",
        permissionDecision: decision,
        permissionDecisionReason: expect.stringMatching(/./),
      },
    });
  });

  test("changed arguments come as `updatedInput`, defaults of the catalogue too", async () => {
    const { pre } = open();
    expect(await pre("c1", { effect: "transform", n: 4 })).toMatchObject({
      hookSpecificOutput: { permissionDecision: "allow", updatedInput: { n: 8 } },
    });
    expect(await pre("c2", { effect: "allow" }, "mcp__office__send_mail")).toMatchObject({
      hookSpecificOutput: {
        permissionDecision: "allow",
        updatedInput: { effect: "allow", body: "(no text)" },
      },
    });
  });

  test("digits are kept", async () => {
    const { hook } = open();
    const event = `{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"act","tool_use_id":"c","tool_input":{"effect":"transform","n":12345678901234567890}}`;
    expect(encode(await hook.handle(decode(event)))).toContain('"n":24691357802469135780');
  });

  test("`pass` leaves an allow to Claude Code's own rules, and nothing else", async () => {
    const { pre } = open(undefined, { allow: "pass" });
    expect(await pre("c1", { effect: "allow" })).toEqual({});
    expect(decisionOf(await pre("c2", { effect: "deny" }))).toBe("deny");
    expect(decisionOf(await pre("c3", { effect: "approve" }))).toBe("ask");
    expect(decisionOf(await pre("c4", { effect: "transform", n: 1 }))).toBe("allow");
  });

  test("parallel calls of one turn: once is once", async () => {
    const { pre } = open();
    const answers = await Promise.all([
      pre("c1", { effect: "once", n: 1 }),
      pre("c2", { effect: "once", n: 2 }),
    ]);
    expect(answers.map(decisionOf)).toEqual(["allow", "deny"]);
  });

  test.each(["__proto__", "constructor", "mcp____proto____constructor"])(
    "a tool named %s is a tool",
    async (tool) => {
      const { pre } = open();
      expect(decisionOf(await pre("c1", { effect: "allow" }, tool))).toBe("allow");
      expect(decisionOf(await pre("c2", { effect: "deny" }, tool))).toBe("deny");
    },
  );

  test.each([
    ["no object", "text"],
    ["no session", { hook_event_name: "PreToolUse", session_id: undefined }],
    ["no tool", { hook_event_name: "PreToolUse", tool_use_id: "c" }],
    ["no id", { hook_event_name: "PreToolUse", tool_name: "act" }],
    [
      "input that is no object",
      { hook_event_name: "PreToolUse", tool_name: "act", tool_use_id: "c", tool_input: ["allow"] },
    ],
  ])("an event with %s is denied", async (_, event) => {
    const whole = typeof event === "string" ? event : { session_id: "s", ...event };
    expect(decisionOf(toPlain(await open().hook.handle(whole)) as Json)).toBe("deny");
  });

  test("a store that fails denies", async () => {
    const broken: LedgerStore = {
      append: () => Promise.reject(new Error("disk full")),
      read: () => Promise.reject(new Error("disk full")),
    };
    const { pre, send } = open(broken);
    expect(decisionOf(await pre("c1", { effect: "allow" }))).toBe("deny");
    expect(await send("UserPromptSubmit", { prompt: "x" })).toMatchObject({ decision: "block" });
  });
});

describe("what came of it", () => {
  test("a result is reported, a failure releases", async () => {
    const { pre, post, send, session } = open();
    await pre("c1", { effect: "allow", n: 1 });
    expect(await post("c1", { effect: "allow", n: 1 })).toEqual({});
    await pre("c2", { effect: "allow", n: 2 });
    const failure = { tool_name: "act", tool_input: {}, tool_use_id: "c2", error: "broken" };
    expect(await send("PostToolUseFailure", failure)).toEqual({});
    expect((await session()).calls.map(({ status }) => status)).toEqual(["committed", "released"]);
  });

  test("each event may come to another process", async () => {
    const store = new MemoryLedgerStore();
    await open(store).pre("c1", { effect: "allow" });
    expect(await open(store).post("c1", { effect: "allow" })).toEqual({});
    expect((await open(store).session()).calls).toMatchObject([{ status: "committed" }]);
  });

  test("a call that a person was asked about and that ran was approved, exactly as shown", async () => {
    const { pre, post, session } = open();
    const input = { effect: "approve", n: 1 };
    await pre("c1", input);
    expect(await post("c1", input)).toEqual({});
    expect((await session()).calls.at(-1)).toMatchObject({ status: "committed", effect: "allow" });
    await pre("c2", { effect: "approve", n: 2 });
    expect(await post("c2", { effect: "approve", n: 2000 })).toMatchObject({ continue: false });
  });

  test("a call that ran unseen, or in spite of a deny, stops the session and says so", async () => {
    const { pre, post } = open();
    expect(await post("c9", { effect: "allow" })).toMatchObject({
      continue: false,
      stopReason: expect.stringContaining("does not cover this session"),
    });
    await pre("c1", { effect: "deny" });
    expect(await post("c1", { effect: "deny" })).toMatchObject({
      continue: false,
      stopReason: expect.stringContaining("although it was denied"),
    });
  });
});

test("a result that cannot be recorded stops the session", async () => {
  const { pre, post } = open(new ForgetfulStore());
  await pre("c1", { effect: "allow" });
  expect(await post("c1", { effect: "allow" })).toMatchObject({ continue: false });
});

test("prompts are the user's words only if the user wrote them, each once", async () => {
  const { send, session } = open();
  await send("UserPromptSubmit", { prompt: "one", prompt_id: "p1", source: "user" });
  await send("UserPromptSubmit", { prompt: "one", prompt_id: "p1", source: "user" });
  await send("UserPromptSubmit", { prompt: "two", source: "loop_wakeup" });
  expect((await session()).turn).toBe(1);
});

test("other events are none of ours", async () => {
  expect(await open().send("SessionStart")).toEqual({});
});

test.each([
  ["Bash", "claude-code", "Bash"],
  ["mcp__github__create_issue", "github", "create_issue"],
  ["mcp__a__b__c", "a", "b__c"],
  ["mcp__x", "claude-code", "mcp__x"],
])("%s is of %s: %s", (name, server, tool) => {
  expect(claudeCodeTool(name)).toEqual({ server, tool });
});

describe("the daemon and the command", () => {
  const example = resolve(import.meta.dirname, "../../examples/claude-code");
  const folder = mkdtempSync(join(tmpdir(), "reeve-hook-"));
  const config = join(folder, "reeve.yaml");
  const policies = [resolve(example, "../../rego"), join(example, "site")];
  let daemon: Daemon;
  beforeAll(async () => {
    const hooks = { claude_code: { subject: { id: "alice" }, ledger: join(folder, "ledger.sqlite") } };
    writeFileSync(config, JSON.stringify({ hooks }));
    daemon = await startDaemon("--config-file", config, "--bundle", ...policies);
  });
  afterAll(async () => {
    await daemon.stop();
    rmSync(folder, { recursive: true });
  });

  const event = (name: string, more: Json): string =>
    JSON.stringify({ session_id: "s", hook_event_name: name, ...more });
  const call = (id: string, to: string): Json => ({
    tool_name: "mcp__office__send_mail",
    tool_input: { to, body: "hi" },
    tool_use_id: id,
  });

  async function command(text: string, ...args: string[]) {
    const main = resolve(import.meta.dirname, "../../dist/cli/main.js");
    const child = spawn(process.execPath, [main, "hook", "claude-code", ...args], { stdio: "pipe" });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += String(chunk)));
    child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
    child.stdin.end(text);
    const code = await new Promise((ended) => child.once("close", ended));
    return { code, stderr, answer: stdout === "" ? {} : (JSON.parse(stdout) as Json) };
  }

  const post = async (body: string) => {
    const response = await fetch(`${daemon.url}/v1/hooks/claude-code`, { method: "POST", body });
    return { status: response.status, answer: (await response.json()) as Json };
  };

  test("over HTTP, and as a command that asks the daemon: one history", async () => {
    const prompt = { prompt: "Write to ann@corp.example.", source: "user", prompt_id: "p" };
    expect((await post(event("UserPromptSubmit", prompt))).answer).toEqual({});
    const asked = await command(event("PreToolUse", call("c1", "ann@corp.example")), "--url", daemon.url);
    expect({ code: asked.code, decision: decisionOf(asked.answer) }).toEqual({ code: 0, decision: "allow" });
    const other = await post(event("PreToolUse", call("c2", "mallory@evil.example")));
    expect(decisionOf(other.answer)).toBe("ask");
  });

  test("a command that decides by itself, on the same ledger", async () => {
    const args = ["--config-file", config, ...policies];
    const asked = await command(event("PreToolUse", call("c3", "ann@corp.example")), ...args);
    expect({ code: asked.code, decision: decisionOf(asked.answer) }).toEqual({ code: 0, decision: "allow" });
    const unknown = await command(
      event("PreToolUse", { tool_name: "Launch", tool_input: {}, tool_use_id: "c4" }),
      ...args,
    );
    expect(decisionOf(unknown.answer)).toBe("deny");
  });

  test.each([
    ["no daemon", ["--url", "http://127.0.0.1:1"], /does not answer/],
    ["neither daemon nor configuration", [], /say where to decide/],
    ["no such configuration", ["--config-file", "/nonexistent.yaml"], /not decided, so not done/],
  ])("%s: exit code 2, which blocks", async (_, args, message) => {
    const { code, stderr } = await command(event("PreToolUse", call("c5", "ann@corp.example")), ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test("over HTTP nothing is an error, since Claude Code would go on: a no is a 200", async () => {
    for (const body of ["", "{", "[]", '{"hook_event_name":"PreToolUse"}']) {
      const { status, answer } = await post(body);
      expect({ body, status, decision: decisionOf(answer) }).toEqual({ body, status: 200, decision: "deny" });
    }
  });

  test("without a `hooks` section there is no such door, and a configuration must name the user", async () => {
    const bare = await startDaemon();
    const response = await fetch(`${bare.url}/v1/hooks/claude-code`, { method: "POST", body: "{}" });
    expect(response.status).toBe(404);
    await bare.stop();
    writeFileSync(join(folder, "nobody.yaml"), "hooks: { claude_code: {} }");
    await expect(startDaemon("--config-file", join(folder, "nobody.yaml"))).rejects.toThrow(
      "says who the user is",
    );
  });
});
