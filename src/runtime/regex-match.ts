// Runs a program of regex-program.ts over a text: all its states at once, in order of priority (leftmost-first as in Go), so that time is
// at worst text times program. In go a program and bytes, out comes whether it matches and where (`match_slot`). No values are made.
//
//   machine   0: generation   4: marks (a word for each instruction)   8, 12: lists (instruction, slots…)   16: stack   20: slots
//             24: best slots  28: slots kept in a list entry
import { alloc, zero } from "./memory";
import { set_has } from "./regex-class";
import { BEGIN_LINE, BEGIN_TEXT, END_LINE, END_TEXT, NO_WORD_BOUNDARY, WORD_BOUNDARY } from "./regex-parse";
import {
  OP_ANY, OP_ANY_BUT_NEWLINE, OP_CAPTURE, OP_EMPTY_WIDTH, OP_MATCH, OP_RUNE, OP_SET, OP_SPLIT, PROGRAM_MACHINE,
} from "./regex-program";
import { rune_at, rune_width } from "./utf8";

const NONE: u32 = 0xffffffff;

let instructions: usize = 0;
let marks: usize = 0;
let generation: u32 = 0;
let stack: usize = 0;
let slots: usize = 0;
let best: usize = 0;
/** How many slots are followed in this run: 0, 2 or all. */
let followed: i32 = 0;
/** Size of an entry of a list. */
let entry: usize = 0;

// The list that grows.
let list: usize = 0;
let length: i32 = 0;

function machine_of(program: usize): usize {
  const known = load<u32>(program, PROGRAM_MACHINE);
  if (known != 0) return known;
  const n = <usize>load<i32>(program, 4);
  const size = <usize>load<i32>(program, 12);
  const machine = alloc(32);
  const seen = alloc(n << 2);
  zero(seen, n << 2);
  store<u32>(machine, 0);
  store<u32>(machine, <u32>seen, 4);
  store<u32>(machine, <u32>alloc(n * 12 + 64), 16);
  store<u32>(machine, <u32>alloc(size << 2), 20);
  store<u32>(machine, <u32>alloc(size << 2), 24);
  store<i32>(machine, -1, 28);
  store<u32>(program, <u32>machine, PROGRAM_MACHINE);
  return machine;
}

/** Makes the lists wide enough; most runs follow no slots, and lists with all of them would be large. */
function widen(program: usize, machine: usize, wanted: i32): void {
  if (load<i32>(machine, 28) >= wanted) return;
  const size = <usize>load<i32>(program, 4) * (<usize>(wanted + 1) << 2);
  store<u32>(machine, <u32>alloc(size), 8);
  store<u32>(machine, <u32>alloc(size), 12);
  store<i32>(machine, wanted, 28);
}

function is_word(rune: i32): bool {
  return (rune >= 0x61 && rune <= 0x7a) || (rune >= 0x41 && rune <= 0x5a) || (rune >= 0x30 && rune <= 0x39) || rune == 0x5f;
}

/** What holds between two code points; -1 stands for the ends of the text. */
function conditions(before: i32, after: i32): i32 {
  let holds = is_word(before) != is_word(after) ? WORD_BOUNDARY : NO_WORD_BOUNDARY;
  if (before < 0) holds |= BEGIN_TEXT | BEGIN_LINE;
  else if (before == 10) holds |= BEGIN_LINE;
  if (after < 0) holds |= END_TEXT | END_LINE;
  else if (after == 10) holds |= END_LINE;
  return holds;
}

/** Puts on the list whatever can be reached from `first` without taking a code point. Stack: instruction, or ~slot with its old value. */
function follow(first: i32, position: u32, holds: i32): void {
  let top = stack;
  store<i32>(top, first);
  top += 8;
  while (top > stack) {
    top -= 8;
    let at = load<i32>(top);
    if (at < 0) {
      store<u32>(slots + (<usize>~at << 2), load<u32>(top, 4));
      continue;
    }
    while (true) {
      const mark = marks + (<usize>at << 2);
      if (load<u32>(mark) == generation) break;
      store<u32>(mark, generation);
      const instruction = instructions + (<usize>at << 4);
      const op = load<i32>(instruction);
      if (op == OP_SPLIT) {
        store<i32>(top, load<i32>(instruction, 12));
        top += 8;
      } else if (op == OP_EMPTY_WIDTH) {
        if ((load<i32>(instruction, 4) & holds) == 0) break;
      } else if (op == OP_CAPTURE) {
        const slot = load<i32>(instruction, 4);
        if (slot < followed) {
          const to = slots + (<usize>slot << 2);
          store<i32>(top, ~slot);
          store<u32>(top, load<u32>(to), 4);
          top += 8;
          store<u32>(to, position);
        }
      } else {
        const to = list + <usize>length * entry;
        store<i32>(to, at);
        for (let i = 0; i < followed; i++) store<u32>(to + (<usize>i << 2), load<u32>(slots + (<usize>i << 2)), 4);
        length++;
        break;
      }
      at = load<i32>(instruction, 8);
    }
  }
}

