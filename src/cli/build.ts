// `reeve build`: sources and bundles to one packed bundle, with OPA's flags.

import { writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { build, type Target } from "../build.ts";
import type { SignOptions } from "../bundle/sign.ts";
import type { VerificationConfig } from "../bundle/verify.ts";
import { PolicyError } from "../error.ts";
import { collect, collectList, ioMessage, parseInteger, readText } from "./options.ts";

export interface SigningFlags {
  readonly signingKey?: string;
  readonly signingAlg: string;
  readonly claimsFile?: string;
}

interface BuildFlags extends SigningFlags {
  readonly bundle?: boolean;
  readonly target: Target;
  readonly entrypoint?: string[];
  readonly output: string;
  readonly revision?: string;
  readonly ignore?: string[];
  readonly verificationKey?: string;
  readonly verificationKeyId: string;
  readonly scope?: string;
  readonly excludeFilesVerify?: string[];
  readonly v0Compatible?: boolean;
  readonly wasmIncludePrint?: boolean;
}

export function command(): Command {
  return addSigningOptions(new Command("build"))
    .description("Build a bundle from policy and data files.")
    .argument("<paths...>", "files, folders or (with -b) bundles")
    .option("-b, --bundle", "load paths as bundle files or root directories")
    .addOption(
      new Option("-t, --target <target>", "output bundle target type")
        .choices(["rego", "wasm", "plan"])
        .default("rego"),
    )
    .option("-e, --entrypoint <path>", "slash separated entrypoint path; this flag can be repeated", collect)
    .option("-o, --output <file>", "output filename", "bundle.tar.gz")
    .option("-r, --revision <revision>", "output bundle revision")
    .option("--ignore <names>", "file and directory names to ignore during loading", collectList)
    .option("-O, --optimize <level>", "optimization level", parseInteger, 0)
    .option("--verification-key <key>", "secret (HMAC) or path of the PEM file with the public key")
    .option("--verification-key-id <id>", "name of the verification key", "default")
    .option("--scope <scope>", "scope to use for bundle signature verification")
    .option("--exclude-files-verify <names>", "file names to exclude during bundle verification", collectList)
    .option("--v0-compatible", "opt in to Rego v0")
    .option("--wasm-include-print", "keep print statements in the Wasm module")
    .action(run);
}

export function addSigningOptions(command: Command): Command {
  return command
    .option("--signing-key <key>", "secret (HMAC) or path of the PEM file with the private key")
    .option("--signing-alg <name>", "name of the signing algorithm", "RS256")
    .option("--claims-file <path>", "JSON file with claims for the signature's payload");
}

export function signOptions(flags: SigningFlags): SignOptions | undefined {
  if (flags.signingKey === undefined) return undefined;
  return {
    key: keyText(flags.signingKey, flags.signingAlg),
    algorithm: flags.signingAlg,
    ...(flags.claimsFile !== undefined && { claims: readClaims(flags.claimsFile) }),
  };
}

/** With HMAC the flag may be the secret itself; otherwise it is a PEM file. */
function keyText(given: string, algorithm: string): string {
  if (!algorithm.startsWith("HS")) return readText(given);
  try {
    return readText(given).trimEnd();
  } catch {
    return given;
  }
}

function readClaims(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readText(path)) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError("invalid_input", `${path}: claims are not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function verification(flags: BuildFlags): VerificationConfig | undefined {
  if (flags.verificationKey === undefined) return undefined;
  const key = { key: keyText(flags.verificationKey, flags.signingAlg), algorithm: flags.signingAlg };
  return {
    keys: new Map([[flags.verificationKeyId, key]]),
    keyId: flags.verificationKeyId,
    ...(flags.scope !== undefined && { scope: flags.scope }),
    ...(flags.excludeFilesVerify !== undefined && { exclude: flags.excludeFilesVerify }),
  };
}

async function run(paths: string[], flags: BuildFlags): Promise<void> {
  const { bytes } = await build({
    paths,
    asBundle: flags.bundle,
    target: flags.target,
    entrypoints: flags.entrypoint,
    revision: flags.revision,
    ignore: flags.ignore,
    v0Compatible: flags.v0Compatible,
    print: flags.wasmIncludePrint,
    signing: signOptions(flags),
    verification: verification(flags),
  });
  try {
    writeFileSync(flags.output, bytes);
  } catch (cause) {
    throw new PolicyError("io_error", ioMessage(flags.output, cause), { cause });
  }
}
