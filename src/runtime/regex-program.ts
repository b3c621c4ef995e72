// A tree of regex-parse.ts as a program of instructions, made from its end to its beginning so that nothing is patched. In goes a root, out
// comes a program, or 0 where it would grow beyond INSTRUCTIONS. Keeps programs by their text for one evaluation.
//
//   program       0: instructions   4: count   8: first   12: slots (2 for each group and the match)   16: group names   20: anchored
//                 24: machine (regex-match.ts) or 0   28: key text   32: its length   36: kind of key   40: next program kept
//   instruction   0: op   4: argument   8: next   12: other
import { cache_of, cache_put } from "./cache";
import { alloc, copy } from "./memory";
import { bytes_equal } from "./compare";
import {
  BEGIN_TEXT, group_count, group_names, NODE_ALTERNATE, NODE_ANY, NODE_ANY_BUT_NEWLINE, NODE_CAPTURE, NODE_CONCAT, NODE_EMPTY_WIDTH,
  NODE_REPEAT, NODE_RUNE, NODE_SET,
} from "./regex-parse";

export const OP_MATCH = 0;
export const OP_RUNE = 1;
export const OP_SET = 2;
export const OP_ANY = 3;
export const OP_ANY_BUT_NEWLINE = 4;
export const OP_SPLIT = 5;
export const OP_EMPTY_WIDTH = 6;
export const OP_CAPTURE = 7;

export const PROGRAM_MACHINE = 24;
const PROGRAM_SIZE = 44;
const PROGRAM_NEXT = 40;

/** Bound on a program; Go has a larger one, but time is text times program. */
export const INSTRUCTIONS = 100000;

let instructions: usize = 0;
let count: i32 = 0;
let capacity: i32 = 0;

function emit(op: i32, argument: i32, next: i32, other: i32): i32 {
  if (count >= INSTRUCTIONS) return 0;
  if (count >= capacity) {
    const wider = alloc(<usize>capacity << 5);
    copy(wider, instructions, <usize>capacity << 4);
    instructions = wider;
    capacity *= 2;
  }
  const at = instructions + (<usize>count << 4);
  store<i32>(at, op);
  store<i32>(at, argument, 4);
  store<i32>(at, next, 8);
  store<i32>(at, other, 12);
  return count++;
}

/** A fork that tries `first` before `second`; the other way round if lazy. */
function fork(first: i32, second: i32, lazy: bool): i32 {
  return lazy ? emit(OP_SPLIT, 0, second, first) : emit(OP_SPLIT, 0, first, second);
}

function aim(at: i32, first: i32, second: i32, lazy: bool): void {
  const instruction = instructions + (<usize>at << 4);
  store<i32>(instruction, lazy ? second : first, 8);
  store<i32>(instruction, lazy ? first : second, 12);
}

/** Where the code of `node` starts that goes on at `next`. */
function compile(node: usize, next: i32): i32 {
  if (count >= INSTRUCTIONS) return 0;
  switch (load<i32>(node)) {
    case NODE_RUNE: return emit(OP_RUNE, load<i32>(node, 4), next, 0);
    case NODE_SET: return emit(OP_SET, load<i32>(node, 4), next, 0);
    case NODE_ANY: return emit(OP_ANY, 0, next, 0);
    case NODE_ANY_BUT_NEWLINE: return emit(OP_ANY_BUT_NEWLINE, 0, next, 0);
    case NODE_EMPTY_WIDTH: return emit(OP_EMPTY_WIDTH, load<i32>(node, 4), next, 0);
    case NODE_CAPTURE: {
      const group = load<i32>(node, 4);
      const close = emit(OP_CAPTURE, group * 2 + 1, next, 0);
      return emit(OP_CAPTURE, group * 2, compile(load<u32>(node, 12), close), 0);
    }
    case NODE_CONCAT: {
      let at = next;
      for (let child = load<u32>(node, 12); child != 0; child = load<u32>(child, 16)) at = compile(child, at);
      return at;
    }
    case NODE_ALTERNATE: {
      let child = load<u32>(node, 12);
      let at = compile(child, next);
      for (child = load<u32>(child, 16); child != 0; child = load<u32>(child, 16)) at = fork(compile(child, next), at, false);
      return at;
    }
  }
  return compile_repeat(node, next);
}

