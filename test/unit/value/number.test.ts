// Numbers: OPA's texts for arithmetic, exact order, and laws over random decimals.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as arithmetic from "../../../src/value/arithmetic.ts";
import * as numbers from "../../../src/value/number.ts";

const n = numbers.number;

describe("arithmetic prints as OPA does", () => {
  test.each([
    [arithmetic.add(n("0.1"), n("0.2")), "0.3"],
    [arithmetic.add(n("9007199254740993"), n("1")), "9007199254740994"],
    [arithmetic.multiply(n("1234567.5"), n("1")), "1.2345675e+06"],
    [arithmetic.multiply(n("0"), n("-5.5")), "-0"],
    [arithmetic.multiply(n("0.00001"), n("1")), "1e-05"],
    [arithmetic.divide(n("10"), n("3")), "3.3333333333333333333"],
    [arithmetic.divide(n("1e6"), n("7")), "142857.14285714285714"],
    [arithmetic.divide(n("1e30"), n("7")), "142857142857142857140000000000"],
    [arithmetic.divide(n("1"), n("0")), undefined],
    [arithmetic.absolute(n("12345678901234567890123")), "12345678901234567890000"],
    [arithmetic.floor(n("12345678901234567890123")), "12345678901234567889920"],
    [arithmetic.ceil(n("-0.5")), "1"],
    [arithmetic.floor(n("-0.5")), "0"],
    [arithmetic.round(n("-2.5")), "-3"],
    [arithmetic.round(n("1e30")), "1000000000000000000024696061952"],
  ])("%#", (got, want) => expect(got?.text).toBe(want));
});

test("integers are recognised by value or by spelling, as the caller needs", () => {
  expect([arithmetic.toBigInt(n("1e3")), arithmetic.toInt64(n("1e3"))]).toEqual([1000n, undefined]);
  expect([arithmetic.toBigInt(n("1.0")), arithmetic.toInt64(n("1.0"))]).toEqual([1n, 1n]);
  expect(arithmetic.toInt64(n("9223372036854775808"))).toBeUndefined();
  expect(() => n("01")).toThrow("is not a number");
});

const decimal = fc
  .tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.integer({ min: -30, max: 30 }))
  .map(([mantissa, exponent]) => n(`${mantissa}e${exponent}`));

test("order is that of exact fractions", () => {
  const scaled = (x: { text: string }): bigint => {
    const [mantissa = "0", exponent = "0"] = x.text.split("e");
    return BigInt(mantissa) * 10n ** BigInt(Number(exponent) + 30);
  };
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const difference = scaled(a) - scaled(b);
      expect(Math.sign(numbers.compareNumbers(a, b))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
    }),
  );
});

test("the text of a float reads back as the same float", () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const sum = arithmetic.fromFloat(arithmetic.addFloats(arithmetic.toFloat(a), arithmetic.toFloat(b)));
      expect(arithmetic.fromFloat(arithmetic.toFloat(sum)).text).toBe(sum.text);
    }),
  );
});
