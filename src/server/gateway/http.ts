// Streamable HTTP: a Fetch handler that stands before another one, the real MCP server's. In: requests. Out: responses, every message in them
// seen by a connection first. Whoever is not proven gets 401, a request whose headers say something else than its body is refused, and the
// client's token never goes on to the server.

import { encode } from "../../value/json.ts";
import { emptyObject } from "../../value/object.ts";
import type { RegoObject, Value } from "../../value/value.ts";
import type { Connection, Sender } from "./connection.ts";
import type { AskServer } from "./definitions.ts";
import type { Gateway } from "./gateway.ts";
import { headerMismatch, nameHeader, paramHeaders, paramMismatch } from "./headers.ts";
import { METADATA_PATH, refuseOrigin, resourceMetadata, unauthorized } from "./resource.ts";
import {
  errorReply,
  HEADER_MISMATCH,
  INVALID_REQUEST,
  isRpcError,
  objectAt,
  readMessage,
  request as rpcRequest,
  requestId,
  writeMessage,
} from "./rpc.ts";
import { eventText, sseEvents } from "./sse.ts";

export type Forward = (request: Request) => Promise<Response>;

export interface HttpOptions {
  readonly gateway: Gateway;
  /** What the server is called in requests and in the catalogue. */
  readonly serverId: string;
  /** The real server. */
  readonly forward: Forward;
  /** How to ask the server itself, where `forward` cannot. */
  readonly ask?: AskServer;
  /** Other web origins than its own that may call it from a browser. */
  readonly origins?: ReadonlySet<string>;
}

export interface Caller {
  /** The real server for this request alone. */
  readonly forward?: Forward;
  /** Where the request came from, as the socket says. */
  readonly ip?: string;
}

export type McpHandler = (request: Request, caller?: Caller) => Promise<Response>;

interface Session {
  readonly connection: Connection;
  readonly owner: string;
  readonly ask: AskServer;
  /** Where and with which headers the gateway asks questions of its own. */
  url: string;
  headers: Headers;
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_SESSIONS = 10_000;
const SESSION_HEADER = "mcp-session-id";
/** In which task: the AI agent's host says so; it only ever names a task of the caller's own. */
export const TASK_HEADER = "reeve-task";
const DEFAULT_TASK = "default";

/** The handler to put before an MCP server's own. */
export function guardMcp(options: HttpOptions): McpHandler {
  const door = new HttpDoor(options);
  return (request, caller = {}) => door.handle(request, caller);
}

class HttpDoor {
  readonly #options: HttpOptions;
  readonly #sessions = new Map<string, Session>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  async handle(request: Request, caller: Caller): Promise<Response> {
    const { gateway, origins } = this.#options;
    const url = new URL(request.url);
    if (request.method === "GET" && url.pathname.startsWith(METADATA_PATH))
      return resourceMetadata(url, gateway.options.identity);
    const refused = refuseOrigin(request, origins);
    if (refused !== undefined) return refused;
    const token = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    const principal = await gateway.identify(token);
    const { verified, reason } = principal.agent.identity;
    if (gateway.options.identity !== undefined && !verified)
      return unauthorized(url, token === undefined ? undefined : (reason ?? "the token does not verify"));
    const handle = request.headers.get(TASK_HEADER) ?? DEFAULT_TASK;
    if (handle.length > 256) return plain(400, "the task's name is too long");
    const { ip } = caller;
    const sender = { ...(await gateway.senderOf(principal, handle)), ...(ip !== undefined && { ip }) };
    // A session is one person's with one AI agent, for one task: what its server says unasked is seen by that task.
    const owner = JSON.stringify([principal.subject, principal.agent.id, handle]);
    const named = request.headers.get(SESSION_HEADER);
    const session = named === null ? undefined : this.#sessions.get(named);
    // Somebody else's session is as good as none.
    if (named !== null && session?.owner !== owner) return plain(404, "there is no such session");
    if (request.method === "POST") return this.#post(request, sender, session, owner, caller);
    if (session === undefined) return plain(405, "a session is needed for this method");
    if (request.method === "DELETE") this.#sessions.delete(named as string);
    else if (request.method !== "GET") return plain(405, "only POST, GET and DELETE are MCP's");
    const answer = await (caller.forward ?? this.#options.forward)(upstream(request, null, []));
    return this.#pass(answer, session.connection);
  }

