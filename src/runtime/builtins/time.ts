// Bodies of time.*: times as nanoseconds since 1970, their calendars and texts. Zones that are not fixed (`UTC`, `GMT`, `Etc/GMT+5`) need
// a database that no module has: bodies named `mixed_…` hand such a call on to the host, under the number the emitter gives them.
import { STRING_ASCII, TAG_ARRAY, TAG_NUMBER } from "../abi";
import { array_append, array_at, array_new } from "../array";
import { buffer_open, buffer_string, put_byte, put_bytes, put_i64, put_text } from "../buffer";
import {
  civil_day, civil_hour, civil_minute, civil_month, civil_of, civil_second, civil_year, day_of_year, days_in_month, floor_div, month_name,
  seconds_of, weekday, weekday_name,
} from "../calendar";
import { float_is_int, float_negative, float_truncate } from "../float";
import { nat_bits, nat_low } from "../nat";
import { int64_of, int64_ok } from "../number";
import { number_float } from "../numeric";
import {
  DAY_1, DAY_2, DAY_BLANK, element_at, element_end, first_element, FRACTION, HOUR_12, HOUR_12_ZERO, HOUR_24, MINUTE, MINUTE_2, MONTH, MONTH_2,
  MONTH_NAME, MONTH_SHORT, named_layout, OFFSET, PM_LOWER, PM_UPPER, RFC3339, SECOND, SECOND_2, WEEKDAY_NAME, WEEKDAY_SHORT, YEAR_2, YEAR_4,
  YEAR_DAY_3, YEAR_DAY_BLANK, begins,
} from "../time-layout";
import { parse_time, parsed_nanos, parsed_seconds } from "../time-parse";
import { host_builtin1, host_builtin2, host_builtin4 } from "../trampolines";
import { number_int, string_at, string_of, tag, word_a, word_n } from "../value";
import { builtin_error, int_operand, is_int_operand, is_number, is_string, operand_error } from "./operand";

const BILLION: i64 = 1000000000;

/** A number box, or a failure where the sum does not fit. `nanos` is below a billion. */
function nanoseconds(name: string, seconds: i64, nanos: i64): usize {
  const high = seconds > 9223372036 || (seconds == 9223372036 && nanos > 854775807);
  const low = seconds < -9223372037 || (seconds == -9223372037 && nanos < 145224192);
  return high || low ? builtin_error(name, "time outside of valid range") : number_int(seconds * BILLION + nanos);
}

function layout_of(v: usize): usize {
  const named = named_layout(v);
  return named.length == 0 ? v : string_of(named);
}

export function builtin_time_parse_ns(layout: usize, text: usize): usize {
  const name = "time.parse_ns";
  if (!is_string(name, 1, layout) || !is_string(name, 2, text)) return 0;
  return parse_time(name, layout_of(layout), text) ? nanoseconds(name, parsed_seconds, parsed_nanos) : 0;
}

export function builtin_time_parse_rfc3339_ns(text: usize): usize {
  const name = "time.parse_rfc3339_ns";
  if (!is_string(name, 1, text)) return 0;
  return parse_time(name, string_of(RFC3339), text) ? nanoseconds(name, parsed_seconds, parsed_nanos) : 0;
}

// What `read_time` found.
let seconds: i64 = 0;
let nanos: i64 = 0;
/** Seconds east of UTC, and what the zone is called (0: by its offset). */
let offset: i64 = 0;
let zone: usize = 0;
/** The layout's string box, or 0. */
let layout: usize = 0;

const FAILED = 0;
const READ = 1;
/** The zone is not fixed: only a host knows. */
const FOREIGN = 2;

