// Regular expressions with RE2's syntax and Go's rules for finding, splitting and replacing all matches, over the `re2js` package
// (linear time). Patterns and texts in; matches as spans of UTF-16 units out. Error texts are Go's.

import { RE2JS } from "re2js";
import { failure } from "./operand.ts";

export type Regex = RE2JS;

/** Start and end of the match, then of each group; -1 for groups that took no part. */
export type Spans = readonly number[];

const CACHE_SIZE = 100;
const cache = new Map<string, RE2JS>();

export function compileRegex(pattern: string): RE2JS {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const compiled = compileText(pattern);
  if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value as string);
  cache.set(pattern, compiled);
  return compiled;
}

/** The same, with the package's own words where the pattern is none. */
export function parseRegex(pattern: string): RE2JS {
  return RE2JS.compile(pattern);
}

/** `re2js` takes the `:]` that closes `[:]` for the end of a named class, as in `[[:]`; Go looks for it behind `[:`. */
const LONE_COLON = "invalid character class range: `[:]`";

function compileText(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const message = (error as Error).message;
    if (message.endsWith(LONE_COLON)) return compileText(pattern.replaceAll("[:]", "[\\:]"));
    throw failure(message.endsWith("trailing backslash at end of expression") ? `${message}: \`\`` : message);
  }
}

export function isRegex(pattern: string): boolean {
  try {
    compileRegex(pattern);
    return true;
  } catch {
    return false;
  }
}

/** Whether some part of the text fits. */
export function hasMatch(regex: RE2JS, text: string): boolean {
  return regex.matcher(text).find();
}

/** Up to `limit` matches (below zero: all). An empty match right behind another match does not count. */
export function allMatches(regex: RE2JS, text: string, limit: number): Spans[] {
  const found: Spans[] = [];
  const matcher = regex.matcher(text);
  const most = limit < 0 ? text.length + 1 : limit;
  let previousEnd = -1;
  for (let at = 0; found.length < most && at <= text.length; ) {
    if (!matcher.find(at)) break;
    const spans: number[] = [];
    for (let group = 0; group <= matcher.groupCount(); group++)
      spans.push(matcher.start(group), matcher.end(group));
    const [start, end] = spans as [number, number];
    const isRepeated = end === at && start === previousEnd;
    at = end === at ? at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) : end;
    previousEnd = end;
    if (!isRepeated) found.push(spans);
  }
  return found;
}

export function splitText(regex: RE2JS, text: string): string[] {
  if (text === "" && regex.pattern() !== "") return [""];
  const pieces: string[] = [];
  let begin = 0;
  let end = 0;
  for (const [start, stop] of allMatches(regex, text, -1) as [number, number][]) {
    end = start;
    if (stop !== 0) pieces.push(text.slice(begin, end));
    begin = stop;
  }
  if (end !== text.length) pieces.push(text.slice(begin));
  return pieces;
}

export function replaceMatches(regex: RE2JS, text: string, template: string): string {
  let out = "";
  let last = 0;
  for (const spans of allMatches(regex, text, -1)) {
    const [start, end] = spans as unknown as [number, number];
    out += text.slice(last, start) + expand(regex, template, text, spans);
    last = end;
  }
  return out + text.slice(last);
}

const REFERENCE = /^(?:\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/u;

/** `$1`, `$name`, `${name}`, `$$`; a name runs as far as it can; anything else after `$` is plain text. */
function expand(regex: RE2JS, template: string, text: string, spans: Spans): string {
  let out = "";
  let rest = template;
  for (;;) {
    const dollar = rest.indexOf("$");
    if (dollar < 0) return out + rest;
    out += rest.slice(0, dollar);
    rest = rest.slice(dollar + 1);
    if (rest.startsWith("$")) {
      out += "$";
      rest = rest.slice(1);
      continue;
    }
    const reference = REFERENCE.exec(rest);
    if (reference === null) {
      out += "$";
      continue;
    }
    rest = rest.slice(reference[0].length);
    out += groupText(regex, (reference[1] ?? reference[2]) as string, text, spans);
  }
}

function groupText(regex: RE2JS, name: string, text: string, spans: Spans): string {
  const names = regex.namedGroups() as Readonly<Record<string, number>>;
  const group = /^(0|[1-9]\d{0,8})$/.test(name)
    ? Number(name)
    : Object.hasOwn(names, name)
      ? names[name]
      : undefined;
  if (group === undefined || group * 2 + 1 >= spans.length) return "";
  const [start, end] = [spans[group * 2] as number, spans[group * 2 + 1] as number];
  return start < 0 ? "" : text.slice(start, end);
}

export function quoteRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
