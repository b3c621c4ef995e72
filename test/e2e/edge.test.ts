// The deciding half as a browser or edge worker gets it: bundled without Node built-ins, run in a context that has nothing of Node - no
// `process`, no `require`, no `Buffer` - only what the web platform has. Host builtins answer there, or say why they cannot.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, Script } from "node:vm";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packed } from "../unit/decision/harness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "reeve-edge-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** `{"sub": "alice"}`, signed once by a key that nobody kept. */
const SIGNED =
  "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.oOKsgRKDAitVf3-oI5ssD8EfG0p5Fu1TuyrjGFETGBQG36ly-a1p-dr3xq_BPAvXzScKpyLl41W-r4SLOeNiyw";
const KEY =
  '{"kty":"EC","crv":"P-256","x":"aJVuF-Nj_KG0_CHh-V19JyPbR9HnyWW4CfIm6WD7hws","y":"mTXBgIeT7Cq4BlJLmk0lSYjZjVtXe6ol0iIb8p-lX5o"}';

/** By rule: the expression, and its answer or what its failure says. */
const CALLS: Readonly<Record<string, readonly [expression: string, answer: unknown, error?: string]>> = {
  graphql: ['graphql.is_valid("{a}", "type Query {a: Int}")', true],
  schema: ['json.match_schema({"a": 1}, {"properties": {"a": {"type": "string"}}})[0]', false],
  yaml: ['yaml.unmarshal("a: [1, b]")', { a: [1, "b"] }],
  zone: ['time.format([1700000000000000000, "America/New_York", "RFC3339"])', "2023-11-14T17:13:20-05:00"],
  token: ['io.jwt.decode("eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.AA")[1]', { a: 1 }],
  mac: ['crypto.hmac.sha256("a", "k")', "78da91511e675587f5b9df78bedebaf5560da2abb88162ee875dcdf744951d9e"],
  drawn: ['rand.intn("x", 1)', 0],
  uuid: ['uuid.rfc4122("k") == uuid.rfc4122("k")', true],
  template: ['strings.render_template("{{.a}}", {"a": "b"})', "b"],
  signed: [
    'count(providers.aws.sign_req({"method": "get", "url": "https://a.test"}, {"aws_access_key": "a", "aws_secret_access_key": "b", "aws_service": "s3", "aws_region": "r"}, 1).headers)',
    4,
  ],
  fetched: ['http.send({"method": "get", "url": "https://a.test/x"}).body', { url: "https://a.test/x" }],
  trusted: [
    'http.send({"method": "get", "url": "https://a.test/x", "tls_insecure_skip_verify": true})',
    undefined,
    'http.send: Get "https://a.test/x": this host has no TLS settings',
  ],
  looked: ['net.lookup_ip_addr("a.test")', undefined, "net.lookup_ip_addr: this host cannot look up names"],
  // Signatures are verified by WebCrypto, which has to be waited for: suspended, and replayed with the answer.
  verified: [`io.jwt.verify_es256("${SIGNED}", \`${KEY}\`)`, true],
  forged: [
    `io.jwt.verify_es256("${SIGNED.replace("eyJzdWIiOiJhbGljZSJ9", "eyJzdWIiOiJtYWxvcnkifQ")}", \`${KEY}\`)`,
    false,
  ],
  keypair: [
    'crypto.x509.parse_rsa_private_key("-----BEGIN RSA PRIVATE KEY-----\\nAA==\\n-----END RSA PRIVATE KEY-----")',
    undefined,
    "this host has no cryptography",
  ],
  parsed: [
    'rego.parse_module("a.rego", "package a")',
    undefined,
    "rego.parse_module: this host has no parser",
  ],
};

type Answer = { readonly result: unknown; readonly errors: readonly { message: string }[] };
let ask: (path: string) => Promise<Answer>;

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { createDecisionAgent, toPlain } from "./src/index.ts";
        globalThis.start = async (bundle) => {
          const agent = await createDecisionAgent({});
          await agent.offer("edge", bundle);
          return async (path) => {
            const { result, errors } = await agent.decide({ path });
            return { result: result === undefined ? undefined : toPlain(result), errors };
          };
        };`,
      resolveDir: root,
      loader: "ts",
    },
    bundle: true,
    platform: "browser",
    format: "iife",
    target: "es2023",
    write: false,
    logLevel: "error",
  });
  const web = {
    TextEncoder,
    TextDecoder,
    URL,
    AbortSignal,
    AbortController,
    WebAssembly,
    ReadableStream,
    DecompressionStream,
    CompressionStream,
    Response,
    Blob,
    performance,
    crypto,
    setTimeout,
    clearTimeout,
    console,
    structuredClone,
    queueMicrotask,
    atob,
    btoa,
    Intl,
    Uint8Array,
    ArrayBuffer,
    DataView,
    fetch: async (url: string) =>
      new Response(JSON.stringify({ url }), { status: 200, headers: { "content-type": "application/json" } }),
  };
  const context = createContext({ ...web });
  new Script(outputFiles[0]!.text).runInContext(context);
  const rules = Object.entries(CALLS).map(([name, [expression]]) => `on_${name} := ${expression}`);
  const bundle = await packed({
    rego: { "edge.rego": ["package edge", ...rules].join("\n\n") },
    entrypoints: Object.keys(CALLS).map((name) => `edge/on_${name}`),
  });
  expect(new Script("typeof process + typeof require + typeof Buffer").runInContext(context)).toBe(
    "undefined".repeat(3),
  );
  ask = await (context as unknown as { start(bundle: Uint8Array): Promise<typeof ask> }).start(bundle);
}, 60_000);

describe("host builtins without Node", () => {
  test.each(Object.entries(CALLS))("%s", async (name, [, answer, error]) => {
    const { result, errors } = await ask(`edge/on_${name}`);
    expect(JSON.parse(JSON.stringify({ result }))).toEqual(JSON.parse(JSON.stringify({ result: answer })));
    expect(errors.map(({ message }) => message)).toEqual(
      error === undefined ? [] : [expect.stringContaining(error)],
    );
  });
});
