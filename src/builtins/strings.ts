// Strings. Positions and lengths count characters (code points); texts in, texts out. Operands of a wrong type are type errors.
// Over 450 lines because 26 builtins are declared here, each with its signature and examples.

import { arg, arrayOf, builtin, objectOf, setOf } from "./signature.ts";
import { anyOf, anyType, booleanType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { decimalToBigInt, parseDecimal } from "../value/decimal.ts";
import { integer } from "../value/number.ts";
import { toFloat } from "../value/arithmetic.ts";
import { truncate } from "../value/float.ts";
import type { Value } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { goArgument } from "./go-argument.ts";
import { sprintf } from "./go-format.ts";
import {
  arrayOperand,
  failure,
  intOperand,
  numberOperand,
  objectOperand,
  stringOperand,
  stringsOperand,
  typeFailure,
  wrongType,
} from "./operand.ts";
import { replacer } from "./replacer.ts";
import { lowerCase, SPACE, upperCase } from "./unicode.ts";
import { renderTemplate } from "./template.ts";

function ofOne(change: (x: string) => Value): HostBody {
  return ([x]) => change(stringOperand(x, 1));
}

function ofTwo(answer: (x: string, y: string) => Value): HostBody {
  return ([x, y]) => answer(stringOperand(x, 1), stringOperand(y, 2));
}

const concatBody: HostBody = ([delimiter, list]) => {
  const between = stringOperand(delimiter, 1);
  return stringsOperand(list, 2).join(between);
};

const containsBody = ofTwo((text, part) => text.includes(part));
const startswithBody = ofTwo((text, start) => text.startsWith(start));
const endswithBody = ofTwo((text, end) => text.endsWith(end));
const lowerBody = ofOne(lowerCase);
const upperBody = ofOne(upperCase);
const stringsReverseBody = ofOne((text) => [...text].reverse().join(""));

const RADIX: ReadonlyMap<string, number> = new Map([
  ["2", 2],
  ["8", 8],
  ["10", 10],
  ["16", 16],
]);

const formatIntBody: HostBody = ([value, base]) => {
  const n = numberOperand(value, 1);
  const radix = RADIX.get(numberOperand(base, 2).text);
  if (radix === undefined) throw typeFailure("operand 2 must be one of {2, 8, 10, 16}");
  const exact = /^-?\d+$/.test(n.text) ? decimalToBigInt(parseDecimal(n.text)) : undefined;
  return (exact ?? truncate(toFloat(n))).toString(radix);
};

/** Character positions at which `part` stands in `text`, overlaps included. */
function* positions(text: string, part: string): Generator<number> {
  if (part === "") throw failure("empty search character");
  let unit = 0;
  let index = 0;
  for (;;) {
    const next = text.indexOf(part, unit);
    if (next < 0) return;
    for (; unit < next; unit += (text.codePointAt(unit) as number) > 0xffff ? 2 : 1) index++;
    yield index;
    unit += (text.codePointAt(unit) as number) > 0xffff ? 2 : 1;
    index++;
  }
}

const indexofBody = ofTwo((text, part) => integer(positions(text, part).next().value ?? -1));
const indexofNBody = ofTwo((text, part) => Array.from(positions(text, part), integer));

const replaceBody: HostBody = ([text, old, next]) => {
  const subject = stringOperand(text, 1);
  const pair = [stringOperand(old, 2), stringOperand(next, 3)] as const;
  // Not even bytes that are no characters by themselves come to light.
  return pair[0] === pair[1] ? subject : replacer([pair])(subject);
};

const stringsReplaceNBody: HostBody = ([patterns, text]) => {
  const map = objectOperand(patterns, 1);
  const subject = stringOperand(text, 2);
  const pairs = Array.from(map.entries(), ([from, to]): readonly [string, string] => {
    if (typeof from !== "string") throw typeFailure("operand 1 non-string key found in pattern object");
    if (typeof to !== "string") throw typeFailure("operand 1 non-string value found in pattern object");
    return [from, to];
  });
  return replacer(pairs)(subject);
};

/** Go's Split: between all characters when there is no delimiter. */
function pieces(text: string, delimiter: string): string[] {
  return delimiter === "" ? [...text] : text.split(delimiter);
}

const splitBody = ofTwo(pieces);

const stringsSplitNBody: HostBody = ([text, delimiter, n]) => {
  const [subject, cut] = [stringOperand(text, 1), stringOperand(delimiter, 2)];
  const count = intOperand(n, 3);
  const all = pieces(subject, cut);
  return count >= 0 ? all.slice(0, count) : all.slice(Math.max(all.length + count, 0));
};

const sprintfBody: HostBody = ([format, values]) => {
  const text = stringOperand(format, 1);
  return sprintf(text, arrayOperand(values, 2).map(goArgument));
};

function oneOrMore(value: Value | undefined, position: number): readonly string[] {
  if (typeof value === "string") return [value];
  if (
    value === null ||
    typeof value !== "object" ||
    (!Array.isArray(value) && (value as { kind: string }).kind !== "set")
  ) {
    throw wrongType(position, value, "string", "set", "array");
  }
  return stringsOperand(value, position);
}

function anyMatch(fits: (text: string, part: string) => boolean): HostBody {
  return ([search, base]) => {
    const [texts, parts] = [oneOrMore(search, 1), oneOrMore(base, 2)];
    return texts.some((text) => parts.some((part) => fits(text, part)));
  };
}

const stringsAnyPrefixMatchBody = anyMatch((text, start) => text.startsWith(start));
const stringsAnySuffixMatchBody = anyMatch((text, end) => text.endsWith(end));

const stringsCountBody = ofTwo((text, part) =>
  integer(part === "" ? [...text].length + 1 : text.split(part).length - 1),
);

const stringsRenderTemplateBody: HostBody = ([template, variables]) => {
  const text = stringOperand(template, 1);
  return renderTemplate(text, objectOperand(variables, 2)).replaceAll("<no value>", "<undefined>");
};

const substringBody: HostBody = ([value, offset, length]) => {
  const text = stringOperand(value, 1);
  const [start, count] = [intOperand(offset, 2), intOperand(length, 3)];
  if (start < 0) throw failure("negative offset");
  const characters = [...text];
  return characters.slice(start, count < 0 ? undefined : start + count).join("");
};

function trimmed(text: string, drop: (character: string) => boolean, left: boolean, right: boolean): string {
  const characters = [...text];
  let start = 0;
  let end = characters.length;
  if (left) while (start < end && drop(characters[start] as string)) start++;
  if (right) while (end > start && drop(characters[end - 1] as string)) end--;
  return start === 0 && end === characters.length ? text : characters.slice(start, end).join("");
}

function trimming(left: boolean, right: boolean): HostBody {
  return ofTwo((text, cutset) => {
    const dropped = new Set(cutset);
    return trimmed(text, (character) => dropped.has(character), left, right);
  });
}

const trimBody = trimming(true, true);
const trimLeftBody = trimming(true, false);
const trimRightBody = trimming(false, true);
const trimPrefixBody = ofTwo((text, start) => (text.startsWith(start) ? text.slice(start.length) : text));
const trimSuffixBody = ofTwo((text, end) =>
  text.endsWith(end) ? text.slice(0, text.length - end.length) : text,
);
const trimSpaceBody = ofOne((text) => trimmed(text, (character) => SPACE.test(character), true, true));

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
  native: true,
  host: concatBody,
});

