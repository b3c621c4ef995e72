// The arena: in go sizes, out come 8-aligned addresses above `heap_base`. One bump pointer that hosts mark and reset; nothing is
// freed one by one, so a host that frees and reuses a buffer can never pull the bytes from under a value. Never touches memory below heap_base.

// @ts-ignore: decorator
@external("env", "opa_abort")
declare function opa_abort(message: usize): void;

/** Where the heap starts. The linker rewrites the initialiser: static data of runtime and policy lie below. */
export let heap_base: usize = 0;

/** Where the heap stood when the evaluation began. */
let evaluation_base: usize = 0;

let heap_ptr: usize = 0;
let heap_end: usize = 0;

const PAGE: usize = 65536;

/** Ends the evaluation with an ASCII message; does not return in any host. */
export function abort_text(message: string): void {
  const length = <usize>message.length;
  const to = <usize>heap_ptr + 64;
  const from = changetype<usize>(message);
  reserve(to + length + 1);
  for (let i: usize = 0; i < length; i++) store<u8>(to + i, <u8>load<u16>(from + (i << 1)));
  store<u8>(to + length, 0);
  opa_abort(to);
  unreachable();
}

export function abort_address(message: usize): void {
  opa_abort(message);
  unreachable();
}

/** Makes memory reach `end`; false if the host refuses. */
function extend(end: usize): bool {
  const have = <u64>memory.size() << 16;
  if (<u64>end <= have) return true;
  const need = <i32>((<u64>end - have + (PAGE - 1)) >> 16);
  const generous = <i32>(have >> 18);
  if (generous > need && memory.grow(generous) >= 0) return true;
  return memory.grow(need) >= 0;
}

function reserve(end: usize): void {
  if (!extend(end)) unreachable();
}

/** Memory up to `end`, for bytes that lie above the heap. */
export function memory_reach(end: usize): void {
  if (!extend(end)) abort_text("out of memory");
}

export function evaluation_begin(): void {
  evaluation_base = heap_ptr;
}

/** Whether a value was there before the evaluation, and is no constant of the policy. */
export function is_older(v: usize): bool {
  return v >= heap_base && v < evaluation_base;
}

function start(): void {
  if (heap_ptr < heap_base) heap_ptr = (heap_base + 7) & ~7;
}

// @ts-ignore: decorator
@inline
export function alloc(size: usize): usize {
  const at = (heap_ptr + 7) & ~7;
  const next = at + size;
  if (next > heap_end || next < at) return alloc_slow(size);
  heap_ptr = next;
  return at;
}

function alloc_slow(size: usize): usize {
  start();
  const at = (heap_ptr + 7) & ~7;
  const next = at + size;
  if (next < at || !extend(next)) {
    heap_ptr = at < 256 ? at : at - 256;
    abort_text("out of memory");
  }
  const pages = <u64>memory.size() << 16;
  heap_end = pages > 0xffff0000 ? 0xffff0000 : <usize>pages;
  heap_ptr = next;
  return at;
}

// @ts-ignore: decorator
@inline
export function mark(): usize {
  return heap_ptr;
}

/** Gives back everything allocated since `mark`, for scratch that no value points to. */
// @ts-ignore: decorator
@inline
export function release(to: usize): void {
  heap_ptr = to;
}

/** MVP has no memory.copy. Regions may overlap if `to` lies below `from`: both ends of a piece are read before anything is written over them. */
export function copy(to: usize, from: usize, length: usize): void {
  if (length >= 8) {
    const tail = load<u64>(from + length - 8);
    const last = length - 8;
    for (let i: usize = 0; i < last; i += 8) store<u64>(to + i, load<u64>(from + i));
    store<u64>(to + last, tail);
  } else if (length >= 4) {
    const head = load<u32>(from);
    const tail = load<u32>(from + length - 4);
    store<u32>(to, head);
    store<u32>(to + length - 4, tail);
  } else {
    for (let i: usize = 0; i < length; i++) store<u8>(to + i, load<u8>(from + i));
  }
}

export function zero(to: usize, length: usize): void {
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) store<u64>(to + i, 0);
  for (; i < length; i++) store<u8>(to + i, 0);
}

/** Size of the block that `scratch_home` gives. */
export const SCRATCH: usize = 3072;
let scratch_at: usize = 0;

/** One block for whoever works at the moment, allocated once and kept as long as no host resets the heap below it. */
export function scratch_home(): usize {
  if (scratch_at == 0) scratch_at = alloc(SCRATCH);
  return scratch_at;
}

export function opa_malloc(size: usize): usize {
  return alloc(size);
}

export function opa_free(address: usize): void {}

export function opa_heap_ptr_get(): usize {
  start();
  return heap_ptr;
}

export function opa_heap_ptr_set(address: usize): void {
  heap_ptr = address;
  start();
  if (heap_ptr < scratch_at + SCRATCH) scratch_at = 0;
}

// The arena has no free blocks: nothing to stash, nothing to restore.
export function opa_heap_blocks_stash(): void {}
export function opa_heap_blocks_restore(): void {}
export function opa_heap_stash_clear(): void {}
