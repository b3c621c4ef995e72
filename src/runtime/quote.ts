// Go's quoted strings (strconv.Quote), as error texts and sprintf's %q print them. In go bytes, out comes text in the current buffer.
import { buffer_open, buffer_string, put_byte, put_bytes, put_text } from "./buffer";
import { rune_at, rune_valid, rune_width } from "./utf8";
import { word_a, word_n } from "./value";

export function put_hex(value: u32, digits: i32): void {
  for (let i = digits - 1; i >= 0; i--) {
    const d = <i32>((value >> <u32>(i << 2)) & 15);
    put_byte(d < 10 ? 0x30 + d : 0x57 + d);
  }
}

/** Go's IsPrint for the ranges that matter: no controls, no separators but the plain space, no surrogates, private use or unassigned ends. */
export function is_printable(rune: i32): bool {
  if (rune < 0x20 || (rune >= 0x7f && rune < 0xa1) || rune == 0xad) return false;
  if (rune < 0x2000) return rune != 0x1680 && rune != 0x180e && rune != 0x61c;
  if (rune <= 0x200f || (rune >= 0x2028 && rune <= 0x202f) || (rune >= 0x205f && rune <= 0x206f) || rune == 0x3000) return false;
  if (rune >= 0xd800 && rune <= 0xf8ff) return false;
  if (rune == 0xfeff || (rune >= 0xfff0 && rune <= 0xfffb) || (rune & 0xfffe) == 0xfffe) return false;
  return rune < 0xe0000;
}

/** One code point inside quotes of `mark`. */
export function put_quoted_rune(rune: i32, mark: i32, ascii: bool): void {
  if (rune == mark || rune == 0x5c) {
    put_byte(0x5c);
    put_byte(rune);
    return;
  }
  if (rune < 0x80 && is_printable(rune)) {
    put_byte(rune);
    return;
  }
  let short = 0;
  switch (rune) {
    case 7: short = 0x61; break;
    case 8: short = 0x62; break;
    case 9: short = 0x74; break;
    case 10: short = 0x6e; break;
    case 11: short = 0x76; break;
    case 12: short = 0x66; break;
    case 13: short = 0x72; break;
  }
  put_byte(0x5c);
  if (short != 0) {
    put_byte(short);
  } else if (rune < 0x20 || rune == 0x7f) {
    put_byte(0x78);
    put_hex(rune, 2);
  } else if (rune < 0x10000) {
    put_byte(0x75);
    put_hex(rune, 4);
  } else {
    put_byte(0x55);
    put_hex(rune, 8);
  }
}

export function put_quoted(at: usize, length: i32, ascii: bool): void {
  let p = at;
  const end = at + length;
  put_byte(0x22);
  while (p < end) {
    const rune = rune_at(p, end);
    if (!rune_valid) {
      put_text("\\x");
      put_hex(load<u8>(p), 2);
    } else if (rune >= 0x80 && !ascii && is_printable(rune)) {
      put_bytes(p, rune_width);
    } else {
      put_quoted_rune(rune, 0x22, ascii);
    }
    p += <usize>rune_width;
  }
  put_byte(0x22);
}

/** The string quoted as a string box. */
export function go_quoted(v: usize): usize {
  const saved = buffer_open(<usize>word_n(v) + 16);
  put_quoted(word_a(v), word_n(v), false);
  return buffer_string(saved);
}
