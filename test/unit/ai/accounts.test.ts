// Budgets across tasks, through guard, ledger and the compiled library: per person, in windows, with refunds, over a restart, in a race.

import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { scratchFolder } from "../../scratch.ts";
import { Catalogue, type CatalogueDocument } from "../../../src/ai/catalogue.ts";
import { createGuard, type Guard } from "../../../src/ai/guard.ts";
import { type LedgerStore, MemoryLedgerStore, type StampedEvent } from "../../../src/ai/ledger.ts";
import { openSqliteLedger } from "../../../src/ai/node/sqlite-ledger.ts";
import { build } from "../../../src/build.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { prepare } from "../../../src/engine/engine.ts";
import { fromPlain } from "../../../src/value/json.ts";
import { number } from "../../../src/value/number.ts";
import { object } from "../../../src/value/object.ts";
import type { RegoObject } from "../../../src/value/value.ts";

const catalogue: CatalogueDocument = {
  version: "reeve-catalogue/1",
  tools: {
    pay: { read_only: false, arguments: { amount: { amount: "money" }, to: { sensitive: true } } },
    look: { read_only: true, arguments: {} },
    create: { read_only: false, arguments: { to: { sensitive: true } } },
    approve: { read_only: false, arguments: { to: { sensitive: true } } },
  },
  duties: { payee: { tools: ["create", "approve"], per: "subject", window_s: 3600 } },
  budgets: {
    "day's money": { per: "subject", amount: "money", limit: "100.50", window_s: 86_400 },
    "calls of an hour": { per: "agent", tools: ["look"], limit: 3, window_s: 3600, beyond: "approve" },
    "chain's money": { per: "chain", amount: "money", limit: 60 },
  },
};

const folder = scratchFolder("accounts");

let wasm: Uint8Array;
beforeAll(async () => {
  const options = {
    paths: ["rego"],
    asBundle: true,
    target: "wasm",
    entrypoints: ["ai/calls/decision"],
  } as const;
  wasm = (await build({ ...options, entrypoints: [...options.entrypoints] })).bundle.wasm[0]!.bytes;
}, 60_000);

class Site {
  now = 0;
  readonly store: LedgerStore;
  constructor(store: LedgerStore = new MemoryLedgerStore()) {
    this.store = store;
  }
  #calls = 0;
  guard(): Guard {
    const engine = prepare({ wasm, data: { value: fromPlain({ site: { catalogue } }) }, builtins });
    return createGuard({
      catalogue: () => new Catalogue(catalogue),
      store: this.store,
      nowMs: () => this.now,
      path: "ai/calls/decision",
      decider: {
        decide: async ({ path, input }) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          return { decisionId: "", result: engine.evaluate(path, { value: input }).value };
        },
      },
    });
  }
  async ask(
    guard: Guard,
    task: string,
    tool: string,
    args: object,
    who: { subject?: string; chain?: string } = {},
  ) {
    const opened = await guard.task(task, who.chain === undefined ? {} : { chain: who.chain });
    await opened.userSaid("pay bakery-17", "said");
    const id = `c${this.#calls++}`;
    const answer = await opened.ask({
      id,
      tool,
      server: "s",
      arguments: fromPlain(args) as RegoObject,
      subject: fromPlain({ type: "user", id: who.subject ?? "ann" }),
      agent: fromPlain({ id: "bot", identity: { verified: true } }),
      context: object([]),
    });
    return { ...answer, id, task: opened, codes: answer.reasons.map(({ code }) => code) };
  }
}

const pay = (amount: number) => ({ amount, to: "bakery-17" });

