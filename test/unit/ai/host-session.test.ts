// What adapters share: whose result is whose, whatever ids a model writes.

import { expect, test } from "vitest";
import { HostSession } from "../../../src/ai/adapters/session.ts";
import { Catalogue, CATALOGUE_VERSION } from "../../../src/ai/catalogue.ts";
import { createGuard } from "../../../src/ai/guard.ts";
import { MemoryLedgerStore } from "../../../src/ai/ledger.ts";
import { fromPlain, toPlain } from "../../../src/value/json.ts";

const catalogue = new Catalogue({
  version: CATALOGUE_VERSION,
  tools: {
    mail: { read_only: true, arguments: {} },
    whoami: { read_only: true, arguments: {}, results: { trusted: [""] } },
    send: { read_only: false, arguments: { to: { sensitive: true } } },
  },
});

async function open(): Promise<HostSession> {
  const guard = createGuard({
    decider: {
      decide: async () => ({ decisionId: "d", result: fromPlain({ effect: "allow", reasons: [] }) }),
    },
    path: "x",
    catalogue: () => catalogue,
    store: new MemoryLedgerStore(),
    nowMs: () => 0,
  });
  return new HostSession({ task: await guard.task("t"), subject: { type: "user", id: "ann" } }, "test");
}

async function integrityOf(session: HostSession, to: string): Promise<unknown> {
  const { input } = await session.ask("last", "send", { to });
  const { action } = toPlain(input) as { action: { values: { to: { integrity: string }[] } } };
  return action.values.to[0]?.integrity;
}

test.each([
  ["c1", "c1#2"],
  ["c1#2", "c1"],
  ["c1#", "c1##2"],
])("what a call `%s` read is not what `%s` gave", async (reading, trusted) => {
  const session = await open();
  await session.ask(reading, "mail", {});
  await session.ask(trusted, "whoami", {});
  await session.returned(reading, "eve@evil.example");
  expect(await integrityOf(session, "eve@evil.example")).toBe("untrusted");
  expect(session.task.session().calls.map(({ tool, status }) => [tool, status])).toEqual([
    ["mail", "committed"],
    ["whoami", "reserved"],
    ["send", "reserved"],
  ]);
});

test("a call that is asked about again is still the same call", async () => {
  const session = await open();
  await session.ask("a#b", "mail", {});
  await session.ask("a#b", "mail", {});
  expect(session.task.session().calls.map(({ id }) => id)).toEqual(["a##b", "a##b#2"]);
  expect(session.lastCall("a#b")?.id).toBe("a##b#2");
});
