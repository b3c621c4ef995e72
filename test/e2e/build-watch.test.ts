// `build --watch`: a change is built, a mistake is said and leaves the bundle as it was, what means nothing writes nothing.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "reeve-build-watch-"));
const asked = ["build", "-t", "wasm", "-e", "p/x", "."];
let watching: ChildProcess | undefined;

afterEach(async () => {
  const ended = new Promise((resolve) => watching?.once("exit", resolve));
  watching?.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true });
});

test("changes are built again", { timeout: 120_000 }, async () => {
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const bundle = (): Buffer => readFileSync(join(folder, "bundle.tar.gz"));
  write("p.rego", "package p\n\nx := 1\n");
  write("q.rego", "package q\n\ny := 1\n");
  watching = spawn(process.execPath, [cli, ...asked, "--watch"], { cwd: folder });
  const lines: string[] = [];
  createInterface({ input: watching.stdout! }).on("line", (line) => lines.push(line));
  /** The lines up to the next time that it waits. */
  const turn = async (): Promise<string[]> => {
    for (;;) {
      const end = lines.indexOf("Watching for changes ...");
      if (end >= 0) return lines.splice(0, end + 1).slice(0, -1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  expect(await turn()).toEqual([expect.stringMatching(/^bundle\.tar\.gz: \d+ bytes, in \d+ ms$/)]);
  const first = bundle();

  write("p.rego", "package p\n\nx := 2\n");
  expect(await turn()).toEqual([expect.stringMatching(/^bundle\.tar\.gz: \d+ bytes, in \d+ ms$/)]);
  const second = bundle();
  expect(second.equals(first)).toBe(false);

  write("q.rego", "package q\n\ny := \n");
  expect((await turn()).join("\n")).toMatch(/^error: load error:.*q\.rego:4: rego_parse_error/s);
  expect(bundle().equals(second)).toBe(true);

  const { mtimeMs } = statSync(join(folder, "bundle.tar.gz"));
  write("q.rego", "package q\n\ny := 1\n");
  expect(await turn()).toEqual([expect.stringMatching(/^bundle\.tar\.gz: as before, in \d+ ms$/)]);
  expect(statSync(join(folder, "bundle.tar.gz")).mtimeMs).toBe(mtimeMs);

  execFileSync(process.execPath, [cli, ...asked, "-o", join(tmpdir(), "fresh.tar.gz")], { cwd: folder });
  const fresh = readFileSync(join(tmpdir(), "fresh.tar.gz"));
  rmSync(join(tmpdir(), "fresh.tar.gz"));
  expect(bundle().equals(fresh)).toBe(true);
});
