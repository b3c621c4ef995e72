// Natural numbers of any size, the ground of exact integers and of decimal <-> binary conversion. In go and out come addresses of scratch:
//
//   0: number of limbs n   4: limb 0 (least), limb 1, … limb n-1 (never 0); zero has no limbs
//
// Every function makes a fresh number; callers mark and release the heap around a computation. Time is quadratic: callers bound the size.
import { alloc, copy, zero } from "./memory";

// @ts-ignore: decorator
@inline
export function nat_size(x: usize): i32 {
  return load<i32>(x);
}
// @ts-ignore: decorator
@inline
function limb(x: usize, i: i32): u64 {
  return <u64>load<u32>(x + (<usize>i << 2), 4);
}
// @ts-ignore: decorator
@inline
function set_limb(x: usize, i: i32, value: u64): void {
  store<u32>(x + (<usize>i << 2), <u32>value, 4);
}

function fresh(limbs: i32): usize {
  const x = alloc(8 + (<usize>limbs << 2));
  store<i32>(x, limbs);
  return x;
}

function trim(x: usize): usize {
  let n = nat_size(x);
  while (n > 0 && limb(x, n - 1) == 0) n--;
  store<i32>(x, n);
  return x;
}

export function nat_of(value: u64): usize {
  const x = fresh(2);
  set_limb(x, 0, value & 0xffffffff);
  set_limb(x, 1, value >> 32);
  return trim(x);
}

/** The lowest 64 bits. */
export function nat_low(x: usize): u64 {
  const n = nat_size(x);
  return n == 0 ? 0 : n == 1 ? limb(x, 0) : limb(x, 0) | (limb(x, 1) << 32);
}

/** x = x * factor + addend in place; there must be room for one more limb. */
function multiply_small(x: usize, factor: u64, addend: u64): void {
  const n = nat_size(x);
  let carry = addend;
  for (let i = 0; i < n; i++) {
    const t = limb(x, i) * factor + carry;
    set_limb(x, i, t & 0xffffffff);
    carry = t >> 32;
  }
  if (carry != 0) {
    set_limb(x, n, carry);
    store<i32>(x, n + 1);
  }
}

/** From ASCII digits; a point among them is skipped. */
export function nat_digits(at: usize, length: i32): usize {
  const x = fresh(length / 9 + 2);
  store<i32>(x, 0);
  let chunk: u64 = 0;
  let scale: u64 = 1;
  for (let i = 0; i < length; i++) {
    const c = <u32>load<u8>(at + i) - 0x30;
    if (c > 9) continue;
    chunk = chunk * 10 + c;
    scale *= 10;
    if (scale == 1000000000) {
      multiply_small(x, scale, chunk);
      chunk = 0;
      scale = 1;
    }
  }
  if (scale > 1) multiply_small(x, scale, chunk);
  return x;
}

/** Writes the decimal digits and returns how many; zero has none. `to` needs 10 bytes per limb. */
export function nat_print(x: usize, to: usize): i32 {
  let n = nat_size(x);
  const rest = fresh(n);
  copy(rest + 4, x + 4, <usize>n << 2);
  const end = to + <usize>n * 10;
  let p = end;
  while (n > 0) {
    let remainder: u64 = 0;
    for (let i = n - 1; i >= 0; i--) {
      const t = (remainder << 32) | limb(rest, i);
      const q = t / 1000000000;
      remainder = t - q * 1000000000;
      set_limb(rest, i, q);
    }
    if (limb(rest, n - 1) == 0) n--;
    let chunk = <u32>remainder;
    for (let i = 0; i < 9; i++) {
      p--;
      store<u8>(p, <u8>(0x30 + (chunk % 10)));
      chunk /= 10;
    }
  }
  while (p < end && load<u8>(p) == 0x30) p++;
  const count = <i32>(end - p);
  copy(to, p, <usize>count);
  return count;
}

export function nat_compare(x: usize, y: usize): i32 {
  const n = nat_size(x);
  if (n != nat_size(y)) return n < nat_size(y) ? -1 : 1;
  for (let i = n - 1; i >= 0; i--) {
    const a = limb(x, i);
    const b = limb(y, i);
    if (a != b) return a < b ? -1 : 1;
  }
  return 0;
}

export function nat_add(x: usize, y: usize): usize {
  const n = nat_size(x);
  const m = nat_size(y);
  if (n < m) return nat_add(y, x);
  const z = fresh(n + 1);
  let carry: u64 = 0;
  for (let i = 0; i < n; i++) {
    const t = limb(x, i) + (i < m ? limb(y, i) : 0) + carry;
    set_limb(z, i, t & 0xffffffff);
    carry = t >> 32;
  }
  set_limb(z, n, carry);
  return trim(z);
}

/** x - y for x >= y. */
export function nat_sub(x: usize, y: usize): usize {
  const n = nat_size(x);
  const m = nat_size(y);
  const z = fresh(n);
  let borrow: u64 = 0;
  for (let i = 0; i < n; i++) {
    const t = limb(x, i) - (i < m ? limb(y, i) : 0) - borrow;
    set_limb(z, i, t & 0xffffffff);
    borrow = (t >> 32) & 1;
  }
  return trim(z);
}

export function nat_mul(x: usize, y: usize): usize {
  const n = nat_size(x);
  const m = nat_size(y);
  const z = fresh(n + m);
  zero(z + 4, <usize>(n + m) << 2);
  for (let i = 0; i < n; i++) {
    const f = limb(x, i);
    let carry: u64 = 0;
    for (let j = 0; j < m; j++) {
      const t = f * limb(y, j) + limb(z, i + j) + carry;
      set_limb(z, i + j, t & 0xffffffff);
      carry = t >> 32;
    }
    set_limb(z, i + m, carry);
  }
  return trim(z);
}

