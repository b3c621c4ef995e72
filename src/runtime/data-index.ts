// Indexes over base documents: which entries of a collection have given values at given places. In go a collection and keys, out come entry
// numbers in the collection's order; equal hashes are all that is promised, the caller compares. Built when data is loaded, lives as long.
//
//   index   0: collection   4: mask   8: slots   12: chain
//   slots: the first entry's number + 1, or 0; chain: for each entry its hash and the next entry's number + 1 in the same slot
import { TAG_ARRAY } from "./abi";
import { scan_open, scan_value, value_get } from "./access";
import { array_at } from "./array";
import { value_hash } from "./compare";
import { alloc, zero } from "./memory";
import { spread } from "./table";
import { tag, word_n } from "./value";

export function index_mix(hash: u32, key: usize): u32 {
  return rotl<u32>(hash ^ value_hash(key), 13) * 0x9e3779b1 + 0x7f4a7c15;
}

/** Fewer entries are as fast to scan. */
const WORTH_IT = 8;

/** An index of what stands at `places`, an array of arrays of keys; 0 if that is not worth it. */
export function index_build(collection: usize, places: usize): usize {
  const count = scan_open(collection);
  if (count < WORTH_IT) return 0;
  let width: u32 = 16;
  while (width < <u32>count * 2) width *= 2;
  const index = alloc(16);
  const slots = alloc(<usize>width << 2);
  const chain = alloc(<usize>count << 3);
  zero(slots, <usize>width << 2);
  store<u32>(index, <u32>collection);
  store<u32>(index, width - 1, 4);
  store<u32>(index, <u32>slots, 8);
  store<u32>(index, <u32>chain, 12);
  // From the last to the first: each chain then runs in the collection's order.
  for (let i = count - 1; i >= 0; i--) {
    const v = scan_value(collection, i);
    let hash: u32 = 0;
    let found = true;
    for (let p = 0; p < word_n(places) && found; p++) {
      const at = place(v, array_at(places, p));
      if (at == 0) found = false;
      else hash = index_mix(hash, at);
    }
    if (!found) continue;
    const slot = slots + (<usize>(spread(hash) & (width - 1)) << 2);
    const entry = chain + (<usize>i << 3);
    store<u32>(entry, hash);
    store<u32>(entry, load<u32>(slot), 4);
    store<u32>(slot, <u32>i + 1);
  }
  return index;
}

function place(v: usize, keys: usize): usize {
  let at = v;
  if (tag(keys) != TAG_ARRAY) return 0;
  for (let k = 0; k < word_n(keys) && at != 0; k++) at = value_get(at, array_at(keys, k));
  return at;
}

/** The first entry with this hash, or -1. */
export function index_first(index: usize, hash: u32): i32 {
  return follow(index, load<u32>(load<u32>(index, 8) + (<usize>(spread(hash) & load<u32>(index, 4)) << 2)), hash);
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
