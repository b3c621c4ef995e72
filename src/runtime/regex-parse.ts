// Reads a pattern in RE2's syntax (with the flags Go's regexp.Compile sets) into a tree. In go bytes, out comes the root node, or 0 with
// Go's complaint in `regex_error`. Recursion is bounded by DEPTH; never looks at a text to be matched. Over 450 lines:
// one grammar, whose productions call each other.
//
//   node   0: kind   4: a   8: b   12: sub   16: previous sibling   20: lazy   24: height   28: product of nested counts
//
//   RUNE a: code point           SET a: ranges (regex-class.ts)      EMPTY_WIDTH a: what must hold
//   CAPTURE a: number, sub       REPEAT a: min, b: max or -1, sub    CONCAT, ALTERNATE sub: last child, the others by `previous`
import { alloc } from "./memory";
import {
  class_add, class_clean, class_fold, class_mark, class_negate, class_open, class_perl, class_posix, class_take, class_unicode, MAX_RUNE,
  simple_fold,
} from "./regex-class";
import { rune_at, rune_valid, rune_width } from "./utf8";

export const NODE_RUNE = 1;
export const NODE_SET = 2;
export const NODE_ANY = 3;
export const NODE_ANY_BUT_NEWLINE = 4;
export const NODE_EMPTY_WIDTH = 5;
export const NODE_CAPTURE = 6;
export const NODE_REPEAT = 7;
export const NODE_CONCAT = 8;
export const NODE_ALTERNATE = 9;

export const BEGIN_LINE = 1;
export const END_LINE = 2;
export const BEGIN_TEXT = 4;
export const END_TEXT = 8;
export const WORD_BOUNDARY = 16;
export const NO_WORD_BOUNDARY = 32;

const FOLD_CASE = 1;
const DOT_NEWLINE = 2;
const ONE_LINE = 4;
const NON_GREEDY = 8;

/** How deep Go lets expressions nest. */
const DEPTH = 1000;
const MAX_COUNT = 1000;

/** Go's complaint about the last pattern and the part of it that it shows. */
export let regex_error: string = "";
export let regex_error_at: usize = 0;
export let regex_error_length: i32 = 0;

/** How many groups, and their names: words of number, address, length from the last to the first (0: none). */
export let group_count: i32 = 0;
export let group_names: usize = 0;

let start: usize = 0;
let p: usize = 0;
let end: usize = 0;
let flags: i32 = 0;
let depth: i32 = 0;
let failed: bool = false;