  async #post(
    request: Request,
    sender: Sender,
    known: Session | undefined,
    owner: string,
    caller: Caller,
  ): Promise<Response> {
    if (!/^application\/json\s*(;|$)/i.test(request.headers.get("content-type") ?? ""))
      return plain(415, "the body must be `application/json`");
    const text = await readText(request);
    if (text === undefined)
      return rpcError(413, null, INVALID_REQUEST, `message is longer than ${MAX_BODY_BYTES} bytes`);
    const message = readMessage(text);
    if (isRpcError(message)) return rpcError(400, null, message.code, message.message);
    const id = requestId(message) ?? null;
    const mismatch = headerMismatch(request.headers, message);
    if (mismatch !== undefined)
      return rpcError(400, id, HEADER_MISMATCH, `headers and body disagree: ${mismatch}`);
    const session = known ?? this.#open(request, owner);
    session.headers = request.headers;
    const params = objectAt(message, "params") ?? emptyObject;
    const declared = await this.#declared(message, params, session);
    const wrong = paramMismatch(request.headers, params.get("arguments") ?? null, declared);
    if (wrong !== undefined) return rpcError(400, id, HEADER_MISMATCH, `headers and body disagree: ${wrong}`);
    const ruling = await session.connection.fromClient(message, sender);
    if (ruling === "dropped") return new Response(null, { status: 202 });
    if ("toClient" in ruling) return json(200, ruling.toClient);
    const args = objectAt(ruling.toServer, "params")?.get("arguments") ?? null;
    const named = request.headers.has("mcp-name") ? nameHeader(ruling.toServer) : [];
    const own = [...named, ...paramHeaders(args, declared)];
    const answer = await (caller.forward ?? this.#options.forward)(
      upstream(request, writeMessage(ruling.toServer), own),
    );
    const opened = answer.headers.get(SESSION_HEADER);
    if (opened !== null && known === undefined) this.#remember(opened, session);
    return this.#pass(answer, session.connection);
  }

