// The body of sprintf: Go's fmt over what OPA hands it (int64, float64, big integers, strings), with Go's texts for wrong verbs, missing
// and surplus arguments. In go a format and an array, out comes a string; wrong operands fail, nothing else does. Over 450 lines because all verbs share
// one set of flags.
import { TAG_NUMBER, TAG_STRING } from "../abi";
import { array_at } from "../array";
import {
  buffer_length, buffer_open, buffer_restore, buffer_start, buffer_string, put_byte, put_bytes, put_i64, put_rune, put_text,
} from "../buffer";
import { f64_ok, f64_parse, float_exponent, float_mantissa, float_of_f64, put_float } from "../float";
import { nat_of } from "../nat";
import { int64_of, int64_ok } from "../number";
import { number_integer, number_minus } from "../numeric";
import { is_printable, put_quoted, put_quoted_rune } from "../quote";
import { put_nat } from "../radix";
import { rego_text } from "../rego-dump";
import { rune_at, rune_width } from "../utf8";
import { string_of, tag, word_a, word_n } from "../value";
import { is_array, is_string } from "./operand";

const INT = 0;
const FLOAT = 1;
const BIG = 2;
const TEXT = 3;

// The argument at hand.
let kind: i32 = 0;
let int: i64 = 0;
let float: f64 = 0;
let big: usize = 0;
let big_negative: bool = false;
let text: usize = 0;

// The flags, width and precision of the verb at hand; -1 where absent.
let sharp: bool = false;
let zero: bool = false;
let plus: bool = false;
let minus: bool = false;
let space: bool = false;
let quote_value: bool = false;
let plus_value: bool = false;
let width: i32 = -1;
let precision: i32 = -1;

function clear_flags(): void {
  sharp = false;
  zero = false;
  plus = false;
  minus = false;
  space = false;
  quote_value = false;
  plus_value = false;
  width = -1;
  precision = -1;
}

/** Takes an argument as OPA's sprintf converts it. */
function take(v: usize): void {
  if (tag(v) == TAG_STRING) {
    kind = TEXT;
    text = v;
    return;
  }
  if (tag(v) != TAG_NUMBER) {
    kind = TEXT;
    text = rego_text(v);
    return;
  }
  int = int64_of(v);
  kind = INT;
  if (int64_ok) return;
  text = v;
  kind = TEXT;
  if (has_byte(v, 0x2e)) {
    float = f64_parse(word_a(v), word_n(v));
    if (f64_ok) kind = FLOAT;
  } else if (!has_byte(v, 0x65) && !has_byte(v, 0x45)) {
    big = number_integer(v);
    big_negative = number_minus;
    if (big != 0) kind = BIG;
  }
}

function has_byte(v: usize, byte: u8): bool {
  const at = word_a(v);
  for (let i = 0; i < word_n(v); i++) if (load<u8>(at + i) == byte) return true;
  return false;
}

function type_of(): string {
  return kind == INT ? "int64" : kind == FLOAT ? "float64" : kind == BIG ? "*big.Int" : "string";
}

/** Makes the name of the argument's type the text at hand. */
function take_type_name(): void {
  text = string_of(type_of());
  kind = TEXT;
}

function put_repeated(byte: i32, n: i32): void {
  for (let i = 0; i < n; i++) put_byte(byte);
}

/** Ends a piece that was written to its own buffer, and puts it padded into the one before. */
function put_padded(saved: usize, zeros: bool): void {
  const at = buffer_start();
  const length = buffer_length();
  buffer_restore(saved);
  let runes = 0;
  let p = at;
  const end = at + length;
  while (p < end) {
    rune_at(p, end);
    p += <usize>rune_width;
    runes++;
  }
  const missing = width - runes;
  if (!minus) put_repeated(zeros ? 0x30 : 0x20, missing);
  put_bytes(at, length);
  if (minus) put_repeated(0x20, missing);
}

function put_sign(negative: bool): void {
  if (negative) put_byte(0x2d);
  else if (plus) put_byte(0x2b);
  else if (space) put_byte(0x20);
}

