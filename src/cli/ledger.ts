// `reeve ledger FILE`: what a ledger says about tasks and their calls: decided, reserved, committed, never reported. Reads, never writes.

import { existsSync } from "node:fs";
import { Command } from "commander";
import { TaskLedger } from "../ai/ledger.ts";
import { openSqliteLedger } from "../ai/node/sqlite-ledger.ts";
import { PolicyError } from "../error.ts";
import { formatOption } from "./options.ts";

interface LedgerFlags {
  readonly task?: string;
  readonly format: string;
}

export function command(): Command {
  return new Command("ledger")
    .description("Show the tasks and calls of a ledger: what was decided, carried out, and never reported.")
    .argument("<file>", "SQLite file that `reeve gateway --ledger` writes")
    .option("--task <id>", "this task alone")
    .addOption(formatOption(["pretty", "json"], "pretty"))
    .action(show);
}

async function show(file: string, flags: LedgerFlags): Promise<void> {
  if (!existsSync(file)) throw new PolicyError("io_error", `open ${file}: no such file or directory`);
  const store = openSqliteLedger(file);
  try {
    const ids = flags.task === undefined ? store.tasks() : [flags.task];
    const tasks = [];
    for (const id of ids) {
      const ledger = await TaskLedger.open(id, { store, nowMs: () => Date.now() });
      const { turn, calls, counters } = ledger.session({ saw_untrusted: false, saw_private: false });
      tasks.push({ task: id, turns: turn, calls, counters });
    }
    if (flags.format === "json") process.stdout.write(`${JSON.stringify(tasks, null, 2)}\n`);
    else for (const task of tasks) process.stdout.write(pretty(task));
  } finally {
    store.close();
  }
}

interface Shown {
  readonly task: string;
  readonly turns: number;
  readonly calls: readonly {
    readonly tool: string;
    readonly status: string;
    readonly effect?: string | undefined;
    readonly digest: string;
  }[];
}

/** What a status means to whoever reads it. */
const meanings = new Map([
  ["proposed", "no decision was recorded"],
  ["reserved", "let through, not reported yet"],
  ["committed", "carried out"],
  ["released", "failed or not made"],
  ["refused", "not let through"],
  ["unreported", "let through, never reported"],
]);

function pretty({ task, turns, calls }: Shown): string {
  const lines = calls.map(
    ({ tool, status, effect = "", digest }) =>
      `  ${tool.padEnd(24)} ${effect.padEnd(9)} ${(meanings.get(status) ?? status).padEnd(30)} ${digest.slice(0, 19)}`,
  );
  return [`task ${task}: ${turns} turns of the user, ${calls.length} calls`, ...lines, ""].join("\n");
}
