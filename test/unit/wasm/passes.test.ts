// Whatever makes modules faster changes no answer: drawn policies and inputs, every pass on against every pass off, objects against text.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { emit, type Passes } from "../../../src/compile/wasm/emit.ts";
import { type Engine, prepare } from "../../../src/engine/engine.ts";
import { runtime } from "./build.ts";
import { grants, input, policy } from "./drawn.ts";

// Rules of few shapes in runs: a text chooses among them by equality, membership, beginning, end or glob, at one or two places.
const part = fc.constantFrom("", "a", "ab", "abc", "b", "ba", "é", "éa", "x/y", "x/", "a:b", "a:");
const quoted = part.map((text) => JSON.stringify(text));
const list = fc.array(
  fc.oneof({ weight: 5, arbitrary: quoted }, { weight: 1, arbitrary: fc.constantFrom("1", "null", "[]") }),
  {
    maxLength: 3,
  },
);
const glob = fc
  .array(fc.oneof(part, fc.constantFrom("*", "**", "?", "[ab]", "{a,b}", "[", "\\a")), {
    minLength: 1,
    maxLength: 3,
  })
  .map((all) => JSON.stringify(all.join("")));
const at = fc.constantFrom("input.action", "input.user.name");
const asking = fc.oneof(
  fc.tuple(at, quoted).map(([place, text]) => `${place} == ${text}`),
  fc.tuple(at, list).map(([place, all]) => `${place} in [${all.join()}]`),
  fc
    .tuple(at, list)
    .map(([place, all]) => (all.length === 0 ? `${place} in set()` : `${place} in {${all.join()}}`)),
  fc.tuple(at, quoted).map(([place, text]) => `startswith(${place}, ${text})`),
  fc.tuple(at, quoted).map(([place, text]) => `endswith(${place}, ${text})`),
  fc
    .tuple(at, glob, fc.constantFrom("[]", "null", '[":"]', '[":", "/"]'))
    .map(([place, pattern, signs]) => `glob.match(${pattern}, ${signs}, ${place})`),
  fc
    .tuple(at, fc.array(quoted, { maxLength: 3 }))
    .map(([place, all]) => `strings.any_prefix_match(${place}, [${all.join()}])`),
  fc
    .tuple(at, fc.array(quoted, { maxLength: 3 }))
    .map(([place, all]) => `strings.any_suffix_match(${place}, [${all.join()}])`),
);
const rest = fc.constantFrom(
  [""],
  ['input.user.name == "a"', 'input.user.name == "ab"'],
  ["input.level > 1", "input.level > 2.5"],
  ["to_number(input.action) > 1"],
  ['upper(input.user.name) == "A"', 'upper(input.user.name) == "AB"'],
  ['not input.user.name == "a"'],
  ['some x in input.list; x == "a"', 'some x in input.list; x == "b"'],
  ['codes[input.user.name] == "x"'],
);
const runOf = fc
  .tuple(fc.array(asking, { minLength: 1, maxLength: 2 }), rest)
  .chain(([kinds, more]) =>
    fc.array(
      fc.tuple(
        fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...kinds) }, { weight: 5, arbitrary: asking }),
        fc.constantFrom(...more),
      ),
      { minLength: 4, maxLength: 14 },
    ),
  )
  .map((all) => all.map(([first, second]) => (second === "" ? first : `${first}\n\t${second}`)));
const chosen = fc
  .tuple(runOf, runOf, fc.array(fc.tuple(part, asking), { maxLength: 12 }), runOf)
  .map(([allow, kinds, codes, level]) =>
    [
      "package p",
      "default allow := false",
      ...allow.map((text) => `allow if {\n\t${text}\n}`),
      ...kinds.map((text, index) => `kinds contains "k${index % 5}" if {\n\t${text}\n}`),
      ...Array.from(
        new Map(codes),
        ([key, text]) =>
          `codes[${JSON.stringify(key)}] := "x" if {\n\t${text.replaceAll("input.action", "input.other")}\n}`,
      ),
      'codes.known := "x"',
      // Two values at once are a conflict, with the place of the rule.
      ...level.map((text, index) => `level := "l${index % 3}" if {\n\t${text}\n}`),
      "other := [codes[input.action], codes[input.user.name]]",
    ].join("\n\n"),
  );
const textual = fc.oneof(
  { weight: 8, arbitrary: part },
  { weight: 1, arbitrary: fc.constantFrom(1, null, true, ["a"], {}) },
);
const asked = fc.record(
  {
    action: textual,
    other: textual,
    level: fc.constantFrom(1, 2, 3),
    user: fc.record({ name: textual }, { requiredKeys: [] }),
    list: fc.array(part, { maxLength: 3 }),
  },
  { requiredKeys: ["list"] },
);

/** The answer with all failures of builtins and their places, or the error. */
function outcome(engine: Engine, entrypoint: string, value: unknown): unknown {
  try {
    const { json, errors } = engine.evaluate(entrypoint, { value });
    return { json, errors };
  } catch (error) {
    return String(error);
  }
}

const ENTRYPOINTS = ["p/allow", "p/kinds", "p/level", "p"];