export function nat_bits(x: usize): i32 {
  const n = nat_size(x);
  return n == 0 ? 0 : n * 32 - <i32>clz<u32>(<u32>limb(x, n - 1));
}

export function nat_shl(x: usize, bits: i32): usize {
  const n = nat_size(x);
  const limbs = bits >> 5;
  const shift = <u64>(bits & 31);
  const z = fresh(n + limbs + 1);
  zero(z + 4, <usize>limbs << 2);
  let carry: u64 = 0;
  for (let i = 0; i < n; i++) {
    const t = (limb(x, i) << shift) | carry;
    set_limb(z, i + limbs, t & 0xffffffff);
    carry = t >> 32;
  }
  set_limb(z, n + limbs, carry);
  return trim(z);
}

/** x / 2^bits, rounded down. */
export function nat_shr(x: usize, bits: i32): usize {
  const n = nat_size(x);
  const limbs = bits >> 5;
  const shift = <u64>(bits & 31);
  if (limbs >= n) return nat_of(0);
  const z = fresh(n - limbs);
  for (let i = limbs; i < n; i++) {
    const t = limb(x, i) | (i + 1 < n ? limb(x, i + 1) << 32 : 0);
    set_limb(z, i - limbs, (t >> shift) & 0xffffffff);
  }
  return trim(z);
}

/** Whether any of the lowest `bits` bits is set. */
export function nat_any_below(x: usize, bits: i32): bool {
  const n = nat_size(x);
  const limbs = bits >> 5;
  for (let i = 0; i < limbs && i < n; i++) if (limb(x, i) != 0) return true;
  return limbs < n && (limb(x, limbs) & ((1 << <u64>(bits & 31)) - 1)) != 0;
}

export function nat_bit(x: usize, bit: i32): bool {
  const i = bit >> 5;
  return i < nat_size(x) && ((limb(x, i) >> <u64>(bit & 31)) & 1) != 0;
}

/** Remainder of the last `nat_div`. */
export let nat_remainder: usize = 0;

/** x / y rounded down; the remainder goes to nat_remainder. y is not zero. Knuth, volume 2, algorithm D. */
export function nat_div(x: usize, y: usize): usize {
  if (nat_compare(x, y) < 0) {
    nat_remainder = x;
    return nat_of(0);
  }
  const m = nat_size(y);
  if (m == 1) return divide_small(x, limb(y, 0));
  const shift = m * 32 - nat_bits(y);
  const v = nat_shl(y, shift);
  const u = fresh(nat_size(x) + 1);
  const shifted = nat_shl(x, shift);
  const n = nat_size(x) + 1;
  zero(u + 4, <usize>n << 2);
  copy(u + 4, shifted + 4, <usize>nat_size(shifted) << 2);
  const q = fresh(n - m);
  const top = limb(v, m - 1);
  const next = limb(v, m - 2);
  for (let j = n - m - 1; j >= 0; j--) {
    const head = (limb(u, j + m) << 32) | limb(u, j + m - 1);
    let guess = head / top;
    let rest = head - guess * top;
    while (guess >= 0x100000000 || guess * next > ((rest << 32) | limb(u, j + m - 2))) {
      guess--;
      rest += top;
      if (rest >= 0x100000000) break;
    }
    if (subtract_scaled(u, j, v, m, guess)) {
      guess--;
      add_back(u, j, v, m);
    }
    set_limb(q, j, guess);
  }
  nat_remainder = nat_shr(trim(u), shift);
  return trim(q);
}

function divide_small(x: usize, divisor: u64): usize {
  const n = nat_size(x);
  const q = fresh(n);
  let rest: u64 = 0;
  for (let i = n - 1; i >= 0; i--) {
    const t = (rest << 32) | limb(x, i);
    set_limb(q, i, t / divisor);
    rest = t % divisor;
  }
  nat_remainder = nat_of(rest);
  return trim(q);
}

/** u[j…] -= v * factor; true if that went below zero. */
function subtract_scaled(u: usize, j: i32, v: usize, m: i32, factor: u64): bool {
  let borrow: u64 = 0;
  let carry: u64 = 0;
  for (let i = 0; i < m; i++) {
    const p = factor * limb(v, i) + carry;
    carry = p >> 32;
    const t = limb(u, i + j) - (p & 0xffffffff) - borrow;
    set_limb(u, i + j, t & 0xffffffff);
    borrow = (t >> 32) & 1;
  }
  const t = limb(u, j + m) - carry - borrow;
  set_limb(u, j + m, t & 0xffffffff);
  return ((t >> 32) & 1) != 0;
}

function add_back(u: usize, j: i32, v: usize, m: i32): void {
  let carry: u64 = 0;
  for (let i = 0; i < m; i++) {
    const t = limb(u, i + j) + limb(v, i) + carry;
    set_limb(u, i + j, t & 0xffffffff);
    carry = t >> 32;
  }
  set_limb(u, j + m, (limb(u, j + m) + carry) & 0xffffffff);
}

/** base to the power n, base below 2^32. */
export function nat_power(base: u64, n: i32): usize {
  let result = nat_of(1);
  let square = nat_of(base);
  while (n > 0) {
    if (n & 1) result = nat_mul(result, square);
    n >>= 1;
    if (n > 0) square = nat_mul(square, square);
  }
  return result;
}
