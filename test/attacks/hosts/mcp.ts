// The attack suite through the MCP gateway: streamable HTTP on loopback, revision 2026-07-28, real servers behind it, one for each server that
// the attack names. Messages are written by hand, since no client library would send what an attacker sends. Approvals are the protocol's own:
// the ticket of an approved call is presented with every later call.

import { createMcpHandler, Server } from "@modelcontextprotocol/server";
import { MemoryLedgerStore } from "../../../src/ai/ledger.ts";
import { createGateway } from "../../../src/server/gateway/gateway.ts";
import { encodeHeader } from "../../../src/server/gateway/headers.ts";
import { guardMcp, type McpHandler } from "../../../src/server/gateway/http.ts";
import { nodeListener } from "../../../src/server/gateway/node.ts";
import { listen } from "../../../src/server/http.ts";
import { encode, fromPlain } from "../../../src/value/json.ts";
import type { AttackHost, AttackTask, Call, Outcome } from "../play.ts";
import {
  argumentsOf,
  catalogue,
  definitionOf,
  makeIssuer,
  namesOf,
  openAgent,
  PATH_ARGUMENTS,
  PATHS,
  scratch,
  serverOf,
} from "./common.ts";

const META = "io.modelcontextprotocol";
const ATTACK_ID = "attack/id";
const REVISION = "2026-07-28";

type Meta = Record<string, { effect: string; reasons: { code: string }[] }>;

interface Answer {
  readonly error?: { readonly code: number; readonly data?: Meta };
  readonly result?: {
    readonly requestState?: string;
    readonly _meta?: Meta;
  };
}

export const mcp: AttackHost = {
  name: "mcp",
  async open(attack): Promise<AttackTask> {
    const { folder, remove } = scratch(attack);
    const agent = await openAgent(attack);
    const issuer = await makeIssuer();
    const gateway = createGateway({
      decider: agent,
      decision: attack.decision ?? (PATHS[0] as string),
      catalogue: () => catalogue,
      store: new MemoryLedgerStore(),
      task: {
        id: "t",
        ...(folder !== undefined && { folder }),
        ...(attack.tools !== undefined && { tools: attack.tools }),
      },
      pathArguments: PATH_ARGUMENTS,
      identity: issuer.identity,
      verifyWords: issuer.verify,
      nowMs: () => Date.now(),
      log: () => {},
    });
    const servers = new Servers();
    const doors = new Map<string, McpHandler>();
    const listening = await listen(
      nodeListener(
        async (request, caller) => {
          const serverId = new URL(request.url).pathname.slice(1);
          const door =
            doors.get(serverId) ??
            guardMcp({ gateway, serverId, forward: (asked) => servers.answer(serverId, asked) });
          doors.set(serverId, door);
          return door(request, caller);
        },
        () => true,
      ),
    );
    const words: string[] = [];
    const tickets: string[] = [];
    let count = 0;
    const call = async (asked: Call): Promise<Outcome> => {
      const server = serverOf(asked);
      const id = ++count;
      servers.results.set(id, asked.result ?? "done");
      const ticket = tickets.at(-1);
      const method = asked.method ?? "tools/call";
      const args = argumentsOf(asked, folder);
      const own =
        asked.method === undefined
          ? { name: asked.call, arguments: args }
          : Object.fromEntries(args.entries());
      const named = args.get(method === "resources/read" ? "uri" : "name");
      const name = asked.method === undefined ? asked.call : String(named);
      const params = fromPlain({
        ...own,
        _meta: {
          [`${META}/protocolVersion`]: REVISION,
          [`${META}/clientInfo`]: { name: "attack", version: "1" },
          [`${META}/clientCapabilities`]: { elicitation: {} },
          ...(words.length > 0 && { "reeve/user": words.at(-1) }),
          [ATTACK_ID]: id,
        },
        ...(ticket !== undefined && {
          requestState: ticket,
          inputResponses: { reeve_approval: { action: "accept", content: { approve: true } } },
        }),
      });
      const response = await fetch(`${listening.url}/${server}`, {
        method: "POST",
        headers: {
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          "mcp-protocol-version": REVISION,
          "mcp-method": method,
          "mcp-name": encodeHeader(name),
          authorization: `Bearer ${await issuer.token(asked.token)}`,
          ...asked.headers,
        },
        body: `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${encode(params)}}`,
      });
      const text = await response.text();
      const reached = servers.reached.has(id);
      const body = JSON.parse(
        text.startsWith("{") ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? "{}"),
      ) as Answer;
      const decision = body.error?.data?.["reeve/decision"] ?? body.result?._meta?.["reeve/decision"];
      if (asked.approve !== undefined && body.result?.requestState !== undefined)
        tickets.push(body.result.requestState);
      // Refused before anything was decided: the gateway did not even ask.
      const before = response.status === 401 ? "identity_unverified" : `rpc_${body.error?.code}`;
      return {
        // The answer to a read says nothing when it went through.
        effect: decision?.effect ?? (reached && body.error === undefined ? "allow" : "deny"),
        codes: decision?.reasons.map(({ code }) => code) ?? [before],
        reached,
      };
    };
    return {
      said: async (text) => {
        words.push(await issuer.words(text));
      },
      call,
      change: async (tool) => {
        servers.changed.add(tool);
        gateway.definitions.forget("mail");
      },
      async close() {
        await listening.close(0);
        await agent.close(0);
        remove();
      },
    };
  },
};

/** The servers behind the gateway: they do whatever they are asked, and remember it. */
export class Servers {
  readonly changed = new Set<string>();
  /** What each call gives, and which calls got through, by the number that a call carries in its `_meta`. */
  readonly results = new Map<number, unknown>();
  readonly reached = new Set<number>();
  readonly #handlers = new Map<string, (request: Request) => Promise<Response>>();

  answer(serverId: string, request: Request): Promise<Response> {
    const handler = this.#handlers.get(serverId) ?? this.#make(serverId);
    this.#handlers.set(serverId, handler);
    return handler(request);
  }

  #make(serverId: string): (request: Request) => Promise<Response> {
    const { fetch: handle } = createMcpHandler(() => {
      const server = new Server(
        { name: serverId, version: "1" },
        { capabilities: { tools: {}, resources: {}, prompts: {} } },
      );
      server.setRequestHandler("tools/list", () => ({
        tools: namesOf(serverId).map((name) => definitionOf(name, this.changed.has(name))) as never,
      }));
      server.setRequestHandler("tools/call", ({ params }) => {
        const id = params._meta?.[ATTACK_ID] as number;
        this.reached.add(id);
        const result = this.results.get(id);
        return {
          content: [{ type: "text", text: typeof result === "string" ? result : JSON.stringify(result) }],
        };
      });
      server.setRequestHandler("resources/read", ({ params }) => {
        this.reached.add(params._meta?.[ATTACK_ID] as number);
        return { contents: [{ uri: params.uri, text: "content" }] };
      });
      server.setRequestHandler("prompts/get", ({ params }) => {
        this.reached.add(params._meta?.[ATTACK_ID] as number);
        return { messages: [{ role: "user", content: { type: "text", text: "content" } }] };
      });
      return server;
    });
    return (request) => handle(request);
  }
}