const containsBuiltin = builtin({
  name: "contains",
  description: "Tells whether a string has another one in it.",
  args: [arg("haystack", stringType, "string to search"), arg("needle", stringType, "string to find")],
  result: arg("result", booleanType, "true when it is there"),
  examples: [['contains("abc", "b")', "true"]],
  categories: ["strings"],
  native: true,
  host: containsBody,
});

const startswithBuiltin = builtin({
  name: "startswith",
  description: "Tells whether a string begins with another one.",
  args: [arg("search", stringType, "string to look at"), arg("base", stringType, "the beginning")],
  result: arg("result", booleanType, "true when it does"),
  examples: [['startswith("abc", "ab")', "true"]],
  categories: ["strings"],
  native: true,
  host: startswithBody,
});

const endswithBuiltin = builtin({
  name: "endswith",
  description: "Tells whether a string ends with another one.",
  args: [arg("search", stringType, "string to look at"), arg("base", stringType, "the end")],
  result: arg("result", booleanType, "true when it does"),
  examples: [['endswith("abc", "bc")', "true"]],
  categories: ["strings"],
  native: true,
  host: endswithBody,
});

const formatIntBuiltin = builtin({
  name: "format_int",
  description: "Writes a number, rounded down, in base 2, 8, 10 or 16.",
  args: [arg("number", numberType, "the number"), arg("base", numberType, "the base")],
  result: arg("output", stringType, "its digits"),
  examples: [["format_int(255, 16)", '"ff"']],
  categories: ["strings"],
  native: true,
  host: formatIntBody,
});

const indexofBuiltin = builtin({
  name: "indexof",
  description: "Finds the first place of a string in another, in characters.",
  args: [arg("haystack", stringType, "string to search"), arg("needle", stringType, "string to find")],
  result: arg("output", numberType, "the index, -1 when it is not there"),
  examples: [['indexof("añb", "b")', "2"]],
  categories: ["strings"],
  native: true,
  host: indexofBody,
});

