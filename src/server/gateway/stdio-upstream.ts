// An MCP server on stdio as one that can be asked over HTTP. In: a command line. Out: what sends a request to it. Each session (revisions before
// 2026-07-28) has a process of its own; requests without a session share one, with ids of their own so that no two callers get each other's
// answers. What a server says unasked goes to the stream that its session has open.

import { type ChildProcess, spawn } from "node:child_process";
import type { RegoObject, Value } from "../../value/value.ts";
import type { Forward } from "./http.ts";
import { readLines } from "./lines.ts";
import { changed, isRpcError, readMessage, requestId, writeMessage } from "./rpc.ts";
import { eventText } from "./sse.ts";

export interface StdioUpstream {
  readonly forward: Forward;
  close(): void;
}

const SESSION_HEADER = "mcp-session-id";
const JSON_TYPE = { "content-type": "application/json" };
/** What is kept of what a server says while nobody listens. */
const MAX_KEPT = 256;
const MAX_SESSIONS = 256;

export function stdioUpstream(command: readonly [string, ...string[]]): StdioUpstream {
  const sessions = new Map<string, Server>();
  let shared: Server | undefined;
  const serverOf = (session: string | null): Server | undefined => {
    if (session !== null) return sessions.get(session);
    if (shared === undefined || shared.ended) shared = new Server(command);
    return shared;
  };
  const open = (): [string, Server] | undefined => {
    if (sessions.size >= MAX_SESSIONS) return undefined;
    const [id, server] = [crypto.randomUUID(), new Server(command)];
    sessions.set(id, server);
    return [id, server];
  };
  return {
    async forward(request) {
      const session = request.headers.get(SESSION_HEADER);
      if (request.method === "DELETE" && session !== null) {
        sessions.get(session)?.close();
        sessions.delete(session);
        return new Response(null, { status: 204 });
      }
      if (request.method === "GET") return sessions.get(session ?? "")?.stream() ?? gone();
      const message = readMessage(await request.text());
      if (isRpcError(message)) return new Response(null, { status: 400 });
      if (session === null && message.get("method") === "initialize") {
        const opened = open();
        if (opened === undefined) return new Response(null, { status: 503 });
        return opened[1].send(message, { [SESSION_HEADER]: opened[0] });
      }
      return serverOf(session)?.send(message) ?? gone();
    },
    close() {
      shared?.close();
      for (const server of sessions.values()) server.close();
    },
  };
}

function gone(): Response {
  return new Response(null, { status: 404 });
}

class Server {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, { readonly id: Value; readonly settle: (answer: Response) => void }>();
  readonly #kept: RegoObject[] = [];
  #listener: ((message: RegoObject) => void) | undefined;
  #count = 0;
  #ended = false;

  constructor([program, ...args]: readonly [string, ...string[]]) {
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdin?.on("error", () => {});
    this.#child.on("error", () => this.#end());
    this.#child.on("exit", () => this.#end());
    this.#read().catch(() => this.#end());
  }

  get ended(): boolean {
    return this.#ended;
  }

  close(): void {
    this.#child.kill();
  }

  send(message: RegoObject, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    if (this.#ended) return Promise.resolve(new Response(null, { status: 502 }));
    const id = message.has("method") ? requestId(message) : undefined;
    if (id === undefined) {
      this.#write(message);
      return Promise.resolve(new Response(null, { status: 202, headers }));
    }
    const own = `r${++this.#count}`;
    return new Promise((resolve) => {
      const settle = (answer: Response): void => {
        for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value);
        resolve(answer);
      };
      this.#waiting.set(own, { id, settle });
      this.#write(changed(message, { id: own }));
    });
  }

  /** What the server says unasked, from now on; the last one who asks gets it. */
  stream(): Response {
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const tell = (message: RegoObject): void =>
          controller.enqueue(encoder.encode(eventText({ data: writeMessage(message) })));
        for (const message of this.#kept.splice(0)) tell(message);
        this.#listener = tell;
      },
      cancel: () => {
        this.#listener = undefined;
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  #write(message: RegoObject): void {
    this.#child.stdin?.write(`${writeMessage(message)}\n`);
  }

  async #read(): Promise<void> {
    if (this.#child.stdout === null) return;
    for await (const line of readLines(this.#child.stdout)) {
      const message = line === undefined || line.trim() === "" ? undefined : readMessage(line);
      if (message !== undefined && !isRpcError(message)) this.#take(message);
    }
  }

  #take(message: RegoObject): void {
    const id = message.get("id");
    const asked = typeof id === "string" && !message.has("method") ? this.#waiting.get(id) : undefined;
    if (asked !== undefined) {
      this.#waiting.delete(id as string);
      asked.settle(new Response(writeMessage(changed(message, { id: asked.id })), { headers: JSON_TYPE }));
    } else if (this.#listener !== undefined) this.#listener(message);
    else if (this.#kept.length < MAX_KEPT) this.#kept.push(message);
  }

  #end(): void {
    this.#ended = true;
    for (const { settle } of this.#waiting.values()) settle(new Response(null, { status: 502 }));
    this.#waiting.clear();
  }
}
