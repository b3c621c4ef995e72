// AuthZEN's Authorization API 1.0 over real HTTP against the daemon as a process: every folder here, then the rules of protocol that the
// certification scenario checks whatever the policy says.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Daemon, startDaemon } from "./daemon.ts";

type Json = Record<string, unknown>;
interface Entity {
  readonly type?: string;
  readonly id?: string;
  readonly name?: string;
}
interface Cases {
  readonly evaluation?: readonly { readonly request: Json; readonly expected: boolean }[];
  readonly evaluations?: readonly { readonly request: Json; readonly expected: readonly Json[] }[];
  readonly search?: readonly {
    readonly kind: string;
    readonly request: Json;
    readonly includes: readonly string[];
  }[];
}

const here = import.meta.dirname;
const scenarios = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

async function send(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
}

const decisions = (body: Json): unknown[] => (body.evaluations as Json[]).map(({ decision }) => decision);
const ids = (body: Json): unknown[] => (body.results as Entity[]).map(({ id, name }) => id ?? name);

function arguments_(folder: string): string[] {
  const config = join(folder, "config.yaml");
  return [
    ...(existsSync(config) ? ["--config-file", config] : []),
    join(folder, "policy.rego"),
    join(folder, "data.json"),
  ];
}

describe.each(scenarios.map(({ name }) => name))("%s", (name) => {
  const folder = join(here, name);
  const cases = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as Cases;
  let daemon: Daemon;
  let base: string;
  beforeAll(async () => {
    daemon = await startDaemon(...arguments_(folder));
    base = `${daemon.url}/access/v1`;
  });
  afterAll(() => daemon.stop());

  test("evaluation: every decision, each time the same", async () => {
    for (const { request, expected } of [...(cases.evaluation ?? []), ...(cases.evaluation ?? [])]) {
      const { status, body } = await send(`${base}/evaluation`, request);
      expect({ request, status, decision: body.decision }).toEqual({
        request,
        status: 200,
        decision: expected,
      });
    }
  });

  test("evaluations: every decision in order", async () => {
    for (const { request, expected } of cases.evaluations ?? []) {
      const { status, body } = await send(`${base}/evaluations`, request);
      expect(status).toBe(200);
      expect({ request, decisions: decisions(body) }).toEqual({
        request,
        decisions: expected.map(({ decision }) => decision),
      });
      expect(body).not.toHaveProperty("decision");
    }
  });

  test("search: what is there, nothing of another type, and every result is a permit", async () => {
    for (const { kind, request, includes } of cases.search ?? []) {
      const { status, body } = await send(`${base}/search/${kind}`, request);
      expect(status).toBe(200);
      expect(ids(body)).toEqual(expect.arrayContaining([...includes]));
      for (const result of body.results as Entity[]) {
        if (kind !== "action") expect(result.type).toBe((request[kind] as Entity).type);
        const again = await send(`${base}/evaluation`, { ...request, [kind]: result });
        expect({ result, decision: again.body.decision }).toEqual({ result, decision: true });
      }
    }
  });
});

