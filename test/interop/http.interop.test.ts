// http.send against a real local server, by the real `opa` and by our engine: the same answers, the same failures, and the same number of
// requests where answers are kept between queries.

import { spawnSync } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askOurs, prepareCase } from "../differential/ours.ts";
import { type Answer, Opa } from "../differential/opa.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { readFileSync } from "node:fs";

const hasOpa = spawnSync("opa", ["version"]).status === 0;
const runtime = readFileSync(new URL("../../dist/runtime.wasm", import.meta.url));
const MODULE = { file: "m.rego", text: "package m\n\nx := http.send(input)\n" };

let hits = 0;
const ROUTES: Record<string, (request: IncomingMessage, response: ServerResponse, body: string) => void> = {
  "/json": (_, r) => r.setHeader("content-type", "application/json").end('{"a": [1, 2.50]}'),
  "/charset": (_, r) => r.setHeader("content-type", "application/json; charset=utf-8").end("[1]"),
  "/problem": (_, r) => r.setHeader("content-type", "application/problem+json").writeHead(404).end('{"x":1}'),
  "/yaml": (_, r) => r.setHeader("content-type", "application/yaml").end("a: [1, b]\n"),
  "/xyaml": (_, r) => r.setHeader("content-type", "application/x-yaml").end("a: 1\n"),
  "/text": (_, r) => r.setHeader("content-type", "text/plain").end('{"a": 1}'),
  "/none": (_, r) => r.end("é\n"),
  "/broken": (_, r) => r.setHeader("content-type", "application/json").end("{"),
  "/two": (_, r) => r.setHeader("x-two", ["a", "b"]).writeHead(204).end(),
  "/gzip": (_, r) =>
    r
      .setHeader("content-type", "application/json")
      .setHeader("content-encoding", "gzip")
      .end(gzipSync('{"z":1}')),
  "/redirect": (_, r) => r.setHeader("location", "/json").writeHead(302).end(),
  "/307": (_, r) => r.setHeader("location", "/echo").writeHead(307).end(),
  "/303": (_, r) => r.setHeader("location", "/echo").writeHead(303).end(),
  "/echo": (q, r, body) =>
    r.setHeader("content-type", "application/json").end(
      JSON.stringify({
        method: q.method,
        url: q.url,
        body,
        own: q.headers["x-own"] ?? null,
        type: q.headers["content-type"] ?? null,
      }),
    ),
  "/slow": (_, r) => setTimeout(() => r.end("late"), 3_000).unref(),
  "/max-age": (_, r) => r.setHeader("cache-control", "max-age=100").end(String(hits)),
  "/no-store": (_, r) => r.setHeader("cache-control", "no-store").end(String(hits)),
  "/expires": (_, r) => r.setHeader("expires", new Date(Date.now() + 90_000).toUTCString()).end(String(hits)),
  "/plain": (_, r) => r.end(String(hits)),
  "/500": (_, r) => r.setHeader("cache-control", "max-age=100").writeHead(500).end(String(hits)),
  "/etag": (q, r) => {
    r.setHeader("etag", '"v"');
    if (q.headers["if-none-match"] === '"v"') r.setHeader("x-fresh", "yes").writeHead(304).end();
    else r.end(String(hits));
  },
  "/modified": (q, r) => {
    r.setHeader("last-modified", "Mon, 02 Jan 2006 15:04:05 GMT");
    if (q.headers["if-modified-since"] !== undefined) r.writeHead(304).end();
    else r.end(String(hits));
  },
};

const server: Server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    hits++;
    const route = ROUTES[(request.url ?? "").split("?")[0] as string];
    if (route === undefined) response.writeHead(404).end();
    else route(request, response, Buffer.concat(chunks).toString());
  });
});

const opa = new Opa();
let base = "";
let engine: Engine;

beforeAll(async () => {
  if (!hasOpa) return;
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await opa.start();
  expect(await opa.load({ modules: [MODULE], data: "{}" })).toBeUndefined();
  const prepared = await prepareCase({ modules: [MODULE], data: "{}", entrypoints: ["m/x"] }, runtime);
  if ("findings" in prepared) throw new Error(JSON.stringify(prepared.findings));
  engine = prepared.engine;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  if (hasOpa) await opa.stop();
});

/** Answers without what differs from run to run. */
function steady(answer: Answer): unknown {
  if (answer.kind === "error") return answer.findings.map(({ code, message }) => ({ code, message }));
  if (answer.kind !== "result") return answer.kind;
  const value = JSON.parse(answer.json) as { headers?: Record<string, unknown> };
  const {
    date: _,
    connection: _c,
    "keep-alive": _k,
    expires: _e,
    "transfer-encoding": _t,
    ...headers
  } = value.headers ?? {};
  return { ...value, headers };
}

