// Marked modules beside those that ship: the same answers, and the same code where nothing is marked.

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadRuntime } from "../../../src/build.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { checkSources, compile, Marks, type MarkRequest } from "../../../src/compile/compile.ts";
import { plan } from "../../../src/compile/plan/planner.ts";
import { validate } from "../../../src/compile/ir/validate.ts";
import { prepare } from "../../../src/engine/engine.ts";

const CONDITIONS = [
  "input.a",
  "input.a == 1",
  "input.b > 1",
  "not input.c",
  "some x in input.xs; x > 1",
  "every x in input.xs { x > 0 }",
  "count([x | some x in input.xs; x > 1]) == 1",
  '"a" in input.names',
  'input.role in {"a", "b"}',
  "input.xs[_] == 2",
  "helper(input.b) == 3",
  "other with input.a as 2",
  "data.base.flag",
  "1 / 0",
];
const VALUES = ["true", "1", "input.b", '"x"', "[input.a, 2]"];

const body = fc
  .uniqueArray(fc.constantFrom(...CONDITIONS), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("; "));
const rule = fc
  .record({ body, value: fc.constantFrom(...VALUES), otherwise: fc.option(body) })
  .map(
    ({ body: first, value, otherwise }) =>
      `p := ${value} if { ${first} }${otherwise === null ? "" : ` else := false if { ${otherwise} }`}`,
  );
const entry = fc
  .record({ body, key: fc.constantFrom('"k"', "input.a", "input.xs[_]") })
  .map(({ body: conditions, key }) => `q contains ${key} if { ${conditions} }`);
const document = fc.record(
  {
    a: fc.constantFrom<unknown>(1, 2, false, [1]),
    b: fc.constantFrom<unknown>(1, 2, 3, "s"),
    c: fc.boolean(),
    xs: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    names: fc.constantFrom<unknown>(["a"], ["b", "c"], {}),
    role: fc.constantFrom("a", "c"),
  },
  { requiredKeys: [] },
);

const HELPERS = "helper(x) := x + 1\nother if input.a == 2\n";
const REQUESTS: readonly Partial<MarkRequest>[] = [
  {},
  { index: true },
  { branches: true, earlyExit: false },
  { events: true, index: true },
];

function answers(text: string, input: unknown, request?: Partial<MarkRequest>): string[] {
  const compiled = checkSources([{ file: "p.rego", text }]);
  const marks = request && new Marks({ wants: () => true, ...request });
  const requests = { entrypoints: ["p/p", "p/q"], ...(marks && { marks }) };
  expect(validate(plan(compiled, requests))).toEqual([]);
  const { emitted } = compile(compiled, requests, { runtime: loadRuntime() });
  const engine = prepare({
    wasm: emitted.bytes,
    builtins,
    data: '{"base": {"flag": true}}',
    onMark: () => {},
  });
  return ["p/p", "p/q"].map((name) => {
    try {
      return engine.evaluate(name, { value: input }).json;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  });
}

describe("marks", () => {
  test("change no answer", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        fc.array(entry, { minLength: 1, maxLength: 2 }),
        document,
        (rules, entries, input) => {
          const text = ["package p", ...rules, ...entries, HELPERS].join("\n");
          const plain = answers(text, input);
          for (const request of REQUESTS) expect(answers(text, input, request), text).toEqual(plain);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("leave functions without marks as they are", () => {
    const sources = [
      {
        file: "a.rego",
        text: 'package a\n\np if { input.x == 1; not q }\n\nq contains x if some x in input.xs\n\nf(x) := y if y := sprintf("%d", [x])\n',
      },
      { file: "b.rego", text: 'package b\n\nr if { data.a.p; data.a.f(1) == "1" }\n\ns := data.a.q\n' },
    ];
    const compiled = checkSources(sources);
    const requests = { entrypoints: ["b/r", "b/s", "a/p"] };
    const funcs = (marks?: Marks) =>
      compile(compiled, { ...requests, ...(marks && { marks }) }, { runtime: loadRuntime() }).policy.funcs;
    const plain = funcs();
    const marks = new Marks({ wants: (file) => file === "b.rego" });
    const marked = funcs(marks);
    expect(marked.map(({ name }) => name)).toEqual(plain.map(({ name }) => name));
    const changed = plain.filter((func, i) => !isDeepStrictEqual(func, marked[i]));
    // The two rules of the marked file, and nothing else.
    expect(changed.map(({ name }) => name)).toEqual(["g0.data.b.r", "g0.data.b.s"]);
    expect(new Set(marks.list.map(({ location }) => location.file))).toEqual(new Set(["b.rego"]));
    expect(funcs()).toEqual(plain);
  });
});
