// Objects: entries (hash, key, value) searched linearly while few, through the index of table.ts above. In go addresses, out come
// addresses; 0 for no such key. Equal keys by value are one key; the first key's spelling stays. Only the maker may insert.
import { OBJECT_ENTRY_SIZE, TAG_OBJECT, TAG_STRING } from "./abi";
import { sort_object, string_equal, value_equal, value_hash } from "./compare";
import { FLAG_SORTED, LINEAR, entries_new, entry_append, index_build, index_reserve, index_slot, index_take, spread } from "./table";
import { box, tag, word_a, word_b, word_n } from "./value";

export function object_new(): usize {
  return box(TAG_OBJECT, FLAG_SORTED, 0, 0, 0);
}

export function object_sized(capacity: i32): usize {
  return box(TAG_OBJECT, FLAG_SORTED, 0, capacity > 0 ? entries_new(capacity, OBJECT_ENTRY_SIZE) : 0, 0);
}

/** Steps that `free_slot` may still take for the object being made. */
let probes_left: i32 = 0;

/**
 * An object from pairs of key and value words, `count` of them, written in one go; the last of equal keys wins. Answers 0 where far more
 * keys collide than chance allows: hashes have no secret, so a document could be made to cost quadratic time.
 */
export function object_of(pairs: usize, count: i32): usize {
  const object = object_sized(count);
  if (count == 0) return object;
  const entries = word_a(object);
  const end = pairs + (<usize>count << 3);
  let out = entries;
  if (count > LINEAR) {
    index_reserve(object, count);
    probes_left = count * 8 + 4096;
    for (let p = pairs; p < end; p += 8) {
      const key = <usize>load<u32>(p);
      const hash = value_hash(key);
      const slot = free_slot(word_b(object), entries, key, hash);
      if (slot == 0) return 0;
      const known = load<u32>(slot);
      if (known == 0) {
        store<u32>(slot, <u32>((out - entries) / OBJECT_ENTRY_SIZE) + 1);
        store<u32>(out, hash);
        store<u32>(out, <u32>key, 4);
        store<u32>(out, load<u32>(p, 4), 8);
        out += OBJECT_ENTRY_SIZE;
      } else {
        store<u32>(entries + <usize>(known - 1) * OBJECT_ENTRY_SIZE, load<u32>(p, 4), 8);
      }
    }
  } else {
    for (let p = pairs; p < end; p += 8) {
      const key = <usize>load<u32>(p);
      const hash = value_hash(key);
      let at = entries;
      while (at < out && (load<u32>(at) != hash || !value_equal(load<u32>(at, 4), key))) at += OBJECT_ENTRY_SIZE;
      store<u32>(at, load<u32>(p, 4), 8);
      if (at == out) {
        store<u32>(at, hash);
        store<u32>(at, <u32>key, 4);
        out += OBJECT_ENTRY_SIZE;
      }
    }
  }
  const filled = <i32>((out - entries) / OBJECT_ENTRY_SIZE);
  store<i32>(object, filled, 4);
  if (filled > 1) store<u8>(object, 0, 1);
  // A small object needs no index, and must not keep one that nobody maintains.
  if (filled <= LINEAR) store<u32>(object, 0, 12);
  return object;
}

/** Address of the index slot that holds the key, or of the free one where it belongs; 0 when the steps are used up. */
function free_slot(index: usize, entries: usize, key: usize, hash: u32): usize {
  const mask = load<u32>(index);
  let slot = spread(hash) & mask;
  while (true) {
    const at = index + 4 + (<usize>slot << 2);
    const known = load<u32>(at);
    if (known == 0) return at;
    const entry = entries + <usize>(known - 1) * OBJECT_ENTRY_SIZE;
    if (load<u32>(entry) == hash && value_equal(load<u32>(entry, 4), key)) return at;
    slot = (slot + 1) & mask;
    if (--probes_left < 0) return 0;
  }
}

/** The entry of a key, or 0. */
export function object_find(object: usize, key: usize, hash: u32): usize {
  const count = word_n(object);
  const entries = word_a(object);
  const text = tag(key) == TAG_STRING;
  if (count <= LINEAR) {
    let at = entries;
    for (let i = 0; i < count; i++) {
      if (load<u32>(at) == hash) {
        const other = <usize>load<u32>(at, 4);
        if (text ? tag(other) == TAG_STRING && string_equal(other, key) : value_equal(other, key) != 0) return at;
      }
      at += OBJECT_ENTRY_SIZE;
    }
    return 0;
  }
  const index = word_b(object);
  const mask = load<u32>(index);
  let slot = spread(hash) & mask;
  let i = index_slot(index, slot);
  while (i >= 0) {
    const at = entries + <usize>i * OBJECT_ENTRY_SIZE;
    if (load<u32>(at) == hash && value_equal(load<u32>(at, 4), key)) return at;
    slot = (slot + 1) & mask;
    i = index_slot(index, slot);
  }
  return 0;
}

