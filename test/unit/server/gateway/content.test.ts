// What counts as seen of a server's answers, and what of its event streams goes on: nothing that a client could read is left out.

import { expect, test } from "vitest";
import { resultContent, texts } from "../../../../src/server/gateway/content.ts";
import { eventText, type SseEvent, sseEvents } from "../../../../src/server/gateway/sse.ts";
import { fromPlain } from "../../../../src/value/json.ts";
import type { RegoObject } from "../../../../src/value/value.ts";

const content = (result: object) => resultContent(fromPlain(result) as RegoObject);
const block = (text: string) => ({ type: "text", text });

test.each([
  ["beside a text", { content: [block("a")], note: "b" }, ["b"]],
  ["without any content", { toolResult: { to: "eve@evil.org" } }, ["eve@evil.org"]],
  ["beside structure", { content: [block('{"n":1}')], structuredContent: { n: 1 }, more: ["b"] }, ["b"]],
  ["in place of structure", { content: [block("a")], structuredContent: "b" }, ["b"]],
  [
    "of the protocol's own",
    { content: [block("a")], _meta: { x: "y" }, resultType: "complete", isError: false },
    [],
  ],
])("content %s", (_, result, beside) => {
  expect(content(result).beside).toEqual(beside);
});

test("a short word under `data` is a word", () => {
  expect(texts(fromPlain({ type: "image", data: "GB29NWBK60161331926819" }))).toEqual([
    "GB29NWBK60161331926819",
  ]);
  expect(texts(fromPlain({ type: "image", data: "iVBORw0KGgo".repeat(20) }))).toEqual([]);
});

async function events(...parts: string[]): Promise<SseEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });
  const found: SseEvent[] = [];
  for await (const event of sseEvents(body)) found.push(event);
  return found;
}

test("lines of a stream end with CR, LF or both, wherever the bytes are cut", async () => {
  const wanted = [{ data: "a", id: "1" }, { data: "b\nc" }];
  for (const end of ["\n", "\r", "\r\n"]) {
    const text = `id: 1\ndata: a\n\ndata: b\ndata: c\n\n`.replaceAll("\n", end);
    // A CR that is the last byte may be half of CRLF: one more byte has to come.
    expect(await events(text, ":\n")).toEqual(wanted);
    expect(await events(...text, ":\n")).toEqual(wanted);
  }
});

test("no field smuggles a message past the gateway", async () => {
  const hidden = 'data: {"jsonrpc":"2.0","method":"notifications/message"}';
  for (const field of ["id: 7", "event: message", "retry: 1"]) {
    const [event] = await events(`${field}\r${hidden}\ndata: {}\n\n`);
    expect(event?.data).toBe(`${hidden.slice(6)}\n{}`);
    const written = eventText(event as SseEvent);
    expect(written).not.toContain("\r");
    expect(await events(written)).toEqual([event]);
  }
});