describe("amounts", () => {
  test("of one person count together over tasks, and what is left is said", async () => {
    const site = new Site();
    const guard = site.guard();
    const first = await site.ask(guard, "a", "pay", pay(60));
    expect([first.effect, [...(first.budget ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))]).toEqual([
      "allow",
      [
        { name: "chain's money", remaining: "0", limit: "60" },
        { name: "day's money", remaining: "40.5", limit: "100.50" },
      ],
    ]);
    const second = await site.ask(guard, "b", "pay", pay(41));
    expect([second.effect, second.codes]).toEqual(["deny", ["budget_exceeded"]]);
    expect((await site.ask(guard, "c", "pay", pay(40.5))).effect).toBe("allow");
    expect((await site.ask(guard, "d", "pay", pay(0.01))).effect).toBe("deny");
    expect((await site.ask(guard, "d", "pay", pay(50), { subject: "bea" })).effect).toBe("allow");
  });

  test("leave the window, come back with a failure, survive a restart", async () => {
    const site = new Site();
    const guard = site.guard();
    const first = await site.ask(guard, "a", "pay", pay(60));
    await first.task.returned(first.id, null, "failed");
    expect((await site.ask(guard, "b", "pay", pay(60))).effect).toBe("allow");
    expect((await site.ask(site.guard(), "c", "pay", pay(60))).effect).toBe("deny");
    site.now = 86_401_000;
    expect((await site.ask(site.guard(), "d", "pay", pay(60))).effect).toBe("allow");
  });

  test("what nobody reports comes back, and counts again when it is reported late", async () => {
    const site = new Site();
    const guard = site.guard();
    const first = await site.ask(guard, "a", "pay", pay(60));
    site.now = 11 * 60_000;
    await site.ask(guard, "a", "look", {});
    expect((await site.ask(guard, "b", "pay", pay(60))).effect).toBe("allow");
    await first.task.returned(first.id, null);
    expect((await site.ask(guard, "c", "pay", pay(1))).effect).toBe("deny");
  });

  test("cannot be overspent by tasks that ask at once", async () => {
    const site = new Site();
    const guard = site.guard();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => site.ask(guard, `t${i}`, "pay", pay(30))),
    );
    expect(answers.filter(({ forward }) => forward)).toHaveLength(3);
  });

  test("count however they are written: `1e1` is ten, each time", async () => {
    const site = new Site();
    const guard = site.guard();
    const written = (text: string) => ({ amount: number(text), to: "bakery-17" });
    const effects: string[] = [];
    for (const text of ["4e1", "0.4E2", "400e-1"])
      effects.push((await site.ask(guard, `t${text}`, "pay", written(text))).effect);
    expect(effects).toEqual(["allow", "allow", "deny"]);
    const { task } = await site.ask(guard, "t4e1", "look", {});
    expect(task.session().counters.amounts).toEqual({ money: "40" });
    const huge = await site.ask(guard, "u", "pay", written("1e999999999"));
    expect([huge.forward, huge.effect]).toEqual([false, "deny"]);
  });

  test("of a chain of tasks count together", async () => {
    const site = new Site();
    const guard = site.guard();
    expect((await site.ask(guard, "a", "pay", pay(40))).effect).toBe("allow");
    expect((await site.ask(guard, "a1", "pay", pay(30), { chain: "a" })).codes).toEqual(["budget_exceeded"]);
    expect((await site.ask(guard, "b", "pay", pay(30))).effect).toBe("allow");
  });

  test.each([[pay(-5)], [{ to: "bakery-17", amount: "5" }]])("that win nothing back: %j", async (args) => {
    const site = new Site();
    const answer = await site.ask(site.guard(), "a", "pay", args);
    expect([answer.effect, new Set(answer.codes)]).toEqual(["deny", new Set(["budget_exceeded"])]);
  });
});

describe.each([
  ["memory", (): LedgerStore => new MemoryLedgerStore()],
  ["SQLite", (): LedgerStore => openSqliteLedger(join(folder, `${crypto.randomUUID()}.db`))],
])("what takes two, with a ledger in %s", (_, makeStore) => {
  const payee = { to: "bakery-17" };

  test("is done by two, whichever task and guard they ask in", async () => {
    const site = new Site(makeStore());
    const guard = site.guard();
    expect((await site.ask(guard, "a", "create", payee)).effect).toBe("allow");
    expect((await site.ask(guard, "b", "create", payee)).effect).toBe("allow");
    for (const [asking, task] of [
      [guard, "a"],
      [guard, "b"],
      [site.guard(), "c"],
    ] as const) {
      const other = await site.ask(asking, task, "approve", payee);
      expect([other.effect, other.codes]).toEqual(["deny", ["duty_conflict"]]);
    }
    expect((await site.ask(guard, "a", "approve", payee, { subject: "bea" })).effect).toBe("allow");
    site.now = 3_601_000;
    expect((await site.ask(guard, "d", "approve", payee)).effect).toBe("allow");
  });

  test("both halves asked for at once by two tasks: one goes ahead", async () => {
    const site = new Site(makeStore());
    const guard = site.guard();
    const answers = await Promise.all([
      site.ask(guard, "a", "create", payee),
      site.ask(guard, "b", "approve", payee),
    ]);
    expect(answers.map(({ effect }) => effect).sort()).toEqual(["allow", "deny"]);
  });

  test("a half that failed was not done; one that nobody reported may have been", async () => {
    const site = new Site(makeStore());
    const guard = site.guard();
    const failed = await site.ask(guard, "a", "create", payee);
    await failed.task.returned(failed.id, "no", "failed");
    expect((await site.ask(guard, "b", "approve", payee, { subject: "bea" })).effect).toBe("allow");
    expect((await site.ask(guard, "b", "approve", payee)).effect).toBe("allow");
    site.now = 11 * 60_000;
    expect((await site.ask(guard, "b", "create", payee)).codes).toEqual(["duty_conflict"]);
  });
});

