// Tests of policies as `reeve test` runs them: discovery, results, reports, single cases, coverage, and what is run again after a change.

import { describe, expect, test } from "vitest";
import type { SourceText } from "../../../src/compile/compile.ts";
import { coverageReport } from "../../../src/tester/coverage.ts";
import { discover } from "../../../src/tester/discover.ts";
import { measure } from "../../../src/tester/measure.ts";
import { durationText } from "../../../src/tester/result.ts";
import { Session } from "../../../src/tester/session.ts";
import { durationMs } from "../../../src/tester/sleep.ts";
import { type TestFlags, TestRun } from "../../../src/tester/test.ts";
import { emptyObject, object } from "../../../src/value/object.ts";
import type { RegoObject } from "../../../src/value/value.ts";

const FLAGS: TestFlags = {
  format: "pretty",
  parallel: 1,
  count: 1,
  maxErrors: 10,
  sort: "none",
  threshold: 0,
};

async function run(
  sources: readonly SourceText[],
  flags: Partial<TestFlags> = {},
  data: RegoObject = emptyObject,
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const tests = new TestRun(
    { ...FLAGS, ...flags },
    (text) => {
      out += text;
    },
    (text) => {
      err += text;
    },
  );
  const code = await tests.run(async () => ({ sources, data }));
  return { code, out: out.replace(/\([\d.]+(ns|µs|ms|s)\)/g, "(D)"), err };
}

const module = (text: string, file = "a_test.rego"): SourceText => ({ file, text: `package a\n\n${text}\n` });

describe("discovery", () => {
  test("finds tests by any part of a ref, and gives tests of one name names of their own", () => {
    const session = new Session();
    const modules = session.parse([
      module(
        "test_x if true\n\ntest_x if false\n\nb.test_y.z if true\n\ntodo_test_w if true\n\nhelper if true\n\ntest_c[k] if some k in [1]",
      ),
    ]);
    const { tests } = discover(modules);
    expect(tests.map(({ fullName, parameterised, skip }) => [fullName, parameterised, skip])).toEqual([
      ["data.a.test_x", false, false],
      ['data.a["test_x#01"]', false, false],
      ["data.a.b.test_y", false, false],
      ["data.a.todo_test_w", false, true],
      ["data.a.test_c", true, false],
    ]);
  });
});

describe("runs", () => {
  test("exit with 0 where all pass, 2 where one does not, 1 where nothing can be tried", async () => {
    expect((await run([module("test_a if true")])).code).toBe(0);
    expect((await run([module("test_a if false")])).code).toBe(2);
    expect((await run([module("todo_test_a if true")])).code).toBe(2);
    expect((await run([module("todo_test_a if true")], { exitZeroOnSkipped: true })).code).toBe(0);
    expect((await run([module("p if true")], { failOnEmpty: true })).code).toBe(1);
    const broken = await run([module("test_a if {")]);
    expect([broken.code, broken.out]).toEqual([1, ""]);
    expect(broken.err).toContain("rego_parse_error");
  });

  test("run one case of a parameterised test alone", async () => {
    const cases = module('test_c[k][n] if { some k, ns in {"a": [1, 2], "b c": [3]}; some n in ns; n != 2 }');
    const ran = async (pattern: string): Promise<string> =>
      (await run([cases], { run: pattern, verbose: true })).out;
    expect(await ran("test_c/a/1$")).toContain("PASS: 1/1");
    expect(await ran("test_c/a/2$")).toContain("FAIL: 1/1");
    expect(await ran("test_c\\.a$")).toContain("FAIL: 1/2");
    expect(await ran('test_c\\["b c"\\]')).toContain("PASS: 1/1");
    expect(await ran("test_c/z")).toBe("");
  });

  test("capture what is printed, with the test", async () => {
    const { out } = await run([
      module('test_a if { print("one", 1); print({2}); false }\n\ntest_b if print("not shown")'),
    ]);
    expect(out).toContain("a_test.rego:3:\ndata.a.test_a: FAIL (D)\n\n  one 1\n  {2}\n\n---");
    expect(out).not.toContain("not shown");
  });

  test("let tests sleep, and stop those that take too long", { timeout: 30_000 }, async () => {
    const slow = module(
      'test_fast if test.sleep("1ms") == null\n\ntest_slow if test.sleep("20s") == null\n\ntest_long if {\n\tcount([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); some c in numbers.range(1, 3000); a + b + c == 1]) == 1\n}',
    );
    const { code, out } = await run([slow], { timeout: 700 });
    expect(code).toBe(2);
    expect(out).toContain("PASS: 1/3\nERROR: 2/3");
    expect(out).toContain("  eval_cancel_error: caller cancelled query execution\n");
  });

  test("tell by whom each result is, as JUnit", async () => {
    const { out } = await run(
      [module('test_a if { print("<&>"); false }\n\ntest_c[k] if { some k in ["x", "y"]; k != "x" }')],
      { format: "junit" },
    );
    expect(out).toContain('<testsuites tests="3" failures="2" errors="0" skipped="0"');
    expect(out).toContain("<system-out>&lt;&amp;&gt;\n</system-out>");
    expect(out).toMatch(/name="test_c\/x"[^>]*>\n {6}<failure/);
  });

  test("show why a test failed, with the values of variables", async () => {
    const policy = { file: "p.rego", text: "package p\n\nallow if {\n    x := input.n\n    x > 3\n}\n" };
    const { out } = await run(
      [policy, module("import data.p\n\ntest_a if {\n    n := 2\n    p.allow with input.n as n\n}")],
      { verbose: true, varValues: true },
    );
    expect(out).toContain("p.rego:5            | | | Fail gt(x, 3)");
    expect(out).toContain(
      "  a_test.rego:7:\n        p.allow with input.n as n\n                                |\n                                2\n",
    );
  });
});

