// The stdio MCP gateway: one JSON-RPC message a line between an MCP client and a real MCP server, in both directions. What is decided and what
// may pass is the connection's; this file carries lines, keeps the order of each direction and asks the server on the gateway's own behalf.

import type { Readable, Writable } from "node:stream";
import type { RegoObject } from "../../value/value.ts";
import type { Connection, Sender } from "./connection.ts";
import type { AskServer } from "./definitions.ts";
import { MAX_LINE_BYTES, readLines } from "./lines.ts";
import {
  errorReply,
  INVALID_REQUEST,
  isRpcError,
  objectAt,
  readMessage,
  request,
  writeMessage,
} from "./rpc.ts";

/** A server that does not answer a question of the gateway's own for so long has no answer. */
const ASK_TIMEOUT_MS = 10_000;
const OWN_ID = "reeve:";

export interface ProxyPorts {
  /** From and to the MCP client. */
  readonly clientInput: Readable;
  readonly clientOutput: Writable;
  /** From and to the MCP server. */
  readonly serverInput: Writable;
  readonly serverOutput: Readable;
  /** The connection, which asks the server through `ask`. */
  readonly connect: (ask: AskServer) => Connection;
  /** Who the client is, asked before every message. */
  readonly sender: () => Promise<Sender>;
  /** One line of news for the operator (never the protocol's stream). */
  readonly log: (line: string) => void;
}

type Answer = (message: RegoObject) => void;

/** Runs until the client's stream ends. */
export async function runProxy(ports: ProxyPorts): Promise<void> {
  const asked = new Map<string, Answer>();
  const connection = ports.connect((method, params) => askServer(ports.serverInput, asked, method, params));
  const fromServer = carryServerMessages(ports, connection, asked);
  for await (const line of readLines(ports.clientInput)) {
    if (line === undefined)
      send(
        ports.clientOutput,
        errorReply(null, INVALID_REQUEST, `message is longer than ${MAX_LINE_BYTES} bytes`),
      );
    else if (line.trim() !== "") await carryClientLine(ports, connection, line);
  }
  ports.serverInput.end();
  await fromServer;
}

async function carryClientLine(ports: ProxyPorts, connection: Connection, line: string): Promise<void> {
  const message = readMessage(line);
  if (isRpcError(message)) return send(ports.clientOutput, errorReply(null, message.code, message.message));
  const ruling = await connection.fromClient(message, await ports.sender());
  if (ruling === "dropped") return;
  if ("toServer" in ruling) send(ports.serverInput, ruling.toServer);
  else send(ports.clientOutput, ruling.toClient);
}

async function carryServerMessages(
  ports: ProxyPorts,
  connection: Connection,
  asked: Map<string, Answer>,
): Promise<void> {
  // Answers to the gateway's own questions are taken out while earlier messages still wait for them.
  let last: Promise<void> = Promise.resolve();
  for await (const line of readLines(ports.serverOutput)) {
    if (line === undefined || line.trim() === "") continue;
    const message = readMessage(line);
    if (isRpcError(message)) {
      ports.log("the MCP server wrote a line that is no JSON-RPC message; dropped");
      continue;
    }
    const id = message.get("id");
    const own = typeof id === "string" && !message.has("method") ? asked.get(id) : undefined;
    if (own !== undefined) own(message);
    else
      last = last.then(async () => {
        const seen = await connection.fromServer(message);
        if (seen !== undefined) send(ports.clientOutput, seen);
      });
  }
  await last;
}

function askServer(
  output: Writable,
  asked: Map<string, Answer>,
  method: string,
  params: RegoObject,
): Promise<RegoObject | undefined> {
  const id = `${OWN_ID}${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    const settle = (result: RegoObject | undefined): void => {
      clearTimeout(timer);
      asked.delete(id);
      resolve(result);
    };
    const timer = setTimeout(() => settle(undefined), ASK_TIMEOUT_MS);
    asked.set(id, (message) => settle(objectAt(message, "result")));
    send(output, request(id, method, params));
  });
}

function send(output: Writable, message: RegoObject): void {
  output.write(`${writeMessage(message)}\n`);
}