export function object_get(object: usize, key: usize): usize {
  if (word_n(object) == 0) return 0;
  const entry = object_find(object, key, value_hash(key));
  return entry == 0 ? 0 : load<u32>(entry, 8);
}

export function object_insert(object: usize, key: usize, value: usize): void {
  const hash = value_hash(key);
  const known = object_find(object, key, hash);
  if (known != 0) {
    store<u32>(known, <u32>value, 8);
    return;
  }
  object_append(object, hash, key, value);
}

/** Adds a key that is known to be new. */
export function object_append(object: usize, hash: u32, key: usize, value: usize): void {
  const entry = entry_append(object, OBJECT_ENTRY_SIZE, hash);
  store<u32>(entry, <u32>key, 4);
  store<u32>(entry, <u32>value, 8);
}

export function object_insert_once(object: usize, key: usize, value: usize): i32 {
  const hash = value_hash(key);
  const known = object_find(object, key, hash);
  if (known != 0) return value_equal(load<u32>(known, 8), value);
  object_append(object, hash, key, value);
  return 1;
}

/** Takes an entry out in place; the last one takes its place, so the order is to be found anew when somebody scans. */
export function object_take(object: usize, entry: usize): void {
  const count = word_n(object);
  const last = word_a(object) + <usize>(count - 1) * OBJECT_ENTRY_SIZE;
  if (count > LINEAR) index_take(object, OBJECT_ENTRY_SIZE, entry, last);
  if (entry != last) {
    store<u64>(entry, load<u64>(last));
    store<u32>(entry, load<u32>(last, 8), 8);
    store<u8>(object, load<u8>(object, 1) & ~(<u8>FLAG_SORTED), 1);
  }
  store<i32>(object, count - 1, 4);
  if (count - 1 <= LINEAR) store<u32>(object, 0, 12);
}

/** A copy with room for one more; its entries are its own, keys and values are shared. */
export function object_copy(object: usize): usize {
  const count = word_n(object);
  const to = object_sized(count + 1);
  let at = word_a(object);
  for (let i = 0; i < count; i++) {
    object_append(to, load<u32>(at), load<u32>(at, 4), load<u32>(at, 8));
    at += OBJECT_ENTRY_SIZE;
  }
  return to;
}

/** A copy without one key. */
export function object_without(object: usize, key: usize): usize {
  const gone = object_find(object, key, value_hash(key));
  const count = word_n(object);
  const to = object_sized(count);
  let at = word_a(object);
  for (let i = 0; i < count; i++) {
    if (at != gone) object_append(to, load<u32>(at), load<u32>(at, 4), load<u32>(at, 8));
    at += OBJECT_ENTRY_SIZE;
  }
  return to;
}

/** Deep union: where both hold an object under a key the objects are merged, else a wins. */
export function object_merge(a: usize, b: usize): usize {
  if (a == 0) return b;
  if (b == 0) return a;
  if (tag(a) != TAG_OBJECT || tag(b) != TAG_OBJECT) return a;
  const to = object_copy(a);
  const count = word_n(b);
  let at = word_a(b);
  for (let i = 0; i < count; i++) {
    const known = object_find(to, load<u32>(at, 4), load<u32>(at));
    if (known == 0) {
      object_append(to, load<u32>(at), load<u32>(at, 4), load<u32>(at, 8));
    } else {
      // 1 and 1.0 are one key: what is shown is what `b` calls it, as in OPA's object.union(b, a).
      store<u32>(known, load<u32>(at, 4), 4);
      store<u32>(known, <u32>object_merge(load<u32>(known, 8), load<u32>(at, 8)), 8);
    }
    at += OBJECT_ENTRY_SIZE;
  }
  return to;
}

// @ts-ignore: decorator
@inline
export function object_key_at(object: usize, i: i32): usize {
  return load<u32>(word_a(object) + <usize>i * OBJECT_ENTRY_SIZE, 4);
}
// @ts-ignore: decorator
@inline
export function object_value_at(object: usize, i: i32): usize {
  return load<u32>(word_a(object) + <usize>i * OBJECT_ENTRY_SIZE, 8);
}

/** Finishes an object whose entries were written in bulk: sorts and indexes it, so that it never changes again. */
export function object_seal(object: usize): void {
  sort_object(object);
  if (word_n(object) > LINEAR && word_b(object) == 0) index_build(object, OBJECT_ENTRY_SIZE);
}
