// JSON-RPC as the gateway reads and writes it: exact JSON in both directions, digits kept, of duplicate keys the last. Text in, a message or one
// sentence about what is wrong with it out. Nothing here knows a method.

import { decode, encode, fromPlain } from "../../value/json.ts";
import { object } from "../../value/object.ts";
import { isNumber, isObject, type RegoObject, type Value } from "../../value/value.ts";

/** JSON-RPC's error codes, and MCP's for a header that says something else than the body. */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
export const HEADER_MISMATCH = -32020;
/** AuthZEN's MCP profile: the policy said no. */
export const DENIED = -32001;

export interface RpcError {
  readonly code: number;
  readonly message: string;
}

/** The message in a text, or what is wrong with it. Batches are not taken: no revision that is in use needs them. */
export function readMessage(text: string): RegoObject | RpcError {
  let message: Value;
  try {
    message = decode(text);
  } catch (error) {
    return { code: PARSE_ERROR, message: `message is not JSON: ${(error as Error).message}` };
  }
  if (!isObject(message) || message.get("jsonrpc") !== "2.0")
    return {
      code: INVALID_REQUEST,
      message: 'message is not a JSON-RPC 2.0 object (`"jsonrpc": "2.0"` expected)',
    };
  return message;
}

export function isRpcError(read: RegoObject | RpcError): read is RpcError {
  return "code" in read;
}

/** The id of a request: a string or a number. */
export function requestId(message: RegoObject): Value | undefined {
  const id = message.get("id");
  if (typeof id === "string") return id;
  return id !== undefined && id !== null && typeof id === "object" && isNumber(id) ? id : undefined;
}

/** One text for one id: `1`, `1.0` and `1e0` are the same to whoever reads them as numbers, a number and a string never. */
export function idKey(id: Value): string {
  const isNumeric = id !== null && typeof id === "object" && isNumber(id);
  return isNumeric ? String(Number(id.text)) : encode(id);
}

export function request(id: string, method: string, params: Value): RegoObject {
  return object([
    ["jsonrpc", "2.0"],
    ["id", id],
    ["method", method],
    ["params", params],
  ]);
}

export function errorReply(id: Value, code: number, message: string, data?: object): RegoObject {
  return reply(id, "error", fromPlain({ code, message, ...(data !== undefined && { data }) }));
}

export function resultReply(id: Value, result: Value): RegoObject {
  return reply(id, "result", result);
}

function reply(id: Value, key: string, value: Value): RegoObject {
  return object([
    ["jsonrpc", "2.0"],
    ["id", id],
    [key, value],
  ]);
}

/** One line, without its end. */
export function writeMessage(message: Value): string {
  return encode(message);
}

/** The object under `key`, if there is one. */
export function objectAt(value: Value | undefined, key: string): RegoObject | undefined {
  if (value === undefined || !isObject(value)) return undefined;
  const found = value.get(key);
  return found !== undefined && isObject(found) ? found : undefined;
}

/** `value` with these members in place of its own; `undefined` takes one away. */
export function changed(value: RegoObject, members: Readonly<Record<string, Value | undefined>>): RegoObject {
  const names = new Map(Object.entries(members));
  const kept = [...value.entries()].filter(([key]) => typeof key !== "string" || !names.has(key));
  const added = [...names].filter((entry): entry is [string, Value] => entry[1] !== undefined);
  return object([...kept, ...added]);
}
