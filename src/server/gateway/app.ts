// The MCP gateway as a program: on stdio before a child process that is the real MCP server, or on HTTP before one of either kind. Who presents
// what, for which task, from which network is settled here, never by what the client writes into a message.

import { spawn } from "node:child_process";
import { PolicyError } from "../../error.ts";
import { type Listening, type ListenOptions, listen } from "../http.ts";
import { createGateway, type GatewayOptions } from "./gateway.ts";
import { guardMcp } from "./http.ts";
import { nodeListener } from "./node.ts";
import { runProxy } from "./proxy.ts";
import { stdioUpstream } from "./stdio-upstream.ts";
import { forwardTo } from "./upstream.ts";

export interface StdioOptions extends GatewayOptions {
  /** The real MCP server's command line. */
  readonly command: readonly [string, ...string[]];
  /** What the server is called in requests. */
  readonly serverId: string;
  /** The token that the AI agent presents; asked before every message. */
  readonly token: () => string | undefined;
}

/** Runs on stdin and stdout until the client is gone; gives the exit code of the MCP server, 0 if it ended because the client did. */
export async function runStdioGateway(options: StdioOptions): Promise<number> {
  const gateway = createGateway(options);
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
  // A server that is gone makes its stdin fail; its exit code says it better.
  child.stdin.on("error", () => {});
  const proxied = runProxy({
    clientInput: process.stdin,
    clientOutput: process.stdout,
    serverInput: child.stdin,
    serverOutput: child.stdout,
    connect: (ask) => gateway.connect(options.serverId, ask),
    sender: async () => gateway.sender(await gateway.identify(options.token())),
    log: options.log,
  }).then(() => {
    child.kill();
    return 0;
  });
  return Promise.race([proxied, ended]);
}

export interface HttpGatewayOptions extends GatewayOptions, ListenOptions {
  /** The real MCP server: its URL, or its command line. */
  readonly upstream: string | readonly [string, ...string[]];
  readonly serverId: string;
  /** What the gateway itself presents there. */
  readonly upstreamHeaders?: Readonly<Record<string, string>>;
  /** Names by which it may be called, beside those of the loopback interface and the address it listens on. */
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
}

/** Listens until it is closed. */
export async function startHttpGateway(options: HttpGatewayOptions): Promise<Listening> {
  const { upstream, upstreamHeaders } = options;
  const server =
    typeof upstream === "string"
      ? { forward: forwardTo(upstream, upstreamHeaders), close: () => {} }
      : stdioUpstream(upstream);
  const handler = guardMcp({
    gateway: createGateway(options),
    serverId: options.serverId,
    forward: server.forward,
    origins: new Set(options.origins),
  });
  const names = new Set(["localhost", "127.0.0.1", "[::1]", options.host, ...(options.hosts ?? [])]);
  const known = (host: string): boolean => names.has(host) || names.has(host.replace(/:\d+$/, ""));
  const listening = await listen(nodeListener(handler, known), options);
  return {
    ...listening,
    async close(graceMs) {
      await listening.close(graceMs);
      server.close();
    },
  };
}