describe("the protocol", () => {
  const alice = { type: "user", id: "alice" };
  const bob = { type: "user", id: "bob" };
  const record = { type: "record", id: "record-1" };
  const read = { name: "read" };
  const write = { name: "write" };
  const whole = { subject: alice, action: read, resource: record };
  let daemon: Daemon;
  let base: string;
  beforeAll(async () => {
    daemon = await startDaemon(...arguments_(join(here, "certification")));
    base = `${daemon.url}/access/v1`;
  });
  afterAll(() => daemon.stop());

  test.each([
    ["no subject", { ...whole, subject: undefined }],
    ["no action", { ...whole, action: undefined }],
    ["no resource", { ...whole, resource: undefined }],
    ["no subject.type", { ...whole, subject: { id: "alice" } }],
    ["no subject.id", { ...whole, subject: { type: "user" } }],
    ["no action.name", { ...whole, action: {} }],
    ["no resource.type", { ...whole, resource: { id: "record-1" } }],
    ["no resource.id", { ...whole, resource: { type: "record" } }],
    ["a subject that is a string", { ...whole, subject: "alice" }],
    ["a subject that is null", { ...whole, subject: null }],
    ["a resource that is a list", { ...whole, resource: [record] }],
    ["a number as a name", { ...whole, action: { name: 123 } }],
    ["a number as an id", { ...whole, subject: { type: "user", id: 7 } }],
    ["properties that are a list", { ...whole, subject: { ...alice, properties: [] } }],
    ["a context that is a string", { ...whole, context: "x" }],
    ["a body that is a list", [whole]],
    ["a body that is a string", '"alice"'],
    ["a body that is null", "null"],
    ["an empty body", ""],
    ["a body cut short", JSON.stringify(whole).slice(0, -1)],
    ["two bodies", JSON.stringify(whole) + JSON.stringify(whole)],
    ["nesting without end", `${'{"subject":'.repeat(5000)}1${"}".repeat(5000)}`],
  ])("400 for %s, with a message and the request's id", async (_, request) => {
    for (const path of ["evaluation", "evaluations"]) {
      const { status, headers, body } = await send(`${base}/${path}`, request, { "x-request-id": "r-1" });
      expect(status).toBe(400);
      expect(body).toEqual(expect.stringMatching(/./));
      expect(headers.get("x-request-id")).toBe("r-1");
    }
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])(
    "400 for the content type %j",
    async (type) => {
      const { status } = await send(`${base}/evaluation`, whole, { "content-type": type });
      expect(status).toBe(400);
    },
  );

  test("parameters of the content type are no reason to refuse", async () => {
    const { status, headers, body } = await send(`${base}/evaluation`, whole, {
      "content-type": "Application/JSON; charset=utf-8",
      "x-request-id": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716",
    });
    expect({ status, decision: body.decision }).toEqual({ status: 200, decision: true });
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("x-request-id")).toBe("bfe9eb29-ab87-4ca3-be83-a1d5d8305716");
  });

  test("other methods are not allowed", async () => {
    const response = await fetch(`${base}/evaluation`, { headers: { "x-request-id": "r-2" } });
    expect({ status: response.status, allow: response.headers.get("allow") }).toEqual({
      status: 405,
      allow: "POST",
    });
    expect(response.headers.get("x-request-id")).toBe("r-2");
  });

  describe("batches", () => {
    const three = {
      resource: record,
      evaluations: [
        { subject: alice, action: read },
        { subject: bob, action: write },
        { subject: bob, action: read },
      ],
    };
    test.each([
      [undefined, [true, false, true]],
      ["execute_all", [true, false, true]],
      ["deny_on_first_deny", [true, false]],
      ["permit_on_first_permit", [true]],
    ])("semantic %s", async (semantic, expected) => {
      const options = semantic === undefined ? { other: 1 } : { evaluations_semantic: semantic };
      const { body } = await send(`${base}/evaluations`, { ...three, options });
      expect(decisions(body)).toEqual(expected);
    });

    test("an error counts as a denial", async () => {
      const { body } = await send(`${base}/evaluations`, {
        evaluations: [{ subject: bob }, whole],
        options: { evaluations_semantic: "deny_on_first_deny" },
      });
      expect(decisions(body)).toEqual([false]);
      const permit = await send(`${base}/evaluations`, {
        evaluations: [{ subject: bob }, whole, whole],
        options: { evaluations_semantic: "permit_on_first_permit" },
      });
      expect(decisions(permit.body)).toEqual([false, true]);
    });

    test.each([
      ["an unknown semantic", { ...three, options: { evaluations_semantic: "first" } }],
      ["a semantic that is no string", { ...three, options: { evaluations_semantic: 1 } }],
      ["options that are a list", { ...three, options: [] }],
      ["evaluations that are an object", { ...three, evaluations: {} }],
      ["a default of a wrong type", { ...three, subject: "alice" }],
    ])("400 for %s", async (_, request) => {
      expect((await send(`${base}/evaluations`, request)).status).toBe(400);
    });

    test("what is wrong with an item stays with it", async () => {
      const { status, body } = await send(`${base}/evaluations`, {
        ...whole,
        evaluations: [{}, { subject: "alice" }, { resource: { type: 1 } }, 5, null, { action: write }],
      });
      expect(status).toBe(200);
      expect(decisions(body)).toEqual([true, false, false, false, false, true]);
      for (const i of [1, 2, 3, 4])
        expect((body.evaluations as Json[])[i]).toMatchObject({
          context: { error: { status: 400, message: expect.stringMatching(/must be/) } },
        });
    });

    test("an item's entity takes the whole place of the default, but for a missing type, id or name", async () => {
      const { body } = await send(`${base}/evaluations`, {
        subject: { type: "user", id: "bob", properties: { role: "admin" } },
        action: write,
        resource: { type: "record", id: "record-2", properties: { status: "archived" } },
        evaluations: [
          {},
          { subject: { id: "alice" } },
          { resource: { id: "record-1", properties: { status: "active" } } },
          { action: { properties: { x: 1 } } },
          { subject: { properties: { role: "reader" } } },
        ],
      });
      expect(decisions(body)).toEqual([true, false, false, true, false]);
    });

    test.each([[{}], [{ evaluations: [] }]])("without items it is a single request: %j", async (more) => {
      const { status, body } = await send(`${base}/evaluations`, { ...whole, ...more });
      expect({ status, body }).toEqual({ status: 200, body: { decision: true } });
    });
  });

  describe("searches", () => {
    const whoReads = { subject: { type: "user" }, action: read, resource: record };
    test.each([
      ["subject", { subject: { type: "user" }, resource: record }],
      ["subject", { action: read, resource: record }],
      ["subject", { subject: { id: "alice" }, action: read, resource: record }],
      ["subject", { subject: { type: "user" }, action: read, resource: { type: "record" } }],
      ["resource", { action: read, resource: { type: "record" } }],
      ["resource", { subject: { type: "user" }, action: read, resource: { type: "record" } }],
      ["resource", { subject: alice, action: read, resource: {} }],
      ["action", { subject: alice }],
      ["action", { subject: { type: "user" }, resource: record }],
      ["subject", { ...whoReads, page: [] }],
      ["subject", { ...whoReads, page: { limit: "1" } }],
      ["subject", { ...whoReads, page: { limit: -1 } }],
      ["subject", { ...whoReads, page: { limit: 1.5 } }],
      ["subject", { ...whoReads, page: { token: 1 } }],
      ["subject", { ...whoReads, page: { token: "none of ours" } }],
    ])("400 for a malformed %s search: %j", async (kind, request) => {
      expect((await send(`${base}/search/${kind}`, request)).status).toBe(400);
    });

    test.each([
      ["action", { subject: { type: "user", id: "nobody" }, resource: record }],
      ["subject", { ...whoReads, subject: { type: "spaceship" } }],
      ["resource", { subject: alice, action: read, resource: { type: "spaceship" } }],
      ["subject", { ...whoReads, action: { name: "launch" } }],
      ["subject", { ...whoReads, subject: { type: "__proto__" } }],
    ])("nothing found is an empty list: %s %j", async (kind, request) => {
      const { status, body } = await send(`${base}/search/${kind}`, request);
      expect({ status, body }).toEqual({ status: 200, body: { results: [] } });
    });

    test("what is searched for is ignored where it is given", async () => {
      for (const subject of [alice, { type: "user", id: 7 }])
        expect(ids((await send(`${base}/search/subject`, { ...whoReads, subject })).body)).toEqual([
          "alice",
          "bob",
        ]);
      const resource = { type: "record", id: "record-2" };
      const found = await send(`${base}/search/resource`, { subject: alice, action: read, resource });
      expect(ids(found.body)).toEqual(["record-1", "record-2"]);
    });

    test("page by page", async () => {
      const first = await send(`${base}/search/subject`, { ...whoReads, page: { limit: 1 } });
      expect(first.body).toMatchObject({ results: [{ type: "user", id: "alice" }], page: { count: 1 } });
      const token = (first.body.page as Json).next_token;
      expect(token).toEqual(expect.stringMatching(/./));
      const last = { results: [{ type: "user", id: "bob" }], page: { next_token: "", count: 1 } };
      for (const page of [{ token }, { token, limit: 1 }, { next_token: token }])
        expect((await send(`${base}/search/subject`, { ...whoReads, page })).body).toEqual(last);
    });

    test("nothing but the token may change between pages", async () => {
      const first = await send(`${base}/search/subject`, { ...whoReads, page: { limit: 1 } });
      const token = (first.body.page as Json).next_token;
      for (const change of [
        { action: write },
        { resource: { type: "record", id: "record-2" } },
        { context: { time: "now" } },
        { page: { token, limit: 2 } },
        { page: { token, properties: { sort: "id" } } },
      ])
        expect(
          (await send(`${base}/search/subject`, { ...whoReads, page: { token }, ...change })).status,
        ).toBe(400);
    });

    test("all of it fits: the last page says so", async () => {
      const { body } = await send(`${base}/search/subject`, { ...whoReads, page: { limit: 9 } });
      expect(body).toMatchObject({ page: { next_token: "", count: 2 } });
      const none = await send(`${base}/search/subject`, { ...whoReads, page: { limit: 0 } });
      expect(none.body.results).toEqual([]);
    });
  });

  test("the metadata name what is there, under the URL that was asked", async () => {
    const response = await fetch(`${daemon.url}/.well-known/authzen-configuration`, {
      headers: { "x-request-id": "r-3" },
    });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-request-id")).toBe("r-3");
    expect(await response.json()).toEqual({
      policy_decision_point: daemon.url,
      access_evaluation_endpoint: `${base}/evaluation`,
      access_evaluations_endpoint: `${base}/evaluations`,
      search_subject_endpoint: `${base}/search/subject`,
      search_resource_endpoint: `${base}/search/resource`,
      search_action_endpoint: `${base}/search/action`,
    });
    const other = await fetch(`${daemon.url}/.well-known/authzen-configuration/tenant1`);
    expect(other.status).toBe(404);
  });
});
