// What an MCP server shows of its tools, asked without a client. In: how to reach it. Out: the definitions as it gives them, all pages. It is asked
// in the handshake of the revisions before 2026-07-28, and in the envelope of that one where it refuses the handshake.

import { PolicyError } from "../../error.ts";
import { fromPlain } from "../../value/json.ts";
import { isArray, type RegoObject, type Value } from "../../value/value.ts";
import { type Forward, messagesOf } from "./http.ts";
import { objectAt, request as rpcRequest, writeMessage } from "./rpc.ts";

const LEGACY = "2025-11-25";
const MODERN = "2026-07-28";
const CLIENT = { name: "reeve", version: "0.1.0" };
const MAX_PAGES = 100;
const META = "io.modelcontextprotocol";
const ENVELOPE = {
  [`${META}/protocolVersion`]: MODERN,
  [`${META}/clientInfo`]: CLIENT,
  [`${META}/clientCapabilities`]: {},
};

/** Throws `io_error` when the server does not answer. `url` is only a name for what `forward` carries elsewhere. */
export async function listTools(forward: Forward, url = "http://mcp.invalid/mcp"): Promise<Value[]> {
  const post = async (body: unknown, headers: Record<string, string>): Promise<Response> =>
    forward(
      new Request(url, {
        method: "POST",
        headers: {
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          ...headers,
        },
        body: writeMessage(fromPlain(body)),
      }),
    );
  const handshake = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT };
  const opened = await post(rpcRequest("0", "initialize", fromPlain(handshake)), {});
  const initialized = await answerTo("0", opened);
  const session = opened.headers.get("mcp-session-id");
  const isLegacy = initialized !== undefined;
  const headers: Record<string, string> = isLegacy
    ? { "mcp-protocol-version": LEGACY, ...(session !== null && { "mcp-session-id": session }) }
    : { "mcp-protocol-version": MODERN, "mcp-method": "tools/list" };
  if (isLegacy)
    await (await post({ jsonrpc: "2.0", method: "notifications/initialized" }, headers)).body?.cancel();
  const tools: Value[] = [];
  let cursor: Value | undefined;
  for (let page = 1; page <= MAX_PAGES; page++) {
    const params = { ...(!isLegacy && { _meta: ENVELOPE }), ...(cursor !== undefined && { cursor }) };
    const result = await answerTo(
      String(page),
      await post(rpcRequest(String(page), "tools/list", fromPlain(params)), headers),
    );
    const shown = result?.get("tools");
    if (
      result === undefined ||
      shown === undefined ||
      shown === null ||
      typeof shown !== "object" ||
      !isArray(shown)
    )
      throw new PolicyError("io_error", "the MCP server does not say which tools it has");
    tools.push(...shown);
    cursor = result.get("nextCursor");
    if (cursor === undefined || cursor === null) return tools;
  }
  throw new PolicyError("io_error", `the MCP server has more than ${MAX_PAGES} pages of tools`);
}

async function answerTo(id: string, response: Response): Promise<RegoObject | undefined> {
  for await (const message of messagesOf(response))
    if (message.get("id") === id) return objectAt(message, "result");
  return undefined;
}
