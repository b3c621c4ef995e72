import { afterEach, describe, expect, test } from "vitest";
import { assembleDelta } from "../../../src/bundle/assemble.ts";
import { sign } from "../../../src/bundle/sign.ts";
import { pack, write } from "../../../src/bundle/write.ts";
import type { Ports } from "../../../src/decision/ports.ts";
import { createDecisionAgent, type DecisionAgent } from "../../../src/decision/sdk.ts";
import { memoryStorage } from "../../../src/decision/storage.ts";
import { encode } from "../../../src/value/json.ts";
import { FakeClock, type PolicySource, packed, Service, settle, until, wasmOf } from "./harness.ts";

const HOLDING = { "Content-Type": "application/vnd.openpolicyagent.bundles" };
const key = { key: "secret", algorithm: "HS256", keyId: "k" };
const authz: PolicySource = {
  rego: {
    "a.rego":
      "package authz\n\nallow if input.user == data.authz.owner\n\nroles contains r if some r in input.roles\n",
  },
  entrypoints: ["authz/allow", "authz/roles"],
  data: '{"authz":{"owner":"ann"}}',
  revision: "r1",
  roots: ["authz"],
};
const denying: PolicySource = { ...authz, data: '{"authz":{"owner":"bob"}}', revision: "r2" };

const base = {
  services: { s: { url: "http://s.test", credentials: { bearer: { token: "t" } } } },
  keys: { k: { key: "secret", algorithm: "HS256" } },
  bundles: { authz: { signing: { keyid: "k" }, polling: { min_delay_seconds: 10, max_delay_seconds: 20 } } },
};

const agents: DecisionAgent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close(0);
});

async function start(config: object, ports: Ports = {}) {
  const service = new Service();
  const clock = new FakeClock();
  const messages: string[] = [];
  const chance = { uuid: () => crypto.randomUUID(), uniform: () => 0.5 };
  const make = async (): Promise<DecisionAgent> => {
    const agent = await createDecisionAgent(config, {
      fetch: service.fetch,
      clock,
      chance,
      log: (_, message) => void messages.push(message),
      ...ports,
    });
    agents.push(agent);
    return agent;
  };
  return { service, clock, messages, make };
}

const allows = async (agent: DecisionAgent, user: string): Promise<unknown> =>
  (await agent.decide({ path: "authz/allow", input: { user } })).result;

