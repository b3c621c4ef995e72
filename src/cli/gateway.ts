// `reeve gateway … -- COMMAND` (stdio), `--addr` for HTTP, `--upstream URL` for a server that listens: an MCP server whose tool calls are each
// decided by policy before they reach the real one.

import { readFileSync } from "node:fs";
import { Command } from "commander";
import { lookup } from "../bundle/tree.ts";
import { loadProgramParsers } from "../ai/programs/load.ts";
import { type Catalogue, readCatalogue } from "../ai/catalogue.ts";
import { MemoryLedgerStore } from "../ai/ledger.ts";
import { openSqliteLedger } from "../ai/node/sqlite-ledger.ts";
import { importVerificationKey } from "../crypto/jwk.ts";
import { verifyJwt } from "../crypto/jws.ts";
import { substituteEnvironment } from "../decision/config.ts";
import type { DecisionAgent } from "../decision/sdk.ts";
import { PolicyError } from "../error.ts";
import { type HttpGatewayOptions, runStdioGateway, startHttpGateway } from "../server/gateway/app.ts";
import type { GatewayOptions } from "../server/gateway/gateway.ts";
import type { Value } from "../value/value.ts";
import { startAgent } from "./agent.ts";
import { collect, collectList, ioMessage, parseDuration, readText } from "./options.ts";
import { parseAddress } from "./serve.ts";
import { untilStopped } from "./stop.ts";

const DEFAULT_ADDRESS = "localhost:8184";

interface GatewayFlags {
  readonly configFile?: string;
  readonly bundle?: string;
  readonly decision: string;
  readonly catalogue: string;
  readonly ledger?: string;
  readonly reportTimeout: number;
  readonly taskFolder?: string;
  readonly taskId: string;
  readonly taskTools?: string[];
  readonly said?: string[];
  readonly serverId: string;
  readonly pathArguments: string[];
  readonly identityKey?: string;
  readonly identityAlg: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly promptKey?: string;
  readonly promptAlg: string;
  readonly approvalKeyEnv: string;
  readonly tokenEnv: string;
  readonly contextIp?: string;
  readonly contextTime?: string;
  readonly upstream?: string;
  readonly upstreamHeader?: string[];
  readonly addr?: string;
  readonly hosts?: string[];
  readonly origins?: string[];
}

export function command(): Command {
  return new Command("gateway")
    .description(
      "Stand before an MCP server: every tool call is decided, and logged, before it is forwarded.",
    )
    .argument("[command...]", "the MCP server's command line, after `--`")
    .option("--upstream <url>", "the MCP server's address, instead of a command line")
    .option(
      "-a, --addr <host:port>",
      `listen for streamable HTTP instead of stdio; port 0 takes a free one (with --upstream ${DEFAULT_ADDRESS} unless said)`,
    )
    .option(
      "--upstream-header <name: value>",
      "with --upstream: a header to present there, environment variables in `$` and braces; this flag can be repeated",
      collect,
    )
    .option("--hosts <names>", "with --addr: further names by which clients may call it", collectList)
    .option("--origins <urls>", "with --addr: web origins that may call it from a browser", collectList)
    .option("-c, --config-file <path>", "configuration of the decision agent (OPA's keys)")
    .option(
      "-b, --bundle <path>",
      "a bundle that `reeve build` wrote, instead of a distribution server; taken as it is",
    )
    .option("--decision <path>", "decision path", "ai/decision")
    .option("--catalogue <path>", "where the tool catalogue stands in the bundle's data", "site/catalogue")
    .option(
      "--ledger <path>",
      "SQLite file for the task's history; several gateways may share it (in memory otherwise)",
    )
    .option(
      "--report-timeout <duration>",
      "after which a call that was let through and never answered is released, and shown as unreported",
      parseDuration,
      600_000,
    )
    .option("--task-id <id>", "name of the task", "task")
    .option("--task-folder <folder>", "folder the task may work in; paths are resolved from there")
    .option("--task-tools <names>", "tools the task may use", collectList)
    .option(
      "--said <text>",
      "what the user asked for, in their own words; this flag can be repeated",
      collect,
    )
    .option("--server-id <id>", "name of the MCP server in requests and in the catalogue", "mcp")
    .option("--path-arguments <names>", "arguments that are paths", collectList, [
      "path",
      "paths",
      "source",
      "destination",
    ])
    .option("--identity-key <path>", "PEM file of the key that signs identity tokens")
    .option("--identity-alg <name>", "its algorithm", "RS256")
    .option("--issuer <url>", "`iss` of identity tokens")
    .option("--audience <name>", "`aud` of identity tokens")
    .option("--prompt-key <path>", "PEM file of the key that signs the user's words in requests")
    .option("--prompt-alg <name>", "its algorithm", "RS256")
    .option(
      "--approval-key-env <name>",
      "environment variable with the secret that signs approval tickets (a fresh one otherwise)",
      "REEVE_APPROVAL_KEY",
    )
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
  if ((program === undefined) === (flags.upstream === undefined))
    throw new PolicyError(
      "invalid_parameter",
      "give either the MCP server's command line after `--` or its address with `--upstream`",
    );
  const checked = await gatewayOptions(flags);
  const isHttp = program === undefined || flags.addr !== undefined;
  if (flags.configFile === undefined && flags.bundle === undefined)
    throw new PolicyError("invalid_parameter", "give the policy: `--config-file`, or `--bundle`");
  const { agent } = await startAgent(flags.configFile, { stdoutIsOurs: isHttp });
  if (flags.bundle !== undefined) await agent.offer("local", readBytes(flags.bundle));
  const options = {
    ...checked,
    decider: agent,
    catalogue: catalogueOf(agent, flags.catalogue),
    serverId: flags.serverId,
  };
  const command = program === undefined ? undefined : ([program, ...args] as const);
  if (isHttp || command === undefined) {
    const upstream = command ?? flags.upstream ?? "";
    return serve(agent, { ...options, ...httpOptions(flags), upstream });
  }
  process.exitCode = await runStdioGateway({ ...options, command, token: () => process.env[flags.tokenEnv] });
  await agent.close();
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new PolicyError("io_error", ioMessage(path, cause, "open"), { cause });
  }
}

