// Bodies of regex.* and re_match over regex-parse.ts, regex-program.ts and regex-match.ts: texts in; booleans, texts and arrays out. The
// rules for finding, splitting and replacing all matches, and all complaints, are Go's.
import { TAG_STRING } from "../abi";
import { array_append, array_new } from "../array";
import { buffer_open, buffer_string, put_byte, put_bytes, put_i64, put_text } from "../buffer";
import { string_equal } from "../compare";
import { put_quoted } from "../quote";
import { is_letter_or_digit } from "../regex-class";
import { match_slot, regex_search } from "../regex-match";
import { regex_error, regex_error_at, regex_error_length, regex_parse } from "../regex-parse";
import { program_copy, program_keep, program_known, program_of } from "../regex-program";
import { string_empty, string_slice } from "../string";
import { rune_at, rune_width } from "../utf8";
import { boolean, tag, word_a, word_n } from "../value";
import { builtin_error_close, builtin_error_open, int_operand, is_int_operand, is_string } from "./operand";

const KIND_REGEX = 1;
const KIND_TEMPLATE = 2;

/** The program of a pattern, or 0 after a failure in the name of the builtin (none recorded if that is empty). */
function compiled(name: string, at: usize, length: i32): usize {
  const known = program_known(at, length, KIND_REGEX);
  if (known != 0) return known;
  const root = regex_parse(at, length);
  const program = root == 0 ? 0 : program_of(root);
  if (program != 0) {
    program_keep(program, at, length, KIND_REGEX);
    return program;
  }
  if (name.length == 0) return 0;
  const saved = builtin_error_open(name);
  put_text("error parsing regexp: ");
  put_text(root == 0 ? regex_error : "expression too large");
  put_text(": `");
  if (root == 0) put_bytes(regex_error_at, regex_error_length);
  else put_bytes(at, length);
  put_byte(0x60);
  return builtin_error_close(saved);
}

function program_for(name: string, pattern: usize): usize {
  return compiled(name, word_a(pattern), word_n(pattern));
}

export function builtin_regex_is_valid(pattern: usize): usize {
  return boolean(tag(pattern) == TAG_STRING && program_for("", pattern) != 0);
}

function match(name: string, pattern: usize, text: usize): usize {
  if (!is_string(name, 1, pattern) || !is_string(name, 2, text)) return 0;
  const program = program_for(name, pattern);
  return program == 0 ? 0 : boolean(regex_search(program, word_a(text), word_n(text), 0, 0));
}

export function builtin_regex_match(pattern: usize, text: usize): usize {
  return match("regex.match", pattern, text);
}
export function builtin_re_match(pattern: usize, text: usize): usize {
  return match("re_match", pattern, text);
}

// Where the search for the next match starts and where the last one ended.
let search_at: i32 = 0;
let previous_end: i32 = -1;

function matches_begin(): void {
  search_at = 0;
  previous_end = -1;
}

/** The next match, without empty ones right behind another match. */
function next_match(program: usize, text: usize, slots: i32): bool {
  const at = word_a(text);
  const n = word_n(text);
  while (search_at <= n && regex_search(program, at, n, search_at, slots)) {
    const start = match_slot(0);
    const end = match_slot(1);
    const repeated = end == search_at && start == previous_end;
    if (end == search_at) {
      if (search_at < n) rune_at(at + search_at, at + n);
      search_at += search_at < n ? rune_width : 1;
    } else search_at = end;
    previous_end = end;
    if (!repeated) return true;
  }
  search_at = n + 1;
  return false;
}

function slice(text: usize, group: i32): usize {
  const start = match_slot(group * 2);
  return start < 0 ? string_empty() : string_slice(text, start, match_slot(group * 2 + 1));
}

export function builtin_regex_find_n(pattern: usize, text: usize, limit: usize): usize {
  const name = "regex.find_n";
  if (!is_string(name, 1, pattern) || !is_string(name, 2, text) || !is_int_operand(name, 3, limit)) return 0;
  const most = int_operand;
  const program = program_for(name, pattern);
  if (program == 0) return 0;
  const found = array_new(4);
  matches_begin();
  while ((most < 0 || <i64>word_n(found) < most) && next_match(program, text, 2)) array_append(found, slice(text, 0));
  return found;
}

