// The AuthZEN door of the daemon beyond the certification: what it takes for a permit, what it logs, whom it lets in, what it says of itself.

import { afterEach, describe, expect, test } from "vitest";
import { importVerificationKey, generateKeyPair } from "../../../src/crypto/jwk.ts";
import { verifyCompact } from "../../../src/crypto/jws.ts";
import { createAuthzen } from "../../../src/ai/authzen.ts";
import { checkConfig, parseConfig } from "../../../src/decision/config.ts";
import { fromPlain, toPlain } from "../../../src/value/json.ts";
import { parseAccess } from "../../../src/server/auth.ts";
import { type SidecarHost, startSidecar } from "../../e2e/sidecar-host.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

type Json = Record<string, unknown>;
const policy = `package authzen

result := input.resource.properties.result

decision := result if not input.resource.properties.conflict

decision := {"decision": x} if { input.resource.properties.conflict; some x in [true, false] }

subjects := input.resource.properties.candidates

seen := input`;

async function host(
  config: Json = {},
  options: Parameters<typeof startSidecar>[1] = {},
): Promise<SidecarHost> {
  const started = await startSidecar(config, options);
  stops.push(() => started.stop());
  const put = await fetch(`${started.url}/v1/policies/p`, { method: "PUT", body: policy });
  expect(put.status).toBe(200);
  return started;
}

async function send(
  url: string,
  body: unknown,
  headers: Json = {},
): Promise<{ status: number; body: Json; text: string }> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(headers as Record<string, string>) },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as Json };
}

const asking = (properties: Json, more: Json = {}): Json => ({
  subject: { type: "user", id: "alice" },
  action: { name: "read" },
  resource: { type: "record", id: "r", properties },
  ...more,
});

describe("what is a permit", () => {
  const reason = { code: "permitted", message: "you may" };
  const obligation = { id: "o1", type: "notify", properties: { to: "x" } };
  const texts = { person: "you may", log: "permitted", model: "you may" };
  const told = (effect: string, text: string) => ({
    ...{ effect, effective: effect, mode: "enforce" },
    ...{ reason: text, reasons: [{ ...reason, texts }] },
  });
  test.each([
    [true, true, undefined],
    [false, false, undefined],
    [{ decision: true }, true, undefined],
    [{ decision: false, context: { why: 1 } }, false, { why: 1 }],
    [
      { effect: "allow", reasons: [] },
      true,
      { effect: "allow", effective: "allow", mode: "enforce", reasons: [] },
    ],
    [{ effect: "allow", reasons: [reason] }, true, told("allow", "Allowed: you may.")],
    [{ effect: "deny", reasons: [reason] }, false, told("deny", "Denied: you may.")],
    [{ effect: "approve", reasons: [reason] }, false, told("approve", "Needs approval: you may.")],
    ["true", false, expect.objectContaining({ reason: expect.stringContaining("not an object") })],
    [1, false, expect.anything()],
    [null, false, expect.anything()],
    [[true], false, expect.anything()],
    [{}, false, expect.objectContaining({ reason: expect.stringContaining("no known `effect`") })],
    [{ decision: "true" }, false, expect.anything()],
    [{ decision: true, context: [] }, false, expect.anything()],
    [{ effect: "permit" }, false, expect.anything()],
    [{ effect: "deny", decision: true }, false, expect.anything()],
    [{ effect: "allow", reasons: [], obligations: [obligation] }, false, expect.anything()],
  ])("%j is %j", async (result, decision, context) => {
    const { url } = await host();
    const { status, body } = await send(`${url}/access/v1/evaluation`, asking({ result }));
    expect({ status, decision: body.decision }).toEqual({ status: 200, decision });
    if (context === undefined) expect(body).not.toHaveProperty("context");
    else expect(body.context).toEqual(context);
  });

  test("an obligation only where the caller carries it out", async () => {
    const { url } = await host();
    const result = { effect: "allow", reasons: [], obligations: [obligation] };
    const context = { supported_obligations: ["notify"] };
    const { body } = await send(`${url}/access/v1/evaluation`, asking({ result }, { context }));
    expect(body).toMatchObject({ decision: true, context: { obligations: [obligation] } });
  });

  test("arguments that the policy changed keep their digits", async () => {
    const { url } = await host();
    const result = { effect: "transform", reasons: [], transform: { n: "N" } };
    const response = await fetch(`${url}/access/v1/evaluation`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(asking({ result })).replace('"N"', "12345678901234567890.10"),
    });
    expect(await response.text()).toContain('{"arguments":{"n":12345678901234567890.10}}');
  });

  test("undefined, an error and a missing policy are denials that say so", async () => {
    const { url } = await host();
    const undefined_ = await send(`${url}/access/v1/evaluation`, asking({}));
    expect(undefined_.body).toMatchObject({
      decision: false,
      context: { reasons: [{ code: "policy_undefined" }] },
    });
    const conflict = await send(`${url}/access/v1/evaluation`, asking({ conflict: true }));
    expect(conflict.body).toMatchObject({
      decision: false,
      context: { reasons: [{ code: "policy_failed" }], error: { status: 500 } },
    });
  });

  test("numbers keep their digits in both directions", async () => {
    const { url } = await host();
    const digits = "12345678901234567890.00000000000000000001";
    const text = JSON.stringify(asking({ result: { decision: true, context: { n: "@" } } })).replace(
      '"@"',
      digits,
    );
    expect((await send(`${url}/access/v1/evaluation`, text)).text).toContain(`{"n":${digits}}`);
  });
});

