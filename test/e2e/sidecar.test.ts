// The daemon over real HTTP: OPA's REST API over a decision agent, fed by our own distribution server; and each bad input with what it
// gets. What every route answers in OPA's words is held against a real opa in test/interop.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { build } from "../../src/build.ts";
import { assemble } from "../../src/bundle/assemble.ts";
import { write } from "../../src/bundle/write.ts";
import { generateKeyPair } from "../../src/crypto/jwk.ts";
import { fileStorage } from "../../src/decision/node/storage.ts";
import { parseAccess } from "../../src/server/auth.ts";
import { createDistributionServer, type DistributionServer } from "../../src/server/distribution/app.ts";
import { decode } from "../../src/value/json.ts";
import type { RegoObject } from "../../src/value/value.ts";
import { type SidecarHost, startSidecar } from "./sidecar-host.ts";

const TOKEN = "sidecar-token-0123456789";
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function host(...args: Parameters<typeof startSidecar>): Promise<SidecarHost> {
  const started = await startSidecar(...args);
  stops.push(() => started.stop());
  return started;
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, never>;
}

async function call(url: string, method = "GET", body?: string | Uint8Array, headers = {}): Promise<Reply> {
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body: body as string }) });
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
}

interface Distribution {
  readonly url: string;
  readonly server: DistributionServer;
  readonly publicPem: string;
  publish(bytes: Uint8Array): Promise<void>;
}

async function distribution(): Promise<Distribution> {
  const pair = await generateKeyPair("ES256");
  const server = createDistributionServer({
    store: ":memory:",
    access: parseAccess({
      tokens: [{ name: "all", token: TOKEN, scopes: ["publish:*", "read:*", "report", "query"] }],
    }),
    signing: { key: pair.privatePem, algorithm: "ES256", keyId: "server" },
  });
  const { url } = await server.listen();
  stops.push(() => server.close(0));
  return {
    url,
    server,
    publicPem: pair.publicPem,
    async publish(bytes) {
      const reply = await call(`${url}/bundles/ai-tools`, "PUT", bytes, { authorization: `Bearer ${TOKEN}` });
      expect(reply.status).toBe(201);
    },
  };
}

function clientConfig({ url, publicPem }: Distribution): Record<string, unknown> {
  return {
    services: {
      reeve: { url, credentials: { bearer: { token: TOKEN } }, headers: { "x-secret": "hidden" } },
    },
    keys: { server: { algorithm: "ES256", key: publicPem } },
    bundles: {
      "ai-tools": {
        service: "reeve",
        signing: { keyid: "server" },
        polling: { min_delay_seconds: 30, max_delay_seconds: 60, long_polling_timeout_seconds: 20 },
      },
    },
    decision_logs: { service: "reeve", reporting: { min_delay_seconds: 0, max_delay_seconds: 1 } },
    status: { service: "reeve" },
  };
}

function regoBundle(revision: string, effect: string): Uint8Array {
  return write(
    assemble({
      manifest: { revision, roots: ["ai", "site"], wasm: [] },
      data: decode('{"site":{"n":1.50}}') as RegoObject,
      modules: [
        { path: "ai.rego", text: `package ai\n\ndecision := {"effect": "${effect}", "n": data.site.n}\n` },
      ],
    }),
  );
}

async function until<T>(probe: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("did not happen in 10 seconds");
}

