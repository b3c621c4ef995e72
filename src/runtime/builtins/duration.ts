// Body of time.parse_duration_ns: durations like `1h30m` in the units of Go's time package and OPA's days, weeks and years. A text in,
// nanoseconds out; complaints are Go's.
import { buffer_open, buffer_string, put_byte, put_bytes, put_text } from "../buffer";
import { is_decimal, respell, respelled_length } from "../decimal";
import { f64_ok, f64_parse, float_of_f64, put_float } from "../float";
import { put_quoted } from "../quote";
import { put_quote } from "../time-parse";
import { number_int, word_a, word_n } from "../value";
import { builtin_error_close, builtin_error_open, is_string } from "./operand";

const NAME = "time.parse_duration_ns";
const LIMIT: u64 = 0x8000000000000000;

let text: usize = 0;
/** Texts in long units are OPA's own matter, and quoted otherwise than by Go's time package. */
let long: bool = false;

function put_shown(): void {
  if (long) put_quoted(word_a(text), word_n(text), false);
  else put_quote(word_a(text), word_a(text) + <usize>word_n(text));
}

function invalid(): usize {
  const saved = builtin_error_open(NAME);
  put_text("time: invalid duration ");
  put_shown();
  return builtin_error_close(saved);
}

function without_unit(): usize {
  const saved = builtin_error_open(NAME);
  put_text("time: missing unit in duration ");
  put_shown();
  return builtin_error_close(saved);
}

function unknown_unit(at: usize, length: i32): usize {
  const saved = builtin_error_open(NAME);
  put_text("time: unknown unit ");
  put_quote(at, at + <usize>length);
  put_text(" in duration ");
  put_shown();
  return builtin_error_close(saved);
}

export function builtin_time_parse_duration_ns(v: usize): usize {
  if (!is_string(NAME, 1, v)) return 0;
  text = v;
  if (word_n(v) == 0) return invalid();
  long = false;
  for (let i = 0; i < word_n(v); i++) {
    const c = load<u8>(word_a(v) + i);
    if (c == 0x64 || c == 0x77 || c == 0x79) long = true;
  }
  const plain = long ? in_hours(v) : v;
  return plain == 0 ? invalid() : parse_plain(word_a(plain), word_n(plain));
}

// @ts-ignore: decorator
@inline
function is_number(c: i32): bool {
  return (c >= 0x30 && c <= 0x39) || c == 0x2e;
}

/** Segments in days, weeks and years rewritten to hours, or 0. */
function in_hours(v: usize): usize {
  let p = word_a(v);
  const end = p + <usize>word_n(v);
  const saved = buffer_open(64);
  let good = true;
  if (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d) put_byte(<i32>load<u8>(p++));
  if (p == end) good = false;
  while (good && p < end) {
    const from = p;
    while (p < end && is_number(<i32>load<u8>(p))) p++;
    const digits = <i32>(p - from);
    const size = unit_length(p, end);
    if (digits == 0 || size == 0) {
      good = false;
      break;
    }
    const c = load<u8>(p);
    const hours: f64 = size > 1 ? 0 : c == 0x64 ? 24 : c == 0x77 ? 168 : c == 0x79 ? 8760 : 0;
    if (hours == 0) put_bytes(from, digits + size);
    else if (is_decimal(from, digits)) {
      const spelled = respell(from, digits);
      const f = f64_parse(spelled, respelled_length) * hours;
      if (!f64_ok || f == Infinity) good = false;
      else put_float(float_of_f64(f), 0x66, -1, 53, true, 21);
      put_byte(0x68);
    } else good = false;
    p += <usize>size;
  }
  const plain = buffer_string(saved);
  return good ? plain : 0;
}

/** Bytes of the unit at `p` as OPA cuts texts with long units, 0 for none. */
function unit_length(p: usize, end: usize): i32 {
  if (p >= end) return 0;
  const c = load<u8>(p);
  const next = p + 1 < end ? load<u8>(p, 1) : 0;
  if ((c == 0x6d || c == 0x75 || c == 0x6e) && next == 0x73) return 2;
  if (c == 0xc2 && next == 0xb5 && p + 2 < end && load<u8>(p, 2) == 0x73) return 3;
  return c >= 0x61 && c <= 0x7a ? 1 : 0;
}

/** Nanoseconds of a unit, 0 for none. */
function unit_size(at: usize, n: i32): u64 {
  const c = load<u8>(at);
  if (n == 1) {
    if (c == 0x73) return 1000000000;
    if (c == 0x6d) return 60000000000;
    return c == 0x68 ? 3600000000000 : 0;
  }
  if (load<u8>(at + n - 1) != 0x73) return 0;
  if (n == 2) {
    if (c == 0x6e) return 1;
    if (c == 0x75) return 1000;
    return c == 0x6d ? 1000000 : 0;
  }
  const letter = <i32>c << 8 | <i32>load<u8>(at, 1);
  return n == 3 && (letter == 0xc2b5 || letter == 0xcebc) ? 1000 : 0;
}

function parse_plain(at: usize, n: i32): usize {
  let p = at;
  const end = at + <usize>n;
  const negative = load<u8>(p) == 0x2d;
  if (negative || load<u8>(p) == 0x2b) p++;
  if (p == end) return invalid();
  if (p + 1 == end && load<u8>(p) == 0x30) return number_int(0);
  let total: u64 = 0;
  while (p < end) {
    if (!is_number(<i32>load<u8>(p))) return invalid();
    let whole: u64 = 0;
    let digits = 0;
    while (p < end && load<u8>(p) >= 0x30 && load<u8>(p) <= 0x39) {
      if (whole > LIMIT / 10) return invalid();
      whole = whole * 10 + load<u8>(p) - 0x30;
      if (whole > LIMIT) return invalid();
      digits++;
      p++;
    }
    // Digits of the fraction that fit into int64; the others are dropped.
    let fraction: u64 = 0;
    let scale: f64 = 1;
    if (p < end && load<u8>(p) == 0x2e) {
      p++;
      let full = false;
      while (p < end && load<u8>(p) >= 0x30 && load<u8>(p) <= 0x39) {
        const next = fraction * 10 + load<u8>(p) - 0x30;
        if (fraction > (LIMIT - 1) / 10 || next > LIMIT) full = true;
        if (!full) {
          fraction = next;
          scale *= 10;
        }
        digits++;
        p++;
      }
    }
    if (digits == 0) return invalid();
    const from = p;
    while (p < end && !is_number(<i32>load<u8>(p))) p++;
    if (p == from) return without_unit();
    const size = unit_size(from, <i32>(p - from));
    if (size == 0) return unknown_unit(from, <i32>(p - from));
    if (whole > LIMIT / size) return invalid();
    whole *= size;
    if (fraction > 0) whole += <u64>(<f64>fraction * (<f64>size / scale));
    if (whole > LIMIT) return invalid();
    total += whole;
    if (total > LIMIT) return invalid();
  }
  if (!negative && total == LIMIT) return invalid();
  return number_int(negative ? 0 - <i64>total : <i64>total);
}
