// Decoding UTF-8 as Go does: in go bytes, out comes a code point and its width; every byte that starts no valid sequence is U+FFFD of width 1.

/** Width in bytes of the sequence that `rune_at` decoded last. */
export let rune_width: i32 = 1;
/** Whether the sequence that `rune_at` decoded last was valid. */
export let rune_valid: bool = true;

function invalid(): i32 {
  rune_width = 1;
  rune_valid = false;
  return 0xfffd;
}

// @ts-ignore: decorator
@inline
function continues(at: usize): bool {
  return (load<u8>(at) & 0xc0) == 0x80;
}

export function rune_at(at: usize, end: usize): i32 {
  const c = <i32>load<u8>(at);
  rune_valid = true;
  if (c < 0x80) {
    rune_width = 1;
    return c;
  }
  if (c < 0xc2 || c > 0xf4) return invalid();
  if (at + 1 >= end || !continues(at + 1)) return invalid();
  const second = <i32>load<u8>(at, 1);
  if (c < 0xe0) {
    rune_width = 2;
    return ((c & 0x1f) << 6) | (second & 0x3f);
  }
  if (at + 2 >= end || !continues(at + 2)) return invalid();
  const third = <i32>load<u8>(at, 2);
  if (c < 0xf0) {
    if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f)) return invalid();
    rune_width = 3;
    return ((c & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
  }
  if (at + 3 >= end || !continues(at + 3)) return invalid();
  if ((c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f)) return invalid();
  rune_width = 4;
  return ((c & 0x07) << 18) | ((second & 0x3f) << 12) | ((third & 0x3f) << 6) | (<i32>load<u8>(at, 3) & 0x3f);
}
