// A real MCP client before `reeve gateway`: calls tools and reads the decision that the gateway attaches to each answer.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { AUDIENCE, CLI, filesystemServer, ISSUER, type World } from "./world.ts";

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

export interface AiAgent {
  call(tool: string, args: Record<string, unknown>): Promise<Outcome>;
  /** The gateway's process. */
  readonly pid: number;
  close(): Promise<void>;
}

interface DecisionMeta {
  readonly id: string;
  readonly effect: string;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  readonly deciding_ms: number;
}

/** Starts a gateway before the file system server and connects to it. */
export async function startAiAgent(world: World, situation: Situation): Promise<AiAgent> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [
      ...[CLI, "gateway", "--config-file", world.agentConfig(situation.name)],
      ...["--task-folder", world.task, "--task-id", "t-1", "--server-id", "filesystem"],
      ...["--identity-key", world.issuerKey.publicFile, "--identity-alg", "ES256"],
      ...["--issuer", ISSUER, "--audience", AUDIENCE],
      ...["--context-ip", situation.ip, "--context-time", situation.time],
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
    async call(tool, args) {
      const result = await client.callTool({ name: tool, arguments: args });
      const decision = (result._meta?.["reeve/decision"] ?? {}) as Partial<DecisionMeta>;
      const content = (result.content as { text?: string }[]) ?? [];
      return {
        effect: decision.effect ?? "none",
        codes: (decision.reasons ?? []).map((reason) => reason.code),
        message: (decision.reasons ?? []).map((reason) => reason.message).join("; "),
        decisionId: decision.id ?? "",
        decidingMs: decision.deciding_ms ?? 0,
        text: content.map((part) => part.text ?? "").join("\n"),
      };
    },
  };
}