// @ts-ignore: decorator
@inline
function takes(instruction: usize, rune: i32): bool {
  switch (load<i32>(instruction)) {
    case OP_RUNE: return load<i32>(instruction, 4) == rune;
    case OP_SET: return set_has(load<u32>(instruction, 4), rune);
    case OP_ANY: return true;
    case OP_ANY_BUT_NEWLINE: return rune != 10;
  }
  return false;
}

/** Start or end (2n, 2n+1) of group n in the last match as an offset, or -1. */
export function match_slot(slot: i32): i32 {
  return load<i32>(best + (<usize>slot << 2));
}

/** Whether the program matches at or behind `from`; with `wanted` slots (0, 2 or all of the program's) it says where. */
export function regex_search(program: usize, at: usize, n: i32, from: i32, wanted: i32): bool {
  const machine = machine_of(program);
  widen(program, machine, wanted);
  instructions = load<u32>(program);
  generation = load<u32>(machine);
  marks = load<u32>(machine, 4);
  stack = load<u32>(machine, 16);
  slots = load<u32>(machine, 20);
  best = load<u32>(machine, 24);
  followed = wanted;
  entry = <usize>(wanted + 1) << 2;
  const found = run(program, machine, at, n, from);
  store<u32>(machine, generation);
  return found;
}

function run(program: usize, machine: usize, at: usize, n: i32, from: i32): bool {
  const first = load<i32>(program, 8);
  const anchored = load<u32>(program, 20) != 0;
  const lead = lead_byte(first);
  const end = at + <usize>n;
  let p = at + <usize>from;
  let current = load<u32>(machine, 8);
  let other = load<u32>(machine, 12);
  let states = 0;
  let matched = false;
  let before = from == 0 ? -1 : rune_before(at, p);
  generation++;
  while (true) {
    if (states == 0) {
      if (matched || (anchored && p != at)) break;
      if (lead >= 0) {
        const saved = p;
        while (p < end && <i32>load<u8>(p) != lead) p++;
        if (p >= end) break;
        if (p != saved) before = rune_before(at, p);
      }
    }
    const rune = p < end ? rune_at(p, end) : -1;
    const width = p < end ? <usize>rune_width : 0;
    list = current;
    length = states;
    if (!matched && (!anchored || p == at)) {
      for (let i = 0; i < followed; i++) store<u32>(slots + (<usize>i << 2), NONE);
      if (followed > 0) store<u32>(slots, <u32>(p - at));
      follow(first, <u32>(p - at), conditions(before, rune));
    }
    states = length;
    // The next list, at the next position.
    const next = p + width;
    const after = rune < 0 || next >= end ? -1 : rune_at(next, end);
    const holds = conditions(rune, after);
    generation++;
    list = other;
    length = 0;
    for (let i = 0; i < states; i++) {
      const state = current + <usize>i * entry;
      const instruction = instructions + (<usize>load<i32>(state) << 4);
      if (load<i32>(instruction) == OP_MATCH) {
        matched = true;
        if (followed == 0) return true;
        for (let j = 0; j < followed; j++) store<u32>(best + (<usize>j << 2), load<u32>(state + (<usize>j << 2), 4));
        store<u32>(best, <u32>(p - at), 4);
        // Whatever follows in the list has less priority.
        break;
      }
      if (rune < 0 || !takes(instruction, rune)) continue;
      for (let j = 0; j < followed; j++) store<u32>(slots + (<usize>j << 2), load<u32>(state + (<usize>j << 2), 4));
      follow(load<i32>(instruction, 8), <u32>(next - at), holds);
    }
    states = length;
    const swapped = current;
    current = other;
    other = swapped;
    if (rune < 0) break;
    before = rune;
    p = next;
  }
  return matched;
}

/** The code point that ends right before `p`. */
function rune_before(at: usize, p: usize): i32 {
  let q = p - 1;
  while (q > at && q + 3 > p && (load<u8>(q) & 0xc0) == 0x80) q--;
  const rune = rune_at(q, p);
  return q + <usize>rune_width == p ? rune : 0xfffd;
}

/** The byte every match begins with, or -1 if that is not known. */
function lead_byte(first: i32): i32 {
  let instruction = instructions + (<usize>first << 4);
  while (load<i32>(instruction) == OP_CAPTURE) instruction = instructions + (<usize>load<i32>(instruction, 8) << 4);
  const rune = load<i32>(instruction, 4);
  return load<i32>(instruction) == OP_RUNE && rune < 128 ? rune : -1;
}
