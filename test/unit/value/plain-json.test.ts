import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode } from "../../../src/value/json.ts";
import { PlainJson, readPlainJson } from "../../../src/value/plain-json.ts";

test.each([
  ["a fraction", '{"a":1.0}'],
  ["an exponent", '{"a":[1e3]}'],
  ["a large integer", '{"a": 12345678901234567890}'],
  ["minus zero", "[-0]"],
  ["half of a surrogate pair", '{"a":"\\ud800"}'],
  ["no JSON", '{"a":'],
  ["nesting", `${"[".repeat(2001)}${"]".repeat(2001)}`],
])("%s is left to the careful reader", (_name, text) => {
  expect(readPlainJson(text)).toBe(undefined);
});

test("texts that look like numbers are read", () => {
  const text = '{"ip":"10.1.2.3","agent":"Mozilla/5.0","__proto__":{"a":1},"n":[-1,0,123456789012345]}';
  expect(JSON.stringify(readPlainJson(text))).toBe(text);
});

test("whatever is read means the same as what the careful reader makes of it", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      const data = readPlainJson(text);
      if (data === undefined) return;
      const wanted = encode(decode(text));
      expect(encode(new PlainJson(data).value)).toBe(wanted);
      expect(encode(decode(JSON.stringify(data)))).toBe(wanted);
    }),
    { numRuns: 2000 },
  );
});
