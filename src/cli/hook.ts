// `reeve hook claude-code`: a hook of Claude Code as a command. The event on stdin goes to the warm daemon (`--url`) or to a decision agent of its
// own (`--config-file`); the hook's JSON comes out on stdout. Whatever fails ends with exit code 2, which is Claude Code's way of blocking.

import { Command } from "commander";
import { PolicyError } from "../error.ts";
import { parseInteger } from "./options.ts";

interface HookFlags {
  readonly url?: string;
  readonly configFile?: string;
  readonly bundle?: boolean;
  readonly tokenEnv: string;
  readonly timeout: number;
  readonly selfTest?: boolean;
  readonly claude: string;
}

/** What Claude Code takes as "block this". */
const EXIT_BLOCK = 2;

export function command(): Command {
  return new Command("hook")
    .description(
      "Decide a hook event of an AI agent's host: the event on stdin, the answer on stdout, exit code 2 to block.",
    )
    .argument("<host>", "claude-code")
    .argument("[paths...]", "with --config-file: policy bundles beside those that it names")
    .option("--url <url>", "ask the daemon (`reeve run --server`) that listens there")
    .option("-c, --config-file <path>", "decide here, with this configuration of the decision agent")
    .option("--token-env <name>", "environment variable with a bearer token for the daemon", "REEVE_TOKEN")
    .option("--timeout <ms>", "how long to wait for an answer", parseInteger, 10_000)
    .option("--self-test", "run Claude Code itself on a scripted model and prove that its hooks decide")
    .option("--claude <path>", "with --self-test: the program", "claude")
    .action(run);
}

async function run(host: string, paths: string[], flags: HookFlags): Promise<void> {
  if (host !== "claude-code")
    throw new PolicyError("invalid_parameter", `there are no hooks of \`${host}\` here`);
  if (flags.selfTest === true) {
    const { selfTestClaudeCode } = await import("./hook-self-test.ts");
    const { fired, blocked } = await selfTestClaudeCode(flags.claude);
    process.stdout.write(`self-test   fired ${fired}, blocked ${blocked}\n`);
    if (!fired || !blocked)
      throw new PolicyError("decision_error", "Claude Code's calls are not decided here");
    return;
  }
  try {
    const event = await readStdin();
    const answer = await answerOf(event, paths, flags);
    process.stdout.write(`${answer}\n`);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`Reeve: not decided, so not done: ${text}\n`);
    process.exitCode = EXIT_BLOCK;
  }
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function answerOf(event: Buffer, paths: readonly string[], flags: HookFlags): Promise<string> {
  if (flags.url !== undefined) return askDaemon(event, flags.url, flags);
  if (flags.configFile === undefined)
    throw new PolicyError("invalid_parameter", "say where to decide: `--url` or `--config-file`");
  // What decides is loaded where it decides: asking a daemon must be quick.
  const { decideHere } = await import("./hook-here.ts");
  return decideHere(event, flags.configFile, paths, flags.timeout);
}

async function askDaemon(event: Buffer, url: string, flags: HookFlags): Promise<string> {
  const token = process.env[flags.tokenEnv];
  const response = await fetch(`${url.replace(/\/+$/, "")}/v1/hooks/claude-code`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: new Uint8Array(event),
    signal: AbortSignal.timeout(flags.timeout),
  }).catch((cause: unknown) => {
    throw new PolicyError("io_error", `the daemon at ${url} does not answer`, { cause });
  });
  const text = (await response.text()).trim();
  if (!response.ok) throw new PolicyError("io_error", `the daemon at ${url} says ${response.status}`);
  JSON.parse(text);
  return text;
}
