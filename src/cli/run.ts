// `reeve run --server`: the decision agent as a daemon, answering OPA's REST API. Policies come from the services of its configuration, and
// from files and folders on the command line. One line on stdout says where it listens.

import { Command } from "commander";
import { build, checkTexts } from "../build.ts";
import type { SourceModule } from "../decision/ports.ts";
import { PolicyError } from "../error.ts";
import { runQuery } from "../query.ts";
import { loadSources } from "../sources.ts";
import { createSidecar } from "../server/sidecar/app.ts";
import type { CompilerPort } from "../server/sidecar/ports.ts";
import { object } from "../value/object.ts";
import { startAgent } from "./agent.ts";
import { collectList } from "./options.ts";
import { parseAddress } from "./serve.ts";
import { untilStopped } from "./stop.ts";
import { packageVersion } from "./version.ts";

interface RunFlags {
  readonly server?: boolean;
  readonly configFile?: string;
  readonly addr: string;
  readonly bundle?: boolean;
  readonly ignore?: string[];
  readonly v0Compatible?: boolean;
  readonly shutdownGracePeriod: string;
}

/** The name under which files from the command line are active. */
const LOCAL_BUNDLE = "<local>";

export function command(): Command {
  return new Command("run")
    .description(
      "Run the decision agent as a daemon: pulls bundles, answers OPA's REST API, reports decisions.",
    )
    .argument("[paths...]", "policy and data files or folders, or (with -b) bundles")
    .option("-s, --server", "start in server mode")
    .option("-c, --config-file <path>", "configuration file")
    .option("-a, --addr <host:port>", "listening address; port 0 takes a free one", "localhost:8181")
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .option("--ignore <names>", "file and directory names to ignore during loading", collectList)
    .option("--v0-compatible", "opt in to Rego v0")
    .option("--shutdown-grace-period <seconds>", "time to let running requests and uploads finish", "10")
    .action(run);
}

function sources(modules: readonly SourceModule[]) {
  return modules.map(({ file, text, regoVersion }) => ({
    file,
    text,
    regoVersion: regoVersion === 0 ? ("v0" as const) : ("v1" as const),
  }));
}

const compiler: CompilerPort = {
  check: (modules) => {
    checkTexts(sources(modules));
  },
  async query({ text, modules, data, input }) {
    const solutions = await runQuery(checkTexts(sources(modules)), {
      text,
      data,
      input: input === undefined ? undefined : { value: input },
    });
    return solutions.map(({ bindings }) => object(bindings));
  },
};

async function run(paths: string[], flags: RunFlags): Promise<void> {
  if (flags.server !== true) {
    throw new PolicyError(
      "rego_unsupported_error",
      "the interactive shell is not there yet, start the daemon with --server",
    );
  }
  const started = await startAgent(flags.configFile, { stdoutIsOurs: true });
  const sidecar = createSidecar({
    agent: started.agent,
    config: started.config,
    compiler,
    version: packageVersion(),
    onError: (error) =>
      process.stderr.write(`${JSON.stringify({ level: "error", msg: (error as Error).message })}\n`),
  });
  if (paths.length > 0 && flags.bundle === true) {
    const { bytes } = await build({
      paths,
      asBundle: true,
      ignore: flags.ignore,
      v0Compatible: flags.v0Compatible,
    });
    await started.agent.offer(LOCAL_BUNDLE, bytes);
  } else if (paths.length > 0) {
    const { modules, data } = loadSources(paths, { ignore: flags.ignore ?? [] });
    await sidecar.load({ data, policies: new Map(modules.map(({ file, text }) => [file, text])) });
  }
  const listening = await sidecar.listen(parseAddress(flags.addr));
  process.stdout.write(
    `${JSON.stringify({ level: "info", msg: "Server initialized.", addrs: [`${listening.host}:${listening.port}`], url: listening.url })}\n`,
  );
  await untilStopped();
  const graceMs = Number(flags.shutdownGracePeriod) * 1000;
  await sidecar.close(graceMs);
  await started.agent.close(graceMs);
}
