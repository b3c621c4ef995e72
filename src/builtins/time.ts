// Builtins of the category `time`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, builtin } from "./signature.ts";
import { anyOf, arrayType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const timeNowNsBuiltin = builtin({
  name: "time.now_ns",
  description: "Reads the clock. Within a query it stands still.",
  args: [],
  result: arg("now", numberType, "nanoseconds since 1970"),
  examples: [["time.now_ns() > 0", "true"]],
  nondeterministic: true,
});

const timeParseNsBuiltin = builtin({
  name: "time.parse_ns",
  description: "Reads a time in a layout of Go's `time` package.",
  args: [
    arg("layout", stringType, "the layout, or the name of a known one"),
    arg("value", stringType, "the time"),
  ],
  result: arg("ns", numberType, "nanoseconds since 1970"),
  examples: [['time.parse_ns("2006-01-02", "2024-02-29")', "1709164800000000000"]],
});

const timeParseRfc3339NsBuiltin = builtin({
  name: "time.parse_rfc3339_ns",
  description: "Reads a time in the form of RFC 3339.",
  args: [arg("value", stringType, "the time")],
  result: arg("ns", numberType, "nanoseconds since 1970"),
  examples: [['time.parse_rfc3339_ns("1970-01-01T00:00:01Z")', "1000000000"]],
});

const timeParseDurationNsBuiltin = builtin({
  name: "time.parse_duration_ns",
  description: "Reads a duration like `1h30m` or `-1.5s`.",
  args: [arg("duration", stringType, "the duration")],
  result: arg("ns", numberType, "how many nanoseconds it is"),
  examples: [['time.parse_duration_ns("1.5s")', "1500000000"]],
});

const timeFormatBuiltin = builtin({
  name: "time.format",
  description: "Writes a time, in RFC 3339 unless a layout is given.",
  args: [
    arg(
      "x",
      anyOf(numberType, arrayType([numberType, stringType]), arrayType([numberType, stringType, stringType])),
      "nanoseconds since 1970, alone or in an array with the name of a time zone and perhaps a layout",
    ),
  ],
  result: arg("formatted timestamp", stringType, "the text"),
  examples: [
    ["time.format(0)", '"1970-01-01T00:00:00Z"'],
    ['time.format([0, "UTC", "RFC1123"])', '"Thu, 01 Jan 1970 00:00:00 UTC"'],
  ],
});

const timeDateBuiltin = builtin({
  name: "time.date",
  description: "Gives the date of a time.",
  args: [
    arg(
      "x",
      anyOf(numberType, arrayType([numberType, stringType])),
      "nanoseconds since 1970, alone (UTC) or in an array with the name of a time zone",
    ),
  ],
  result: arg("date", arrayType([numberType, numberType, numberType]), "year, month and day"),
  examples: [["time.date(0)", "[1970,1,1]"]],
});

const timeClockBuiltin = builtin({
  name: "time.clock",
  description: "Gives the hour of day of a time.",
  args: [
    arg(
      "x",
      anyOf(numberType, arrayType([numberType, stringType])),
      "nanoseconds since 1970, alone (UTC) or in an array with the name of a time zone",
    ),
  ],
  result: arg("output", arrayType([numberType, numberType, numberType]), "hours, minutes and seconds"),
  examples: [["time.clock(3661000000000)", "[1,1,1]"]],
});

const timeWeekdayBuiltin = builtin({
  name: "time.weekday",
  description: "Gives the day of the week of a time.",
  args: [
    arg(
      "x",
      anyOf(numberType, arrayType([numberType, stringType])),
      "nanoseconds since 1970, alone (UTC) or in an array with the name of a time zone",
    ),
  ],
  result: arg("day", stringType, "its English name"),
  examples: [["time.weekday(0)", '"Thursday"']],
});

const timeAddDateBuiltin = builtin({
  name: "time.add_date",
  description: "Moves a time by years, months and days of the calendar.",
  args: [
    arg("ns", numberType, "nanoseconds since 1970"),
    arg("years", numberType, "years to add"),
    arg("months", numberType, "months to add"),
    arg("days", numberType, "days to add"),
  ],
  result: arg("output", numberType, "the new time"),
  examples: [["time.add_date(0, 1, 0, 0)", "31536000000000000"]],
});

const timeDiffBuiltin = builtin({
  name: "time.diff",
  description: "Gives the distance of two times in units of the calendar.",
  args: [
    arg(
      "ns1",
      anyOf(numberType, arrayType([numberType, stringType])),
      "nanoseconds since 1970, alone (UTC) or in an array with the name of a time zone",
    ),
    arg(
      "ns2",
      anyOf(numberType, arrayType([numberType, stringType])),
      "nanoseconds since 1970, alone (UTC) or in an array with the name of a time zone",
    ),
  ],
  result: arg(
    "output",
    arrayType([numberType, numberType, numberType, numberType, numberType, numberType]),
    "years, months, days, hours, minutes and seconds",
  ),
  examples: [["time.diff(86400000000000, 0)", "[0,0,1,0,0,0]"]],
});

export const timeBuiltins: readonly Builtin[] = [
  timeNowNsBuiltin,
  timeParseNsBuiltin,
  timeParseRfc3339NsBuiltin,
  timeParseDurationNsBuiltin,
  timeFormatBuiltin,
  timeDateBuiltin,
  timeClockBuiltin,
  timeWeekdayBuiltin,
  timeAddDateBuiltin,
  timeDiffBuiltin,
];
