// OPA's total order, equality and hash over all values; sorts the entries of objects and sets in place when their order is first asked
// for. In go two addresses, out comes a sign. Reads memory by offset and imports no container; never allocates anything that outlives it.
import { OBJECT_ENTRY_SIZE, SET_ENTRY_SIZE, TAG_ARRAY, TAG_BOOLEAN, TAG_NULL, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "./abi";
import { alloc, copy, mark, release } from "./memory";
import { int_value, is_int, number_compare, number_hash } from "./number";
import { FLAG_SORTED, index_build } from "./table";
import { flags, set_flag, tag, word_a, word_b, word_n } from "./value";

export function bytes_compare(a: usize, n: i32, b: usize, m: i32): i32 {
  const shared = <usize>min(n, m);
  let i: usize = 0;
  while (i + 8 <= shared) {
    const x = load<u64>(a + i);
    const y = load<u64>(b + i);
    if (x != y) break;
    i += 8;
  }
  while (i < shared) {
    const d = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (d != 0) return d;
    i++;
  }
  return n - m;
}

/** Words from the start, and the last one, which may overlap the one before. */
export function bytes_equal(a: usize, b: usize, n: i32): bool {
  const length = <usize>n;
  if (length >= 8) {
    const last = length - 8;
    for (let i: usize = 0; i < last; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
    return load<u64>(a + last) == load<u64>(b + last);
  }
  if (length >= 4) {
    const last = length - 4;
    return load<u32>(a) == load<u32>(b) && load<u32>(a + last) == load<u32>(b + last);
  }
  if (length >= 2) {
    const last = length - 2;
    return load<u16>(a) == load<u16>(b) && load<u16>(a + last) == load<u16>(b + last);
  }
  return length == 0 || load<u8>(a) == load<u8>(b);
}

// @ts-ignore: decorator
@inline
export function string_equal(a: usize, b: usize): bool {
  const n = word_n(a);
  return n == word_n(b) && bytes_equal(word_a(a), word_a(b), n);
}

export function bytes_hash(at: usize, length: i32): u32 {
  let h: u32 = 0x9747b28c ^ <u32>length;
  let p = at;
  const end = at + length;
  while (p + 4 <= end) {
    h = rotl<u32>((h ^ load<u32>(p)) * 0x9e3779b1, 15);
    p += 4;
  }
  let tail: u32 = 0;
  while (p < end) {
    tail = (tail << 8) | load<u8>(p);
    p++;
  }
  h = (h ^ tail) * 0x85ebca77;
  h ^= h >> 13;
  h *= 0xc2b2ae3d;
  h ^= h >> 16;
  return h == 0 ? 1 : h;
}

/** Hash of a string, kept in its box. */
// @ts-ignore: decorator
@inline
export function string_hash(v: usize): u32 {
  const known = <u32>word_b(v);
  return known != 0 ? known : string_hash_slow(v);
}

function string_hash_slow(v: usize): u32 {
  const h = bytes_hash(word_a(v), word_n(v));
  store<u32>(v, h, 12);
  return h;
}

// @ts-ignore: decorator
@inline
export function value_hash(v: usize): u32 {
  return tag(v) == TAG_STRING ? string_hash(v) : hash_slow(v);
}

function hash_slow(v: usize): u32 {
  switch (tag(v)) {
    case TAG_NULL: return 0x1b873593;
    case TAG_BOOLEAN: return word_n(v) ? 0xe6546b64 : 0x38b34ae5;
    case TAG_NUMBER: return number_hash(v);
    case TAG_STRING: return string_hash(v);
    case TAG_ARRAY: {
      let h: u32 = 0x2545f491;
      const n = word_n(v);
      const at = word_a(v);
      for (let i = 0; i < n; i++) h = rotl<u32>(h ^ value_hash(load<u32>(at + (<usize>i << 2))), 5) * 0x9e3779b1;
      return h;
    }
    case TAG_OBJECT: {
      let h: u32 = 0x3c6ef372;
      const n = word_n(v);
      let at = word_a(v);
      for (let i = 0; i < n; i++) {
        h += (load<u32>(at) ^ rotl<u32>(value_hash(load<u32>(at, 8)), 9)) * 0x9e3779b1;
        at += OBJECT_ENTRY_SIZE;
      }
      return h;
    }
    case TAG_SET: {
      let h: u32 = 0x510e527f;
      const n = word_n(v);
      let at = word_a(v);
      for (let i = 0; i < n; i++) {
        h += (load<u32>(at) ^ (load<u32>(at) >> 7)) * 0x85ebca77;
        at += SET_ENTRY_SIZE;
      }
      return h;
    }
  }
  return 0;
}

export function value_compare(a: usize, b: usize): i32 {
  if (a == b) return 0;
  if (a == 0 || b == 0) return a == 0 ? -1 : 1;
  const t = tag(a);
  const u = tag(b);
  if (t != u) return t < u ? -1 : 1;
  switch (t) {
    case TAG_BOOLEAN: return word_n(a) - word_n(b);
    case TAG_NUMBER: return number_compare(a, b);
    case TAG_STRING: return bytes_compare(word_a(a), word_n(a), word_a(b), word_n(b));
    case TAG_ARRAY: return array_compare(a, b);
    case TAG_OBJECT: return object_compare(a, b);
    case TAG_SET: return set_compare(a, b);
  }
  return 0;
}

function array_compare(a: usize, b: usize): i32 {
  const n = min(word_n(a), word_n(b));
  const x = word_a(a);
  const y = word_a(b);
  for (let i = 0; i < n; i++) {
    const c = value_compare(load<u32>(x + (<usize>i << 2)), load<u32>(y + (<usize>i << 2)));
    if (c != 0) return c;
  }
  return word_n(a) - word_n(b);
}

function object_compare(a: usize, b: usize): i32 {
  sort_object(a);
  sort_object(b);
  const n = min(word_n(a), word_n(b));
  let x = word_a(a);
  let y = word_a(b);
  for (let i = 0; i < n; i++) {
    let c = value_compare(load<u32>(x, 4), load<u32>(y, 4));
    if (c != 0) return c;
    c = value_compare(load<u32>(x, 8), load<u32>(y, 8));
    if (c != 0) return c;
    x += OBJECT_ENTRY_SIZE;
    y += OBJECT_ENTRY_SIZE;
  }
  return word_n(a) - word_n(b);
}

function set_compare(a: usize, b: usize): i32 {
  sort_set(a);
  sort_set(b);
  const n = min(word_n(a), word_n(b));
  let x = word_a(a);
  let y = word_a(b);
  for (let i = 0; i < n; i++) {
    const c = value_compare(load<u32>(x, 4), load<u32>(y, 4));
    if (c != 0) return c;
    x += SET_ENTRY_SIZE;
    y += SET_ENTRY_SIZE;
  }
  return word_n(a) - word_n(b);
}

export function value_equal(a: usize, b: usize): i32 {
  if (a == b) return 1;
  if (a == 0 || b == 0) return 0;
  const t = tag(a);
  if (t != tag(b)) return 0;
  switch (t) {
    case TAG_NULL: return 1;
    case TAG_BOOLEAN: return word_n(a) == word_n(b) ? 1 : 0;
    case TAG_NUMBER:
      if (is_int(a) && is_int(b)) return int_value(a) == int_value(b) ? 1 : 0;
      return number_compare(a, b) == 0 ? 1 : 0;
    case TAG_STRING: {
      const n = word_n(a);
      if (n != word_n(b)) return 0;
      const h = word_b(a);
      const g = word_b(b);
      if (h != 0 && g != 0 && h != g) return 0;
      return bytes_equal(word_a(a), word_a(b), n) ? 1 : 0;
    }
    case TAG_ARRAY: return array_equal(a, b);
    case TAG_OBJECT: return word_n(a) == word_n(b) && object_compare(a, b) == 0 ? 1 : 0;
    case TAG_SET: return word_n(a) == word_n(b) && set_compare(a, b) == 0 ? 1 : 0;
  }
  return 0;
}

function array_equal(a: usize, b: usize): i32 {
  const n = word_n(a);
  if (n != word_n(b)) return 0;
  const x = word_a(a);
  const y = word_a(b);
  for (let i = 0; i < n; i++) {
    if (!value_equal(load<u32>(x + (<usize>i << 2)), load<u32>(y + (<usize>i << 2)))) return 0;
  }
  return 1;
}

export function sort_object(v: usize): void {
  if (flags(v) & FLAG_SORTED) return;
  sort_entries(v, OBJECT_ENTRY_SIZE);
}

export function sort_set(v: usize): void {
  if (flags(v) & FLAG_SORTED) return;
  sort_entries(v, SET_ENTRY_SIZE);
}

// Keys stand at offset 4 in both kinds of entry. Merge sort from the bottom up, runs of 8 by insertion; scratch is given back.
function sort_entries(v: usize, size: usize): void {
  const count = word_n(v);
  const entries = word_a(v);
  if (!is_sorted(entries, count, size)) {
    const saved = mark();
    const scratch = alloc(<usize>count * size + 16);
    if (count < NEARLY || !sort_nearly(entries, count, size, scratch)) sort_fully(entries, count, size, scratch);
    release(saved);
    if (word_b(v) != 0) index_build(v, size);
  }
  // Last: where there is no memory to sort in, the next evaluation begins anew.
  set_flag(v, FLAG_SORTED);
}

function sort_fully(entries: usize, count: i32, size: usize, scratch: usize): void {
  const run = 8;
  for (let i = 0; i < count; i += run) insertion(entries, i, min(i + run, count), size, scratch);
  let from = entries;
  let to = scratch;
  for (let width = run; width < count; width *= 2) {
    for (let i = 0; i < count; i += width * 2) merge(from, to, i, min(i + width, count), min(i + width * 2, count), size);
    const other = from;
    from = to;
    to = other;
  }
  if (from != entries) copy(entries, from, <usize>count * size);
}

/** From this many entries on it pays to look whether only a few are out of order, as patches of data leave them. */
const NEARLY = 64;

/** Takes the entries that are out of order aside, sorts and merges them: linear where they are few. False where they are many: nothing is changed. */
function sort_nearly(entries: usize, count: i32, size: usize, kept: usize): bool {
  const most = count >> 3;
  const room = <usize>most * size;
  const strays = alloc(room * 2 + 16);
  let top = kept;
  let aside = 0;
  const end = entries + <usize>count * size;
  for (let at = entries; at < end; at += size) {
    const key = load<u32>(at, 4);
    if (top != kept && value_compare(load<u32>(top - size, 4), key) > 0) {
      if (aside >= most) return false;
      // Either this one is astray, or the one before it.
      const before = top == kept + size || value_compare(load<u32>(top - 2 * size, 4), key) <= 0;
      if (before) top -= size;
      move(strays + <usize>aside * size, before ? top : at, size);
      aside++;
      if (!before) continue;
    }
    move(top, at, size);
    top += size;
  }
  sort_fully(strays, aside, size, strays + room);
  let a = kept;
  const a_end = top;
  let b = strays;
  const b_end = strays + <usize>aside * size;
  let out = entries;
  while (a < a_end || b < b_end) {
    const left = b == b_end || (a < a_end && value_compare(load<u32>(a, 4), load<u32>(b, 4)) <= 0);
    move(out, left ? a : b, size);
    if (left) a += size;
    else b += size;
    out += size;
  }
  return true;
}

function is_sorted(entries: usize, count: i32, size: usize): bool {
  let at = entries;
  for (let i = 1; i < count; i++) {
    if (value_compare(load<u32>(at, 4), load<u32>(at + size, 4)) >= 0) return false;
    at += size;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function move(to: usize, from: usize, size: usize): void {
  store<u64>(to, load<u64>(from));
  if (size == OBJECT_ENTRY_SIZE) store<u32>(to, load<u32>(from, 8), 8);
}

function insertion(entries: usize, from: i32, to: i32, size: usize, scratch: usize): void {
  for (let i = from + 1; i < to; i++) {
    const at = entries + <usize>i * size;
    const key = load<u32>(at, 4);
    move(scratch, at, size);
    let hole = at;
    const first = entries + <usize>from * size;
    while (hole > first && value_compare(load<u32>(hole - size, 4), key) > 0) {
      move(hole, hole - size, size);
      hole -= size;
    }
    move(hole, scratch, size);
  }
}

function merge(from: usize, to: usize, left: i32, middle: i32, right: i32, size: usize): void {
  let a = from + <usize>left * size;
  let b = from + <usize>middle * size;
  const a_end = b;
  const b_end = from + <usize>right * size;
  let out = to + <usize>left * size;
  while (a < a_end && b < b_end) {
    if (value_compare(load<u32>(a, 4), load<u32>(b, 4)) <= 0) {
      move(out, a, size);
      a += size;
    } else {
      move(out, b, size);
      b += size;
    }
    out += size;
  }
  while (a < a_end) {
    move(out, a, size);
    a += size;
    out += size;
  }
  while (b < b_end) {
    move(out, b, size);
    b += size;
    out += size;
  }
}
