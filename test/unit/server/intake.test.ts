// Times are stored so that their texts sort as the times do.

import fc from "fast-check";
import { expect, test } from "vitest";
import { sortableTime } from "../../../src/server/distribution/intake.ts";

test.each([
  ["2026-11-24T02:20:17Z", "2026-11-24T02:20:17.000000000Z"],
  ["2026-11-24T02:20:17.5Z", "2026-11-24T02:20:17.500000000Z"],
  ["2026-11-24T02:20:17.123456789Z", "2026-11-24T02:20:17.123456789Z"],
  ["2026-11-24T02:20:17.1+02:00", "2026-11-24T00:20:17.100000000Z"],
  ["2026-11-24t02:20:17z", "2026-11-24T02:20:17.000000000Z"],
])("%s", (given, expected) => {
  expect(sortableTime(given)).toBe(expected);
});

test.each(["", "now", "2026-11-24", "2026-13-24T02:20:17Z", "2026-11-24T02:20:17", "2026-11-24T02:20:17.Z"])(
  "%s is none",
  (given) => {
    expect(sortableTime(given)).toBeUndefined();
  },
);

test("texts sort as times do, whatever the zone and however many decimals", () => {
  const time = fc.record({
    ms: fc.integer({ min: 0, max: 4e12 }),
    zone: fc.integer({ min: -12, max: 12 }),
    decimals: fc.constantFrom(3, 6, 9),
  });
  const text = ({ ms, zone, decimals }: { ms: number; zone: number; decimals: number }): string => {
    const local = new Date(ms + zone * 3_600_000).toISOString();
    const offset = `${zone < 0 ? "-" : "+"}${String(Math.abs(zone)).padStart(2, "0")}:00`;
    return `${local.slice(0, 23)}${"0".repeat(decimals - 3)}${offset}`;
  };
  fc.assert(
    fc.property(time, time, (a, b) => {
      const [x, y] = [sortableTime(text(a)) as string, sortableTime(text(b)) as string];
      expect(Math.sign(x < y ? -1 : x > y ? 1 : 0)).toBe(Math.sign(a.ms - b.ms));
    }),
  );
});
