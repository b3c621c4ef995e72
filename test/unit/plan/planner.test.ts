// Plans that run: modules and queries whose answers were recorded from OPA (cases.json), through check, plan, validate, emit and engine.
// Then what answers cannot show: shapes, positions, sizes, and which functions a `with` has planned again.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkSources, compileQuery } from "../../../src/compile/compile.ts";
import type { Policy } from "../../../src/compile/ir/ir.ts";
import { policyFromJson, policyToJson } from "../../../src/compile/ir/json.ts";
import { validate } from "../../../src/compile/ir/validate.ts";
import { plan, planEntrypoints, planQuery } from "../../../src/compile/plan/planner.ts";
import { builtins } from "../../../src/builtins/registry.ts";
import { emit } from "../../../src/compile/wasm/emit.ts";
import { parseQuery } from "../../../src/syntax/parser.ts";
import { decode } from "../../../src/value/json.ts";
import type { Value } from "../../../src/value/value.ts";
import { isObject } from "../../../src/value/value.ts";
import type { Case } from "../../conformance/cases.ts";
import { runOn } from "../../conformance/hosts.ts";
import { judge } from "../../conformance/judge.ts";

const RUNTIME = new URL("../../../dist/runtime.wasm", import.meta.url);

const compiled = (...modules: string[]) =>
  checkSources(
    modules.map((text, i) => ({ file: `test-${i}.rego`, text })),
    { builtins },
  );

function policyOf(query: string, ...modules: string[]): Policy {
  const checked = compiled(...modules);
  const { body } = parseQuery(query);
  if (body === undefined) throw new Error(`\`${query}\` does not parse`);
  const policy = planQuery(checked, compileQuery(checked, body), "eval");
  expect(validate(policy)).toEqual([]);
  return policy;
}

function recorded(): [string, Case][] {
  const groups = decode(readFileSync(new URL("cases.json", import.meta.url))) as Value[];
  return groups.flatMap((group) => {
    if (!isObject(group)) return [];
    return (group.get("wants") as Value[]).flatMap((want): [string, Case][] => {
      if (!isObject(want)) return [];
      const query = want.get("query") as string;
      const note = `${group.get("name") as string}: ${query}`;
      const item: Case = {
        category: "plan",
        note,
        query,
        modules: group.get("modules") as string[],
        data: group.get("data"),
        input: group.get("input"),
        wantResult: want.get("results") as Value[] | undefined,
        wantErrorCode: undefined,
        wantError: want.get("error") as string | undefined,
        sortBindings: false,
        strict: group.get("strict") === true,
      };
      return [[note, item]];
    });
  });
}

describe.runIf(existsSync(RUNTIME))("answers as OPA's", () => {
  test.each(recorded())("%s", async (_, item) => {
    const policy = policyOf(item.query, ...item.modules);
    const emitted = emit(policy, { runtime: readFileSync(RUNTIME) });
    expect(judge(item, await runOn("engine", emitted, item))).toBeUndefined();
  });
});

