// URLs as Go's net/url parses and escapes them. Texts in, parts or texts out; complaints are Go's. Percent escapes stand for bytes, and
// bytes that are no UTF-8 come out as U+FFFD.

import { goQuote } from "../value/text.ts";
import { decodeUtf8, encodeUtf8 } from "../value/utf8.ts";
import { parseIp } from "./ip.ts";
import { failure } from "./operand.ts";

export type Part = "path" | "query" | "host" | "zone" | "user" | "fragment";

const UNRESERVED = /[A-Za-z0-9\-_.~]/;
/** What each part leaves unescaped, beside letters, digits and `-_.~`. */
const PLAIN: Readonly<Record<Part, string>> = {
  path: "$&+,/:;=@",
  query: "",
  host: "!$&'()*+,;=:[]<>\"",
  zone: "!$&'()*+,;=:[]<>\"",
  user: "$&+,;=",
  fragment: "$&+,/:;=?@!()*",
};

function isPlain(character: string, part: Part): boolean {
  return UNRESERVED.test(character) || PLAIN[part].includes(character);
}

export function escapeUrl(text: string, part: Part): string {
  let out = "";
  for (const byte of encodeUtf8(text)) {
    const character = String.fromCharCode(byte);
    if (part === "query" && character === " ") out += "+";
    else if (byte < 0x80 && isPlain(character, part)) out += character;
    else out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

/** Go quotes the bytes that are left of a character as they are. */
function badEscape(bytes: Uint8Array): Error {
  const text = decodeUtf8(bytes);
  if (!text.includes("\ufffd")) return failure(`invalid URL escape ${goQuote(text)}`);
  const quoted = Array.from(bytes, (byte) =>
    byte < 0x80 ? goQuote(String.fromCharCode(byte)).slice(1, -1) : `\\x${byte.toString(16)}`,
  );
  return failure(`invalid URL escape "${quoted.join("")}"`);
}

export function unescapeUrl(text: string, part: Part): string {
  if (!/[%+]/.test(text) && part !== "host" && part !== "zone") return text;
  const source = encodeUtf8(text);
  const out: number[] = [];
  for (let i = 0; i < source.length; i++) {
    const byte = source[i] as number;
    const character = String.fromCharCode(byte);
    if (character === "%") {
      const bytes = source.subarray(i, i + 3);
      const escaped = String.fromCharCode(...bytes);
      if (!/^%[0-9a-fA-F]{2}$/.test(escaped)) throw badEscape(bytes);
      const value = Number.parseInt(escaped.slice(1), 16);
      if (part === "host" && value < 0x80 && escaped !== "%25") throw badEscape(bytes);
      const odd = value !== 32 && !(value < 0x80 && isPlain(String.fromCharCode(value), "host"));
      if (part === "zone" && escaped !== "%25" && odd) throw badEscape(bytes);
      out.push(value);
      i += 2;
    } else if (character === "+" && part === "query") out.push(32);
    else {
      if ((part === "host" || part === "zone") && byte < 0x80 && !isPlain(character, part)) {
        throw failure(`invalid character ${goQuote(character)} in host name`);
      }
      out.push(byte);
    }
  }
  return decodeUtf8(Uint8Array.from(out));
}

export interface Url {
  readonly scheme: string;
  readonly host: string;
  readonly user: string | undefined;
  readonly path: string;
  /** The path as it was written, when escaping the decoded one would not give it back. */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly fragment: string;
}

/** Go's url.Parse. */
export function parseUrl(raw: string): Url {
  const [before, fragment] = cut(raw, "#");
  const parsed = complaining(before, () => parseBeforeFragment(before));
  return { ...parsed, fragment: complaining(raw, () => unescapeUrl(fragment, "fragment")) };
}

function complaining<T>(text: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw failure(`parse ${goQuote(text)}: ${(error as Error).message}`);
  }
}

function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}