/** A number, or an array of number, name of a zone and layout. */
function read_time(name: string, v: usize): i32 {
  const list = tag(v) == TAG_ARRAY && word_n(v) > 0;
  if (!list && tag(v) != TAG_NUMBER) {
    operand_error(name, 1, v, "either number (ns) or [number (ns), string (tz)]");
    return FAILED;
  }
  const ns = list ? array_at(v, 0) : v;
  if (!is_number(name, 1, ns)) return FAILED;
  const parts = list ? word_n(v) : 1;
  offset = 0;
  zone = 0;
  layout = 0;
  let fixed = true;
  if (parts > 1) {
    if (!is_string(name, 1, array_at(v, 1))) return FAILED;
    fixed = read_zone(array_at(v, 1));
  }
  if (!fixed) return FOREIGN;
  if (parts > 2) {
    if (!is_string(name, 1, array_at(v, 2))) return FAILED;
    layout = array_at(v, 2);
  }
  const time = exact_int64(ns);
  if (!int64_exact) {
    builtin_error(name, "timestamp too big");
    return FAILED;
  }
  seconds = floor_div(time, BILLION);
  nanos = time - seconds * BILLION;
  return READ;
}

let int64_exact: bool = false;

/** The integer a number is, as OPA takes it out of a big float; sets int64_exact. */
function exact_int64(v: usize): i64 {
  int64_exact = true;
  const plain = int64_of(v);
  if (int64_ok) return plain;
  int64_exact = false;
  const f = number_float(v);
  if (f == 0 || !float_is_int(f)) return 0;
  const nat = float_truncate(f);
  const low = nat_bits(nat) > 64 ? 0 : nat_low(nat);
  const minus = float_negative(f);
  int64_exact = nat_bits(nat) < 64 || (minus && nat_bits(nat) == 64 && low == 0x8000000000000000);
  return minus ? 0 - <i64>low : <i64>low;
}

/** Zones that never change: UTC under its names, GMT and its fixed distances. False for all others. */
function read_zone(v: usize): bool {
  const at = word_a(v);
  const n = word_n(v);
  const end = at + <usize>n;
  if (n == 0) return true;
  if (n == 3 && (begins(at, end, "UTC") || begins(at, end, "GMT"))) {
    zone = v;
    return true;
  }
  if (n == 7 && (begins(at, end, "Etc/UTC") || begins(at, end, "Etc/GMT"))) {
    zone = string_at(at + 4, 3, STRING_ASCII);
    return true;
  }
  if (n < 9 || n > 10 || !begins(at, end, "Etc/GMT")) return false;
  const sign = load<u8>(at, 7);
  const first = <i32>load<u8>(at, 8) - 0x30;
  const second = n == 10 ? <i32>load<u8>(at, 9) - 0x30 : 0;
  if ((sign != 0x2b && sign != 0x2d) || first < 1 || first > 9 || second < 0 || second > 9) return false;
  const hours = n == 10 ? first * 10 + second : first;
  // The names count westwards, and there are no more of them than these.
  if (hours > (sign == 0x2b ? 12 : 14)) return false;
  offset = <i64>(sign == 0x2b ? -hours : hours) * 3600;
  const saved = buffer_open(8);
  put_byte(offset < 0 ? 0x2d : 0x2b);
  put_padded(hours, 2, 0x30);
  zone = buffer_string(saved);
  return true;
}

/** The local time that `read_time` found, to the calendar's variables. */
function local(): void {
  civil_of(seconds + offset);
}

function three(a: i64, b: i64, c: i64): usize {
  const list = array_new(3);
  array_append(list, number_int(a));
  array_append(list, number_int(b));
  array_append(list, number_int(c));
  return list;
}

export function mixed_time_date(id: i32, context: i32, v: usize): usize {
  const found = read_time("time.date", v);
  if (found == FOREIGN) return host_builtin1(id, context, <i32>v);
  if (found == FAILED) return 0;
  local();
  return three(civil_year, civil_month, civil_day);
}

export function mixed_time_clock(id: i32, context: i32, v: usize): usize {
  const found = read_time("time.clock", v);
  if (found == FOREIGN) return host_builtin1(id, context, <i32>v);
  if (found == FAILED) return 0;
  local();
  return three(civil_hour, civil_minute, civil_second);
}

