// The real `opa` as a client of our distribution server, configured with nothing but OPA's own keys: it pulls a bundle, verifies our
// signature, long-polls the next revision, uploads decision logs and status; and it refuses what a tampering server would send.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { build } from "../../src/build.ts";
import { assemble } from "../../src/bundle/assemble.ts";
import { write } from "../../src/bundle/write.ts";
import { generateKeyPair } from "../../src/crypto/jwk.ts";
import { parseAccess } from "../../src/server/auth.ts";
import { createDistributionServer, type DistributionServer } from "../../src/server/distribution/app.ts";
import { decode } from "../../src/value/json.ts";
import type { RegoObject } from "../../src/value/value.ts";
import { startSidecar } from "../e2e/sidecar-host.ts";

const hasOpa = (() => {
  try {
    execFileSync("opa", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const TOKEN = "interop-token-0123456789";
let folder: string;
let server: DistributionServer;
let serverUrl: string;
let opa: ChildProcess | undefined;
let opaUrl: string;
let opaOutput = "";

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "reeve-"));
});

afterEach(async () => {
  opa?.kill("SIGKILL");
  opa = undefined;
  await server?.close(0);
  rmSync(folder, { recursive: true, force: true });
});

async function startServer(algorithm: string): Promise<string> {
  const pair = await generateKeyPair(algorithm);
  server = createDistributionServer({
    store: join(folder, "store.db"),
    access: parseAccess({
      tokens: [{ name: "all", token: TOKEN, scopes: ["publish:*", "read:*", "report", "query"] }],
    }),
    signing: { key: pair.privatePem, algorithm, keyId: "server" },
  });
  serverUrl = (await server.listen()).url;
  return pair.publicPem;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

async function startOpa(publicPem: string, algorithm: string): Promise<void> {
  const config = {
    services: { reeve: { url: serverUrl, credentials: { bearer: { token: TOKEN } } } },
    labels: { region: "here" },
    keys: { server: { algorithm, key: publicPem } },
    bundles: {
      "ai-tools": {
        service: "reeve",
        signing: { keyid: "server" },
        polling: { min_delay_seconds: 30, max_delay_seconds: 60, long_polling_timeout_seconds: 20 },
      },
    },
    decision_logs: { service: "reeve", reporting: { min_delay_seconds: 1, max_delay_seconds: 1 } },
    status: { service: "reeve" },
  };
  const file = join(folder, "opa.json");
  writeFileSync(file, JSON.stringify(config));
  const port = await freePort();
  opaUrl = `http://127.0.0.1:${port}`;
  opaOutput = "";
  opa = spawn("opa", ["run", "--server", "--addr", `127.0.0.1:${port}`, "--config-file", file], {
    cwd: folder,
  });
  opa.stderr?.on("data", (chunk: Buffer) => {
    opaOutput += chunk.toString();
  });
}

async function publish(bytes: Uint8Array): Promise<void> {
  const response = await fetch(`${serverUrl}/bundles/ai-tools`, {
    method: "PUT",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: bytes as Uint8Array<ArrayBuffer>,
  });
  expect(await response.text()).toContain('"changed":true');
}

const RULE = (effect: string): string =>
  `package ai\n\ndefault decision := {"effect": "deny"}\n\ndecision := {"effect": "${effect}", "limit": data.site.limit} if input.user == "alice"\n`;

function bundle(revision: string, effect: string): Uint8Array {
  return write(
    assemble({
      manifest: { revision, roots: ["ai", "site"], wasm: [] },
      data: decode('{"site":{"limit":1.50,"names":["a","b"]}}') as RegoObject,
      modules: [{ path: "ai/decision.rego", text: RULE(effect) }],
    }),
  );
}

async function ask(user: string): Promise<{ result?: unknown; decision_id?: string }> {
  const response = await fetch(`${opaUrl}/v1/data/ai/decision`, {
    method: "POST",
    body: JSON.stringify({ input: { user } }),
  });
  return (await response.json()) as { result?: unknown; decision_id?: string };
}

async function stored(path: string): Promise<never> {
  const response = await fetch(`${serverUrl}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return ((await response.json()) as { result: never }).result;
}

async function until<T>(what: string, probe: () => Promise<T | undefined | false>, ms = 15_000): Promise<T> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    const found = await probe().catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not happen in ${ms} ms; opa said:\n${opaOutput.slice(-3000)}`);
}

const ready = (): Promise<true> =>
  until("the activation of the bundle", async () => (await fetch(`${opaUrl}/health?bundles`)).ok as true);

describe.runIf(hasOpa)("opa as a bundle client", () => {
  test.each(["ES256", "RS256", "PS384", "ES512"])(
    "pulls, verifies (%s), follows by long poll, reports",
    async (algorithm) => {
      const publicPem = await startServer(algorithm);
      await publish(bundle("r1", "allow"));
      await startOpa(publicPem, algorithm);
      await ready();
      const first = await ask("alice");
      expect(first.result).toEqual({ effect: "allow", limit: 1.5 });
      expect((await ask("bob")).result).toEqual({ effect: "deny" });

      // Between polls lie 30 seconds at least; what comes in less came by long poll.
      await until("a long poll", async () => server.app !== undefined && (await waiting()) > 0);
      const published = Date.now();
      await publish(bundle("r2", "deny-all"));
      await until("the second revision", async () => {
        const { result } = await ask("alice");
        return (result as { effect: string }).effect === "deny-all";
      });
      expect(Date.now() - published).toBeLessThan(10_000);

      await until("the decision log", async () => {
        const logs = (await stored(`/v1/logs?decision_id=${first.decision_id}`)) as unknown[];
        return logs.length === 1;
      });
      const [log] = (await stored(`/v1/logs?decision_id=${first.decision_id}`)) as Record<string, unknown>[];
      expect(log).toMatchObject({
        path: "ai/decision",
        input: { user: "alice" },
        result: { effect: "allow" },
        labels: { region: "here" },
        bundles: { "ai-tools": { revision: "r1" } },
      });
      const status = await until("a status report of the second revision", async () => {
        const reports = (await stored("/v1/status")) as { report: { bundles?: Record<string, never> } }[];
        const own = reports[0]?.report.bundles?.["ai-tools"] as unknown as
          | Record<string, unknown>
          | undefined;
        return own?.active_revision === "r2" ? own : undefined;
      });
      expect(status.code).toBeUndefined();
    },
    60_000,
  );

  test.each(["wasm", "rego"] as const)(
    "answers as our decision agent does, from the same bundle (%s)",
    async (target) => {
      const publicPem = await startServer("ES256");
      const built = await build({
        paths: ["rego", "bundles/ai-tools"],
        asBundle: true,
        target,
        revision: "library",
        ...(target === "wasm" && { entrypoints: ["ai/decision"] }),
      });
      await publish(built.bytes);
      await startOpa(publicPem, "ES256");
      await ready();
      const ours = await startSidecar({
        services: { reeve: { url: serverUrl, credentials: { bearer: { token: TOKEN } } } },
        keys: { server: { algorithm: "ES256", key: publicPem } },
        bundles: { "ai-tools": { service: "reeve", signing: { keyid: "server" } } },
      });
      try {
        await ours.agent.ready();
        const names = readdirSync("bundles/ai-tools/inputs");
        expect(names.length).toBeGreaterThan(5);
        for (const name of names) {
          const body = `{"input": ${readFileSync(`bundles/ai-tools/inputs/${name}/input.json`, "utf8")}}`;
          const answer = async (url: string): Promise<string> => {
            const response = await fetch(`${url}/v1/data/ai/decision`, { method: "POST", body });
            return (await response.text()).replace(/"decision_id":"[^"]*",/, "");
          };
          const theirs = await answer(opaUrl);
          expect(theirs).toContain('"effect"');
          expect(await answer(ours.url)).toBe(theirs);
        }
      } finally {
        await ours.stop();
      }
    },
    60_000,
  );

  test("refuses our bundle when the key is another one, and says so in its status", async () => {
    await startServer("ES256");
    const { publicPem } = await generateKeyPair("ES256");
    await publish(bundle("r1", "allow"));
    await startOpa(publicPem, "ES256");
    const status = await until("a status report with an error", async () => {
      const reports = (await stored("/v1/status")) as { report: { bundles?: Record<string, never> } }[];
      const own = reports[0]?.report.bundles?.["ai-tools"] as unknown as Record<string, unknown> | undefined;
      return own?.code === undefined ? undefined : own;
    });
    expect(status).toMatchObject({ code: "bundle_error" });
    expect(status.active_revision).toBeUndefined();
    expect((await ask("alice")).result).toBeUndefined();
  }, 60_000);

  test("takes a bundle that `opa build` and `opa sign` made, under its publisher's signature", async () => {
    const pair = await generateKeyPair("RS256");
    const source = join(folder, "source");
    mkdirSync(source);
    writeFileSync(join(folder, "private.pem"), pair.privatePem);
    writeFileSync(join(source, "ai.rego"), RULE("allow"));
    writeFileSync(join(source, "data.json"), '{"site": {"limit": 1.50}}');
    const out = join(folder, "bundle.tar.gz");
    execFileSync("opa", [
      ...["build", "-t", "wasm", "-e", "ai/decision", "--revision", "from-opa", "-o", out],
      ...["--signing-key", join(folder, "private.pem"), "--signing-alg", "RS256", "-b", source],
    ]);
    server = createDistributionServer({
      store: ":memory:",
      access: parseAccess({ tokens: [{ name: "all", token: TOKEN, scopes: ["publish:*", "read:*"] }] }),
      publishers: {
        keys: new Map([["default", { key: pair.publicPem }]]),
        required: true,
      },
    });
    serverUrl = (await server.listen()).url;
    await publish(readFileSync(out));
    const response = await fetch(`${serverUrl}/bundles/ai-tools`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(readFileSync(out))).toBe(true);
    expect(server.repository.live("ai-tools")?.revision).toBe("from-opa");
  }, 60_000);
});

async function waiting(): Promise<number> {
  const response = await fetch(`${serverUrl}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return Number(/^reeve_bundle_long_polls (\d+)$/m.exec(await response.text())?.[1] ?? 0);
}
