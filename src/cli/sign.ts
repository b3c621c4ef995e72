// `reeve sign`: writes `.signatures.json` for the files of a bundle.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { load } from "../bundle/load.ts";
import { encodeSignatures, hashFiles, signFiles } from "../bundle/sign.ts";
import { PolicyError } from "../error.ts";
import { addSigningOptions, type SigningFlags, signOptions } from "./build.ts";
import { ioMessage } from "./options.ts";

interface SignFlags extends SigningFlags {
  readonly bundle?: boolean;
  readonly outputFilePath: string;
}

export function command(): Command {
  return addSigningOptions(new Command("sign"))
    .description("Generate a signature for a bundle: a `.signatures.json` with the hashes of its files.")
    .argument("<path>", "bundle file or root directory")
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .option("-o, --output-file-path <folder>", "where `.signatures.json` goes", ".")
    .action(run);
}

async function run(path: string, flags: SignFlags): Promise<void> {
  const options = signOptions(flags);
  if (options === undefined)
    throw new PolicyError(
      "invalid_parameter",
      "specify the secret (HMAC) or path of the PEM file with --signing-key",
    );
  if (flags.bundle !== true)
    throw new PolicyError("invalid_parameter", "enable bundle mode (i.e. --bundle) to sign bundle files");
  const signatures = await signFiles(hashFiles(await load(path)), options);
  const target = join(flags.outputFilePath, ".signatures.json");
  try {
    writeFileSync(target, encodeSignatures(signatures));
  } catch (cause) {
    throw new PolicyError("io_error", ioMessage(target, cause), { cause });
  }
}