export function mixed_time_weekday(id: i32, context: i32, v: usize): usize {
  const found = read_time("time.weekday", v);
  if (found == FOREIGN) return host_builtin1(id, context, <i32>v);
  if (found == FAILED) return 0;
  local();
  return string_of(weekday_name(weekday(civil_year, civil_month, civil_day)));
}

/** Beyond this no sum of the calendar's units can be a time. */
const FAR: i64 = 1000000000000;

export function mixed_time_add_date(id: i32, context: i32, v: usize, years: usize, months: usize, days: usize): usize {
  const name = "time.add_date";
  const found = read_time(name, v);
  if (found == FOREIGN) return host_builtin4(id, context, <i32>v, <i32>years, <i32>months, <i32>days);
  if (found == FAILED || !is_int_operand(name, 2, years)) return 0;
  const y = int_operand;
  if (!is_int_operand(name, 3, months)) return 0;
  const m = int_operand;
  if (!is_int_operand(name, 4, days)) return 0;
  const d = int_operand;
  if (y > FAR || y < -FAR || m > FAR || m < -FAR || d > FAR || d < -FAR) return builtin_error(name, "time outside of valid range");
  local();
  const moved = seconds_of(civil_year + y, civil_month + m, civil_day + d, civil_hour, civil_minute, civil_second);
  return nanoseconds(name, moved - offset, nanos);
}

export function mixed_time_diff(id: i32, context: i32, a: usize, b: usize): usize {
  const name = "time.diff";
  const first = read_time(name, a);
  if (first == FAILED) return 0;
  const a_seconds = seconds;
  const a_nanos = nanos;
  const a_offset = offset;
  // The host judges the first time before the second one, as OPA does.
  if (first == FOREIGN) return host_builtin2(id, context, <i32>a, <i32>b);
  const second = read_time(name, b);
  if (second == FAILED) return 0;
  if (second == FOREIGN) return host_builtin2(id, context, <i32>a, <i32>b);
  const later = a_seconds > seconds || (a_seconds == seconds && a_nanos > nanos);
  civil_of((later ? seconds : a_seconds) + a_offset);
  const year = civil_year;
  const month = civil_month;
  const day = civil_day;
  const hour = civil_hour;
  const minute = civil_minute;
  const sec = civil_second;
  civil_of((later ? a_seconds : seconds) + a_offset);
  const units = array_new(6);
  // What a small unit lacks it borrows from the next larger one.
  let s = civil_second - sec;
  let mi = civil_minute - minute;
  let h = civil_hour - hour;
  let d = civil_day - day;
  let mo = civil_month - month;
  let y = civil_year - year;
  if (s < 0) {
    s += 60;
    mi--;
  }
  if (mi < 0) {
    mi += 60;
    h--;
  }
  if (h < 0) {
    h += 24;
    d--;
  }
  if (d < 0) {
    d += days_in_month(year, month);
    mo--;
  }
  if (mo < 0) {
    mo += 12;
    y--;
  }
  array_append(units, number_int(y));
  array_append(units, number_int(mo));
  array_append(units, number_int(d));
  array_append(units, number_int(h));
  array_append(units, number_int(mi));
  array_append(units, number_int(s));
  return units;
}

export function mixed_time_format(id: i32, context: i32, v: usize): usize {
  const found = read_time("time.format", v);
  if (found == FOREIGN) return host_builtin1(id, context, <i32>v);
  if (found == FAILED) return 0;
  const form = layout == 0 || word_n(layout) == 0 ? string_of("2006-01-02T15:04:05.999999999Z07:00") : layout_of(layout);
  local();
  let at = word_a(form);
  const end = at + <usize>word_n(form);
  const saved = buffer_open(64);
  while (at < end) {
    const kind = first_element(at, end);
    const from = element_at;
    const to = element_end;
    put_bytes(at, <i32>(from - at));
    if (kind != 0) put_element(kind, from, <i32>(to - from));
    at = to;
  }
  return buffer_string(saved);
}

