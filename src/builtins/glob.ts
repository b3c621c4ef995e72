// Builtins of the category `glob`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin } from "./signature.ts";
import { anyOf, booleanType, nullType, stringType } from "../value/type.ts";

// Declarations

const globMatchBuiltin = builtin({
  name: "glob.match",
  description:
    "Matches a string against a glob: `*` within delimiters, `**` across them, `?`, `[abc]`, `{a,b}`.",
  args: [
    arg("pattern", stringType, "the glob"),
    arg(
      "delimiters",
      anyOf(nullType, arrayOf(stringType)),
      "characters that `*` stops at; null for none, empty for `.`",
    ),
    arg("match", stringType, "string to match"),
  ],
  result: arg("result", booleanType, "true when all of it fits"),
  examples: [['glob.match("*.example.com", ["."], "api.example.com")', "true"]],
});

const globQuoteMetaBuiltin = builtin({
  name: "glob.quote_meta",
  description: "Escapes everything in a string that a glob would take for a sign.",
  args: [arg("pattern", stringType, "any string")],
  result: arg("output", stringType, "a glob that matches just that string"),
  examples: [['glob.quote_meta("*.a")', '"\\\\*.a"']],
});

export const globBuiltins: readonly Builtin[] = [globMatchBuiltin, globQuoteMetaBuiltin];
