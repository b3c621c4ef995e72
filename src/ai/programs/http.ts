// HTTP requests as text (`GET https://… HTTP/1.1`, headers, body) or as JSON (`{"method", "url", …}`). In: text. Out: method, URL, host and names
// of headers. A request line without scheme and host needs exactly one Host header; two ways to read a request is one too many.

import { notParsed } from "./program.ts";

const LINE = /^([A-Z]+) (\S+)(?: HTTP\/(?:1\.[01]|2|3))?$/;

export function parseHttp(text: string): object {
  const isJson = text.trimStart().startsWith("{");
  const { method, target, headers } = isJson ? readJson(text) : readMessage(text);
  const hosts = headers.filter(([name]) => name === "host");
  if (hosts.length > 1) throw notParsed("it has several Host headers");
  const [host] = hosts;
  if (host === undefined && !target.includes("://")) throw notParsed("it names no host");
  const absolute = target.includes("://") ? target : `https://${host?.[1] ?? ""}${target}`;
  let url: URL;
  try {
    url = new URL(absolute);
  } catch {
    throw notParsed("it has no URL that can be read");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw notParsed("its URL is neither http nor https");
  if (url.username !== "" || url.password !== "") throw notParsed("its URL names a user");
  if (host !== undefined && host[1].toLowerCase() !== url.host) throw notParsed("URL and Host header differ");
  return {
    method,
    url: url.href,
    host: url.hostname,
    path: url.pathname,
    headers: headers.map(([name]) => name),
  };
}

interface Request {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
}

function readMessage(text: string): Request {
  const [head = ""] = text.split(/\r?\n\r?\n/);
  const [first = "", ...lines] = head.split(/\r?\n/);
  const [, method, target] = LINE.exec(first.trim()) ?? [];
  if (method === undefined || target === undefined) throw notParsed("it has no request line");
  const headers = lines.map((line): [string, string] => {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw notParsed("a header cannot be read");
    return [name.toLowerCase(), value.trim()];
  });
  return { method, target, headers };
}

function readJson(text: string): Request {
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw notParsed("it is no JSON");
  }
  const { method = "GET", url, headers = {} } = given;
  if (typeof method !== "string" || !/^[A-Za-z]+$/.test(method)) throw notParsed("its method cannot be read");
  if (typeof url !== "string" || !url.includes("://")) throw notParsed("it has no absolute URL");
  if (typeof headers !== "object" || headers === null) throw notParsed("its headers cannot be read");
  const pairs = Object.entries(headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    String(value),
  ]);
  if (pairs.some(([name, value]) => /[\r\n\0]/.test(`${name}${value}`)))
    throw notParsed("a header has a line break in it");
  return { method: method.toUpperCase(), target: url, headers: pairs };
}
