// `reeve run -s` as a process: Rego v0 throughout where it is asked for, and what is said when it cannot start.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";

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

test("-l debug tells requests", async () => {
  const daemon = spawn(process.execPath, [cli, ..."run -s -a localhost:0 -l debug".split(" ")], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let logged = "";
  daemon.stderr.on("data", (chunk: Buffer) => (logged += String(chunk)));
  try {
    const [line] = (await once(daemon.stdout, "data")) as [Buffer];
    const { url } = JSON.parse(String(line)) as { url: string };
    await (await fetch(`${url}/v1/data/x?input=%7B%7D`)).text();
    await (await fetch(`${url}/v1/nope`, { method: "POST", body: "secret" })).text();
    const told = (): Record<string, unknown>[] =>
      logged
        .trim()
        .split("\n")
        .map((text) => JSON.parse(text) as Record<string, unknown>)
        .filter(({ msg }) => msg === "Received request." || msg === "Sent response.");
    await vi.waitFor(() => expect(told()).toHaveLength(4), { timeout: 10_000 });
    const event = { level: "info", client_addr: expect.stringMatching(/:\d+$/) as unknown };
    const first = { ...event, req_id: 1, req_method: "GET", req_path: "/v1/data/x" };
    const second = { ...event, req_id: 2, req_method: "POST", req_path: "/v1/nope" };
    expect(told()).toEqual([
      expect.objectContaining({ ...first, msg: "Received request." }),
      expect.objectContaining({ ...first, msg: "Sent response.", resp_status: 200 }),
      expect.objectContaining({ ...second, msg: "Received request." }),
      expect.objectContaining({ ...second, msg: "Sent response.", resp_status: 404 }),
    ]);
    expect(logged).not.toContain("secret");
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
