// The guarded MCP handler in Node: as a server of its own before another, and as Express middleware inside one. In: Node's requests. Out: Node's
// responses, streamed. Only conversion happens here; what may pass is the handler's.

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { AskServer } from "./definitions.ts";
import type { Gateway } from "./gateway.ts";
import { guardMcp, type McpHandler } from "./http.ts";

/** A listener for `node:http`. `hosts`: what `Host` may be; a name that a stranger made point here is refused (DNS rebinding). */
export function nodeListener(handler: McpHandler, hosts: (host: string) => boolean): RequestListener {
  return (incoming, outgoing) => {
    if (!hosts(incoming.headers.host ?? "")) {
      outgoing.writeHead(421).end();
      return;
    }
    answer(incoming, outgoing, handler).catch(() => outgoing.destroy());
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handler: McpHandler,
): Promise<void> {
  const leave = new AbortController();
  outgoing.on("close", () => leave.abort());
  const response = await handler(toRequest(incoming, undefined, leave.signal), callerOf(incoming));
  await write(response, outgoing);
}

function callerOf(incoming: IncomingMessage): { ip?: string } {
  const ip = incoming.socket.remoteAddress;
  return ip === undefined ? {} : { ip: ip.replace(/^::ffff:/, "") };
}

function toRequest(incoming: IncomingMessage, parsed: unknown, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) headers.append(name, one);
  const method = incoming.method ?? "GET";
  const url = `http://${incoming.headers.host ?? "localhost"}${incoming.url ?? "/"}`;
  if (method === "GET" || method === "HEAD" || method === "DELETE")
    return new Request(url, { method, headers, signal });
  const body =
    parsed === undefined ? (Readable.toWeb(incoming) as unknown as ReadableStream) : JSON.stringify(parsed);
  return new Request(url, { method, headers, body, signal, duplex: "half" } as RequestInit);
}

async function write(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  if (response.body === null) {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    if (!outgoing.write(chunk)) await new Promise((resolve) => outgoing.once("drain", resolve));
  }
  outgoing.end();
}

export interface MiddlewareOptions {
  readonly gateway: Gateway;
  /** What the server is called in requests and in the catalogue. */
  readonly serverId: string;
  /** The result of the server's own `tools/list`, where the catalogue pins definitions. */
  readonly ask?: AskServer;
  readonly origins?: ReadonlySet<string>;
}

type Next = (error?: unknown) => void;
export type Middleware = (
  request: IncomingMessage & { body?: unknown; originalUrl?: string },
  response: ServerResponse,
  next: Next,
) => void;

/**
 * Express middleware for the route of an MCP server, before the server's own handler, which finds the message in `request.body`. Put it
 * in place of a JSON parser: it reads bodies without losing a digit (a body that was parsed before is taken as it is).
 */
export function mcpMiddleware(options: MiddlewareOptions): Middleware {
  const handler = guardMcp({
    ...options,
    ask: options.ask ?? (async () => undefined),
    forward: async () => new Response(null, { status: 503 }),
  });
  return (incoming, outgoing, next) => {
    const leave = new AbortController();
    outgoing.on("close", () => leave.abort());
    const captured = capture(outgoing);
    const forward = async (request: Request): Promise<Response> => {
      if (request.method === "POST") {
        incoming.body = JSON.parse(await request.text());
        // Express's parsers take a body that is marked as read for what it is.
        Object.assign(incoming, { _body: true });
      }
      next();
      return captured.response;
    };
    const request = toRequest(incoming, incoming.body, leave.signal);
    handler(request, { ...callerOf(incoming), forward })
      .then((response) => captured.write(response))
      .catch(next);
  };
}

/** Statuses whose responses have no body (Fetch, 2.2.3). */
const NULL_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** What a handler writes becomes a Response; `write` then writes another one for real. */
function capture(outgoing: ServerResponse): {
  readonly response: Promise<Response>;
  readonly write: (response: Response) => Promise<void>;
} {
  const real = {
    writeHead: outgoing.writeHead.bind(outgoing),
    write: outgoing.write.bind(outgoing),
    end: outgoing.end.bind(outgoing),
  };
  let push: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      push = controller;
    },
  });
  const response = new Promise<Response>((resolve) => {
    let begun = false;
    const begin = (): void => {
      if (begun) return;
      begun = true;
      const headers = new Headers();
      for (const [name, value] of Object.entries(outgoing.getHeaders())) headers.set(name, String(value));
      const status = outgoing.statusCode;
      resolve(new Response(NULL_BODY.has(status) ? null : body, { status, headers }));
    };
    const add = (chunk: unknown): void => {
      if (typeof chunk === "string") push?.enqueue(Buffer.from(chunk));
      else if (chunk instanceof Uint8Array) push?.enqueue(chunk);
    };
    const written = (rest: readonly unknown[]): void => {
      const callback = rest.at(-1);
      if (typeof callback === "function") queueMicrotask(() => callback());
    };
    Object.assign(outgoing, {
      writeHead(status: number, ...rest: unknown[]) {
        outgoing.statusCode = status;
        const given = rest.at(-1);
        if (typeof given === "object" && given !== null)
          for (const [name, value] of Object.entries(given)) outgoing.setHeader(name, value as string);
        begin();
        return outgoing;
      },
      flushHeaders: begin,
      write(chunk: unknown, ...rest: unknown[]) {
        begin();
        add(chunk);
        written(rest);
        return true;
      },
      end(chunk: unknown, ...rest: unknown[]) {
        begin();
        add(chunk);
        push?.close();
        written(rest);
        return outgoing;
      },
    });
  });
  return { response, write: (guarded) => writeGuarded(guarded, outgoing, real) };
}

async function writeGuarded(
  response: Response,
  outgoing: ServerResponse,
  real: Pick<ServerResponse, "writeHead" | "write" | "end">,
): Promise<void> {
  for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name);
  real.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body !== null)
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) real.write(chunk);
  real.end();
}
