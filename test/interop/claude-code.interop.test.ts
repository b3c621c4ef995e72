// The real Claude Code and the real Agent SDK, on a scripted model. Runs where the SDK is: `npm install --no-save @anthropic-ai/claude-agent-sdk`
// (a program of some 400 MB comes with it), or its folder in CLAUDE_AGENT_SDK.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guardClaudeCode } from "../../src/ai/adapters/claude-code.ts";
import { MemoryLedgerStore } from "../../src/ai/ledger.ts";
import { scriptedMessages, selfTestClaudeCode } from "../../src/cli/hook-self-test.ts";
import { chosenTask } from "../adapters/guard.ts";
import { type Daemon, startDaemon } from "../conformance/authzen/daemon.ts";

function findSdk(): string | undefined {
  const given = process.env.CLAUDE_AGENT_SDK;
  if (given !== undefined) return given;
  try {
    return dirname(createRequire(import.meta.url).resolve("@anthropic-ai/claude-agent-sdk"));
  } catch {
    return undefined;
  }
}

const sdk = findSdk();
const program =
  sdk === undefined
    ? undefined
    : readdirSync(dirname(sdk))
        .filter((name) => name.startsWith(`claude-agent-sdk-${process.platform}-${process.arch}`))
        .map((name) => join(dirname(sdk), name, "claude"))
        .find((path) => existsSync(path));

describe.skipIf(program === undefined)("Claude Code", () => {
  const root = resolve(import.meta.dirname, "../..");
  const folder = mkdtempSync(join(tmpdir(), "reeve-claude-"));
  const before = { home: process.env.HOME, cwd: process.cwd() };
  let daemon: Daemon;
  beforeAll(async () => {
    const config = join(folder, "reeve.yaml");
    writeFileSync(config, JSON.stringify({ hooks: { claude_code: { subject: { id: "alice" } } } }));
    daemon = await startDaemon(
      "--config-file",
      config,
      "--bundle",
      join(root, "rego"),
      join(root, "examples/claude-code/site"),
    );
    process.env.HOME = join(folder, "home");
    mkdirSync(process.env.HOME);
  });
  afterAll(async () => {
    process.env.HOME = before.home;
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A project folder with the example's settings, its hooks led to this daemon. */
  function project(change: (settings: string) => string): string {
    const settings = readFileSync(join(root, "examples/claude-code/.claude/settings.json"), "utf8");
    const place = mkdtempSync(join(folder, "project-"));
    mkdirSync(join(place, ".claude"));
    writeFileSync(join(place, ".claude/settings.json"), change(settings));
    return place;
  }

  const asCommand = (settings: string): string =>
    settings.replaceAll(
      "npx reeve hook claude-code --url http://localhost:8181",
      `${process.execPath} ${join(root, "dist/cli/main.js")} hook claude-code --url ${daemon.url}`,
    );
  const asHttp = (settings: string): string =>
    settings
      .replaceAll('"type": "command"', '"type": "http"')
      .replaceAll(
        '"command": "npx reeve hook claude-code --url http://localhost:8181"',
        `"url": "${daemon.url}/v1/hooks/claude-code"`,
      );

  test.each([
    ["commands", asCommand, { fired: true, blocked: true }],
    ["HTTP hooks", asHttp, { fired: true, blocked: true }],
    ["no hooks", () => "{}", { fired: false, blocked: false }],
  ])(
    "the self-test with %s",
    async (_, change, found) => {
      expect(await selfTestClaudeCode(program as string, project(change))).toEqual(found);
    },
    90_000,
  );

  test("the Agent SDK's hooks: denied calls do not run, allowed ones do and are reported", async () => {
    const { query } = (await import(pathToFileURL(join(sdk as string, "sdk.mjs")).href)) as {
      query(options: object): AsyncIterable<unknown>;
    };
    const store = new MemoryLedgerStore();
    const task = await chosenTask("claude-code:s", store);
    const { hooks } = guardClaudeCode({
      guard: { task: async () => task, forget: () => {} },
      subject: { type: "user", id: "alice" },
    });
    const place = mkdtempSync(join(folder, "sdk-"));
    const bash = (id: string, command: string, effect: string) => ({
      type: "tool_use" as const,
      id,
      name: "Bash",
      input: { command, description: effect },
    });
    const server = await scriptedMessages([
      [bash("c1", `echo 1 > ${place}/denied`, "deny"), bash("c2", `echo 1 > ${place}/allowed`, "allow")],
      [{ type: "text", text: "done" }],
    ]);
    const env = { ...process.env, ...server.env };
    const options = { cwd: place, env, hooks: hooksBy(hooks), settingSources: [], allowedTools: ["Bash"] };
    for await (const _ of query({ prompt: "go", options }));
    server.close();
    expect({
      denied: existsSync(join(place, "denied")),
      allowed: existsSync(join(place, "allowed")),
    }).toEqual({
      denied: false,
      allowed: true,
    });
    expect(task.session().calls.map(({ status }) => status)).toEqual(["refused", "committed"]);
    expect(task.session().turn).toBe(1);
  }, 90_000);
});

/** The test's policy reads the effect out of `effect`, Claude Code's shell has only `description`. */
function hooksBy(hooks: ReturnType<typeof guardClaudeCode>["hooks"]): object {
  const [matcher] = hooks.PreToolUse;
  const [hook] = matcher?.hooks ?? [];
  const withEffect = (event: unknown): unknown => {
    const given = event as { hook_event_name: string; tool_input?: { description?: string } };
    return given.tool_input === undefined
      ? given
      : { ...given, tool_input: { ...given.tool_input, effect: given.tool_input.description } };
  };
  const wrapped = { ...matcher, hooks: [(event: unknown) => hook?.(withEffect(event))] };
  return Object.fromEntries(Object.keys(hooks).map((name) => [name, [wrapped]]));
}
