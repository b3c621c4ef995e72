// What may pass the gateway's line protocol: malformed messages, calls nobody waits for, prototype names, digits.

import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { runProxy, type ToolCall } from "../../../../src/server/gateway/proxy.ts";

interface Run {
  readonly toClient: string[];
  readonly toServer: string[];
  readonly calls: ToolCall[];
}

/** Feeds lines of a client (and answers of a server) through a proxy that allows the tools named `ok…`. */
async function run(
  clientLines: readonly (string | Buffer)[],
  serverLines: readonly string[] = [],
): Promise<Run> {
  const [clientInput, clientOutput, serverInput, serverOutput] = [
    new PassThrough(),
    new PassThrough(),
    new PassThrough(),
    new PassThrough(),
  ];
  const calls: ToolCall[] = [];
  const running = runProxy({
    clientInput,
    clientOutput,
    serverInput,
    serverOutput,
    log: () => {},
    decide: async (call) => {
      calls.push(call);
      if (call.tool === "boom") throw new Error("secret detail");
      return {
        forward: call.tool.startsWith("ok"),
        message: "Denied: no.",
        arguments: call.arguments,
        decision: { effect: "x" },
      };
    },
  });
  for (const line of clientLines) clientInput.write(typeof line === "string" ? `${line}\n` : line);
  clientInput.end();
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const line of serverLines) serverOutput.write(`${line}\n`);
  serverOutput.end();
  await running;
  const lines = (stream: PassThrough): string[] =>
    ((stream.read() as Buffer | null)?.toString() ?? "").split("\n").filter(Boolean);
  return { toClient: lines(clientOutput), toServer: lines(serverInput), calls };
}

const call = (id: unknown, name: unknown, args: string = "{}"): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":{"name":${JSON.stringify(name)},"arguments":${args}}}`;

describe("bad messages get one error each and the gateway goes on", () => {
  test.each([
    ["not json at all", -32700],
    ['{"jsonrpc":"2.0"', -32700],
    ["[]", -32600],
    [`[${call(1, "ok")}]`, -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"tools/call"}', -32600],
    ['"tools/call"', -32600],
    ['{"jsonrpc":"2.0","method":"tools/call","params":{"name":"ok"}}', -32600],
    ['{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"ok"}}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call"}', -32602],
    [call(1, 7), -32602],
    [call(1, "ok", '"x"'), -32602],
    [call(1, "boom"), -32603],
  ])("%s", async (line, code) => {
    const { toClient, toServer } = await run([line, '{"jsonrpc":"2.0","id":2,"method":"ping"}']);
    expect(JSON.parse(toClient[0] ?? "").error.code).toBe(code);
    expect(toClient.join()).not.toContain("secret detail");
    expect(toServer.map((text) => JSON.parse(text).method)).toEqual(["ping"]);
  });
});

test("a denied call never reaches the server; tools may be called anything", async () => {
  const { toClient, toServer, calls } = await run([
    call("a", "__proto__"),
    call(2, "constructor"),
    call(3, "toString"),
  ]);
  expect(toServer).toEqual([]);
  expect(calls.map(({ tool }) => tool)).toEqual(["__proto__", "constructor", "toString"]);
  expect(toClient.map((line) => JSON.parse(line).result.isError)).toEqual([true, true, true]);
});

test("what is forwarded is what was decided on: the last of duplicate keys, digits kept", async () => {
  const line =
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"evil","name":"ok","arguments":{"n":12345678901234567890.10,"n2":1e400}}}';
  const { toServer, calls } = await run([line]);
  expect(calls[0]?.tool).toBe("ok");
  expect(toServer[0]).toContain('"n":12345678901234567890.10');
  expect(toServer[0]).toContain('"n2":1e400');
  expect(toServer[0]).not.toContain("evil");
});

test("the answer to a call carries its decision; other answers pass as they are", async () => {
  const { toClient } = await run(
    [call(1, "ok")],
    ['{"jsonrpc":"2.0","id":1,"result":{"content":[]}}', "garbage", '{"jsonrpc":"2.0","id":9,"result":{}}'],
  );
  expect(toClient.map((line) => JSON.parse(line))).toEqual([
    { jsonrpc: "2.0", id: 1, result: { content: [], _meta: { "reeve/decision": { effect: "x" } } } },
    { jsonrpc: "2.0", id: 9, result: {} },
  ]);
});

test("a line longer than the limit is refused without being read into memory", async () => {
  const huge = Buffer.alloc(17 * 1024 * 1024, "x");
  const { toClient, toServer } = await run([huge, "", '{"jsonrpc":"2.0","id":2,"method":"ping"}']);
  expect(JSON.parse(toClient[0] ?? "").error.message).toContain("longer than");
  expect(toServer).toHaveLength(1);
});
