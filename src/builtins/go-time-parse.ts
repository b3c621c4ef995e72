// Texts to times by a Go layout, with Go's complaints. Texts without a zone, and those with a zone name only, count as UTC. A layout
// and a text in, an instant out.

import { daysFromCivil, daysInMonth, MONTHS, secondsFromCivil, WEEKDAYS } from "./calendar.ts";
import type { Chunk } from "./go-layout.ts";
import { firstChunk } from "./go-layout.ts";
import { failure } from "./operand.ts";

export interface ParsedTime {
  readonly seconds: number;
  readonly nanos: number;
}

/** Go's own quoting in these messages: bytes beyond ASCII as `\x…`. */
export function quote(text: string): string {
  let out = "";
  for (const byte of new TextEncoder().encode(text)) {
    const c = String.fromCharCode(byte);
    if (byte >= 0x80 || byte < 0x20) out += `\\x${byte.toString(16).padStart(2, "0")}`;
    else out += c === '"' || c === "\\" ? `\\${c}` : c;
  }
  return `"${out}"`;
}

interface Fields {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanos: number;
  half: "AM" | "PM" | undefined;
  /** Seconds east of UTC. */
  offset: number;
}

/** The text does not fit the element. */
class Misfit {
  readonly range: string | undefined;
  constructor(range?: string) {
    this.range = range;
  }
}

export function parseTime(layout: string, text: string): ParsedTime {
  const reader = new Reader(text);
  const fields: Fields = {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanos: 0,
    half: undefined,
    offset: 0,
  };
  const misread = (element: string, value: string): Error =>
    failure(
      `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(value)} as ${quote(element)}`,
    );
  const wrong = (message: string): Error => failure(`parsing time ${quote(text)}${message}`);
  let rest = layout;
  for (;;) {
    const chunk = firstChunk(rest);
    const prefix = chunk === undefined ? rest : chunk.prefix;
    if (!reader.skip(prefix)) throw misread(prefix, reader.rest);
    if (chunk === undefined) {
      if (reader.rest !== "") throw wrong(`: extra text: ${quote(reader.rest)}`);
      break;
    }
    const before = reader.rest;
    try {
      readElement(chunk, reader, fields);
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      throw error.range === undefined ? misread(chunk.text, before) : wrong(`: ${error.range} out of range`);
    }
    rest = chunk.rest;
  }
  return assemble(fields, wrong);
}

class Reader {
  rest: string;

  constructor(text: string) {
    this.rest = text;
  }

  /** A blank in the layout stands for any number of blanks, also none at the end of the text. */
  skip(prefix: string): boolean {
    let left = prefix;
    while (left !== "") {
      if (left.startsWith(" ")) {
        if (this.rest !== "" && !this.rest.startsWith(" ")) return false;
        left = left.replace(/^ +/, "");
        this.rest = this.rest.replace(/^ +/, "");
      } else {
        if (this.rest === "" || this.rest[0] !== left[0]) return false;
        left = left.slice(1);
        this.rest = this.rest.slice(1);
      }
    }
    return true;
  }

  take(pattern: RegExp): string {
    const found = pattern.exec(this.rest)?.[0];
    if (found === undefined) throw new Misfit();
    this.rest = this.rest.slice(found.length);
    return found;
  }

  number(fixed: boolean): number {
    return Number(this.take(fixed ? /^\d\d/ : /^\d\d?/));
  }

  /** Position of the name at which the text begins, letters compared without case. */
  name(names: readonly string[]): number {
    const index = names.findIndex(
      (name) => this.rest.slice(0, name.length).toLowerCase() === name.toLowerCase(),
    );
    if (index < 0) throw new Misfit();
    this.rest = this.rest.slice((names[index] as string).length);
    return index;
  }
}

const SHORT_MONTHS = MONTHS.map((name) => name.slice(0, 3));
const SHORT_WEEKDAYS = WEEKDAYS.map((name) => name.slice(0, 3));

function within(value: number, low: number, high: number, what: string): number {
  if (value < low || value > high) throw new Misfit(what);
  return value;
}

function readElement(chunk: Chunk, reader: Reader, fields: Fields): void {
  switch (chunk.element) {
    case "year2": {
      const year = Number(reader.take(/^\d\d/));
      fields.year = year + (year >= 69 ? 1900 : 2000);
      return;
    }
    case "year4":
      fields.year = Number(reader.take(/^\d{4}/));
      return;
    case "monthName":
      fields.month = reader.name(MONTHS) + 1;
      return;
    case "monthShort":
      fields.month = reader.name(SHORT_MONTHS) + 1;
      return;
    case "month":
    case "month2":
      fields.month = within(reader.number(chunk.element === "month2"), 1, 12, "month");
      return;
    case "weekdayName":
      reader.name(WEEKDAYS);
      return;
    case "weekdayShort":
      reader.name(SHORT_WEEKDAYS);
      return;
    case "dayBlank":
      if (reader.rest.startsWith(" ")) reader.rest = reader.rest.slice(1);
      fields.day = reader.number(false);
      return;
    case "day":
    case "day2":
      fields.day = reader.number(chunk.element === "day2");
      return;
    case "yearDayBlank":
      reader.rest = reader.rest.replace(/^ {0,2}/, "");
      fields.yearDay = Number(reader.take(/^\d{1,3}/));
      return;
    case "yearDay3":
      fields.yearDay = Number(reader.take(/^\d{3}/));
      return;
    default:
      readClock(chunk, reader, fields);
  }
}

