// Builtins of the category `regex`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin, unnamed } from "./signature.ts";
import { booleanType, numberType, stringType } from "../value/type.ts";

// Declarations

const regexMatchBuiltin = builtin({
  name: "regex.match",
  description: "Searches a string for a regular expression (RE2).",
  args: [arg("pattern", stringType, "the expression"), arg("value", stringType, "string to search")],
  result: arg("result", booleanType, "true when some part fits"),
  examples: [['regex.match("^a+$", "aaa")', "true"]],
});

const regexIsValidBuiltin = builtin({
  name: "regex.is_valid",
  description: "Tells whether a string is a regular expression (RE2).",
  args: [arg("pattern", stringType, "string to look at")],
  result: arg("result", booleanType, "true when it is one"),
  examples: [['regex.is_valid("a(")', "false"]],
});

const regexFindNBuiltin = builtin({
  name: "regex.find_n",
  description: "Finds the first matches of a regular expression.",
  args: [
    arg("pattern", stringType, "the expression"),
    arg("value", stringType, "string to search"),
    arg("number", numberType, "how many at most; -1 for all"),
  ],
  result: arg("output", arrayOf(stringType), "what matched"),
  examples: [['regex.find_n("a.", "abacad", 2)', '["ab","ac"]']],
});

const regexFindAllStringSubmatchNBuiltin = builtin({
  name: "regex.find_all_string_submatch_n",
  description: "Finds the first matches of a regular expression, with their groups.",
  args: [
    arg("pattern", stringType, "the expression"),
    arg("value", stringType, "string to search"),
    arg("number", numberType, "how many at most; -1 for all"),
  ],
  result: arg(
    "output",
    arrayOf(arrayOf(stringType)),
    "for each match, what matched and what each group matched",
  ),
  examples: [['regex.find_all_string_submatch_n("(a)(.)", "abac", -1)', '[["ab","a","b"],["ac","a","c"]]']],
});

const regexReplaceBuiltin = builtin({
  name: "regex.replace",
  description: "Replaces every match of a regular expression; `$1` stands for a group, by number or by name.",
  args: [
    arg("s", stringType, "string to change"),
    arg("pattern", stringType, "the expression"),
    arg("value", stringType, "what takes the place of a match"),
  ],
  result: arg("output", stringType, "the changed string"),
  examples: [['regex.replace("aXbX", "X", "-")', '"a-b-"']],
});

const regexSplitBuiltin = builtin({
  name: "regex.split",
  description: "Cuts a string at every match of a regular expression.",
  args: [arg("pattern", stringType, "the expression"), arg("value", stringType, "string to cut")],
  result: arg("output", arrayOf(stringType), "the pieces"),
  examples: [['regex.split("[,;]", "a,b;c")', '["a","b","c"]']],
});

const regexGlobsMatchBuiltin = builtin({
  name: "regex.globs_match",
  description:
    "Tells whether some non-empty string fits two simple patterns (`.`, `[a-z]`, `*`, `+`) at once.",
  args: [arg("glob1", stringType, "a pattern"), arg("glob2", stringType, "another pattern")],
  result: arg("result", booleanType, "true when they meet"),
  examples: [
    ['regex.globs_match("a.a.[0-9]+z", "b?a?a?[0-9]+z")', "false"],
    ['regex.globs_match("a[0-9]", "a1")', "true"],
  ],
});

const regexTemplateMatchBuiltin = builtin({
  name: "regex.template_match",
  description: "Matches a string against a text with regular expressions between delimiters.",
  args: [
    arg("template", stringType, "text with expressions in it"),
    arg("value", stringType, "string to match"),
    arg("delimiter_start", stringType, "what opens an expression"),
    arg("delimiter_end", stringType, "what closes it"),
  ],
  result: arg("result", booleanType, "true when all of it fits"),
  examples: [['regex.template_match("urn:{[a-z]+}", "urn:abc", "{", "}")', "true"]],
});

const reMatchBuiltin = builtin({
  name: "re_match",
  description: "Searches a string for a regular expression (RE2).",
  args: [unnamed(stringType), unnamed(stringType)],
  result: unnamed(booleanType),
  examples: [['re_match("b", "abc")', "true"]],
  deprecated: true,
});

export const regexBuiltins: readonly Builtin[] = [
  regexMatchBuiltin,
  regexIsValidBuiltin,
  regexFindNBuiltin,
  regexFindAllStringSubmatchNBuiltin,
  regexReplaceBuiltin,
  regexSplitBuiltin,
  regexGlobsMatchBuiltin,
  regexTemplateMatchBuiltin,
  reMatchBuiltin,
];
