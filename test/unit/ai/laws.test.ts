// Laws of decisions, with the library compiled to Wasm: what an attacker adds never helps, and trust that is taken away never does either.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { Catalogue, type CatalogueDocument, CATALOGUE_VERSION } from "../../../src/ai/catalogue.ts";
import type { Effect } from "../../../src/ai/documents.ts";
import { MemoryLedgerStore } from "../../../src/ai/ledger.ts";
import { GuardedTask } from "../../../src/ai/task.ts";
import { build } from "../../../src/build.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { type Engine, prepare } from "../../../src/engine/engine.ts";
import { fromPlain } from "../../../src/value/json.ts";
import { emptyObject, object } from "../../../src/value/object.ts";
import type { RegoObject } from "../../../src/value/value.ts";

const PATH = "ai/calls/decision";

const tools: CatalogueDocument["tools"] = {
  lookup: {
    read_only: true,
    arguments: { query: {} },
    results: { trusted: ["/*/email", "/*/id"], confidential: { "/*/note": ["mail"] } },
  },
  send: {
    read_only: false,
    readers: ["to", "cc"],
    arguments: {
      to: { sensitive: true, required: true },
      cc: { sensitive: true, default: [] },
      body: { text: true },
      item_id: { sensitive: true },
      amount: { amount: "money" },
    },
  },
  erase: { read_only: false, destructive: true, arguments: { id: { sensitive: true } } },
};
const catalogue: CatalogueDocument = { version: CATALOGUE_VERSION, tools };

/** The same without any trusted field. */
const distrusting: CatalogueDocument = {
  version: CATALOGUE_VERSION,
  tools: { ...tools, lookup: { ...tools.lookup!, results: { confidential: { "/*/note": ["mail"] } } } },
};

let wasm: Uint8Array;
beforeAll(async () => {
  const { bundle } = await build({ paths: ["rego"], asBundle: true, target: "wasm", entrypoints: [PATH] });
  wasm = bundle.wasm[0]!.bytes;
}, 60_000);

const engines = new Map<string, Engine>();
function engineFor(site: object): Engine {
  const key = JSON.stringify(site);
  const known = engines.get(key) ?? prepare({ wasm, data: { value: fromPlain({ site }) }, builtins });
  engines.set(key, known);
  return known;
}

async function openTask(document: CatalogueDocument, site: object, store = new MemoryLedgerStore()) {
  const engine = engineFor({ ...site, catalogue: document });
  return GuardedTask.open({
    id: "t",
    catalogue: new Catalogue(document),
    ledger: { store, nowMs: () => 0 },
    decider: {
      decide: async ({ path, input }) => ({
        decisionId: "",
        result: engine.evaluate(path, { value: input }).value,
      }),
    },
    path: PATH,
  });
}

const ask = (task: GuardedTask, id: string, tool: string, args: unknown) =>
  task.ask({
    id,
    tool,
    server: "s",
    arguments: fromPlain(args) as RegoObject,
    subject: fromPlain({ type: "user", id: "ann" }),
    agent: fromPlain({ id: "bot", identity: { verified: true } }),
    context: object([]),
  });

/** How much an effect lets happen. */
const reach = (effect: Effect): number => ({ deny: 0, approve: 1, transform: 2, allow: 2 })[effect];

const word = fc.constantFrom(
  "ann@example.com",
  "eve@evil.org",
  "GB29NWBK60161331926819",
  "7",
  "13",
  "report.docx",
  "463820",
  "https://good.org/x",
  "evil.org/?q=463820",
  "NDYzODIw",
  "send",
  "to",
  "",
);
const text = fc.array(word, { maxLength: 5 }).map((words) => words.join(" "));
const args = fc.record(
  {
    to: fc.oneof(word, fc.array(word, { maxLength: 2 })),
    cc: fc.array(word, { maxLength: 2 }),
    body: text,
    item_id: fc.oneof(word, fc.constantFrom(7, 13)),
    amount: fc.integer({ min: -5, max: 50 }),
  },
  { requiredKeys: ["to"] },
);
const call = fc.oneof(
  args.map((value) => ["send", value] as const),
  word.map((id) => ["erase", { id }] as const),
);
const result = fc.array(fc.record({ email: word, id: fc.constantFrom(7, 13), note: text }), { maxLength: 3 });
const site = fc.constantFrom(
  {},
  { flow: { unseen: "allow" } },
  { flow: { anchor: "off" } },
  { destructive: "allow" },
);

async function decide(
  document: CatalogueDocument,
  settings: object,
  said: string,
  seen: unknown,
  extra: readonly string[],
  [tool, value]: readonly [string, unknown],
): Promise<Effect> {
  const task = await openTask(document, settings);
  await task.userSaid(said);
  await ask(task, "r", "lookup", { query: "x" });
  await task.returned("r", fromPlain(seen));
  for (const [i, content] of extra.entries()) await task.sawContent(`outside${i}`, content);
  return (await ask(task, "c", tool, value)).effect;
}

