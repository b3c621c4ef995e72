// Times as nanoseconds since 1970, their calendars and texts. Numbers and texts in and out. The clock is the context's; what does not
// fit into int64 is a failure.

import { arg, builtin } from "./signature.ts";
import { anyOf, arrayType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { integer } from "../value/number.ts";
import { toBigInt } from "../value/arithmetic.ts";
import type { Value } from "../value/value.ts";
import { isArray, isNumber } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import type { Civil } from "./calendar.ts";
import { daysInMonth, secondsFromCivil, WEEKDAYS, weekday } from "./calendar.ts";
import { parseDuration } from "./duration.ts";
import { NAMED_LAYOUTS } from "./go-layout.ts";
import type { Instant } from "./go-time-format.ts";
import { civil, formatTime } from "./go-time-format.ts";
import { parseTime } from "./go-time-parse.ts";
import { failure, intOperand, numberOperand, stringOperand, wrongType } from "./operand.ts";
import { UTC, zone } from "./time-zone.ts";

const SECOND = 1_000_000_000n;
const INT64_MAX = 2n ** 63n - 1n;

function nanoseconds(seconds: number, nanos: number): Value {
  const total = BigInt(seconds) * SECOND + BigInt(nanos);
  if (total > INT64_MAX || total < -INT64_MAX - 1n) throw failure("time outside of valid range");
  return integer(total);
}

/** A number, or an array of number, zone name and layout. */
function timeOperand(value: Value | undefined): { time: Instant; layout: string } {
  const shape = "either number (ns) or [number (ns), string (tz)]";
  if (value === undefined || !(isNumber(value) || (isArray(value) && value.length > 0)))
    throw wrongType(1, value, shape);
  const parts = isNumber(value) ? [value] : (value as readonly Value[]);
  const ns = numberOperand(parts[0], 1);
  const place = parts.length > 1 ? zone(stringOperand(parts[1], 1)) : UTC;
  const layout = parts.length > 2 ? stringOperand(parts[2], 1) : "";
  const int = toBigInt(ns);
  if (int === undefined || int > INT64_MAX || int < -INT64_MAX - 1n) throw failure("timestamp too big");
  const nanos = ((int % SECOND) + SECOND) % SECOND;
  return { time: { seconds: Number((int - nanos) / SECOND), nanos: Number(nanos), zone: place }, layout };
}

const timeNowNsBody: HostBody = (_args, context) => integer(context.nowNs);

const timeParseNsBody: HostBody = ([layout, value]) => {
  const [format, text] = [stringOperand(layout, 1), stringOperand(value, 2)];
  const { seconds, nanos } = parseTime(NAMED_LAYOUTS.get(format) ?? format, text);
  return nanoseconds(seconds, nanos);
};

const timeParseRfc3339NsBody: HostBody = ([value]) => {
  const { seconds, nanos } = parseTime(NAMED_LAYOUTS.get("RFC3339") as string, stringOperand(value, 1));
  return nanoseconds(seconds, nanos);
};

const timeParseDurationNsBody: HostBody = ([duration]) => integer(parseDuration(stringOperand(duration, 1)));

const timeFormatBody: HostBody = ([x]) => {
  const { time, layout } = timeOperand(x);
  return formatTime(time, NAMED_LAYOUTS.get(layout === "" ? "RFC3339Nano" : layout) ?? layout);
};

const timeDateBody: HostBody = ([x]) => {
  const { year, month, day } = civil(timeOperand(x).time);
  return [year, month, day].map(integer);
};

const timeClockBody: HostBody = ([x]) => {
  const { hour, minute, second } = civil(timeOperand(x).time);
  return [hour, minute, second].map(integer);
};

const timeWeekdayBody: HostBody = ([x]) => WEEKDAYS[weekday(civil(timeOperand(x).time))] as string;

/** The instant at which the clocks of a zone show something; in a gap or overlap, as Go decides. */
function fromLocal(local: number, offset: (seconds: number) => number): number {
  const first = offset(local);
  return local - offset(local - first);
}

const timeAddDateBody: HostBody = ([ns, years, months, days]) => {
  const { time } = timeOperand(ns);
  const c = civil(time);
  const moved: Civil = {
    ...c,
    year: c.year + intOperand(years, 2),
    month: c.month + intOperand(months, 3),
    day: c.day + intOperand(days, 4),
  };
  const local = secondsFromCivil(moved);
  // Beyond int64 whatever the zone; no database is asked about such times.
  if (!(Math.abs(local) < 1e10)) throw failure("time outside of valid range");
  return nanoseconds(fromLocal(local, time.zone.offset), time.nanos);
};

const timeDiffBody: HostBody = ([ns1, ns2]) => {
  const first = timeOperand(ns1).time;
  const second: Instant = { ...timeOperand(ns2).time, zone: first.zone };
  const isLater =
    first.seconds > second.seconds || (first.seconds === second.seconds && first.nanos > second.nanos);
  const [a, b] = isLater ? [civil(second), civil(first)] : [civil(first), civil(second)];
  const units = [
    b.year - a.year,
    b.month - a.month,
    b.day - a.day,
    b.hour - a.hour,
    b.minute - a.minute,
    b.second - a.second,
  ];
  const sizes = [0, 12, daysInMonth(a.year, a.month), 24, 60, 60];
  // What a small unit lacks it borrows from the next larger one.
  for (let i = 5; i > 0; i--) {
    if ((units[i] as number) >= 0) continue;
    units[i] = (units[i] as number) + (sizes[i] as number);
    units[i - 1] = (units[i - 1] as number) - 1;
  }
  return units.map(integer);
};

// Declarations

const timeNowNsBuiltin = builtin({
  name: "time.now_ns",
  description: "Reads the clock. Within a query it stands still.",
  args: [],
  result: arg("now", numberType, "nanoseconds since 1970"),
  examples: [["time.now_ns() > 0", "true"]],
  nondeterministic: true,
  host: timeNowNsBody,
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
  native: true,
  host: timeParseNsBody,
});

const timeParseRfc3339NsBuiltin = builtin({
  name: "time.parse_rfc3339_ns",
  description: "Reads a time in the form of RFC 3339.",
  args: [arg("value", stringType, "the time")],
  result: arg("ns", numberType, "nanoseconds since 1970"),
  examples: [['time.parse_rfc3339_ns("1970-01-01T00:00:01Z")', "1000000000"]],
  native: true,
  host: timeParseRfc3339NsBody,
});

const timeParseDurationNsBuiltin = builtin({
  name: "time.parse_duration_ns",
  description: "Reads a duration like `1h30m` or `-1.5s`.",
  args: [arg("duration", stringType, "the duration")],
  result: arg("ns", numberType, "how many nanoseconds it is"),
  examples: [['time.parse_duration_ns("1.5s")', "1500000000"]],
  native: true,
  host: timeParseDurationNsBody,
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
  host: timeFormatBody,
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
  host: timeDateBody,
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
  host: timeClockBody,
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
  host: timeWeekdayBody,
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
  host: timeAddDateBody,
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
  host: timeDiffBody,
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