describe("download", () => {
  test("short polling: headers, ETag, 304, delays between the bounds", async () => {
    const bytes = await packed(authz, key);
    const { service, clock, make } = await start(base);
    service.answer = ({ headers }) =>
      headers["If-None-Match"] === '"1"'
        ? { status: 304 }
        : { status: 200, headers: { ETag: '"1"' }, body: bytes };
    const agent = await make();
    await agent.ready();
    expect(await allows(agent, "ann")).toBe(true);
    expect(await allows(agent, "bob")).toBeUndefined();
    await clock.advance(14_999);
    expect(service.seen).toHaveLength(1);
    await clock.advance(2);
    expect(
      service.seen.map(({ url, headers }) => [
        url,
        headers["If-None-Match"],
        headers.Prefer,
        headers.Authorization,
      ]),
    ).toEqual([
      ["http://s.test/bundles/authz", "", "modes=snapshot,delta", "Bearer t"],
      ["http://s.test/bundles/authz", '"1"', "modes=snapshot,delta", "Bearer t"],
    ]);
    expect(agent.status().bundles?.authz).toMatchObject({
      active_revision: "r1",
      type: "snapshot",
      size: bytes.length,
    });
  });

  test("long polling while the server says that it holds requests, and a new revision at once", async () => {
    const polling = { ...base.bundles.authz.polling, long_polling_timeout_seconds: 30 };
    const { service, clock, make } = await start({
      ...base,
      bundles: { authz: { ...base.bundles.authz, polling } },
    });
    let publish: (() => void) | undefined;
    let current = await packed(authz, key);
    service.answer = async ({ headers }) => {
      const version = current.length.toString() + (publish === undefined ? "" : "x");
      if (headers["If-None-Match"] === version) await new Promise<void>((resolve) => (publish = resolve));
      return {
        status: 200,
        headers: { ...HOLDING, ETag: current.length.toString() + (publish === undefined ? "" : "x") },
        body: current,
      };
    };
    const agent = await make();
    await agent.ready();
    await clock.advance(50);
    expect(service.seen.map(({ headers }) => headers.Prefer)).toEqual(
      Array(2).fill("modes=snapshot,delta;wait=30"),
    );
    current = await packed(denying, key);
    publish?.();
    await until(() => agent.status().bundles?.authz?.active_revision === "r2");
    expect(await allows(agent, "ann")).toBeUndefined();
    service.answer = () => ({
      status: 200,
      headers: { "Content-Type": "application/gzip", ETag: "e" },
      body: current,
    });
    publish?.();
    await clock.advance(100_000);
    expect(service.seen.at(-1)?.headers.Prefer).toBe("modes=snapshot,delta");
  });

  test("a server that says it holds requests and does not is asked once a second, not in a loop", async () => {
    const polling = { ...base.bundles.authz.polling, long_polling_timeout_seconds: 30 };
    const config = { ...base, bundles: { authz: { ...base.bundles.authz, polling } } };
    const { service, clock, make } = await start(config);
    const bytes = await packed(authz, key);
    service.answer = ({ headers }) =>
      headers["If-None-Match"] === "1"
        ? { status: 304 }
        : { status: 200, headers: { ...HOLDING, ETag: "1" }, body: bytes };
    const agent = await make();
    await agent.ready();
    await clock.advance(10_000);
    expect(service.seen.length).toBeGreaterThan(8);
    expect(service.seen.length).toBeLessThan(13);
  });

  test("a held request whose connection died is given up", async () => {
    const polling = { ...base.bundles.authz.polling, long_polling_timeout_seconds: 30 };
    const { service, clock, make } = await start({
      ...base,
      bundles: { authz: { ...base.bundles.authz, polling } },
    });
    service.answer = () => new Promise(() => {});
    const agent = await make();
    await clock.advance(40_100);
    expect(agent.status().bundles?.authz?.message).toContain("no answer within 40000 ms");
    await clock.advance(1000);
    expect(service.seen.length).toBeGreaterThan(1);
  });

  test("failures: back-off that grows, status with the HTTP code, the old bundle goes on", async () => {
    const bytes = await packed(authz, key);
    const { service, clock, make } = await start(base);
    service.answer = () => ({ status: 200, headers: { ETag: "1" }, body: bytes });
    const agent = await make();
    await agent.ready();
    service.answer = () => ({ status: 503 });
    await clock.advance(15_000);
    expect(agent.status().bundles?.authz).toMatchObject({
      code: "bundle_error",
      http_code: 503,
      message: "server replied with Service Unavailable",
      active_revision: "r1",
    });
    const delays: number[] = [];
    for (let i = 0; i < 4; i++) {
      delays.push(Math.round(clock.pending[0] ?? 0));
      await clock.advance((clock.pending[0] ?? 0) + 0.01);
    }
    expect(delays).toEqual([100, 160, 256, 410]);
    expect(await allows(agent, "ann")).toBe(true);
    service.answer = () => ({ status: 304 });
    await clock.advance(20_000);
    expect(agent.status().bundles?.authz?.code).toBeUndefined();
    expect(service.seen.at(-1)?.headers["If-None-Match"]).toBe("1");
  });
});

