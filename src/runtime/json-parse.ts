// JSON text to values, and Rego value text (sets, any keys) with the same reader. In go address and length, out comes a value or 0 if the
// text is not valid. Duplicate keys: the last value wins. Nesting is limited to MAX_DEPTH, and so is the number of colliding keys. In copy
// mode strings and number texts are copied and collections sorted and indexed at once, so that the value never changes later and the text
// may go; else they point into the text. Never reads a byte outside of the text. Over 450 lines: the readers of values and of cells share one
// position in the text, and a call across files for each character would cost more than all else.
import { ADDRESS_FALSE, ADDRESS_NULL, ADDRESS_TRUE, NUMBER_TEXT, OBJECT_ENTRY_SIZE, STRING_ASCII, STRING_NOT_ASCII, TAG_NUMBER } from "./abi";
import { array_of } from "./array";
import { buffer_open, buffer_restore, buffer_string, put_byte, put_bytes, put_rune } from "./buffer";
import { bytes_equal, bytes_hash, string_equal } from "./compare";
import { SCRATCH, alloc, copy, mark, memory_reach, release, scratch_home, zero } from "./memory";
import { number_at, number_copy } from "./number";
import { object_of, object_seal, object_sized } from "./object";
import { set_add, set_new, set_sort } from "./set";
import { rune_at, rune_valid, rune_width } from "./utf8";
import { box, number_int, string_at, string_copy, word_a, word_n } from "./value";

export const MAX_DEPTH = 2500;

let at: usize = 0;
let end: usize = 0;
let copying: bool = false;
/** The text lies above the heap that its values grow into: see `make_room`. */
let moving: bool = false;
let rego: bool = false;
let depth: i32 = 0;

// Short strings seen lately, by hash: what is copied is copied once. They stand at the start of the scratch block, the stack behind them.
const SHARED: usize = 1024;
const SHARED_LENGTH = 24;

/** The string box over a copy of these bytes, the same one where they were seen lately. */
function shared_string(from: usize, length: i32, flag: i32): usize {
  const hash = bytes_hash(from, length);
  const slot = scratch_home() + (<usize>(hash & 255) << 2);
  const known = <usize>load<u32>(slot);
  if (known != 0 && word_n(known) == length && bytes_equal(word_a(known), from, length)) return known;
  const v = string_copy(from, length, flag);
  store<u32>(v, hash, 12);
  store<u32>(slot, <u32>v);
  return v;
}

let stack: usize = 0;
let stack_at: usize = 0;
let stack_end: usize = 0;

function widen(): void {
  const size = stack_end - stack;
  make_room(size * 2);
  const wider = alloc(size * 2);
  copy(wider, stack, size);
  stack_at = wider + (stack_at - stack);
  stack = wider;
  stack_end = wider + size * 2;
}

// @ts-ignore: decorator
@inline
function push(v: usize): void {
  if (stack_at + 4 > stack_end) widen();
  store<u32>(stack_at, <u32>v);
  stack_at += 4;
}

// @ts-ignore: decorator
@inline
function push_pair(key: usize, v: usize): void {
  if (stack_at + 8 > stack_end) widen();
  store<u32>(stack_at, <u32>key);
  store<u32>(stack_at, <u32>v, 4);
  stack_at += 8;
}

function space(): void {
  while (at < end) {
    const c = load<u8>(at);
    if (c > 0x20 || (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09)) break;
    at++;
  }
}

// @ts-ignore: decorator
@inline
function peek(): i32 {
  return at < end ? <i32>load<u8>(at) : -1;
}

/** The next byte that is no space, or -1. Most texts have none between their parts. */
// @ts-ignore: decorator
@inline
function next(): i32 {
  const c = peek();
  if (c > 0x20) return c;
  space();
  return peek();
}

// A document that becomes data is read from a text that lies a little above the heap: values overwrite what of the text has been read, and
// what has not is moved up where they would reach it. So the text takes no memory of its own once it is read.
//
//   heap (values so far) | free | text that is not read yet
//                        ^ heap_ptr       ^ at             ^ end
const SLACK: usize = 4096;
let heap_start: usize = 0;
let text_read: usize = 0;
let text_at: usize = 0;

/** Room for `size` bytes, and some, below the text. Nobody may hold an address into the text but `at` and `end`. */
// @ts-ignore: decorator
@inline
function make_room(size: usize): void {
  if (moving && mark() + size + SLACK > at) move_text(size);
}