/** The digits of the integer at hand, without a sign. */
function put_digits(base: i32, upper: bool): void {
  if (kind == BIG) put_nat(false, big, base, upper);
  else put_nat(false, nat_of(int < 0 ? 0 - <u64>int : <u64>int), base, upper);
}

function put_integer(verb: i32): void {
  const base = verb == 0x62 ? 2 : (verb | 0x20) == 0x6f ? 8 : (verb | 0x20) == 0x78 ? 16 : 10;
  const negative = kind == BIG ? big_negative : int < 0;
  const nothing = kind == INT && int == 0 && precision == 0;
  const saved = buffer_open(96);
  if (nothing) {
    put_padded(saved, false);
    return;
  }
  const digits = buffer_open(96);
  put_digits(base, verb == 0x58);
  const at = buffer_start();
  const length = buffer_length();
  buffer_restore(digits);
  // Go's big integers look through %+v.
  if (kind == BIG && plus_value) plus = true;
  const signed = negative || plus || space ? 1 : 0;
  let prefix = 0;
  if (verb == 0x4f) prefix = 2;
  else if (sharp) prefix = base == 10 ? 0 : base == 8 ? 1 : 2;
  // Go's small integers let the zero flag fill the whole width before a prefix is put; big ones count the prefix in.
  let least = precision;
  if (precision < 0 && zero && !minus && width >= 0) least = width - signed - (kind == BIG ? prefix : 0);
  const zeros = max(0, least - length);
  put_sign(negative);
  if (verb == 0x4f) put_text("0o");
  if (sharp && base == 2) put_text("0b");
  if (sharp && base == 16) put_text(verb == 0x58 ? "0X" : "0x");
  if (sharp && base == 8 && (kind == BIG ? verb != 0x4f : zeros == 0 && load<u8>(at) != 0x30)) put_byte(0x30);
  put_repeated(0x30, zeros);
  put_bytes(at, length);
  put_padded(saved, false);
}

function put_code_point(verb: i32): void {
  const rune = <u64>int > 0x10ffff ? 0xfffd : <i32>int;
  const saved = buffer_open(32);
  if (verb == 0x63) {
    put_rune(rune);
  } else if (verb == 0x71) {
    const valid = rune >= 0xd800 && rune < 0xe000 ? 0xfffd : rune;
    put_byte(0x27);
    if (valid >= 0x80 && is_printable(valid) && !plus) put_rune(valid);
    else put_quoted_rune(valid, 0x27, plus);
    put_byte(0x27);
  } else {
    put_text("U+");
    const digits = buffer_open(32);
    put_nat(false, nat_of(<u64>int), 16, true);
    const at = buffer_start();
    const length = buffer_length();
    buffer_restore(digits);
    put_repeated(0x30, max(4, precision) - length);
    put_bytes(at, length);
    if (sharp && <u64>int <= 0x10ffff && is_printable(rune)) {
      put_text(" '");
      put_rune(rune);
      put_byte(0x27);
    }
  }
  put_padded(saved, verb != 0x55 && zero);
}

function put_hex_float(f: usize, upper: bool): void {
  let mantissa = float_mantissa(f);
  let exponent = mantissa == 0 ? 0 : float_exponent(f) + 63;
  let digits = precision < 0 ? 15 : min(precision, 15);
  if (digits < 15) {
    const drop = <u64>(63 - digits * 4);
    const half: u64 = <u64>1 << (drop - 1);
    const rest = mantissa & ((half << 1) - 1);
    let top = mantissa >> drop;
    if (rest > half || (rest == half && (top & 1) != 0)) top++;
    if (digits < 15 && top >> <u64>(digits * 4 + 1) != 0) {
      top >>= 1;
      exponent++;
    }
    mantissa = top << drop;
  }
  put_text(upper ? "0X" : "0x");
  put_byte(mantissa == 0 ? 0x30 : 0x31);
  let fraction = mantissa << 1;
  if (precision < 0) {
    digits = 0;
    let rest = fraction;
    while (rest != 0) {
      rest <<= 4;
      digits++;
    }
  } else {
    digits = precision;
  }
  if (digits > 0) put_byte(0x2e);
  for (let i = 0; i < digits; i++) {
    const d = <i32>(fraction >> 60);
    put_byte(d < 10 ? 0x30 + d : (upper ? 0x37 : 0x57) + d);
    fraction <<= 4;
  }
  put_byte(upper ? 0x50 : 0x70);
  put_byte(exponent < 0 ? 0x2d : 0x2b);
  const size = exponent < 0 ? -exponent : exponent;
  if (size < 10) put_byte(0x30);
  put_i64(size);
}

