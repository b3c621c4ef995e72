// Natural numbers as text in base 2, 8, 10 or 16. In goes a number of nat.ts, out comes text in the current buffer.
import { put_byte, put_bytes } from "./buffer";
import { alloc } from "./memory";
import { nat_bit, nat_bits, nat_print, nat_size } from "./nat";

function put_binary(nat: usize, bits: i32, upper: bool): void {
  const places = (nat_bits(nat) + bits - 1) / bits;
  for (let i = places - 1; i >= 0; i--) {
    let digit = 0;
    for (let j = bits - 1; j >= 0; j--) digit = (digit << 1) | (nat_bit(nat, i * bits + j) ? 1 : 0);
    put_byte(digit < 10 ? 0x30 + digit : (upper ? 0x37 : 0x57) + digit);
  }
}

export function put_nat(negative: bool, nat: usize, radix: i32, upper: bool): void {
  if (negative) put_byte(0x2d);
  if (nat_size(nat) == 0) {
    put_byte(0x30);
    return;
  }
  if (radix == 10) {
    const text = alloc(<usize>nat_size(nat) * 10 + 1);
    put_bytes(text, nat_print(nat, text));
    return;
  }
  put_binary(nat, radix == 16 ? 4 : radix == 8 ? 3 : 1, upper);
}