/** The distance is what the rest will need, if it needs as much for each byte as what was read so far. */
function move_text(size: usize): void {
  const rest = end - at;
  text_read += at - text_at;
  const used = mark() - heap_start;
  let ahead: usize = 0;
  if (text_read > 0 && used > text_read) ahead = <usize>(<f64>(used - text_read) * <f64>rest / <f64>text_read);
  const to = (mark() + size + 2 * SLACK + 8192 + ahead + 7) & ~7;
  if (to <= at) return;
  memory_reach(to + rest + 8);
  let p = rest;
  while (p >= 8) {
    p -= 8;
    store<u64>(to + p, load<u64>(at + p));
  }
  while (p > 0) {
    p--;
    store<u8>(to + p, load<u8>(at + p));
  }
  at = to;
  text_at = to;
  end = to + rest;
}

function read_all(from: usize, length: usize): usize {
  at = from;
  end = from + length;
  depth = 0;
  const home = scratch_home();
  stack = home + SHARED;
  stack_at = stack;
  stack_end = home + SCRATCH;
  if (copying) zero(home, SHARED);
  const v = read_value();
  if (v == 0) return 0;
  space();
  return at == end ? v : 0;
}

function read_value(): usize {
  let c = peek();
  if (c <= 0x20) {
    space();
    if (at >= end) return 0;
    c = <i32>load<u8>(at);
  }
  make_room(0);
  if (c == 0x22) return read_string();
  switch (c) {
    case 0x7b: return read_object();
    case 0x5b: return read_array();
    case 0x74: return read_word(0x65757274, 4) ? ADDRESS_TRUE : 0;
    case 0x66: return at + 5 <= end && load<u8>(at, 4) == 0x65 && read_word(0x736c6166, 5) ? ADDRESS_FALSE : 0;
    case 0x6e: return read_word(0x6c6c756e, 4) ? ADDRESS_NULL : 0;
    case 0x73: return rego ? read_empty_set() : 0;
  }
  return read_number();
}

/** The same; texts, which most values are, without a call on the way. */
// @ts-ignore: decorator
@inline
function read_member(): usize {
  if (peek() != 0x22) return read_value();
  make_room(0);
  return read_string();
}

/** The four bytes of `word` stand here; skips `length` bytes. */
function read_word(word: u32, length: usize): bool {
  if (at + length > end || load<u32>(at) != word) return false;
  at += length;
  return true;
}

function read_empty_set(): usize {
  if (at + 5 > end || load<u32>(at) != 0x28746573) return 0;
  at += 4;
  space();
  if (peek() != 0x29) return 0;
  at++;
  return set_new();
}

function read_number(): usize {
  const from = at;
  let p = at;
  const negative = load<u8>(p) == 0x2d;
  if (negative) p++;
  const first = p;
  let n: u64 = 0;
  while (p < end) {
    const d = <u32>load<u8>(p) - 0x30;
    if (d > 9) break;
    n = n * 10 + d;
    p++;
  }
  const digits = p - first;
  if (digits == 0 || (digits > 1 && load<u8>(first) == 0x30)) return 0;
  const next = p < end ? <i32>load<u8>(p) : -1;
  if (next != 0x2e && (next | 0x20) != 0x65) {
    at = p;
    if (digits < 19 && !(negative && n == 0)) return number_int(negative ? -<i64>n : <i64>n);
    return copying ? number_copy(from, <i32>(p - from)) : number_at(from, <i32>(p - from));
  }
  if (next == 0x2e) {
    p = skip_digits(p + 1);
    if (p == 0) return 0;
  }
  if (p < end && (load<u8>(p) | 0x20) == 0x65) {
    p++;
    if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) p++;
    p = skip_digits(p);
    if (p == 0) return 0;
  }
  at = p;
  // A fraction or an exponent: never spelled as an integer is.
  const length = <i32>(p - from);
  let text = from;
  if (copying) {
    text = alloc(<usize>length);
    copy(text, from, <usize>length);
  }
  return box(TAG_NUMBER, NUMBER_TEXT, length, text, 0);
}

/** Behind at least one digit, or 0. */
function skip_digits(from: usize): usize {
  let p = from;
  while (p < end && <u32>load<u8>(p) - 0x30 <= 9) p++;
  return p == from ? 0 : p;
}

const ONES: u64 = 0x0101010101010101;
const HIGHS: u64 = 0x8080808080808080;

