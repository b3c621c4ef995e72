// Arrays: a block of element addresses that grows by doubling. In go addresses, out come addresses. Only the function that made an
// array may append to it.
import { TAG_ARRAY } from "./abi";
import { alloc, copy } from "./memory";
import { box, word_a, word_b, word_n } from "./value";

export function array_new(capacity: i32): usize {
  const room = capacity < 4 ? 4 : capacity;
  const v = box(TAG_ARRAY, 0, 0, 0, 0);
  store<u32>(v, <u32>alloc(<usize>room << 2), 8);
  store<i32>(v, room, 12);
  return v;
}

/** An array box over a block of elements that is already filled. */
export function array_of(elements: usize, length: i32): usize {
  return box(TAG_ARRAY, 0, length, elements, <usize>length);
}

export function array_append(array: usize, value: usize): void {
  const n = word_n(array);
  const capacity = <i32>word_b(array);
  if (n >= capacity) {
    const room = capacity == 0 ? 4 : capacity * 2;
    const to = alloc(<usize>room << 2);
    copy(to, word_a(array), <usize>n << 2);
    store<u32>(array, <u32>to, 8);
    store<i32>(array, room, 12);
  }
  store<u32>(word_a(array) + (<usize>n << 2), <u32>value);
  store<i32>(array, n + 1, 4);
}

// @ts-ignore: decorator
@inline
export function array_at(array: usize, i: i32): usize {
  return load<u32>(word_a(array) + (<usize>i << 2));
}
