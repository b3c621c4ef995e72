// `reeve serve`: the distribution server. Bundles come from authenticated publishers, are verified, signed with the server's key and served;
// decision logs and status come in. One line on stdout says where it listens.

import { Command } from "commander";
import { checkBundle } from "../build.ts";
import { PolicyError } from "../error.ts";
import { readAccessFile } from "../server/auth.ts";
import { createDistributionServer } from "../server/distribution/app.ts";
import { parseInteger, readText } from "./options.ts";
import { untilStopped } from "./stop.ts";

interface ServeFlags {
  readonly addr: string;
  readonly store: string;
  readonly accessFile: string;
  readonly signingKey?: string;
  readonly signingAlg: string;
  readonly signingKeyId: string;
  readonly maxWait?: number;
}

export function command(): Command {
  return new Command("serve")
    .description("Run the distribution server: signs and serves bundles, takes in decision logs and status.")
    .option("-a, --addr <host:port>", "listening address; port 0 takes a free one", "localhost:8282")
    .option("--store <file>", "SQLite file", "reeve.db")
    .requiredOption("--access-file <path>", "YAML file with tokens and their scopes")
    .option("--signing-key <path>", "PEM file of the server's private key, or an HMAC secret's file")
    .option("--signing-alg <name>", "name of the signing algorithm", "RS256")
    .option("--signing-key-id <id>", "name of the key in signatures", "default")
    .option("--max-wait <seconds>", "longest time a long poll is held", parseInteger)
    .action(run);
}

/** `host:port`, `[::1]:port` or `:port`. */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:https?:\/\/)?(\[[^\]]+\]|[^:]*):(\d{1,5})$/.exec(address);
  const port = Number(match?.[2]);
  if (match === null || port > 65535)
    throw new PolicyError("invalid_parameter", `\`${address}\` is no address, \`host:port\` is expected`);
  const host = (match[1] ?? "").replace(/^\[|\]$/g, "");
  return { host: host === "" ? "0.0.0.0" : host, port };
}

async function run(flags: ServeFlags): Promise<void> {
  const access = readAccessFile(flags.accessFile);
  const server = createDistributionServer({
    store: flags.store,
    access,
    ...(flags.signingKey !== undefined && {
      signing: { key: readText(flags.signingKey), algorithm: flags.signingAlg, keyId: flags.signingKeyId },
    }),
    ...(flags.maxWait !== undefined && { maxWaitSeconds: flags.maxWait }),
    inspect: async (bundle) => {
      checkBundle(bundle);
    },
    onError: (error) => process.stderr.write(`error: ${(error as Error).message}\n`),
  });
  const listening = await server.listen(parseAddress(flags.addr));
  process.stdout.write(`${JSON.stringify({ level: "info", msg: "listening", url: listening.url })}\n`);
  await untilStopped();
  await server.close();
}
