// Server-sent events as MCP uses them (WHATWG HTML, 9.2). In: bytes. Out: events with their ids, so that a stream can be resumed; and back to text.

export interface SseEvent {
  readonly data: string;
  readonly event?: string;
  readonly id?: string;
  readonly retry?: string;
}

/** One event longer than this ends the stream: nobody reads it whole into memory. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;

export async function* sseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SseEvent, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let held = "";
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      // CRLF, LF and CR end lines; a CR at the end may be half of CRLF and waits for what follows.
      const read = held + decoder.decode(value, { stream: true });
      held = read.endsWith("\r") ? "\r" : "";
      text += read.slice(0, read.length - held.length).replace(/\r\n?/g, "\n");
      if (text.length > MAX_EVENT_CHARS) return undefined;
      let end = text.indexOf("\n\n");
      while (end !== -1) {
        const event = parseEvent(text.slice(0, end));
        if (event !== undefined) yield event;
        text = text.slice(end + 2);
        end = text.indexOf("\n\n");
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function parseEvent(block: string): SseEvent | undefined {
  const fields = new Map<string, string>();
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === "data") data.push(value);
    else if (name === "event" || name === "id" || name === "retry") fields.set(name, value);
  }
  if (data.length === 0 && fields.size === 0) return undefined;
  return { data: data.join("\n"), ...Object.fromEntries(fields) };
}

export function eventText({ data, event, id, retry }: SseEvent): string {
  const field = (name: string, value: string | undefined): string =>
    value === undefined ? "" : `${name}: ${value}\n`;
  const lines = data
    .split("\n")
    .map((line) => `data: ${line}\n`)
    .join("");
  return `${field("id", id)}${field("event", event)}${field("retry", retry)}${lines}\n`;
}
