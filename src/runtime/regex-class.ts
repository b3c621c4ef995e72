// Sets of code points while a regular expression is read: ranges are appended to one buffer, sorted, merged, negated, closed under case
// folding. In go code points and names, out comes a block of ranges that a program can hold. Knows nothing of patterns.
//
//   set   0: count of ranges   4: bitmap of the 128 code points of ASCII   20: low, high, low, high, …
import { alloc, copy } from "./memory";
import { to_lower, to_upper } from "./unicode";
import { CASE_PAIRS, CATEGORIES, CATEGORY_LL, CATEGORY_LU, NAMES, ORBIT_COUNT, ORBITS, SCRIPTS } from "./unicode-classes";

export const MAX_RUNE = 0x10ffff;
export const SET_BITMAP = 4;
export const SET_RANGES = 20;

let ranges: usize = 0;
let count: i32 = 0;
let capacity: i32 = 0;

/** Starts an empty set; sets do not nest. */
export function class_open(): void {
  capacity = 64;
  ranges = alloc(<usize>capacity << 3);
  count = 0;
}

/** Where the next range goes: what follows can be negated or folded from here on. */
export function class_mark(): i32 {
  return count;
}

export function class_add(low: i32, high: i32): void {
  if (count >= capacity) {
    const wider = alloc(<usize>capacity << 4);
    copy(wider, ranges, <usize>count << 3);
    ranges = wider;
    capacity *= 2;
  }
  const at = ranges + (<usize>count << 3);
  store<i32>(at, low);
  store<i32>(at, high, 4);
  count++;
}

// @ts-ignore: decorator
@inline
function low_at(i: i32): i32 {
  return load<i32>(ranges + (<usize>i << 3));
}
// @ts-ignore: decorator
@inline
function high_at(i: i32): i32 {
  return load<i32>(ranges + (<usize>i << 3), 4);
}

function put(i: i32, low: i32, high: i32): void {
  const at = ranges + (<usize>i << 3);
  store<i32>(at, low);
  store<i32>(at, high, 4);
}

/** Heap sort of the ranges from `mark` on by their low ends: the worst case is no worse. */
function sort_from(mark: i32): void {
  const n = count - mark;
  for (let i = n / 2 - 1; i >= 0; i--) sift(mark, i, n);
  for (let end = n - 1; end > 0; end--) {
    const low = low_at(mark);
    const high = high_at(mark);
    put(mark, low_at(mark + end), high_at(mark + end));
    put(mark + end, low, high);
    sift(mark, 0, end);
  }
}

function sift(mark: i32, start: i32, end: i32): void {
  let root = start;
  const low = low_at(mark + root);
  const high = high_at(mark + root);
  while (true) {
    let child = root * 2 + 1;
    if (child >= end) break;
    if (child + 1 < end && low_at(mark + child + 1) > low_at(mark + child)) child++;
    if (low_at(mark + child) <= low) break;
    put(mark + root, low_at(mark + child), high_at(mark + child));
    root = child;
  }
  put(mark + root, low, high);
}

/** The ranges from `mark` on in order, none touching another. */
export function class_clean(mark: i32): void {
  for (let i = mark + 1; i < count; i++) {
    if (low_at(i) < low_at(i - 1)) {
      sort_from(mark);
      break;
    }
  }
  let to = mark;
  for (let i = mark; i < count; i++) {
    const low = low_at(i);
    const high = high_at(i);
    if (to > mark && low <= high_at(to - 1) + 1) {
      if (high > high_at(to - 1)) put(to - 1, low_at(to - 1), high);
    } else {
      put(to, low, high);
      to++;
    }
  }
  count = to;
}

/** Replaces the ranges from `mark` on by what they leave out. */
export function class_negate(mark: i32): void {
  class_clean(mark);
  const n = count;
  let next = 0;
  let to = mark;
  for (let i = mark; i < n; i++) {
    const low = low_at(i);
    const high = high_at(i);
    if (low > next) {
      put(to, next, low - 1);
      to++;
    }
    next = high + 1;
  }
  count = to;
  if (next <= MAX_RUNE) class_add(next, MAX_RUNE);
}

/** Go's unicode.SimpleFold: the next member of the orbit. */
export function simple_fold(rune: i32): i32 {
  let low = 0;
  let high = ORBIT_COUNT - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const from = <i32>load<u16>(ORBITS + (<usize>middle << 2));
    if (from == rune) return <i32>load<u16>(ORBITS + (<usize>middle << 2), 2);
    if (from < rune) low = middle + 1;
    else high = middle - 1;
  }
  const lower = to_lower(rune);
  return lower != rune ? lower : to_upper(rune);
}

