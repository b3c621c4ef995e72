// Boxes: reading tags and fields of abi.ts, making scalars and strings. In go addresses, out come addresses; address 0 is undefined.
// Never looks into collections.
import {
  ADDRESS_FALSE, ADDRESS_TRUE, BOX_SIZE, NUMBER_INT, STRING_ASCII, STRING_NOT_ASCII, TAG_ARRAY, TAG_BOOLEAN, TAG_NULL, TAG_NUMBER,
  TAG_OBJECT, TAG_SET, TAG_STRING,
} from "./abi";
import { alloc, copy } from "./memory";

// @ts-ignore: decorator
@inline
export function tag(v: usize): i32 {
  return <i32>load<u8>(v);
}
// @ts-ignore: decorator
@inline
export function flags(v: usize): i32 {
  return <i32>load<u8>(v, 1);
}
// @ts-ignore: decorator
@inline
export function set_flag(v: usize, flag: i32): void {
  store<u8>(v, load<u8>(v, 1) | <u8>flag, 1);
}
// @ts-ignore: decorator
@inline
export function word_n(v: usize): i32 {
  return load<i32>(v, 4);
}
// @ts-ignore: decorator
@inline
export function word_a(v: usize): usize {
  return load<u32>(v, 8);
}
// @ts-ignore: decorator
@inline
export function word_b(v: usize): usize {
  return load<u32>(v, 12);
}

// @ts-ignore: decorator
@inline
export function box(tag: i32, flag: i32, n: i32, a: usize, b: usize): usize {
  const v = alloc(BOX_SIZE);
  store<u32>(v, <u32>(tag | (flag << 8)));
  store<i32>(v, n, 4);
  store<u32>(v, <u32>a, 8);
  store<u32>(v, <u32>b, 12);
  return v;
}

// @ts-ignore: decorator
@inline
export function boolean(value: bool): usize {
  return value ? ADDRESS_TRUE : ADDRESS_FALSE;
}

/** A string box over bytes that stay where they are. */
// @ts-ignore: decorator
@inline
export function string_at(bytes: usize, length: i32, flag: i32): usize {
  return box(TAG_STRING, flag, length, bytes, 0);
}

/** A string box over a copy of the bytes. */
export function string_copy(bytes: usize, length: i32, flag: i32): usize {
  const to = alloc(<usize>length);
  copy(to, bytes, <usize>length);
  return string_at(to, length, flag);
}

/** A string box from an ASCII literal of the runtime's source. */
export function string_of(text: string): usize {
  const length = text.length;
  const to = alloc(<usize>length);
  const from = changetype<usize>(text);
  for (let i = 0; i < length; i++) store<u8>(to + i, <u8>load<u16>(from + (<usize>i << 1)));
  return string_at(to, length, STRING_ASCII);
}

export function is_ascii(v: usize): bool {
  const f = flags(v);
  if (f & (STRING_ASCII | STRING_NOT_ASCII)) return (f & STRING_ASCII) != 0;
  const ascii = ascii_bytes(word_a(v), word_n(v));
  set_flag(v, ascii ? STRING_ASCII : STRING_NOT_ASCII);
  return ascii;
}

export function ascii_bytes(at: usize, length: i32): bool {
  let p = at;
  const end = at + length;
  while (p + 8 <= end) {
    if (load<u64>(p) & 0x8080808080808080) return false;
    p += 8;
  }
  while (p < end) {
    if (load<u8>(p) & 0x80) return false;
    p++;
  }
  return true;
}

export function rune_count(v: usize): i32 {
  const length = word_n(v);
  if (is_ascii(v)) return length;
  const at = word_a(v);
  let n = 0;
  for (let i = 0; i < length; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) n++;
  return n;
}

export function number_int(value: i64): usize {
  const v = alloc(BOX_SIZE);
  store<u32>(v, TAG_NUMBER | (NUMBER_INT << 8));
  store<i64>(v, value, 8);
  return v;
}

export function type_name(v: usize): string {
  switch (tag(v)) {
    case TAG_NULL: return "null";
    case TAG_BOOLEAN: return "boolean";
    case TAG_NUMBER: return "number";
    case TAG_STRING: return "string";
    case TAG_ARRAY: return "array";
    case TAG_OBJECT: return "object";
    case TAG_SET: return "set";
  }
  return "unknown";
}
