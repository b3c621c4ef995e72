// Body of regex.globs_match: whether two simple patterns (characters, `.`, `[a-z]`, each perhaps with `*` or `+`) have a string in common,
// decided step by step as the library behind OPA does it; complaints are that library's. Answers are kept by what is left of both
// patterns, so that time does not grow with the number of ways through them.
//
//   token   0: ranges (0: any character)   4: is a set   8: flag (0, `*` or `+`)
import { alloc, zero } from "../memory";
import { put_byte, put_bytes, put_i64, put_rune, put_text } from "../buffer";
import { class_add, class_clean, class_open, class_take, SET_RANGES } from "../regex-class";
import { rune_at, rune_width } from "../utf8";
import { boolean, rune_count, word_a, word_n } from "../value";
import { builtin_error, builtin_error_close, builtin_error_open, is_string } from "./operand";

const NAME = "regex.globs_match";
const TOKEN: usize = 12;
const STAR = 0x2a;
const PLUS = 0x2b;
/** Bound on the tokens of a pattern: the search goes as deep as there are. */
const TOKENS = 1000;

// The pattern that is read: bytes, how many code points stand before `p`, and how many there are.
let start: usize = 0;
let p: usize = 0;
let end: usize = 0;
let position: i32 = 0;
let total: i32 = 0;
let complained: bool = false;
/** Whether the character `read` gave stood behind a backslash. */
let escaped: bool = false;

function invalid_open(): usize {
  complained = true;
  const saved = builtin_error_open(NAME);
  put_text("input:");
  put_bytes(start, <i32>(end - start));
  put_text(", pos:");
  put_i64(position);
  put_text(", ");
  return saved;
}

function invalid_close(saved: usize): void {
  put_text(": the input provided is invalid");
  builtin_error_close(saved);
}

function invalid(message: string): void {
  const saved = invalid_open();
  put_text(message);
  invalid_close(saved);
}

function next(): i32 {
  const rune = rune_at(p, end);
  p += <usize>rune_width;
  position++;
  return rune;
}

/** The next character, a backslash taken off; -1 at the end. */
function read(): i32 {
  escaped = false;
  if (p >= end) return -1;
  const from = position;
  const c = next();
  if (c != 0x5c) return c;
  if (p >= end) {
    position = from;
    invalid("input ends with a \\ (escape) character");
    return -1;
  }
  escaped = true;
  return next();
}

/** The characters of a set up to its bracket. */
function read_set(): usize {
  class_open();
  let previous = -1;
  while (!complained) {
    const c = read();
    if (c < 0) break;
    if (!escaped && c == 0x5d) {
      class_clean(0);
      return class_take(0);
    }
    if (escaped || c != 0x2d) {
      class_add(c, c);
      previous = c;
      continue;
    }
    if (previous < 0) {
      invalid("range character '-' must be preceded by a Unicode character");
      return 0;
    }
    const last = position >= total - 1 ? -1 : read();
    if (complained) return 0;
    if (last < 0) {
      invalid("range character '-' must be followed by a Unicode character");
      return 0;
    }
    if (!escaped && (last == 0x5d || last == 0x2d)) {
      invalid("range character '-' cannot be followed by a special symbol");
      return 0;
    }
    if (last < previous) {
      const saved = invalid_open();
      put_text("range is out of order: '");
      put_rune(last);
      put_text("' comes before '");
      put_rune(previous);
      put_text("' in Unicode");
      invalid_close(saved);
      return 0;
    }
    class_add(previous, last);
    previous = -1;
  }
  if (!complained) invalid("found [ without matching ]");
  return 0;
}

let token_count: i32 = 0;

/** The tokens of a pattern, or 0 after a failure. Neighbours with equal content and flags become one. */
function tokenize(v: usize): usize {
  start = word_a(v);
  p = start;
  end = p + <usize>word_n(v);
  position = 0;
  total = rune_count(v);
  const tokens = alloc(<usize>total * TOKEN + TOKEN);
  token_count = 0;
  for (let c = read(); c >= 0; c = read()) {
    const token = tokens + <usize>token_count * TOKEN;
    if (!read_token(token, c)) return 0;
    read_flag(token);
    if (complained) return 0;
    if (token_count == 0 || !absorbed(token - TOKEN, token)) token_count++;
  }
  return complained ? 0 : tokens;
}

function read_token(token: usize, c: i32): bool {
  let set: usize = 0;
  const special = !escaped;
  if (special && c == 0x5d) invalid("set-close ']' with no preceding '['");
  else if (special && (c == STAR || c == PLUS)) {
    const saved = invalid_open();
    put_text("flag '");
    put_byte(c);
    put_text("' must be preceded by a non-flag");
    invalid_close(saved);
  } else if (special && c == 0x5b) set = read_set();
  else if (!special || c != 0x2e) {
    class_open();
    class_add(c, c);
    set = class_take(0);
  }
  store<u32>(token, <u32>set);
  store<i32>(token, special && c == 0x5b ? 1 : 0, 4);
  store<i32>(token, 0, 8);
  return !complained;
}

