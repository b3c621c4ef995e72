// http.send through our engine against real local servers: suspend and replay, redirects, retries, TLS, limits of the host, answers kept
// between decisions.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BuiltinContext } from "../../../src/builtins/builtin.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { type Engine, prepare } from "../../../src/engine/engine.ts";
import { toPlain } from "../../../src/value/json.ts";
import { wasmOf } from "../decision/harness.ts";
import { selfSigned } from "./self-signed.ts";

const { key, cert } = selfSigned();
const hits = new Map<string, number>();
const listen: RequestListener = (request, response) => {
  const path = request.url ?? "";
  hits.set(path, (hits.get(path) ?? 0) + 1);
  if (path === "/loop") response.setHeader("location", "/loop").writeHead(302).end();
  else if (path === "/away") response.setHeader("location", "http://localhost:1/").writeHead(302).end();
  else if (path === "/flaky" && hits.get(path) === 1) request.socket.destroy();
  else
    response.setHeader("content-type", "application/json").end(JSON.stringify({ path, n: hits.get(path) }));
};
const server: Server = createServer(listen);
const secure = createTlsServer({ key, cert }, listen);
const strict = createTlsServer({ key, cert, ca: cert, requestCert: true }, listen);
const folder = mkdtempSync(join(tmpdir(), "reeve-http-"));
const urls = { http: "", https: "", mutual: "" };
let engine: Engine;

beforeAll(async () => {
  for (const [name, each] of Object.entries({ http: server, https: secure, mutual: strict })) {
    await new Promise<void>((done) => each.listen(0, "127.0.0.1", done));
    const { port } = each.address() as AddressInfo;
    urls[name as keyof typeof urls] = `${name === "http" ? "http" : "https"}://127.0.0.1:${port}`;
  }
  writeFileSync(join(folder, "cert.pem"), cert);
  writeFileSync(join(folder, "key.pem"), key);
  const rego = "package t\n\none := http.send(input)\n\ntwo := [http.send(r) | some r in input]\n";
  engine = prepare({ wasm: wasmOf({ "t.rego": rego }, ["t/one", "t/two"]), builtins });
});

afterAll(() => {
  for (const each of [server, secure, strict]) {
    each.closeAllConnections();
    each.close();
  }
  rmSync(folder, { recursive: true });
});

type Sent = { status_code: number; body: { n: number } | null; error?: { message: string } };

async function one(request: object, context: Partial<BuiltinContext> = {}): Promise<Sent> {
  const input = { value: { method: "get", raise_error: false, ...request } };
  return toPlain((await engine.evaluateAsync("t/one", input, { context })).value!) as Sent;
}

test("the same request is sent once in a decision; another decision sends it anew", async () => {
  const request = { method: "get", url: `${urls.http}/once` };
  const input = { value: [request, request, { ...request, url: `${urls.http}/other` }, request] };
  const bodies = async (): Promise<unknown> =>
    (toPlain((await engine.evaluateAsync("t/two", input)).value!) as Sent[]).map(({ body }) => body?.n);
  expect(await bodies()).toEqual([1, 1, 1, 1]);
  expect(await bodies()).toEqual([2, 2, 2, 2]);
});

test("a synchronous evaluation says that it would have to wait", () => {
  const input = { value: { method: "get", url: `${urls.http}/sync` } };
  expect(() => engine.evaluate("t/one", input)).toThrow(
    "`http.send` has to wait: the evaluation must be asynchronous",
  );
});

test("redirects end, and a lost connection is tried again", { timeout: 30_000 }, async () => {
  const loop = await one({ url: `${urls.http}/loop`, enable_redirect: true });
  expect(loop.error?.message).toBe(`Get "${urls.http}/loop": stopped after 10 redirects`);
  expect((await one({ url: `${urls.http}/flaky`, max_retry_attempts: 2 })).body?.n).toBe(2);
});

test("hosts that the capabilities do not allow are not asked, nor by a redirect", async () => {
  const allowNet = ["127.0.0.1"];
  expect((await one({ url: `${urls.http}/net` }, { allowNet })).status_code).toBe(200);
  expect((await one({ url: `${urls.http}/net` }, { allowNet: [] })).error?.message).toBe(
    "unallowed host: 127.0.0.1",
  );
  const away = await one({ url: `${urls.http}/away`, enable_redirect: true }, { allowNet });
  expect(away.error?.message).toBe("unallowed host: localhost");
});

test("TLS: trusted as text, file or variable, not checked, or refused", { timeout: 30_000 }, async () => {
  const url = `${urls.https}/tls`;
  expect((await one({ url })).error?.message).toMatch(/certificate signed by unknown authority$/);
  process.env.REEVE_TEST_CA = cert;
  for (const trust of [
    { tls_ca_cert: cert },
    { tls_ca_cert_file: join(folder, "cert.pem") },
    { tls_ca_cert_env_variable: "REEVE_TEST_CA", tls_use_system_certs: true },
    { tls_insecure_skip_verify: true },
  ])
    expect((await one({ url, ...trust })).status_code).toBe(200);
  const named = await one({ url, tls_ca_cert: cert, tls_server_name: "elsewhere.test" });
  expect(named.status_code).toBe(0);
  expect((await one({ url, tls_ca_cert: cert, tls_server_name: "localhost" })).status_code).toBe(200);
});

test("TLS: a certificate of the client's own", { timeout: 30_000 }, async () => {
  const url = `${urls.mutual}/mutual`;
  const own = { tls_client_cert_file: join(folder, "cert.pem"), tls_client_key: key };
  expect((await one({ url, tls_ca_cert: cert })).status_code).toBe(0);
  expect((await one({ url, tls_ca_cert: cert, ...own })).status_code).toBe(200);
});

test("kept by force between decisions, for as long as the decisions' clock says", async () => {
  const request = { url: `${urls.http}/kept`, force_cache: true, force_cache_duration_seconds: 10 };
  const at = (seconds: number): Promise<Sent> => one(request, { nowNs: BigInt(seconds) * 1_000_000_000n });
  expect((await at(100)).body?.n).toBe(1);
  expect((await at(109)).body?.n).toBe(1);
  expect((await at(111)).body?.n).toBe(2);
});
