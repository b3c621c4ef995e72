// Whether two simple patterns (characters, `.`, `[a-z]`, each perhaps with `*` or `+`) have a string in common, decided step by step as
// the library behind `regex.globs_match` does it. Patterns in, boolean out; errors are that library's.

import { failure } from "./operand.ts";

interface Token {
  /** Undefined: any character. */
  readonly of: ReadonlySet<string> | undefined;
  readonly isSet: boolean;
  flag: "" | "*" | "+";
}

function invalid(input: readonly string[], at: number, message: string): Error {
  return failure(`input:${input.join("")}, pos:${at}, ${message}: the input provided is invalid`);
}

/** A character with the position behind it; undefined at the end. */
function read(
  input: readonly string[],
  at: number,
): { c: string; escaped: boolean; next: number } | undefined {
  const c = input[at];
  if (c === undefined) return undefined;
  if (c !== "\\") return { c, escaped: false, next: at + 1 };
  const literal = input[at + 1];
  if (literal === undefined) throw invalid(input, at, "input ends with a \\ (escape) character");
  return { c: literal, escaped: true, next: at + 2 };
}

function tokenize(text: string): Token[] {
  const input = [...text];
  const tokens: Token[] = [];
  let at = 0;
  for (let got = read(input, at); got !== undefined; got = read(input, at)) {
    at = got.next;
    let token: Token = { of: new Set([got.c]), isSet: false, flag: "" };
    if (!got.escaped) {
      if (got.c === "]") throw invalid(input, at, "set-close ']' with no preceding '['");
      if (got.c === "*" || got.c === "+") {
        throw invalid(input, at, `flag '${got.c}' must be preceded by a non-flag`);
      }
      if (got.c === ".") token = { of: undefined, isSet: false, flag: "" };
      if (got.c === "[") {
        const set = readSet(input, at);
        at = set.next;
        token = { of: set.of, isSet: true, flag: "" };
      }
    }
    const flag = read(input, at);
    if (flag !== undefined && !flag.escaped && (flag.c === "*" || flag.c === "+")) {
      token.flag = flag.c;
      at = flag.next;
    }
    tokens.push(token);
  }
  return simplify(tokens);
}

function readSet(input: readonly string[], start: number): { of: Set<string>; next: number } {
  const of = new Set<string>();
  let previous: string | undefined;
  let at = start;
  for (let got = read(input, at); got !== undefined; got = read(input, at)) {
    at = got.next;
    if (!got.escaped && got.c === "]") return { of, next: at };
    if (got.escaped || got.c !== "-") {
      of.add(got.c);
      previous = got.c;
      continue;
    }
    if (previous === undefined) {
      throw invalid(input, at, "range character '-' must be preceded by a Unicode character");
    }
    const end = at >= input.length - 1 ? undefined : read(input, at);
    if (end === undefined)
      throw invalid(input, at, "range character '-' must be followed by a Unicode character");
    at = end.next;
    if (!end.escaped && (end.c === "]" || end.c === "-")) {
      throw invalid(input, at, "range character '-' cannot be followed by a special symbol");
    }
    const [from, to] = [previous.codePointAt(0) as number, end.c.codePointAt(0) as number];
    if (to < from) {
      throw invalid(input, at, `range is out of order: '${end.c}' comes before '${previous}' in Unicode`);
    }
    for (let point = from; point <= to; point++) of.add(String.fromCodePoint(point));
    previous = undefined;
  }
  throw invalid(input, at, "found [ without matching ]");
}

function sameContent(a: Token, b: Token): boolean {
  if (a.of === undefined || b.of === undefined) return a.of === b.of;
  const other = b.of;
  return a.isSet === b.isSet && a.of.size === other.size && [...a.of].every((c) => other.has(c));
}

/** Neighbours with equal content and flags become one. */
function simplify(tokens: readonly Token[]): Token[] {
  const simple: Token[] = [];
  for (const token of tokens) {
    const latest = simple.at(-1);
    if (latest !== undefined && token.flag !== "" && latest.flag !== "" && sameContent(token, latest)) {
      if (token.flag === "+") latest.flag = "+";
    } else simple.push(token);
  }
  return simple;
}

function meet(a: Token | undefined, b: Token | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const other = b.of;
  if (a.of === undefined || other === undefined) return true;
  for (const c of a.of) if (other.has(c)) return true;
  return false;
}

export function intersect(left: string, right: string): boolean {
  const [a, b] = [tokenize(left), tokenize(right)];
  // Plain tokens at the end must agree whatever stands before them.
  for (let i = 1; a.at(-i)?.flag === "" && b.at(-i)?.flag === ""; i++)
    if (!meet(a.at(-i), b.at(-i))) return false;
  return compute(a, b, 0, 0, new Map());
}

/** Answers by what is left of both; it keeps the search from growing with the number of ways through it. */
type Memo = Map<string, boolean>;

function compute(
  a: readonly Token[],
  b: readonly Token[],
  start: number,
  other: number,
  memo: Memo,
): boolean {
  let [i, j] = [start, other];
  for (; i < a.length && j < b.length; i++, j++) {
    const [x, y] = [a[i] as Token, b[j] as Token];
    if (x.flag === "" && y.flag === "") {
      if (!meet(x, y)) return false;
    } else if (x.flag !== "") return remembered(a, b, i, j, memo);
    else return remembered(b, a, j, i, memo);
  }
  return i === a.length && j === b.length;
}

function remembered(a: readonly Token[], b: readonly Token[], i: number, j: number, memo: Memo): boolean {
  // Tails of the two patterns differ in length and content; which one comes first matters to the order of trying only.
  const key = `${tailId(a, i)}|${tailId(b, j)}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const answer = special(a, b, i, j, memo);
  memo.set(key, answer);
  return answer;
}

const ids = new WeakMap<readonly Token[], number>();
let lastId = 0;

function tailId(tokens: readonly Token[], at: number): string {
  let id = ids.get(tokens);
  if (id === undefined) {
    id = ++lastId;
    ids.set(tokens, id);
  }
  return `${id}:${at}`;
}

/** `a[i]` has a flag. */
function special(a: readonly Token[], b: readonly Token[], i: number, j: number, memo: Memo): boolean {
  if ((a[i] as Token).flag === "*") return star(a, b, i, j, memo);
  if (!meet(a[i], b[j])) return false;
  if (star(a, b, i, j + 1, memo)) return true;
  return (b[j] as Token).flag !== "" && compute(a, b, i + 1, j, memo);
}

function star(a: readonly Token[], b: readonly Token[], i: number, start: number, memo: Memo): boolean {
  const next = a[i + 1];
  for (let j = start; j < b.length; j++) {
    if (next !== undefined && meet(b[j], next) && compute(a, b, i + 1, j, memo)) return true;
    if (!meet(b[j], a[i])) return false;
  }
  return next === undefined;
}
