#!/usr/bin/env node
// The command line: finds the command, loads only its file, turns any failure into one clear line and an exit code. Never a stack trace.

import { Command, CommanderError } from "commander";
import { PolicyError } from "../error.ts";
import { takeEnvironment } from "./environment.ts";
import { EXIT_FAIL } from "./output.ts";
import { quicken } from "./quicken.ts";
import { misuse, plainArguments } from "./usage.ts";

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** A command's file: the commander command with its action, given all that there are. */
  readonly load: () => Promise<{ readonly command: (all: readonly Entry[]) => Command }>;
}

/** Every command, in the order in which help lists them. */
const COMMANDS: readonly Entry[] = [
  { name: "bench", summary: "Benchmark a Rego query", load: () => import("./bench.ts") },
  { name: "build", summary: "Build a bundle", load: () => import("./build.ts") },
  {
    name: "capabilities",
    summary: "Print the capabilities of Reeve",
    load: () => import("./capabilities.ts"),
  },
  { name: "catalogue", summary: "Derive a tool catalogue", load: () => import("./catalogue.ts") },
  { name: "check", summary: "Check Rego source files", load: () => import("./check.ts") },
  {
    name: "completion",
    summary: "Generate the autocompletion script for a shell",
    load: () => import("./completion.ts"),
  },
  { name: "deps", summary: "Analyze Rego query dependencies", load: () => import("./deps.ts") },
  { name: "diff", summary: "Show which decisions a change changes", load: () => import("./diff.ts") },
  { name: "eval", summary: "Evaluate a Rego query", load: () => import("./eval.ts") },
  { name: "exec", summary: "Decide on input files", load: () => import("./exec.ts") },
  { name: "fmt", summary: "Format Rego source files", load: () => import("./fmt.ts") },
  {
    name: "gateway",
    summary: "Stand before an MCP server and decide every tool call",
    load: () => import("./gateway.ts"),
  },
  {
    name: "hook",
    summary: "Decide a hook event of an AI agent's host",
    load: () => import("./hook.ts"),
  },
  { name: "inspect", summary: "Inspect a bundle", load: () => import("./inspect.ts") },
  {
    name: "ledger",
    summary: "Show what a ledger says about tasks and calls",
    load: () => import("./ledger.ts"),
  },
  { name: "parse", summary: "Parse a Rego source file", load: () => import("./parse.ts") },
  { name: "redteam", summary: "Replay recorded attacks", load: () => import("./redteam.ts") },
  { name: "prove", summary: "Check invariants on generated inputs", load: () => import("./prove.ts") },
  {
    name: "refactor",
    summary: "Rename packages in Rego source files",
    load: () => import("./refactor.ts"),
  },
  { name: "run", summary: "Run the decision agent as a daemon", load: () => import("./run.ts") },
  { name: "serve", summary: "Run the distribution server", load: () => import("./serve.ts") },
  { name: "sign", summary: "Generate a bundle signature", load: () => import("./sign.ts") },
  { name: "test", summary: "Execute Rego test cases", load: () => import("./test.ts") },
  { name: "version", summary: "Print the version of Reeve", load: () => import("./version.ts") },
];

/** Commands that run until they are stopped, or that do the same small things a great many times. */
const LASTING: ReadonlySet<string> = new Set([
  "bench",
  "diff",
  "gateway",
  "prove",
  "redteam",
  "run",
  "serve",
]);

async function main(args: readonly string[]): Promise<void> {
  const program = new Command("reeve")
    .description("Runtime authorization for AI agents: build, ship, decide and prove Rego policies.")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(misuse(text)) });
  const wanted = args[0] === "help" ? args[1] : args[0];
  let plain: readonly string[] = args;
  for (const entry of COMMANDS) {
    if (entry.name === wanted) {
      quicken(LASTING.has(entry.name));
      const command = (await entry.load()).command(COMMANDS);
      for (const each of [command, ...command.commands]) {
        each.exitOverride().configureOutput({ outputError: (text, write) => write(misuse(text)) });
        each.showHelpAfterError(`Run \`reeve help ${entry.name}\` for usage.`);
        if (args[0] === wanted) takeEnvironment(each);
      }
      if (args[0] === wanted) plain = [entry.name, ...plainArguments(command, args.slice(1))];
      program.addCommand(command.name(entry.name).summary(entry.summary));
    } else program.command(entry.name).summary(entry.summary).description(entry.summary);
  }
  if (wanted === undefined) {
    program.outputHelp();
    return;
  }
  await program.parseAsync([...plain], { from: "user" });
}

/** One line of what went wrong, and a hint at the usage after misuse. */
function complain(error: unknown): void {
  process.exitCode = EXIT_FAIL;
  if (error instanceof PolicyError && error.code === "invalid_parameter") {
    process.stderr.write(`Error: ${error.message}\nRun \`reeve help\` for usage.\n`);
    return;
  }
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${text}\n`);
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") complain(error);
  process.exit();
});
process.on("uncaughtException", (error) => {
  complain(error);
  process.exit();
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else complain(error);
}
