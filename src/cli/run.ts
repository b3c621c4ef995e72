// `reeve run`: an interactive session; with --server the decision agent as a daemon, answering OPA's REST API. Policies come from the services of its configuration, and
// from files and folders on the command line. One line on stdout says where it listens.

import { homedir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { build } from "../build.ts";
import type { Builtin } from "../builtins/builtin.ts";
import { withCustom } from "../builtins/custom.ts";
import { loadBuiltins } from "../builtins/custom-file.ts";
import { builtins } from "../builtins/registry.ts";
import { checkModules } from "../compile/compile.ts";
import { PolicyError } from "../error.ts";
import { loadSources } from "../sources.ts";
import { readAccessFile } from "../server/auth.ts";
import { readTls } from "../server/tls.ts";
import { createSidecar } from "../server/sidecar/app.ts";
import { type AgentOptions, logLine, startAgent } from "./agent.ts";
import { compilerWith } from "./compiler-port.ts";
import { overridden } from "./config-overrides.ts";
import { addListenOptions, type ListenFlags, listenersOf } from "./listen-flags.ts";
import { loadFiles, loadPolicies, regoVersionFor } from "./load.ts";
import { addVersionOptions, collect, collectList, parseInteger, usageError } from "./options.ts";
import * as output from "./output.ts";
import { requestLog } from "./request-log.ts";
import { runShell } from "./shell.ts";
import { addVerificationOptions, type VerificationFlags, verificationOf } from "./signing.ts";
import { untilStopped } from "./stop.ts";
import { packageVersion } from "./version.ts";

interface RunFlags extends VerificationFlags, ListenFlags {
  readonly watch?: boolean;
  readonly server?: boolean;
  readonly builtins?: string;
  readonly maxErrors: number;
  readonly configFile?: string;
  readonly set?: string[];
  readonly setFile?: string[];
  readonly bundle?: boolean;
  readonly format: string;
  readonly history: string;
  readonly ignore?: string[];
  readonly logLevel: string;
  readonly logFormat: string;
  readonly readyTimeout: number;
  readonly v0Compatible?: boolean;
  readonly shutdownGracePeriod: number;
  readonly shutdownWaitPeriod: number;
  readonly logTimestampFormat?: string;
  readonly skipVerify?: boolean;
  readonly skipKnownSchemaCheck?: boolean;
}

/** The name under which files from the command line are active. */
const LOCAL_BUNDLE = "<local>";

export function command(): Command {
  const command = new Command("run")
    .description(
      "Start an interactive session, or with -s the decision agent as a daemon: pulls bundles, answers OPA's REST API, reports decisions.",
    )
    .argument("[paths...]", "policy and data files or folders, or (with -b) bundles")
    .option("-s, --server", "start in server mode")
    .option("--builtins <path>", "ES module that declares builtins of the host's own")
    .option("-c, --config-file <path>", "configuration file")
    .option("--set <key=value>", "override config values; commas separate several", collect)
    .option("--set-file <key=path>", "override config values with the content of files", collect)
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .addOption(
      new Option("-f, --format <format>", "output format of the session")
        .choices(["pretty", "json"])
        .default("pretty"),
    )
    .option("-H, --history <path>", "history file of the session", join(homedir(), ".reeve_history"))
    .option(
      "-m, --max-errors <n>",
      "number of errors to allow before compilation fails early",
      parseInteger,
      10,
    )
    .option("--ignore <names>", "file and directory names to ignore during loading", collectList)
    .addOption(
      new Option("-l, --log-level <level>", "log level; debug tells requests, too")
        .choices(["debug", "info", "error"])
        .default("info"),
    )
    .addOption(
      new Option("--log-format <format>", "log format")
        .choices(["text", "json", "json-pretty"])
        .default("json"),
    )
    .option("--ready-timeout <seconds>", "how long to wait for configured bundles", parseInteger, 0)
    .option(
      "--shutdown-grace-period <seconds>",
      "time to let running requests and uploads finish",
      parseInteger,
      10,
    )
    .option("--shutdown-wait-period <seconds>", "time to go on serving before shutting down", parseInteger, 0)
    .option("-w, --watch", "with -s: load the given paths again whenever they change")
    .option("--signing-alg <name>", "name of the signing algorithm", "RS256")
    .addOption(
      new Option("--log-timestamp-format <layout>", "how times are logged, as a layout of Go's").env(
        "OPA_LOG_TIMESTAMP_FORMAT",
      ),
    )
    .option("--skip-verify", "do not verify the signatures of bundles from the command line")
    .option("--optimize-store-for-read-speed", "accepted for OPA's sake")
    .option("--skip-known-schema-check", "accepted for OPA's sake: no schema of a known input is checked")
    .option("--skip-version-check", "accepted for OPA's sake: no version is ever asked for");
  return addVersionOptions(addVerificationOptions(addListenOptions(command))).action(run);
}

async function run(paths: string[], flags: RunFlags): Promise<void> {
  return flags.server === true ? serve(paths, flags) : converse(paths, flags);
}

async function converse(paths: readonly string[], flags: RunFlags): Promise<void> {
  const named = flags.bundle === true ? { bundle: paths } : { data: paths };
  try {
    const load = () => loadPolicies({ ...flags, ...named, bundle: named.bundle ?? [] });
    const during = flags.bundle === true ? "" : " during loading";
    const { modules, data } = await saying("load error", (error) => output.failureText(error, during), load);
    const custom = await loadBuiltins(flags.builtins);
    const { maxErrors } = flags;
    const options = { builtins: withCustom(builtins, custom), maxErrors };
    await saying("initialization error", output.prettyErrors, () => checkModules(modules, options));
    await runShell({
      modules,
      maxErrors,
      regoVersion: regoVersionFor(flags),
      custom,
      data,
      format: flags.format === "json" ? "json" : "pretty",
      historyFile: flags.history,
      banner: `Reeve ${packageVersion()}\n\nRun 'help' to see a list of commands.\n`,
    });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.stderr.write(`error: ${output.failureText(error)}\n`);
    process.exitCode = output.EXIT_FAIL;
  }
}

/** What fails while the daemon starts, after the stage that failed, as OPA tells it. */
async function saying<T>(
  stage: string,
  text: (error: PolicyError) => string,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PolicyError) || error.code === "invalid_parameter") throw error;
    throw new PolicyError("io_error", `${stage}: ${text(error)}`);
  }
}