function httpOptions(flags: GatewayFlags) {
  const headers = (flags.upstreamHeader ?? []).map((header): [string, string] => {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(header) ?? [];
    if (name === undefined || value === undefined)
      throw new PolicyError("invalid_parameter", "`--upstream-header` must be `Name: value`");
    return [name, substituteEnvironment(value, process.env)];
  });
  return {
    upstreamHeaders: Object.fromEntries(headers),
    ...parseAddress(flags.addr ?? DEFAULT_ADDRESS),
    ...(flags.hosts !== undefined && { hosts: flags.hosts }),
    ...(flags.origins !== undefined && { origins: flags.origins }),
  };
}

async function serve(agent: DecisionAgent, options: HttpGatewayOptions): Promise<void> {
  const listening = await startHttpGateway(options);
  const before = typeof options.upstream === "string" ? options.upstream : options.upstream.join(" ");
  process.stderr.write(`gateway: listening on ${listening.url}, before ${before}\n`);
  await untilStopped();
  await listening.close();
  await agent.close();
}

async function gatewayOptions(flags: GatewayFlags): Promise<Omit<GatewayOptions, "decider">> {
  if (flags.contextTime !== undefined && Number.isNaN(Date.parse(flags.contextTime)))
    throw new PolicyError("invalid_parameter", `\`${flags.contextTime}\` is no RFC 3339 time`);
  const { taskFolder: folder, taskTools: tools, said } = flags;
  const approvalKey = process.env[flags.approvalKeyEnv];
  if (approvalKey !== undefined && approvalKey.length < 32)
    throw new PolicyError(
      "invalid_parameter",
      `\`${flags.approvalKeyEnv}\` must have at least 32 characters`,
    );
  return {
    decision: flags.decision,
    store: flags.ledger === undefined ? new MemoryLedgerStore() : openSqliteLedger(flags.ledger),
    programs: await loadProgramParsers(),
    reportTimeoutMs: flags.reportTimeout,
    task: {
      id: flags.taskId,
      ...(folder !== undefined && { folder }),
      ...(tools !== undefined && { tools }),
      ...(said !== undefined && { said }),
    },
    pathArguments: new Set(flags.pathArguments),
    ...(await verification(flags)),
    ...(approvalKey !== undefined && { approvalKey: new TextEncoder().encode(approvalKey) }),
    ...(flags.contextIp !== undefined && { ip: flags.contextIp }),
    nowMs: () => Date.now(),
    ...(flags.contextTime !== undefined && { contextTime: flags.contextTime }),
    log: (line) => process.stderr.write(`gateway: ${line}\n`),
  };
}

async function verification(flags: GatewayFlags): Promise<Pick<GatewayOptions, "identity" | "verifyWords">> {
  const { identityKey, issuer, audience, promptKey } = flags;
  const words =
    promptKey === undefined ? undefined : await importVerificationKey(readText(promptKey), flags.promptAlg);
  const verifyWords = words === undefined ? {} : { verifyWords: (token: string) => verifyJwt(token, words) };
  if (identityKey === undefined && issuer === undefined && audience === undefined) return verifyWords;
  if (identityKey === undefined || issuer === undefined || audience === undefined)
    throw new PolicyError(
      "invalid_parameter",
      "identity tokens need `--identity-key`, `--issuer` and `--audience`, all three",
    );
  const key = await importVerificationKey(readText(identityKey), flags.identityAlg);
  return { ...verifyWords, identity: { verify: (token) => verifyJwt(token, key), issuer, audience } };
}

/** The catalogue in the active bundle's data, read once for each state. */
function catalogueOf(agent: DecisionAgent, path: string): () => Catalogue | undefined {
  const keys = path.split("/").filter((key) => key !== "");
  let read: { readonly value: Value | undefined; readonly catalogue: Catalogue | undefined } | undefined;
  return () => {
    const value = lookup(agent.state.data, keys);
    if (read === undefined || read.value !== value)
      read = { value, catalogue: value === undefined ? undefined : readCatalogue(value) };
    return read.catalogue;
  };
}