function parseBeforeFragment(raw: string): Omit<Url, "fragment"> {
  const none = { scheme: "", host: "", user: undefined, path: "", rawPath: "", rawQuery: "" };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(raw)) throw failure("net/url: invalid control character in URL");
  if (raw === "*") return { ...none, path: "*" };
  const colon = /^([A-Za-z][A-Za-z0-9+\-.]*)?:/.exec(raw);
  if (colon !== null && colon[1] === undefined) throw failure("missing protocol scheme");
  const scheme = colon?.[1]?.toLowerCase() ?? "";
  const afterScheme = raw.slice(colon?.[0].length ?? 0);
  const [beforeQuery, rawQuery] = cut(afterScheme, "?");
  let rest = beforeQuery;
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...none, scheme, rawQuery };
    if (cut(rest, "/")[0].includes(":")) throw failure("first path segment in URL cannot contain colon");
  }
  let host = "";
  let user: string | undefined;
  if ((scheme !== "" || !rest.startsWith("///")) && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    rest = slash < 0 ? "" : rest.slice(slash);
    [user, host] = parseAuthority(scheme, authority);
  }
  const path = unescapeUrl(rest, "path");
  return { scheme, host, user, path, rawPath: escapeUrl(path, "path") === rest ? "" : rest, rawQuery };
}

function parseAuthority(scheme: string, authority: string): [string | undefined, string] {
  const at = authority.lastIndexOf("@");
  const host = parseHost(scheme, authority.slice(at + 1));
  if (at < 0) return [undefined, host];
  const user = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw failure("net/url: invalid userinfo");
  return [unescapeUrl(user, "user"), host];
}

function checkPort(port: string): void {
  if (port !== "" && !/^:\d*$/.test(port)) throw failure(`invalid port ${goQuote(port)} after host`);
}

function parseHost(scheme: string, host: string): string {
  const open = host.lastIndexOf("[");
  if (open > 0) throw failure("invalid IP-literal");
  if (open === 0) return parseLiteral(host);
  const first = host.indexOf(":");
  if (first >= 0) {
    // Several colons are tolerated outside of HTTP, where databases list hosts like that.
    const strict = scheme === "http" || scheme === "https";
    checkPort(host.slice(strict ? first : host.lastIndexOf(":")));
  }
  return unescapeUrl(host, "host");
}

function parseLiteral(host: string): string {
  const close = host.lastIndexOf("]");
  if (close < 0) throw failure("missing ']' in host");
  const port = host.slice(close + 1);
  checkPort(port);
  const inner = host.slice(1, close);
  const zone = inner.indexOf("%25");
  const address = unescapeUrl(zone < 0 ? inner : inner.slice(0, zone), "host");
  const name = zone < 0 ? "" : unescapeUrl(inner.slice(zone), "zone");
  const ip = parseIp(address);
  if (ip === undefined || name === "%")
    throw failure(`invalid host: ParseAddr(${goQuote(address + name)}): unable to parse IP`);
  if (!address.includes(":")) throw failure("invalid IP-literal");
  return `[${address}${name}]${port}`;
}

/** Host without port and brackets, and the port. */
export function splitHost(host: string): { hostname: string; port: string } {
  const colon = host.lastIndexOf(":");
  const hasPort = colon >= 0 && /^:\d*$/.test(host.slice(colon));
  const name = hasPort ? host.slice(0, colon) : host;
  return {
    hostname: name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name,
    port: hasPort ? host.slice(colon + 1) : "",
  };
}

/** A query as names with their values, in order. Throws at the first flaw, like Go's url.ParseQuery. */
export function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  let flaw: unknown;
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    try {
      if (pair.includes(";")) throw failure("invalid semicolon separator in query");
      const [name, value] = cut(pair, "=");
      const key = unescapeUrl(name, "query");
      const list = values.get(key) ?? [];
      list.push(unescapeUrl(value, "query"));
      values.set(key, list);
    } catch (error) {
      flaw ??= error;
    }
  }
  if (flaw !== undefined) throw flaw;
  return values;
}
