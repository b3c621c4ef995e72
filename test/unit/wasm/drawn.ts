// Drawn policies whose rules look at the input and at grants in data, and inputs and data for them. Out: arbitraries.

import fc from "fast-check";

export const word = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "é", "constructor", "");
const place = fc.constantFrom(
  "input.action",
  "input.user.name",
  "input.user.role",
  'input["constructor"]',
  "input.list[_]",
);
const ground = fc.constantFrom("input.action", "input.user.name");
const condition = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(place, word).map(([at, text]) => `${at} == ${JSON.stringify(text)}`) },
  { weight: 1, arbitrary: fc.tuple(place, place).map(([a, b]) => `${a} == ${b}`) },
  { weight: 1, arbitrary: fc.tuple(place, word).map(([at, text]) => `${at} != ${JSON.stringify(text)}`) },
  { weight: 1, arbitrary: ground.map((at) => `not ${at}`) },
  {
    weight: 1,
    arbitrary: fc.tuple(place, word).map(([at, text]) => `startswith(${at}, ${JSON.stringify(text)})`),
  },
  { weight: 1, arbitrary: word.map((text) => `helper(${JSON.stringify(text)}) == input.user.name`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(word, word)
      .map(([a, b]) => `plain == ${JSON.stringify(a)} with input.action as ${JSON.stringify(b)}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom("role", "action", "role.deep"), place)
      .map(([key, at]) => `some grant in data.grants; grant.${key} == ${at}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(place, place)
      .map(([a, b]) => `some at, grant in data.grants; grant.role == ${a}; grant.action == ${b}; at >= 0`),
  },
);
const body = fc
  .array(condition, { minLength: 1, maxLength: 3 })
  .map((all) => all.map((text, index) => text.replace(/\b(grant|at)\b/g, `$1${index}`)).join("\n\t"));

export const policy = fc
  .record({
    allow: fc.array(body, { minLength: 1, maxLength: 24 }),
    kinds: fc.array(fc.tuple(word, body), { minLength: 1, maxLength: 16 }),
    level: fc.array(body, { maxLength: 12 }),
    helper: fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 12 }),
  })
  .map(({ allow, kinds, level, helper }) =>
    [
      "package p",
      "default allow := false",
      "plain := input.action",
      ...allow.map((text) => `allow if {\n\t${text}\n}`),
      ...kinds.map(([kind, text]) => `kinds contains ${JSON.stringify(kind)} if {\n\t${text}\n}`),
      'level := "one" if input.action == "a"',
      ...level.map((text) => `level := "one" if {\n\t${text}\n}`),
      // Each text once: two answers to one question would be a conflict, which is no answer to compare.
      ...Array.from(
        new Map(helper),
        ([from, to]) => `helper(x) := ${JSON.stringify(to)} if x == ${JSON.stringify(from)}`,
      ),
    ].join("\n\n"),
  );

const leaf = fc.oneof(
  { weight: 6, arbitrary: word },
  { weight: 1, arbitrary: fc.constantFrom(null, true, 7, 1.5, ["a", "b"], { name: "a", deep: "b" }) },
);
export const input = fc.record(
  {
    action: leaf,
    user: fc.oneof(
      { weight: 5, arbitrary: fc.record({ name: leaf, role: leaf }, { requiredKeys: [] }) },
      { weight: 1, arbitrary: leaf },
    ),
    list: fc.oneof(fc.array(word, { maxLength: 4 }), leaf),
    constructor: word,
  },
  { requiredKeys: [] },
);
export const grants = fc.array(
  fc.record({ role: leaf, action: leaf }, { requiredKeys: [] }) as fc.Arbitrary<object>,
  { maxLength: 12 },
);
