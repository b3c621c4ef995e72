// The proleptic Gregorian calendar in UTC: days and seconds to dates and back. Whole numbers in and out; `civil_of` leaves its answer in
// the exported variables. No time zones.

export const DAY: i64 = 86400;

export let civil_year: i64 = 0;
export let civil_month: i64 = 0;
export let civil_day: i64 = 0;
export let civil_hour: i64 = 0;
export let civil_minute: i64 = 0;
export let civil_second: i64 = 0;

export function floor_div(a: i64, b: i64): i64 {
  const q = a / b;
  return a % b < 0 ? q - 1 : q;
}

/** Days since 1970-01-01; month and day may lie outside their ranges and are carried over. */
export function days_of(year: i64, month: i64, day: i64): i64 {
  const months = year * 12 + month - 1;
  const carried = floor_div(months, 12);
  const m = months - carried * 12 + 1;
  // Years begin in March, so that the leap day is the last of the year.
  const y = m <= 2 ? carried - 1 : carried;
  const era = floor_div(y, 400);
  const year_of_era = y - era * 400;
  const day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5;
  const day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468 + day - 1;
}

export function seconds_of(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64): i64 {
  return days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
}

/** The date and time of day of seconds since 1970. */
export function civil_of(seconds: i64): void {
  const days = floor_div(seconds, DAY);
  const rest = seconds - days * DAY;
  const z = days + 719468;
  const era = floor_div(z, 146097);
  const day_of_era = z - era * 146097;
  const year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const shifted = (5 * day_of_year + 2) / 153;
  civil_month = shifted < 10 ? shifted + 3 : shifted - 9;
  civil_year = year_of_era + era * 400 + (civil_month <= 2 ? 1 : 0);
  civil_day = day_of_year - (153 * shifted + 2) / 5 + 1;
  civil_hour = rest / 3600;
  civil_minute = (rest % 3600) / 60;
  civil_second = rest % 60;
}

export function days_in_month(year: i64, month: i64): i64 {
  return days_of(year, month + 1, 1) - days_of(year, month, 1);
}

/** 1 for the first of January. */
export function day_of_year(year: i64, month: i64, day: i64): i64 {
  return days_of(year, month, day) - days_of(year, 1, 1) + 1;
}

/** 0 for Sunday. */
export function weekday(year: i64, month: i64, day: i64): i32 {
  const days = days_of(year, month, day) + 4;
  return <i32>(days - floor_div(days, 7) * 7);
}

export function month_name(month: i64): string {
  switch (<i32>month) {
    case 1: return "January";
    case 2: return "February";
    case 3: return "March";
    case 4: return "April";
    case 5: return "May";
    case 6: return "June";
    case 7: return "July";
    case 8: return "August";
    case 9: return "September";
    case 10: return "October";
    case 11: return "November";
  }
  return "December";
}

export function weekday_name(day: i32): string {
  switch (day) {
    case 0: return "Sunday";
    case 1: return "Monday";
    case 2: return "Tuesday";
    case 3: return "Wednesday";
    case 4: return "Thursday";
    case 5: return "Friday";
  }
  return "Saturday";
}
