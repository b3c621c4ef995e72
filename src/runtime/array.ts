// Arrays: a block of element addresses that grows by doubling. In go addresses, out come addresses. Only the function that made an
// array may append to it.
import { TAG_ARRAY } from "./abi";
import { value_compare } from "./compare";
import { alloc, copy, mark, release } from "./memory";
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

/** A fresh array of elements from (inclusive) to (exclusive). */
export function array_slice(array: usize, from: i32, to: i32): usize {
  const size = <usize>(to - from) << 2;
  const elements = alloc(size);
  copy(elements, word_a(array) + (<usize>from << 2), size);
  return array_of(elements, to - from);
}

/** Merge sort by the total order, stable; the array must be the caller's own. */
export function array_sort(array: usize): void {
  const count = word_n(array);
  const elements = word_a(array);
  const saved = mark();
  let from = elements;
  let to = alloc(<usize>count << 2);
  for (let width = 1; width < count; width *= 2) {
    for (let i = 0; i < count; i += width * 2) merge(from, to, i, min(i + width, count), min(i + width * 2, count));
    const other = from;
    from = to;
    to = other;
  }
  if (from != elements) copy(elements, from, <usize>count << 2);
  release(saved);
}

function merge(from: usize, to: usize, left: i32, middle: i32, right: i32): void {
  let a = left;
  let b = middle;
  for (let i = left; i < right; i++) {
    const first = a < middle && (b >= right || value_compare(load<u32>(from + (<usize>a << 2)), load<u32>(from + (<usize>b << 2))) <= 0);
    store<u32>(to + (<usize>i << 2), load<u32>(from + (<usize>(first ? a : b) << 2)));
    if (first) a++;
    else b++;
  }
}
