// The commands of docs/gateway.md as they stand there, in order, with real clients before the gateways that they start; and a gateway that is
// killed in the middle of a call.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = `'${process.execPath}' '${join(root, "dist/cli/main.js")}'`;
const { resolve } = createRequire(import.meta.url);
const filesystem = `'${process.execPath}' '${resolve("@modelcontextprotocol/server-filesystem/dist/index.js")}'`;
const everything = resolve("@modelcontextprotocol/server-everything/dist/index.js");
const folder = mkdtempSync(join(tmpdir(), "reeve-gateway-"));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

mkdirSync(join(folder, "node_modules"));
symlinkSync(root, join(folder, "node_modules", "reeve"));
const docs = readFileSync(join(root, "docs/gateway.md"), "utf8");
const commands = [...docs.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = ""]) =>
  block.trim().split("\n"),
);
const here = (line: string): string =>
  line.replaceAll("npx -y @modelcontextprotocol/server-filesystem", filesystem).replaceAll("npx reeve", cli);

function startedBy(line: string): ChildProcess {
  const child = spawn("sh", ["-c", `exec ${line}`], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  return child;
}

/** Waits for what a daemon says on stderr; gives the URL in it. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const url = /listening on (\S+),/.exec(said)?.[1];
      if (url !== undefined) done(url);
    });
    child.on("exit", () => failed(new Error(said)));
  });
}

async function overStdio(line: string): Promise<Client> {
  const client = new Client({ name: "docs", version: "1" });
  await client.connect(
    new StdioClientTransport({ command: "sh", args: ["-c", `exec ${line}`], cwd: folder, stderr: "ignore" }),
  );
  return client;
}

async function overHttp(url: string): Promise<Client> {
  const client = new Client({ name: "docs", version: "1" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  return client;
}

async function startEverything(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  const env = { PATH: process.env.PATH, PORT: String(port) };
  children.push(spawn(process.execPath, [everything, "streamableHttp"], { env, stdio: "ignore" }));
  await until(() => fetch(`http://localhost:${port}/mcp`).then(() => true));
  return port;
}

async function until(probe: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await Promise.resolve(probe()).catch(() => false)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("waited in vain");
}

describe.sequential("docs/gateway.md", () => {
  const [gateways, others] = [
    commands.filter((line) => line.includes("reeve gateway")),
    commands.filter((line) => !line.includes("reeve gateway") && !line.includes("reeve ledger")),
  ];

  test("names commands", () => expect([gateways.length, others.length]).toEqual([3, 4]));

  test.each(others)("%s", { timeout: 60_000 }, (line) => {
    const { status, stderr } = spawnSync("sh", ["-c", here(line)], { cwd: folder, encoding: "utf8" });
    expect([stderr.replace(/^(Secure MCP|Client does not).*\n/gm, ""), status]).toEqual(["", 0]);
  });

  const tryFiles = async (client: Client): Promise<void> => {
    writeFileSync(join(folder, "work", "a.txt"), "hello");
    expect((await client.listTools()).tools.length).toBeGreaterThan(10);
    const read = await client.callTool({
      name: "read_text_file",
      arguments: { path: join(folder, "work", "a.txt") },
    });
    expect(read.structuredContent).toEqual({ content: "hello" });
    const path = join(folder, "work", "b.txt");
    const written = await client.callTool({ name: "write_file", arguments: { path, content: "x" } });
    expect([written.isError, JSON.stringify(written.content)]).toEqual([
      true,
      expect.stringContaining("Needs approval"),
    ]);
    await client.close();
  };

  test(`${gateways[0]}`, { timeout: 60_000 }, async () => tryFiles(await overStdio(here(gateways[0] ?? ""))));

  test(`${gateways[1]}`, { timeout: 60_000 }, async () => {
    const child = startedBy(here(gateways[1] ?? "").replace("localhost:8184", "localhost:0"));
    await tryFiles(await overHttp(await listening(child)));
  });

  test(`${gateways[2]}`, { timeout: 60_000 }, async () => {
    const port = await startEverything();
    const line = here(gateways[2] ?? "").replace("localhost:3001", `localhost:${port}`);
    const client = await overHttp(await listening(startedBy(`${line} --addr localhost:0`)));
    const echo = await client.callTool({ name: "echo", arguments: { message: "hello" } });
    expect(JSON.stringify(echo.content)).toContain("Denied: the tool is not in the catalogue");
    await client.close();
  });
});

interface Recorded {
  readonly calls: readonly { readonly tool: string; readonly status: string }[];
  readonly counters: { readonly tool_calls: number };
}

test("a gateway that is killed in the middle of a call: it counts, it is seen, and it is released in time", {
  timeout: 120_000,
}, async () => {
  const site = join(folder, "limited");
  mkdirSync(join(site, "site", "catalogue"), { recursive: true });
  writeFileSync(join(site, ".manifest"), '{"roots": ["site"]}');
  writeFileSync(join(site, "data.json"), '{"site": {"budgets": {"calls": 1}}}');
  const tool = { read_only: true, arguments: { duration: {}, steps: {} } };
  const tools = { "trigger-long-running-operation": tool };
  writeFileSync(
    join(site, "site", "catalogue", "data.json"),
    JSON.stringify({ version: "reeve-catalogue/1", tools }),
  );
  const run = (line: string): string =>
    spawnSync("sh", ["-c", here(line)], { cwd: folder, encoding: "utf8" }).stdout;
  run(
    "npx reeve build -b node_modules/reeve/rego -b limited -t wasm -e ai/calls/decision --ignore '*_test.rego' -o limited.tar.gz",
  );
  const gateway = (timeout: string): string =>
    here(
      `npx reeve gateway --bundle limited.tar.gz --decision ai/calls/decision --ledger history.db --report-timeout ${timeout} -- '${process.execPath}' '${everything}' stdio`,
    );
  const recorded = (): Recorded =>
    (JSON.parse(run("npx reeve ledger history.db --format json") || "[{}]") as Recorded[])[0] as Recorded;
  const slow = (seconds: number) => ({
    name: "trigger-long-running-operation",
    arguments: { duration: seconds, steps: 1 },
  });
  const first = await overStdio(gateway("1h"));
  first.callTool(slow(60)).catch(() => {});
  await until(() => recorded().calls?.[0]?.status === "reserved");
  process.kill((first.transport as StdioClientTransport).pid ?? 0, "SIGKILL");
  expect(recorded()).toMatchObject({ calls: [{ status: "reserved" }], counters: { tool_calls: 1 } });
  const second = await overStdio(gateway("1h"));
  const refused = await second.callTool(slow(0.01));
  expect(JSON.stringify(refused.content)).toContain("the task has used up its calls");
  await second.close();
  const third = await overStdio(gateway("1ms"));
  expect((await third.callTool(slow(0.01))).isError ?? false).toBe(false);
  await third.close();
  expect(recorded().calls.map(({ status }) => status)).toEqual(["unreported", "refused", "committed"]);
  expect(run("npx reeve ledger history.db")).toContain("let through, never reported");
});
