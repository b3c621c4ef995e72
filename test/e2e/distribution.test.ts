// The distribution server over real HTTP: publish, serve, long poll, take in logs and status; and each bad input with what it gets:
// one clear line, the right status, and nothing changed.

import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { assemble, assembleDelta } from "../../src/bundle/assemble.ts";
import type { Bundle } from "../../src/bundle/bundle.ts";
import { read } from "../../src/bundle/read.ts";
import { sign } from "../../src/bundle/sign.ts";
import { verify } from "../../src/bundle/verify.ts";
import { pack, write } from "../../src/bundle/write.ts";
import { generateKeyPair, type KeyPair } from "../../src/crypto/jwk.ts";
import { parseAccess } from "../../src/server/auth.ts";
import { createDistributionServer, type DistributionServer } from "../../src/server/distribution/app.ts";
import { decode } from "../../src/value/json.ts";
import type { RegoObject } from "../../src/value/value.ts";

const TOKENS = {
  publisher: "publisher-0123456789",
  reader: "reader-0123456789abc",
  reporter: "reporter-0123456789a",
  auditor: "auditor-0123456789ab",
};
const access = parseAccess({
  tokens: [
    { name: "ci", token: TOKENS.publisher, scopes: ["publish:ai-tools", "publish:team/*"] },
    { name: "edge", token: TOKENS.reader, scopes: ["read:*"] },
    { name: "edge-reports", token: TOKENS.reporter, scopes: ["report"] },
    { name: "audit", token: TOKENS.auditor, scopes: ["query"] },
  ],
});

let serverKey: KeyPair;
let publisherKey: KeyPair;
let strangerKey: KeyPair;
let server: DistributionServer;
let url: string;

beforeAll(async () => {
  [serverKey, publisherKey, strangerKey] = await Promise.all([
    generateKeyPair("ES256"),
    generateKeyPair("ES256"),
    generateKeyPair("ES256"),
  ]);
});

async function start(extra: Partial<Parameters<typeof createDistributionServer>[0]> = {}): Promise<void> {
  await server?.close(0);
  server = createDistributionServer({
    store: ":memory:",
    access,
    signing: { key: serverKey.privatePem, algorithm: "ES256", keyId: "server" },
    intake: { maxBytes: 100_000, maxUnzippedBytes: 1_000_000, maxEvents: 500 },
    ...extra,
  });
  url = (await server.listen()).url;
}

beforeEach(() => start());
afterAll(() => server?.close(0));

function bundle(revision: string, text = "package ai\n\ndecision := 1\n"): Bundle {
  return assemble({
    manifest: { revision, roots: ["ai", "site"], wasm: [] },
    data: decode('{"site":{"n":1.0}}') as RegoObject,
    modules: [{ path: "ai/decision.rego", text }],
  });
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly json: { code?: string; message?: string; result?: never } & Record<string, never>;
}

async function call(
  method: string,
  path: string,
  token: string | undefined,
  init: RequestInit = {},
): Promise<Reply> {
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(url + path, { ...init, method, headers });
  const body = Buffer.from(await response.arrayBuffer());
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return {
    status: response.status,
    headers: response.headers,
    body,
    json: isJson ? JSON.parse(body.toString()) : {},
  };
}

const put = (bytes: Uint8Array, name = "ai-tools", token = TOKENS.publisher): Promise<Reply> =>
  call("PUT", `/bundles/${name}`, token, { body: bytes as Uint8Array<ArrayBuffer> });
const get = (headers: Record<string, string> = {}, name = "ai-tools", signal?: AbortSignal): Promise<Reply> =>
  call("GET", `/bundles/${name}`, TOKENS.reader, { headers, ...(signal && { signal }) });