function read_flag(token: usize): void {
  const saved = p;
  const before = position;
  const c = read();
  if (complained) return;
  if (c >= 0 && !escaped && (c == STAR || c == PLUS)) {
    store<i32>(token, c, 8);
    return;
  }
  p = saved;
  position = before;
}

function absorbed(latest: usize, token: usize): bool {
  if (load<i32>(latest, 8) == 0 || load<i32>(token, 8) == 0 || !same_content(latest, token)) return false;
  if (load<i32>(token, 8) == PLUS) store<i32>(latest, PLUS, 8);
  return true;
}

function same_content(a: usize, b: usize): bool {
  const one = load<u32>(a);
  const other = load<u32>(b);
  if (one == 0 || other == 0) return one == other;
  if (load<i32>(a, 4) != load<i32>(b, 4) || load<i32>(one) != load<i32>(other)) return false;
  const n = <usize>load<i32>(one) << 3;
  for (let i: usize = 0; i < n; i += 4) if (load<u32>(one + SET_RANGES + i) != load<u32>(other + SET_RANGES + i)) return false;
  return true;
}

// The two patterns of a search; `memo` has a byte for each order of them and each pair of tails: 0 unknown, 1 no, 2 yes.
let left: usize = 0;
let left_count: i32 = 0;
let right: usize = 0;
let right_count: i32 = 0;
let memo: usize = 0;

// @ts-ignore: decorator
@inline
function token_at(side: i32, i: i32): usize {
  return (side == 0 ? left : right) + <usize>i * TOKEN;
}
// @ts-ignore: decorator
@inline
function count_of(side: i32): i32 {
  return side == 0 ? left_count : right_count;
}

function meet(a: usize, b: usize): bool {
  const one = load<u32>(a);
  const other = load<u32>(b);
  if (one == 0 || other == 0) return true;
  let i = one + SET_RANGES;
  let j = other + SET_RANGES;
  const last_i = i + (<usize>load<i32>(one) << 3);
  const last_j = j + (<usize>load<i32>(other) << 3);
  while (i < last_i && j < last_j) {
    if (load<i32>(i, 4) < load<i32>(j)) i += 8;
    else if (load<i32>(j, 4) < load<i32>(i)) j += 8;
    else return true;
  }
  return false;
}

/** Whether the tails from `i` of one side and from `j` of the other one have something in common. */
function compute(side: i32, from: i32, against: i32): bool {
  let i = from;
  let j = against;
  while (i < count_of(side) && j < count_of(1 - side)) {
    const x = token_at(side, i);
    const y = token_at(1 - side, j);
    if (load<i32>(x, 8) != 0) return remembered(side, i, j);
    if (load<i32>(y, 8) != 0) return remembered(1 - side, j, i);
    if (!meet(x, y)) return false;
    i++;
    j++;
  }
  return i == count_of(side) && j == count_of(1 - side);
}

function remembered(side: i32, i: i32, j: i32): bool {
  const row = side == 0 ? i * (right_count + 1) + j : (left_count + 1) * (right_count + 1) + i * (left_count + 1) + j;
  const at = memo + <usize>row;
  if (load<u8>(at) != 0) return load<u8>(at) == 2;
  const answer = special(side, i, j);
  store<u8>(at, answer ? 2 : 1);
  return answer;
}

/** The token at `i` has a flag. */
function special(side: i32, i: i32, j: i32): bool {
  const x = token_at(side, i);
  if (load<i32>(x, 8) == STAR) return star(side, i, j);
  const y = token_at(1 - side, j);
  if (!meet(x, y)) return false;
  if (star(side, i, j + 1)) return true;
  return load<i32>(y, 8) != 0 && compute(side, i + 1, j);
}

function star(side: i32, i: i32, from: i32): bool {
  const more = i + 1 < count_of(side);
  for (let j = from; j < count_of(1 - side); j++) {
    const y = token_at(1 - side, j);
    if (more && meet(y, token_at(side, i + 1)) && compute(side, i + 1, j)) return true;
    if (!meet(y, token_at(side, i))) return false;
  }
  return !more;
}

export function builtin_regex_globs_match(a: usize, b: usize): usize {
  if (!is_string(NAME, 1, a) || !is_string(NAME, 2, b)) return 0;
  complained = false;
  left = tokenize(a);
  if (left == 0) return 0;
  left_count = token_count;
  right = tokenize(b);
  if (right == 0) return 0;
  right_count = token_count;
  if (left_count > TOKENS || right_count > TOKENS) return builtin_error(NAME, "pattern too large");
  // Plain tokens at the end must agree whatever stands before them.
  for (let i = 1; i <= left_count && i <= right_count; i++) {
    const x = token_at(0, left_count - i);
    const y = token_at(1, right_count - i);
    if (load<i32>(x, 8) != 0 || load<i32>(y, 8) != 0) break;
    if (!meet(x, y)) return boolean(false);
  }
  const size = <usize>((left_count + 1) * (right_count + 1) * 2);
  memo = alloc(size);
  zero(memo, size);
  return boolean(compute(0, 0, 0));
}
