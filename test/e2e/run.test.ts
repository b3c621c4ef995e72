// `reeve run -s` as a process: Rego v0 throughout where it is asked for, and what is said when it cannot start.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "reeve-run-"));
afterAll(() => rmSync(cwd, { recursive: true }));
writeFileSync(join(cwd, "old.rego"), "package old\n\np { input.x }\n");
writeFileSync(join(cwd, "broken.rego"), "package a\n\np := y\n");

test("--v0-compatible: files, policies of clients, queries", async () => {
  const daemon = spawn(
    process.execPath,
    [cli, ..."run -s -a localhost:0 --v0-compatible old.rego".split(" ")],
    {
      cwd,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  try {
    const [line] = (await once(daemon.stdout, "data")) as [Buffer];
    const { url } = JSON.parse(String(line)) as { url: string };
    const ask = async (method: string, path: string, body?: string): Promise<unknown> =>
      (await fetch(url + path, { method, ...(body !== undefined && { body }) })).json();
    expect(await ask("POST", "/v1/data/old/p", '{"input": {"x": 1}}')).toEqual({ result: true });
    expect(await ask("PUT", "/v1/policies/z", "package z\n\nq[x] { x = data.old.p }")).toEqual({});
    expect(await ask("GET", "/v1/data/z/q?input=%7B%22x%22:1%7D")).toEqual({ result: [true] });
    expect(await ask("POST", "/v1/query", '{"query": "x = data.z.q", "input": {"x": 2}}')).toEqual({
      result: [{ x: [true] }],
    });
  } finally {
    daemon.kill();
  }
});

test.each([
  ["nope", "load error: 1 error occurred during loading: stat nope: no such file or directory"],
  [
    "broken.rego",
    "initialization error: 1 error occurred: broken.rego:3: rego_unsafe_var_error: var y is unsafe",
  ],
  ["-c nope", "config error: open nope: no such file or directory"],
])("cannot start with %s", (args, message) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, "run", "-s", ...args.split(" ")], {
    cwd,
    encoding: "utf8",
  });
  expect([stdout, stderr, status]).toEqual(["", `error: ${message}\n`, 1]);
});
