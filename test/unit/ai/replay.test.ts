// A decision is a function of request, ledger, bundle and clock: whatever happened in a task, another process that reads its events decides the
// same, to the letter of what the policy sees, and what a log recorded is decided the same again. And whatever outsiders add to a history, at
// any point of it, turns no refusal into an allow.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { Catalogue, CATALOGUE_VERSION, type CatalogueDocument } from "../../../src/ai/catalogue.ts";
import { type CallAnswer, GuardedTask } from "../../../src/ai/guard.ts";
import { type LedgerStore, MemoryLedgerStore } from "../../../src/ai/ledger.ts";
import { build } from "../../../src/build.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { type Engine, prepare } from "../../../src/engine/engine.ts";
import { decode, encode, fromPlain } from "../../../src/value/json.ts";
import { emptyObject } from "../../../src/value/object.ts";
import type { RegoObject } from "../../../src/value/value.ts";

const PATH = "ai/calls/decision";
const TIMEOUT_MS = 1000;

const catalogue: CatalogueDocument = {
  version: CATALOGUE_VERSION,
  tools: {
    lookup: {
      read_only: true,
      arguments: { query: {} },
      results: { trusted: ["/*/email"], confidential: { "/*/note": ["mail"] } },
    },
    send: {
      read_only: false,
      readers: ["to"],
      arguments: {
        to: { sensitive: true, required: true },
        body: { text: true },
        amount: { amount: "money" },
      },
    },
    erase: { read_only: false, destructive: true, arguments: { id: { sensitive: true } } },
  },
};
const site = { budgets: { tools: { send: 2, lookup: 1 }, amounts: { money: "60" } }, catalogue };

let engine: Engine;
let other: Engine;
beforeAll(async () => {
  const { bundle } = await build({
    paths: ["rego"],
    asBundle: true,
    target: "wasm",
    entrypoints: [PATH],
    ignore: ["*_test.rego"],
  });
  const make = (): Engine =>
    prepare({ wasm: bundle.wasm[0]!.bytes, data: { value: fromPlain({ site }) }, builtins });
  [engine, other] = [make(), make()];
}, 60_000);

const open = (store: LedgerStore, clock: { ms: number }, decideWith = engine): Promise<GuardedTask> =>
  GuardedTask.open({
    id: "t",
    catalogue: new Catalogue(catalogue),
    ledger: { store, nowMs: () => clock.ms },
    decider: {
      decide: async ({ path, input }) => ({
        decisionId: "",
        result: decideWith.evaluate(path, { value: input }).value,
      }),
    },
    path: PATH,
    reportTimeoutMs: TIMEOUT_MS,
  });

const ask = (task: GuardedTask, id: string, [tool, args]: Wanted): Promise<CallAnswer> =>
  task.ask({
    id,
    tool,
    server: "s",
    arguments: fromPlain(args) as RegoObject,
    subject: fromPlain({ type: "user", id: "ann" }),
    agent: fromPlain({ id: "bot", identity: { verified: true } }),
    context: emptyObject,
  });

type Wanted = readonly [tool: string, args: unknown];
type Happening =
  | { readonly said: string }
  | { readonly saw: string }
  | {
      readonly wanted: Wanted;
      readonly outcome: "done" | "failed" | "lost" | "withdrawn";
      readonly result: unknown;
      readonly approved: boolean;
    }
  | { readonly passMs: number };

const word = fc.constantFrom(
  "ann@example.com",
  "eve@evil.org",
  "report",
  "463820",
  "evil.org/?q=463820",
  "NDYzODIw",
  "send",
  "send it to ann@example.com",
);
const text = fc.array(word, { maxLength: 4 }).map((words) => words.join(" "));
const wanted: fc.Arbitrary<Wanted> = fc.oneof(
  fc
    .record({ to: word, body: text, amount: fc.integer({ min: -5, max: 50 }) })
    .map((args): Wanted => ["send", args]),
  fc.record({ query: word }).map((args): Wanted => ["lookup", args]),
  fc.record({ id: word }).map((args): Wanted => ["erase", args]),
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ said: text }),
  fc.record({ saw: text }),
  fc.record({
    wanted,
    outcome: fc.constantFrom("done", "done", "failed", "lost", "withdrawn"),
    result: fc.array(fc.record({ email: word, note: text }), { maxLength: 2 }),
    approved: fc.boolean(),
  }),
  fc.record({ passMs: fc.constantFrom(1, TIMEOUT_MS + 1) }),
);
const history = fc.array(happening, { maxLength: 8 });