/** The magnitude of the float at hand, without a sign. */
function put_magnitude(verb: i32): void {
  const f = float_of_f64(float);
  store<i32>(f, 0);
  switch (verb) {
    case 0x62: {
      // Mantissa and binary exponent as they stand in the float64; denormals share the lowest exponent.
      const drop = max(11, -1074 - float_exponent(f));
      put_nat(false, nat_of(drop < 64 ? float_mantissa(f) >> <u64>drop : 0), 10, false);
      put_byte(0x70);
      const exponent = float_mantissa(f) == 0 ? -1074 : float_exponent(f) + drop;
      if (exponent >= 0) put_byte(0x2b);
      put_i64(exponent);
      return;
    }
    case 0x78:
    case 0x58: put_hex_float(f, verb == 0x58); return;
    case 0x65:
    case 0x45: put_float(f, verb, precision < 0 ? 6 : precision, 53, true, 6); return;
    case 0x66:
    case 0x46: put_float(f, 0x66, precision < 0 ? 6 : precision, 53, true, 6); return;
    case 0x47: put_float(f, 0x47, precision, 53, true, 6); return;
  }
  put_float(f, 0x67, precision, 53, true, 6);
}

/** For the sharp flag: the text with a point and the zeros that %g leaves out. */
function put_sharp(verb: i32): void {
  const saved = buffer_open(96);
  put_magnitude(verb);
  const at = buffer_start();
  const length = buffer_length();
  buffer_restore(saved);
  const hex = (verb | 0x20) == 0x78;
  let digits = verb == 0x76 || (verb | 0x20) == 0x67 || verb == 0x78 ? (precision < 0 ? 6 : precision) : 0;
  let point = false;
  let seen = false;
  let tail = 0;
  while (tail < length) {
    const c = <i32>load<u8>(at + tail);
    if ((c | 0x20) == 0x70 || (!hex && (c | 0x20) == 0x65)) break;
    if (c == 0x2e) {
      point = true;
    } else {
      if (c != 0x30) seen = true;
      if (seen) digits--;
    }
    tail++;
  }
  put_bytes(at, tail);
  if (!point) {
    if (tail == 1 && load<u8>(at) == 0x30) digits--;
    put_byte(0x2e);
  }
  put_repeated(0x30, digits);
  put_bytes(at + tail, length - tail);
}

function put_float_verb(verb: i32): void {
  const negative = (reinterpret<u64>(float) >> 63) != 0;
  const saved = buffer_open(96);
  // Zero padding goes between sign and digits.
  if (zero && !minus && width >= 0 && (negative || plus || space)) {
    const inner = buffer_open(96);
    if (sharp && verb != 0x62) put_sharp(verb);
    else put_magnitude(verb);
    width -= 1;
    buffer_swap(inner, saved, negative);
    return;
  }
  put_sign(negative);
  if (sharp && verb != 0x62) put_sharp(verb);
  else put_magnitude(verb);
  put_padded(saved, zero);
}

/** Sign first, then the inner buffer padded with zeros. */
function buffer_swap(inner: usize, outer: usize, negative: bool): void {
  const at = buffer_start();
  const length = buffer_length();
  buffer_restore(inner);
  buffer_restore(outer);
  put_sign(negative);
  put_repeated(0x30, width - length);
  put_bytes(at, length);
}