describe("a bad bundle changes nothing and status says why", () => {
  const flip = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte, i) => (i === bytes.length - 40 ? byte ^ 1 : byte));
  const cases: readonly (readonly [string, () => Promise<Uint8Array>, RegExp])[] = [
    ["cut short", async () => (await packed(denying, key)).slice(0, -20), /unexpected EOF/],
    [
      "with one flipped byte",
      async () => flip(await packed(denying, key)),
      /gzip: invalid data|unexpected EOF|digest mismatch|invalid tar header/,
    ],
    [
      "signed by an unknown key",
      async () => packed(denying, { ...key, key: "other" }),
      /failed to verify JWT signature/,
    ],
    ["unsigned", async () => packed(denying), /bundle missing \.signatures\.json file/],
    ["of another scope", async () => packed(denying, { ...key, claims: { scope: "x" } }), /scope mismatch/],
    [
      "a bomb",
      async () => pack([{ path: "data.json", bytes: new Uint8Array(64 * 1024 * 1024) }]),
      /times its size/,
    ],
    ["no archive", async () => new TextEncoder().encode("<html>"), /gzip: invalid header/],
    [
      "with Wasm that is none",
      async () => {
        const { bundleOf } = await import("./harness.ts");
        const bundle = bundleOf(denying);
        const files = bundle.files.map((file) =>
          file.path === "policy.wasm" ? { ...file, bytes: Uint8Array.of(1, 2) } : file,
        );
        return write(await sign({ ...bundle, files }, key));
      },
      /not a WebAssembly module/,
    ],
    [
      "that promises an entrypoint it has not",
      async () => {
        const { bundleOf } = await import("./harness.ts");
        const bundle = bundleOf(denying);
        const files = bundle.files.map((file) =>
          file.path === ".manifest"
            ? {
                ...file,
                bytes: new TextEncoder().encode(
                  new TextDecoder().decode(file.bytes).replace("authz/roles", "authz/rules"),
                ),
              }
            : file,
        );
        const documents = new Map(bundle.documents);
        const { decode } = await import("../../../src/value/json.ts");
        for (const { path, bytes } of files) if (path === ".manifest") documents.set(path, decode(bytes));
        return write(await sign({ ...bundle, files, documents }, key));
      },
      /has no entrypoint `authz\/rules`, which the manifest promises/,
    ],
    [
      "of Rego alone, for a library without compiler",
      async () => packed({ ...denying, asRego: true }, key),
      /holds Rego and no Wasm: this library evaluates and does not compile/,
    ],
  ];
  for (const [name, make, message] of cases)
    test(name, async () => {
      const good = await packed(authz, key);
      const { service, clock, make: begin } = await start(base);
      service.answer = () => ({ status: 200, headers: { ETag: "1" }, body: good });
      const agent = await begin();
      await agent.ready();
      const bad = await make();
      service.answer = () => ({ status: 200, headers: { ETag: "2" }, body: bad });
      await clock.advance(15_001);
      await until(() => agent.status().bundles?.authz?.code !== undefined);
      expect(agent.status().bundles?.authz).toMatchObject({
        code: "bundle_error",
        message: expect.stringMatching(message),
        active_revision: "r1",
      });
      expect(await allows(agent, "ann")).toBe(true);
      expect(await allows(agent, "bob")).toBeUndefined();
      service.answer = () => ({ status: 304 });
      await clock.advance(1000);
      expect(service.seen.at(-1)?.headers["If-None-Match"]).toBe("1");
    });
});

describe("fail closed", () => {
  test("before the first activation nothing is decided", async () => {
    const { service, make } = await start(base);
    service.answer = () => ({ status: 404 });
    const agent = await make();
    await settle();
    await expect(agent.decide({ path: "authz/allow" })).rejects.toMatchObject({
      code: "policy_unverified",
      message: expect.stringContaining("bundle `authz` is not active yet: server replied with Not Found"),
    });
    expect(agent.status().plugins.bundle?.state).toBe("NOT_READY");
  });

  test("a stale bundle decides nothing, where an age is set", async () => {
    const { service, clock, make } = await start({
      ...base,
      bundles: { authz: { ...base.bundles.authz, max_staleness_seconds: 60 } },
    });
    const bytes = await packed(authz, key);
    service.answer = () => ({ status: 200, headers: { ETag: "1" }, body: bytes });
    const agent = await make();
    await agent.ready();
    service.answer = () => Promise.reject(new Error("connection refused"));
    await clock.advance(59_000);
    expect(await allows(agent, "ann")).toBe(true);
    await clock.advance(5_000);
    await expect(allows(agent, "ann")).rejects.toThrow("bundle `authz` is stale");
    service.answer = () => ({ status: 304 });
    await clock.advance(30_000);
    expect(await allows(agent, "ann")).toBe(true);
  });

  test("a closed agent decides nothing", async () => {
    const { make } = await start({});
    const agent = await make();
    await agent.close(0);
    await expect(agent.decide({ path: "x" })).rejects.toThrow("the decision agent is closed");
  });
});