function engines(text: string, data: object): Engine[] {
  const { policy } = compile(
    checkSources([{ file: "p.rego", text }]),
    { entrypoints: ENTRYPOINTS },
    { runtime, verify: true },
  );
  const off: Passes = {
    cells: false,
    ruleIndex: false,
    mergeRules: false,
    dataIndex: false,
    loopInvariants: false,
    commonLookups: false,
    constants: false,
  };
  return [
    {},
    off,
    { ...off, cells: true },
    { ...off, ruleIndex: true },
    { ...off, ruleIndex: true, mergeRules: true },
    { ...off, dataIndex: true },
    { ...off, loopInvariants: true, commonLookups: true, constants: true },
    // Last: errors of builtins are noted as often as they happen.
    { ...off, memo: false, earlyExit: false, fuel: false },
  ].map((passes) => prepare({ wasm: emit(policy, { runtime, passes }).bytes, data: { value: data } }));
}

describe("passes", () => {
  test("change no answer", () => {
    fc.assert(
      fc.property(
        policy,
        grants,
        grants,
        fc.array(input, { minLength: 4, maxLength: 12 }),
        (text, first, second, inputs) => {
          const all = engines(text, { grants: first });
          const ask = (): void => {
            for (const value of inputs) {
              for (const entrypoint of ENTRYPOINTS) {
                const [wanted, ...answers] = all.flatMap((engine) => [
                  engine.evaluate(entrypoint, { json: JSON.stringify(value) }).json,
                  engine.evaluate(entrypoint, { value }).json,
                ]);
                for (const answer of answers) expect(answer).toBe(wanted);
              }
            }
          };
          ask();
          for (const engine of all) engine.setData({ value: { grants: second } });
          ask();
          const patch = { op: "upsert", path: ["grants"], value: { value: first } } as const;
          for (const engine of all) engine.patchData([patch]);
          ask();
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  test("take the same texts for JSON, and read the same out of them", () => {
    const rules = `package p
allow if input.action == "a"
kinds contains input.user.name
kinds contains role if some role in input.user.roles
level := input.user.constructor`;
    const [on, off] = engines(rules, {}) as [Engine, Engine];
    const json = fc.json({ maxDepth: 4 });
    const member = fc.tuple(fc.constantFrom("action", "user", "us\\u0065r", "other", "é", "a\\nb"), json);
    const members = fc
      .array(member, { maxLength: 5 })
      .map((all) => `{${all.map(([key, value]) => `"${key}": ${value}`).join(",")}}`);
    const user = fc
      .tuple(
        fc.array(
          fc.constantFrom(
            '"name":"é\\t"',
            '"name": 1',
            '"roles":["a","b"]',
            '"x":[{}, "\\ud83d\\ude00", null]',
          ),
          { maxLength: 4 },
        ),
        members,
      )
      .map(([all, more]) => `{"user": {${all.join(", ")}}, "rest": ${more}, "action":"a"}`);
    const spoil = fc
      .tuple(
        fc.oneof(user, members, json),
        fc.nat(),
        fc.constantFrom("", '"', "\\", "{", "}", ",", "\u0001", "1", "tru", "é"),
      )
      .map(
        ([text, at, what]) =>
          text.slice(0, at % (text.length + 1)) + what + text.slice((at % (text.length + 1)) + 1),
      );
    const answer = (engine: Engine, entrypoint: string, text: string): string => {
      try {
        return engine.evaluate(entrypoint, { json: text }).json;
      } catch (error) {
        return String(error);
      }
    };
    const nested = (depth: number): string =>
      `{"rest": ${"[".repeat(depth)}${"]".repeat(depth)}, "action": "a"}`;
    for (const [depth, wanted] of [
      [2499, '[{"result":true}]'],
      [2500, "PolicyError: input is not a JSON document"],
    ] as const)
      for (const engine of [on, off]) expect(answer(engine, "p/allow", nested(depth))).toBe(wanted);
    fc.assert(
      fc.property(fc.oneof(user, members, json, spoil), (text) => {
        for (const entrypoint of ENTRYPOINTS)
          expect(answer(on, entrypoint, text)).toBe(answer(off, entrypoint, text));
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  test("rules that texts choose: what holds, fails or clashes is the same", () => {
    fc.assert(
      fc.property(chosen, fc.array(asked, { minLength: 6, maxLength: 16 }), (text, inputs) => {
        const [all, off, ...on] = engines(text, { codes: { a: "x", ab: "y" } }).slice(0, -1);
        for (const value of inputs) {
          for (const entrypoint of ENTRYPOINTS) {
            const wanted = outcome(off!, entrypoint, value);
            for (const engine of [all!, ...on]) expect(outcome(engine, entrypoint, value)).toEqual(wanted);
          }
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test("rules behind large tables are found", () => {
    const rules = Array.from(
      { length: 4600 },
      (_, at) => `kinds contains ${at} if { input.action == "a${at % 4500}" }`,
    );
    const text = `package p\n${rules.join("\n")}\nallow if input.never\nlevel := 1 if input.never`;
    for (const engine of engines(text, {}).slice(0, 1)) {
      const kinds = (action: string): string => engine.evaluate("p/kinds", { value: { action } }).json;
      expect(kinds("a17")).toBe('[{"result":[17,4517]}]');
      expect(kinds("a4096")).toBe('[{"result":[4096]}]');
      expect(kinds("a4499")).toBe('[{"result":[4499]}]');
      expect(kinds("b")).toBe('[{"result":[]}]');
    }
  }, 60_000);
});
