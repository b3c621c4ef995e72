// Builtins of the category `strings`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin, objectOf, setOf } from "./signature.ts";
import { anyOf, anyType, booleanType, numberType, stringType } from "../value/type.ts";

// Declarations

const concatBuiltin = builtin({
  name: "concat",
  description: "Joins strings, with a delimiter between them.",
  args: [
    arg("delimiter", stringType, "what goes between"),
    arg("collection", anyOf(arrayOf(stringType), setOf(stringType)), "the strings"),
  ],
  result: arg("output", stringType, "one string"),
  examples: [['concat("-", ["a", "b"])', '"a-b"']],
  categories: ["strings"],
});

const containsBuiltin = builtin({
  name: "contains",
  description: "Tells whether a string has another one in it.",
  args: [arg("haystack", stringType, "string to search"), arg("needle", stringType, "string to find")],
  result: arg("result", booleanType, "true when it is there"),
  examples: [['contains("abc", "b")', "true"]],
  categories: ["strings"],
});

const startswithBuiltin = builtin({
  name: "startswith",
  description: "Tells whether a string begins with another one.",
  args: [arg("search", stringType, "string to look at"), arg("base", stringType, "the beginning")],
  result: arg("result", booleanType, "true when it does"),
  examples: [['startswith("abc", "ab")', "true"]],
  categories: ["strings"],
});

const endswithBuiltin = builtin({
  name: "endswith",
  description: "Tells whether a string ends with another one.",
  args: [arg("search", stringType, "string to look at"), arg("base", stringType, "the end")],
  result: arg("result", booleanType, "true when it does"),
  examples: [['endswith("abc", "bc")', "true"]],
  categories: ["strings"],
});

const formatIntBuiltin = builtin({
  name: "format_int",
  description: "Writes a number, rounded down, in base 2, 8, 10 or 16.",
  args: [arg("number", numberType, "the number"), arg("base", numberType, "the base")],
  result: arg("output", stringType, "its digits"),
  examples: [["format_int(255, 16)", '"ff"']],
  categories: ["strings"],
});

const indexofBuiltin = builtin({
  name: "indexof",
  description: "Finds the first place of a string in another, in characters.",
  args: [arg("haystack", stringType, "string to search"), arg("needle", stringType, "string to find")],
  result: arg("output", numberType, "the index, -1 when it is not there"),
  examples: [['indexof("añb", "b")', "2"]],
  categories: ["strings"],
});

const indexofNBuiltin = builtin({
  name: "indexof_n",
  description: "Finds all places of a string in another, in characters.",
  args: [arg("haystack", stringType, "string to search"), arg("needle", stringType, "string to find")],
  result: arg("output", arrayOf(numberType), "the indices"),
  examples: [['indexof_n("abcabc", "b")', "[1,4]"]],
  categories: ["strings"],
});

const lowerBuiltin = builtin({
  name: "lower",
  description: "Turns letters to lower case.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "the string in lower case"),
  examples: [['lower("AbC")', '"abc"']],
  categories: ["strings"],
});

const upperBuiltin = builtin({
  name: "upper",
  description: "Turns letters to upper case.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "the string in upper case"),
  examples: [['upper("AbC")', '"ABC"']],
  categories: ["strings"],
});

const replaceBuiltin = builtin({
  name: "replace",
  description: "Replaces every occurrence of a string.",
  args: [
    arg("x", stringType, "string to change"),
    arg("old", stringType, "what goes"),
    arg("new", stringType, "what comes"),
  ],
  result: arg("y", stringType, "the changed string"),
  examples: [['replace("aba", "a", "x")', '"xbx"']],
  categories: ["strings"],
});

const splitBuiltin = builtin({
  name: "split",
  description: "Cuts a string at every delimiter.",
  args: [arg("x", stringType, "string to cut"), arg("delimiter", stringType, "where to cut")],
  result: arg("ys", arrayOf(stringType), "the pieces"),
  examples: [['split("a,b", ",")', '["a","b"]']],
  categories: ["strings"],
});

const sprintfBuiltin = builtin({
  name: "sprintf",
  description: "Fills values into a format, with the verbs of Go's `fmt`.",
  args: [arg("format", stringType, "the format"), arg("values", arrayOf(anyType), "the values, in order")],
  result: arg("output", stringType, "the text"),
  examples: [['sprintf("%s is %d, %v", ["a", 1, [true]])', '"a is 1, [true]"']],
  categories: ["strings"],
});

const stringsAnyPrefixMatchBuiltin = builtin({
  name: "strings.any_prefix_match",
  description: "Tells whether any of some strings begins with any of others.",
  args: [
    arg("search", anyOf(stringType, arrayOf(stringType), setOf(stringType)), "a string, or several"),
    arg("base", anyOf(stringType, arrayOf(stringType), setOf(stringType)), "a beginning, or several"),
  ],
  result: arg("result", booleanType, "true when one does"),
  examples: [['strings.any_prefix_match(["ab", "c"], ["x", "a"])', "true"]],
  categories: ["strings"],
});

const stringsAnySuffixMatchBuiltin = builtin({
  name: "strings.any_suffix_match",
  description: "Tells whether any of some strings ends with any of others.",
  args: [
    arg("search", anyOf(stringType, arrayOf(stringType), setOf(stringType)), "a string, or several"),
    arg("base", anyOf(stringType, arrayOf(stringType), setOf(stringType)), "an end, or several"),
  ],
  result: arg("result", booleanType, "true when one does"),
  examples: [['strings.any_suffix_match("abc", {"c", "x"})', "true"]],
  categories: ["strings"],
});

