// Go's spelling of decimal numbers, which is wider than JSON's: `+1`, `.5`, `5.` and `007` too. In goes a text, out comes a truth or JSON's spelling.
import { alloc } from "./memory";

/** Whether the last text that `is_decimal` accepted is JSON as it stands. */
export let decimal_plain: bool = false;

function digits_end(at: usize, end: usize): usize {
  while (at < end && <u32>load<u8>(at) - 0x30 <= 9) at++;
  return at;
}

/** Sign, digits, fraction, exponent: at least one digit before or behind the point. */
export function is_decimal(at: usize, length: i32): bool {
  const end = at + length;
  let p = at;
  decimal_plain = true;
  if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) {
    decimal_plain = load<u8>(p) == 0x2d;
    p++;
  }
  const whole = p;
  p = digits_end(p, end);
  let digits = <i32>(p - whole);
  if (digits == 0 || (digits > 1 && load<u8>(whole) == 0x30)) decimal_plain = false;
  if (p < end && load<u8>(p) == 0x2e) {
    const fraction = p + 1;
    p = digits_end(fraction, end);
    if (p == fraction) decimal_plain = false;
    digits += <i32>(p - fraction);
  }
  if (digits == 0) return false;
  if (p < end && (load<u8>(p) | 0x20) == 0x65) {
    p++;
    if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) p++;
    const exponent = p;
    p = digits_end(p, end);
    if (p == exponent) return false;
  }
  return p == end;
}

/** Length of what `respell` wrote. */
export let respelled_length: i32 = 0;

/** Address of JSON's spelling of a text that `is_decimal` accepts; its length goes to respelled_length. */
export function respell(at: usize, length: i32): usize {
  const to = alloc(<usize>length + 2);
  let out = to;
  let p = at;
  const end = at + length;
  if (load<u8>(p) == 0x2d) store<u8>(out++, 0x2d);
  if (load<u8>(p) == 0x2d || load<u8>(p) == 0x2b) p++;
  while (p + 1 < end && load<u8>(p) == 0x30 && <u32>load<u8>(p, 1) - 0x30 <= 9) p++;
  if (load<u8>(p) == 0x2e) store<u8>(out++, 0x30);
  while (p < end) {
    const bare = load<u8>(p) == 0x2e && (p + 1 == end || <u32>load<u8>(p, 1) - 0x30 > 9);
    if (!bare) store<u8>(out++, load<u8>(p));
    p++;
  }
  respelled_length = <i32>(out - to);
  return to;
}
