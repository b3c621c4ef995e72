// Layouts of Go's time package: cutting one into its elements. A layout in; its first element, with what stands before and behind, out.

export type Element =
  | "year2"
  | "year4"
  | "monthName"
  | "monthShort"
  | "month"
  | "month2"
  | "weekdayName"
  | "weekdayShort"
  | "day"
  | "dayBlank"
  | "day2"
  | "yearDayBlank"
  | "yearDay3"
  | "hour24"
  | "hour12"
  | "hour12Zero"
  | "minute"
  | "minute2"
  | "second"
  | "second2"
  | "PM"
  | "pm"
  | "zoneName"
  | "offset"
  | "fraction";

export interface Chunk {
  readonly prefix: string;
  readonly text: string;
  readonly element: Element;
  readonly rest: string;
}

// In this order: of two that begin alike the longer one comes first. Abbreviated names do not count inside of lower-case words.
const ELEMENTS: readonly (readonly [RegExp, Element])[] = [
  [/^January/, "monthName"],
  [/^Jan(?![a-z])/, "monthShort"],
  [/^Monday/, "weekdayName"],
  [/^Mon(?![a-z])/, "weekdayShort"],
  [/^MST/, "zoneName"],
  [/^01/, "month2"],
  [/^02/, "day2"],
  [/^03/, "hour12Zero"],
  [/^04/, "minute2"],
  [/^05/, "second2"],
  [/^06/, "year2"],
  [/^002/, "yearDay3"],
  [/^15/, "hour24"],
  [/^1/, "month"],
  [/^2006/, "year4"],
  [/^2/, "day"],
  [/^_2(?!006)/, "dayBlank"],
  [/^__2/, "yearDayBlank"],
  [/^3/, "hour12"],
  [/^4/, "minute"],
  [/^5/, "second"],
  [/^PM/, "PM"],
  [/^pm/, "pm"],
  [/^[-Z]07(0000|:00:00|00|:00)?/, "offset"],
  [/^[.,](0+|9+)(?!\d)/, "fraction"],
];

export function firstChunk(layout: string): Chunk | undefined {
  for (let i = 0; i < layout.length; i++) {
    const rest = layout.slice(i);
    for (const [pattern, element] of ELEMENTS) {
      const text = pattern.exec(rest)?.[0];
      if (text !== undefined)
        return { prefix: layout.slice(0, i), text, element, rest: rest.slice(text.length) };
    }
  }
  return undefined;
}

/** Layouts that OPA knows by name. */
export const NAMED_LAYOUTS: ReadonlyMap<string, string> = new Map([
  ["ANSIC", "Mon Jan _2 15:04:05 2006"],
  ["UnixDate", "Mon Jan _2 15:04:05 MST 2006"],
  ["RubyDate", "Mon Jan 02 15:04:05 -0700 2006"],
  ["RFC822", "02 Jan 06 15:04 MST"],
  ["RFC822Z", "02 Jan 06 15:04 -0700"],
  ["RFC850", "Monday, 02-Jan-06 15:04:05 MST"],
  ["RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"],
  ["RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"],
  ["RFC3339", "2006-01-02T15:04:05Z07:00"],
  ["RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"],
]);
