// Entries of objects and sets, and the index above them. Both kinds store a 32-bit hash first in each entry, so one piece of code serves
// both: it is told the entry size. Knows nothing of values: equality of keys is the caller's.
//
//   entries block   -8: capacity   -4: unused   0: entry 0, entry 1, …
//   extension       0: mask        4: slots, each the entry number + 1, or 0   (open addressing, linear probing)
//
// The entries stand in insertion order until somebody scans; then they are sorted in place and FLAG_SORTED is set (compare.ts).
import { alloc, copy, zero } from "./memory";
import { word_a, word_b, word_n } from "./value";

export const FLAG_SORTED = 4;
/** Up to this many entries a search is linear over the hashes. */
export const LINEAR = 8;

export function entries_new(capacity: i32, size: usize): usize {
  const block = alloc(8 + <usize>capacity * size);
  store<i32>(block, capacity);
  return block + 8;
}

// @ts-ignore: decorator
@inline
export function entries_capacity(entries: usize): i32 {
  return entries == 0 ? 0 : load<i32>(entries - 8);
}

/** Address of a fresh entry behind the last one; the caller fills it. Clears the sorted flag unless the entry is the first. */
export function entry_append(box: usize, size: usize, hash: u32): usize {
  const count = word_n(box);
  let entries = word_a(box);
  const capacity = entries_capacity(entries);
  if (count >= capacity) {
    const wider = entries_new(capacity == 0 ? 4 : capacity * 2, size);
    copy(wider, entries, <usize>count * size);
    entries = wider;
    store<u32>(box, <u32>entries, 8);
  }
  const entry = entries + <usize>count * size;
  store<u32>(entry, hash);
  store<i32>(box, count + 1, 4);
  if (count > 0) store<u8>(box, load<u8>(box, 1) & ~(<u8>FLAG_SORTED), 1);
  if (count >= LINEAR) index_add(box, size, hash, count);
  return entry;
}

function index_add(box: usize, size: usize, hash: u32, entry: i32): void {
  const index = word_b(box);
  if (index == 0 || <u32>(entry + 1) * 2 > load<u32>(index) + 1) {
    index_build(box, size);
    return;
  }
  index_place(index, hash, entry);
}

// @ts-ignore: decorator
@inline
function index_place(index: usize, hash: u32, entry: i32): void {
  const mask = load<u32>(index);
  let slot = spread(hash) & mask;
  while (load<u32>(index + 4 + (<usize>slot << 2)) != 0) slot = (slot + 1) & mask;
  store<u32>(index + 4 + (<usize>slot << 2), <u32>entry + 1);
}

// @ts-ignore: decorator
@inline
export function spread(hash: u32): u32 {
  return hash ^ (hash >> 15);
}

/** Gives the box an empty index wide enough for `count` entries. */
export function index_reserve(box: usize, count: i32): void {
  let width: u32 = 32;
  while (width < <u32>count * 2 + 2) width *= 2;
  const index = alloc(4 + (<usize>width << 2));
  store<u32>(index, width - 1);
  zero(index + 4, <usize>width << 2);
  store<u32>(box, <u32>index, 12);
}

/** (Re)builds the index from the hashes in the entries; reuses the block when it is wide enough, so that sorting allocates nothing. */
export function index_build(box: usize, size: usize): void {
  const count = word_n(box);
  let index = word_b(box);
  if (index == 0 || <u32>count * 2 > load<u32>(index) + 1) {
    let width: u32 = 32;
    while (width < <u32>count * 2 + 2) width *= 2;
    if (index != 0) width *= 2;
    index = alloc(4 + (<usize>width << 2));
    store<u32>(index, width - 1);
    store<u32>(box, <u32>index, 12);
  }
  zero(index + 4, (<usize>load<u32>(index) + 1) << 2);
  const entries = word_a(box);
  for (let i = 0; i < count; i++) index_place(index, load<u32>(entries + <usize>i * size), i);
}

/** Takes an entry out of the index, and gives its number to the last one. */
export function index_take(box: usize, size: usize, entry: usize, last: usize): void {
  const index = word_b(box);
  const entries = word_a(box);
  const mask = load<u32>(index);
  let hole = slot_of(index, entry, entries, size);
  let slot = hole;
  // No empty slot may part an entry from where its search begins.
  while (true) {
    slot = (slot + 1) & mask;
    const number = load<u32>(index + 4 + (<usize>slot << 2));
    if (number == 0) break;
    const home = spread(load<u32>(entries + <usize>(number - 1) * size)) & mask;
    if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
    store<u32>(index + 4 + (<usize>hole << 2), number);
    hole = slot;
  }
  store<u32>(index + 4 + (<usize>hole << 2), 0);
  if (entry == last) return;
  const moved = slot_of(index, last, entries, size);
  store<u32>(index + 4 + (<usize>moved << 2), <u32>((entry - entries) / size) + 1);
}

/** The slot of an entry that the index has. */
function slot_of(index: usize, entry: usize, entries: usize, size: usize): u32 {
  const mask = load<u32>(index);
  const number = <u32>((entry - entries) / size) + 1;
  let slot = spread(load<u32>(entry)) & mask;
  while (load<u32>(index + 4 + (<usize>slot << 2)) != number) slot = (slot + 1) & mask;
  return slot;
}

/** First candidate slot for a hash, or an entry number; see object_find for the loop. */
// @ts-ignore: decorator
@inline
export function index_slot(index: usize, slot: u32): i32 {
  return <i32>load<u32>(index + 4 + (<usize>slot << 2)) - 1;
}
