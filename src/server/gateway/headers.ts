// The headers in which MCP 2026-07-28 repeats what a request's body says (SEP-2243). In: headers and body. Out: what does not agree, in one
// sentence, or the headers for the message that goes on. Decisions are made on the body; proxies between may go by the header: a request that
// says two things is refused.

import { encode } from "../../value/json.ts";
import { isNumber, isObject, type RegoObject, type Value } from "../../value/value.ts";
import { isModern, protocolVersion } from "./connection.ts";
import { objectAt } from "./rpc.ts";

/** Where the body holds what `Mcp-Name` repeats. */
const nameSources = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);
const MODERN = "2026-07-28";
const PARAM = "mcp-param-";

/** What headers and body disagree about; undefined when they agree. */
export function headerMismatch(headers: Headers, message: RegoObject): string | undefined {
  const method = message.get("method");
  if (typeof method !== "string") return undefined;
  const params = objectAt(message, "params");
  const modern = params !== undefined && isModern(params);
  const isRequest = message.has("id");
  const version = headers.get("mcp-protocol-version");
  const claimed = params === undefined ? undefined : protocolVersion(params);
  if (version !== null && claimed !== undefined && version !== claimed)
    return `\`MCP-Protocol-Version\` is \`${version}\`, the body says \`${claimed}\``;
  if (modern && isRequest && version === null) return "`MCP-Protocol-Version` is missing";
  if (isRequest && !modern && version !== null && version >= MODERN)
    return `\`MCP-Protocol-Version\` is \`${version}\`, the body names no revision`;
  const named = headers.get("mcp-method");
  if (named === null && modern && isRequest) return "`Mcp-Method` is missing";
  if (named !== null && named !== method)
    return `\`Mcp-Method\` is \`${named}\`, the body calls \`${method}\``;
  const name = params?.get(nameSources.get(method) ?? "");
  const given = headers.get("mcp-name");
  if (typeof name !== "string") return undefined;
  if (given === null) return modern && isRequest ? "`Mcp-Name` is missing" : undefined;
  return decodeHeader(given) === name
    ? undefined
    : `\`Mcp-Name\` is \`${given}\`, the body names \`${name}\``;
}

/** What `Mcp-Param-*` headers and arguments disagree about. `declared`: paths of arguments by header. */
export function paramMismatch(
  headers: Headers,
  args: Value,
  declared: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  for (const [header, path] of declared) {
    const wanted = primitive(valueAt(args, path));
    if (wanted === undefined) continue;
    const given = headers.get(`${PARAM}${header}`);
    if (given === null) return `\`Mcp-Param-${header}\` is missing`;
    const decoded = decodeHeader(given);
    if (decoded !== wanted && !(decoded !== undefined && sameNumber(decoded, wanted)))
      return `\`Mcp-Param-${header}\` says something else than the argument \`${path.join(".")}\``;
  }
  return undefined;
}

/** The `Mcp-Param-*` headers of the call that goes on. */
export function paramHeaders(
  args: Value,
  declared: ReadonlyMap<string, readonly string[]>,
): (readonly [string, string])[] {
  return [...declared].flatMap(([header, path]) => {
    const value = primitive(valueAt(args, path));
    return value === undefined ? [] : [[`${PARAM}${header}`, encodeHeader(value)] as const];
  });
}

/** `Mcp-Name` of the message that goes on: it may name another URI than the one that was sent. */
export function nameHeader(message: RegoObject): (readonly [string, string])[] {
  const method = message.get("method");
  const name = objectAt(message, "params")?.get(nameSources.get(String(method)) ?? "");
  return typeof name === "string" ? [["mcp-name", encodeHeader(name)]] : [];
}

function valueAt(root: Value, path: readonly string[]): Value | undefined {
  let node: Value | undefined = root;
  for (const key of path)
    node =
      node !== undefined && node !== null && typeof node === "object" && isObject(node)
        ? node.get(key)
        : undefined;
  return node;
}

function primitive(value: Value | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return value !== undefined && value !== null && typeof value === "object" && isNumber(value)
    ? encode(value)
    : undefined;
}

/** `42.0` and `42` are equal, and nothing else is that is not the same text: no digit is lost on the way. */
function sameNumber(a: string, b: string): boolean {
  const plain = (text: string): string | undefined =>
    /^-?\d+(\.\d+)?$/.test(text) ? text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") : undefined;
  return plain(a) !== undefined && plain(a) === plain(b);
}

/** `=?base64?…?=` holds UTF-8; undefined when it does not. */
export function decodeHeader(value: string): string | undefined {
  const text = value.trim();
  const encoded = /^=\?base64\?(.*)\?=$/.exec(text)?.[1];
  if (encoded === undefined) return text;
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(encoded, "base64"));
  } catch {
    return undefined;
  }
}

export function encodeHeader(value: string): string {
  const isPlain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith("=?base64?");
  return isPlain ? value : `=?base64?${Buffer.from(value).toString("base64")}?=`;
}
