// `reeve sign`: writes `.signatures.json` for the files of a bundle.

import { statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { load, underFolder } from "../bundle/load.ts";
import { encodeSignatures, hashFiles, signFiles } from "../bundle/sign.ts";
import type { Bundle } from "../bundle/bundle.ts";
import { PolicyError } from "../error.ts";
import { usageError, writeWhole } from "./options.ts";
import * as output from "./output.ts";
import { addSigningOptions, NO_SIGNING_KEY, type SigningFlags, signOptions } from "./signing.ts";

interface SignFlags extends SigningFlags {
  readonly bundle?: boolean;
  readonly outputFilePath: string;
}

export function command(): Command {
  return addSigningOptions(new Command("sign"))
    .description("Generate a signature for a bundle: a `.signatures.json` with the hashes of its files.")
    .argument("[paths...]", "bundle file or root directory")
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .option("-o, --output-file-path <folder>", "where `.signatures.json` goes", ".")
    .action(run);
}

async function run(paths: string[], flags: SignFlags): Promise<void> {
  if (paths.length === 0) throw usageError("specify atleast one path containing policy and/or data files");
  if (flags.signingKey === undefined) throw usageError(NO_SIGNING_KEY);
  if (flags.bundle !== true)
    throw usageError("enable bundle mode (ie. --bundle) to sign bundle files or directories");
  try {
    const options = signOptions(flags);
    if (options === undefined) throw usageError(NO_SIGNING_KEY);
    const bundles = await Promise.all(paths.map(readBundle));
    const signatures = await signFiles(
      bundles.flatMap((bundle) => hashFiles(bundle)),
      options,
    );
    writeWhole(join(flags.outputFilePath, ".signatures.json"), encodeSignatures(signatures));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    process.stdout.write(`error: ${error.message}\n`);
    process.exitCode = output.EXIT_FAIL;
  }
}

async function readBundle(path: string): Promise<Bundle> {
  const bundle = await load(path);
  return statSync(path).isDirectory() ? underFolder(bundle, path) : bundle;
}