function complain(message: string, at: usize, to: usize): usize {
  if (!failed) {
    failed = true;
    regex_error = message;
    regex_error_at = at;
    regex_error_length = <i32>(to - at);
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function peek(offset: usize): i32 {
  return p + offset < end ? <i32>load<u8>(p + offset) : -1;
}

/** The next code point; complains where bytes are no UTF-8. */
function next_rune(): i32 {
  const rune = rune_at(p, end);
  if (!rune_valid) complain("invalid UTF-8", p, end);
  p += <usize>rune_width;
  return rune;
}

export function node(kind: i32, a: i32, b: i32, sub: usize): usize {
  const n = alloc(32);
  store<i32>(n, kind);
  store<i32>(n, a, 4);
  store<i32>(n, b, 8);
  store<u32>(n, <u32>sub, 12);
  store<u32>(n, 0, 16);
  store<i32>(n, 0, 20);
  store<i32>(n, sub == 0 ? 1 : load<i32>(sub, 24) + 1, 24);
  store<i32>(n, sub == 0 ? 1 : load<i32>(sub, 28), 28);
  if (load<i32>(n, 24) > DEPTH) complain("expression nests too deeply", start, end);
  return n;
}

/** One node over a list of siblings of which `last` is the last; a list of one is that one. */
export function joined(kind: i32, last: usize): usize {
  if (last != 0 && load<u32>(last, 16) == 0) return last;
  let height = 0;
  let product = 1;
  for (let child = last; child != 0; child = load<u32>(child, 16)) {
    height = max(height, load<i32>(child, 24));
    product = max(product, load<i32>(child, 28));
  }
  const n = node(kind, 0, 0, last);
  store<i32>(n, height + 1, 24);
  store<i32>(n, product, 28);
  if (height >= DEPTH) complain("expression nests too deeply", start, end);
  return n;
}

/** Makes a text the one that complaints are about; for whoever makes nodes from another syntax. */
export function tree_begin(at: usize, length: i32): void {
  start = at;
  p = at;
  end = at + <usize>length;
  depth = 0;
  failed = false;
  group_count = 0;
  group_names = 0;
}

export function tree_failed(): bool {
  return failed;
}

export function regex_parse(at: usize, length: i32): usize {
  tree_begin(at, length);
  flags = ONE_LINE;
  const root = parse_alternate();
  if (!failed && p < end) complain("unexpected )", start, end);
  return failed ? 0 : root;
}

function parse_alternate(): usize {
  let last = parse_concat();
  while (!failed && peek(0) == 0x7c) {
    p++;
    const next = parse_concat();
    if (failed) return 0;
    store<u32>(next, <u32>last, 16);
    last = next;
  }
  return failed ? 0 : joined(NODE_ALTERNATE, last);
}

function parse_concat(): usize {
  let last: usize = 0;
  let repeated: usize = 0;
  while (!failed && p < end) {
    const c = <i32>load<u8>(p);
    if (c == 0x7c || c == 0x29) break;
    const before = p;
    if (c == 0x2a || c == 0x2b || c == 0x3f || (c == 0x7b && parse_counts())) {
      if (c == 0x2a) set_counts(0, -1);
      else if (c == 0x2b) set_counts(1, -1);
      else if (c == 0x3f) set_counts(0, 1);
      if (c != 0x7b) p++;
      last = repeat(last, before, repeated, c == 0x7b);
      repeated = before;
      continue;
    }
    repeated = 0;
    const n = parse_atom(c);
    if (failed) return 0;
    if (n == 0) continue;
    for (let first = n; ; first = load<u32>(first, 16)) {
      if (load<u32>(first, 16) != 0) continue;
      store<u32>(first, <u32>last, 16);
      break;
    }
    last = n;
  }
  return failed ? 0 : joined(NODE_CONCAT, last);
}

let least: i32 = 0;
let most: i32 = 0;

function set_counts(low: i32, high: i32): void {
  least = low;
  most = high;
}

function repeat(sub: usize, before: usize, repeated: usize, counted: bool): usize {
  if (counted && (least < 0 || least > MAX_COUNT || most > MAX_COUNT || (most >= 0 && least > most)))
    return complain("invalid repeat count", before, p);
  let lazy = (flags & NON_GREEDY) != 0;
  if (peek(0) == 0x3f) {
    p++;
    lazy = !lazy;
  }
  if (repeated != 0) return complain("invalid nested repetition operator", repeated, p);
  if (sub == 0) return complain("missing argument to repetition operator", before, p);
  const previous = load<u32>(sub, 16);
  const n = node(NODE_REPEAT, least, most, sub);
  store<u32>(sub, 0, 16);
  store<u32>(n, previous, 16);
  store<i32>(n, lazy ? 1 : 0, 20);
  if (counted) {
    const times = most < 0 ? least : most;
    const product = most == 0 ? 1 : max(times, 1) * load<i32>(sub, 28);
    store<i32>(n, product, 28);
    if ((least >= 2 || most >= 2) && product > MAX_COUNT) return complain("invalid repeat count", before, p);
    // Larger products are only seen by counts further out; kept small so that they cannot overflow.
    if (product > MAX_COUNT) store<i32>(n, MAX_COUNT + 1, 28);
  }
  return n;
}

/** `{2}`, `{2,}`, `{2,5}` into least and most; anything else is a plain brace. */
function parse_counts(): bool {
  const saved = p;
  p++;
  least = parse_count();
  most = least;
  let good = least != -2;
  if (good && peek(0) == 0x2c) {
    p++;
    if (peek(0) == 0x7d) most = -1;
    else {
      most = parse_count();
      if (most == -2) good = false;
      else if (most < 0) least = -1;
    }
  }
  if (good && peek(0) == 0x7d) {
    p++;
    return true;
  }
  p = saved;
  return false;
}

/** -1 for what is far too big, -2 for no number (a leading zero makes none). */
function parse_count(): i32 {
  const c = peek(0);
  if (c < 0x30 || c > 0x39) return -2;
  if (c == 0x30 && peek(1) >= 0x30 && peek(1) <= 0x39) return -2;
  let n = 0;
  while (peek(0) >= 0x30 && peek(0) <= 0x39) {
    if (n >= 100000000) n = -1;
    if (n >= 0) n = n * 10 + peek(0) - 0x30;
    p++;
  }
  return n;
}

function literal(rune: i32): usize {
  if ((flags & FOLD_CASE) == 0 || simple_fold(rune) == rune) return node(NODE_RUNE, rune, 0, 0);
  class_open();
  class_add(rune, rune);
  class_fold(0);
  return node(NODE_SET, <i32>class_take(0), 0, 0);
}

function width(kind: i32): usize {
  return node(NODE_EMPTY_WIDTH, kind, 0, 0);
}

/** One atom, or 0 for a change of flags; a quoted text comes as a chain of siblings. */
function parse_atom(c: i32): usize {
  switch (c) {
    case 0x28: return parse_group();
    case 0x5b: return parse_class();
    case 0x5c: return parse_backslash();
    case 0x5e: p++; return width((flags & ONE_LINE) != 0 ? BEGIN_TEXT : BEGIN_LINE);
    case 0x24: p++; return width((flags & ONE_LINE) != 0 ? END_TEXT : END_LINE);
    case 0x2e: p++; return node((flags & DOT_NEWLINE) != 0 ? NODE_ANY : NODE_ANY_BUT_NEWLINE, 0, 0, 0);
  }
  const rune = next_rune();
  return failed ? 0 : literal(rune);
}

function parse_group(): usize {
  const saved = flags;
  let number = 0;
  if (peek(1) == 0x3f) {
    const named = peek(2) == 0x50 && peek(3) == 0x3c && p + 4 < end ? 4 : peek(2) == 0x3c && p + 3 < end ? 3 : 0;
    if (named != 0) {
      if (!parse_name(<usize>named)) return 0;
      number = group_count;
    } else if (!parse_flags()) return 0;
    // `(?i)` is no group: its flags hold up to the end of the group around it.
    else if (load<u8>(p - 1) == 0x29) return 0;
  } else {
    p++;
    group_count++;
    number = group_count;
  }
  depth++;
  if (depth > DEPTH) return complain("expression nests too deeply", start, end);
  const inner = parse_alternate();
  depth--;
  if (failed) return 0;
  if (peek(0) != 0x29) return complain("missing closing )", start, end);
  p++;
  flags = saved;
  return number != 0 ? node(NODE_CAPTURE, number, 0, inner) : inner;
}

function is_alnum(c: i32): bool {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
}

/** The first byte `c` from `from` on, or 0. */
function find(from: usize, c: i32): usize {
  for (let at = from; at < end; at++) if (<i32>load<u8>(at) == c) return at;
  return 0;
}

function valid_utf8(at: usize, to: usize): bool {
  for (let q = at; q < to; q += <usize>rune_width) {
    rune_at(q, to);
    if (!rune_valid) {
      complain("invalid UTF-8", q, to);
      return false;
    }
  }
  return true;
}

function parse_name(skip: usize): bool {
  const at = p + skip;
  const close = find(p, 0x3e);
  if (close == 0) {
    if (valid_utf8(p, end)) complain("invalid named capture", p, end);
    return false;
  }
  if (!valid_utf8(at, close)) return false;
  let good = close > at;
  for (let q = at; q < close; q++) if (load<u8>(q) != 0x5f && !is_alnum(<i32>load<u8>(q))) good = false;
  if (!good) {
    complain("invalid named capture", p, close + 1);
    return false;
  }
  group_count++;
  const name = alloc(16);
  store<i32>(name, group_count);
  store<u32>(name, <u32>at, 4);
  store<i32>(name, <i32>(close - at), 8);
  store<u32>(name, <u32>group_names, 12);
  group_names = name;
  p = close + 1;
  return true;
}

/** `(?i-s:` or `(?i)`; p ends behind the colon or the parenthesis. */
function parse_flags(): bool {
  const from = p;
  p += 2;
  let now = flags;
  let negative = false;
  let seen = false;
  while (p < end) {
    const c = next_rune();
    if (failed) return false;
    let flag = 0;
    if (c == 0x69) flag = FOLD_CASE;
    else if (c == 0x6d) flag = ONE_LINE;
    else if (c == 0x73) flag = DOT_NEWLINE;
    else if (c == 0x55) flag = NON_GREEDY;
    if (flag != 0) {
      // `m` means the opposite of its flag.
      now = negative != (flag == ONE_LINE) ? now & ~flag : now | flag;
      seen = true;
    } else if (c == 0x2d && !negative) {
      negative = true;
      seen = false;
    } else if ((c == 0x3a || c == 0x29) && (!negative || seen)) {
      flags = now;
      return true;
    } else break;
  }
  complain("invalid or unsupported Perl syntax", from, p);
  return false;
}

function parse_backslash(): usize {
  const c = peek(1);
  switch (c) {
    case 0x41: p += 2; return width(BEGIN_TEXT);
    case 0x62: p += 2; return width(WORD_BOUNDARY);
    case 0x42: p += 2; return width(NO_WORD_BOUNDARY);
    case 0x7a: p += 2; return width(END_TEXT);
    case 0x43: return complain("invalid escape sequence", p, p + 2);
    case 0x51: return parse_quoted();
  }
  class_open();
  if (parse_shorthand()) return failed ? 0 : node(NODE_SET, <i32>class_take(0), 0, 0);
  if (failed) return 0;
  const rune = parse_escape();
  return failed ? 0 : literal(rune);
}

/** `\Q…\E`, all of it literal. */
function parse_quoted(): usize {
  p += 2;
  let last: usize = 0;
  while (p < end) {
    if (peek(0) == 0x5c && peek(1) == 0x45) {
      p += 2;
      break;
    }
    const rune = next_rune();
    if (failed) return 0;
    const n = literal(rune);
    store<u32>(n, <u32>last, 16);
    last = n;
  }
  return last;
}

/** `\d`, `\pN` and their like: adds the set and answers true; p moves on. */
function parse_shorthand(): bool {
  if (peek(0) != 0x5c) return false;
  const c = peek(1);
  if ((c | 0x20) == 0x70) return parse_unicode(c == 0x50);
  const letter = c | 0x20;
  if (c < 0 || (letter != 0x64 && letter != 0x73 && letter != 0x77)) return false;
  p += 2;
  const mark = class_mark();
  class_perl(letter);
  finish_group(mark, c != letter);
  return true;
}

function finish_group(mark: i32, negative: bool): void {
  if ((flags & FOLD_CASE) != 0) class_fold(mark);
  if (negative) class_negate(mark);
}

function parse_unicode(upper: bool): bool {
  const from = p;
  let negative = upper;
  p += 2;
  if (p >= end) {
    // Go reads a code point out of nothing here and finds it wanting.
    complain("invalid character class range", from, p);
    return false;
  }
  const c = next_rune();
  if (failed) return false;
  let at = from + 2;
  let to = p;
  if (c == 0x7b) {
    const close = find(p, 0x7d);
    if (close == 0) {
      if (valid_utf8(from, end)) complain("invalid character class range", from, end);
      return false;
    }
    at = p;
    to = close;
    p = close + 1;
    if (!valid_utf8(at, to)) return false;
  }
  if (at < to && load<u8>(at) == 0x5e) {
    negative = !negative;
    at++;
  }
  const mark = class_mark();
  if (!class_unicode(at, <i32>(to - at))) {
    complain("invalid character class range", from, p);
    return false;
  }
  finish_group(mark, negative);
  return true;
}

function unhex(c: i32): i32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const letter = c | 0x20;
  return c < 128 && letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** A backslash and what it makes a code point of; -1 after a complaint. */
function parse_escape(): i32 {
  const from = p;
  p++;
  if (p >= end) {
    complain("trailing backslash at end of expression", end, end);
    return -1;
  }
  const c = next_rune();
  if (failed) return -1;
  switch (c) {
    case 0x61: return 7;
    case 0x66: return 12;
    case 0x6e: return 10;
    case 0x72: return 13;
    case 0x74: return 9;
    case 0x76: return 11;
    case 0x78: {
      const rune = parse_hex();
      if (rune >= 0) return rune;
      break;
    }
    default: {
      if (c < 128 && !is_alnum(c)) return c;
      const octal = peek(0) >= 0x30 && peek(0) <= 0x37;
      if (c != 0x30 && !(c >= 0x31 && c <= 0x37 && octal)) break;
      let rune = c - 0x30;
      for (let i = 0; i < 2 && peek(0) >= 0x30 && peek(0) <= 0x37; i++) {
        rune = rune * 8 + peek(0) - 0x30;
        p++;
      }
      return rune;
    }
  }
  if (!failed) complain("invalid escape sequence", from, p);
  return -1;
}

function parse_hex(): i32 {
  if (p >= end) return -1;
  const first = next_rune();
  if (failed) return -1;
  if (first == 0x7b) {
    let rune = 0;
    let digits = 0;
    while (p < end) {
      const c = next_rune();
      if (failed) return -1;
      if (c == 0x7d) return digits > 0 ? rune : -1;
      const digit = unhex(c);
      if (digit < 0) return -1;
      rune = rune * 16 + digit;
      if (rune > MAX_RUNE) return -1;
      digits++;
    }
    return -1;
  }
  if (p >= end) return -1;
  const second = next_rune();
  if (failed) return -1;
  const high = unhex(first);
  const low = unhex(second);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function class_rune(open: usize): i32 {
  if (p >= end) {
    complain("missing closing ]", open, end);
    return -1;
  }
  return load<u8>(p) == 0x5c ? parse_escape() : next_rune();
}

function parse_class(): usize {
  const open = p;
  p++;
  const negative = peek(0) == 0x5e;
  if (negative) p++;
  class_open();
  let first = true;
  while (first || peek(0) != 0x5d) {
    first = false;
    if (peek(0) == 0x5b && peek(1) == 0x3a && p + 2 < end && parse_posix()) continue;
    if (failed) return 0;
    if (parse_shorthand()) continue;
    if (failed) return 0;
    const from = p;
    const low = class_rune(open);
    if (failed) return 0;
    let high = low;
    if (peek(0) == 0x2d && p + 1 < end && peek(1) != 0x5d) {
      p++;
      high = class_rune(open);
      if (failed) return 0;
      if (high < low) return complain("invalid character class range", from, p);
    }
    const mark = class_mark();
    class_add(low, high);
    if ((flags & FOLD_CASE) != 0) class_fold(mark);
  }
  p++;
  if (negative) class_negate(0);
  else class_clean(0);
  return node(NODE_SET, <i32>class_take(0), 0, 0);
}

/** `[:alpha:]`, `[:^alpha:]`; false if it is not closed (then it is a plain bracket) or not known. */
function parse_posix(): bool {
  let close: usize = p + 2;
  while (close + 1 < end && !(load<u8>(close) == 0x3a && load<u8>(close, 1) == 0x5d)) close++;
  if (close + 1 >= end) return false;
  let at = p + 2;
  const negative = at < close && load<u8>(at) == 0x5e;
  if (negative) at++;
  const mark = class_mark();
  if (!class_posix(at, <i32>(close - at))) {
    complain("invalid character class range", p, close + 2);
    return false;
  }
  p = close + 2;
  finish_group(mark, negative);
  return true;
}