function put_string_verb(verb: i32): void {
  const at = word_a(text);
  let length = word_n(text);
  if (verb == 0x78 || verb == 0x58) {
    put_bytes_hex(at, precision >= 0 ? min(precision, length) : length, verb == 0x58);
    return;
  }
  if (precision >= 0) {
    let p = at;
    for (let i = 0; i < precision && p < at + length; i++) {
      rune_at(p, at + length);
      p += <usize>rune_width;
    }
    length = <i32>(p - at);
  }
  const saved = buffer_open(<usize>length + 32);
  const quoted = verb == 0x71 || (verb == 0x76 && quote_value);
  if (!quoted) {
    put_bytes(at, length);
  } else if (sharp && can_backquote(at, length)) {
    put_byte(0x60);
    put_bytes(at, length);
    put_byte(0x60);
  } else {
    put_quoted(at, length, plus);
  }
  put_padded(saved, zero);
}

function can_backquote(at: usize, length: i32): bool {
  let p = at;
  while (p < at + length) {
    const rune = rune_at(p, at + length);
    if ((rune < 0x20 && rune != 9) || rune == 0x60 || rune == 0x7f || rune == 0xfeff || rune == 0xfffd && rune_width == 1) return false;
    p += <usize>rune_width;
  }
  return true;
}

function put_bytes_hex(at: usize, length: i32, upper: bool): void {
  const saved = buffer_open(<usize>length * 2 + 32);
  for (let i = 0; i < length; i++) {
    if (space && i > 0) put_byte(0x20);
    if (sharp && (i == 0 || space)) put_text(upper ? "0X" : "0x");
    const c = <i32>load<u8>(at + i);
    for (let shift = 4; shift >= 0; shift -= 4) {
      const d = (c >> shift) & 15;
      put_byte(d < 10 ? 0x30 + d : (upper ? 0x37 : 0x57) + d);
    }
  }
  put_padded(saved, zero);
}

function is_one_of(verb: i32, verbs: string): bool {
  for (let i = 0; i < verbs.length; i++) if (verbs.charCodeAt(i) == verb) return true;
  return false;
}

function put_bad_verb(verb: i32): void {
  put_text("%!");
  put_rune(verb);
  put_byte(0x28);
  if (kind == BIG) {
    put_text("big.Int=");
    put_nat(big_negative, big, 10, false);
  } else {
    put_text(type_of());
    put_byte(0x3d);
    put_argument(0x76);
  }
  put_byte(0x29);
}

function put_argument(verb: i32): void {
  if (verb == 0x54) {
    take_type_name();
    put_string_verb(0x73);
    return;
  }
  switch (kind) {
    case INT:
      if (is_one_of(verb, "vdboOxX")) put_integer(verb);
      else if (is_one_of(verb, "cqU")) put_code_point(verb);
      else put_bad_verb(verb);
      return;
    case FLOAT:
      if (is_one_of(verb, "vbgGxXfFeE")) put_float_verb(verb);
      else put_bad_verb(verb);
      return;
    case BIG:
      if (is_one_of(verb, "vdsboOxX")) put_integer(verb);
      else put_bad_verb(verb);
      return;
  }
  if (is_one_of(verb, "vsxXq")) put_string_verb(verb);
  else put_bad_verb(verb);
}

// Where the reader stands in the format, and in the arguments.
let at: usize = 0;
let end: usize = 0;
let args: usize = 0;
let next: i32 = 0;
let good_index: bool = false;
let reordered: bool = false;
let number_read: bool = false;

/** Digits as a number; number_read tells whether there were any. More than a million is too large and swallows the format, as in Go. */
function read_number(): i32 {
  let n = 0;
  number_read = false;
  while (at < end && <u32>load<u8>(at) - 0x30 <= 9) {
    if (n > 1000000) {
      number_read = false;
      at = end;
      return 0;
    }
    n = n * 10 + (<i32>load<u8>(at) - 0x30);
    number_read = true;
    at++;
  }
  return n;
}

