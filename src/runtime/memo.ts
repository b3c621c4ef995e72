// Results of rules without arguments, by function number, valid for one `with` epoch. In go numbers and addresses; `memo_get` answers 0
// (not known), 1 (known to be undefined) or the address of the value. An inner epoch overwrites an outer one's slot: that costs a second
// evaluation, never a wrong answer.
//
//   slot   0: epoch   4: value, or 1
import { alloc, zero } from "./memory";

let slots: usize = 0;
let epoch: i32 = 1;
let last: i32 = 1;

/** Called at the start of an evaluation with the number of functions. */
export function memo_init(count: i32): void {
  slots = alloc(<usize>count << 3);
  zero(slots, <usize>count << 3);
  epoch = 1;
  last = 1;
}

export function memo_get(index: i32): usize {
  const slot = slots + (<usize>index << 3);
  return load<i32>(slot) == epoch ? load<u32>(slot, 4) : 0;
}

export function memo_set(index: i32, value: usize): void {
  const slot = slots + (<usize>index << 3);
  store<i32>(slot, epoch);
  store<u32>(slot, value == 0 ? 1 : <u32>value, 4);
}

/** Enters a `with`: a fresh epoch. Keep the answer for `memo_pop`. */
export function memo_push(): i32 {
  const outer = epoch;
  last++;
  epoch = last;
  return outer;
}

/** Leaves a `with`, by whatever way: back to the epoch that `memo_push` answered. */
export function memo_pop(outer: i32): void {
  epoch = outer;
}