function put_padded(n: i64, width: i32, fill: i32): void {
  let size = n < 0 ? -n : n;
  if (n < 0) put_byte(0x2d);
  let limit: i64 = 10;
  for (let i = 1; i < width; i++) {
    if (size < limit) {
      let have = 1;
      for (let rest = size / 10; rest > 0; rest /= 10) have++;
      for (let j = have; j < width; j++) put_byte(fill);
      break;
    }
    limit *= 10;
  }
  put_i64(size);
}

function put_short(text: string): void {
  for (let i = 0; i < 3; i++) put_byte(text.charCodeAt(i));
}

function twelve(): i64 {
  const hour = civil_hour % 12;
  return hour == 0 ? 12 : hour;
}

function put_element(kind: i32, at: usize, length: i32): void {
  const day = weekday(civil_year, civil_month, civil_day);
  switch (kind) {
    case YEAR_2: put_padded((civil_year < 0 ? -civil_year : civil_year) % 100, 2, 0x30); return;
    case YEAR_4: put_padded(civil_year, 4, 0x30); return;
    case MONTH_NAME: put_text(month_name(civil_month)); return;
    case MONTH_SHORT: put_short(month_name(civil_month)); return;
    case MONTH: put_i64(civil_month); return;
    case MONTH_2: put_padded(civil_month, 2, 0x30); return;
    case WEEKDAY_NAME: put_text(weekday_name(day)); return;
    case WEEKDAY_SHORT: put_short(weekday_name(day)); return;
    case DAY_1: put_i64(civil_day); return;
    case DAY_BLANK: put_padded(civil_day, 2, 0x20); return;
    case DAY_2: put_padded(civil_day, 2, 0x30); return;
    case YEAR_DAY_BLANK: put_padded(day_of_year(civil_year, civil_month, civil_day), 3, 0x20); return;
    case YEAR_DAY_3: put_padded(day_of_year(civil_year, civil_month, civil_day), 3, 0x30); return;
    case HOUR_24: put_padded(civil_hour, 2, 0x30); return;
    case HOUR_12: put_i64(twelve()); return;
    case HOUR_12_ZERO: put_padded(twelve(), 2, 0x30); return;
    case MINUTE: put_i64(civil_minute); return;
    case MINUTE_2: put_padded(civil_minute, 2, 0x30); return;
    case SECOND: put_i64(civil_second); return;
    case SECOND_2: put_padded(civil_second, 2, 0x30); return;
    case PM_UPPER: put_text(civil_hour >= 12 ? "PM" : "AM"); return;
    case PM_LOWER: put_text(civil_hour >= 12 ? "pm" : "am"); return;
    case OFFSET: put_offset(at, length); return;
    case FRACTION: put_fraction(at, length); return;
  }
  if (zone == 0) put_text("UTC");
  else put_bytes(word_a(zone), word_n(zone));
}

function put_offset(at: usize, length: i32): void {
  if (offset == 0 && load<u8>(at) == 0x5a) {
    put_byte(0x5a);
    return;
  }
  const minutes = (offset < 0 ? -offset : offset) / 60;
  const colon = length == 6 || length == 9;
  put_byte(offset < 0 ? 0x2d : 0x2b);
  put_padded(minutes / 60, 2, 0x30);
  if (length > 3) {
    if (colon) put_byte(0x3a);
    put_padded(minutes % 60, 2, 0x30);
  }
  // Fixed zones have no odd seconds.
  if (length >= 7) put_text(colon ? ":00" : "00");
}

function put_fraction(at: usize, length: i32): void {
  let places = length - 1;
  let digits: i64 = nanos;
  const exact = load<u8>(at, 1) == 0x30;
  const shown = min(places, 9);
  for (let i = shown; i < 9; i++) digits /= 10;
  places = shown;
  if (!exact) {
    while (places > 0 && digits % 10 == 0) {
      digits /= 10;
      places--;
    }
    if (places == 0) return;
  }
  put_byte(<i32>load<u8>(at));
  put_padded(digits, places, 0x30);
}