describe("sessions", () => {
  const policy = (value: number): SourceText => ({ file: "p.rego", text: `package p\n\nx := ${value}\n` });
  const tests = [module("test_a if data.p.x > 0", "a_test.rego"), module("test_b if true", "b_test.rego")];

  test("run again only what depends on what changed", () => {
    const session = new Session();
    const names = (sources: readonly SourceText[], data = emptyObject): string[] =>
      session.check(session.parse(sources), data).affected.map(({ name }) => name);
    expect(names([policy(1), ...tests])).toEqual(["test_a", "test_b"]);
    expect(names([policy(1), ...tests])).toEqual([]);
    expect(names([policy(2), ...tests])).toEqual(["test_a"]);
    expect(() => names([{ file: "p.rego", text: "package p\n\nx := " }, ...tests])).toThrow(
      "rego_parse_error",
    );
    expect(names([policy(2), ...tests])).toEqual(["test_a"]);
    expect(names([policy(2), ...tests], object([["d", true]]))).toEqual(["test_a", "test_b"]);
    expect(names([policy(2), ...tests.slice(0, 1)], object([["d", true]]))).toEqual([]);
  });
});

describe("coverage", () => {
  test("counts lines and branches, and tells why a place was not reached", async () => {
    const text =
      "package p\n\nallow if {\n\tinput.a > 1\n\tinput.b > 1\n}\n\nother if input.c == 1\n\nunused if input.d\n";
    const session = new Session();
    const parsed = session.parse([
      { file: "p.rego", text },
      module(
        "test_a if {\n\tnot data.p.allow with input.a as 2\n\tdata.p.other with input.c as 1\n\tnot data.p.other with input.c as 2\n}",
      ),
    ]);
    const program = session.check(parsed, emptyObject).checked;
    const { failures, hits, further } = await measure({ ...program, data: "{}" }, [
      "index_excluded",
      "early_exit",
    ]);
    expect(failures).toEqual([]);
    const report = coverageReport(program.modules, hits, further);
    const file = report.files.get("p.rego");
    expect(file?.branches).toEqual({ taken: 1, total: 6 });
    expect(file?.notCovered.map(({ start, why }) => [start.row, why])).toEqual([
      [3, "never tried"],
      [4, "never tried"],
      [5, "never tried"],
      [10, "never tried"],
      [10, "never tried"],
    ]);
  });
});

test("durations as Go writes and reads them", () => {
  expect([0, 12, 1_500, 2_000_000, 1_500_000_000, 125_000_000_000].map(durationText)).toEqual([
    "0s",
    "12ns",
    "1.5µs",
    "2ms",
    "1.5s",
    "2m5s",
  ]);
  expect(["5s", "1m30s", "1.5h", "10ms", "0", "x", "5"].map(durationMs)).toEqual([
    5000,
    90_000,
    5_400_000,
    10,
    0,
    undefined,
    undefined,
  ]);
});
