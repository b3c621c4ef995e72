import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { fileStorage } from "../../../src/decision/node/storage.ts";
import { createDecisionAgent } from "../../../src/decision/sdk.ts";
import { packed, until } from "./harness.ts";

// The default ports: the platform's fetch, clock and chance, files, and a server that can be taken away.

const folder = mkdtempSync(join(tmpdir(), "reeve-network-"));
afterAll(() => rmSync(folder, { recursive: true }));

const source = (revision: string, owner: string) =>
  packed(
    {
      rego: { "a.rego": "package authz\n\nallow if input.user == data.authz.owner\n" },
      entrypoints: ["authz/allow"],
      data: JSON.stringify({ authz: { owner } }),
      revision,
      roots: ["authz"],
    },
    { key: "secret", algorithm: "HS256", keyId: "k" },
  );

class Control {
  readonly logs: { decision_id: string }[] = [];
  readonly statuses: { bundles: { authz: { active_revision?: string; message?: string } } }[] = [];
  #bundle: Uint8Array;
  #version = 1;
  #server: Server | undefined;
  #held: (() => void)[] = [];
  port = 0;

  constructor(bundle: Uint8Array) {
    this.#bundle = bundle;
  }

  publish(bundle: Uint8Array): void {
    this.#bundle = bundle;
    this.#version++;
    for (const release of this.#held.splice(0)) release();
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      void this.#answer(request).then(({ status, headers = {}, body }) =>
        response.writeHead(status, headers).end(body),
      );
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async #answer(
    request: IncomingMessage,
  ): Promise<{ status: number; headers?: Record<string, string>; body?: Uint8Array }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (request.url === "/logs") {
      this.logs.push(...(JSON.parse(gunzipSync(body).toString()) as { decision_id: string }[]));
      return { status: 200 };
    }
    if (request.url === "/status") {
      this.statuses.push(JSON.parse(body.toString()) as (typeof this.statuses)[0]);
      return { status: 200 };
    }
    if (request.headers["if-none-match"] === `"${this.#version}"`)
      await new Promise<void>((resolve) => this.#held.push(resolve));
    return {
      status: 200,
      headers: { "content-type": "application/vnd.openpolicyagent.bundles", etag: `"${this.#version}"` },
      body: this.#bundle,
    };
  }
}

test("the whole life: pull, decide, lose the server, restart, catch up, change, refuse", async () => {
  const control = new Control(await source("r1", "ann"));
  await control.start();
  const config = {
    services: { s: { url: `http://127.0.0.1:${control.port}` } },
    keys: { k: { key: "secret", algorithm: "HS256" } },
    bundles: {
      authz: {
        persist: true,
        signing: { keyid: "k" },
        polling: { min_delay_seconds: 0, max_delay_seconds: 1, long_polling_timeout_seconds: 30 },
      },
    },
    decision_logs: { reporting: { min_delay_seconds: 3600, max_delay_seconds: 3600 } },
    status: {},
  };
  const start = () => createDecisionAgent(config, { storage: fileStorage(folder) });
  const ids: string[] = [];
  const allows = async (agent: Awaited<ReturnType<typeof start>>, user: string) => {
    const decision = await agent.decide({ path: "authz/allow", input: { user } });
    ids.push(decision.decisionId);
    return decision.result === true;
  };

  const first = await start();
  await first.ready();
  expect(await allows(first, "ann")).toBe(true);
  await control.stop();
  expect(await allows(first, "bob")).toBe(false);
  await first.close(0);

  const second = await start();
  await second.ready();
  expect(await allows(second, "ann")).toBe(true);
  await control.start();
  await until(() => control.statuses.some(({ bundles }) => bundles.authz.active_revision === "r1"));
  expect(await second.uploadLogs()).toBe(3);
  expect(control.logs.map((event) => event.decision_id).sort()).toEqual([...ids].sort());

  control.publish(await source("r2", "bob"));
  await until(() => second.status().bundles?.authz?.active_revision === "r2");
  expect(await allows(second, "ann")).toBe(false);
  const bad = await source("r3", "ann");
  control.publish(bad.map((byte, i) => (i === bad.length - 30 ? byte ^ 4 : byte)));
  await until(() =>
    control.statuses.some(
      ({ bundles }) => bundles.authz.message !== undefined && bundles.authz.active_revision === "r2",
    ),
  );
  expect(await allows(second, "bob")).toBe(true);
  await second.close();
  await control.stop();
}, 30_000);
