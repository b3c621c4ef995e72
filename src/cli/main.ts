#!/usr/bin/env node
// The command line: finds the command, loads only its file, turns any failure into one clear line and an exit code. Never a stack trace.

import { Command, CommanderError } from "commander";
import { PolicyError } from "../error.ts";
import { EXIT_FAIL } from "./output.ts";

/** What a command's file exports: the commander command with its action. */
interface CommandModule {
  readonly command: () => Command;
}

/** Every command, in the order in which help lists them. */
const COMMANDS: readonly { name: string; summary: string; load: () => Promise<CommandModule> }[] = [
  { name: "build", summary: "Build a bundle", load: () => import("./build.ts") },
  { name: "check", summary: "Check Rego source files", load: () => import("./check.ts") },
  { name: "eval", summary: "Evaluate a Rego query", load: () => import("./eval.ts") },
  {
    name: "gateway",
    summary: "Stand before an MCP server and decide every tool call",
    load: () => import("./gateway.ts"),
  },
  { name: "inspect", summary: "Inspect a bundle", load: () => import("./inspect.ts") },
  { name: "run", summary: "Run the decision agent as a daemon", load: () => import("./run.ts") },
  { name: "serve", summary: "Run the distribution server", load: () => import("./serve.ts") },
  { name: "sign", summary: "Generate a bundle signature", load: () => import("./sign.ts") },
  { name: "test", summary: "Execute Rego test cases", load: () => import("./test.ts") },
  { name: "version", summary: "Print the version of Reeve", load: () => import("./version.ts") },
];

async function main(args: readonly string[]): Promise<void> {
  const program = new Command("reeve")
    .description("Runtime authorization for AI agents: build, ship, decide and prove Rego policies.")
    .exitOverride()
    .showHelpAfterError("Run `reeve help` for usage.");
  const wanted = args[0] === "help" ? args[1] : args[0];
  for (const entry of COMMANDS) {
    if (entry.name === wanted) {
      const command = (await entry.load()).command().exitOverride();
      program.addCommand(command.name(entry.name).summary(entry.summary));
    } else program.command(entry.name).summary(entry.summary).description(entry.summary);
  }
  if (wanted === undefined) {
    program.outputHelp();
    return;
  }
  await program.parseAsync([...args], { from: "user" });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode;
  } else {
    process.exitCode = EXIT_FAIL;
    const text =
      error instanceof PolicyError
        ? `${error.code}: ${error.message}`
        : String((error as Error)?.message ?? error);
    process.stderr.write(`error: ${text}\n`);
  }
}