async function live(
  task: GuardedTask,
  clock: { ms: number },
  happened: Happening,
  id: string,
): Promise<void> {
  if ("said" in happened) return task.userSaid(happened.said);
  if ("saw" in happened) return task.sawContent(id, happened.saw);
  if ("passMs" in happened) {
    clock.ms += happened.passMs;
    return;
  }
  const answer = await ask(task, id, happened.wanted);
  if (answer.effect === "approve" && happened.approved) await task.approved(answer.digest, `p-${id}`, "ann");
  if (!answer.forward || happened.outcome === "lost") return;
  if (happened.outcome === "withdrawn") await task.withdrawn(id);
  else await task.returned(id, fromPlain(happened.result), happened.outcome);
}

/** The same events for somebody else, who may add to them. */
function copyOf(store: MemoryLedgerStore): MemoryLedgerStore {
  const copy = new MemoryLedgerStore();
  for (const event of store.read("t")) copy.append("t", event);
  return copy;
}

const told = ({ effect, reasons, forward, digest, input, arguments: args }: CallAnswer): unknown => ({
  effect,
  reasons,
  forward,
  digest,
  input: encode(input),
  arguments: encode(args),
});

describe("replay", () => {
  const effectsSeen = new Set<string>();

  test("whatever happened, who reads the ledger anew decides the same", async () => {
    await fc.assert(
      fc.asyncProperty(history, wanted, async (happened, last) => {
        const [store, clock] = [new MemoryLedgerStore(), { ms: 0 }];
        const task = await open(store, clock);
        for (const [i, one] of happened.entries()) await live(task, clock, one, `c${i}`);
        const again = await open(copyOf(store), clock, other);
        const [one, two] = [await ask(task, "last", last), await ask(again, "last", last)];
        effectsSeen.add(one.effect);
        expect(told(two)).toEqual(told(one));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test("which says something: every effect was drawn", () => {
    expect([...effectsSeen].sort()).toEqual(["allow", "approve", "deny"]);
  });

  test("what a log recorded is decided the same again", async () => {
    await fc.assert(
      fc.asyncProperty(history, wanted, async (happened, last) => {
        const clock = { ms: 0 };
        const task = await open(new MemoryLedgerStore(), clock);
        for (const [i, one] of happened.entries()) await live(task, clock, one, `c${i}`);
        const answer = await ask(task, "last", last);
        const recorded = encode(answer.input);
        const result = other.evaluate(PATH, { value: decode(recorded) }).value as RegoObject;
        expect(result.get("effect")).toBe(answer.effect);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test("untrusted content, at any point of any history, turns no refusal into an allow", async () => {
    await fc.assert(
      fc.asyncProperty(history, wanted, fc.nat(), text, async (happened, last, at, content) => {
        const decide = async (planted: boolean) => {
          const clock = { ms: 0 };
          const task = await open(new MemoryLedgerStore(), clock);
          for (const [i, one] of happened.entries()) {
            if (planted && i === at % happened.length) await task.sawContent("outside", content);
            await live(task, clock, one, `c${i}`);
          }
          if (planted) await task.sawContent("outside at last", content);
          const lived = task.session().calls.map(({ status }) => status);
          return { effect: (await ask(task, "last", last)).effect, lived };
        };
        const [before, after] = [await decide(false), await decide(true)];
        // A call that the plant stopped on the way leaves more of the budget: then the two last questions are not the same.
        fc.pre(before.lived.join() === after.lived.join());
        const reach = { deny: 0, approve: 1, transform: 2, allow: 2 };
        expect(reach[after.effect]).toBeLessThanOrEqual(reach[before.effect]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
