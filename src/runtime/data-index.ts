// Indexes over base documents: which entries of a collection have given values at given places. In go a collection and keys, out come entry
// numbers in the collection's order; equal hashes are all that is promised, the caller compares. Built when data is loaded, lives as long; kept in
// step when data is patched.
//
//   index   0: collection   4: mask   8: slots   12: chain   16: entries that the chain has room for
//   slots: the first entry's number + 1, or 0; chain: for each entry its hash and the next entry's number + 1 in the same slot, or LOOSE
//
// What the policy compiler draws into static data:
//
//   table   0: sites        4: site, site, …
//   site    0: cell         4: path (array box of texts)   8: places
//   cell    0: index, or 0  4: 0; else the collection has changed: the block of its old index, or 1
import { PATCH_COUNTED, PATCH_DEPTH_SHIFT, PATCH_NOT_FOUND, TAG_ARRAY } from "./abi";
import { scan_open, scan_value, value_get } from "./access";
import { array_at } from "./array";
import { string_equal, value_hash } from "./compare";
import { data_patch, element_number, patch_depth } from "./data-patch";
import { alloc, mark, zero } from "./memory";
import { spread } from "./table";
import { tag, word_n } from "./value";

export function index_mix(hash: u32, key: usize): u32 {
  return rotl<u32>(hash ^ value_hash(key), 13) * 0x9e3779b1 + 0x7f4a7c15;
}

/** Fewer entries are as fast to scan. */
const WORTH_IT = 8;

/** The next word of an entry that has no value at some place, so that it is in no chain. */
const LOOSE: u32 = 0xffffffff;

/** An index of what stands at `places`, an array of arrays of keys; 0 if that is not worth it. `block`: an old index to write over, or 0. */
export function index_build(collection: usize, places: usize, block: usize): usize {
  const count = scan_open(collection);
  if (count < WORTH_IT) return 0;
  let width: u32 = 16;
  while (width < <u32>count * 2) width *= 2;
  let index = block;
  if (index == 0 || load<u32>(index, 4) + 1 < width || load<i32>(index, 16) < count) {
    // What has changed once will change again.
    const room = block == 0 ? count : count + (count >> 2);
    index = alloc(20);
    store<u32>(index, width - 1, 4);
    store<u32>(index, <u32>alloc(<usize>width << 2), 8);
    store<u32>(index, <u32>alloc(<usize>room << 3), 12);
    store<i32>(index, room, 16);
  }
  store<u32>(index, <u32>collection);
  zero(load<u32>(index, 8), (<usize>load<u32>(index, 4) + 1) << 2);
  // From the last to the first: each chain then runs in the collection's order.
  for (let i = count - 1; i >= 0; i--) link(index, i, scan_value(collection, i), places);
  return index;
}

/** Puts an entry into the chain of what stands in it, before those with a higher number. */
function link(index: usize, i: i32, v: usize, places: usize): void {
  const chain = <usize>load<u32>(index, 12);
  const entry = chain + (<usize>i << 3);
  store<u32>(entry, LOOSE, 4);
  let hash: u32 = 0;
  for (let p = 0; p < word_n(places); p++) {
    const at = place(v, array_at(places, p));
    if (at == 0) return;
    hash = index_mix(hash, at);
  }
  let word = slot_word(index, hash);
  while (load<u32>(word) != 0 && <i32>load<u32>(word) - 1 < i) word = chain + (<usize>(load<u32>(word) - 1) << 3) + 4;
  store<u32>(entry, hash);
  store<u32>(entry, load<u32>(word), 4);
  store<u32>(word, <u32>i + 1);
}

/** Takes an entry out of its chain. */
function unlink(index: usize, i: i32): void {
  const chain = <usize>load<u32>(index, 12);
  const entry = chain + (<usize>i << 3);
  if (load<u32>(entry, 4) == LOOSE) return;
  let word = slot_word(index, load<u32>(entry));
  while (<i32>load<u32>(word) - 1 != i) word = chain + (<usize>(load<u32>(word) - 1) << 3) + 4;
  store<u32>(word, load<u32>(entry, 4));
}

