// `reeve version`: what this is and what it speaks.

import { readFileSync } from "node:fs";
import { Command } from "commander";

/** The version in package.json, which lies two folders above the built file. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

export function command(): Command {
  return new Command("version")
    .description("Print the version of Reeve")
    .option("-c, --check", "accepted for OPA's sake: no version is ever asked for")
    .action(print);
}

function print({ check }: { readonly check?: boolean }): void {
  const lines = [
    `Version: ${packageVersion()}`,
    "Build Commit: ",
    "Build Timestamp: ",
    "Build Hostname: ",
    `Node Version: ${process.version}`,
    `Platform: ${process.platform}/${process.arch}`,
    "Rego Version: v1",
    "WebAssembly: available",
    "OPA Compatibility: 1.20.2",
    ...(check === true
      ? ["Latest Upstream Version: not asked for, nothing is fetched unless configured"]
      : []),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
