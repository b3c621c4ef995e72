// The MCP gateway put together: a child process that is the real MCP server, the proxy before it, and the guard that decides each call.
// Who presents what, for which task, from which network is settled here, never by what the client writes into a message.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { explain } from "../../ai/effect.ts";
import { createGuard, type Decider, type GuardAnswer } from "../../ai/guard.ts";
import { identify, type IdentityOptions } from "../../ai/identity.ts";
import { canonicalAction, type ToolRequest } from "../../ai/request.ts";
import { PolicyError } from "../../error.ts";
import { canonicalPaths, type ResolvedPath } from "./paths.ts";
import { runProxy, type ToolCall, type ToolVerdict } from "./proxy.ts";

export interface GatewayOptions {
  readonly decider: Decider;
  /** Decision path, as `ai/decision`. */
  readonly decision: string;
  /** The real MCP server's command line. */
  readonly command: readonly [string, ...string[]];
  /** What the server is called in requests. */
  readonly serverId: string;
  readonly task: { readonly id: string; readonly folder: string };
  /** Names of arguments that are paths; relative ones are taken from the task's folder. */
  readonly pathArguments: ReadonlySet<string>;
  readonly identity: IdentityOptions;
  /** The token that the AI agent presents; asked before every call. */
  readonly token: () => string | undefined;
  readonly ip?: string;
  /** Milliseconds since 1970 at which calls are made. */
  readonly nowMs: () => number;
  /** Instead of `nowMs`, the time that policies see: for demonstrations and replays. */
  readonly contextTime?: string;
  readonly log: (line: string) => void;
}

/** Runs on stdin and stdout until the client is gone; gives the exit code of the MCP server, 0 if it ended because the client did. */
export async function runGateway(options: GatewayOptions): Promise<number> {
  const folder = realFolder(options.task.folder);
  const [program, ...args] = options.command;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", (cause) =>
      reject(
        new PolicyError("io_error", `cannot start the MCP server \`${program}\`: ${cause.message}`, {
          cause,
        }),
      ),
    );
    child.on("exit", (code) => resolve(code ?? 1));
  });
  const guard = createGuard({
    decider: options.decider,
    path: options.decision,
    clockMs: () => performance.now(),
  });
  const decide = async (call: ToolCall): Promise<ToolVerdict> => {
    const { args: canonical, paths } = canonicalPaths(folder, options.pathArguments, call.arguments);
    const answer = await guard.ask(
      await requestFor({ ...call, arguments: canonical }, paths, folder, options),
    );
    return {
      arguments: canonical,
      forward: answer.effect === "allow",
      message: explain(answer),
      decision: shown(answer),
    };
  };
  // A server that is gone makes its stdin fail; its exit code says it better.
  child.stdin.on("error", () => {});
  const proxied = runProxy({
    clientInput: process.stdin,
    clientOutput: process.stdout,
    serverInput: child.stdin,
    serverOutput: child.stdout,
    decide,
    log: options.log,
  }).then(() => {
    child.kill();
    return 0;
  });
  return Promise.race([proxied, ended]);
}

function realFolder(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch (cause) {
    throw new PolicyError("io_error", `the task's folder \`${folder}\` does not exist`, { cause });
  }
}

async function requestFor(
  call: ToolCall,
  paths: readonly ResolvedPath[],
  folder: string,
  options: GatewayOptions,
): Promise<ToolRequest> {
  const nowMs = options.nowMs();
  const principal = await identify(options.token(), nowMs / 1000, options.identity);
  const text = canonicalAction(call.tool, options.serverId, call.arguments);
  return {
    ...principal,
    task: { id: options.task.id, folder },
    tool: call.tool,
    arguments: call.arguments,
    properties: { paths },
    digest: createHash("sha256").update(text).digest("hex"),
    resource: { type: "mcp_tool", id: `${options.serverId}#${call.tool}` },
    context: {
      time: options.contextTime ?? new Date(nowMs).toISOString(),
      network: options.ip === undefined ? {} : { ip: options.ip },
      channel: "mcp",
    },
  };
}

/** The decision as the client sees it. */
function shown(answer: GuardAnswer): Record<string, unknown> {
  return {
    id: answer.decisionId,
    effect: answer.effect,
    reasons: answer.reasons,
    deciding_ms: Math.round(answer.decidingMs * 1000) / 1000,
  };
}
