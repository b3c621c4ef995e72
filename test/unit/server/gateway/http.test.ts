// Sessions on HTTP: what is known of each message is this message's, and a session is one principal's for one task.

import { expect, test } from "vitest";
import { MemoryLedgerStore } from "../../../../src/ai/ledger.ts";
import { createGateway } from "../../../../src/server/gateway/gateway.ts";
import { guardMcp } from "../../../../src/server/gateway/http.ts";
import { fromPlain, toPlain } from "../../../../src/value/json.ts";

const seen: unknown[] = [];
const handler = guardMcp({
  serverId: "s",
  gateway: createGateway({
    decider: {
      decide: async ({ input }) => {
        seen.push((toPlain(input) as { context: { network: unknown } }).context.network);
        return { decisionId: "d", result: fromPlain({ effect: "deny", reasons: [] }) };
      },
    },
    decision: "x",
    store: new MemoryLedgerStore(),
    task: { id: "t" },
    pathArguments: new Set(),
    nowMs: () => 0,
    log: () => {},
  }),
  forward: async () =>
    new Response('{"jsonrpc":"2.0","id":1,"result":{}}', {
      headers: { "content-type": "application/json", "mcp-session-id": "S" },
    }),
});

const post = (message: object, ip: string, headers: Record<string, string> = {}): Promise<Response> =>
  handler(
    new Request("http://127.0.0.1/mcp", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    }),
    { ip },
  );
const call = { id: 2, method: "tools/call", params: { name: "pay", arguments: {} } };

test("the address is that of the message, not of the session's first one", async () => {
  await post({ id: 1, method: "initialize", params: {} }, "10.0.0.1");
  for (const ip of ["10.0.0.1", "203.0.113.9"]) await post(call, ip, { "mcp-session-id": "S" });
  expect(seen).toEqual([{ ip: "10.0.0.1" }, { ip: "203.0.113.9" }]);
});

test("a session in another task is none", async () => {
  await post({ id: 1, method: "initialize", params: {} }, "10.0.0.1", { "reeve-task": "a" });
  const status = async (task: string): Promise<number> =>
    (await post(call, "10.0.0.1", { "mcp-session-id": "S", "reeve-task": task })).status;
  expect([await status("a"), await status("b")]).toEqual([200, 404]);
});
