// What builtins do with strings: find, cut, decode. In go string boxes, out come boxes that share the bytes where they can.
import { STRING_ASCII } from "./abi";
import { bytes_equal } from "./compare";
import { flags, is_ascii, string_at, word_a, word_n } from "./value";

/** First byte offset at or behind `from` where the needle stands, or -1. */
export function bytes_index(hay: usize, n: i32, needle: usize, m: i32, from: i32): i32 {
  if (m == 0) return from <= n ? from : -1;
  const first = load<u8>(needle);
  const last = n - m;
  for (let i = from; i <= last; i++) {
    if (load<u8>(hay + i) == first && bytes_equal(hay + i, needle, m)) return i;
  }
  return -1;
}

export function string_index(v: usize, needle: usize, from: i32): i32 {
  return bytes_index(word_a(v), word_n(v), word_a(needle), word_n(needle), from);
}

/** The bytes from (inclusive) to (exclusive), sharing them. */
export function string_slice(v: usize, from: i32, to: i32): usize {
  if (from == 0 && to == word_n(v)) return v;
  return string_at(word_a(v) + from, to - from, flags(v) & STRING_ASCII);
}

export function string_empty(): usize {
  return string_at(0, 0, STRING_ASCII);
}

/** Byte offset of the i-th code point, or the length if there are fewer. */
export function rune_offset(v: usize, i: i32): i32 {
  const n = word_n(v);
  if (is_ascii(v)) return i < n ? i : n;
  const at = word_a(v);
  let p = 0;
  while (p < n) {
    if ((load<u8>(at + p) & 0xc0) != 0x80) {
      if (i == 0) return p;
      i--;
    }
    p++;
  }
  return n;
}

/** How many code points start before a byte offset. */
export function runes_before(v: usize, offset: i32): i32 {
  if (is_ascii(v)) return offset;
  const at = word_a(v);
  let count = 0;
  for (let i = 0; i < offset; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) count++;
  return count;
}
