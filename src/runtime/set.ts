// Sets: entries (hash, member), searched as objects are. In go addresses, out come addresses. Members equal by value are one member;
// the first spelling stays. Only the maker may add.
import { SET_ENTRY_SIZE, TAG_SET } from "./abi";
import { array_of } from "./array";
import { sort_set, value_equal, value_hash } from "./compare";
import { alloc } from "./memory";
import { FLAG_SORTED, LINEAR, entries_new, entry_append, index_slot, spread } from "./table";
import { box, word_a, word_b, word_n } from "./value";

export function set_new(): usize {
  return box(TAG_SET, FLAG_SORTED, 0, 0, 0);
}

export function set_sized(capacity: i32): usize {
  return box(TAG_SET, FLAG_SORTED, 0, capacity > 0 ? entries_new(capacity, SET_ENTRY_SIZE) : 0, 0);
}

/** The entry of a member, or 0. */
export function set_find(set: usize, member: usize, hash: u32): usize {
  const count = word_n(set);
  const entries = word_a(set);
  if (count <= LINEAR) {
    let at = entries;
    for (let i = 0; i < count; i++) {
      if (load<u32>(at) == hash && value_equal(load<u32>(at, 4), member)) return at;
      at += SET_ENTRY_SIZE;
    }
    return 0;
  }
  const index = word_b(set);
  const mask = load<u32>(index);
  let slot = spread(hash) & mask;
  let i = index_slot(index, slot);
  while (i >= 0) {
    const at = entries + <usize>i * SET_ENTRY_SIZE;
    if (load<u32>(at) == hash && value_equal(load<u32>(at, 4), member)) return at;
    slot = (slot + 1) & mask;
    i = index_slot(index, slot);
  }
  return 0;
}

/** The member as the set spells it, or 0. */
export function set_get(set: usize, member: usize): usize {
  if (word_n(set) == 0) return 0;
  const entry = set_find(set, member, value_hash(member));
  return entry == 0 ? 0 : load<u32>(entry, 4);
}

export function set_add(set: usize, member: usize): void {
  const hash = value_hash(member);
  if (set_find(set, member, hash) != 0) return;
  store<u32>(entry_append(set, SET_ENTRY_SIZE, hash), <u32>member, 4);
}

// @ts-ignore: decorator
@inline
export function set_at(set: usize, i: i32): usize {
  return load<u32>(word_a(set) + <usize>i * SET_ENTRY_SIZE, 4);
}

export function set_sort(set: usize): void {
  sort_set(set);
}

/** Adds a member that is known to be new. */
export function set_append(set: usize, hash: u32, member: usize): void {
  store<u32>(entry_append(set, SET_ENTRY_SIZE, hash), <u32>member, 4);
}

// @ts-ignore: decorator
@inline
export function set_hash_at(set: usize, i: i32): u32 {
  return load<u32>(word_a(set) + <usize>i * SET_ENTRY_SIZE);
}

export function set_difference(a: usize, b: usize): usize {
  const to = set_new();
  const n = word_n(a);
  for (let i = 0; i < n; i++) {
    const hash = set_hash_at(a, i);
    if (set_find(b, set_at(a, i), hash) == 0) set_append(to, hash, set_at(a, i));
  }
  return to;
}

/** The members are those of the smaller set: of equal numbers, `1` and `1.0`, its spelling is kept. */
export function set_intersection(a: usize, b: usize): usize {
  if (word_n(b) < word_n(a)) return set_intersection(b, a);
  const to = set_new();
  const n = word_n(a);
  for (let i = 0; i < n; i++) {
    const hash = set_hash_at(a, i);
    if (set_find(b, set_at(a, i), hash) != 0) set_append(to, hash, set_at(a, i));
  }
  return to;
}

/** Puts all members of `from` into `to`. */
export function set_add_all(to: usize, from: usize): void {
  const n = word_n(from);
  for (let i = 0; i < n; i++) {
    const hash = set_hash_at(from, i);
    if (set_find(to, set_at(from, i), hash) == 0) set_append(to, hash, set_at(from, i));
  }
}

export function set_union(a: usize, b: usize): usize {
  const to = set_sized(word_n(a) + word_n(b));
  set_add_all(to, a);
  set_add_all(to, b);
  return to;
}

/** The members in order, as an array. */
export function set_array(set: usize): usize {
  sort_set(set);
  const n = word_n(set);
  const elements = alloc(<usize>n << 2);
  for (let i = 0; i < n; i++) store<u32>(elements + (<usize>i << 2), <u32>set_at(set, i));
  return array_of(elements, n);
}
