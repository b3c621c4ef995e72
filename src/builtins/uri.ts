// URIs. Texts in, their parts out; empty parts are left out.

import { arg, builtin, objectOf } from "./signature.ts";
import { booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { objectFromRecord } from "../value/object.ts";
import type { HostBody } from "./builtin.ts";
import { stringOperand } from "./operand.ts";
import { parseUrl, splitHost } from "./url.ts";

const uriParseBody: HostBody = ([uri]) => {
  const url = parseUrl(stringOperand(uri, 1));
  const { hostname, port } = splitHost(url.host);
  const part = (text: string): string | undefined => (text === "" ? undefined : text);
  return objectFromRecord({
    scheme: part(url.scheme),
    hostname: part(hostname),
    port: part(port),
    path: part(url.path),
    raw_path: part(url.path === "" || url.rawPath === "" ? url.path : url.rawPath),
    raw_query: part(url.rawQuery),
    fragment: part(url.fragment),
  });
};

const uriIsValidBody: HostBody = ([uri]) => {
  if (typeof uri !== "string" || uri === "") return false;
  try {
    parseUrl(uri);
    return true;
  } catch {
    return false;
  }
};

// Declarations

const uriParseBuiltin = builtin({
  name: "uri.parse",
  description: "Takes a URI apart (RFC 3986); empty parts are left out.",
  args: [arg("uri", stringType, "the URI")],
  result: arg(
    "output",
    objectOf(stringType, stringType),
    "its parts; `raw_query` suits the `urlquery` builtins, `raw_path` shows escapes",
  ),
  examples: [
    [
      'uri.parse("https://h:1/p?q=1#f")',
      '{"fragment":"f","hostname":"h","path":"/p","port":"1","raw_path":"/p","raw_query":"q=1","scheme":"https"}',
    ],
  ],
  native: true,
  host: uriParseBody,
});

const uriIsValidBuiltin = builtin({
  name: "uri.is_valid",
  description: "Tells whether a string is a URI.",
  args: [arg("uri", stringType, "string to look at")],
  result: arg("result", booleanType, "true when it can be taken apart"),
  examples: [['uri.is_valid("http://a/b")', "true"]],
  native: true,
  host: uriIsValidBody,
});

export const uriBuiltins: readonly Builtin[] = [uriParseBuiltin, uriIsValidBuiltin];
