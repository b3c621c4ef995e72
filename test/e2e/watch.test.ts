// `run --server --watch`: what changes on disk is answered with; what cannot be taken is not, and what was there before stays.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "reeve-watch-"));
let daemon: ChildProcess | undefined;

afterEach(async () => {
  const ended = new Promise((resolve) => daemon?.once("exit", resolve));
  daemon?.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true });
});

/** Lines of the daemon's stderr, and where it listens. */
async function start(): Promise<{ url: string; logged: string[] }> {
  const process_ = spawn(process.execPath, [cli, "run", "-s", "-w", "-a", "localhost:0", "."], {
    cwd: folder,
  });
  daemon = process_;
  const logged: string[] = [];
  createInterface({ input: process_.stderr }).on("line", (line) => logged.push(line));
  const lines = createInterface({ input: process_.stdout });
  for await (const line of lines) return { url: (JSON.parse(line) as { url: string }).url, logged };
  throw new Error(`the daemon ended: ${logged.join("\n")}`);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

test("changes are taken, mistakes are not", { timeout: 120_000 }, async () => {
  const write = (text: string): void => writeFileSync(join(folder, "p.rego"), `package p\n\n${text}\n`);
  write("x := 1");
  const { url, logged } = await start();
  const answer = async (): Promise<unknown> => {
    const response = await fetch(`${url}/v1/data/p/x`);
    return ((await response.json()) as { result?: unknown }).result;
  };
  expect(await answer()).toBe(1);
  write("x := 2");
  await until(async () => (await answer()) === 2);
  write("x := ");
  await until(() => logged.some((line) => line.includes("what changed is not taken")));
  expect(await answer()).toBe(2);
});