export function builtin_regex_find_all_string_submatch_n(pattern: usize, text: usize, limit: usize): usize {
  const name = "regex.find_all_string_submatch_n";
  if (!is_string(name, 1, pattern) || !is_string(name, 2, text) || !is_int_operand(name, 3, limit)) return 0;
  const most = int_operand;
  const program = program_for(name, pattern);
  if (program == 0) return 0;
  const slots = load<i32>(program, 12);
  const found = array_new(4);
  matches_begin();
  while ((most < 0 || <i64>word_n(found) < most) && next_match(program, text, slots)) {
    const groups = array_new(slots >> 1);
    for (let i = 0; i < slots >> 1; i++) array_append(groups, slice(text, i));
    array_append(found, groups);
  }
  return found;
}

export function builtin_regex_split(pattern: usize, text: usize): usize {
  const name = "regex.split";
  if (!is_string(name, 1, pattern) || !is_string(name, 2, text)) return 0;
  const program = program_for(name, pattern);
  if (program == 0) return 0;
  const pieces = array_new(4);
  const n = word_n(text);
  if (n == 0 && word_n(pattern) != 0) {
    array_append(pieces, text);
    return pieces;
  }
  let begin = 0;
  let end = 0;
  matches_begin();
  while (next_match(program, text, 2)) {
    end = match_slot(0);
    if (match_slot(1) != 0) array_append(pieces, string_slice(text, begin, end));
    begin = match_slot(1);
  }
  if (end != n) array_append(pieces, string_slice(text, begin, n));
  return pieces;
}

export function builtin_regex_replace(text: usize, pattern: usize, template: usize): usize {
  const name = "regex.replace";
  if (!is_string(name, 1, text) || !is_string(name, 2, pattern) || !is_string(name, 3, template)) return 0;
  const program = program_for(name, pattern);
  if (program == 0) return 0;
  const slots = load<i32>(program, 12);
  // The machine's first run may allocate, and nothing may while the buffer grows.
  regex_search(program, word_a(text), 0, 0, slots);
  const saved = buffer_open(<usize>word_n(text) + 64);
  let last = 0;
  matches_begin();
  while (next_match(program, text, slots)) {
    put_bytes(word_a(text) + last, match_slot(0) - last);
    put_expanded(program, text, template);
    last = match_slot(1);
  }
  put_bytes(word_a(text) + last, word_n(text) - last);
  const result = buffer_string(saved);
  return string_equal(result, text) ? text : result;
}

/** `$1`, `$name`, `${name}` and `$$`; a name runs as far as it can, and what is none leaves the sign as it is. */
function put_expanded(program: usize, text: usize, template: usize): void {
  let p = word_a(template);
  const end = p + <usize>word_n(template);
  while (p < end) {
    const c = <i32>load<u8>(p);
    p++;
    if (c != 0x24) {
      put_byte(c);
      continue;
    }
    if (p < end && load<u8>(p) == 0x24) {
      put_byte(c);
      p++;
      continue;
    }
    const braced = p < end && load<u8>(p) == 0x7b;
    const from = braced ? p + 1 : p;
    let to = from;
    while (to < end) {
      const rune = rune_at(to, end);
      if (rune != 0x5f && !is_letter_or_digit(rune)) break;
      to += <usize>rune_width;
    }
    if (to == from || (braced && (to >= end || load<u8>(to) != 0x7d))) {
      put_byte(c);
      continue;
    }
    p = braced ? to + 1 : to;
    put_group(program, text, from, <i32>(to - from));
  }
}