/** An index like [3], if one stands here; true if it did and was well formed. */
function read_index(): bool {
  if (at >= end || load<u8>(at) != 0x5b) return false;
  reordered = true;
  const open = at;
  let close = open + 1;
  while (close < end && load<u8>(close) != 0x5d) close++;
  if (end - open < 3 || close >= end) {
    at = open + 1;
    good_index = false;
    return false;
  }
  at = open + 1;
  const outer = end;
  end = close;
  const n = read_number();
  const whole = number_read && at == close;
  end = outer;
  at = close + 1;
  if (!whole) {
    good_index = false;
    return false;
  }
  if (n >= 1 && n <= word_n(args)) next = n - 1;
  else good_index = false;
  return true;
}

/** Width or precision from an argument (`*`); number_read tells whether it was an integer. */
function read_star(): i32 {
  number_read = false;
  if (next >= word_n(args)) return 0;
  take(array_at(args, next));
  next++;
  number_read = kind == INT && int <= 1000000 && int >= -1000000;
  return number_read ? <i32>int : 0;
}

function read_flags(): void {
  while (at < end) {
    switch (<i32>load<u8>(at)) {
      case 0x23: sharp = true; break;
      case 0x30: zero = true; break;
      case 0x2b: plus = true; break;
      case 0x2d: minus = true; break;
      case 0x20: space = true; break;
      default: return;
    }
    at++;
  }
}

function read_precision(indexed: bool): bool {
  at++;
  if (indexed) good_index = false;
  let after = read_index();
  if (at < end && load<u8>(at) == 0x2a) {
    at++;
    precision = read_star();
    if (precision < 0) {
      precision = -1;
      number_read = false;
    }
    if (!number_read) {
      precision = -1;
      put_text("%!(BADPREC)");
    }
    return false;
  }
  precision = read_number();
  if (!number_read) precision = 0;
  return after;
}

function put_verb(): void {
  const verb = rune_at(at, end);
  at += <usize>rune_width;
  if (verb == 0x25) {
    put_byte(0x25);
  } else if (!good_index || next >= word_n(args)) {
    put_text("%!");
    put_rune(verb);
    put_text(good_index ? "(MISSING)" : "(BADINDEX)");
  } else {
    if (verb == 0x76) {
      quote_value = sharp;
      sharp = false;
      plus_value = plus;
      plus = false;
    }
    take(array_at(args, next));
    next++;
    put_argument(verb);
  }
}

/** One directive, `at` behind the percent sign; false if the format ended before its verb. */
function put_directive(): bool {
  good_index = true;
  clear_flags();
  read_flags();
  let indexed = read_index();
  if (at < end && load<u8>(at) == 0x2a) {
    at++;
    width = read_star();
    if (!number_read) {
      width = -1;
      put_text("%!(BADWIDTH)");
    } else if (width < 0) {
      width = -width;
      minus = true;
      zero = false;
    }
    indexed = false;
  } else {
    const n = read_number();
    width = number_read ? n : -1;
    if (indexed && number_read) good_index = false;
  }
  if (at + 1 < end && load<u8>(at) == 0x2e) indexed = read_precision(indexed);
  if (!indexed) read_index();
  if (at >= end) {
    put_text("%!(NOVERB)");
    return false;
  }
  put_verb();
  return true;
}

function put_surplus(): void {
  clear_flags();
  put_text("%!(EXTRA ");
  for (let i = next; i < word_n(args); i++) {
    if (i > next) put_text(", ");
    take(array_at(args, i));
    put_text(type_of());
    put_byte(0x3d);
    put_argument(0x76);
  }
  put_byte(0x29);
}

export function builtin_sprintf(format: usize, values: usize): usize {
  if (!is_string("sprintf", 1, format) || !is_array("sprintf", 2, values)) return 0;
  at = word_a(format);
  end = at + word_n(format);
  args = values;
  next = 0;
  reordered = false;
  const saved = buffer_open(<usize>word_n(format) + 64);
  while (at < end) {
    const from = at;
    while (at < end && load<u8>(at) != 0x25) at++;
    put_bytes(from, <i32>(at - from));
    if (at >= end) break;
    at++;
    if (!put_directive()) break;
  }
  if (!reordered && next < word_n(args)) put_surplus();
  return buffer_string(saved);
}
