// What is wrong with YAML data, in the words that `opa eval -d FILE.yaml` has for the same texts (recorded).

import { expect, test } from "vitest";
import { decodeDocument } from "../../../src/sources.ts";

test.each([
  ["a: [1\n", "yaml: line 1: did not find expected ',' or ']'"],
  ["a: [1", "yaml: line 1: did not find expected ',' or ']'"],
  ["x:\n  y: [1\n\n\n", "yaml: line 4: did not find expected ',' or ']'"],
  ["x:\n  y: {a: 1\nb: 2\n", "yaml: line 2: did not find expected ',' or '}'"],
  ['{"a":1', "yaml: line 1: did not find expected ',' or '}'"],
  ['{"a" 1}', "yaml: did not find expected ',' or '}'"],
  ['{"a":\n', "yaml: line 1: did not find expected node content"],
  ['a: 1\nb: "x\n', "yaml: line 3: found unexpected end of stream"],
  ["a: 1\nb: c: d\n", "yaml: line 2: mapping values are not allowed in this context"],
  ["a: 1\nb: @x\n", "yaml: line 2: found character that cannot start any token"],
  ["a: *x\n", "yaml: unknown anchor 'x' referenced"],
])("%j", (text, message) => {
  expect(() => decodeDocument(text)).toThrow(message);
});

test("JSON is read as JSON, with its digits", () => {
  expect(decodeDocument("\ufeff[1.50]")).toMatchObject([{ text: "1.50" }]);
  expect(decodeDocument("")).toBeNull();
});
