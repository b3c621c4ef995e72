// The daemon as a process of its own, as somebody starts it: `reeve run --server` on a free port with a folder of policy and data.

import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";

export interface Daemon {
  readonly url: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

const MAIN = resolve(import.meta.dirname, "../../../dist/cli/main.js");

export async function startDaemon(...args: string[]): Promise<Daemon> {
  const process_ = spawn(process.execPath, [MAIN, "run", "--server", "--addr", "localhost:0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const url = await new Promise<string>((found, failed) => {
    process_.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      const line = output.split("\n").find((text) => text.includes('"Server initialized."'));
      if (line !== undefined) found((JSON.parse(line) as { url: string }).url);
    });
    process_.stderr.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    process_.once("exit", () => failed(new Error(`the daemon ended: ${output}`)));
  });
  return {
    url,
    process: process_,
    stop: () =>
      new Promise((ended) => {
        process_.once("exit", () => ended());
        process_.kill("SIGTERM");
      }),
  };
}
