// Texts to times by a Go layout. In go a layout and a text, out come seconds since 1970 and nanoseconds in the exported variables, or false
// after a failure with Go's complaint. Texts without a zone, and those with the name of one only, count as UTC.
import { put_byte, put_bytes, put_text } from "./buffer";
import { builtin_error_close, builtin_error_open } from "./builtins/operand";
import { days_in_month, days_of, month_name, seconds_of, weekday_name } from "./calendar";
import { put_hex } from "./quote";
import {
  DAY_1, DAY_2, DAY_BLANK, element_at, element_end, first_element, FRACTION, HOUR_12, HOUR_12_ZERO, HOUR_24, MINUTE, MINUTE_2, MONTH, MONTH_2,
  MONTH_NAME, MONTH_SHORT, OFFSET, PM_LOWER, PM_UPPER, SECOND, SECOND_2, WEEKDAY_NAME, WEEKDAY_SHORT, YEAR_2, YEAR_4, YEAR_DAY_3,
  YEAR_DAY_BLANK, ZONE_NAME, begins,
} from "./time-layout";
import { word_a, word_n } from "./value";

export let parsed_seconds: i64 = 0;
export let parsed_nanos: i64 = 0;

let name: string = "";
let whole: usize = 0;
let layout: usize = 0;
let p: usize = 0;
let end: usize = 0;
/** What is out of its range, if that is why an element did not fit. */
let beyond: string = "";

let year: i64 = 0;
let month: i64 = -1;
let day: i64 = -1;
let year_day: i64 = -1;
let hour: i64 = 0;
let minute: i64 = 0;
let second: i64 = 0;
let nanos: i64 = 0;
/** 1 for AM, 2 for PM. */
let half: i32 = 0;
let offset: i64 = 0;

/** Go's own quoting in these messages: bytes beyond ASCII and control characters as `\x…`. */
export function put_quote(at: usize, to: usize): void {
  put_byte(0x22);
  for (let q = at; q < to; q++) {
    const c = <i32>load<u8>(q);
    if (c >= 0x80 || c < 0x20) {
      put_text("\\x");
      put_hex(<u32>c, 2);
      continue;
    }
    if (c == 0x22 || c == 0x5c) put_byte(0x5c);
    put_byte(c);
  }
  put_byte(0x22);
}

function open(): usize {
  const saved = builtin_error_open(name);
  put_text("parsing time ");
  put_quote(word_a(whole), word_a(whole) + <usize>word_n(whole));
  return saved;
}

function misread(from: usize, element: usize, element_to: usize): bool {
  const saved = open();
  put_text(" as ");
  put_quote(word_a(layout), word_a(layout) + <usize>word_n(layout));
  put_text(": cannot parse ");
  put_quote(from, end);
  put_text(" as ");
  put_quote(element, element_to);
  builtin_error_close(saved);
  return false;
}

function wrong(message: string): bool {
  const saved = open();
  put_text(message);
  builtin_error_close(saved);
  return false;
}

export function parse_time(builtin: string, layout_text: usize, text: usize): bool {
  name = builtin;
  whole = text;
  layout = layout_text;
  p = word_a(text);
  end = p + <usize>word_n(text);
  year = 0;
  month = -1;
  day = -1;
  year_day = -1;
  hour = 0;
  minute = 0;
  second = 0;
  nanos = 0;
  half = 0;
  offset = 0;
  let at = word_a(layout);
  const last = at + <usize>word_n(layout);
  while (true) {
    const kind = first_element(at, last);
    const from = element_at;
    const to = element_end;
    if (!skip(at, from)) return misread(p, at, from);
    if (kind == 0) break;
    const before = p;
    beyond = "";
    if (!read_element(kind, from, to, last)) {
      if (beyond.length == 0) return misread(before, from, to);
      const saved = open();
      put_text(": ");
      put_text(beyond);
      put_text(" out of range");
      builtin_error_close(saved);
      return false;
    }
    at = to;
  }
  if (p < end) {
    const saved = open();
    put_text(": extra text: ");
    put_quote(p, end);
    builtin_error_close(saved);
    return false;
  }
  return assemble();
}

/** A blank in the layout stands for any number of blanks, also none at the end of the text. */
function skip(from: usize, to: usize): bool {
  let q = from;
  while (q < to) {
    if (load<u8>(q) == 0x20) {
      if (p < end && load<u8>(p) != 0x20) return false;
      while (q < to && load<u8>(q) == 0x20) q++;
      while (p < end && load<u8>(p) == 0x20) p++;
    } else {
      if (p >= end || load<u8>(p) != load<u8>(q)) return false;
      q++;
      p++;
    }
  }
  return true;
}

