// Bodies of glob.match and glob.quote_meta, as the gobwas library reads globs: `*` stops at delimiters, `**` does not, `?` is one character
// that is no delimiter, `[a-z]`, `[!abc]`, `{a,b}`, `\` takes the sign off a sign. A glob becomes a program of regex-program.ts.
import { TAG_ARRAY, TAG_NULL, TAG_STRING } from "../abi";
import { array_at } from "../array";
import { buffer_open, buffer_string, put_byte, put_rune, put_string, put_text } from "../buffer";
import { class_add, class_mark, class_negate, class_open, class_take } from "../regex-class";
import { regex_search } from "../regex-match";
import {
  BEGIN_TEXT, END_TEXT, joined, node, NODE_ALTERNATE, NODE_ANY, NODE_CONCAT, NODE_EMPTY_WIDTH, NODE_REPEAT, NODE_RUNE, NODE_SET,
  tree_begin, tree_failed,
} from "../regex-parse";
import { program_keep, program_known, program_of } from "../regex-program";
import { rune_at, rune_width } from "../utf8";
import { boolean, rune_count, tag, word_a, word_n } from "../value";
import { builtin_error, builtin_error_close, builtin_error_open, element_error, is_string, operand_error } from "./operand";

const NAME = "glob.match";
const KIND_GLOB = 3;
/** How deep braces may nest. */
const DEPTH = 200;

let p: usize = 0;
let end: usize = 0;
let delimiters: usize = 0;
let complained: bool = false;

function next(): i32 {
  const rune = rune_at(p, end);
  p += <usize>rune_width;
  return rune;
}

// @ts-ignore: decorator
@inline
function at_byte(c: i32): bool {
  return p < end && <i32>load<u8>(p) == c;
}

function complain(text: string): usize {
  complained = true;
  return builtin_error(NAME, text);
}

/** One character that is no delimiter. */
function free(): usize {
  if (word_n(delimiters) == 0) return node(NODE_ANY, 0, 0, 0);
  class_open();
  let q = word_a(delimiters);
  const last = q + <usize>word_n(delimiters);
  while (q < last) {
    const rune = rune_at(q, last);
    class_add(rune, rune);
    q += <usize>rune_width;
  }
  class_negate(0);
  return node(NODE_SET, <i32>class_take(0), 0, 0);
}

/** Whether the sequence or choice just read is a lone `?` or `[!…]`: gobwas lets it match the empty text, where nothing stands around it. */
let lone = false;

/** Within braces, `,` and `}` end a sequence; braces that are never closed end with the pattern. */
function sequence(depth: i32): usize {
  let last: usize = 0;
  let count = 0;
  let lenient = false;
  while (p < end && !complained) {
    if (depth > 0 && (at_byte(0x2c) || at_byte(0x7d))) break;
    const c = next();
    let n: usize = 0;
    lone = c == 0x3f || (c == 0x5b && at_byte(0x21));
    if (c == 0x2a) {
      const across = at_byte(0x2a);
      if (across) p++;
      n = node(NODE_REPEAT, 0, -1, across ? node(NODE_ANY, 0, 0, 0) : free());
    } else if (c == 0x3f) n = free();
    else if (c == 0x5b) n = characters();
    else if (c == 0x7b) n = choice(depth + 1);
    else if (c != 0x5c) n = node(NODE_RUNE, c, 0, 0);
    else if (p < end) n = node(NODE_RUNE, next(), 0, 0);
    if (n == 0) continue;
    store<u32>(n, <u32>last, 16);
    last = n;
    count++;
    lenient = lone;
  }
  lone = count == 1 && lenient;
  return complained ? 0 : joined(NODE_CONCAT, last);
}

function choice(depth: i32): usize {
  if (depth > DEPTH) return complain("pattern nests too deeply");
  let last = sequence(depth);
  let lenient = lone;
  while (!complained && at_byte(0x2c)) {
    p++;
    const branch = sequence(depth);
    if (complained) return 0;
    lenient = lenient || lone;
    store<u32>(branch, <u32>last, 16);
    last = branch;
  }
  if (complained) return 0;
  if (p < end) p++;
  lone = lenient;
  return joined(NODE_ALTERNATE, last);
}