describe("what holds for every decision, whatever form the policy gives it", () => {
  const deny = { effect: "deny", reasons: [{ code: "default_deny", message: "no" }] };
  test.each([
    [
      true,
      { denialErrored: true },
      { decision: false, context: { reasons: [{ code: "deny_rule_errored" }] } },
    ],
    [{ decision: true }, { denialErrored: true }, { decision: false }],
    [false, { mode: "observe" }, { decision: true, context: { mode: "observe", effect: "deny" } }],
    [deny, { mode: "observe" }, { decision: true, context: { reason: "Denied: no.", effect: "deny" } }],
    [true, { mode: "observe" }, { decision: true }],
    [false, { mode: "enforce" }, { decision: false }],
  ] as const)("%j with %j", async (result, more, expected) => {
    const { authzen: config } = checkConfig({});
    const ask = async () => ({ decisionId: "d", result: fromPlain(result), ...more });
    const reply = await createAuthzen({ ask, config }).evaluation(fromPlain(asking({})));
    expect(toPlain(reply)).toMatchObject(expected);
  });
});

describe("what the policy sees", () => {
  const more = { agent: { id: "a", identity: { verified: true } }, unknown: 1, context: { time: "now" } };
  test.each([
    [false, ["action", "context", "resource", "subject"]],
    [true, ["action", "agent", "context", "resource", "subject"]],
  ])("extensions %s", async (extensions, members) => {
    const { url } = await host({ authzen: { decision: "authzen/seen_keys", extensions } });
    await fetch(`${url}/v1/policies/q`, {
      method: "PUT",
      body: 'package authzen\nseen_keys := {"decision": true, "context": {"keys": sort(object.keys(input))}}',
    });
    const { body } = await send(`${url}/access/v1/evaluation`, asking({}, more));
    expect(body.context).toEqual({ keys: members });
  });
});

test("decisions are logged and show their ids, searches and what they decide as well", async () => {
  const lines: Json[] = [];
  const ports = { console: (line: string) => lines.push(JSON.parse(line) as Json) };
  const { url } = await host({ decision_logs: { console: true } }, { ports: ports as never });
  const { body } = await send(`${url}/access/v1/evaluation`, asking({ result: true }));
  const id = (body.context as Json).evaluation_id;
  const properties = { result: true, candidates: ["bob", "alice"] };
  const found = await send(
    `${url}/access/v1/search/subject`,
    asking(properties, { subject: { type: "user" } }),
  );
  expect(found.body.results).toEqual([
    { type: "user", id: "alice" },
    { type: "user", id: "bob" },
  ]);
  const logged = lines.filter(({ decision_id }) => decision_id !== undefined);
  expect(logged.map(({ path }) => path)).toEqual([
    "authzen/decision",
    "authzen/subjects",
    "authzen/decision",
    "authzen/decision",
  ]);
  expect(logged[0]).toMatchObject({ decision_id: id, result: true, input: { subject: { id: "alice" } } });
});