describe("shape", () => {
  test("an entrypoint gives one result; several share functions", () => {
    const checked = compiled("package a.b\np := q\nq := 1", "package c\nr := data.a.b.q");
    const policy = planEntrypoints(checked, ["a/b/p", "c/r"]);
    expect(validate(policy)).toEqual([]);
    expect(policy.plans.map(({ name }) => name)).toEqual(["a/b/p", "c/r"]);
    expect(policy.funcs.map(({ name }) => name)).toEqual(["g0.data.a.b.p", "g0.data.c.r", "g0.data.a.b.q"]);
    expect(policy.funcs.map(({ path }) => path)).toEqual([
      ["g0", "a", "b", "p"],
      ["g0", "c", "r"],
      ["g0", "a", "b", "q"],
    ]);
  });

  test("entrypoints and queries go into one policy", () => {
    const checked = compiled("package a\np := 1");
    const query = compileQuery(checked, parseQuery("x := data.a.p; y := 2").body ?? []);
    const policy = plan(checked, { entrypoints: ["a/p"], queries: [{ name: "q", queries: [query] }] });
    expect(policy.plans.map(({ name }) => name)).toEqual(["a/p", "q"]);
    expect(policy.static.strings).toEqual(expect.arrayContaining(["result", "x", "y"]));
    expect(policy.static.strings.some((text) => text.startsWith("__local"))).toBe(false);
  });

  test("functions take their arguments after input, data and values of mocks", () => {
    const policy = policyOf(
      "data.t.p",
      "package t\nf(x) := g(x)\ng(x) := x\np := y if y := f(1) with data.t.g as 5",
    );
    const mocked = policy.funcs.find(({ name }) => name.startsWith("g1."));
    expect(mocked).toMatchObject({ name: "g1.data.t.f", params: [0, 1, 2, 3], arity: 1 });
  });

  test("a plan survives OPA's JSON", () => {
    const policy = policyOf("data.t.p", "package t\np contains x if some x in [1, count(input.a)]");
    expect(policyFromJson(JSON.parse(JSON.stringify(policyToJson(policy))))).toEqual(policy);
    const count = policy.static.builtinFuncs.find(({ name }) => name === "count");
    expect(count?.decl).toMatchObject({ type: "function", result: { type: "number" } });
  });

  test("statements stand where their expressions do", () => {
    const policy = policyOf("data.t.p", "package t\n\np if {\n  input.x > 1\n  count(input.y) == 2\n}");
    const at = policy.funcs[0]?.blocks[0]?.stmts.find(
      (stmt) => stmt.kind === "CallStmt" && stmt.func === "count",
    )?.at;
    expect(at).toMatchObject({ row: 5, col: 3, endRow: 5, endCol: 17 });
    expect(policy.static.files[at?.file ?? 0]).toBe("test-0.rego");
  });
});

describe("with", () => {
  const module = `package t
f(x) := x + offset
offset := 1
plain := f(1)
other := 3
p := x if x := plain with data.t.offset as 5
q := x if x := plain with data.base as 5
r := x if x := [plain, other] with data.t.f as 7
s := x if x := plain with data.t.offset as 6`;

  test("plans again only what it concerns, once for equal replacements", () => {
    const names = policyOf("data.t", module).funcs.map(({ name }) => name);
    const again = names.filter((name) => !name.startsWith("g0."));
    // `p` and `s` hide the same rule; `r` replaces a function that `other` does not call; `data.base` hides no rule.
    expect(again.sort()).toEqual(["g1.data.t.plain", "g2.data.t.plain", "g1.data.t.f"].sort());
  });

  test("nesting does not double the work", () => {
    const nested = (depth: number): string =>
      depth === 0 ? "input.a" : `[x${depth} | x${depth} := ${nested(depth - 1)} with input.a as ${depth}]`;
    const policy = policyOf("data.t.p", `package t\np := ${nested(7)}`);
    expect(JSON.stringify(policy).length).toBeLessThan(8_000);
  });
});

describe("size", () => {
  const many = (count: number, each: (i: number) => string, separator = "\n") =>
    Array.from({ length: count }, (_, i) => each(i)).join(separator);

  test.each([
    ["a body of 2000 expressions", `p if {\n${many(2000, (i) => `input.x${i} == ${i}`)}\n}`],
    ["an array of 30000 numbers", `p := [${many(30_000, String, ", ")}]`],
    ["a chain of 2000 rules", `p := a0\n${many(2000, (i) => `a${i} := a${i + 1}`)}\na2000 := 1`],
    ["5000 rules of one name", `${many(5000, (i) => `p contains ${i} if input.x == ${i}`)}`],
  ])("%s", (_, text) => {
    const policy = policyOf("data.t.p", `package t\n${text}`);
    const locals = policy.funcs.map(({ blocks }) => JSON.stringify(blocks).matchAll(/"target":(\d+)/g));
    const highest = locals.map((found) => Math.max(0, ...Array.from(found, ([, n]) => Number(n)).slice(-5)));
    expect(Math.max(...highest)).toBeLessThan(45_000);
  });
});