function characters(): usize {
  const negative = at_byte(0x21);
  if (negative) p++;
  if (p >= end) return complain("unexpected end of input");
  class_open();
  const saved = p;
  const low = next();
  if (at_byte(0x2d)) {
    p++;
    if (p >= end) return complain("unexpected end of input");
    const high = next();
    if (!close()) return 0;
    if (high < low) return disorder(low, high);
    class_add(low, high);
  } else {
    p = saved;
    while (p < end && !at_byte(0x5d)) {
      let c = next();
      if (c == 0x5c) {
        if (p >= end) break;
        c = next();
      }
      class_add(c, c);
    }
    if (!close()) return 0;
    if (class_mark() == 0) return complain("could not parse range");
  }
  if (negative) class_negate(0);
  return node(NODE_SET, <i32>class_take(0), 0, 0);
}

function close(): bool {
  if (p >= end) complain("unexpected end of input");
  else if (next() != 0x5d) complain("expected close range character");
  return !complained;
}

function disorder(low: i32, high: i32): usize {
  complained = true;
  const saved = builtin_error_open(NAME);
  put_text("hi character '");
  put_rune(high);
  put_text("' should be greater than lo '");
  put_rune(low);
  put_byte(0x27);
  return builtin_error_close(saved);
}

/** The delimiters as one string (`.` for an empty list, nothing for null), or 0 after a failure. */
function delimiter_text(v: usize): usize {
  const null_value = tag(v) == TAG_NULL;
  if (!null_value && tag(v) != TAG_ARRAY) return operand_error(NAME, 2, v, "one of {array, null}");
  const n = null_value ? 0 : word_n(v);
  for (let i = 0; i < n; i++) {
    const member = array_at(v, i);
    if (tag(member) != TAG_STRING) return element_error(NAME, 2, v, member, "string");
    if (rune_count(member) != 1) return element_error(NAME, 2, v, member, "rune");
  }
  const saved = buffer_open(16);
  for (let i = 0; i < n; i++) put_string(array_at(v, i));
  if (n == 0 && !null_value) put_byte(0x2e);
  return buffer_string(saved);
}

export function builtin_glob_match(pattern: usize, separators: usize, text: usize): usize {
  if (!is_string(NAME, 1, pattern)) return 0;
  const free_of = delimiter_text(separators);
  if (free_of == 0 || !is_string(NAME, 3, text)) return 0;
  const saved = buffer_open(<usize>word_n(pattern) + 16);
  put_string(free_of);
  put_byte(0);
  put_string(pattern);
  const key = buffer_string(saved);
  let program = program_known(word_a(key), word_n(key), KIND_GLOB);
  if (program == 0) {
    program = compiled(pattern, free_of);
    if (program == 0) return 0;
    program_keep(program, word_a(key), word_n(key), KIND_GLOB);
  }
  return boolean(regex_search(program, word_a(text), word_n(text), 0, 0));
}

function compiled(pattern: usize, free_of: usize): usize {
  p = word_a(pattern);
  end = p + <usize>word_n(pattern);
  delimiters = free_of;
  complained = false;
  tree_begin(p, word_n(pattern));
  let inner = sequence(0);
  if (complained) return 0;
  if (lone) inner = node(NODE_REPEAT, 0, 1, inner);
  const first = node(NODE_EMPTY_WIDTH, BEGIN_TEXT, 0, 0);
  const last = node(NODE_EMPTY_WIDTH, END_TEXT, 0, 0);
  store<u32>(inner, <u32>first, 16);
  store<u32>(last, <u32>inner, 16);
  const root = joined(NODE_CONCAT, last);
  const program = tree_failed() ? 0 : program_of(root);
  return program != 0 ? program : builtin_error(NAME, "pattern too large");
}

export function builtin_glob_quote_meta(pattern: usize): usize {
  if (!is_string("glob.quote_meta", 1, pattern)) return 0;
  const saved = buffer_open(<usize>word_n(pattern) + 8);
  const at = word_a(pattern);
  for (let i = 0; i < word_n(pattern); i++) {
    const c = <i32>load<u8>(at + i);
    if (c == 0x2a || c == 0x3f || c == 0x5c || c == 0x5b || c == 0x5d || c == 0x7b || c == 0x7d) put_byte(0x5c);
    put_byte(c);
  }
  return buffer_string(saved);
}