describe("candidates", () => {
  const search = async (candidates: unknown, config: Json = {}, more: Json = {}) => {
    const { url } = await host({ authzen: config });
    const properties = { result: true, candidates };
    return send(
      `${url}/access/v1/search/subject`,
      asking(properties, { subject: { type: "user" }, ...more }),
    );
  };

  test("of another type are none; properties stay; each once", async () => {
    const properties = { team: "a" };
    const { body } = await search([
      "bob",
      { id: "ann", properties },
      { type: "group", id: "g" },
      { type: "user", id: "bob" },
    ]);
    expect(body).toEqual({
      results: [
        { type: "user", id: "ann", properties },
        { type: "user", id: "bob" },
      ],
    });
  });

  test.each([[5], ["alice"], [{ a: 1 }], [[1]], [[{ name: "x" }]], [[{ id: "x", properties: 1 }]]])(
    "%j is a fault of the policy, not an answer",
    async (candidates) => {
      const { status, body } = await search(candidates);
      expect(status).toBe(500);
      expect(body).toEqual(expect.stringContaining("must be a set or array"));
    },
  );

  test("a page holds no more than the configured number, and says that there is more", async () => {
    const { body } = await search(["a", "b", "c"], { page_size: 2 }, { page: { limit: 99 } });
    expect(body).toMatchObject({
      results: [{ id: "a" }, { id: "b" }],
      page: { count: 2, next_token: expect.stringMatching(/./) },
    });
  });

  test("are results unseen where the configuration says that they are no mere candidates", async () => {
    const body = asking({ result: false, candidates: ["x"] }, { subject: { type: "user" } });
    const { url } = await host({ authzen: { search: { check: false } } });
    expect((await send(`${url}/access/v1/search/subject`, body)).body.results).toHaveLength(1);
    const checked = await host();
    expect((await send(`${checked.url}/access/v1/search/subject`, body)).body.results).toEqual([]);
  });
});

test("with an access file, a bearer token that may decide is needed", async () => {
  const token = "enforcement-point-0123456789";
  const other = "somebody-else-0123456789";
  const access = parseAccess({
    tokens: [
      { name: "pep", token, scopes: ["decide"] },
      { name: "log", token: other, scopes: ["report"] },
    ],
  });
  const { url } = await host({}, { sidecar: { access } });
  const ask = async (headers: Json) =>
    (await send(`${url}/access/v1/evaluation`, asking({ result: true }), headers)).status;
  expect(await ask({})).toBe(401);
  expect(await ask({ authorization: "Bearer unknown-token-0123456789" })).toBe(401);
  expect(await ask({ authorization: `Bearer ${other}` })).toBe(403);
  expect(await ask({ authorization: `Bearer ${token}` })).toBe(200);
});

describe("the metadata", () => {
  test("stand under the identifier that is configured, signed", async () => {
    const { privatePem, publicPem } = await generateKeyPair("ES256");
    const base = "https://pdp.example.com/tenant1";
    const { url } = await host({
      keys: { server: { private_key: privatePem, algorithm: "ES256" } },
      authzen: { policy_decision_point: `${base}/`, signing_key: "server" },
    });
    expect((await fetch(`${url}/.well-known/authzen-configuration`)).status).toBe(404);
    const response = await fetch(`${url}/.well-known/authzen-configuration/tenant1`);
    const { signed_metadata: signed, ...members } = (await response.json()) as Json;
    expect(members).toEqual({
      policy_decision_point: base,
      access_evaluation_endpoint: `${base}/access/v1/evaluation`,
      access_evaluations_endpoint: `${base}/access/v1/evaluations`,
      search_subject_endpoint: `${base}/access/v1/search/subject`,
    });
    const { payload } = await verifyCompact(
      signed as string,
      await importVerificationKey(publicPem, "ES256"),
    );
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ iss: base, ...members });
  });

  test.each([
    [{ policy_decision_point: "ftp://x" }, /must be an http or https URL/],
    [{ policy_decision_point: "https://x/?a=1" }, /without query/],
    [{ signing_key: "k" }, /needs `authzen.policy_decision_point`/],
    [{ policy_decision_point: "https://x", signing_key: "__proto__" }, /has no `private_key`/],
    [{ page_size: 0 }, /at least 1/],
    [{ decision: "a//b" }, /is no decision path/],
    [{ search: { person: "x" } }, /person/],
  ])("%j is no configuration", async (authzen, message) => {
    await expect(parseConfig(JSON.stringify({ authzen }))).rejects.toThrow(message);
  });
});
