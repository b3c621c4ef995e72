// Case and white space of code points, as Go's unicode package has them. In goes a code point, out comes a code point or a truth.
import { LOWER, LOWER_COUNT, UPPER, UPPER_COUNT } from "./case-data";

/** The mapped code point of a table drawn in case-data.ts. */
function mapped(table: usize, count: i32, rune: i32): i32 {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = table + (<usize>middle << 3);
    const first = <i32>(load<u32>(at) & 0x1fffff);
    if (rune < first) {
      high = middle - 1;
      continue;
    }
    const rest = load<i32>(at, 4);
    const shift = rest & 1;
    const last = first + (<i32>(load<u32>(at) >> 21) << shift);
    if (rune > last) {
      low = middle + 1;
      continue;
    }
    // Runs of stride two leave the other half of the pair alone; that half may start a run of its own behind this one.
    return shift != 0 && ((rune - first) & 1) != 0 ? interleaved(table, count, rune, middle) : rune + (rest >> 1);
  }
  return rune;
}

/** Runs of stride two may overlap a later run: looks at the neighbours. */
function interleaved(table: usize, count: i32, rune: i32, from: i32): i32 {
  for (let i = from + 1; i < count; i++) {
    const at = table + (<usize>i << 3);
    const first = <i32>(load<u32>(at) & 0x1fffff);
    if (first > rune) break;
    const rest = load<i32>(at, 4);
    const last = first + (<i32>(load<u32>(at) >> 21) << (rest & 1));
    if (rune <= last && ((rest & 1) == 0 || ((rune - first) & 1) == 0)) return rune + (rest >> 1);
  }
  return rune;
}

export function to_lower(rune: i32): i32 {
  if (rune < 0x80) return rune >= 0x41 && rune <= 0x5a ? rune + 32 : rune;
  return mapped(LOWER, LOWER_COUNT, rune);
}

export function to_upper(rune: i32): i32 {
  if (rune < 0x80) return rune >= 0x61 && rune <= 0x7a ? rune - 32 : rune;
  return mapped(UPPER, UPPER_COUNT, rune);
}

export function is_space(rune: i32): bool {
  if (rune < 0x80) return rune == 0x20 || (rune >= 9 && rune <= 13);
  if (rune < 0x2000) return rune == 0x85 || rune == 0xa0 || rune == 0x1680;
  return rune <= 0x200a || rune == 0x2028 || rune == 0x2029 || rune == 0x202f || rune == 0x205f || rune == 0x3000;
}