/** The number a name is, or -1. */
function number_of(at: usize, length: i32): i32 {
  if (load<u8>(at) == 0x30 && length > 1) return -1;
  let number = 0;
  for (let i = 0; i < length; i++) {
    const digit = <i32>load<u8>(at + i) - 0x30;
    if (digit < 0 || digit > 9 || number >= 100000000) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function put_group(program: usize, text: usize, at: usize, length: i32): void {
  let group = number_of(at, length);
  if (group < 0) {
    // Of several groups with this name the first that took part.
    for (let name = load<u32>(program, 16); name != 0; name = load<u32>(name, 12)) {
      const number = load<i32>(name);
      if (load<i32>(name, 8) == length && match_slot(number * 2) >= 0 && same(load<u32>(name, 4), at, length)) group = number;
    }
  }
  if (group < 0 || group >= load<i32>(program, 12) >> 1) return;
  const start = match_slot(group * 2);
  if (start >= 0) put_bytes(word_a(text) + start, match_slot(group * 2 + 1) - start);
}

function same(a: usize, b: usize, n: i32): bool {
  for (let i = 0; i < n; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

const TEMPLATE = "regex.template_match";

export function builtin_regex_template_match(template: usize, text: usize, open: usize, close: usize): usize {
  if (!is_string(TEMPLATE, 1, template) || !is_string(TEMPLATE, 2, text)) return 0;
  if (!is_string(TEMPLATE, 3, open) || !is_string(TEMPLATE, 4, close)) return 0;
  if (word_n(open) != 1 || word_n(close) != 1) {
    const saved = builtin_error_open(TEMPLATE);
    put_text(word_n(open) != 1 ? "start" : "end");
    put_text(" delimiter has to be exactly one character long but is ");
    // OPA shows the length of the other delimiter where the second one is wrong.
    put_i64(word_n(open));
    put_text(" long");
    return builtin_error_close(saved);
  }
  const first = load<u8>(word_a(open));
  const last = load<u8>(word_a(close));
  const kind = KIND_TEMPLATE | (<i32>first << 8) | (<i32>last << 16);
  let program = program_known(word_a(template), word_n(template), kind);
  if (program == 0) {
    program = compile_template(template, first, last);
    if (program == 0) return 0;
    // Under the template's text too, beside the text of the expression: a copy of the head.
    program = program_copy(program);
    program_keep(program, word_a(template), word_n(template), kind);
  }
  return boolean(regex_search(program, word_a(text), word_n(text), 0, 0));
}

function unbalanced(template: usize): usize {
  const saved = builtin_error_open(TEMPLATE);
  put_text("unbalanced braces in ");
  put_quoted(word_a(template), word_n(template), false);
  return builtin_error_close(saved);
}

function is_sign(c: i32): bool {
  switch (c) {
    case 0x5c: case 0x2e: case 0x2b: case 0x2a: case 0x3f: case 0x28: case 0x29: case 0x7c: case 0x5b: case 0x5d: case 0x7b: case 0x7d:
    case 0x5e: case 0x24: return true;
  }
  return false;
}

function put_escaped(at: usize, length: i32): void {
  for (let i = 0; i < length; i++) {
    const c = <i32>load<u8>(at + i);
    if (is_sign(c)) put_byte(0x5c);
    put_byte(c);
  }
}

/** `^…$` around one expression, as a text of its own, read for its complaints. */
function check_part(at: usize, length: i32): bool {
  const saved = buffer_open(<usize>length + 2);
  put_byte(0x5e);
  put_bytes(at, length);
  put_byte(0x24);
  const text = buffer_string(saved);
  return compiled(TEMPLATE, word_a(text), word_n(text)) != 0;
}

/** Text outside of delimiters is taken literally, what stands within is an expression; delimiters nest. */
function compile_template(template: usize, open: u8, close: u8): usize {
  const at = word_a(template);
  const n = word_n(template);
  const pattern = buffer_open(<usize>n * 2 + 16);
  put_byte(0x5e);
  let level = 0;
  let begin = 0;
  for (let i = 0; i < n; i++) {
    const c = load<u8>(at + i);
    if (c == open) {
      level++;
      if (level != 1) continue;
      put_escaped(at + begin, i - begin);
      begin = i + 1;
    } else if (c == close) {
      level--;
      if (level < 0) break;
      if (level > 0) continue;
      put_byte(0x28);
      put_bytes(at + begin, i - begin);
      put_byte(0x29);
      begin = i + 1;
    }
  }
  put_escaped(at + begin, n - begin);
  put_byte(0x24);
  const text = buffer_string(pattern);
  if (level != 0) return unbalanced(template);
  return check_parts(template, open, close) ? compiled(TEMPLATE, word_a(text), word_n(text)) : 0;
}

/** Whether each expression of a balanced template can stand alone. */
function check_parts(template: usize, open: u8, close: u8): bool {
  const at = word_a(template);
  let level = 0;
  let begin = 0;
  for (let i = 0; i < word_n(template); i++) {
    const c = load<u8>(at + i);
    if (c == open) {
      level++;
      if (level == 1) begin = i + 1;
    } else if (c == close) {
      level--;
      if (level == 0 && !check_part(at + begin, i - begin)) return false;
    }
  }
  return true;
}