test("lists show a tool that has something left, and none that has not", async () => {
  const site = new Site();
  const guard = site.guard();
  const { task } = await site.ask(guard, "a", "create", { to: "bakery-17" });
  const shows = (tool: string): Promise<boolean> =>
    task.shows({
      tool,
      server: "s",
      subject: fromPlain({ type: "user", id: "ann" }),
      agent: fromPlain({ id: "bot", identity: { verified: true } }),
      context: object([]),
    });
  expect([await shows("look"), await shows("create"), await shows("approve")]).toEqual([true, true, false]);
});

test("two guards on one store cannot overspend together", async () => {
  const site = new Site();
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => site.ask(site.guard(), `t${i}`, "pay", pay(30))),
  );
  expect(answers.filter(({ forward }) => forward)).toHaveLength(3);
});

test("what a store takes back is read anew: nobody counts on charges that are not there", async () => {
  const kept = new Map<string, StampedEvent[]>();
  let broken = false;
  // As a database does when a commit fails: everything since the lock was taken is gone.
  const store: LedgerStore = {
    append: (task, event) => void kept.set(task, [...(kept.get(task) ?? []), event]),
    read: (task, skip = 0) => (kept.get(task) ?? []).slice(skip),
    async locked(work) {
      const before = new Map(kept);
      const result = await work();
      if (!broken) return result;
      kept.clear();
      for (const [task, events] of before) kept.set(task, events);
      throw new Error("the disk is full");
    },
  };
  const site = new Site(store);
  const guard = site.guard();
  broken = true;
  expect((await site.ask(guard, "a", "pay", pay(30)).catch(() => undefined))?.forward ?? false).toBe(false);
  broken = false;
  const other = site.guard();
  expect((await site.ask(other, "b", "pay", pay(60))).forward).toBe(true);
  expect((await site.ask(guard, "c", "pay", pay(60))).codes).toEqual(["budget_exceeded"]);
});

test("a clock that jumps ahead and comes back has forgotten nothing", async () => {
  const site = new Site();
  const guard = site.guard();
  expect((await site.ask(guard, "a", "pay", pay(60))).forward).toBe(true);
  site.now = 90_000_000;
  await site.ask(guard, "b", "pay", pay(1));
  site.now = 1000;
  expect((await site.ask(guard, "c", "pay", pay(60))).codes).toContain("budget_exceeded");
});

test.each([
  [{ per: "task", tools: ["a"] }, "`per` must be"],
  [{ per: "subject", tools: "a" }, "`tools` must be"],
  [{ per: "subject", tools: ["a"], window_s: 0 }, "`window_s` must be"],
])("a duty that nobody can keep is refused: %j", (duty, message) => {
  expect(() => new Catalogue({ ...catalogue, duties: { d: duty as never } })).toThrow(message);
});

test("rates of calls: beyond them a person is asked", async () => {
  const site = new Site();
  const guard = site.guard();
  const effects: string[] = [];
  for (let i = 0; i < 4; i++) effects.push((await site.ask(guard, `t${i}`, "look", {})).effect);
  expect(effects).toEqual(["allow", "allow", "allow", "approve"]);
  site.now = 3_601_000;
  expect((await site.ask(guard, "t9", "look", {})).effect).toBe("allow");
});

test.each([
  [{ per: "team", limit: 1 }, "`per` must be"],
  [{ per: "task", limit: "-1" }, "`limit` must be"],
  [{ per: "task", limit: 1, window_s: 0 }, "`window_s` must be"],
])("a budget that nobody can keep is refused: %j", (budget, message) => {
  expect(() => new Catalogue({ ...catalogue, budgets: { b: budget as never } })).toThrow(message);
});
