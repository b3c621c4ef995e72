// Times to text by a Go layout. An instant and its zone in, text out.

import type { Civil } from "./calendar.ts";
import { civilFromSeconds, dayOfYear, MONTHS, WEEKDAYS, weekday } from "./calendar.ts";
import type { Chunk } from "./go-layout.ts";
import { firstChunk } from "./go-layout.ts";
import type { Zone } from "./time-zone.ts";

export interface Instant {
  /** Since 1970, rounded down. */
  readonly seconds: number;
  readonly nanos: number;
  readonly zone: Zone;
}

export function civil(t: Instant): Civil {
  return civilFromSeconds(t.seconds + t.zone.offset(t.seconds));
}

export function formatTime(t: Instant, layout: string): string {
  const c = civil(t);
  let out = "";
  let rest = layout;
  for (;;) {
    const chunk = firstChunk(rest);
    if (chunk === undefined) return out + rest;
    out += chunk.prefix + formatElement(t, c, chunk);
    rest = chunk.rest;
  }
}

function padded(n: number, width: number): string {
  return (n < 0 ? "-" : "") + String(Math.abs(n)).padStart(width, "0");
}

function formatElement(t: Instant, c: Civil, { element, text }: Chunk): string {
  switch (element) {
    case "year2":
      return padded(Math.abs(c.year) % 100, 2);
    case "year4":
      return padded(c.year, 4);
    case "monthName":
      return MONTHS[c.month - 1] as string;
    case "monthShort":
      return (MONTHS[c.month - 1] as string).slice(0, 3);
    case "month":
      return String(c.month);
    case "month2":
      return padded(c.month, 2);
    case "weekdayName":
      return WEEKDAYS[weekday(c)] as string;
    case "weekdayShort":
      return (WEEKDAYS[weekday(c)] as string).slice(0, 3);
    case "day":
      return String(c.day);
    case "dayBlank":
      return String(c.day).padStart(2, " ");
    case "day2":
      return padded(c.day, 2);
    case "yearDayBlank":
      return String(dayOfYear(c)).padStart(3, " ");
    case "yearDay3":
      return padded(dayOfYear(c), 3);
    case "hour24":
      return padded(c.hour, 2);
    case "hour12":
      return String(c.hour % 12 || 12);
    case "hour12Zero":
      return padded(c.hour % 12 || 12, 2);
    case "minute":
      return String(c.minute);
    case "minute2":
      return padded(c.minute, 2);
    case "second":
      return String(c.second);
    case "second2":
      return padded(c.second, 2);
    case "PM":
      return c.hour >= 12 ? "PM" : "AM";
    case "pm":
      return c.hour >= 12 ? "pm" : "am";
    case "zoneName":
      return t.zone.abbreviation(t.seconds);
    case "offset":
      return offsetText(t.zone.offset(t.seconds), text);
    case "fraction":
      return fractionText(t.nanos, text);
  }
}

function offsetText(offset: number, layout: string): string {
  if (offset === 0 && layout.startsWith("Z")) return "Z";
  const minutes = Math.trunc(Math.abs(offset) / 60);
  const colon = layout.includes(":") ? ":" : "";
  let text = (Math.trunc(offset / 60) < 0 ? "-" : "+") + padded(Math.floor(minutes / 60), 2);
  if (layout.length > 3) text += colon + padded(minutes % 60, 2);
  if (layout.length >= 7)
    text += colon === "" || layout.length === 9 ? colon + padded(Math.abs(offset) % 60, 2) : "";
  return text;
}

function fractionText(nanos: number, layout: string): string {
  const places = layout.length - 1;
  const digits = padded(nanos, 9).slice(0, places);
  if (layout[1] === "0") return layout.charAt(0) + digits.padEnd(places, "0").slice(0, Math.max(9, 0));
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? "" : layout.charAt(0) + kept;
}
