// The MCP gateway put together: a child process that is the real MCP server, the proxy before it, and the guard that decides each call.
// Who presents what, for which task, from which network is settled here, never by what the client writes into a message.

import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { Catalogue, CATALOGUE_VERSION } from "../../ai/catalogue.ts";
import { explain } from "../../ai/effect.ts";
import { type CallAnswer, type CallRequest, createGuard, type Decider } from "../../ai/guard.ts";
import { identify, type IdentityOptions } from "../../ai/identity.ts";
import { MemoryLedgerStore } from "../../ai/ledger.ts";
import { PolicyError } from "../../error.ts";
import { fromPlain } from "../../value/json.ts";
import type { RegoObject } from "../../value/value.ts";
import { canonicalPaths, type ResolvedPath } from "./paths.ts";
import { runProxy, type ToolCall, type ToolVerdict } from "./proxy.ts";

const NO_CATALOGUE = new Catalogue({ version: CATALOGUE_VERSION, tools: {} });

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
  const task = await createGuard({
    decider: options.decider,
    path: options.decision,
    catalogue: () => NO_CATALOGUE,
    store: new MemoryLedgerStore(),
    nowMs: options.nowMs,
  }).task(options.task.id, { folder });
  let calls = 0;
  const decide = async (call: ToolCall): Promise<ToolVerdict> => {
    const id = `${++calls}`;
    const { args: canonical, paths } = canonicalPaths(folder, options.pathArguments, call.arguments);
    const answer = await task.ask(await requestFor(id, { ...call, arguments: canonical }, paths, options));
    return {
      arguments: answer.arguments,
      forward: answer.forward,
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
  id: string,
  call: ToolCall,
  paths: readonly ResolvedPath[],
  options: GatewayOptions,
): Promise<CallRequest> {
  const nowMs = options.nowMs();
  const { subject, agent } = await identify(options.token(), nowMs / 1000, options.identity);
  return {
    id,
    tool: call.tool,
    server: options.serverId,
    arguments: call.arguments,
    subject: fromPlain(subject),
    agent: fromPlain(agent),
    properties: fromPlain({ paths }) as RegoObject,
    context: fromPlain({
      time: options.contextTime ?? new Date(nowMs).toISOString(),
      network: options.ip === undefined ? {} : { ip: options.ip },
      channel: "mcp",
    }) as RegoObject,
  };
}

/** The decision as the client sees it. */
function shown(answer: CallAnswer): Record<string, unknown> {
  return {
    id: answer.decisionId,
    effect: answer.effect,
    reasons: answer.reasons,
    deciding_ms: Math.round(answer.decidingMs * 1000) / 1000,
  };
}
