// `reeve gateway … -- COMMAND`: an MCP server on stdio whose tool calls are each decided by policy before they reach the real server.

import { Command } from "commander";
import { importVerificationKey } from "../crypto/jwk.ts";
import { verifyJwt } from "../crypto/jws.ts";
import { PolicyError } from "../error.ts";
import { runGateway } from "../server/gateway/app.ts";
import { startAgent } from "./agent.ts";
import { collectList, readText } from "./options.ts";

interface GatewayFlags {
  readonly configFile: string;
  readonly decision: string;
  readonly taskFolder: string;
  readonly taskId: string;
  readonly serverId: string;
  readonly pathArguments: string[];
  readonly identityKey: string;
  readonly identityAlg: string;
  readonly issuer: string;
  readonly audience: string;
  readonly tokenEnv: string;
  readonly contextIp?: string;
  readonly contextTime?: string;
}

export function command(): Command {
  return new Command("gateway")
    .description(
      "Stand before an MCP server on stdio: every tool call is decided, and logged, before it is forwarded.",
    )
    .argument("<command...>", "the MCP server's command line, after `--`")
    .requiredOption("-c, --config-file <path>", "configuration of the decision agent (OPA's keys)")
    .option("--decision <path>", "decision path", "ai/decision")
    .requiredOption("--task-folder <folder>", "folder the task may work in")
    .option("--task-id <id>", "name of the task", "task")
    .option("--server-id <id>", "name of the MCP server in requests", "mcp")
    .option("--path-arguments <names>", "arguments that are paths", collectList, [
      "path",
      "paths",
      "source",
      "destination",
    ])
    .requiredOption("--identity-key <path>", "PEM file of the key that signs identity tokens")
    .option("--identity-alg <name>", "its algorithm", "RS256")
    .requiredOption("--issuer <url>", "`iss` of identity tokens")
    .requiredOption("--audience <name>", "`aud` of identity tokens")
    .option("--token-env <name>", "environment variable with the AI agent's token", "REEVE_TOKEN")
    .option("--context-ip <address>", "network address that the AI agent comes from")
    .option(
      "--context-time <rfc3339>",
      "time that policies see instead of the clock's, for demonstrations and replays",
    )
    .action(run);
}

async function run(serverCommand: string[], flags: GatewayFlags): Promise<void> {
  const [program, ...args] = serverCommand;
  if (program === undefined)
    throw new PolicyError("invalid_parameter", "give the MCP server's command line after `--`");
  if (flags.contextTime !== undefined && Number.isNaN(Date.parse(flags.contextTime))) {
    throw new PolicyError("invalid_parameter", `\`${flags.contextTime}\` is no RFC 3339 time`);
  }
  const key = await importVerificationKey(readText(flags.identityKey), flags.identityAlg);
  const { agent } = await startAgent(flags.configFile, { stdoutIsOurs: false });
  const code = await runGateway({
    decider: agent,
    decision: flags.decision,
    command: [program, ...args],
    serverId: flags.serverId,
    task: { id: flags.taskId, folder: flags.taskFolder },
    pathArguments: new Set(flags.pathArguments),
    identity: { verify: (token) => verifyJwt(token, key), issuer: flags.issuer, audience: flags.audience },
    token: () => process.env[flags.tokenEnv],
    ...(flags.contextIp !== undefined && { ip: flags.contextIp }),
    nowMs: () => Date.now(),
    ...(flags.contextTime !== undefined && { contextTime: flags.contextTime }),
    log: (line) => process.stderr.write(`gateway: ${line}\n`),
  });
  await agent.close();
  process.exitCode = code;
}
