// The interactive session on a terminal or a pipe: lines from stdin with history and completion, answers on stdout.

import { appendFileSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Repl, type ReplOptions } from "./repl.ts";

export interface ShellOptions extends Omit<ReplOptions, "print"> {
  /** Where lines of earlier sessions are kept. */
  readonly historyFile: string;
  readonly banner: string;
}

const HISTORY_LENGTH = 1000;

export async function runShell(options: ShellOptions): Promise<void> {
  const terminal = process.stdin.isTTY === true;
  const repl = new Repl({ ...options, print: (text) => void process.stdout.write(text) });
  process.stdout.write(`${options.banner}\n`);
  const lines = createInterface({
    input: process.stdin,
    ...(terminal && { output: process.stdout }),
    terminal,
    history: terminal ? readHistory(options.historyFile) : [],
    historySize: HISTORY_LENGTH,
    completer: (line: string): [string[], string] => {
      const word = /[\w.]*$/.exec(line)?.[0] ?? "";
      return [repl.completions(word), word];
    },
  });
  const ask = (): void => {
    if (!terminal) return;
    lines.setPrompt(repl.prompt);
    lines.prompt();
  };
  lines.on("SIGINT", () => lines.close());
  ask();
  for await (const line of lines) {
    if (terminal && line.trim() !== "") remember(options.historyFile, line);
    await repl.line(line);
    if (repl.ended) break;
    ask();
  }
  lines.close();
  if (!repl.ended) process.stdout.write("\n");
}

/** Newest first, as readline wants them. */
function readHistory(file: string): string[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines
      .filter((line) => line !== "")
      .reverse()
      .slice(0, HISTORY_LENGTH);
  } catch {
    // There is no history before the first session.
    return [];
  }
}

function remember(file: string, line: string): void {
  try {
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  } catch {
    // A session without a place for its history goes on without one.
  }
}