describe("with a bundle from the distribution server", () => {
  test("is not ready before, answers after, follows, reports", async () => {
    const source = await distribution();
    const { url, agent } = await host(clientConfig(source));
    expect((await call(`${url}/health`)).status).toBe(200);
    const waiting = await call(`${url}/health?bundles`);
    expect([waiting.status, waiting.json]).toEqual([500, { error: "one or more bundles are not activated" }]);
    expect((await call(`${url}/health?plugins`)).json).toEqual({ error: "one or more plugins are not up" });
    expect((await call(`${url}/health?plugins&exclude-plugin=bundle`)).status).toBe(200);
    expect((await call(`${url}/v1/data/ai/decision`, "POST", "{}")).status).toBe(500);

    const early = await call(`${url}/v1/data/site`, "PUT", "{}");
    expect([early.status, early.json.message]).toEqual([400, expect.stringContaining("is not active yet")]);

    await source.publish(regoBundle("r1", "allow"));
    await agent.trigger();
    expect((await call(`${url}/health?bundles&plugins`)).text).toBe("{}\n");
    const first = await call(`${url}/v1/data/ai/decision?provenance`, "POST", '{"input": {}}');
    expect(first.text).toContain('"result":{"effect":"allow","n":1.50}');
    expect(first.json.provenance).toMatchObject({ bundles: { "ai-tools": { revision: "r1" } } });

    await source.publish(regoBundle("r2", "deny"));
    await until(async () => (await call(`${url}/v1/data/ai/decision`, "POST", "{}")).text.includes('"deny"'));
    const decisionId = first.json.decision_id as unknown as string;
    const logged = await until(async () => {
      const { json } = await call(`${source.url}/v1/logs?decision_id=${decisionId}`, "GET", undefined, {
        authorization: `Bearer ${TOKEN}`,
      });
      return (json.result as unknown as Record<string, unknown>[])[0];
    });
    expect(logged).toMatchObject({
      path: "ai/decision",
      result: { effect: "allow" },
      requested_by: "127.0.0.1",
    });
    const status = await call(`${url}/v1/status`);
    expect(status.json.result).toMatchObject({
      bundles: { "ai-tools": { active_revision: "r2" } },
      plugins: { bundle: { state: "OK" } },
    });
    const metrics = (await call(`${url}/metrics`)).text;
    expect(metrics).toMatch(/^last_success_bundle_activation\{name="ai-tools",active_revision="r2"\} \d+$/m);
    expect(metrics).toMatch(
      /^http_request_duration_seconds_count\{code="200",handler="v1\/data",method="post"\} \d+$/m,
    );
  });

  test("the policy library answers as Wasm", async () => {
    const source = await distribution();
    const { bytes } = await build({
      paths: ["rego", "bundles/ai-tools"],
      asBundle: true,
      target: "wasm",
      revision: "lib",
    });
    await source.publish(bytes);
    const { url, agent } = await host(clientConfig(source));
    await agent.ready();
    const { readFileSync, readdirSync } = await import("node:fs");
    const effects: Record<string, string> = {};
    for (const name of readdirSync("bundles/ai-tools/inputs")) {
      const input = readFileSync(`bundles/ai-tools/inputs/${name}/input.json`, "utf8");
      const { json } = await call(`${url}/v1/data/ai/decision`, "POST", `{"input": ${input}}`);
      effects[name] = (json.result as unknown as { effect: string }).effect;
    }
    // Its rules are not in the Rego beside it: a query must not find them undefined.
    for (const query of ["data.ai.decision", "data", "x = data[y]", "data.ai[x]", "count(data.site)"]) {
      const { status, json } = await call(`${url}/v1/query?q=${encodeURIComponent(query)}`);
      expect([query, status, json.message]).toEqual([
        query,
        501,
        expect.stringContaining("ships its rules as Wasm"),
      ]);
    }
    for (const rule of ["p if not data.ai.decision", 'p := data["ai"]', "p := {x | data[x]}"])
      expect((await call(`${url}/v1/policies/mine`, "PUT", `package mine\n\n${rule}\n`)).status).toBe(501);
    const imported = "package mine\n\nimport data.ai.decision\n\np := decision\n";
    expect((await call(`${url}/v1/policies/mine`, "PUT", imported)).status).toBe(501);
    expect((await call(`${url}/v1/policies/mine`, "PUT", "package mine\n\np := data.other\n")).status).toBe(
      200,
    );
    expect((await call(`${url}/v1/query?q=x%3Ddata.other`)).text).toBe("{}\n");
    expect(effects).toEqual({
      empty: "deny",
      "move-needs-approval": "approve",
      "read-by-night": "allow",
      "read-through-link": "deny",
      "unknown-tool": "deny",
      unverified: "deny",
      "write-as-reader": "deny",
      "write-by-day": "allow",
      "write-by-night": "deny",
      "write-from-unknown-network": "deny",
    });
  });

  test("what the bundle owns cannot be written, what it does not own can", async () => {
    const source = await distribution();
    await source.publish(regoBundle("r1", "allow"));
    const { url, agent } = await host(clientConfig(source));
    await agent.ready();
    for (const [method, path, body] of [
      ["PUT", "/v1/data/site/n", "2"],
      ["PUT", "/v1/data/ai", "{}"],
      ["DELETE", "/v1/data/site", ""],
      ["PUT", "/v1/policies/mine", 'package ai\n\ndecision := {"effect": "allow"}\n'],
      ["PUT", "/v1/policies/mine", "package ai.more\n\np := 1\n"],
    ] as const) {
      const reply = await call(url + path, method, body);
      expect([reply.status, reply.json.message]).toEqual([
        400,
        expect.stringContaining('is owned by bundle "ai-tools"'),
      ]);
    }
    expect((await call(`${url}/v1/data`, "PUT", "{}")).json.message).toContain(
      "can't write to document root",
    );
    expect((await call(`${url}/v1/policies/ai-tools%2Fai.rego`, "DELETE")).json.message).toContain(
      "is owned by a bundle",
    );
    expect((await call(`${url}/v1/data/mine/x`, "PUT", '{"y": 1}')).status).toBe(204);
    expect(
      (await call(`${url}/v1/policies/mine`, "PUT", "package mine.p\n\nz := data.mine.x.y + data.site.n\n"))
        .status,
    ).toBe(200);
    expect((await call(`${url}/v1/data/mine/p/z`)).json.result).toBe(2.5);
    expect((await call(`${url}/v1/data/ai/decision`, "POST", "{}")).text).toContain('"allow"');

    // A new revision of the bundle leaves what clients wrote where it is.
    await source.publish(regoBundle("r2", "deny"));
    await until(async () => (await call(`${url}/v1/data/ai/decision`, "POST", "{}")).text.includes('"deny"'));
    expect((await call(`${url}/v1/data/mine/p/z`)).json.result).toBe(2.5);
  });

  test("decisions go on without the server, and after a restart from disk", async () => {
    const source = await distribution();
    await source.publish(regoBundle("r1", "allow"));
    const folder = mkdtempSync(join(tmpdir(), "reeve-"));
    const config = clientConfig(source);
    (config.bundles as Record<string, { persist?: boolean }>)["ai-tools"]!.persist = true;
    const first = await startSidecar(config, { ports: { storage: fileStorage(folder) } });
    await first.agent.ready();
    await source.server.close(0);
    expect((await call(`${first.url}/v1/data/ai/decision`, "POST", "{}")).text).toContain('"allow"');
    await first.stop();
    const second = await host(config, { ports: { storage: fileStorage(folder) } });
    await second.agent.ready();
    expect((await call(`${second.url}/v1/data/ai/decision`, "POST", "{}")).text).toContain('"allow"');
  });
});

