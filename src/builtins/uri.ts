// Builtins of the category `uri`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, builtin, objectOf } from "./signature.ts";
import { booleanType, stringType } from "../value/type.ts";

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
});

const uriIsValidBuiltin = builtin({
  name: "uri.is_valid",
  description: "Tells whether a string is a URI.",
  args: [arg("uri", stringType, "string to look at")],
  result: arg("result", booleanType, "true when it can be taken apart"),
  examples: [['uri.is_valid("http://a/b")', "true"]],
});

export const uriBuiltins: readonly Builtin[] = [uriParseBuiltin, uriIsValidBuiltin];
