// `--timeout`: a module that runs cannot be interrupted from within, so a command with a deadline runs in a process of its own, which is
// ended when the time is over.

import { spawnSync } from "node:child_process";

/** Runs this command line again without its `--timeout`. True: it ended in time, and its exit code is ours. */
export function runWithin(timeoutMs: number): boolean {
  const args: string[] = [];
  const given = process.argv.slice(2);
  for (let i = 0; i < given.length; i++) {
    const arg = given[i] as string;
    if (arg === "--timeout") i++;
    else if (!arg.startsWith("--timeout=")) args.push(arg);
  }
  // Nor may the environment give it a deadline again.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^OPA_[A-Z]+_TIMEOUT$/.test(name)),
  );
  const { status, signal } = spawnSync(
    process.execPath,
    [...process.execArgv, process.argv[1] as string, ...args],
    { stdio: "inherit", env, timeout: Math.max(1, Math.ceil(timeoutMs)), killSignal: "SIGKILL" },
  );
  if (signal !== null) return false;
  process.exitCode = status ?? 1;
  return true;
}
