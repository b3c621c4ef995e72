import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratchFolder } from "../../scratch.ts";
import {
  addDecimals,
  type LedgerStore,
  MemoryLedgerStore,
  plainDecimal,
  TaskLedger,
} from "../../../src/ai/ledger.ts";
import { openSqliteLedger } from "../../../src/ai/node/sqlite-ledger.ts";

const folder = scratchFolder("ledger");

const labels = { saw_untrusted: false, saw_private: false };

describe.each([
  ["memory", (): LedgerStore => new MemoryLedgerStore()],
  ["sqlite", (): LedgerStore => openSqliteLedger(join(folder, `${Math.random()}.db`))],
])("a ledger in %s", (_, makeStore) => {
  const propose = async (ledger: TaskLedger, call: string, reserve = true): Promise<void> => {
    await ledger.append({
      type: "proposed",
      call,
      tool: "pay",
      digest: `d-${call}`,
      amounts: { money: "0.1" },
    });
    await ledger.append({ type: "decided", call, effect: reserve ? "allow" : "deny", reserve });
  };

  test("reserves on decide, commits on outcome, releases on failure", async () => {
    const ledger = await TaskLedger.open("t", { store: makeStore(), nowMs: () => 0 });
    await ledger.append({ type: "user_turn", text: "pay" });
    for (const call of ["a", "b", "c"]) await propose(ledger, call);
    await propose(ledger, "refused", false);
    expect(ledger.session(labels).counters).toEqual({
      tool_calls: 3,
      by_tool: { pay: 3 },
      amounts: { money: "0.3" },
    });
    expect(ledger.session(labels).pending).toEqual(["a", "b", "c"]);
    await ledger.append({ type: "committed", call: "a" });
    await ledger.append({ type: "released", call: "b", why: "failed" });
    await ledger.append({ type: "released", call: "a", why: "failed" });
    const session = ledger.session(labels);
    expect(session.counters).toEqual({ tool_calls: 2, by_tool: { pay: 2 }, amounts: { money: "0.2" } });
    expect(session.calls.map(({ id, status }) => [id, status])).toEqual([
      ["a", "committed"],
      ["b", "released"],
      ["c", "reserved"],
      ["refused", "refused"],
    ]);
    expect(session.turn).toBe(1);
  });

  test("what was never reported is released in time, and stays visible", async () => {
    let now = 0;
    const ledger = await TaskLedger.open("t", { store: makeStore(), nowMs: () => now });
    await propose(ledger, "a");
    now = 1000;
    await ledger.expire(1000);
    expect(ledger.session(labels).pending).toEqual(["a"]);
    now = 1001;
    await ledger.expire(1000);
    expect(ledger.session(labels)).toMatchObject({ pending: [], counters: { tool_calls: 0 } });
    expect(ledger.session(labels).calls[0]?.status).toBe("unreported");
  });

  test("a restart knows the same, tasks know nothing of each other", async () => {
    const store = makeStore();
    const ledger = await TaskLedger.open("t", { store, nowMs: () => 5 });
    await ledger.append({ type: "user_turn", text: "hello" });
    await propose(ledger, "__proto__");
    await ledger.append({ type: "approval", digest: "d", id: "p", approver: "ann" });
    const again = await TaskLedger.open("t", { store, nowMs: () => 9 });
    expect(again.session(labels)).toEqual(ledger.session(labels));
    expect(again.approvalOf("d")).toEqual({ digest: "d", id: "p", approver: "ann" });
    const other = await TaskLedger.open("u", { store, nowMs: () => 9 });
    expect(other.session(labels).calls).toEqual([]);
  });

  test("an approval is good for one call", async () => {
    const ledger = await TaskLedger.open("t", { store: makeStore(), nowMs: () => 0 });
    await ledger.append({ type: "approval", digest: "d-a", id: "p", approver: "ann" });
    await propose(ledger, "a");
    expect(ledger.approvalOf("d-a")).toBeUndefined();
  });
});

test("a store that fails counts nothing", async () => {
  const store: LedgerStore = {
    append: () => Promise.reject(new Error("disk full")),
    read: () => [],
  };
  const ledger = await TaskLedger.open("t", { store, nowMs: () => 0 });
  await expect(ledger.append({ type: "user_turn", text: "x" })).rejects.toThrow("disk full");
  expect(ledger.session(labels).turn).toBe(0);
});

test.each([
  ["0.1", "0.2", "0.3"],
  ["99999999999999999999", "0.01", "99999999999999999999.01"],
  ["1", "-1", "0"],
  ["-0.5", "0.25", "-0.25"],
])("%s + %s", (a, b, total) => {
  expect(addDecimals(a, b)).toBe(total);
  expect(addDecimals(total, b, -1n)).toBe(a);
});

describe("two processes on one file", () => {
  const both = async () => {
    const path = join(folder, `${Math.random()}.db`);
    const open = () => TaskLedger.open("t", { store: openSqliteLedger(path), nowMs: () => 0 });
    return [await open(), await open()] as const;
  };

  test("each sees what the other wrote, and neither decides on half of it", async () => {
    const [one, two] = await both();
    const spend = (ledger: TaskLedger, call: string) =>
      ledger.exclusive(async () => {
        const spent = ledger.session(labels).counters.tool_calls;
        await ledger.append({ type: "proposed", call, tool: "pay", digest: call });
        await new Promise((resolve) => setTimeout(resolve, 2));
        await ledger.append({ type: "decided", call, effect: "x", reserve: spent < 3 });
      });
    await Promise.all(
      ["a", "b", "c", "d", "e"].flatMap((id) => [spend(one, `1${id}`), spend(two, `2${id}`)]),
    );
    await one.exclusive(async () => {});
    await two.exclusive(async () => {});
    expect(one.session(labels).counters.tool_calls).toBe(3);
    expect(two.session(labels)).toEqual(one.session(labels));
  });

  test("what was undone in the store is not remembered", async () => {
    const [one] = await both();
    const failing = one.exclusive(async () => {
      await one.append({ type: "user_turn", text: "x", id: "u" });
      throw new Error("on the way");
    });
    await expect(failing).rejects.toThrow("on the way");
    expect(await one.exclusive(async () => one.session(labels).turn)).toBe(0);
    await one.exclusive(() => one.append({ type: "user_turn", text: "x", id: "u" }));
    await one.exclusive(() => one.append({ type: "user_turn", text: "x", id: "u" }));
    expect(one.session(labels).turn).toBe(1);
  });
});

test.each([
  ["0", "0"],
  ["-0", "0"],
  ["1e3", "1000"],
  ["1.50e1", "15"],
  ["-12.5E-2", "-0.125"],
  ["0.1e-3", "0.0001"],
  ["12345678901234567890.10", "12345678901234567890.1"],
])("%s is %s", (text, plain) => {
  expect(plainDecimal(text)).toBe(plain);
});

test.each(["1e400", "1e-400", "1e999999999999", "9".repeat(401)])("%s is too long to be counted", (text) => {
  expect(() => plainDecimal(text)).toThrow("too many digits");
});

test("a negative amount gives nothing back", async () => {
  const ledger = await TaskLedger.open("t", { store: new MemoryLedgerStore(), nowMs: () => 0 });
  for (const [call, money] of [
    ["a", "5"],
    ["b", "-3"],
  ] as const) {
    await ledger.append({ type: "proposed", call, tool: "pay", digest: call, amounts: { money } });
    await ledger.append({ type: "decided", call, effect: "allow", reserve: true });
  }
  expect(ledger.session(labels).counters.amounts).toEqual({ money: "5" });
});