// Where the letters with two cases lie: no other code point is asked. Pairs of first and last.
const CASED = memory.data<u32>([
  0x41, 0x587, 0x10a0, 0x10ff, 0x13a0, 0x13fd, 0x1c80, 0x1cbf, 0x1d79, 0x1fff, 0x2126, 0x2188, 0x24b6, 0x24e9, 0x2c00, 0x2d2d,
  0xa640, 0xa7f6, 0xab53, 0xabbf, 0xff21, 0xff5a, 0x10400, 0x105bc, 0x10c80, 0x10cf2, 0x118a0, 0x118df, 0x16e40, 0x16e7f,
  0x1e900, 0x1e943,
]);
const CASED_COUNT = 16;

/** Adds what simple folding takes the ranges from `mark` on to. */
export function class_fold(mark: i32): void {
  class_clean(mark);
  const n = count;
  for (let i = mark; i < n; i++) {
    for (let j = 0; j < CASED_COUNT; j++) {
      const first = max(low_at(i), load<i32>(CASED + (<usize>j << 3)));
      const last = min(high_at(i), load<i32>(CASED + (<usize>j << 3), 4));
      for (let rune = first; rune <= last; rune++) {
        for (let other = simple_fold(rune); other != rune; other = simple_fold(other)) {
          if (other < low_at(i) || other > high_at(i)) class_add(other, other);
        }
      }
    }
  }
  class_clean(mark);
}

/** The ranges from `mark` on as a set that stays; they are taken out of the buffer. */
export function class_take(mark: i32): usize {
  class_clean(mark);
  const n = count - mark;
  const set = alloc(SET_RANGES + (<usize>n << 3));
  store<i32>(set, n);
  for (let i = 0; i < 4; i++) store<u32>(set + (<usize>i << 2), 0, SET_BITMAP);
  copy(set + SET_RANGES, ranges + (<usize>mark << 3), <usize>n << 3);
  for (let i = mark; i < count && low_at(i) < 128; i++) {
    const last = min(high_at(i), 127);
    for (let rune = low_at(i); rune <= last; rune++) {
      const at = set + (<usize>(rune >> 5) << 2);
      store<u32>(at, load<u32>(at, SET_BITMAP) | (<u32>1 << (rune & 31)), SET_BITMAP);
    }
  }
  count = mark;
  return set;
}

export function set_has(set: usize, rune: i32): bool {
  if (<u32>rune < 128) return ((load<u32>(set + (<usize>(rune >> 5) << 2), SET_BITMAP) >> (rune & 31)) & 1) != 0;
  let low = 0;
  let high = load<i32>(set) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = set + SET_RANGES + (<usize>middle << 3);
    if (rune < load<i32>(at)) high = middle - 1;
    else if (rune > load<i32>(at, 4)) low = middle + 1;
    else return true;
  }
  return false;
}

/** Adds what the letter behind a backslash stands for: d, s or w. */
export function class_perl(letter: i32): void {
  if (letter == 0x73) {
    class_add(9, 10);
    class_add(12, 13);
    class_add(0x20, 0x20);
    return;
  }
  class_add(0x30, 0x39);
  if (letter == 0x64) return;
  class_add(0x41, 0x5a);
  class_add(0x5f, 0x5f);
  class_add(0x61, 0x7a);
}

function is_word(at: usize, length: i32, word: string): bool {
  if (length != word.length) return false;
  for (let i = 0; i < length; i++) if (<i32>load<u8>(at + i) != word.charCodeAt(i)) return false;
  return true;
}

/** Adds the POSIX class of a name (`alpha`); false if there is none. */
export function class_posix(at: usize, n: i32): bool {
  if (is_word(at, n, "alnum") || is_word(at, n, "alpha") || is_word(at, n, "word")) {
    if (!is_word(at, n, "alpha")) class_add(0x30, 0x39);
    if (n == 4) class_add(0x5f, 0x5f);
    class_add(0x41, 0x5a);
    class_add(0x61, 0x7a);
  } else if (is_word(at, n, "ascii")) class_add(0, 0x7f);
  else if (is_word(at, n, "blank")) {
    class_add(9, 9);
    class_add(0x20, 0x20);
  } else if (is_word(at, n, "cntrl")) {
    class_add(0, 0x1f);
    class_add(0x7f, 0x7f);
  } else if (is_word(at, n, "digit")) class_add(0x30, 0x39);
  else if (is_word(at, n, "graph")) class_add(0x21, 0x7e);
  else if (is_word(at, n, "lower")) class_add(0x61, 0x7a);
  else if (is_word(at, n, "print")) class_add(0x20, 0x7e);
  else if (is_word(at, n, "punct")) {
    class_add(0x21, 0x2f);
    class_add(0x3a, 0x40);
    class_add(0x5b, 0x60);
    class_add(0x7b, 0x7e);
  } else if (is_word(at, n, "space")) {
    class_add(9, 13);
    class_add(0x20, 0x20);
  } else if (is_word(at, n, "upper")) class_add(0x41, 0x5a);
  else if (is_word(at, n, "xdigit")) {
    class_add(0x30, 0x39);
    class_add(0x41, 0x46);
    class_add(0x61, 0x66);
  } else return false;
  return true;
}

