// A decision agent as the daemons start it: configuration from a file, state on disk, a compiler for bundles that ship Rego alone.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { compileWhole } from "../build.ts";
import { CompileCache } from "../compile/compile.ts";
import type { Builtin } from "../builtins/builtin.ts";
import { commandFacts } from "../builtins/opa.ts";
import { formatTime } from "../builtins/go-time-format.ts";
import { UTC } from "../builtins/time-zone.ts";
import { parseConfig, readConfig, substituteEnvironment } from "../decision/config.ts";
import { fileStorage } from "../decision/node/storage.ts";
import type { Ports } from "../decision/ports.ts";
import { createDecisionAgent, type DecisionAgent } from "../decision/sdk.ts";
import type { RegoVersion } from "../syntax/ast.ts";
import { moduleValue } from "../syntax/module-value.ts";
import { sourceTexts } from "./compiler-port.ts";
import { readText } from "./options.ts";

export interface AgentOptions {
  /** Stdout carries a protocol: what the agent logs to its console goes to stderr. */
  readonly stdoutIsOurs: boolean;
  /** How long to wait for the first bundle before going on without one (every decision is then a deny). */
  readonly readyTimeoutMs?: number;
  /** Changes of the configuration from the command line: `--set`, `--set-file`. */
  readonly change?: (config: Record<string, unknown>) => Record<string, unknown>;
  /** What is logged at most: debug, info or error. */
  readonly logLevel?: string;
  readonly logFormat?: string;
  /** What `opa.runtime()` says of the flags. */
  readonly started?: Parameters<typeof commandFacts>[0];
  /** How times are logged, as a layout of Go's. */
  readonly logTimestampFormat?: string;
  /** Of modules that say nothing of it; v1 unless told otherwise. */
  readonly regoVersion?: RegoVersion;
  /** The host's own. */
  readonly builtins?: readonly Builtin[];
}

const DEFAULT_READY_TIMEOUT_MS = 10_000;

/** What a daemon gives its decision agent of the world; `folder` is the persistence directory. */
export function daemonPorts(folder: string, options: AgentOptions): Ports {
  const console = options.stdoutIsOurs ? process.stdout : process.stderr;
  const cache = new CompileCache();
  return {
    storage: fileStorage(folder),
    compile: async (modules) =>
      compileWhole(sourceTexts(modules, options.regoVersion), options.builtins, cache),
    ...(options.builtins !== undefined && { builtins: options.builtins }),
    parseModule: moduleValue,
    readText: (path) => readFile(path, "utf8"),
    runtime: { ...commandFacts(options.started), env: { ...process.env } },
    console: lineWriter(console),
    log: (level, message) => {
      if (isLogged(level, options.logLevel)) {
        process.stderr.write(logLine(level, message, options.logFormat, options.logTimestampFormat));
      }
    },
  };
}

/** Lines of one turn of the event loop go out together: a write costs as much as a decision. What is left at the exit goes out then. */
function lineWriter(stream: NodeJS.WriteStream): (line: string) => void {
  let pending = "";
  const flush = (): void => {
    const text = pending;
    pending = "";
    if (text !== "") stream.write(text);
  };
  process.once("exit", flush);
  return (line) => {
    if (pending === "") setImmediate(flush);
    pending += `${line}\n`;
  };
}

const LEVELS = ["debug", "info", "warn", "error"];

function isLogged(level: string, wanted = "debug"): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(wanted);
}

/** One event as OPA logs it: JSON on a line, JSON on several, or text for people, without the time. */
export function logLine(
  level: string,
  msg: string,
  format = "json",
  layout?: string,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const now = new Date();
  const time =
    layout === undefined
      ? now.toISOString().replace(/\.\d+/, "")
      : formatTime(
          { seconds: Math.floor(now.getTime() / 1000), nanos: (now.getTime() % 1000) * 1e6, zone: UTC },
          layout,
        );
  if (format === "text") {
    const rest = Object.entries(more).map(([key, value]) => `  ${key} = ${JSON.stringify(value)}\n`);
    return `[${level === "warn" ? "WARNING" : level.toUpperCase()}] ${msg}\n${rest.join("")}\n`;
  }
  const fields = { ...more, level, msg, time };
  return `${JSON.stringify(fields, null, format === "json-pretty" ? 2 : undefined)}\n`;
}

export interface StartedAgent {
  readonly agent: DecisionAgent;
  /** The configuration as it was written, environment filled in. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Starts the decision agent of a configuration file (none: no services) and waits for its bundles for a while. */
export async function startAgent(
  configFile: string | undefined,
  options: AgentOptions,
): Promise<StartedAgent> {
  const written = configFile === undefined ? "{}" : readText(configFile);
  const text =
    options.change === undefined
      ? written
      : JSON.stringify(options.change((await readConfig(written)) as Record<string, unknown>));
  const config = await parseConfig(text, process.env);
  const folder = config.persistenceDirectory ?? join(process.cwd(), ".opa");
  const agent = await createDecisionAgent(config, daemonPorts(folder, options));
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, options.readyTimeoutMs ?? DEFAULT_READY_TIMEOUT_MS);
  });
  await Promise.race([agent.ready(), patience]);
  clearTimeout(timer);
  return {
    agent,
    config: (await readConfig(substituteEnvironment(text, process.env))) as Record<string, unknown>,
  };
}