describe("without any bundle", () => {
  test("changes are whole or not at all", async () => {
    const { url } = await host({});
    await call(`${url}/v1/data/a`, "PUT", '{"list": [1, 2], "x": {"y": 1}}');
    const before = (await call(`${url}/v1/data/a`)).text;
    const half = '[{"op":"remove","path":"/a/list/0"},{"op":"replace","path":"/a/none/deep","value":1}]';
    expect((await call(`${url}/v1/data`, "PATCH", half)).status).toBe(404);
    expect((await call(`${url}/v1/policies/p`, "PUT", "package a.x\n\ny := 2\n")).status).toBe(400);
    expect((await call(`${url}/v1/data/a`)).text).toBe(before);
    expect((await call(`${url}/v1/policies`)).json.result).toEqual([]);
  });

  test("what the daemon was given at the start can be changed by clients", async () => {
    const { url, sidecar } = await host({});
    await sidecar.load({
      data: decode('{"limits":{"max":3}}') as RegoObject,
      policies: new Map([["p.rego", "package p\n\nq := data.limits.max\n"]]),
    });
    expect((await call(`${url}/v1/data/p/q`)).json.result).toBe(3);
    expect((await call(`${url}/v1/data/limits/max`, "PUT", "4")).status).toBe(204);
    expect((await call(`${url}/v1/data/p/q`)).json.result).toBe(4);
    expect((await call(`${url}/v1/policies/p.rego`, "DELETE")).status).toBe(200);
    expect((await call(`${url}/v1/data/p`)).text).toBe("{}\n");
  });

  test("many writes at once all count", async () => {
    const { url } = await host({});
    const names = Array.from({ length: 20 }, (_, i) => `k${i}`);
    await Promise.all(names.map((name) => call(`${url}/v1/data/many/${name}`, "PUT", "1")));
    expect(Object.keys((await call(`${url}/v1/data/many`)).json.result ?? {}).sort()).toEqual(names.sort());
  });

  test("keys that are dear to JavaScript are keys like any other", async () => {
    const { url } = await host({});
    expect((await call(`${url}/v1/data/__proto__/polluted`, "PUT", "true")).status).toBe(204);
    expect((await call(`${url}/v1/data/constructor`, "PUT", '{"name": 1}')).status).toBe(204);
    expect((await call(`${url}/v1/data/__proto__`)).text).toContain('"result":{"polluted":true}');
    expect((await call(`${url}/v1/data/constructor/name`)).json.result).toBe(1);
    expect((await call(`${url}/v1/data/toString`)).text).toBe("{}\n");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("a big answer is gzipped for those who take it", async () => {
    const { url } = await host({});
    await call(`${url}/v1/data/big`, "PUT", JSON.stringify(Array(2000).fill("x")));
    const { request } = await import("node:http");
    const raw = await new Promise<{ encoding: string | undefined; body: Buffer }>((resolve) => {
      request(`${url}/v1/data/big`, { headers: { "accept-encoding": "gzip" } }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ encoding: response.headers["content-encoding"], body: Buffer.concat(chunks) }),
        );
      }).end();
    });
    expect(raw.encoding).toBe("gzip");
    expect(JSON.parse(gunzipSync(raw.body).toString()).result).toHaveLength(2000);
    expect(
      (await call(`${url}/v1/data/big`, "GET", undefined, { "accept-encoding": "gzip;q=0" })).headers.get(
        "content-encoding",
      ),
    ).toBeNull();
  });

  test("secrets are not shown", async () => {
    const source = await distribution();
    const { url } = await host(clientConfig(source));
    const { text, json } = await call(`${url}/v1/config`);
    for (const secret of [TOKEN, "hidden", "BEGIN PUBLIC KEY"]) expect(text).not.toContain(secret);
    expect(json.result).toMatchObject({
      keys: { server: { algorithm: "ES256" } },
      services: { reeve: { url: source.url } },
    });
  });

  test("partial evaluation is refused with a sentence", async () => {
    const { url } = await host({});
    for (const path of ["/v1/compile", "/v1/compile/a/allow"]) {
      const { status, json } = await call(`${url}${path}`, "POST", '{"query": "data.a.allow"}');
      expect([status, json]).toEqual([
        501,
        {
          code: "not_implemented",
          message: "partial evaluation is not supported: modules are compiled whole",
        },
      ]);
    }
  });

  test("without a compiler, policies and queries are refused with a sentence", async () => {
    const { url } = await host({}, { sidecar: { compiler: undefined as never } });
    for (const reply of [
      await call(`${url}/v1/policies/p`, "PUT", "package p\n\nq := 1\n"),
      await call(`${url}/v1/query?q=1`),
    ])
      expect([reply.status, reply.json.message]).toEqual([
        501,
        expect.stringContaining("this daemon has no compiler"),
      ]);
  });

  test.each<[string, string, string, string | Uint8Array, Record<string, string>, number, RegExp]>([
    ["input that is not JSON", "POST", "/v1/data/x", '{"input": {', {}, 400, /malformed input document/],
    ["two documents", "POST", "/v1/data/x", '{"input": 1} {"input": 2}', {}, 400, /malformed input document/],
    ["input that is not gzip", "POST", "/v1/data/x", "{}", { "content-encoding": "gzip" }, 400, /not gzip/],
    ["a body over the limit", "POST", "/v1/data/x", " ".repeat(10_001), {}, 413, /larger than 10000 bytes/],
    [
      "a bomb",
      "POST",
      "/v1/data/x",
      gzipSync(" ".repeat(100_001)),
      { "content-encoding": "gzip" },
      413,
      /unpacks to more than/,
    ],
    [
      "very deep input",
      "POST",
      "/v1/data/x",
      `{"input":${"[".repeat(4500)}${"]".repeat(4500)}}`,
      {},
      400,
      /malformed/,
    ],
    ["an unknown encoding", "POST", "/v1/data/x", "{}", { "content-encoding": "br" }, 415, /not supported/],
    ["a quote in a path", "POST", "/v1/data/%22", "{}", {}, 400, /invalid ref term/],
    ["a query that is no Rego", "POST", "/v1/query", '{"query": "x :="}', {}, 400, /parsing query/],
    ["a query that does not check", "POST", "/v1/query", '{"query": "x > y"}', {}, 400, /compiling query/],
    ["a query that is no text", "POST", "/v1/query", '{"query": 7}', {}, 400, /must be a string/],
    ["Rego that does not parse", "PUT", "/v1/policies/p", "package p\n\nq :=\n", {}, 400, /compiling module/],
    [
      "Rego that does not check",
      "PUT",
      "/v1/policies/p",
      "package p\n\nq := r\n",
      {},
      400,
      /compiling module/,
    ],
    ["a patch that is none", "PATCH", "/v1/data", "[7]", {}, 400, /json: cannot unmarshal/],
    ["broken escapes in a path", "PUT", "/v1/policies/%E0%A4%A", "package p", {}, 400, /malformed/],
  ])("%s", async (_what, method, path, body, headers, status, message) => {
    const { url } = await host({}, { sidecar: { limits: { maxBytes: 10_000, maxUnzippedBytes: 100_000 } } });
    const reply = await call(url + path, method, body, headers);
    expect([reply.status, reply.json.message]).toEqual([status, expect.stringMatching(message)]);
    expect(String(reply.json.message)).not.toContain("\n");
    expect((await call(`${url}/v1/policies`)).json.result).toEqual([]);
    expect((await call(`${url}/health`)).status).toBe(200);
  });
});
