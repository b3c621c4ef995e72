// Proves that Claude Code's hooks decide: starts the real program in a folder, with its own settings, on a scripted model (a server of the
// Messages API on loopback) that asks for one shell command. Out: whether the hook saw it, and whether the command was kept from running.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CANARY, type SelfTest } from "../ai/adapters/session.ts";
import { PolicyError } from "../error.ts";

const TIMEOUT_MS = 60_000;

/** `program` runs in `folder`, whose settings name the hooks. Throws when it cannot be started or never asks its model. */
export async function selfTestClaudeCode(program: string, folder = process.cwd()): Promise<SelfTest> {
  const scratch = mkdtempSync(join(tmpdir(), "reeve-self-test-"));
  const file = join(scratch, "ran");
  const input = { command: `echo ${CANARY} > '${file}'`, description: "self-test" };
  const model = await scriptedMessages([
    [{ type: "tool_use", id: "toolu_self_test", name: "Bash", input }],
    [{ type: "text", text: "done" }],
  ]);
  try {
    await runClaude(program, folder, model.env);
    const results = model.results();
    if (results === undefined)
      throw new PolicyError("io_error", `\`${program}\` never asked the scripted model`);
    const fired = results.some((text) => text.includes("the self-test's tool is never allowed"));
    return { fired, blocked: !existsSync(file) };
  } finally {
    model.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function runClaude(program: string, cwd: string, more: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(program, ["-p", "self-test", "--allowedTools", "Bash", "--output-format", "json"], {
    cwd,
    stdio: "ignore",
    timeout: TIMEOUT_MS,
    env: { ...process.env, ...more },
  });
  return new Promise((ended, failed) => {
    child.once("error", () => failed(new PolicyError("io_error", `cannot start \`${program}\``)));
    child.once("exit", () => ended());
  });
}

export type Block =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: object };

export interface ScriptedMessages {
  /** What makes the program ask this model and nothing else. */
  readonly env: Readonly<Record<string, string>>;
  /** JSON text of the tool results that came back last; undefined when nobody asked. */
  results(): readonly string[] | undefined;
  close(): void;
}

interface RequestBody {
  readonly messages: readonly {
    readonly role: string;
    readonly content: string | readonly { readonly type: string }[];
  }[];
  readonly tools?: readonly unknown[];
}

/** A model that says these things turn by turn: the turn follows from how often it has spoken in the conversation. */
export async function scriptedMessages(turns: readonly (readonly Block[])[]): Promise<ScriptedMessages> {
  let results: string[] | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (!/^\/v1\/messages(\?|$)/.test(request.url ?? "")) {
      response.end("{}");
      return;
    }
    const { messages, tools = [] } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as RequestBody;
    // Titles and the like are asked for without tools.
    if (tools.length === 0) return stream(response, [{ type: "text", text: "self-test" }]);
    const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
    results = blocks.filter(({ type }) => type === "tool_result").map((block) => JSON.stringify(block));
    const turn = messages.filter(({ role }) => role === "assistant").length;
    stream(response, turns[turn] ?? [{ type: "text", text: "done" }]);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      ANTHROPIC_API_KEY: "self-test",
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    },
    results: () => results,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** One message as the API streams it. */
function stream(response: ServerResponse, blocks: readonly Block[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (type: string, data: object): void => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  };
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: "msg_1", type: "message", role: "assistant", model: "self-test", content: [], usage };
  send("message_start", { message: { ...message, stop_reason: null, stop_sequence: null } });
  for (const [index, block] of blocks.entries()) {
    const isTool = block.type === "tool_use";
    const empty = isTool ? { ...block, input: {} } : { type: "text", text: "" };
    const delta = isTool
      ? { type: "input_json_delta", partial_json: JSON.stringify(block.input) }
      : { type: "text_delta", text: block.text };
    send("content_block_start", { index, content_block: empty });
    send("content_block_delta", { index, delta });
    send("content_block_stop", { index });
  }
  const stop_reason = blocks.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn";
  send("message_delta", { delta: { stop_reason, stop_sequence: null }, usage });
  send("message_stop", {});
  response.end();
}
