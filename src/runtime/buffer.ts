// A growing run of bytes at the top of the heap: writers of JSON, Rego text, messages and numbers append to it, then take it as a
// string box or a NUL-terminated text. One buffer at a time unless `buffer_open` and its close nest strictly; nothing else may allocate
// between two writes of the same buffer without `buffer_hold` (writers that call allocating code keep their own copy).
import { STRING_ASCII } from "./abi";
import { alloc, copy } from "./memory";
import { ascii_bytes, string_at } from "./value";

let start: usize = 0;
let at: usize = 0;
let end: usize = 0;

/** Starts an empty buffer and returns the one it displaces, to be handed back to `buffer_restore`. */
export function buffer_open(capacity: usize): usize {
  const saved = alloc(16);
  store<u32>(saved, <u32>start);
  store<u32>(saved, <u32>at, 4);
  store<u32>(saved, <u32>end, 8);
  start = alloc(capacity);
  at = start;
  end = start + capacity;
  return saved;
}

export function buffer_restore(saved: usize): void {
  start = load<u32>(saved);
  at = load<u32>(saved, 4);
  end = load<u32>(saved, 8);
}

function buffer_grow(more: usize): void {
  const used = at - start;
  let capacity = (end - start) * 2;
  if (capacity < used + more) capacity = used + more + 64;
  const to = alloc(capacity);
  copy(to, start, used);
  start = to;
  at = to + used;
  end = to + capacity;
}

/** Room for `more` bytes; the returned address is where they go. Follow with `buffer_advance`. */
// @ts-ignore: decorator
@inline
export function buffer_room(more: usize): usize {
  if (at + more > end) buffer_grow(more);
  return at;
}

// @ts-ignore: decorator
@inline
export function buffer_advance(to: usize): void {
  at = to;
}

// @ts-ignore: decorator
@inline
export function put_byte(byte: i32): void {
  if (at + 1 > end) buffer_grow(1);
  store<u8>(at, <u8>byte);
  at++;
}

export function put_bytes(from: usize, length: i32): void {
  if (at + <usize>length > end) buffer_grow(<usize>length);
  copy(at, from, <usize>length);
  at += <usize>length;
}

/** Appends an ASCII literal of the runtime's source. */
export function put_text(text: string): void {
  const length = text.length;
  const to = buffer_room(<usize>length);
  const from = changetype<usize>(text);
  for (let i = 0; i < length; i++) store<u8>(to + i, <u8>load<u16>(from + (<usize>i << 1)));
  at = to + <usize>length;
}

export function put_string(v: usize): void {
  put_bytes(load<u32>(v, 8), load<i32>(v, 4));
}

export function put_i64(value: i64): void {
  let v = <u64>value;
  if (value < 0) {
    put_byte(0x2d);
    v = 0 - v;
  }
  let digits = 1;
  let limit: u64 = 10;
  while (digits < 20 && v >= limit) {
    digits++;
    if (digits == 20) break;
    limit *= 10;
  }
  const to = buffer_room(<usize>digits);
  let p = to + <usize>digits;
  at = p;
  while (p > to) {
    const q = v / 10;
    p--;
    store<u8>(p, <u8>(0x30 + <i32>(v - q * 10)));
    v = q;
  }
}

/** One code point as UTF-8; surrogates and what lies above U+10FFFF become U+FFFD as in Go. */
export function put_rune(rune: i32): void {
  if (rune < 0x80 && rune >= 0) {
    put_byte(rune);
    return;
  }
  if (rune < 0 || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) rune = 0xfffd;
  const to = buffer_room(4);
  if (rune < 0x800) {
    store<u8>(to, <u8>(0xc0 | (rune >> 6)));
    store<u8>(to, <u8>(0x80 | (rune & 63)), 1);
    at = to + 2;
  } else if (rune < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (rune >> 12)));
    store<u8>(to, <u8>(0x80 | ((rune >> 6) & 63)), 1);
    store<u8>(to, <u8>(0x80 | (rune & 63)), 2);
    at = to + 3;
  } else {
    store<u8>(to, <u8>(0xf0 | (rune >> 18)));
    store<u8>(to, <u8>(0x80 | ((rune >> 12) & 63)), 1);
    store<u8>(to, <u8>(0x80 | ((rune >> 6) & 63)), 2);
    store<u8>(to, <u8>(0x80 | (rune & 63)), 3);
    at = to + 4;
  }
}

// @ts-ignore: decorator
@inline
export function buffer_start(): usize {
  return start;
}
// @ts-ignore: decorator
@inline
export function buffer_length(): i32 {
  return <i32>(at - start);
}

/** The written bytes as a string box; the displaced buffer is current again. */
export function buffer_string(saved: usize): usize {
  const length = buffer_length();
  const v = string_at(start, length, ascii_bytes(start, length) ? STRING_ASCII : 0);
  buffer_restore(saved);
  return v;
}

/** The written bytes, NUL-terminated; the displaced buffer is current again. */
export function buffer_text(saved: usize): usize {
  put_byte(0);
  const text = start;
  buffer_restore(saved);
  return text;
}
