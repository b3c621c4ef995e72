// Real MCP clients before `reeve gateway`: they call tools and read the decision that the gateway attaches to each answer. One speaks the
// revisions up to 2025-11-25, the other 2026-07-28, in which the gateway can ask the person before it.

import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernTransport } from "@modelcontextprotocol/client/stdio";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { DecisionDocument } from "../ai/documents.ts";
import { AUDIENCE, CLI, filesystemServer, ISSUER, mailServer, type World } from "./world.ts";

/** What came of one call. */
export interface Outcome {
  readonly effect: string;
  readonly codes: readonly string[];
  readonly message: string;
  readonly decisionId: string;
  readonly decidingMs: number;
  /** The tool's own text, or what the gateway says instead. */
  readonly text: string;
}

export interface Situation {
  /** Name of the decision agent; its state lies under it. */
  readonly name: string;
  readonly token: string;
  /** RFC 3339. */
  readonly time: string;
  readonly ip: string;
}

/** A task whose calls are decided from where their values come; its gateways share one ledger. */
export interface Assistance {
  readonly name: string;
  readonly token: string;
  readonly server: "filesystem" | "mail";
  /** RFC 3339. */
  readonly time: string;
  readonly ip: string;
  /** What the person at the client answers when the gateway asks. */
  readonly person: (question: string) => boolean;
}

export interface AiAgent {
  /** `words`: what the user typed, signed by the application they typed it into. */
  call(tool: string, args: Record<string, unknown>, words?: string): Promise<Outcome>;
  /** The gateway's process. */
  readonly pid: number;
  close(): Promise<void>;
}

interface Result {
  readonly _meta?: Record<string, unknown>;
  readonly content?: unknown;
}

/** Starts a gateway before the file system server and connects to it. */
export async function startAiAgent(world: World, situation: Situation): Promise<AiAgent> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [
      ...gatewayArgs(world, situation.name, "filesystem"),
      ...["--task-id", "t-1", "--context-ip", situation.ip, "--context-time", situation.time],
      "--",
      ...filesystemServer(world.scratch),
    ],
    env: { PATH: process.env.PATH ?? "", REEVE_TOKEN: situation.token },
    stderr: "pipe",
  });
  const client = new Client({ name: "demo", version: "1.0.0" });
  await client.connect(transport);
  return {
    pid: transport.pid ?? 0,
    close: () => client.close(),
    call: async (name, args) => outcome((await client.callTool({ name, arguments: args })) as Result),
  };
}

/** Starts a gateway before one of the assistant's servers and connects to it. */
export async function startAssistant(world: World, assistance: Assistance): Promise<AiAgent> {
  const isMail = assistance.server === "mail";
  const transport = new ModernTransport({
    command: process.execPath,
    args: [
      ...gatewayArgs(world, assistance.name, assistance.server),
      ...["--decision", "ai/calls/decision", "--task-id", "t-2", "--ledger", world.ledger],
      ...["--context-ip", assistance.ip, "--context-time", assistance.time],
      ...["--prompt-key", world.issuerKey.publicFile, "--prompt-alg", "ES256"],
      "--",
      ...(isMail ? mailServer(world.outbox) : filesystemServer(world.scratch)),
    ],
    env: { PATH: process.env.PATH ?? "", REEVE_TOKEN: assistance.token },
    stderr: "pipe",
  });
  const client = new ModernClient(
    { name: "demo", version: "1.0.0" },
    {
      capabilities: { elicitation: {} },
      ...(isMail && { versionNegotiation: { mode: { pin: "2026-07-28" } } }),
    },
  );
  client.setRequestHandler("elicitation/create", ({ params }) =>
    assistance.person(params.message)
      ? { action: "accept", content: { approve: true } }
      : { action: "decline" },
  );
  await client.connect(transport);
  return {
    pid: transport.pid ?? 0,
    close: () => client.close(),
    async call(name, args, words) {
      const _meta = words === undefined ? {} : { _meta: { "reeve/user": words } };
      return outcome((await client.callTool({ name, arguments: args, ..._meta })) as Result);
    },
  };
}

function gatewayArgs(world: World, name: string, serverId: string): string[] {
  return [
    ...[CLI, "gateway", "--config-file", world.agentConfig(name)],
    ...["--task-folder", world.task, "--server-id", serverId],
    ...["--identity-key", world.issuerKey.publicFile, "--identity-alg", "ES256"],
    ...["--issuer", ISSUER, "--audience", AUDIENCE],
  ];
}

function outcome(result: Result): Outcome {
  const decision = (result._meta?.["reeve/decision"] ?? {}) as Partial<DecisionDocument>;
  const content = (result.content as { text?: string }[]) ?? [];
  return {
    effect: decision.effect ?? "none",
    codes: (decision.reasons ?? []).map((reason) => reason.code),
    message: (decision.reasons ?? []).map((reason) => reason.message).join("; "),
    decisionId: decision.evaluation_id ?? "",
    decidingMs: decision.deciding_ms ?? 0,
    text: content.map((part) => part.text ?? "").join("\n"),
  };
}

/** What a server shows of its tools, without a gateway. */
export async function listTools(world: World, server: Assistance["server"]): Promise<unknown> {
  const isMail = server === "mail";
  const [command, ...args] = isMail ? mailServer(world.outbox) : filesystemServer(world.scratch);
  const client = new ModernClient(
    { name: "demo", version: "1.0.0" },
    isMail ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {},
  );
  await client.connect(new ModernTransport({ command, args, stderr: "ignore" }));
  const { tools } = await client.listTools();
  await client.close();
  return { tools };
}