// @ts-ignore: decorator
@inline
function digit(at: usize): i32 {
  const d = at < end ? <i32>load<u8>(at) - 0x30 : -1;
  return d >= 0 && d <= 9 ? d : -1;
}

/** The number that `digits` read. */
let value: i64 = 0;

/** At least `least` and at most `most` digits. */
function digits(least: i32, most: i32): bool {
  let n = 0;
  value = 0;
  while (n < most && digit(p + n) >= 0) {
    value = value * 10 + digit(p + n);
    n++;
  }
  if (n < least) return false;
  p += <usize>n;
  return true;
}

function in_range(low: i64, high: i64, what: string): bool {
  if (value >= low && value <= high) return true;
  beyond = what;
  return false;
}

/** Whether the text goes on with this name, letters compared without case; then it is taken. */
function takes_name(text: string, length: i32): bool {
  if (p + <usize>length > end) return false;
  for (let i = 0; i < length; i++) {
    const c = <i32>load<u8>(p + i);
    const lower = c >= 0x41 && c <= 0x5a ? c | 0x20 : c;
    if (lower != (text.charCodeAt(i) | 0x20)) return false;
  }
  p += <usize>length;
  return true;
}

function read_name(months: bool, short: bool): bool {
  const count = months ? 12 : 7;
  for (let i = 0; i < count; i++) {
    const text = months ? month_name(i + 1) : weekday_name(i);
    if (!takes_name(text, short ? 3 : text.length)) continue;
    if (months) month = i + 1;
    return true;
  }
  return false;
}

function read_element(kind: i32, at: usize, to: usize, last: usize): bool {
  switch (kind) {
    case YEAR_2: {
      if (!digits(2, 2)) return false;
      year = value + (value >= 69 ? 1900 : 2000);
      return true;
    }
    case YEAR_4: {
      if (!digits(4, 4)) return false;
      year = value;
      return true;
    }
    case MONTH_NAME: return read_name(true, false);
    case MONTH_SHORT: return read_name(true, true);
    case WEEKDAY_NAME: return read_name(false, false);
    case WEEKDAY_SHORT: return read_name(false, true);
    case MONTH:
    case MONTH_2: {
      if (!digits(kind == MONTH ? 1 : 2, 2) || !in_range(1, 12, "month")) return false;
      month = value;
      return true;
    }
    case DAY_BLANK:
    case DAY_1:
    case DAY_2: {
      if (kind == DAY_BLANK && p < end && load<u8>(p) == 0x20) p++;
      if (!digits(kind == DAY_2 ? 2 : 1, 2)) return false;
      day = value;
      return true;
    }
    case YEAR_DAY_BLANK:
    case YEAR_DAY_3: {
      if (kind == YEAR_DAY_BLANK) for (let i = 0; i < 2 && p < end && load<u8>(p) == 0x20; i++) p++;
      if (!digits(kind == YEAR_DAY_3 ? 3 : 1, 3)) return false;
      year_day = value;
      return true;
    }
  }
  return read_clock(kind, at, to, last);
}

function read_clock(kind: i32, at: usize, to: usize, last: usize): bool {
  switch (kind) {
    case HOUR_24: {
      if (!digits(1, 2) || !in_range(0, 23, "hour")) return false;
      hour = value;
      return true;
    }
    case HOUR_12:
    case HOUR_12_ZERO: {
      if (!digits(kind == HOUR_12 ? 1 : 2, 2) || !in_range(0, 12, "hour")) return false;
      hour = value;
      return true;
    }
    case MINUTE:
    case MINUTE_2: {
      if (!digits(kind == MINUTE ? 1 : 2, 2) || !in_range(0, 59, "minute")) return false;
      minute = value;
      return true;
    }
    case SECOND:
    case SECOND_2: {
      if (!digits(kind == SECOND ? 1 : 2, 2) || !in_range(0, 59, "second")) return false;
      second = value;
      // A fraction is taken along even where the layout has none.
      if (has_fraction() && first_element(to, last) != FRACTION) read_fraction(0);
      return true;
    }
    case PM_UPPER:
    case PM_LOWER: {
      const shift = kind == PM_LOWER ? 0x20 : 0;
      if (p + 2 > end || <i32>load<u8>(p, 1) != (0x4d | shift)) return false;
      const c = <i32>load<u8>(p);
      if (c != (0x41 | shift) && c != (0x50 | shift)) return false;
      half = c == (0x50 | shift) ? 2 : 1;
      p += 2;
      return true;
    }
    case ZONE_NAME: return read_zone_name();
    case OFFSET: return read_offset(at, <i32>(to - at));
  }
  if (load<u8>(at, 1) == 0x30) return has_fraction() && read_fraction(<i32>(to - at) - 1);
  if (has_fraction()) read_fraction(0);
  return true;
}

