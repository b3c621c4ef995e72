// Layouts of Go's time package: finds the elements of one. In go bytes, out come the kind of the first element and where it stands.
import { word_a, word_n } from "./value";

export const YEAR_2 = 1;
export const YEAR_4 = 2;
export const MONTH_NAME = 3;
export const MONTH_SHORT = 4;
export const MONTH = 5;
export const MONTH_2 = 6;
export const WEEKDAY_NAME = 7;
export const WEEKDAY_SHORT = 8;
export const DAY_1 = 9;
export const DAY_BLANK = 10;
export const DAY_2 = 11;
export const YEAR_DAY_BLANK = 12;
export const YEAR_DAY_3 = 13;
export const HOUR_24 = 14;
export const HOUR_12 = 15;
export const HOUR_12_ZERO = 16;
export const MINUTE = 17;
export const MINUTE_2 = 18;
export const SECOND = 19;
export const SECOND_2 = 20;
export const PM_UPPER = 21;
export const PM_LOWER = 22;
export const ZONE_NAME = 23;
export const OFFSET = 24;
export const FRACTION = 25;

/** First byte of the element that `first_element` found, and the first one behind it; the end if there is none. */
export let element_at: usize = 0;
export let element_end: usize = 0;

export function begins(at: usize, end: usize, text: string): bool {
  if (at + <usize>text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (<i32>load<u8>(at + i) != text.charCodeAt(i)) return false;
  return true;
}

function within(at: usize, end: usize, low: i32, high: i32): bool {
  return at < end && <i32>load<u8>(at) >= low && <i32>load<u8>(at) <= high;
}

let size: i32 = 0;

function found(kind: i32, length: i32): i32 {
  size = length;
  return kind;
}

/** The kind of the element that stands right at `at`, or 0. Abbreviated names do not count inside of lower-case words. */
function element_here(at: usize, end: usize): i32 {
  const c = <i32>load<u8>(at);
  switch (c) {
    case 0x4a: {
      if (begins(at, end, "January")) return found(MONTH_NAME, 7);
      return begins(at, end, "Jan") && !within(at + 3, end, 0x61, 0x7a) ? found(MONTH_SHORT, 3) : 0;
    }
    case 0x4d: {
      if (begins(at, end, "Monday")) return found(WEEKDAY_NAME, 6);
      if (begins(at, end, "Mon") && !within(at + 3, end, 0x61, 0x7a)) return found(WEEKDAY_SHORT, 3);
      return begins(at, end, "MST") ? found(ZONE_NAME, 3) : 0;
    }
    case 0x30: {
      if (begins(at, end, "002")) return found(YEAR_DAY_3, 3);
      if (!within(at + 1, end, 0x31, 0x36)) return 0;
      switch (<i32>load<u8>(at, 1)) {
        case 0x31: return found(MONTH_2, 2);
        case 0x32: return found(DAY_2, 2);
        case 0x33: return found(HOUR_12_ZERO, 2);
        case 0x34: return found(MINUTE_2, 2);
        case 0x35: return found(SECOND_2, 2);
      }
      return found(YEAR_2, 2);
    }
    case 0x31: return within(at + 1, end, 0x35, 0x35) ? found(HOUR_24, 2) : found(MONTH, 1);
    case 0x32: return begins(at, end, "2006") ? found(YEAR_4, 4) : found(DAY_1, 1);
    case 0x5f: {
      if (begins(at, end, "_2")) return begins(at, end, "_2006") ? 0 : found(DAY_BLANK, 2);
      return begins(at, end, "__2") ? found(YEAR_DAY_BLANK, 3) : 0;
    }
    case 0x33: return found(HOUR_12, 1);
    case 0x34: return found(MINUTE, 1);
    case 0x35: return found(SECOND, 1);
    case 0x50: return begins(at, end, "PM") ? found(PM_UPPER, 2) : 0;
    case 0x70: return begins(at, end, "pm") ? found(PM_LOWER, 2) : 0;
    case 0x2d:
    case 0x5a: {
      if (!begins(at + 1, end, "07")) return 0;
      if (begins(at + 3, end, "0000")) return found(OFFSET, 7);
      if (begins(at + 3, end, ":00:00")) return found(OFFSET, 9);
      if (begins(at + 3, end, "00")) return found(OFFSET, 5);
      return begins(at + 3, end, ":00") ? found(OFFSET, 6) : found(OFFSET, 3);
    }
    case 0x2e:
    case 0x2c: return fraction_here(at, end);
  }
  return 0;
}

/** A point or comma with zeros or nines up to something that is no digit. */
function fraction_here(at: usize, end: usize): i32 {
  if (!within(at + 1, end, 0x30, 0x30) && !within(at + 1, end, 0x39, 0x39)) return 0;
  const digit = <i32>load<u8>(at, 1);
  let p = at + 1;
  while (within(p, end, digit, digit)) p++;
  return within(p, end, 0x30, 0x39) ? 0 : found(FRACTION, <i32>(p - at));
}

/** The kind of the first element of the layout, 0 if there is none. */
export function first_element(at: usize, end: usize): i32 {
  for (let p = at; p < end; p++) {
    const kind = element_here(p, end);
    if (kind == 0) continue;
    element_at = p;
    element_end = p + <usize>size;
    return kind;
  }
  element_at = end;
  element_end = end;
  return 0;
}

function is(v: usize, name: string): bool {
  return word_n(v) == name.length && begins(word_a(v), word_a(v) + <usize>word_n(v), name);
}

/** The layout that OPA knows by this name, or an empty text. */
export function named_layout(v: usize): string {
  if (is(v, "ANSIC")) return "Mon Jan _2 15:04:05 2006";
  if (is(v, "UnixDate")) return "Mon Jan _2 15:04:05 MST 2006";
  if (is(v, "RubyDate")) return "Mon Jan 02 15:04:05 -0700 2006";
  if (is(v, "RFC822")) return "02 Jan 06 15:04 MST";
  if (is(v, "RFC822Z")) return "02 Jan 06 15:04 -0700";
  if (is(v, "RFC850")) return "Monday, 02-Jan-06 15:04:05 MST";
  if (is(v, "RFC1123")) return "Mon, 02 Jan 2006 15:04:05 MST";
  if (is(v, "RFC1123Z")) return "Mon, 02 Jan 2006 15:04:05 -0700";
  if (is(v, "RFC3339")) return RFC3339;
  if (is(v, "RFC3339Nano")) return "2006-01-02T15:04:05.999999999Z07:00";
  return "";
}

export const RFC3339 = "2006-01-02T15:04:05Z07:00";