describe("laws", () => {
  const effectsSeen = new Set<Effect>();

  test("untrusted content added to the history never allows more", async () => {
    await fc.assert(
      fc.asyncProperty(
        site,
        text,
        result,
        fc.array(text, { minLength: 1, maxLength: 3 }),
        call,
        async (...drawn) => {
          const [settings, said, seen, extra, wanted] = drawn;
          const before = await decide(catalogue, settings, said, seen, [], wanted);
          effectsSeen.add(before);
          const after = await decide(catalogue, settings, said, seen, extra, wanted);
          expect(reach(after)).toBeLessThanOrEqual(reach(before));
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  test("which says something: both kinds of decision were drawn", () => {
    expect([...effectsSeen].sort()).toEqual(["allow", "approve"]);
  });

  test("a trusted label taken away never allows more", async () => {
    await fc.assert(
      fc.asyncProperty(site, text, result, call, async (settings, said, seen, wanted) => {
        const before = await decide(catalogue, settings, said, seen, [], wanted);
        const after = await decide(distrusting, settings, said, seen, [], wanted);
        expect(reach(after)).toBeLessThanOrEqual(reach(before));
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test("user words taken away never allow more", async () => {
    await fc.assert(
      fc.asyncProperty(site, text, result, call, async (settings, said, seen, wanted) => {
        const before = await decide(catalogue, settings, said, seen, [], wanted);
        const after = await decide(catalogue, settings, "", seen, [], wanted);
        expect(reach(after)).toBeLessThanOrEqual(reach(before));
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test("no name breaks a lookup: unknown ones are denied", async () => {
    const names = fc.oneof(
      fc.constantFrom(
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "valueOf",
        "hasOwnProperty",
        "then",
        "",
      ),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(names, names, async (tool, argument) => {
        fc.pre(!Object.hasOwn(tools, tool) && argument !== "to");
        const task = await openTask(catalogue, {});
        await task.userSaid("mail ann@example.com");
        const unknown = await ask(task, "1", tool, emptyObject);
        expect([unknown.effect, unknown.reasons.map(({ code }) => code)]).toEqual(["deny", ["unknown_tool"]]);
        const given = new Map<string, unknown>([
          ["to", "ann@example.com"],
          [argument, "x"],
        ]);
        const answer = await ask(task, "2", "send", given);
        const known = Object.hasOwn(tools.send!.arguments, argument);
        expect(answer.reasons.some(({ code }) => code === "unknown_argument")).toBe(!known);
        if (!known) expect(answer.effect).toBe("deny");
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  test("the same history gives the same decision, also after a restart", async () => {
    await fc.assert(
      fc.asyncProperty(text, result, call, async (said, seen, [tool, value]) => {
        const store = new MemoryLedgerStore();
        const task = await openTask(catalogue, {}, store);
        await task.userSaid(said);
        await ask(task, "r", "lookup", { query: "x" });
        await task.returned("r", fromPlain(seen));
        const again = await openTask(catalogue, {}, store);
        const [one, two] = [await ask(task, "c", tool, value), await ask(again, "d", tool, value)];
        expect([two.effect, two.reasons]).toEqual([one.effect, one.reasons]);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});

test("calls made at once cannot pass a limit together", async () => {
  const task = await openTask(catalogue, { budgets: { tools: { send: 1 } } });
  await task.userSaid("mail ann@example.com");
  const ids = ["a", "b", "c", "d"];
  const answers = await Promise.all(ids.map((id) => ask(task, id, "send", { to: "ann@example.com" })));
  expect(answers.map(({ effect }) => effect)).toEqual(["allow", "deny", "deny", "deny"]);
});

test("an approval answers exactly the action it was given for, once", async () => {
  const task = await openTask(catalogue, {});
  await task.userSaid("mail somebody");
  const first = await ask(task, "a", "send", { to: "eve@evil.org", body: "mail somebody" });
  expect(first.effect).toBe("approve");
  const digest = first.input.get("action");
  await task.approved((digest as RegoObject).get("digest") as string, "p1", "ann");
  const changed = await ask(task, "b", "send", { to: "eve@evil.org", body: "mail somebody else" });
  expect(changed.effect).toBe("approve");
  expect((await ask(task, "c", "send", { to: "eve@evil.org", body: "mail somebody" })).effect).toBe("allow");
  expect((await ask(task, "d", "send", { to: "eve@evil.org", body: "mail somebody" })).effect).toBe(
    "approve",
  );
});

test("defaults are what is decided on and forwarded", async () => {
  const task = await openTask(
    {
      ...catalogue,
      tools: {
        ...tools,
        send: { ...tools.send!, arguments: { to: { sensitive: true, default: "all@corp.example" } } },
      },
    },
    {},
  );
  await task.userSaid("send it");
  const answer = await ask(task, "a", "send", {});
  expect(answer.arguments.get("to")).toBe("all@corp.example");
});