function compile_repeat(node: usize, next: i32): i32 {
  const sub = load<u32>(node, 12);
  const least = load<i32>(node, 4);
  const most = load<i32>(node, 8);
  const lazy = load<i32>(node, 20) != 0;
  let at = next;
  if (most < 0) at = least == 0 ? star(sub, next, lazy) : plus(sub, next, lazy);
  else for (let i = least; i < most && count < INSTRUCTIONS; i++) at = fork(compile(sub, at), next, lazy);
  const copies = most < 0 ? least - 1 : least;
  for (let i = 0; i < copies && count < INSTRUCTIONS; i++) at = compile(sub, at);
  return at;
}

function plus(sub: usize, next: i32, lazy: bool): i32 {
  const loop = emit(OP_SPLIT, 0, 0, 0);
  const first = compile(sub, loop);
  aim(loop, first, next, lazy);
  return first;
}

function star(sub: usize, next: i32, lazy: bool): i32 {
  // What can be empty must pass its own end before the loop may end, or priorities would come out wrong.
  if (nullable(sub)) return fork(plus(sub, next, lazy), next, lazy);
  const loop = emit(OP_SPLIT, 0, 0, 0);
  aim(loop, compile(sub, loop), next, lazy);
  return loop;
}

function nullable(node: usize): bool {
  switch (load<i32>(node)) {
    case NODE_EMPTY_WIDTH: return true;
    case NODE_CAPTURE: return nullable(load<u32>(node, 12));
    case NODE_REPEAT: return load<i32>(node, 4) == 0 || nullable(load<u32>(node, 12));
    case NODE_CONCAT: {
      for (let child = load<u32>(node, 12); child != 0; child = load<u32>(child, 16)) if (!nullable(child)) return false;
      return true;
    }
    case NODE_ALTERNATE: {
      for (let child = load<u32>(node, 12); child != 0; child = load<u32>(child, 16)) if (nullable(child)) return true;
      return false;
    }
  }
  return false;
}

/** A program, or 0 if it would be too large. */
export function program_of(root: usize): usize {
  capacity = 64;
  instructions = alloc(<usize>capacity << 4);
  count = 0;
  const last = emit(OP_MATCH, 0, 0, 0);
  const first = compile(root, last);
  if (count >= INSTRUCTIONS) return 0;
  const program = alloc(PROGRAM_SIZE);
  store<u32>(program, <u32>instructions);
  store<i32>(program, count, 4);
  store<i32>(program, first, 8);
  store<i32>(program, (group_count + 1) * 2, 12);
  store<u32>(program, <u32>group_names, 16);
  store<u32>(program, anchored(first) ? 1 : 0, 20);
  store<u32>(program, 0, 24);
  return program;
}

/** Whether nothing can match but from the very beginning. */
function anchored(first: i32): bool {
  let instruction = instructions + (<usize>first << 4);
  while (load<i32>(instruction) == OP_CAPTURE) instruction = instructions + (<usize>load<i32>(instruction, 8) << 4);
  return load<i32>(instruction) == OP_EMPTY_WIDTH && load<i32>(instruction, 4) == BEGIN_TEXT;
}

/** The same program under a head of its own, to be kept once more; both have their own machine. */
export function program_copy(program: usize): usize {
  const to = alloc(PROGRAM_SIZE);
  copy(to, program, PROGRAM_SIZE);
  store<u32>(to, 0, PROGRAM_MACHINE);
  return to;
}

/** The program that was kept under this text and kind, or 0. */
export function program_known(at: usize, length: i32, kind: i32): usize {
  for (let program = cache_of(); program != 0; program = load<u32>(program, PROGRAM_NEXT)) {
    if (load<i32>(program, 32) == length && load<i32>(program, 36) == kind && bytes_equal(load<u32>(program, 28), at, length)) return program;
  }
  return 0;
}

/** Keeps a program; the text must stay as long. */
export function program_keep(program: usize, at: usize, length: i32, kind: i32): void {
  store<u32>(program, <u32>at, 28);
  store<i32>(program, length, 32);
  store<i32>(program, kind, 36);
  store<u32>(program, <u32>cache_of(), PROGRAM_NEXT);
  cache_put(program);
}
