// Pretty replies have OPA's layout, which is that of `JSON.stringify` with two spaces, and lose nothing.

import fc from "fast-check";
import { expect, test } from "vitest";
import { indent, jsonObject } from "../../../src/server/sidecar/reply.ts";

test("indentation is JSON.stringify's", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(indent(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    }),
  );
});

test("numbers and escapes stay as they are written", () => {
  expect(indent('{"a\\"}":[1.50,1e3,"\\u003c{[,:]}"]}')).toBe(
    '{\n  "a\\"}": [\n    1.50,\n    1e3,\n    "\\u003c{[,:]}"\n  ]\n}',
  );
});

test("members keep their order, undefined ones are left out", () => {
  expect(jsonObject({ b: "1", a: undefined, "<": "[]" })).toBe('{"b":1,"\\u003c":[]}');
});