  #open(request: Request, owner: string): Session {
    const { gateway, serverId } = this.#options;
    const place = { url: request.url, headers: request.headers };
    const ask: AskServer = (method, params) => this.#ask(place, method, params);
    return Object.assign(place, { owner, ask, connection: gateway.connect(serverId, ask) });
  }

  #remember(id: string, session: Session): void {
    if (this.#sessions.size >= MAX_SESSIONS) {
      const oldest = this.#sessions.keys().next();
      if (oldest.done !== true) this.#sessions.delete(oldest.value);
    }
    this.#sessions.set(id, session);
  }

  async #declared(
    message: RegoObject,
    params: RegoObject,
    session: Session,
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const { gateway, serverId } = this.#options;
    const name = params.get("name");
    if (message.get("method") !== "tools/call" || typeof name !== "string") return new Map();
    await gateway.definitions.load(serverId, session.ask, params.get("_meta"));
    return gateway.definitions.headersOf(serverId, name);
  }

  /** A question of the gateway's own, in the client's session. */
  async #ask(
    place: { readonly url: string; readonly headers: Headers },
    method: string,
    params: RegoObject,
  ): Promise<RegoObject | undefined> {
    if (this.#options.ask !== undefined) return this.#options.ask(method, params);
    const id = `reeve:${crypto.randomUUID()}`;
    const body = writeMessage(rpcRequest(id, method, params));
    const own = carried(place.headers, [["mcp-method", method]]);
    own.delete("mcp-name");
    own.set("accept", "application/json, text/event-stream");
    const asked = new Request(place.url, { method: "POST", headers: own, body });
    try {
      const response = await this.#options.forward(asked);
      for await (const message of messagesOf(response))
        if (message.get("id") === id) return objectAt(message, "result");
    } catch {
      // No answer is no definition: whatever is pinned is then denied.
    }
    return undefined;
  }

  async #pass(answer: Response, connection: Connection): Promise<Response> {
    const headers = new Headers();
    for (const name of ["content-type", SESSION_HEADER, "mcp-protocol-version", "retry-after", "allow"]) {
      const value = answer.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    const type = answer.headers.get("content-type") ?? "";
    if (/^text\/event-stream/i.test(type) && answer.body !== null) {
      headers.set("cache-control", "no-cache");
      return new Response(guardedEvents(answer.body, connection), { status: answer.status, headers });
    }
    if (!/^application\/json/i.test(type)) {
      // A body of another kind is no MCP: it does not pass.
      await answer.body?.cancel();
      headers.delete("content-type");
      return new Response(null, { status: answer.status, headers });
    }
    const message = readMessage(await answer.text());
    if (isRpcError(message)) return plain(502, "the MCP server's answer is no JSON-RPC message");
    const seen = answer.ok || message.has("id") ? await connection.fromServer(message) : undefined;
    if (seen === undefined)
      return plain(answer.ok ? 502 : answer.status, "the MCP server gave no answer to this request");
    return new Response(writeMessage(seen), { status: answer.status, headers });
  }
}

/** Events of the server, each message seen by the connection; what is no message is left out. */
function guardedEvents(body: ReadableStream<Uint8Array>, connection: Connection): ReadableStream<Uint8Array> {
  const events = sseEvents(body);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value: event, done } = await events.next();
      if (done === true || event === undefined) return controller.close();
      if (event.data === "") return controller.enqueue(encoder.encode(eventText(event)));
      const message = readMessage(event.data);
      const seen = isRpcError(message) ? undefined : await connection.fromServer(message);
      const text = seen === undefined ? ": dropped\n\n" : eventText({ ...event, data: writeMessage(seen) });
      controller.enqueue(encoder.encode(text));
    },
    async cancel() {
      await events.return(undefined);
    },
  });
}

/** Every message in a response, whichever way it is carried. */
export async function* messagesOf(response: Response): AsyncGenerator<RegoObject> {
  if (/^text\/event-stream/i.test(response.headers.get("content-type") ?? "") && response.body !== null) {
    for await (const event of sseEvents(response.body)) {
      const message = readMessage(event.data);
      if (!isRpcError(message)) yield message;
    }
    return;
  }
  const message = readMessage(await response.text());
  if (!isRpcError(message)) yield message;
}

const CARRIED = [
  "accept",
  "content-type",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  SESSION_HEADER,
  "last-event-id",
];

/** Headers that go on: MCP's own, never the client's credentials. */
function carried(headers: Headers, more: readonly (readonly [string, string])[]): Headers {
  const kept = new Headers();
  for (const name of CARRIED) {
    const value = headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  for (const [name, value] of more) kept.set(name, value);
  return kept;
}

function upstream(
  request: Request,
  body: string | null,
  more: readonly (readonly [string, string])[],
): Request {
  const headers = carried(request.headers, more);
  return new Request(request.url, { method: request.method, headers, body, signal: request.signal });
}

async function readText(request: Request): Promise<string | undefined> {
  if (request.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function json(status: number, message: Value): Response {
  return new Response(encode(message), { status, headers: { "content-type": "application/json" } });
}

function rpcError(status: number, id: Value, code: number, message: string): Response {
  return json(status, errorReply(id, code, message));
}

function plain(status: number, message: string): Response {
  return json(status, errorReply(null, INVALID_REQUEST, message));
}