const post = (
  path: string,
  body: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<Reply> =>
  call("POST", path, TOKENS.reporter, {
    body: body as string,
    headers: { "content-type": "application/json", ...headers },
  });
const postGzip = (path: string, value: unknown): Promise<Reply> =>
  post(path, gzipSync(JSON.stringify(value)), { "content-encoding": "gzip" });

describe("publish and serve", () => {
  test("what was published comes back whole, signed by the server", async () => {
    const receipt = await put(write(bundle("r1")));
    expect(receipt.status).toBe(201);
    expect(receipt.json.result).toMatchObject({
      name: "ai-tools",
      revision: "r1",
      signed_by: "server",
      changed: true,
    });
    const reply = await get();
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/vnd.openpolicyagent.bundles");
    expect(reply.headers.get("etag")).toBe(receipt.headers.get("etag"));
    const served = await verify(await read(reply.body), {
      keys: new Map([["server", { key: serverKey.publicPem, algorithm: "ES256" }]]),
      keyId: "server",
    });
    expect(served.manifest.revision).toBe("r1");
    const age = Date.now() / 1000 - (served.verification.signedAtS ?? 0);
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(60);
    expect(served.files.map((file) => Buffer.from(file.bytes).toString())).toEqual(
      bundle("r1").files.map((file) => Buffer.from(file.bytes).toString()),
    );
  });

  test("an unchanged bundle is 304; HEAD has the headers only", async () => {
    await put(write(bundle("r1")));
    const etag = (await get()).headers.get("etag") as string;
    const again = await get({ "if-none-match": etag });
    expect([again.status, again.headers.get("etag"), again.body.length]).toEqual([304, etag, 0]);
    expect((await get({ "if-none-match": `"other", W/${etag}` })).status).toBe(304);
    expect((await get({ "if-none-match": '"other"' })).status).toBe(200);
    const head = await call("HEAD", "/bundles/ai-tools", TOKENS.reader);
    expect([head.status, head.headers.get("etag"), head.body.length]).toEqual([200, etag, 0]);
    expect(Number(head.headers.get("content-length"))).toBe((await get()).body.length);
  });

  test("the same bundle again is not a new revision", async () => {
    const first = await put(write(bundle("r1")));
    const second = await put(write(bundle("r1")));
    expect(second.status).toBe(200);
    expect(second.json.result).toMatchObject({ changed: false });
    expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
  });

  test("names may have slashes", async () => {
    expect((await put(write(bundle("r1")), "team/payments")).status).toBe(201);
    expect((await get({}, "team/payments")).status).toBe(200);
  });

  test("bundles survive a restart of the server", async () => {
    const { mkdtempSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const store = `${mkdtempSync(`${tmpdir()}/reeve-`)}/store.db`;
    await start({ store });
    await put(write(bundle("r7")));
    const before = await get();
    await start({ store });
    const after = await get();
    expect(after.headers.get("etag")).toBe(before.headers.get("etag"));
    expect(after.body.equals(before.body)).toBe(true);
  });

  test("lists what is live", async () => {
    await put(write(bundle("r1")));
    await put(write(bundle("r2")));
    const { json } = await call("GET", "/v1/bundles", TOKENS.auditor);
    expect(json.result).toMatchObject([
      { name: "ai-tools", revision: "r2", published_by: "ci", signed_by: "server" },
    ]);
  });
});

describe("publishers' signatures", () => {
  const signedBy = async (key: KeyPair, keyId: string): Promise<Uint8Array> =>
    write(await sign(bundle("r1"), { key: key.privatePem, algorithm: "ES256", keyId }));
  const keys = (): Map<string, { key: string; algorithm: string }> =>
    new Map([["ci", { key: publisherKey.publicPem, algorithm: "ES256" }]]);

  test("a trusted one is passed on byte for byte", async () => {
    await start({ publishers: { keys: keys(), required: true, passOn: true } });
    const bytes = await signedBy(publisherKey, "ci");
    expect((await put(bytes)).json.result).toMatchObject({ signed_by: "ci" });
    expect((await get()).body.equals(Buffer.from(bytes))).toBe(true);
  });

  test("a trusted one is replaced by the server's own otherwise", async () => {
    await start({ publishers: { keys: keys() } });
    expect((await put(await signedBy(publisherKey, "ci"))).json.result).toMatchObject({
      signed_by: "server",
    });
  });

  test.each([
    [
      "an unknown key",
      () => signedBy(strangerKey, "stranger"),
      /verification key corresponding to ID stranger not found/,
    ],
    ["another key under a known name", () => signedBy(strangerKey, "ci"), /failed to verify JWT signature/],
    ["no signature", async () => write(bundle("r1")), /must be signed by a publisher's key/],
    [
      "two signatures",
      async () => {
        const one = await sign(bundle("r1"), {
          key: publisherKey.privatePem,
          algorithm: "ES256",
          keyId: "ci",
        });
        const { signatures = [] } = one.signatures ?? {};
        return write({ ...one, signatures: { signatures: [...signatures, ...signatures] } });
      },
      /signature/,
    ],
    [
      "a file more than signed",
      async () => {
        const one = await sign(bundle("r1"), {
          key: publisherKey.privatePem,
          algorithm: "ES256",
          keyId: "ci",
        });
        return write({ ...one, files: [...one.files, { path: "extra.txt", bytes: Buffer.from("x") }] });
      },
      /file extra.txt not included in bundle signature/,
    ],
    [
      "a file less than signed",
      async () => {
        const one = await sign(bundle("r1"), {
          key: publisherKey.privatePem,
          algorithm: "ES256",
          keyId: "ci",
        });
        return write({ ...one, files: one.files.filter(({ path }) => !path.endsWith(".rego")) });
      },
      /specified in bundle signatures but not found/,
    ],
    [
      "a changed file",
      async () => {
        const one = await sign(bundle("r1"), {
          key: publisherKey.privatePem,
          algorithm: "ES256",
          keyId: "ci",
        });
        return write({ ...bundle("r1", "package ai\n\ndecision := 2\n"), signatures: one.signatures });
      },
      /digest mismatch/,
    ],
    [
      "a wrong scope",
      async () =>
        write(
          await sign(bundle("r1"), {
            key: publisherKey.privatePem,
            algorithm: "ES256",
            keyId: "ci",
            claims: { scope: "other" },
          }),
        ),
      /scope mismatch/,
    ],
  ])("%s is refused", async (_what, make, message) => {
    await start({ publishers: { keys: keys(), required: true } });
    const reply = await put(await make());
    expect(reply.status).toBe(400);
    expect(reply.json.message).toMatch(message);
    expect(reply.json.message).not.toContain("\n");
    expect((await get()).status).toBe(404);
  });

  test("a server without any key does not start", () => {
    expect(() => createDistributionServer({ store: ":memory:", access })).toThrow("needs a signing key");
  });
});

describe("long poll", () => {
  const wait = (etag: string, seconds: number, signal?: AbortSignal): Promise<Reply> =>
    get({ "if-none-match": etag, prefer: `modes=snapshot,delta;wait=${seconds}` }, "ai-tools", signal);
  const held = async (n: number): Promise<void> => {
    const metrics = async (): Promise<string> =>
      (await call("GET", "/metrics", TOKENS.auditor)).body.toString();
    while (!(await metrics()).includes(`reeve_bundle_long_polls ${n}\n`))
      await new Promise((r) => setTimeout(r, 5));
  };

  test("a new revision ends it at once", async () => {
    const etag = (await put(write(bundle("r1")))).headers.get("etag") as string;
    const started = Date.now();
    const pending = wait(etag, 30);
    await held(1);
    const published = (await put(write(bundle("r2")))).headers.get("etag");
    const reply = await pending;
    expect([reply.status, reply.headers.get("etag")]).toEqual([200, published]);
    expect(Date.now() - started).toBeLessThan(5000);
  });

  test("without one it ends in 304 when the time is over", async () => {
    const etag = (await put(write(bundle("r1")))).headers.get("etag") as string;
    const started = Date.now();
    expect((await wait(etag, 1)).status).toBe(304);
    expect(Date.now() - started).toBeGreaterThanOrEqual(990);
  });

  test("publishing the same again, or another bundle, wakes nobody", async () => {
    const etag = (await put(write(bundle("r1")))).headers.get("etag") as string;
    const pending = wait(etag, 1);
    await held(1);
    await put(write(bundle("r1")));
    await put(write(bundle("r1")), "team/other");
    expect((await pending).status).toBe(304);
  });

  test("a client that goes away is forgotten", async () => {
    const etag = (await put(write(bundle("r1")))).headers.get("etag") as string;
    const abort = new AbortController();
    const pending = wait(etag, 60, abort.signal).catch(() => "gone");
    await held(1);
    abort.abort();
    expect(await pending).toBe("gone");
    await held(0);
  });

  test("a server that stops lets them go", async () => {
    const etag = (await put(write(bundle("r1")))).headers.get("etag") as string;
    const pending = wait(etag, 60);
    await held(1);
    await server.close(2000);
    expect((await pending).status).toBe(304);
  });

  test("waiting for a bundle that is not there is 404 at once", async () => {
    expect((await wait('""', 60)).status).toBe(404);
  });
});

describe("who may do what", () => {
  test.each([
    ["PUT", "/bundles/ai-tools", undefined, 401],
    ["PUT", "/bundles/ai-tools", "a-token-nobody-has", 401],
    ["PUT", "/bundles/ai-tools", TOKENS.reader, 403],
    ["PUT", "/bundles/other", TOKENS.publisher, 403],
    ["PUT", "/bundles/team", TOKENS.publisher, 403],
    ["GET", "/bundles/ai-tools", undefined, 401],
    ["GET", "/bundles/ai-tools", TOKENS.publisher, 403],
    ["POST", "/logs", TOKENS.reader, 403],
    ["POST", "/status", undefined, 401],
    ["GET", "/v1/logs", TOKENS.reporter, 403],
    ["GET", "/v1/status", undefined, 401],
    ["GET", "/metrics", undefined, 401],
  ])("%s %s with %s is %i", async (method, path, token, status) => {
    const reply = await call(method, path, token, method === "GET" ? {} : { body: "x" });
    expect(reply.status).toBe(status);
    expect(reply.json.code).toBe("unauthorized");
    if (status === 401) expect(reply.headers.get("www-authenticate")).toBe("Bearer");
  });

  test("health is for everybody", async () => {
    const reply = await call("GET", "/health", undefined);
    expect([reply.status, reply.json]).toEqual([200, {}]);
  });

  test("other methods and other routes", async () => {
    expect((await call("DELETE", "/bundles/ai-tools", TOKENS.publisher)).status).toBe(405);
    expect((await call("GET", "/logs", TOKENS.reporter)).status).toBe(405);
    const reply = await call("GET", "/nowhere", TOKENS.reader);
    expect([reply.status, reply.json.code]).toEqual([404, "resource_not_found"]);
    expect((await call("GET", "/bundles/%E0%A4%A", TOKENS.reader)).status).toBe(400);
  });
});

describe("bundles that are refused", () => {
  const file = (path: string, text = "{}"): { path: string; bytes: Uint8Array } => ({
    path,
    bytes: Buffer.from(text),
  });
  /** One tar header with any name, type and link. */
  const rawTar = (name: string, type: string, link = "", body = ""): Buffer => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    block.write("0000644\0", 100);
    block.write("0000000\0", 108);
    block.write("0000000\0", 116);
    block.write(`${Buffer.byteLength(body).toString(8).padStart(11, "0")}\0`, 124);
    block.write("00000000000\0", 136);
    block.write("        ", 148);
    block.write(type, 156);
    block.write(link, 157);
    block.write("ustar\x0000", 257);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
    return gzipSync(Buffer.concat([block, Buffer.from(body), padding, Buffer.alloc(1024)]));
  };
  const good = (): Uint8Array => write(bundle("r2"));

  test.each<[string, () => Uint8Array, RegExp, number?]>([
    ["nothing", () => new Uint8Array(), /gzip/],
    ["not gzip", () => Buffer.from("hello"), /gzip/],
    ["truncated", () => good().slice(0, -40), /bundle read failed/],
    ["half of it", () => good().slice(0, good().length >> 1), /bundle read failed/],
    ["a flipped byte", () => good().map((byte, i) => (i === 60 ? byte ^ 1 : byte)), /bundle/],
    ["a bomb", () => gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 }), /unpacks to more than/],
    ["a path with ..", () => rawTar("../evil.rego", "0", "", "package a"), /\.\./],
    ["an absolute path that climbs", () => rawTar("/a/../../evil.rego", "0", "", "package a"), /\.\./],
    ["a symbolic link", () => rawTar("data.json", "2", "/etc/passwd"), /link|type/],
    ["a hard link", () => rawTar("data.json", "1", "policy.wasm"), /link|type/],
    ["one file twice", () => pack([file("data.json"), file("data.json")]), /data\.json/],
    ["two manifests", () => pack([file(".manifest"), file("a/.manifest")]), /multiple manifest files/],
    ["a manifest that is no JSON", () => pack([file(".manifest", "{")]), /manifest/],
    ["a manifest of a wrong type", () => pack([file(".manifest", '{"roots": "ai"}')]), /roots/],
    ["data that is no JSON", () => pack([file("data.json", "{")]), /data\.json/],
    [
      "data outside its roots",
      () => pack([file("data.json", '{"b": 1}'), file(".manifest", '{"revision":"x","roots":["a"]}')]),
      /roots|manifest/,
    ],
    ["overlapping roots", () => pack([file(".manifest", '{"revision":"x","roots":["a","a/b"]}')]), /overlap/],
    [
      "Wasm that is none",
      () =>
        pack([
          file("policy.wasm", "not wasm"),
          file(
            ".manifest",
            '{"revision":"x","roots":["a"],"wasm":[{"entrypoint":"a/b","module":"/policy.wasm"}]}',
          ),
        ]),
      /not a valid WebAssembly module/,
    ],
    [
      "signatures without a key to check them",
      () => pack([file(".signatures.json", '{"signatures": 7}')]),
      /signatures/,
    ],
    [
      "a delta",
      () =>
        write(
          assembleDelta({ revision: "x", roots: ["ai"], wasm: [] }, [
            { op: "upsert", path: "/ai/x", value: true },
          ]),
        ),
      /delta bundles cannot be published/,
    ],
    ["larger than the limit", () => Buffer.alloc(3_000_000), /larger than 2000000 bytes/, 413],
  ])("%s", async (_what, make, message, status = 400) => {
    await start({ maxBundleBytes: 2_000_000 });
    const before = (await put(write(bundle("r1")))).headers.get("etag");
    const reply = await put(make());
    expect(reply.status).toBe(status);
    expect(reply.json.message).toMatch(message);
    expect(reply.json.message).not.toContain("\n");
    expect((await get()).headers.get("etag")).toBe(before);
    expect((await call("GET", "/health", undefined)).status).toBe(200);
  });

  test.each(["..%2Fx", "a%2F..%2Fb", ".hidden", "a%20b", "a%00b", "x".repeat(300)])(
    "the name %s",
    async (name) => {
      await start({ access: parseAccess({ anonymous: ["publish:*"] }) });
      const response = await fetch(`${url}/bundles/${name}`, {
        method: "PUT",
        body: Buffer.from(write(bundle("r1"))),
      });
      expect(response.status).toBe(400);
    },
  );
});