const stringsCountBuiltin = builtin({
  name: "strings.count",
  description: "Counts how often a string occurs in another, without overlaps.",
  args: [arg("search", stringType, "string to search"), arg("substring", stringType, "string to count")],
  result: arg("output", numberType, "how often it occurs"),
  examples: [['strings.count("banana", "an")', "2"]],
  categories: ["strings"],
});

const stringsRenderTemplateBuiltin = builtin({
  name: "strings.render_template",
  description: "Fills variables into a template of Go's `text/template` language.",
  args: [
    arg("value", stringType, "the template"),
    arg("vars", objectOf(stringType, anyType), "the variables"),
  ],
  result: arg("result", stringType, "the text"),
  examples: [
    ['strings.render_template("{{.a}} {{range .b}}{{.}}{{end}}", {"a": "x", "b": [1, 2]})', '"x 12"'],
  ],
  categories: ["strings"],
});

const stringsReplaceNBuiltin = builtin({
  name: "strings.replace_n",
  description: "Replaces several strings in one pass.",
  args: [
    arg("patterns", objectOf(stringType, stringType), "from each string to what takes its place"),
    arg("value", stringType, "string to change"),
  ],
  result: arg("output", stringType, "the changed string"),
  examples: [['strings.replace_n({"<": "&lt;", ">": "&gt;"}, "<b>")', '"&lt;b&gt;"']],
});

const stringsReverseBuiltin = builtin({
  name: "strings.reverse",
  description: "Turns the characters of a string round.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "its characters from last to first"),
  examples: [['strings.reverse("abc")', '"cba"']],
  categories: ["strings"],
});

const stringsSplitNBuiltin = builtin({
  name: "strings.split_n",
  description: "Cuts a string at a delimiter and keeps the first pieces.",
  args: [
    arg("x", stringType, "string to cut"),
    arg("delimiter", stringType, "where to cut"),
    arg("n", numberType, "how many pieces to keep; below zero: all"),
  ],
  result: arg("ys", arrayOf(stringType), "the pieces"),
  examples: [['strings.split_n("a,b,c", ",", 2)', '["a","b"]']],
  categories: ["strings"],
});

const substringBuiltin = builtin({
  name: "substring",
  description: "Takes a part of a string, counted in characters.",
  args: [
    arg("value", stringType, "string to cut from"),
    arg("offset", numberType, "index of the first character"),
    arg("length", numberType, "how many characters; below zero: all that follow"),
  ],
  result: arg("output", stringType, "the part"),
  examples: [['substring("abcdef", 1, 3)', '"bcd"']],
  categories: ["strings"],
});

const trimBuiltin = builtin({
  name: "trim",
  description: "Strips characters from both ends.",
  args: [arg("value", stringType, "string to strip"), arg("cutset", stringType, "the characters to strip")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim("..a..", ".")', '"a"']],
  categories: ["strings"],
});

const trimLeftBuiltin = builtin({
  name: "trim_left",
  description: "Strips characters from the beginning.",
  args: [arg("value", stringType, "string to strip"), arg("cutset", stringType, "the characters to strip")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_left("..a..", ".")', '"a.."']],
  categories: ["strings"],
});

const trimRightBuiltin = builtin({
  name: "trim_right",
  description: "Strips characters from the end.",
  args: [arg("value", stringType, "string to strip"), arg("cutset", stringType, "the characters to strip")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_right("..a..", ".")', '"..a"']],
  categories: ["strings"],
});

const trimPrefixBuiltin = builtin({
  name: "trim_prefix",
  description: "Takes a string off the beginning, if it is there.",
  args: [arg("value", stringType, "string to shorten"), arg("prefix", stringType, "the beginning")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_prefix("abc", "a")', '"bc"']],
  categories: ["strings"],
});

const trimSuffixBuiltin = builtin({
  name: "trim_suffix",
  description: "Takes a string off the end, if it is there.",
  args: [arg("value", stringType, "string to shorten"), arg("suffix", stringType, "the end")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_suffix("abc", "c")', '"ab"']],
  categories: ["strings"],
});

const trimSpaceBuiltin = builtin({
  name: "trim_space",
  description: "Strips white space from both ends.",
  args: [arg("value", stringType, "string to strip")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_space(" a ")', '"a"']],
  categories: ["strings"],
});

export const stringsBuiltins: readonly Builtin[] = [
  concatBuiltin,
  containsBuiltin,
  startswithBuiltin,
  endswithBuiltin,
  formatIntBuiltin,
  indexofBuiltin,
  indexofNBuiltin,
  lowerBuiltin,
  upperBuiltin,
  replaceBuiltin,
  splitBuiltin,
  sprintfBuiltin,
  stringsAnyPrefixMatchBuiltin,
  stringsAnySuffixMatchBuiltin,
  stringsCountBuiltin,
  stringsRenderTemplateBuiltin,
  stringsReplaceNBuiltin,
  stringsReverseBuiltin,
  stringsSplitNBuiltin,
  substringBuiltin,
  trimBuiltin,
  trimLeftBuiltin,
  trimRightBuiltin,
  trimPrefixBuiltin,
  trimSuffixBuiltin,
  trimSpaceBuiltin,
];