const indexofNBuiltin = builtin({
  name: "indexof_n",
  description: "Finds all places of a string in another, in characters.",
  args: [arg("haystack", stringType, "string to search"), arg("needle", stringType, "string to find")],
  result: arg("output", arrayOf(numberType), "the indices"),
  examples: [['indexof_n("abcabc", "b")', "[1,4]"]],
  categories: ["strings"],
  native: true,
  host: indexofNBody,
});

const lowerBuiltin = builtin({
  name: "lower",
  description: "Turns letters to lower case.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "the string in lower case"),
  examples: [['lower("AbC")', '"abc"']],
  categories: ["strings"],
  native: true,
  host: lowerBody,
});

const upperBuiltin = builtin({
  name: "upper",
  description: "Turns letters to upper case.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "the string in upper case"),
  examples: [['upper("AbC")', '"ABC"']],
  categories: ["strings"],
  native: true,
  host: upperBody,
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
  native: true,
  host: replaceBody,
});

const splitBuiltin = builtin({
  name: "split",
  description: "Cuts a string at every delimiter.",
  args: [arg("x", stringType, "string to cut"), arg("delimiter", stringType, "where to cut")],
  result: arg("ys", arrayOf(stringType), "the pieces"),
  examples: [['split("a,b", ",")', '["a","b"]']],
  categories: ["strings"],
  native: true,
  host: splitBody,
});

const sprintfBuiltin = builtin({
  name: "sprintf",
  description: "Fills values into a format, with the verbs of Go's `fmt`.",
  args: [arg("format", stringType, "the format"), arg("values", arrayOf(anyType), "the values, in order")],
  result: arg("output", stringType, "the text"),
  examples: [['sprintf("%s is %d, %v", ["a", 1, [true]])', '"a is 1, [true]"']],
  categories: ["strings"],
  native: true,
  host: sprintfBody,
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
  native: true,
  host: stringsAnyPrefixMatchBody,
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
  native: true,
  host: stringsAnySuffixMatchBody,
});

const stringsCountBuiltin = builtin({
  name: "strings.count",
  description: "Counts how often a string occurs in another, without overlaps.",
  args: [arg("search", stringType, "string to search"), arg("substring", stringType, "string to count")],
  result: arg("output", numberType, "how often it occurs"),
  examples: [['strings.count("banana", "an")', "2"]],
  categories: ["strings"],
  native: true,
  host: stringsCountBody,
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
  host: stringsRenderTemplateBody,
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
  native: true,
  host: stringsReplaceNBody,
});

const stringsReverseBuiltin = builtin({
  name: "strings.reverse",
  description: "Turns the characters of a string round.",
  args: [arg("x", stringType, "any string")],
  result: arg("y", stringType, "its characters from last to first"),
  examples: [['strings.reverse("abc")', '"cba"']],
  categories: ["strings"],
  native: true,
  host: stringsReverseBody,
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
  native: true,
  host: stringsSplitNBody,
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
  native: true,
  host: substringBody,
});

const trimBuiltin = builtin({
  name: "trim",
  description: "Strips characters from both ends.",
  args: [arg("value", stringType, "string to strip"), arg("cutset", stringType, "the characters to strip")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim("..a..", ".")', '"a"']],
  categories: ["strings"],
  native: true,
  host: trimBody,
});

const trimLeftBuiltin = builtin({
  name: "trim_left",
  description: "Strips characters from the beginning.",
  args: [arg("value", stringType, "string to strip"), arg("cutset", stringType, "the characters to strip")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_left("..a..", ".")', '"a.."']],
  categories: ["strings"],
  native: true,
  host: trimLeftBody,
});

const trimRightBuiltin = builtin({
  name: "trim_right",
  description: "Strips characters from the end.",
  args: [arg("value", stringType, "string to strip"), arg("cutset", stringType, "the characters to strip")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_right("..a..", ".")', '"..a"']],
  categories: ["strings"],
  native: true,
  host: trimRightBody,
});

const trimPrefixBuiltin = builtin({
  name: "trim_prefix",
  description: "Takes a string off the beginning, if it is there.",
  args: [arg("value", stringType, "string to shorten"), arg("prefix", stringType, "the beginning")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_prefix("abc", "a")', '"bc"']],
  categories: ["strings"],
  native: true,
  host: trimPrefixBody,
});

const trimSuffixBuiltin = builtin({
  name: "trim_suffix",
  description: "Takes a string off the end, if it is there.",
  args: [arg("value", stringType, "string to shorten"), arg("suffix", stringType, "the end")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_suffix("abc", "c")', '"ab"']],
  categories: ["strings"],
  native: true,
  host: trimSuffixBody,
});

const trimSpaceBuiltin = builtin({
  name: "trim_space",
  description: "Strips white space from both ends.",
  args: [arg("value", stringType, "string to strip")],
  result: arg("output", stringType, "what is left"),
  examples: [['trim_space(" a ")', '"a"']],
  categories: ["strings"],
  native: true,
  host: trimSpaceBody,
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
