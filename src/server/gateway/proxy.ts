// The stdio MCP gateway: one JSON-RPC message a line between an MCP client and a real MCP server, in both directions. A `tools/call`
// is decided before it is forwarded; what is forwarded is the message that was decided on, encoded anew, never the bytes that came in
// (two readers may see two different calls in one text: duplicate keys). Digits are kept. A denied call never reaches the server.

import type { Readable, Writable } from "node:stream";
import { PolicyError } from "../../error.ts";
import { decode, encode, fromPlain } from "../../value/json.ts";
import { object } from "../../value/object.ts";
import { isNumber, isObject, type RegoObject, type Value } from "../../value/value.ts";

/** JSON-RPC's and MCP's error codes. */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;

/** Lines longer than this are refused unread, so that a client cannot exhaust the gateway. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** A tool call as the client asked for it. `arguments` is exact JSON. */
export interface ToolCall {
  readonly tool: string;
  readonly arguments: RegoObject;
  /** `_meta` of the request, where the client gave one. */
  readonly meta: RegoObject | undefined;
}

/** What the guard says about one call. `message` is for the model to read when it is not forwarded. */
export interface ToolVerdict {
  readonly forward: boolean;
  readonly message: string;
  /** The arguments that were decided on; they are what is forwarded. */
  readonly arguments: RegoObject;
  /** Shown to the client under `_meta["reeve/decision"]`. */
  readonly decision: Record<string, unknown>;
}

export interface ProxyPorts {
  /** From and to the MCP client. */
  readonly clientInput: Readable;
  readonly clientOutput: Writable;
  /** From and to the MCP server. */
  readonly serverInput: Writable;
  readonly serverOutput: Readable;
  readonly decide: (call: ToolCall) => Promise<ToolVerdict>;
  /** One line of news for the operator (never the protocol's stream). */
  readonly log: (line: string) => void;
}

/** Decisions about calls that were forwarded and not answered yet, by the JSON text of the request's id. */
type Pending = Map<string, Record<string, unknown>>;

/** Runs until the client's stream ends; messages of one direction keep their order. */
export async function runProxy(ports: ProxyPorts): Promise<void> {
  const pending: Pending = new Map();
  const fromServer = forwardServerMessages(ports, pending);
  for await (const line of readLines(ports.clientInput)) {
    if (line === undefined)
      reply(ports, null, INVALID_REQUEST, `message is longer than ${MAX_LINE_BYTES} bytes`);
    else if (line.trim() !== "") await handleClientLine(ports, pending, line);
  }
  ports.serverInput.end();
  await fromServer;
}

async function handleClientLine(ports: ProxyPorts, pending: Pending, line: string): Promise<void> {
  let message: Value;
  try {
    message = decode(line);
  } catch (error) {
    return reply(ports, null, PARSE_ERROR, `message is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(message) || message.get("jsonrpc") !== "2.0") {
    return reply(
      ports,
      null,
      INVALID_REQUEST,
      'message is not a JSON-RPC 2.0 object (`"jsonrpc": "2.0"` expected)',
    );
  }
  if (message.get("method") !== "tools/call") return send(ports.serverInput, message);
  const id = message.get("id");
  if (
    typeof id !== "string" &&
    (id === undefined || id === null || typeof id !== "object" || !isNumber(id))
  ) {
    // A call that nobody waits for could not be refused to anybody: it stops here.
    return reply(ports, null, INVALID_REQUEST, "`tools/call` needs an `id` that is a string or a number");
  }
  const call = readCall(message.get("params"));
  if (typeof call === "string") return reply(ports, id, INVALID_PARAMS, call);
  let verdict: ToolVerdict;
  try {
    verdict = await ports.decide(call);
  } catch (error) {
    const code = error instanceof PolicyError ? error.code : "internal_error";
    return reply(ports, id, INTERNAL_ERROR, `the call could not be decided and was not made (${code})`);
  }
  if (verdict.forward) {
    pending.set(encode(id), verdict.decision);
    const params = object([
      ...(message.get("params") as RegoObject).entries(),
      ["arguments", verdict.arguments],
    ]);
    return send(ports.serverInput, object([...message.entries(), ["params", params]]));
  }
  const meta = { "reeve/decision": verdict.decision };
  const result = { content: [{ type: "text", text: verdict.message }], isError: true, _meta: meta };
  ports.clientOutput.write(`{"jsonrpc":"2.0","id":${encode(id)},"result":${encode(fromPlain(result))}}\n`);
}

/** The call, or one sentence about what is wrong with it. */
function readCall(params: Value | undefined): ToolCall | string {
  if (params === undefined || !isObject(params)) return "`params` must be an object";
  const tool = params.get("name");
  if (typeof tool !== "string" || tool === "") return "`params.name` must be a tool's name";
  const args = params.get("arguments") ?? fromPlain({});
  if (!isObject(args)) return "`params.arguments` must be an object";
  const meta = params.get("_meta");
  return { tool, arguments: args, meta: meta !== undefined && isObject(meta) ? meta : undefined };
}

async function forwardServerMessages(ports: ProxyPorts, pending: Pending): Promise<void> {
  for await (const line of readLines(ports.serverOutput)) {
    if (line === undefined || line.trim() === "") continue;
    try {
      const message = decode(line);
      if (isObject(message) && message.get("jsonrpc") === "2.0")
        send(ports.clientOutput, withDecision(message, pending));
      else ports.log("the MCP server wrote a line that is no JSON-RPC message; dropped");
    } catch {
      ports.log("the MCP server wrote a line that is no JSON; dropped");
    }
  }
}

/** The answer to a call that was let through, with the decision under `_meta["reeve/decision"]`. */
function withDecision(message: RegoObject, pending: Pending): RegoObject {
  const id = message.get("id");
  const result = message.get("result");
  const key = id === undefined ? undefined : encode(id);
  const decision = key === undefined || message.has("method") ? undefined : pending.get(key);
  if (key === undefined || decision === undefined) return message;
  pending.delete(key);
  if (result === undefined || !isObject(result)) return message;
  const meta = result.get("_meta");
  const entries = meta !== undefined && isObject(meta) ? [...meta.entries()] : [];
  const extended = object([...entries, ["reeve/decision", fromPlain(decision)]]);
  return object([...message.entries(), ["result", object([...result.entries(), ["_meta", extended]])]]);
}

function send(output: Writable, message: Value): void {
  output.write(`${encode(message)}\n`);
}

function reply(ports: ProxyPorts, id: Value, code: number, message: string): void {
  const error = encode(fromPlain({ code, message }));
  ports.clientOutput.write(`{"jsonrpc":"2.0","id":${encode(id)},"error":${error}}\n`);
}

/** Lines of a stream; `undefined` stands for one that was too long. */
async function* readLines(input: Readable): AsyncGenerator<string | undefined> {
  let pending: Buffer[] = [];
  let size = 0;
  let skipping = false;
  for await (const chunk of input) {
    let rest = chunk as Buffer;
    while (true) {
      const end = rest.indexOf(10);
      const part = end === -1 ? rest : rest.subarray(0, end);
      size += part.length;
      if (size > MAX_LINE_BYTES) {
        skipping = true;
        pending = [];
      } else if (!skipping) pending.push(part);
      if (end === -1) break;
      yield skipping ? undefined : Buffer.concat(pending).toString("utf8");
      pending = [];
      size = 0;
      skipping = false;
      rest = rest.subarray(end + 1);
    }
  }
  if (pending.length > 0 && !skipping) yield Buffer.concat(pending).toString("utf8");
}