function has_fraction(): bool {
  return p < end && (load<u8>(p) == 0x2e || load<u8>(p) == 0x2c) && digit(p + 1) >= 0;
}

/** The digits behind a point or comma; exactly `count` of them unless that is 0. */
function read_fraction(count: i32): bool {
  let n = 0;
  let sum: i64 = 0;
  while ((count == 0 || n < count) && digit(p + 1 + n) >= 0) {
    if (n < 9) sum = sum * 10 + digit(p + 1 + n);
    n++;
  }
  if (count != 0 && n < count) return false;
  for (let i = n; i < 9; i++) sum *= 10;
  nanos = sum;
  p += 1 + <usize>n;
  return true;
}

function read_offset(at: usize, length: i32): bool {
  if (load<u8>(at) == 0x5a && p < end && load<u8>(p) == 0x5a) {
    p++;
    offset = 0;
    return true;
  }
  const colon = length == 6 || length == 9;
  const parts = length == 3 ? 1 : length < 7 ? 2 : 3;
  if (<i32>(end - p) < length) return false;
  if (colon && (load<u8>(p, 3) != 0x3a || (length == 9 && load<u8>(p, 6) != 0x3a))) return false;
  const sign = load<u8>(p);
  // Like Go: after the first part that is no number all are 0, what is too large is told before what does not fit, the last part first.
  let fits = true;
  let hours: i64 = 0;
  let minutes: i64 = 0;
  let seconds: i64 = 0;
  for (let i = 0; i < parts; i++) {
    const q = p + 1 + <usize>(i * (colon ? 3 : 2));
    if (digit(q) < 0 || digit(q + 1) < 0) fits = false;
    const part = fits ? digit(q) * 10 + digit(q + 1) : 0;
    if (i == 0) hours = part;
    else if (i == 1) minutes = part;
    else seconds = part;
  }
  p += length;
  value = seconds;
  if (!in_range(0, 60, "time zone offset second")) return false;
  value = minutes;
  if (!in_range(0, 60, "time zone offset minute")) return false;
  value = hours;
  if (!in_range(0, 24, "time zone offset hour")) return false;
  if (!fits || (sign != 0x2b && sign != 0x2d)) return false;
  offset = hours * 3600 + minutes * 60 + seconds;
  if (sign == 0x2d) offset = -offset;
  return true;
}

/** Names give no offset, not even `GMT+3` or `+03`: in Go they name a zone of which nothing is known. */
function read_zone_name(): bool {
  if (begins(p, end, "UTC")) {
    p += 3;
    return true;
  }
  if (begins(p, end, "ChST") || begins(p, end, "MeST")) {
    p += 4;
    return true;
  }
  const gmt = begins(p, end, "GMT");
  const sign = gmt ? p + 3 : p;
  if (sign < end && (load<u8>(sign) == 0x2b || load<u8>(sign) == 0x2d) && digit(sign + 1) >= 0) {
    let q = sign + 1;
    let number: i64 = 0;
    while (digit(q) >= 0) {
      if (number < 1000) number = number * 10 + digit(q);
      q++;
    }
    if (number <= 23) p = q;
    else if (gmt) p = sign;
    else return false;
    return true;
  }
  if (gmt) {
    p += 3;
    return true;
  }
  let n: usize = 0;
  while (p + n < end && load<u8>(p + n) >= 0x41 && load<u8>(p + n) <= 0x5a) n++;
  const good = n == 3 || (n == 4 && (load<u8>(p, 3) == 0x54 || begins(p, end, "WITA"))) || (n == 5 && load<u8>(p, 4) == 0x54);
  if (good) p += n;
  return good;
}

function assemble(): bool {
  if (half == 2 && hour < 12) hour += 12;
  else if (half == 1 && hour == 12) hour = 0;
  if (year_day >= 0) {
    if (year_day < 1 || year_day > days_of(year + 1, 1, 1) - days_of(year, 1, 1)) return wrong(": day-of-year out of range");
    let m: i64 = 1;
    let d = year_day;
    while (d > days_in_month(year, m)) {
      d -= days_in_month(year, m);
      m++;
    }
    if (month >= 0 && month != m) return wrong(": day-of-year does not match month");
    if (day >= 0 && day != d) return wrong(": day-of-year does not match day");
    month = m;
    day = d;
  }
  if (month < 0) month = 1;
  if (day < 0) day = 1;
  if (day < 1 || day > days_in_month(year, month)) return wrong(": day out of range");
  parsed_seconds = seconds_of(year, month, day, hour, minute, second) - offset;
  parsed_nanos = nanos;
  return true;
}