/** What is wrong with files that could not be loaded, under their own names: in the agent they are policies like those that clients put. */
async function refuseFiles(
  paths: readonly string[],
  flags: RunFlags,
  custom: readonly Builtin[],
): Promise<void> {
  const during = (error: PolicyError): string => output.prettyErrors(error, " during loading");
  const { modules } = await saying("load error", during, () =>
    loadFiles(paths, { ignore: flags.ignore ?? [], regoVersion: regoVersionFor(flags) }),
  );
  const options = { builtins: withCustom(builtins, custom), maxErrors: flags.maxErrors };
  await saying("initialization error", output.prettyErrors, () => checkModules(modules, options));
}

async function serve(paths: string[], flags: RunFlags): Promise<void> {
  if (flags.verificationKey !== undefined && flags.bundle !== true)
    throw usageError("enable bundle mode (ie. --bundle) to verify bundle files or directories");
  const { addresses, diagnostic } = listenersOf(flags);
  // What cannot be used is said before anything is downloaded or opened.
  for (const { tls } of [...addresses, ...diagnostic]) if (tls !== undefined) readTls(tls);
  const { logFormat, logTimestampFormat } = flags;
  const log = (level: string, message: string, more: Readonly<Record<string, unknown>> = {}): void =>
    void process.stderr.write(logLine(level, message, logFormat, logTimestampFormat, more));
  const onError = (error: unknown): void => log("error", (error as Error).message);
  const custom = await loadBuiltins(flags.builtins);
  const overrides = flags.set !== undefined || flags.setFile !== undefined;
  const regoVersion = regoVersionFor(flags);
  const agentOptions: AgentOptions = {
    stdoutIsOurs: true,
    logLevel: flags.logLevel,
    logFormat,
    started: {
      authorization: flags.authorization === "basic",
      skipSchemaCheck: flags.skipKnownSchemaCheck === true,
    },
    ...(logTimestampFormat === undefined ? {} : { logTimestampFormat }),
    builtins: custom,
    regoVersion,
    ...(flags.readyTimeout > 0 && { readyTimeoutMs: flags.readyTimeout * 1000 }),
    ...(overrides && {
      change: (config) => overridden(config, flags.set ?? [], flags.setFile ?? []),
    }),
  };
  const plain = (error: PolicyError): string => error.message;
  const started = await saying("config error", plain, () => startAgent(flags.configFile, agentOptions));
  const { accessFile } = started.agent.config.authzen;
  const sidecar = createSidecar({
    agent: started.agent,
    ...(accessFile !== undefined && { access: readAccessFile(accessFile) }),
    config: started.config,
    compiler: compilerWith(custom, regoVersion),
    regoVersion,
    version: packageVersion(),
    authentication: flags.authentication,
    authorization: flags.authorization,
    ...(flags.logLevel === "debug" && { onRequest: requestLog(log) }),
    onError,
  });
  const load = async (): Promise<void> => {
    if (flags.bundle === true) {
      const { bytes } = await build({
        paths,
        asBundle: true,
        ignore: flags.ignore,
        v0Compatible: flags.v0Compatible,
        builtins: custom,
        ...(flags.skipVerify === true ? {} : { verification: verificationOf(flags) }),
      });
      await started.agent.offer(LOCAL_BUNDLE, bytes);
    } else {
      const { modules, data } = loadSources(paths, { ignore: flags.ignore ?? [] });
      await sidecar.load({ data, policies: new Map(modules.map(({ file, text }) => [file, text])) });
    }
  };
  if (paths.length > 0 && flags.bundle === true) await saying("load error", plain, load);
  else if (paths.length > 0)
    await load().catch(async (error: unknown) => {
      await refuseFiles(paths, flags, custom);
      throw error;
    });
  const reload = (): Promise<void> =>
    load().then(
      () => log("info", "Processed file watch event."),
      (error: unknown) => log("error", `what changed is not taken: ${output.failureText(error)}`),
    );
  const watching =
    flags.watch === true && paths.length > 0
      ? (await import("./changes.ts")).onChanges(paths, reload)
      : undefined;
  const listening = [];
  for (const address of addresses) listening.push(await sidecar.listen({ ...address, onError }));
  const apart = [];
  for (const address of diagnostic) apart.push(await sidecar.listenDiagnostic({ ...address, onError }));
  process.stdout.write(
    `${JSON.stringify({
      level: "info",
      msg: "Server initialized.",
      addrs: listening.map(({ address }) => address),
      ...(apart.length > 0 && { diagnostic_addrs: apart.map(({ address }) => address) }),
      url: listening[0]?.url,
    })}\n`,
  );
  await untilStopped();
  await watching?.close();
  await new Promise((resolve) => setTimeout(resolve, flags.shutdownWaitPeriod * 1000));
  const graceMs = flags.shutdownGracePeriod * 1000;
  await sidecar.close(graceMs);
  await started.agent.close(graceMs);
}
