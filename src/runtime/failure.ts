// Pending failure and error buffer. A builtin calls `fail` and returns 0; the emitter then calls `failure_note` with the place, which
// moves the pending failure into the buffer that hosts read with failure_count/failure_at. Never aborts, never keeps more than LIMIT records.
import { alloc } from "./memory";

const LIMIT = 256;
const RECORD: usize = 20;

let kind: i32 = 0;
let message: usize = 0;
let records: usize = 0;
let count: i32 = 0;

export function fail(failure: i32, text: usize): usize {
  if (kind == 0) {
    kind = failure;
    message = text;
  }
  return 0;
}

export function failure_pending(): i32 {
  return kind;
}
export function failure_message(): usize {
  return message;
}
/** Forgets the pending failure, for builtins that try something. */
export function failure_clear(): void {
  kind = 0;
  message = 0;
}

export function failure_reset(): void {
  kind = 0;
  message = 0;
  records = 0;
  count = 0;
}

export function failure_note(file: i32, row: i32, col: i32): void {
  if (kind == 0) return;
  if (count < LIMIT) {
    if (records == 0) records = alloc(RECORD * LIMIT);
    const at = records + <usize>count * RECORD;
    store<i32>(at, kind);
    store<i32>(at, file, 4);
    store<i32>(at, row, 8);
    store<i32>(at, col, 12);
    store<u32>(at, <u32>message, 16);
    count++;
  }
  kind = 0;
  message = 0;
}

export function failure_count(): i32 {
  return count;
}
export function failure_at(i: i32): usize {
  return i >= 0 && i < count ? records + <usize>i * RECORD : 0;
}