function readClock(chunk: Chunk, reader: Reader, fields: Fields): void {
  switch (chunk.element) {
    case "hour24":
      fields.hour = within(reader.number(false), 0, 23, "hour");
      return;
    case "hour12":
    case "hour12Zero":
      fields.hour = within(reader.number(chunk.element === "hour12Zero"), 0, 12, "hour");
      return;
    case "minute":
    case "minute2":
      fields.minute = within(reader.number(chunk.element === "minute2"), 0, 59, "minute");
      return;
    case "second":
    case "second2":
      fields.second = within(reader.number(chunk.element === "second2"), 0, 59, "second");
      // A fraction is taken along even where the layout has none.
      if (/^[.,]\d/.test(reader.rest) && firstChunk(chunk.rest)?.element !== "fraction") {
        fields.nanos = nanos(reader.take(/^[.,]\d+/));
      }
      return;
    case "PM":
    case "pm": {
      const half = reader.take(chunk.element === "PM" ? /^[AP]M/ : /^[ap]m/);
      fields.half = half.toUpperCase() as "AM" | "PM";
      return;
    }
    case "zoneName":
      readZoneName(reader);
      return;
    case "offset":
      fields.offset = readOffset(chunk.text, reader);
      return;
    case "fraction":
      if (chunk.text[1] === "0")
        fields.nanos = nanos(reader.take(new RegExp(`^[.,]\\d{${chunk.text.length - 1}}`)));
      else if (/^[.,]\d/.test(reader.rest)) fields.nanos = nanos(reader.take(/^[.,]\d+/));
      return;
    default:
      return;
  }
}

function nanos(fraction: string): number {
  return Number(fraction.slice(1, 10).padEnd(9, "0"));
}

function readOffset(layout: string, reader: Reader): number {
  if (layout.startsWith("Z") && reader.rest.startsWith("Z")) {
    reader.rest = reader.rest.slice(1);
    return 0;
  }
  const text = reader.rest.slice(0, layout.length);
  const colons = layout.includes(":");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything that is no ASCII
  if (text.length < layout.length || /[^\u0000-\u007f]/.test(text)) throw new Misfit();
  if (colons && (text[3] !== ":" || (text[6] ?? ":") !== ":")) throw new Misfit();
  reader.rest = reader.rest.slice(layout.length);
  // Like Go: after the first part that is no number all are 0, what is too large is told before what does not fit, the last part first.
  let fits = true;
  const [hours, minutes, seconds] = [0, 1, 2].map((part) => {
    const at = 1 + part * (colons ? 3 : 2);
    if (at >= layout.length) return 0;
    fits &&= /^\d\d$/.test(text.slice(at, at + 2));
    return fits ? Number(text.slice(at, at + 2)) : 0;
  }) as [number, number, number];
  within(seconds, 0, 60, "time zone offset second");
  within(minutes, 0, 60, "time zone offset minute");
  within(hours, 0, 24, "time zone offset hour");
  if (!fits || !/^[-+]/.test(text)) throw new Misfit();
  return (text[0] === "-" ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
}

/** Names give no offset, not even `GMT+3` or `+03`: in Go they name a zone of which nothing is known. */
function readZoneName(reader: Reader): void {
  const name = reader.take(
    /^(UTC|ChST|MeST|GMT([-+]\d+)?|[-+]\d+|WITA(?![A-Z])|[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|[A-Z]{3}(?![A-Z]))/,
  );
  const digits = /^(?:GMT)?([-+]\d+)$/.exec(name)?.[1];
  if (digits === undefined || Math.abs(Number(digits)) <= 23) return;
  if (!name.startsWith("GMT")) throw new Misfit();
  reader.rest = digits + reader.rest;
}

function assemble(fields: Fields, wrong: (message: string) => Error): ParsedTime {
  const { year, half, yearDay } = fields;
  let { month, day, hour } = fields;
  if (half === "PM" && hour < 12) hour += 12;
  else if (half === "AM" && hour === 12) hour = 0;
  if (yearDay !== undefined) {
    const date = fromYearDay(year, yearDay);
    if (date === undefined) throw wrong(": day-of-year out of range");
    if (month !== undefined && month !== date.month) throw wrong(": day-of-year does not match month");
    if (day !== undefined && day !== date.day) throw wrong(": day-of-year does not match day");
    ({ month, day } = date);
  }
  month ??= 1;
  day ??= 1;
  if (day < 1 || day > daysInMonth(year, month)) throw wrong(": day out of range");
  const local = secondsFromCivil({ year, month, day, hour, minute: fields.minute, second: fields.second });
  return { seconds: local - fields.offset, nanos: fields.nanos };
}

function fromYearDay(year: number, yearDay: number): { month: number; day: number } | undefined {
  const length = daysFromCivil(year + 1, 1, 1) - daysFromCivil(year, 1, 1);
  if (yearDay < 1 || yearDay > length) return undefined;
  let month = 1;
  let day = yearDay;
  while (day > daysInMonth(year, month)) day -= daysInMonth(year, month++);
  return { month, day };
}