async function both(requests: readonly object[], strict = true): Promise<[ours: unknown, theirs: unknown]> {
  const run = async (ask: (input: string) => Promise<Answer>): Promise<unknown> => {
    hits = 0;
    const answers: unknown[] = [];
    for (const request of requests) {
      const { path, ...rest } = request as { path?: string };
      const whole = path === undefined ? rest : { url: base + path, ...rest };
      answers.push(steady(await ask(JSON.stringify(whole))));
    }
    return { answers, hits };
  };
  const theirs = await run((input) => opa.ask("m/x", input, strict));
  return [await run((input) => askOurs(engine, "m/x", input, strict)), theirs];
}

const get = (path: string, more: object = {}): object => ({ method: "get", path, ...more });

describe.runIf(hasOpa)("one request", () => {
  test.each(
    [
      ...[
        "/json",
        "/charset",
        "/problem",
        "/yaml",
        "/xyaml",
        "/text",
        "/none",
        "/broken",
        "/two",
        "/gzip",
        "/nowhere",
      ].map((path) => get(path)),
      get("/text", { force_json_decode: true }),
      get("/none", { force_json_decode: true }),
      get("/text", { force_yaml_decode: true }),
      get("/redirect"),
      get("/redirect", { enable_redirect: true }),
      { method: "POST", path: "/307", enable_redirect: true, body: { a: 1 } },
      { method: "POST", path: "/303", enable_redirect: true, body: { a: 1 } },
      { method: "post", path: "/echo", body: { b: [1, "é<"], a: null } },
      {
        method: "PUT",
        path: "/echo?x=1",
        raw_body: "a=é",
        headers: { "X-Own": "v", "content-type": "text/x" },
      },
      { method: "delete", path: "/echo" },
      get("/slow", { timeout: "200ms" }),
      get("/slow", { timeout: 200_000_000, raise_error: false }),
      { method: "get", url: "http://127.0.0.1:1/" },
      { method: "get", url: "http://127.0.0.1:1/", raise_error: false },
      { method: "get", url: "http://127.0.0.1:1/", raise_error: false, max_retry_attempts: 1 },
      { method: "get" },
      { url: "http://127.0.0.1:1/" },
      get("/json", { nope: 1 }),
      get("/json", { timeout: true }),
      get("/json", { timeout: "soon" }),
      get("/json", { headers: { a: 1 } }),
      get("/json", { headers: [] }),
      get("/json", { raise_error: "x" }),
      get("/json", { enable_redirect: "x" }),
      get("/json", { cache: "x" }),
      get("/json", { force_cache: true }),
      get("/json", { force_cache: 1 }),
      get("/json", { force_cache: true, force_cache_duration_seconds: "x" }),
      get("/json", { max_retry_attempts: -1 }),
      get("/json", { tls_ca_cert: "x" }),
      get("/json", { tls_ca_cert_file: "/no/such/file" }),
      { method: "get", url: "ftp://x" },
      { method: "G T", path: "/json" },
      get("/json", { cache: true, caching_mode: "deserialized" }),
      { method: 1, path: "/json" },
      { method: "get", url: 1 },
      { method: "get", url: "http://[x" },
      get("/json", { tls_insecure_skip_verify: "x" }),
      get("/json", { tls_ca_cert: 1 }),
      get("/json", { raw_body: 1 }),
      get("/json", { max_retry_attempts: "x" }),
      get("/json", { cache_ignored_headers: 1 }),
    ].map((request) => [request]),
  )("%j", { timeout: 30_000 }, async (request) => {
    const [ours, theirs] = await both([request]);
    expect(ours).toEqual(theirs);
  });
});

describe.runIf(hasOpa)("kept between queries", () => {
  const twice = (request: object): object[] => [request, request];
  test.each<[string, object[]]>([
    ["not without being asked", twice(get("/max-age"))],
    ["as long as the server says", twice(get("/max-age", { cache: true }))],
    ["not what must not be stored", twice(get("/no-store", { cache: true }))],
    ["until it expires", twice(get("/expires", { cache: true }))],
    ["not without a date", twice(get("/plain", { cache: true }))],
    ["no failure", twice(get("/500", { cache: true }))],
    ["confirmed by its tag", twice(get("/etag", { cache: true }))],
    ["confirmed by its date", twice(get("/modified", { cache: true }))],
    ["by force", twice(get("/plain", { force_cache: true, force_cache_duration_seconds: 60 }))],
    [
      "by force, against the server",
      twice(get("/no-store", { force_cache: true, force_cache_duration_seconds: 60 })),
    ],
    [
      "but not beyond the force",
      twice(get("/plain", { force_cache: true, force_cache_duration_seconds: 0, headers: { x: "1" } })),
    ],
    [
      "whatever the ignored headers say",
      [
        get("/max-age", { cache: true, headers: { t: "1", u: "1" }, cache_ignored_headers: ["t"] }),
        get("/max-age", { cache: true, headers: { t: "2", u: "1" }, cache_ignored_headers: ["t"] }),
        get("/max-age", { cache: true, headers: { t: "2", u: "2" }, cache_ignored_headers: ["t"] }),
      ],
    ],
  ])("%s", { timeout: 30_000 }, async (_, requests) => {
    const [ours, theirs] = await both(requests);
    expect(ours).toEqual(theirs);
  });
});

// Without opa there is nothing to compare with; this says so instead of passing silently.
test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