describe("paths", () => {
  test("entrypoints, what lies below them, base data, and policy that nobody can ask", async () => {
    const { make } = await start({});
    const agent = await make();
    await agent.offer(
      "b",
      await packed({
        ...authz,
        data: '{"authz":{"owner":"ann"},"other":{"n":[1.0]}}',
        roots: ["authz", "other"],
      }),
    );
    const ask = async (path: string | string[], input?: unknown) =>
      (await agent.decide({ path, input })).result;
    expect(await ask("/authz/allow/", { user: "ann" })).toBe(true);
    expect(await ask("authz/roles/admin", { roles: ["admin"] })).toBeUndefined();
    expect(encode((await ask("other/n")) as never)).toBe("[1.0]");
    expect(await ask(["other", "n", "0"])).toMatchObject({ text: "1.0" });
    expect(await ask("other/missing")).toBeUndefined();
    expect(encode((await ask("system/bundles/b/manifest/revision")) as never)).toBe('"r1"');
    for (const path of ["authz", "", "/"])
      await expect(ask(path)).rejects.toMatchObject({
        code: "undefined_document",
        message: expect.stringContaining(
          "no entrypoint of the active bundles (they are `authz/allow`, `authz/roles`)",
        ),
      });
  });

  test("input as JSON text keeps its digits, and text that is no JSON is refused", async () => {
    const { make } = await start({});
    const agent = await make();
    await agent.offer(
      "b",
      await packed({ rego: { "p.rego": "package p\n\nx := input" }, entrypoints: ["p/x"] }),
    );
    const text = '{"n":12345678901234567890.10}';
    expect(encode((await agent.decide({ path: "p/x", inputJson: text })).result as never)).toBe(text);
    await expect(agent.decide({ path: "p/x", inputJson: "{" })).rejects.toMatchObject({
      code: "invalid_input",
    });
    expect((await agent.decide({ path: "p/x" })).result).toBeUndefined();
    expect((await agent.decide({ path: "p/x", input: null })).result).toBeNull();
  });
});

describe("several bundles", () => {
  test("decide together, see each other's data, and may not overlap", async () => {
    const { make } = await start({});
    const agent = await make();
    await agent.offer(
      "policy",
      await packed({
        rego: { "p.rego": "package p\n\nx := data.shared.n" },
        entrypoints: ["p/x"],
        roots: ["p"],
      }),
    );
    expect((await agent.decide({ path: "p/x" })).result).toBeUndefined();
    await agent.offer("data", await packed({ data: '{"shared":{"n":7}}', roots: ["shared"] }));
    expect((await agent.decide({ path: "p/x" })).result).toMatchObject({ text: "7" });
    await expect(agent.offer("third", await packed({ data: '{"p":1}', roots: ["p"] }))).rejects.toThrow(
      "detected overlapping roots in manifests for these bundles: [policy, third]",
    );
    expect((await agent.decide({ path: "p/x" })).result).toMatchObject({ text: "7" });
  });

  test("Rego-only bundles are compiled where there is a compiler", async () => {
    const compile: NonNullable<Ports["compile"]> = async (modules) =>
      wasmOf(Object.fromEntries(modules.map(({ file, text }) => [file, text])), ["authz/allow"]);
    const { make } = await start({}, { compile });
    const agent = await make();
    await agent.offer("b", await packed({ ...authz, asRego: true }));
    expect(await allows(agent, "ann")).toBe(true);
    await expect(
      agent.offer("b", await packed({ rego: { "x.rego": "package x\n\ny := z" }, asRego: true })),
    ).rejects.toThrow("rego_unsafe_var_error");
    expect(await allows(agent, "ann")).toBe(true);
  });

  test("a delta changes data, an unsigned one does not", async () => {
    const { service, clock, make } = await start(base);
    const good = await packed(authz, key);
    service.answer = () => ({ status: 200, headers: { ETag: "1" }, body: good });
    const agent = await make();
    await agent.ready();
    const manifest = {
      revision: "d1",
      roots: ["authz"],
      wasm: authz.entrypoints?.map((entrypoint) => ({ entrypoint, module: "/policy.wasm" })) ?? [],
    };
    const delta = assembleDelta(manifest, [{ op: "replace", path: "/authz/owner", value: "bob" }]);
    const unsigned = write(delta);
    service.answer = () => ({ status: 200, headers: { ETag: "2" }, body: unsigned });
    await clock.advance(15_001);
    await until(() => agent.status().bundles?.authz?.code !== undefined);
    expect(await allows(agent, "bob")).toBeUndefined();
    const good2 = write(await sign(delta, key));
    service.answer = () => ({ status: 200, headers: { ETag: "3" }, body: good2 });
    await clock.advance(20_000);
    await until(() => agent.status().bundles?.authz?.active_revision === "d1");
    expect(await allows(agent, "bob")).toBe(true);
    expect(agent.status().bundles?.authz).toMatchObject({ type: "delta", active_revision: "d1" });
  });
});