describe("decision logs", () => {
  const event = (id: string, more: object = {}): Record<string, unknown> => ({
    labels: { id: "agent-1", version: "1" },
    decision_id: id,
    path: "ai/decision",
    input: { n: 1 },
    result: { effect: "allow" },
    timestamp: "2026-11-24T02:20:17.5Z",
    ...more,
  });
  const query = (parameters = ""): Promise<Reply> => call("GET", `/v1/logs${parameters}`, TOKENS.auditor);
  const count = async (): Promise<unknown> => (await query("/count")).json.result;

  test("each decision is stored once, however often it is sent", async () => {
    const ids = Array.from({ length: 20 }, () => randomUUID());
    const first = await postGzip(
      "/logs",
      ids.slice(0, 12).map((id) => event(id)),
    );
    expect(first.json.result).toEqual({ received: 12, stored: 12 });
    const second = await postGzip(
      "/logs",
      ids.map((id) => event(id)),
    );
    expect(second.json.result).toEqual({ received: 20, stored: 8 });
    expect((await postGzip("/logs", [event(ids[0] as string), event(ids[0] as string)])).json.result).toEqual(
      {
        received: 2,
        stored: 0,
      },
    );
    expect(await count()).toBe(20);
  });

  test("no digit is lost on the way", async () => {
    await post(
      "/logs/edge",
      `[{"decision_id":"a","timestamp":"2026-01-01T00:00:00Z","input":{"big":12345678901234567890.10}}]`,
    );
    expect((await query()).body.toString()).toContain('"big":12345678901234567890.10');
  });

  test("they can be asked for", async () => {
    await postGzip("/logs", [
      event("a", { timestamp: "2026-11-24T02:00:00Z" }),
      event("b", { timestamp: "2026-11-24T02:00:00.5Z", path: "/rbac/allow" }),
      event("c", { timestamp: "2026-11-24T04:00:00+01:00", labels: { id: "agent-2" } }),
    ]);
    const ids = async (parameters: string): Promise<string[]> =>
      ((await query(parameters)).json.result as unknown as { decision_id: string }[]).map(
        (e) => e.decision_id,
      );
    expect(await ids("")).toEqual(["a", "b", "c"]);
    expect(await ids("?decision_id=b")).toEqual(["b"]);
    expect(await ids("?path=rbac/allow")).toEqual(["b"]);
    expect(await ids("?instance=agent-2")).toEqual(["c"]);
    expect(await ids("?since=2026-11-24T02:00:00.5Z")).toEqual(["b", "c"]);
    expect(await ids("?until=2026-11-24T03:00:00Z")).toEqual(["a", "b"]);
    const page = await query("?limit=2");
    expect(page.json.next).toBeTypeOf("number");
    expect(await ids(`?after=${page.json.next}`)).toEqual(["c"]);
    expect((await query("?since=yesterday")).status).toBe(400);
    expect((await query("?sort=path")).json.message).toBe("unknown parameter `sort`");
    expect((await query("?limit=-1")).status).toBe(400);
    expect((await query("?path=a&path=b")).status).toBe(400);
  });

  test.each<[string, Uint8Array | string, Record<string, string>, number, RegExp]>([
    ["not gzip", "[]", { "content-encoding": "gzip" }, 400, /not gzip/],
    [
      "gzip cut off",
      gzipSync("[]".padEnd(5000)).subarray(0, 20),
      { "content-encoding": "gzip" },
      400,
      /not gzip/,
    ],
    ["not JSON", gzipSync("[{"), { "content-encoding": "gzip" }, 400, /not JSON/],
    ["not an array", gzipSync("{}"), { "content-encoding": "gzip" }, 400, /must be a JSON array/],
    ["an event that is none", "[1]", {}, 400, /event 0 is not an object/],
    [
      "an event without an id",
      '[{"timestamp":"2026-01-01T00:00:00Z"}]',
      {},
      400,
      /event 0 has no `decision_id`/,
    ],
    ["an event without a time", '[{"decision_id":"x"}]', {}, 400, /event 0 has no `timestamp`/],
    ["too many events", JSON.stringify(Array(501).fill({})), {}, 413, /may have 500 events, not 501/],
    ["larger than the limit", " ".repeat(100_001), {}, 413, /larger than 100000 bytes/],
    [
      "a bomb",
      gzipSync(" ".repeat(1_000_001)),
      { "content-encoding": "gzip" },
      413,
      /unpacks to more than 1000000 bytes/,
    ],
    ["another encoding", "[]", { "content-encoding": "br" }, 415, /content encoding `br` is not supported/],
    ["another type", "[]", { "content-type": "text/csv" }, 415, /content type `text\/csv` is not supported/],
  ])("%s is refused, and nothing is stored", async (_what, body, headers, status, message) => {
    await postGzip("/logs", [event("before")]);
    const reply = await post("/logs", body, headers);
    expect(reply.status).toBe(status);
    expect(reply.json).toMatchObject({ code: "invalid_parameter", message: expect.stringMatching(message) });
    expect(await count()).toBe(1);
  });

  test("one bad event refuses the whole upload", async () => {
    expect((await postGzip("/logs", [event("good"), { decision_id: 7 }])).status).toBe(400);
    expect(await count()).toBe(0);
  });

  test("a chunked body without a length is cut at the limit", async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(Buffer.alloc(64 * 1024, 32));
      },
    });
    const response = await fetch(`${url}/logs`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKENS.reporter}`, "content-type": "application/json" },
      body,
      duplex: "half",
    } as RequestInit).catch(() => undefined);
    // Either the refusal was read, or the connection was cut while the client was still sending.
    expect(response?.status ?? 413).toBe(413);
    expect(await count()).toBe(0);
  });
});

describe("status", () => {
  const report = (id: string, revision: string): object => ({
    labels: { id },
    bundles: { "ai-tools": { name: "ai-tools", active_revision: revision } },
  });

  test("the newest report of each decision agent", async () => {
    expect((await postGzip("/status", report("a", "r1"))).status).toBe(200);
    await postGzip("/status/edge", report("b", "r1"));
    await postGzip("/status", report("a", "r2"));
    const latest = (await call("GET", "/v1/status", TOKENS.auditor)).json.result as unknown as {
      report: object;
    }[];
    expect(latest.map((entry) => entry.report)).toEqual([report("a", "r2"), report("b", "r1")]);
    const history = await call("GET", "/v1/status?instance=a", TOKENS.auditor);
    expect((history.json.result as unknown as { report: object }[]).map((entry) => entry.report)).toEqual([
      report("a", "r2"),
      report("a", "r1"),
    ]);
  });

  test.each([
    ["[]", "a status report must be a JSON object"],
    ["{", "body is not JSON"],
  ])("%s is refused", async (body, message) => {
    const reply = await post("/status", body);
    expect(reply.status).toBe(400);
    expect(reply.json.message).toContain(message);
  });
});
