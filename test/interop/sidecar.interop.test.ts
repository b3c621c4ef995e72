// The same requests to `opa run --server` and to our daemon, one after the other, both starting empty: status and JSON of every reply must
// be the same, down to the texts of errors. What may differ is only what differs between two runs of OPA: ids and times.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SidecarHost, startSidecar } from "../e2e/sidecar-host.ts";

const hasOpa = (() => {
  try {
    execFileSync("opa", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const POLICY = `package t

import data.base.limits

default allow := false

allow if input.x == 1

s := {1, 2, "three"}

obj[k] := v if some k, v in {"a": 1, "b": [1.50, 1e3]}

bad := 1 / 0

conf := 1

conf := 2 if input.conflict

undef if input.never

html := "<a href='x'>&</a>\\u2028"

big := 123456789012345678901234567890

limit := limits.max

nested.deep.value := input.v
`;

const CONFIG = {
  labels: { region: "here" },
  decision_logs: { console: true },
  status: { console: false },
  services: { s: { url: "http://127.0.0.1:9", credentials: { bearer: { token: "secret" } } } },
  keys: { k: { algorithm: "HS256", key: "secret" } },
};

interface Step {
  readonly method?: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Record<string, string>;
  /** What is not compared, and why. */
  readonly except?: { readonly text: RegExp; readonly because: string };
}

const get = (path: string, headers: Record<string, string> = {}): Step => ({ path, headers });
const post = (path: string, body: string | Uint8Array = "", headers: Record<string, string> = {}): Step => ({
  method: "POST",
  path,
  body,
  headers,
});
const put = (path: string, body: string, headers: Record<string, string> = {}): Step => ({
  method: "PUT",
  path,
  body,
  headers,
});
const patch = (path: string, body: string): Step => ({
  method: "PATCH",
  path,
  body,
  headers: { "content-type": "application/json-patch+json" },
});
const remove = (path: string): Step => ({ method: "DELETE", path });
const gzip = { "content-encoding": "gzip" };

/** In this order: later steps see what earlier ones wrote. */
const STEPS: readonly Step[] = [
  get("/health"),
  get("/health?bundles&plugins"),
  get("/health/live"),
  get("/v1/data/nothing"),
  get("/v1/policies"),
  put("/v1/policies/t", POLICY),
  put("/v1/policies/t?pretty", POLICY),
  put("/v1/data/base/limits", '{"max": 1.50, "names": ["a", "b"]}'),
  // decisions
  get("/v1/data/t/allow"),
  get("/v1/data/t/allow?input=%7B%22x%22%3A1%7D"),
  get("/v1/data/t/allow?input=null"),
  get("/v1/data/t/allow?input=%7B"),
  get("/v1/data/t/allow?input="),
  post("/v1/data/t/allow", '{"input": {"x": 1}}'),
  post("/v1/data/t/allow?pretty", '{"input": {"x": 1}, "more": true}'),
  post("/v1/data/t/allow?pretty=true", "{}"),
  post("/v1/data/t/allow", '{"input": null}'),
  post("/v1/data/t/allow"),
  post("/v1/data/t/allow", "null"),
  post("/v1/data/t/allow", "[1]"),
  post("/v1/data/t/allow", '"x"'),
  post("/v1/data/t/allow", "7"),
  post("/v1/data/t/allow", "true"),
  post("/v1/data/t/allow", '{"input":'),
  post("/v1/data/t/allow", '{"input": nope}'),
  post("/v1/data/t/allow", gzipSync('{"input": {"x": 1}}'), gzip),
  post("/v1/data/t/allow", "input:\n  x: 1\n", { "content-type": "application/yaml" }),
  post("/v1/data/t/allow", "input: !!int x\n", { "content-type": "application/x-yaml" }),
  post("/v1/data/t/allow", "input: {x: 1\n", { "content-type": "application/x-yaml" }),
  post("/v1/data/t", '{"input": {"v": 12345678901234567890.5}}'),
  post("/v1/data/t", '{"input": {"v": 12345678901234567890.50}}', { "content-type": "application/x-yaml" }),
  post("/v1/data/t", "input: {v: 12345678901234567890.50}", { "content-type": "application/x-yaml" }),
  post("/v1/data/t?pretty", '{"input": {"v": [{}, [], {"a": []}]}}'),
  post("/v1/data/t/s", '{"input": {}}'),
  post("/v1/data/t/obj/b", '{"input": {}}'),
  post("/v1/data/t/obj/b/1", '{"input": {}}'),
  post("/v1/data/t/html", '{"input": {}}'),
  post("/v1/data/t/big", '{"input": {}}'),
  post("/v1/data/t/limit", '{"input": {}}'),
  post("/v1/data/t/undef", '{"input": {}}'),
  post("/v1/data/t/none/at/all", '{"input": {}}'),
  post("/v1/data/t/bad", '{"input": {}}'),
  post("/v1/data/t/bad?strict-builtin-errors", '{"input": {}}'),
  {
    ...post("/v1/data/t/conf", '{"input": {"conflict": true}}'),
    except: {
      text: /"col": \d+/,
      because: "a module says in which row a conflict arose, not in which column",
    },
  },
  post("/v1/data/t/nested/deep", '{"input": {"v": "x"}}'),
  post("/v1/data/base/limits/names/1", '{"input": {}}'),
  post("/v1/data/base/limits/names/9", '{"input": {}}'),
  get("/v1/data/base"),
  get("/v1/data/t/allow?provenance"),
  // the older API
  post("/v0/data/t/allow", '{"x": 1}'),
  post("/v0/data/t/allow?pretty", '{"x": 1}'),
  post("/v0/data/t/obj?pretty", '{"x": 1}'),
  post("/v0/data/t/undef", '{"x": 1}'),
  post("/v0/data/nothing", '{"x": 1}'),
  post("/v0/data/t/allow", '{"x"'),
  post("/v0/data/t/allow"),
  post("/", '{"x": 1}'),
  // methods and routes
  { method: "OPTIONS", path: "/v1/data/t" },
  { method: "HEAD", path: "/v1/data/t" },
  { method: "GET", path: "/v0/data/t" },
  { method: "PATCH", path: "/v1/policies/t", body: "x" },
  get("/v1/nope"),
  get("/v1/config"),
  // documents
  put("/v1/data/a/b/c", '{"x": 1}'),
  put("/v1/data/a/b/c", '{"x": 2}', { "if-none-match": "*" }),
  put("/v1/data/a/b/d", '{"x": 2}', { "if-none-match": "*" }),
  get("/v1/data/a"),
  put("/v1/data/a/b/c/x/y", "1"),
  put("/v1/data/t", '{"allow": 1}'),
  put("/v1/data/t/allow", "1"),
  put("/v1/data", "7"),
  put("/v1/data/z", '{"x'),
  put("/v1/data/arr", "[1, 2, 3]"),
  put("/v1/data/arr/1", '"two"'),
  put("/v1/data/arr/9", '"nine"'),
  put("/v1/data/arr/x", '"x"'),
  get("/v1/data/arr"),
  patch("/v1/data/arr", '[{"op":"add","path":"-","value":4},{"op":"remove","path":"0"}]'),
  patch(
    "/v1/data/arr",
    '[{"op":"replace","path":"/0","value":{"a~b":1}},{"op":"add","path":"0/c~1d","value":2}]',
  ),
  get("/v1/data/arr"),
  patch("/v1/data/arr", '[{"op":"move","path":"-","value":4}]'),
  patch("/v1/data/arr", '[{"op":"replace","path":"77","value":4}]'),
  patch("/v1/data/arr", '[{"op":"remove","path":"x"}]'),
  get("/v1/data/arr"),
  patch("/v1/data", '[{"op":"add","path":"/pp","value":null}]'),
  patch("/v1/data", "{}"),
  patch("/v1/data/none", '[{"op":"remove","path":""}]'),
  get("/v1/data/pp"),
  remove("/v1/data/arr"),
  remove("/v1/data/arr"),
  remove("/v1/data"),
  // policies
  get("/v1/policies/none"),
  put("/v1/policies/n", "package n\n\np := 1\n"),
  get("/v1/data/n/p"),
  put("/v1/policies/n", "package n\n\np := 2\n"),
  get("/v1/data/n/p"),
  put("/v1/policies/bad", "package n\n\np := y\n"),
  put("/v1/policies/bad", ""),
  put("/v1/policies/some/path.rego", "package m\n\nq := data.n.p\n"),
  get("/v1/data/m/q"),
  remove("/v1/policies/n"),
  remove("/v1/policies/n"),
  get("/v1/data/n/p"),
  // queries
  get("/v1/query?q=x%3Ddata.t.allow"),
  get("/v1/query?q=data.t.s%5Bx%5D"),
  get("/v1/query?q=true"),
  get("/v1/query?q=false"),
  get("/v1/query?q=1%3D2"),
  get("/v1/query?q=not%20y"),
  get("/v1/query?q=x%3Ddata.nope.x%3B%20f(x)"),
  get("/v1/query"),
  post("/v1/query", '{"query": "input.x = y; z = data.base.limits.max", "input": {"x": 5}}'),
  post("/v1/query?pretty", '{"query": "x = [1, {\\"a\\": {2}}]"}'),
  post("/v1/query", '{"query": "1 / 0"}'),
  post("/v1/query", '{"query'),
  put("/v1/query", "{}"),
  // times, under OPA's names
  put("/v1/policies/timed?metrics", "package timed\n\np := 1\n"),
  put("/v1/policies/timed?metrics", "package timed\n\np := 1\n"),
  remove("/v1/policies/timed?metrics"),
  put("/v1/data/timed?metrics", '{"a": 1}'),
  patch("/v1/data/timed?metrics", '[{"op": "add", "path": "b", "value": 2}]'),
  remove("/v1/data/timed?metrics"),
  get("/v1/query?q=true&metrics"),
  post("/v1/query?metrics", '{"query": "x = 1"}'),
];

let folder: string;
let opa: ChildProcess | undefined;
let opaUrl: string;
let ours: SidecarHost;

describe.runIf(hasOpa)("the daemon answers as opa does", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "reeve-"));
    writeFileSync(join(folder, "opa.json"), JSON.stringify(CONFIG));
    const port = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, "127.0.0.1", () => {
        const { port: free } = probe.address() as { port: number };
        probe.close(() => resolve(free));
      });
    });
    opaUrl = `http://127.0.0.1:${port}`;
    opa = spawn("opa", ["run", "-s", "-a", `127.0.0.1:${port}`, "-c", join(folder, "opa.json")], {
      stdio: "ignore",
    });
    ours = await startSidecar(CONFIG);
    for (let tries = 0; tries < 200; tries++) {
      if (
        await fetch(`${opaUrl}/health`).then(
          (r) => r.ok,
          () => false,
        )
      )
        return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("opa did not start");
  }, 30_000);

  afterAll(async () => {
    opa?.kill("SIGKILL");
    await ours?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(
    STEPS.map((step) => [
      `${step.method ?? "GET"} ${step.path} ${String(step.body ?? "").slice(0, 60)}`,
      step,
    ]),
  )("%s", async (_name, step) => {
    const [theirs, own] = [await send(opaUrl, step), await send(ours.url, step)];
    expect(strip(own, step)).toEqual(strip(theirs, step));
  });
});

interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

function strip(reply: Reply, { except }: Step): Reply {
  return except === undefined ? reply : { ...reply, body: reply.body.replace(except.text, "<not compared>") };
}

async function send(url: string, { method = "GET", path, body, headers = {} }: Step): Promise<Reply> {
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body !== undefined && { body: body as string }),
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type"), body: normalized(text) };
}

/** Ids and times are each run's own; what is compared otherwise is the text itself, spaces and order included. */
function normalized(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<id>")
    .replace(/"version":"[^"]*"/g, '"version":"<version>"')
    .replace(/_ns": ?\d+/g, '_ns":0');
}