/** Adds the code points of a category or script by its name (Go is lenient about case and `_`, `-`, blank); false if there is none. */
export function class_unicode(at: usize, n: i32): bool {
  const name = alloc(<usize>n + 1);
  let length = 0;
  for (let i = 0; i < n; i++) {
    const c = <i32>load<u8>(at + i);
    if (c == 0x5f || c == 0x2d || c == 0x20) continue;
    store<u8>(name + length, <u8>(c >= 0x41 && c <= 0x5a ? c | 0x20 : c));
    length++;
  }
  if (is_word(name, length, "ascii")) {
    class_add(0, 0x7f);
    return true;
  }
  let entry = NAMES;
  let size = <i32>load<u8>(entry);
  while (size != 0) {
    const script = load<u8>(entry + size, 1);
    if (size == length && same(entry + 1, name, length)) {
      if (script == 255) add_categories(load<u32>(entry + size, 2));
      else add_script(script);
      return true;
    }
    entry += <usize>size + (script == 255 ? 6 : 2);
    size = <i32>load<u8>(entry);
  }
  return false;
}

function same(a: usize, b: usize, n: i32): bool {
  for (let i = 0; i < n; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

let run_end: usize = 0;

function varint(from: usize): i32 {
  let p = from;
  let value = 0;
  let shift = 0;
  while (true) {
    const byte = <i32>load<u8>(p);
    p++;
    value |= (byte & 127) << shift;
    if (byte < 128) break;
    shift += 7;
  }
  run_end = p;
  return value;
}

function add_categories(mask: u32): void {
  const pairs = (mask >> CATEGORY_LU) & 1;
  const lower = (mask >> CATEGORY_LL) & 1;
  let p = CATEGORIES;
  let rune = 0;
  while (rune <= MAX_RUNE) {
    const byte = <i32>load<u8>(p);
    run_end = p + 1;
    const n = (byte & 7) != 0 ? byte & 7 : varint(p + 1);
    p = run_end;
    const category = byte >> 3;
    if (category == CASE_PAIRS) {
      if (pairs != 0 && lower != 0) class_add(rune, rune + 2 * n - 1);
      else if (pairs != 0 || lower != 0) for (let i = 0; i < n; i++) class_add(rune + 2 * i + <i32>lower, rune + 2 * i + <i32>lower);
      rune += 2 * n;
      continue;
    }
    if ((mask >> category) & 1) class_add(rune, rune + n - 1);
    rune += n;
  }
}

function add_script(script: u8): void {
  let p = SCRIPTS;
  let rune = 0;
  while (rune <= MAX_RUNE) {
    const here = load<u8>(p);
    const n = varint(p + 1);
    p = run_end;
    if (here == script) class_add(rune, rune + n - 1);
    rune += n;
  }
}

/** Ll Lm Lo Lt Lu Nd. */
const LETTERS_AND_DIGITS: u32 = 0x23e0;

/** Go's unicode.IsLetter or IsDigit. */
export function is_letter_or_digit(rune: i32): bool {
  if (rune < 128) return (rune >= 0x30 && rune <= 0x39) || (rune >= 0x41 && rune <= 0x5a) || (rune >= 0x61 && rune <= 0x7a);
  let p = CATEGORIES;
  let from = 0;
  let category = 0;
  while (from <= rune) {
    const byte = <i32>load<u8>(p);
    run_end = p + 1;
    const n = (byte & 7) != 0 ? byte & 7 : varint(p + 1);
    p = run_end;
    category = byte >> 3;
    from += category == CASE_PAIRS ? 2 * n : n;
  }
  return category == CASE_PAIRS || ((LETTERS_AND_DIGITS >> category) & 1) != 0;
}
