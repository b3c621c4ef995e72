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

/** Where the reader stands. While a function works it keeps that in a local of its own, `p`, which it is given and leaves here. */
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

/** Behind the space that stands at `p`. */
function behind_space(p: usize): usize {
  const stop = end;
  while (p < stop) {
    const c = load<u8>(p);
    if (c > 0x20 || (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09)) break;
    p++;
  }
  return p;
}

/** The byte behind the space that stands at `p`, which is then at `at`. */
function byte_behind_space(p: usize): u32 {
  at = behind_space(p);
  return byte_at(at, end);
}

/** The byte at `p`; 0, which has no place in JSON, behind the text. Above 0x20 it is no space, and most texts have none between their parts. */
// @ts-ignore: decorator
@inline
function byte_at(p: usize, stop: usize): u32 {
  return p < stop ? load<u8>(p) : 0;
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

/** Room for `size` bytes, and some, below the text, which goes on at `p`: where it goes on then. Nobody may hold another address into it. */
function room_below(p: usize, size: usize): usize {
  at = p;
  if (mark() + size + SLACK > p) move_text(size);
  return at;
}

/** The same, of the text at `at`. */
// @ts-ignore: decorator
@inline
function make_room(size: usize): void {
  if (moving) room_below(at, size);
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

function begin(from: usize, length: usize): void {
  end = from + length;
  depth = 0;
  const home = scratch_home();
  stack = home + SHARED;
  stack_at = stack;
  stack_end = home + SCRATCH;
  if (copying) zero(home, SHARED);
}

function read_all(from: usize, length: usize): usize {
  begin(from, length);
  const v = read_value(from);
  return v != 0 && behind_space(at) == end ? v : 0;
}

function read_value(p: usize): usize {
  let c = byte_at(p, end);
  if (c <= 0x20) {
    c = byte_behind_space(p);
    p = at;
  }
  if (moving) p = room_below(p, 0);
  if (c == 0x22) return read_string(p);
  switch (c) {
    case 0: return 0;
    case 0x7b: return read_object(p);
    case 0x5b: return read_array(p);
    case 0x74: return read_word(p, 0x65757274, 4) ? ADDRESS_TRUE : 0;
    case 0x66: return p + 5 <= end && load<u8>(p, 4) == 0x65 && read_word(p, 0x736c6166, 5) ? ADDRESS_FALSE : 0;
    case 0x6e: return read_word(p, 0x6c6c756e, 4) ? ADDRESS_NULL : 0;
    case 0x73: return rego ? read_empty_set(p) : 0;
  }
  return read_number(p);
}

/** The four bytes of `word` stand here; skips `length` bytes. */
function read_word(p: usize, word: u32, length: usize): bool {
  if (p + length > end || load<u32>(p) != word) return false;
  at = p + length;
  return true;
}

function read_empty_set(p: usize): usize {
  if (p + 5 > end || load<u32>(p) != 0x28746573) return 0;
  p = behind_space(p + 4);
  if (byte_at(p, end) != 0x29) return 0;
  at = p + 1;
  return set_new();
}

function read_number(from: usize): usize {
  const stop = end;
  let p = from;
  const negative = load<u8>(p) == 0x2d;
  if (negative) p++;
  const first = p;
  let n: u64 = 0;
  while (p < stop) {
    const d = <u32>load<u8>(p) - 0x30;
    if (d > 9) break;
    n = n * 10 + d;
    p++;
  }
  const digits = p - first;
  if (digits == 0 || (digits > 1 && load<u8>(first) == 0x30)) return 0;
  const next = byte_at(p, stop);
  if (next != 0x2e && (next | 0x20) != 0x65) {
    at = p;
    if (digits < 19 && !(negative && n == 0)) return number_int(negative ? -<i64>n : <i64>n);
    return copying ? number_copy(from, <i32>(p - from)) : number_at(from, <i32>(p - from));
  }
  p = behind_fraction(p);
  if (p == 0) return 0;
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

/** Behind the fraction and the exponent that may stand at `p`; 0 if they are none. */
function behind_fraction(p: usize): usize {
  if (byte_at(p, end) == 0x2e) {
    p = skip_digits(p + 1);
    if (p == 0) return 0;
  }
  if ((byte_at(p, end) | 0x20) == 0x65) {
    p++;
    if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) p++;
    p = skip_digits(p);
  }
  return p;
}

/** Behind at least one digit, or 0. */
function skip_digits(from: usize): usize {
  let p = from;
  while (p < end && <u32>load<u8>(p) - 0x30 <= 9) p++;
  return p == from ? 0 : p;
}

const ONES: u64 = 0x0101010101010101;
const HIGHS: u64 = 0x8080808080808080;

/**
 * Bit 7 of each byte that is a quote, a backslash, a control character or not ASCII; the lowest one is exact: what is borrowed from a byte is
 * borrowed by one that has its bit.
 */
// @ts-ignore: decorator
@inline
function special(w: u64): u64 {
  return (((w ^ 0x2222222222222222) - ONES) | ((w ^ 0x5c5c5c5c5c5c5c5c) - ONES) | (w - 0x2020202020202020) | w) & HIGHS;
}

/** At a quote. */
function read_string(p: usize): usize {
  const stop = end;
  const from = p + 1;
  let ascii = true;
  at = p;
  p = from;
  while (true) {
    while (p + 8 <= stop) {
      const m = special(load<u64>(p));
      if (m != 0) {
        p += <usize>(ctz(m) >> 3);
        break;
      }
      p += 8;
    }
    if (p >= stop) return 0;
    const c = <i32>load<u8>(p);
    if (c == 0x22) break;
    if (c == 0x5c) return read_escaped(p - from);
    if (c < 0x20) return 0;
    if (c >= 0x80) {
      ascii = false;
      rune_at(p, stop);
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

/** The quote that closes the string which starts behind `p`, if that is ASCII without escapes and not among the last bytes of the text; else 0. */
// @ts-ignore: decorator
@inline
function plain_end(p: usize, stop: usize): usize {
  p++;
  while (p + 8 <= stop) {
    const m = special(load<u64>(p));
    if (m != 0) {
      p += <usize>(ctz(m) >> 3);
      return load<u8>(p) == 0x22 ? p : 0;
    }
    p += 8;
  }
  return 0;
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

/** At a bracket. */
function read_array(p: usize): usize {
  if (++depth > MAX_DEPTH) return 0;
  const base = stack_at - stack;
  p = behind_space(p + 1);
  if (byte_at(p, end) == 0x5d) {
    at = p + 1;
    depth--;
    return array_of(0, 0);
  }
  while (true) {
    const v = read_value(p);
    if (v == 0) return 0;
    push(v);
    p = at;
    let c = byte_at(p, end);
    if (c <= 0x20) {
      c = byte_behind_space(p);
      p = at;
    }
    p++;
    if (c == 0x5d) break;
    if (c != 0x2c) return 0;
  }
  at = p;
  make_room(stack_at - stack - base);
  const from = stack + base;
  const size = stack_at - from;
  const elements = alloc(size);
  copy(elements, from, size);
  stack_at = from;
  depth--;
  return array_of(elements, <i32>(size >> 2));
}

/** At a brace. */
function read_object(p: usize): usize {
  if (++depth > MAX_DEPTH) return 0;
  const base = stack_at - stack;
  p = behind_space(p + 1);
  let c = byte_at(p, end);
  if (c == 0x7d) {
    at = p + 1;
    depth--;
    return object_sized(0);
  }
  while (true) {
    if (c != 0x22 && !rego) return 0;
    if (moving) p = room_below(p, 0);
    const key = rego ? read_value(p) : read_string(p);
    if (key == 0) return 0;
    p = at;
    c = byte_at(p, end);
    if (c <= 0x20) {
      c = byte_behind_space(p);
      p = at;
    }
    if (c != 0x3a) return rego && stack_at - stack == base ? read_set(key, p) : 0;
    p++;
    // Texts, which most values are, without a call on the way.
    const v = byte_at(p, end) == 0x22 && !moving ? read_string(p) : read_value(p);
    if (v == 0) return 0;
    push_pair(key, v);
    p = at;
    c = byte_at(p, end);
    if (c <= 0x20) {
      c = byte_behind_space(p);
      p = at;
    }
    p++;
    if (c == 0x7d) break;
    if (c != 0x2c) return 0;
    c = byte_at(p, end);
    if (c <= 0x20) {
      c = byte_behind_space(p);
      p = at;
    }
  }
  at = p;
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
function read_set(first: usize, p: usize): usize {
  const set = set_new();
  set_add(set, first);
  while (true) {
    const c = byte_at(p, end);
    p++;
    if (c == 0x7d) break;
    if (c != 0x2c) return 0;
    const v = read_value(p);
    if (v == 0) return 0;
    set_add(set, v);
    p = behind_space(at);
  }
  at = p;
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
  begin(from, length);
  let p = behind_space(from);
  let v = node;
  if (byte_at(p, end) == 0x7b) {
    clear_cells(node);
    p = read_cells(node, p);
  } else {
    v = read_value(p);
    p = v == 0 ? 0 : at;
  }
  return p != 0 && behind_space(p) == end ? v : 0;
}

function clear_cells(node: usize): void {
  let entry = word_a(node);
  const stop = entry + <usize>word_n(node) * OBJECT_ENTRY_SIZE;
  let below = stop;
  while (entry < stop) {
    store<u32>(entry, 0, 8);
    const inner = <usize>load<u32>(below);
    if (inner != 0) clear_cells(inner);
    entry += OBJECT_ENTRY_SIZE;
    below += 4;
  }
}

/** At a brace, the cells of `node` being clear: behind the object, or 0. So do all that follow. */
function read_cells(node: usize, p: usize): usize {
  if (++depth > MAX_DEPTH) return 0;
  const stop = end;
  const count = word_n(node);
  const entries = word_a(node);
  const below = entries + <usize>count * OBJECT_ENTRY_SIZE;
  p = behind_space(p + 1);
  let c = byte_at(p, stop);
  while (c != 0x7d) {
    if (c != 0x22) return 0;
    let i = 0;
    let entry = entries;
    const quote = plain_end(p, stop);
    if (quote != 0) {
      const from = p + 1;
      const length = <i32>(quote - from);
      while (i < count && !is_name(load<u32>(entry, 4), from, length)) {
        entry += OBJECT_ENTRY_SIZE;
        i++;
      }
      p = quote + 1;
    } else {
      const before = mark();
      const key = read_string(p);
      if (key == 0) return 0;
      while (i < count && !string_equal(load<u32>(entry, 4), key)) {
        entry += OBJECT_ENTRY_SIZE;
        i++;
      }
      release(before);
      p = at;
    }
    c = byte_at(p, stop);
    if (c <= 0x20) {
      c = byte_behind_space(p);
      p = at;
    }
    if (c != 0x3a) return 0;
    p++;
    c = byte_at(p, stop);
    if (c <= 0x20) {
      c = byte_behind_space(p);
      p = at;
    }
    if (i == count) {
      p = c == 0x22 ? skip_string(p, stop) : skip_value(p, c);
      if (p == 0) return 0;
    } else {
      const inner = <usize>load<u32>(below + (<usize>i << 2));
      // The key may stand in the text twice.
      if (inner != 0 && load<u32>(entry, 8) != 0) clear_cells(inner);
      if (inner != 0 && c == 0x7b) {
        store<u32>(entry, <u32>inner, 8);
        p = read_cells(inner, p);
        if (p == 0) return 0;
      } else {
        const v = c == 0x22 ? read_string(p) : read_value(p);
        if (v == 0) return 0;
        store<u32>(entry, <u32>v, 8);
        p = at;
      }
    }
    c = byte_at(p, stop);
    if (c <= 0x20) {
      c = byte_behind_space(p);
      p = at;
    }
    if (c != 0x2c) {
      if (c == 0x7d) break;
      return 0;
    }
    p++;
    c = byte_at(p, stop);
    if (c <= 0x20) {
      c = byte_behind_space(p);
      p = at;
    }
    // No brace may follow a comma.
    if (c != 0x22) return 0;
  }
  depth--;
  return p + 1;
}

/** These bytes are the text of a box. */
// @ts-ignore: decorator
@inline
function is_name(name: usize, from: usize, length: i32): bool {
  if (word_n(name) != length) return false;
  // Eight bytes at once, those behind the name shifted away.
  if (<u32>(length - 1) < 8 && from + 8 <= end)
    return (load<u64>(word_a(name)) ^ load<u64>(from)) << (64 - (<u64>length << 3)) == 0;
  return bytes_equal(word_a(name), from, length);
}

/** Behind a value that nobody looks at and that begins with `c`; texts are the caller's. */
function skip_value(p: usize, c: u32): usize {
  if (c == 0x7b || c == 0x5b) return skip_nested(p, c);
  if (c == 0x2d || c - 0x30 <= 9) return skip_number(p);
  return skip_slowly(p);
}

/** As `read_number` reads it. */
function skip_number(p: usize): usize {
  const stop = end;
  if (load<u8>(p) == 0x2d) p++;
  const first = p;
  while (p < stop && <u32>load<u8>(p) - 0x30 <= 9) p++;
  const digits = p - first;
  if (digits == 0 || (digits > 1 && load<u8>(first) == 0x30)) return 0;
  const next = byte_at(p, stop);
  return next == 0x2e || (next | 0x20) == 0x65 ? behind_fraction(p) : p;
}

/** At the bracket or brace `open`. */
function skip_nested(p: usize, open: u32): usize {
  if (++depth > MAX_DEPTH) return 0;
  const stop = end;
  const object = open == 0x7b;
  const close = open + 2;
  p = behind_space(p + 1);
  let c = byte_at(p, stop);
  if (c != close) {
    let key = object;
    while (true) {
      if (c == 0x22) p = skip_string(p, stop);
      else if (key) return 0;
      else p = skip_value(p, c);
      if (p == 0) return 0;
      c = byte_at(p, stop);
      if (c <= 0x20) {
        c = byte_behind_space(p);
        p = at;
      }
      if (key) {
        if (c != 0x3a) return 0;
        key = false;
      } else {
        if (c == close) break;
        if (c != 0x2c) return 0;
        key = object;
      }
      p++;
      c = byte_at(p, stop);
      if (c <= 0x20) {
        c = byte_behind_space(p);
        p = at;
      }
    }
  }
  depth--;
  return p + 1;
}

/** At a quote. */
// @ts-ignore: decorator
@inline
function skip_string(p: usize, stop: usize): usize {
  const quote = plain_end(p, stop);
  return quote != 0 ? quote + 1 : skip_slowly(p);
}

function skip_slowly(p: usize): usize {
  const before = mark();
  const v = read_value(p);
  release(before);
  return v == 0 ? 0 : at;
}

export function opa_value_parse(from: usize, length: usize): usize {
  copying = true;
  rego = true;
  return read_all(from, length);
}
