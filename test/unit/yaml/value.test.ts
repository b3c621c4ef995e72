// YAML data and inputs, with the values and words that `opa eval -d FILE.yaml` and `-i` have for the same texts (recorded). What OPA
// ignores behind the document is refused here.

import { expect, test } from "vitest";
import { PolicyError } from "../../../src/error.ts";
import { decodeDocument, decodeYaml } from "../../../src/sources.ts";
import { encode } from "../../../src/value/json.ts";
import { readYaml } from "../../../src/yaml/value.ts";

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
  ["a: 1\nb\n", "yaml: line 3: could not find expected ':'"],
  ["a: 1\nb: @x\n", "yaml: line 2: found character that cannot start any token"],
  ["a: *x\n", "yaml: unknown anchor 'x' referenced"],
  ["a: &a [*a]\n", "yaml: anchor 'a' value contains itself"],
  ['a: "x\u0001y"\n', "yaml: control characters are not allowed"],
  ["a: !!int abc\n", "yaml: cannot decode !!str `abc` as a !!int"],
  ["a: !!timestamp 2001-02-29\n", "yaml: cannot decode !!str `2001-02-29` as a !!timestamp"],
  ['a: !!binary "a"\n', "yaml: !!binary value contains invalid base64 data"],
  ["? [1, 2]\n: x\n", "yaml: invalid map key: []interface {}{1, 2}"],
  ["~: x\n", 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "x"'],
  ["a: .inf\n", "json: unsupported value: +Inf"],
  ["%FOO x\n---\na: 1\n", "yaml: found unknown directive name"],
  ["%YAML 1.2\n---\na: 1\n", "yaml: found incompatible YAML document"],
])("%j is refused", (text, message) => {
  expect(() => decodeDocument(text)).toThrow(new PolicyError("invalid_input", message));
  expect(() => decodeYaml("d.yaml", text)).toThrow(
    new PolicyError("invalid_input", `d.yaml: error converting YAML to JSON: ${message}`),
  );
});

test.each([
  ["a: 1\na: 2\n", '{"a":2}'],
  ["a: x\u0085b: 2\n", '{"a":"x","b":2}'],
  ["a: x\u2028b: 2\n", '{"a":"x","b":2}'],
  ['a: !!int "12"\n', '{"a":12}'],
  ["a: !!timestamp 2004-02-29 1:2:3\n", '{"a":"2004-02-29 1:2:3"}'],
  ["a: !!binary |\n  aGVs\n  bG8=\n", '{"a":"hello"}'],
  ["y: 1\n0x10: no\n", '{"16":false,"true":1}'],
  ["a: [1.50, -0.0, 1e21, 0.0000001, 1e400]\n", '{"a":[1.5,-0,1e+21,1e-7,"1e400"]}'],
  ["# nothing\n", "null"],
  ["a: 1\n---\nb: 2\n", '{"a":1}'],
  ["a: 1\n...\nb: 2\n", '{"a":1}'],
])("%j is read", (text, json) => {
  expect(encode(decodeDocument(text))).toBe(json);
});

test.each([
  ['{"a":1} {"b":2}', 1],
  ['{"a":1}}', 1],
  ["[1]\nb: 2\n", 2],
])("of %j OPA reads the first part, and ours none", (text, line) => {
  const message = `yaml: line ${line}: text behind the end of the document`;
  expect(() => decodeDocument(text)).toThrow(new PolicyError("invalid_input", message));
  expect(() => readYaml(text, "ignored")).not.toThrow();
});

test.each([
  ["brackets", "[".repeat(3000) + "]".repeat(3000)],
  ["open brackets", "[".repeat(100_000)],
  ["sequences", `${"- ".repeat(5000)}x`],
])("%s in each other end in one line", (_what, text) => {
  expect(() => decodeDocument(text)).toThrow(/^yaml: (line 1: )?exceeded max depth of 1000$/);
});

test("JSON is read as JSON, with its digits", () => {
  expect(decodeDocument("\ufeff[1.50]")).toMatchObject([{ text: "1.50" }]);
  expect(decodeDocument("")).toBeNull();
});