describe("an older signature", () => {
  const at = (signedAtS: number | undefined, source: PolicySource): Promise<Uint8Array> =>
    packed(source, signedAtS === undefined ? key : { ...key, signedAtS });
  const withdrawn = 1_700_000_000;
  const active = withdrawn + 60;

  async function offered(bytes: Uint8Array, signing: object = {}, first: Uint8Array | undefined = undefined) {
    const bundles = { authz: { ...base.bundles.authz, signing: { keyid: "k", ...signing } } };
    const { service, clock, make } = await start({ ...base, bundles });
    const good = first ?? (await at(active, denying));
    service.answer = () => ({ status: 200, headers: { ETag: "1" }, body: good });
    const agent = await make();
    await agent.ready();
    const activated = agent.status().bundles?.authz?.last_successful_activation;
    service.answer = () => ({ status: 200, headers: { ETag: "2" }, body: bytes });
    await clock.advance(15_001);
    await until(() => {
      const { code, last_successful_activation: time } = agent.status().bundles?.authz ?? {};
      return code !== undefined || time !== activated;
    });
    return { agent, status: agent.status().bundles?.authz };
  }

  test("does not bring back a policy that was withdrawn", async () => {
    const { agent, status } = await offered(await at(withdrawn, authz));
    expect(await allows(agent, "ann")).toBeUndefined();
    expect(status).toMatchObject({ active_revision: "r2", code: "bundle_error" });
    expect(status?.message).toMatch(
      /was signed at 2023-11-14T22:13:20\.000Z, the active one at 2023-11-14T22:14:20\.000Z: an older policy may not come back/,
    );
  });

  test("nor does one that hides its time", async () => {
    const { agent, status } = await offered(await at(undefined, authz));
    expect(await allows(agent, "ann")).toBeUndefined();
    expect(status?.message).toMatch(/does not say when it was signed/);
  });

  test("over the same files is no step back: two servers may have signed them", async () => {
    const bundles = { authz: { ...base.bundles.authz, signing: { keyid: "k" } } };
    const { service, clock, make } = await start({ ...base, bundles });
    const serve = async (etag: string, bytes: Promise<Uint8Array>): Promise<void> => {
      const body = await bytes;
      service.answer = () => ({ status: 200, headers: { ETag: etag }, body });
    };
    await serve("1", at(active, denying));
    const agent = await make();
    await agent.ready();
    const asked = service.seen.length;
    await serve("2", at(withdrawn, denying));
    await clock.advance(15_001);
    await until(() => service.seen.length > asked);
    await settle();
    expect(agent.status().bundles?.authz?.code).toBeUndefined();
    // Nor does it make room for what was signed between the two.
    await serve("3", at(withdrawn + 30, authz));
    await clock.advance(15_001);
    await until(() => agent.status().bundles?.authz?.code !== undefined);
    expect(await allows(agent, "ann")).toBeUndefined();
  });

  test("is taken where the configuration says so, and where the active bundle names no time", async () => {
    const asked = await offered(await at(withdrawn, authz), { allow_older: true });
    expect(await allows(asked.agent, "ann")).toBe(true);
    const timeless = await offered(await at(undefined, authz), {}, await at(undefined, denying));
    expect(await allows(timeless.agent, "ann")).toBe(true);
  });

  test("a newer one is taken, with the old revision in it", async () => {
    const { agent, status } = await offered(await at(active + 1, authz));
    expect(await allows(agent, "ann")).toBe(true);
    expect(status).toMatchObject({ active_revision: "r1" });
  });

  test("is refused after a restart, too, where bundles are persisted", async () => {
    const storage = memoryStorage();
    const bundles = { authz: { ...base.bundles.authz, persist: true } };
    const { service, make } = await start({ ...base, bundles }, { storage });
    const newer = await at(active, denying);
    service.answer = () => ({ status: 200, headers: { ETag: "1" }, body: newer });
    const first = await make();
    await first.ready();
    await until(() => first.status().bundles?.authz?.active_revision === "r2");
    await first.close(0);
    const older = await at(withdrawn, authz);
    service.answer = () => ({ status: 200, headers: { ETag: "2" }, body: older });
    const second = await make();
    await until(() => second.status().bundles?.authz?.code !== undefined);
    expect(await allows(second, "ann")).toBeUndefined();
    expect(second.status().bundles?.authz).toMatchObject({ active_revision: "r2" });
  });
});