// @ts-ignore: decorator
@inline
function slot_word(index: usize, hash: u32): usize {
  return load<u32>(index, 8) + (<usize>(spread(hash) & load<u32>(index, 4)) << 2);
}

function place(v: usize, keys: usize): usize {
  let at = v;
  if (tag(keys) != TAG_ARRAY) return 0;
  for (let k = 0; k < word_n(keys) && at != 0; k++) at = value_get(at, array_at(keys, k));
  return at;
}

/** The first entry with this hash, or -1. */
export function index_first(index: usize, hash: u32): i32 {
  return follow(index, load<u32>(slot_word(index, hash)), hash);
}

/** The entry with this hash behind entry `i`, or -1. */
export function index_next(index: usize, i: i32, hash: u32): i32 {
  return follow(index, load<u32>(load<u32>(index, 12) + (<usize>i << 3), 4), hash);
}

function follow(index: usize, from: u32, hash: u32): i32 {
  let next = from;
  while (next != 0) {
    const entry = load<u32>(index, 12) + (<usize>(next - 1) << 3);
    if (load<u32>(entry) == hash) return <i32>next - 1;
    next = load<u32>(entry, 4);
  }
  return -1;
}

/** The document whose indexes stand, or 0, and where they end in memory. */
let indexed: usize = 0;
let indexes_end: usize = 0;

/** Builds every index of a document; of the one that is indexed already only those that it has outgrown. */
export function indexes_ready(table: usize, document: usize): void {
  const known = document == indexed;
  let any = known;
  for (let n = load<i32>(table), site = table + 4; n > 0; n--, site += 12) {
    const cell = <usize>load<u32>(site);
    const old = <usize>load<u32>(cell, 4);
    if (known && old == 0) continue;
    const index = index_build(place(document, load<u32>(site, 4)), load<u32>(site, 8), known && old != 1 ? old : 0);
    store<u32>(cell, <u32>index);
    store<u32>(cell, 0, 4);
    if (index != 0) any = true;
  }
  if (!any) return;
  indexed = document;
  if (mark() > indexes_end) indexes_end = mark();
}

export function indexes_forget(table: usize): void {
  for (let n = load<i32>(table), site = table + 4; n > 0; n--, site += 12) store<u64>(load<u32>(site), 0);
  indexed = 0;
  indexes_end = 0;
}

/** Forgets them where the heap is reset below their end. */
export function indexes_below(table: usize, heap: usize): void {
  if (heap < indexes_end) indexes_forget(table);
}

/** The first document that is parsed while there are no indexes is taken for the data. */
export function indexes_first(table: usize, document: usize): void {
  if (indexed == 0 && document != 0) indexes_ready(table, document);
}

/** `data_patch`, with the indexes kept in step: one that it does not touch stays, one in which an entry changed is mended. */
export function patch_indexed(table: usize, root: usize, path: usize, op: i32, value: usize): i32 {
  const done = data_patch(root, path, op, value);
  const code = done & ((1 << PATCH_DEPTH_SHIFT) - 1);
  if (code == PATCH_NOT_FOUND || root != indexed) return done;
  for (let n = load<i32>(table), site = table + 4; n > 0; n--, site += 12) {
    const keys = <usize>load<u32>(site, 4);
    const depth = word_n(keys);
    if (!shared(keys, path, min(depth, patch_depth + 1))) continue;
    const cell = <usize>load<u32>(site);
    const index = <usize>load<u32>(cell);
    const counted = depth == patch_depth && code >= PATCH_COUNTED;
    if (depth > patch_depth || counted || index == 0) {
      if (load<u32>(cell, 4) == 0) store<u32>(cell, index == 0 ? 1 : <u32>index, 4);
      store<u32>(cell, 0);
      continue;
    }
    const collection = <usize>load<u32>(index);
    const i = element_number(collection, array_at(path, depth));
    unlink(index, i);
    link(index, i, scan_value(collection, i), load<u32>(site, 8));
  }
  return done;
}

/** The first `count` keys of two paths are the same. */
function shared(a: usize, b: usize, count: i32): bool {
  for (let i = 0; i < count; i++) if (!string_equal(array_at(a, i), array_at(b, i))) return false;
  return true;
}
