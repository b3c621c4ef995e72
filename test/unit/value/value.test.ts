// Order, objects, sets and JSON: OPA's total order as laws, names of prototypes as plain keys, and lossless text.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PolicyError } from "../../../src/error.ts";
import { compare, equal, identity } from "../../../src/value/compare.ts";
import { decode, encode, fromPlain, toPlain } from "../../../src/value/json.ts";
import { number } from "../../../src/value/number.ts";
import { object } from "../../../src/value/object.ts";
import { set } from "../../../src/value/set.ts";
import { termText } from "../../../src/value/text.ts";
import { typeFromJson } from "../../../src/value/type-json.ts";
import { typeToJson, typeToText } from "../../../src/value/type-text.ts";
import { anyOf, nullType, numberType, stringType } from "../../../src/value/type.ts";
import { containsType, typeOfValue, unionType } from "../../../src/value/type-algebra.ts";
import type { Value } from "../../../src/value/value.ts";

const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("__proto__", "constructor", "toString"),
    fc.constantFrom("1", "1.0", "10e-1", "-0", "0", "2", "1e400").map(number),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(tie("value"), { maxLength: 3 }).map(set),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map(object),
  ),
})).value;

describe("the order of values", () => {
  test("is total, antisymmetric and transitive, and agrees with identity", () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
        expect(equal(a, b)).toBe(identity(a) === identity(b));
      }),
    );
  });

  test("puts types in OPA's order and strings in that of their bytes", () => {
    const mixed = fromPlain([
      new Set([1]),
      { a: 1 },
      [1],
      "\u{1f600}",
      "\uffff",
      "a",
      2,
      1.5,
      true,
      null,
    ]) as readonly Value[];
    expect(termText([...mixed].sort(compare))).toBe(
      '[null, true, 1.5, 2, "a", "\\uffff", "\u{1f600}", [1], {"a": 1}, {1}]',
    );
  });
});

test("numbers of equal value are one key and one member; the first spelling stays", () => {
  expect(encode(set([number("1"), number("1.0")]))).toBe("[1]");
  const twice = object([
    [number("1"), "a"],
    [number("1.0"), "b"],
  ]);
  expect([encode(twice), twice.get(number("10e-1"))]).toEqual(['{"1":"b"}', "b"]);
});

describe("JSON", () => {
  test("keeps every digit and every key", () => {
    const text = '{"__proto__":{"x":1.50},"a":[1e3,12345678901234567890123,-0,"\\u003c\\u2028é"]}';
    expect(encode(decode(text))).toBe(text);
    const plain = toPlain(decode(text)) as Record<string, unknown>;
    expect(Object.getPrototypeOf(plain)).toBe(Object.prototype);
    expect(Object.keys(plain)).toEqual(["__proto__", "a"]);
  });

  test("reads back what it wrote", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        expect(toPlain(decode(encode(fromPlain(data))))).toEqual(JSON.parse(JSON.stringify(data)));
      }),
    );
  });

  test.each([
    ['{"a": 1,}', "invalid character '}' looking for beginning of object key string", 1, 9],
    ["[1,\n 2 3]", "invalid character '3' after array element", 2, 4],
    ['"\\ud800x"', undefined, 0, 0],
    ["", "EOF", 1, 1],
    ["tru", "unexpected EOF", 1, 4],
    ["1 2", "error: invalid character '2' after top-level value", 1, 4],
    ["1 null", "error: invalid character 'null' after top-level value", 1, 7],
    ["[".repeat(2001), "exceeded max depth", 1, 2001],
  ])("complains like Go and says where (%#)", (text, message, row, col) => {
    if (message === undefined) return expect(decode(text)).toBe("\ufffdx");
    try {
      decode(text);
      expect.unreachable();
    } catch (error) {
      const { code, location, message: got } = error as PolicyError;
      expect([code, got, location?.row, location?.col]).toEqual(["invalid_input", message, row, col]);
    }
  });

  test("refuses what is no value, and takes data for data", () => {
    expect(() => fromPlain(() => 1)).toThrow(PolicyError);
    expect(encode(fromPlain({ kind: "number", text: "1" }))).toBe('{"kind":"number","text":"1"}');
    expect(encode(fromPlain([undefined, Number.NaN, 10n ** 30n, new Date(0)]))).toBe(
      '[null,null,1000000000000000000000000000000,"1970-01-01T00:00:00.000Z"]',
    );
  });
});

test("static types: union, inclusion, text, JSON", () => {
  const either = unionType(unionType(stringType, nullType), stringType);
  expect(typeToText(either)).toBe("any<null, string>");
  expect([
    containsType(either, nullType),
    containsType(either, numberType),
    containsType(anyOf(), numberType),
  ]).toEqual([true, false, true]);
  const deep = typeOfValue(decode('{"a":[1,"x"],"b":{}}'));
  expect(typeToText(deep)).toBe("object<a: array<number, string>, b: object>");
  expect(typeToText(typeFromJson(typeToJson(deep)))).toBe(typeToText(deep));
});