describe("persistence", () => {
  const persisting = { ...base, bundles: { authz: { ...base.bundles.authz, persist: true } } };

  test("decides from the persisted bundle while the service is away, verified anew", async () => {
    const storage = memoryStorage();
    const { service, make } = await start(persisting, { storage });
    const good = await packed(authz, key);
    service.answer = () => ({ status: 200, headers: { ETag: "1" }, body: good });
    const first = await make();
    await first.ready();
    expect(service.seen[0]?.headers.Prefer).toBe("modes=snapshot");
    await first.close(0);
    service.answer = () => Promise.reject(new Error("connection refused"));
    const second = await make();
    await second.ready();
    expect(await allows(second, "ann")).toBe(true);
    await second.close(0);
    await storage.bundles.save("authz", await packed(authz, { ...key, key: "other" }));
    const third = await make();
    await settle();
    await expect(allows(third, "ann")).rejects.toThrow("bundle `authz` is not active yet");
  });

  test("needs a storage", async () => {
    const { make } = await start(persisting);
    await expect(make()).rejects.toMatchObject({
      code: "config_error",
      message: "bundle `authz` is to be persisted, but there is no storage",
    });
  });
});

test("status goes to the service when something changes, and is tried again", async () => {
  const { service, clock, make } = await start({
    ...base,
    status: { partition_name: "p" },
    labels: { env: "x" },
  });
  const good = await packed(authz, key);
  let isUp = false;
  service.answer = ({ url }) =>
    url.endsWith("/status/p")
      ? { status: isUp ? 204 : 500 }
      : { status: 200, headers: { ETag: "1" }, body: good };
  const agent = await make();
  await agent.ready();
  await settle();
  isUp = true;
  await clock.advance(1000);
  const reports = service.to("/status/p");
  expect(reports.length).toBeGreaterThan(1);
  expect(reports.at(-1)?.body).toMatchObject({
    labels: { env: "x", id: agent.id },
    bundles: {
      authz: { name: "authz", active_revision: "r1", last_successful_activation: "2026-01-01T00:00:00.000Z" },
    },
    plugins: { bundle: { state: "OK" }, status: { state: "OK" } },
  });
  const count = reports.length;
  await clock.advance(5000);
  expect(service.to("/status/p")).toHaveLength(count);
});
