// Durations like `1h30m`, in the units of Go's time package and OPA's days, weeks and years. Texts in, nanoseconds out; complaints are
// those of Go.

import { formatFloat64 } from "../value/go-float.ts";
import { quote } from "./go-time-parse.ts";
import { failure } from "./operand.ts";

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["\u00b5s", 1_000n],
  ["\u03bcs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);

const LONG_UNIT_HOURS: Readonly<Record<string, number>> = { d: 24, w: 168, y: 8760 };
const LIMIT = 1n << 63n;

function invalid(text: string): Error {
  return failure(`time: invalid duration ${quote(text)}`);
}

export function parseDuration(text: string): bigint {
  if (text === "") throw invalid(text);
  return parsePlain(/[dwy]/.test(text) ? inHours(text) : text, text);
}

/** Segments in days, weeks and years rewritten to hours. */
function inHours(text: string): string {
  const shape = /([0-9.]+)(ms|us|\u00b5s|ns|[a-z])/y;
  const sign = /^[-+]/.exec(text)?.[0] ?? "";
  let out = sign;
  shape.lastIndex = sign.length;
  while (shape.lastIndex < text.length) {
    const [, digits, unit] = shape.exec(text) ?? [];
    if (digits === undefined || unit === undefined) throw invalid(text);
    const hours = Object.hasOwn(LONG_UNIT_HOURS, unit) ? LONG_UNIT_HOURS[unit] : undefined;
    if (hours === undefined) out += digits + unit;
    else {
      if (!/^(\d+\.?\d*|\.\d+)$/.test(digits)) throw invalid(text);
      out += `${formatFloat64(Number(digits) * hours, "f", undefined)}h`;
    }
  }
  if (out === sign) throw invalid(text);
  return out;
}

function parsePlain(text: string, shown: string): bigint {
  const sign = /^[-+]/.exec(text)?.[0] ?? "";
  let rest = text.slice(sign.length);
  if (rest === "0") return 0n;
  if (rest === "") throw invalid(shown);
  let total = 0n;
  while (rest !== "") {
    const [all = "", whole = "", fraction] = /^(\d*)(?:\.(\d*))?/.exec(rest) ?? [];
    if (whole === "" && (fraction ?? "") === "") throw invalid(shown);
    if (BigInt(whole === "" ? "0" : whole) > LIMIT) throw invalid(shown);
    rest = rest.slice(all.length);
    const unit = /^[^0-9.]*/.exec(rest)?.[0] ?? "";
    if (unit === "") throw failure(`time: missing unit in duration ${quote(shown)}`);
    const size = UNITS.get(unit);
    if (size === undefined) throw failure(`time: unknown unit ${quote(unit)} in duration ${quote(shown)}`);
    rest = rest.slice(unit.length);
    total += BigInt(whole === "" ? "0" : whole) * size + fractionOf(fraction ?? "", size);
    if (total > LIMIT) throw invalid(shown);
  }
  if (sign !== "-" && total === LIMIT) throw invalid(shown);
  return sign === "-" ? -total : total;
}

/** In doubles, as Go does it; digits beyond int64 are dropped. */
function fractionOf(digits: string, size: bigint): bigint {
  let kept = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = kept * 10n + BigInt(digit);
    if (kept > (LIMIT - 1n) / 10n || next > LIMIT) break;
    kept = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(kept) * (Number(size) / scale)));
}
