// Regular expressions. Texts in; booleans, texts and arrays out. The engine is re2.ts, so no pattern can run away.

import { arg, arrayOf, builtin, unnamed } from "./signature.ts";
import { booleanType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { goQuote } from "../value/text.ts";
import { encodeUtf8 } from "../value/utf8.ts";
import type { HostBody } from "./builtin.ts";
import { intersect } from "./glob-intersection.ts";
import { failure, intOperand, stringOperand } from "./operand.ts";
import type { Regex } from "./re2.ts";
import { allMatches, compileRegex, hasMatch, isRegex, quoteRegex, replaceMatches, splitText } from "./re2.ts";

const regexIsValidBody: HostBody = ([pattern]) => typeof pattern === "string" && isRegex(pattern);

const regexMatchBody: HostBody = ([pattern, value]) => {
  const [source, text] = [stringOperand(pattern, 1), stringOperand(value, 2)];
  return hasMatch(compileRegex(source), text);
};
const reMatchBody = regexMatchBody;

const regexFindNBody: HostBody = ([pattern, value, count]) => {
  const [source, text] = [stringOperand(pattern, 1), stringOperand(value, 2)];
  const limit = intOperand(count, 3);
  return allMatches(compileRegex(source), text, limit).map(([start, end]) => text.slice(start, end));
};

const regexFindAllStringSubmatchNBody: HostBody = ([pattern, value, count]) => {
  const [source, text] = [stringOperand(pattern, 1), stringOperand(value, 2)];
  const limit = intOperand(count, 3);
  return allMatches(compileRegex(source), text, limit).map((spans) => {
    const groups: string[] = [];
    for (let i = 0; i < spans.length; i += 2) {
      groups.push((spans[i] as number) < 0 ? "" : text.slice(spans[i], spans[i + 1]));
    }
    return groups;
  });
};

const regexReplaceBody: HostBody = ([s, pattern, value]) => {
  const [text, source] = [stringOperand(s, 1), stringOperand(pattern, 2)];
  const template = stringOperand(value, 3);
  return replaceMatches(compileRegex(source), text, template);
};

const regexSplitBody: HostBody = ([pattern, value]) => {
  const [source, text] = [stringOperand(pattern, 1), stringOperand(value, 2)];
  return splitText(compileRegex(source), text);
};

const regexGlobsMatchBody: HostBody = ([glob1, glob2]) =>
  intersect(stringOperand(glob1, 1), stringOperand(glob2, 2));

const regexTemplateMatchBody: HostBody = ([template, value, delimiterStart, delimiterEnd]) => {
  const [source, text] = [stringOperand(template, 1), stringOperand(value, 2)];
  const [start, end] = [stringOperand(delimiterStart, 3), stringOperand(delimiterEnd, 4)];
  const length = encodeUtf8(start).length;
  if (length !== 1)
    throw failure(`start delimiter has to be exactly one character long but is ${length} long`);
  if (encodeUtf8(end).length !== 1) {
    // The length shown is that of the other delimiter in OPA, too.
    throw failure(`end delimiter has to be exactly one character long but is ${length} long`);
  }
  return hasMatch(compileTemplate(source, start, end), text);
};

/** Text outside of delimiters is taken literally, what stands within is an expression; delimiters nest. */
function compileTemplate(template: string, start: string, end: string): Regex {
  let pattern = "^";
  let level = 0;
  let begin = 0;
  const unbalanced = (): Error => failure(`unbalanced braces in ${goQuote(template)}`);
  for (let i = 0; i < template.length; i++) {
    if (template[i] === start) {
      if (++level === 1) {
        pattern += quoteRegex(template.slice(begin, i));
        begin = i + 1;
      }
    } else if (template[i] === end) {
      if (--level < 0) throw unbalanced();
      if (level > 0) continue;
      const inner = template.slice(begin, i);
      compileRegex(`^${inner}$`);
      pattern += `(${inner})`;
      begin = i + 1;
    }
  }
  if (level !== 0) throw unbalanced();
  return compileRegex(`${pattern + quoteRegex(template.slice(begin))}$`);
}

// Declarations

const regexMatchBuiltin = builtin({
  name: "regex.match",
  description: "Searches a string for a regular expression (RE2).",
  args: [arg("pattern", stringType, "the expression"), arg("value", stringType, "string to search")],
  result: arg("result", booleanType, "true when some part fits"),
  examples: [['regex.match("^a+$", "aaa")', "true"]],
  native: true,
  host: regexMatchBody,
});

const regexIsValidBuiltin = builtin({
  name: "regex.is_valid",
  description: "Tells whether a string is a regular expression (RE2).",
  args: [arg("pattern", stringType, "string to look at")],
  result: arg("result", booleanType, "true when it is one"),
  examples: [['regex.is_valid("a(")', "false"]],
  native: true,
  host: regexIsValidBody,
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
  native: true,
  host: regexFindNBody,
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
  native: true,
  host: regexFindAllStringSubmatchNBody,
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
  native: true,
  host: regexReplaceBody,
});

const regexSplitBuiltin = builtin({
  name: "regex.split",
  description: "Cuts a string at every match of a regular expression.",
  args: [arg("pattern", stringType, "the expression"), arg("value", stringType, "string to cut")],
  result: arg("output", arrayOf(stringType), "the pieces"),
  examples: [['regex.split("[,;]", "a,b;c")', '["a","b","c"]']],
  native: true,
  host: regexSplitBody,
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
  native: true,
  host: regexGlobsMatchBody,
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
  native: true,
  host: regexTemplateMatchBody,
});

const reMatchBuiltin = builtin({
  name: "re_match",
  description: "Searches a string for a regular expression (RE2).",
  args: [unnamed(stringType), unnamed(stringType)],
  result: unnamed(booleanType),
  examples: [['re_match("b", "abc")', "true"]],
  deprecated: true,
  native: true,
  host: reMatchBody,
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