/** Bit 7 of each byte that is a quote, a backslash, a control character or not ASCII; the lowest one is exact. */
// @ts-ignore: decorator
@inline
function special(w: u64): u64 {
  const quote = w ^ 0x2222222222222222;
  const slash = w ^ 0x5c5c5c5c5c5c5c5c;
  return (((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | ((w - 0x2020202020202020) & ~w) | w) & HIGHS;
}

function read_string(): usize {
  const from = at + 1;
  let p = from;
  let ascii = true;
  while (true) {
    while (p + 8 <= end) {
      const m = special(load<u64>(p));
      if (m != 0) {
        p += <usize>(ctz(m) >> 3);
        break;
      }
      p += 8;
    }
    if (p >= end) return 0;
    const c = <i32>load<u8>(p);
    if (c == 0x22) break;
    if (c == 0x5c) return read_escaped(p - from);
    if (c < 0x20) return 0;
    if (c >= 0x80) {
      ascii = false;
      rune_at(p, end);
      if (!rune_valid) return read_escaped(p - from);
      p += <usize>rune_width;
    } else {
      p++;
    }
  }
  at = p + 1;
  const length = <i32>(p - from);
  const flag = ascii ? STRING_ASCII : STRING_NOT_ASCII;
  if (!copying) return string_at(from, length, flag);
  return length <= SHARED_LENGTH ? shared_string(from, length, flag) : string_copy(from, length, flag);
}

/** Bytes of the string that starts here, if it is ASCII without escapes; else -1. Moves nothing. */
// @ts-ignore: decorator
@inline
function plain_length(): i32 {
  let p = at + 1;
  while (p + 8 <= end) {
    const m = special(load<u64>(p));
    if (m != 0) {
      p += <usize>(ctz(m) >> 3);
      return load<u8>(p) == 0x22 ? <i32>(p - at - 1) : -1;
    }
    p += 8;
  }
  while (p < end) {
    const c = <i32>load<u8>(p);
    if (c == 0x22) return <i32>(p - at - 1);
    if (c == 0x5c || c < 0x20 || c >= 0x80) return -1;
    p++;
  }
  return -1;
}

/** Bytes up to the quote that closes the string which starts here. */
function raw_length(): usize {
  let p = at + 1;
  while (p < end && load<u8>(p) != 0x22) p += load<u8>(p) == 0x5c ? 2 : 1;
  return p - at;
}

function read_hex(p: usize): i32 {
  if (p + 4 > end) return -1;
  let n = 0;
  for (let i: usize = 0; i < 4; i++) {
    const c = <i32>load<u8>(p + i);
    const lower = c | 0x20;
    if (c >= 0x30 && c <= 0x39) n = (n << 4) | (c - 0x30);
    else if (lower >= 0x61 && lower <= 0x66) n = (n << 4) | (lower - 0x57);
    else return -1;
  }
  return n;
}

/** The slow way: escapes and invalid UTF-8, from the first such byte on, `plain` bytes behind the quote. */
function read_escaped(plain: usize): usize {
  if (moving) make_room(raw_length() * 16 + 256);
  const from = at + 1;
  const special_at = from + plain;
  const saved = buffer_open((special_at - from) * 2 + 32);
  put_bytes(from, <i32>(special_at - from));
  let p = special_at;
  while (p < end) {
    const c = <i32>load<u8>(p);
    if (c == 0x22) {
      at = p + 1;
      return buffer_string(saved);
    }
    if (c < 0x20) break;
    if (c == 0x5c) {
      p = read_escape(p + 1);
      if (p == 0) break;
    } else if (c < 0x80) {
      put_byte(c);
      p++;
    } else {
      put_rune(rune_at(p, end));
      p += <usize>rune_width;
    }
  }
  buffer_restore(saved);
  return 0;
}

/** One escape, `p` behind the backslash; returns the address behind it, or 0. */
function read_escape(p: usize): usize {
  if (p >= end) return 0;
  let byte = 0;
  switch (<i32>load<u8>(p)) {
    case 0x22: byte = 0x22; break;
    case 0x5c: byte = 0x5c; break;
    case 0x2f: byte = 0x2f; break;
    case 0x62: byte = 8; break;
    case 0x66: byte = 12; break;
    case 0x6e: byte = 10; break;
    case 0x72: byte = 13; break;
    case 0x74: byte = 9; break;
    case 0x75: return read_unicode(p + 1);
    default: return 0;
  }
  put_byte(byte);
  return p + 1;
}

function read_unicode(p: usize): usize {
  const unit = read_hex(p);
  if (unit < 0) return 0;
  p += 4;
  if (unit >= 0xd800 && unit < 0xdc00 && p + 6 <= end && load<u16>(p) == 0x755c) {
    const low = read_hex(p + 2);
    if (low >= 0xdc00 && low < 0xe000) {
      put_rune(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
      return p + 6;
    }
  }
  put_rune(unit);
  return p;
}

function read_array(): usize {
  if (++depth > MAX_DEPTH) return 0;
  at++;
  const base = stack_at - stack;
  space();
  if (peek() == 0x5d) {
    at++;
    depth--;
    return array_of(0, 0);
  }
  while (true) {
    const v = read_value();
    if (v == 0) return 0;
    push(v);
    const c = next();
    at++;
    if (c == 0x5d) break;
    if (c != 0x2c) return 0;
  }
  make_room(stack_at - stack - base);
  const from = stack + base;
  const size = stack_at - from;
  const elements = alloc(size);
  copy(elements, from, size);
  stack_at = from;
  depth--;
  return array_of(elements, <i32>(size >> 2));
}

function read_object(): usize {
  if (++depth > MAX_DEPTH) return 0;
  at++;
  const base = stack_at - stack;
  space();
  if (peek() == 0x7d) {
    at++;
    depth--;
    return object_sized(0);
  }
  while (true) {
    let c = next();
    if (c != 0x22 && !rego) return 0;
    make_room(0);
    const key = rego ? read_value() : read_string();
    if (key == 0) return 0;
    if (next() != 0x3a) return rego && stack_at - stack == base ? read_set(key) : 0;
    at++;
    const v = read_member();
    if (v == 0) return 0;
    push_pair(key, v);
    c = next();
    at++;
    if (c == 0x7d) break;
    if (c != 0x2c) return 0;
  }
  depth--;
  return build_object(base);
}

function build_object(base: usize): usize {
  // For each pair of 8 bytes: an entry, its copy while they are sorted, and the slots of up to two indexes.
  make_room((stack_at - stack - base) * 10 + 64);
  const from = stack + base;
  const object = object_of(from, <i32>((stack_at - from) >> 3));
  stack_at = from;
  if (copying && object != 0) object_seal(object);
  return object;
}

/** `{` and a first member are read, no colon follows. */
function read_set(first: usize): usize {
  const set = set_new();
  set_add(set, first);
  while (true) {
    const c = peek();
    at++;
    if (c == 0x7d) break;
    if (c != 0x2c) return 0;
    const v = read_value();
    if (v == 0) return 0;
    set_add(set, v);
    space();
  }
  depth--;
  if (copying) set_sort(set);
  return set;
}

/**
 * The reader for data: copies everything, and lets values take the place of the text, which must lie above the heap. The heap goes on behind
 * the values.
 */
export function json_parse_moving(from: usize, length: usize): usize {
  copying = true;
  rego = false;
  moving = true;
  heap_start = mark();
  text_read = 0;
  text_at = from;
  const v = read_all(from, length);
  moving = false;
  return v;
}

/** OPA's entry: everything is copied, the text may be freed or overwritten. */
export function opa_json_parse(from: usize, length: usize): usize {
  copying = true;
  rego = false;
  return read_all(from, length);
}

/** The reader for inputs: strings point into the text, which must stay until the evaluation is over. */
export function json_parse_in_place(from: usize, length: usize): usize {
  copying = false;
  rego = false;
  return read_all(from, length);
}

// Reading into cells (compile/wasm/cells.ts): only what a policy looks at becomes values, the rest is checked and passed over.

/**
 * The reader for inputs of which only some paths are read. `node` is an object box at a fixed address; behind its entries stands, for each
 * of them, the box of the object below or 0. Answers the input, which is `node` where the text is an object; 0 if the text is not valid.
 */
export function json_parse_cells(from: usize, length: usize, node: usize): usize {
  copying = false;
  rego = false;
  at = from;
  end = from + length;
  depth = 0;
  const home = scratch_home();
  stack = home + SHARED;
  stack_at = stack;
  stack_end = home + SCRATCH;
  space();
  let v = node;
  if (peek() == 0x7b) {
    if (!read_cells(node)) return 0;
  } else {
    v = read_value();
  }
  if (v == 0) return 0;
  space();
  return at == end ? v : 0;
}

function clear_cells(node: usize): void {
  const count = word_n(node);
  const entries = word_a(node);
  const below = entries + <usize>count * OBJECT_ENTRY_SIZE;
  for (let i = 0; i < count; i++) {
    store<u32>(entries + <usize>i * OBJECT_ENTRY_SIZE, 0, 8);
    const inner = <usize>load<u32>(below + (<usize>i << 2));
    if (inner != 0) clear_cells(inner);
  }
}

/** At an opening brace. */
function read_cells(node: usize): bool {
  clear_cells(node);
  if (++depth > MAX_DEPTH) return false;
  at++;
  const count = word_n(node);
  const entries = word_a(node);
  const below = entries + <usize>count * OBJECT_ENTRY_SIZE;
  space();
  if (peek() == 0x7d) {
    at++;
    depth--;
    return true;
  }
  while (true) {
    if (next() != 0x22) return false;
    let i = 0;
    const length = plain_length();
    if (length >= 0) {
      const from = at + 1;
      at = from + <usize>length + 1;
      let entry = entries;
      while (i < count) {
        const name = <usize>load<u32>(entry, 4);
        if (word_n(name) == length && bytes_equal(word_a(name), from, length)) break;
        entry += OBJECT_ENTRY_SIZE;
        i++;
      }
    } else {
      const before = mark();
      const key = read_string();
      if (key == 0) return false;
      while (i < count && !string_equal(load<u32>(entries + <usize>i * OBJECT_ENTRY_SIZE, 4), key)) i++;
      release(before);
    }
    if (next() != 0x3a) return false;
    at++;
    if (i == count) {
      if (!skip_value()) return false;
    } else {
      const inner = <usize>load<u32>(below + (<usize>i << 2));
      let v = inner;
      if (inner != 0 && next() == 0x7b) {
        if (!read_cells(inner)) return false;
      } else {
        v = read_member();
        if (v == 0) return false;
        // The key may stand in the text twice.
        if (inner != 0) clear_cells(inner);
      }
      store<u32>(entries + <usize>i * OBJECT_ENTRY_SIZE, <u32>v, 8);
    }
    const c = next();
    at++;
    if (c == 0x7d) break;
    if (c != 0x2c) return false;
  }
  depth--;
  return true;
}

/** Behind a value that nobody looks at, if it is one. */
function skip_value(): bool {
  const c = next();
  if (c == 0x22) return skip_string();
  if (c == 0x7b || c == 0x5b) return skip_nested(c == 0x7b);
  if (c == 0x2d || <u32>(c - 0x30) <= 9) return skip_number();
  const before = mark();
  const v = read_value();
  release(before);
  return v != 0;
}

/** As `read_number` reads it. */
function skip_number(): bool {
  let p = at;
  if (load<u8>(p) == 0x2d) p++;
  const first = p;
  while (p < end && <u32>load<u8>(p) - 0x30 <= 9) p++;
  const digits = p - first;
  if (digits == 0 || (digits > 1 && load<u8>(first) == 0x30)) return false;
  if (p < end && load<u8>(p) == 0x2e) {
    p = skip_digits(p + 1);
    if (p == 0) return false;
  }
  if (p < end && (load<u8>(p) | 0x20) == 0x65) {
    p++;
    if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) p++;
    p = skip_digits(p);
    if (p == 0) return false;
  }
  at = p;
  return true;
}

/** Text without space between its parts is passed over without a look for space. */
function skip_nested(object: bool): bool {
  if (++depth > MAX_DEPTH) return false;
  const close = object ? 0x7d : 0x5d;
  at++;
  space();
  if (peek() == close) {
    at++;
    depth--;
    return true;
  }
  while (true) {
    let c = peek();
    if (object) {
      if (c != 0x22) {
        space();
        if (peek() != 0x22) return false;
      }
      if (!skip_string()) return false;
      if (peek() != 0x3a) {
        space();
        if (peek() != 0x3a) return false;
      }
      at++;
      c = peek();
    }
    if (c == 0x22) {
      if (!skip_string()) return false;
    } else if (!skip_value()) {
      return false;
    }
    c = peek();
    if (c != 0x2c) {
      if (c != close) {
        space();
        c = peek();
      }
      at++;
      if (c == close) break;
      if (c != 0x2c) return false;
    } else {
      at++;
    }
  }
  depth--;
  return true;
}

// @ts-ignore: decorator
@inline
function skip_string(): bool {
  let p = at + 1;
  while (true) {
    while (p + 8 <= end) {
      const m = special(load<u64>(p));
      if (m != 0) {
        p += <usize>(ctz(m) >> 3);
        break;
      }
      p += 8;
    }
    if (p >= end) return false;
    const c = <i32>load<u8>(p);
    if (c == 0x22) break;
    if (c == 0x5c || c < 0x20 || c >= 0x80) return skip_slowly();
    p++;
  }
  at = p + 1;
  return true;
}

function skip_slowly(): bool {
  const before = mark();
  const v = read_string();
  release(before);
  return v != 0;
}

export function opa_value_parse(from: usize, length: usize): usize {
  copying = true;
  rego = true;
  return read_all(from, length);
}
