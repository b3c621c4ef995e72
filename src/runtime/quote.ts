// Go's quoted strings (strconv.Quote), as error texts and sprintf's %q print them. In go bytes, out comes text in the current buffer.
import { buffer_open, buffer_string, put_byte, put_bytes, put_text } from "./buffer";
import { PRINTABLE, PRINTABLE_SIZE } from "./print-data";
import { rune_at, rune_valid, rune_width } from "./utf8";
import { word_a, word_n } from "./value";

export function put_hex(value: u32, digits: i32): void {
  for (let i = digits - 1; i >= 0; i--) {
    const d = <i32>((value >> <u32>(i << 2)) & 15);
    put_byte(d < 10 ? 0x30 + d : 0x57 + d);
  }
}

/** Go's strconv.IsPrint. */
export function is_printable(rune: i32): bool {
  if (rune < 0x7f) return rune >= 0x20;
  if ((rune > 0xa0 && rune < 0x378) || (rune >= 0x4e00 && rune < 0x9fff)) return rune != 0xad;
  let at = PRINTABLE;
  let first = 0x80;
  let printable = false;
  while (at < PRINTABLE + PRINTABLE_SIZE) {
    let run = 0;
    let shift = 0;
    let byte = 0x80;
    while (byte >= 0x80) {
      byte = <i32>load<u8>(at);
      run |= (byte & 0x7f) << shift;
      shift += 7;
      at++;
    }
    first += run;
    if (rune < first) return printable;
    printable = !printable;
  }
  return false;
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
