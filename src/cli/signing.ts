// The flags about signatures that `build`, `sign` and `run` share, and what they mean.

import type { Command } from "commander";
import type { SignOptions } from "../bundle/sign.ts";
import type { VerificationConfig } from "../bundle/verify.ts";
import { PolicyError } from "../error.ts";
import { collectList, readText } from "./options.ts";

export interface SigningFlags {
  readonly signingKey?: string;
  readonly signingAlg: string;
  readonly signingPlugin?: string;
  readonly claimsFile?: string;
}

export interface VerificationFlags {
  readonly verificationKey?: string;
  readonly verificationKeyId: string;
  readonly scope?: string;
  readonly excludeFilesVerify?: string[];
  readonly signingAlg: string;
}

export const NO_SIGNING_KEY =
  "specify the secret (HMAC) or path of the PEM file containing the private key (RSA and ECDSA)";

export function addSigningOptions(command: Command): Command {
  return command
    .option("--signing-key <key>", "secret (HMAC) or path of the PEM file with the private key")
    .option("--signing-alg <name>", "name of the signing algorithm", "RS256")
    .option("--signing-plugin <name>", "name of the plugin to use for signing")
    .option("--claims-file <path>", "JSON file with claims for the signature's payload");
}

export function addVerificationOptions(command: Command): Command {
  return command
    .option("--verification-key <key>", "secret (HMAC) or path of the PEM file with the public key")
    .option("--verification-key-id <id>", "name of the verification key", "default")
    .option("--scope <scope>", "scope to use for bundle signature verification")
    .option(
      "--exclude-files-verify <names>",
      "file names to exclude during bundle verification",
      collectList,
    );
}

/** What bundles are verified with, if a key is given. */
export function verificationOf(flags: VerificationFlags): VerificationConfig | undefined {
  if (flags.verificationKey === undefined) return undefined;
  const key = { key: keyText(flags.verificationKey, flags.signingAlg), algorithm: flags.signingAlg };
  return {
    keys: new Map([[flags.verificationKeyId, key]]),
    keyId: flags.verificationKeyId,
    ...(flags.scope !== undefined && { scope: flags.scope }),
    ...(flags.excludeFilesVerify !== undefined && { exclude: flags.excludeFilesVerify }),
  };
}

export function signOptions(flags: SigningFlags): SignOptions | undefined {
  if (flags.signingPlugin !== undefined && flags.signingKey !== undefined)
    throw new PolicyError("invalid_input", `there is no signing plugin \`${flags.signingPlugin}\``);
  if (flags.signingKey === undefined) {
    if (flags.signingPlugin !== undefined || flags.claimsFile !== undefined)
      throw new PolicyError("invalid_input", NO_SIGNING_KEY);
    return undefined;
  }
  return {
    key: keyText(flags.signingKey, flags.signingAlg),
    algorithm: flags.signingAlg,
    ...(flags.claimsFile !== undefined && { claims: readClaims(flags.claimsFile) }),
  };
}

/** A PEM file, or with HMAC the secret itself. */
export function keyText(given: string, algorithm: string): string {
  try {
    const text = readText(given);
    return algorithm.startsWith("HS") ? text.trimEnd() : text;
  } catch {
    // What is no file is the key itself; whoever imports it says whether it is one.
    return given;
  }
}

function readClaims(path: string): Record<string, unknown> {
  const text = readText(path);
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new PolicyError("invalid_input", `${path}: claims are not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}
