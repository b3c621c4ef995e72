// Bodies of bits.*: integers of any size as two's complement of unbounded width. Error texts are OPA's.
import { TAG_NUMBER } from "../abi";
import { alloc, mark } from "../memory";
import { nat_add, nat_any_below, nat_bits, nat_low, nat_of, nat_shl, nat_shr, nat_size, nat_sub } from "../nat";
import { int_value, is_int } from "../number";
import { number_integer, number_minus, number_of_nat } from "../numeric";
import { number_int, tag } from "../value";
import { number_limit, operand_error, operand_text } from "./operand";

const AND = 0;
const OR = 1;
const XOR = 2;

function integer(name: string, position: i32, v: usize): usize {
  if (tag(v) != TAG_NUMBER) return operand_error(name, position, v, "integer");
  const nat = number_integer(v);
  if (nat == 0) operand_text(name, position, "must be integer number but got floating-point number");
  return nat;
}

/** Limb i of the two's complement: of -n it is limb i of the complement of n - 1. */
// @ts-ignore: decorator
@inline
function complement_limb(nat: usize, negative: bool, i: i32): u32 {
  const limb = i < nat_size(nat) ? load<u32>(nat + 4 + (<usize>i << 2)) : 0;
  return negative ? ~limb : limb;
}

function combine(name: string, a: usize, b: usize, operation: i32): usize {
  if (tag(a) == TAG_NUMBER && tag(b) == TAG_NUMBER && is_int(a) && is_int(b)) {
    const x = int_value(a);
    const y = int_value(b);
    return number_int(operation == AND ? x & y : operation == OR ? x | y : x ^ y);
  }
  const saved = mark();
  let x = integer(name, 1, a);
  if (x == 0) return 0;
  const minus = number_minus;
  let y = integer(name, 2, b);
  if (y == 0) return 0;
  const other = number_minus;
  const one = nat_of(1);
  if (minus) x = nat_sub(x, one);
  if (other) y = nat_sub(y, one);
  const negative = operation == AND ? minus && other : operation == OR ? minus || other : minus != other;
  const n = max(nat_size(x), nat_size(y)) + 1;
  const z = alloc(8 + (<usize>n << 2));
  let size = 0;
  for (let i = 0; i < n; i++) {
    const p = complement_limb(x, minus, i);
    const q = complement_limb(y, other, i);
    let r = operation == AND ? p & q : operation == OR ? p | q : p ^ q;
    if (negative) r = ~r;
    store<u32>(z + 4 + (<usize>i << 2), r);
    if (r != 0) size = i + 1;
  }
  store<i32>(z, size);
  return number_of_nat(negative, negative ? nat_add(z, one) : z, saved);
}

export function builtin_bits_and(a: usize, b: usize): usize {
  return combine("bits.and", a, b, AND);
}
export function builtin_bits_or(a: usize, b: usize): usize {
  return combine("bits.or", a, b, OR);
}
export function builtin_bits_xor(a: usize, b: usize): usize {
  return combine("bits.xor", a, b, XOR);
}

export function builtin_bits_negate(a: usize): usize {
  if (tag(a) == TAG_NUMBER && is_int(a)) return number_int(~int_value(a));
  const saved = mark();
  const x = integer("bits.negate", 1, a);
  if (x == 0) return 0;
  return number_minus ? number_of_nat(false, nat_sub(x, nat_of(1)), saved) : number_of_nat(true, nat_add(x, nat_of(1)), saved);
}

/** The places to shift by, or -1 after a failure; more than any number here is wide counts as 2^30. */
function places(name: string, b: usize): i32 {
  const y = integer(name, 2, b);
  if (y == 0) return -1;
  if (number_minus) {
    operand_text(name, 2, "must be an unsigned integer number but got a negative integer");
    return -1;
  }
  return nat_bits(y) > 30 ? 0x40000000 : <i32>nat_low(y);
}

export function builtin_bits_lsh(a: usize, b: usize): usize {
  const saved = mark();
  const x = integer("bits.lsh", 1, a);
  if (x == 0) return 0;
  const minus = number_minus;
  const shift = places("bits.lsh", b);
  if (shift < 0) return 0;
  if (nat_size(x) == 0) return number_int(0);
  if (shift > 400000) return number_limit("bits.lsh");
  return number_of_nat(minus, nat_shl(x, shift), saved);
}

export function builtin_bits_rsh(a: usize, b: usize): usize {
  const saved = mark();
  const x = integer("bits.rsh", 1, a);
  if (x == 0) return 0;
  const minus = number_minus;
  const shift = places("bits.rsh", b);
  if (shift < 0) return 0;
  const y = nat_shr(x, shift);
  // Towards minus infinity.
  return number_of_nat(minus, minus && nat_any_below(x, shift) ? nat_add(y, nat_of(1)) : y, saved);
}
