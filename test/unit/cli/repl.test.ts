// An interactive session: what each line prints.

import { expect, test } from "vitest";
import { Repl } from "../../../src/cli/repl.ts";
import { decode } from "../../../src/value/json.ts";
import type { RegoObject } from "../../../src/value/value.ts";

async function session(lines: readonly string[], regoVersion: "v0" | "v1" = "v1"): Promise<string[]> {
  const printed: string[] = [];
  const repl = new Repl({
    modules: [],
    regoVersion,
    data: decode('{"a": [1, 2]}') as RegoObject,
    print: (text) => printed.push(text.trimEnd()),
  });
  for (const line of lines) await repl.line(line);
  return printed;
}

const defined = (name: string, verb = "defined", where = "repl"): string =>
  `Rule '${name}' ${verb} in package ${where}. Type 'show' to see rules.`;

test("rules are defined, replaced, shown and unset", async () => {
  expect(await session(["x := 1", "x", "x := 2", "x == 2", "show", "unset x", "show", "unset x"])).toEqual([
    defined("x"),
    "1",
    defined("x", "re-defined"),
    "true",
    "package repl\n\nx := 2",
    "no rules defined",
    "warning: no matching rules in current module",
  ]);
});

test("what is shown beside results is switched on and off", async () => {
  const [settings, traced, nothing, wrong, plain] = await session([
    "notes",
    "show debug",
    "trace fails",
    "data.a[_] == 3",
    "trace off",
    "trace nope",
    "1",
  ]);
  expect(JSON.parse(settings ?? "")).toEqual({
    explain: "notes",
    metrics: false,
    instrument: false,
    profile: false,
    "strict-builtin-errors": false,
  });
  expect(traced?.split("\n").slice(0, 2)).toEqual([
    "query:1     Enter __localq0__ = data.a[_]; equal(__localq0__, 3, _); _",
    "query:1     | Fail _",
  ]);
  expect([nothing, wrong, plain]).toEqual([
    "invalid explain mode, expected one of: off, full, notes, fails, debug",
    "1",
    undefined,
  ]);
});

test("metrics and profiles", async () => {
  const [shown] = await session(["instrument", "profile", "count([1, 2])"]);
  expect(shown).toMatch(/^2\n┌[\s\S]*timer_rego_query_eval_ns[\s\S]*Num Gen Expr[\s\S]*count\(\[1, 2\]\)/);
});

test("statements over several lines, functions, packages and imports", async () => {
  const lines = [
    "f(x) := y if {",
    "  y := x * 2",
    "}",
    "f(4)",
    "package other",
    "import data.repl.f",
    "f(5)",
  ];
  expect(await session(lines)).toEqual([defined("f"), "8", "10"]);
});

test("package repl.input is the input document", async () => {
  expect(await session(["package repl.input", "x := 4", "package repl", "input.x + 1"])).toEqual([
    defined("x", "defined", "repl.input"),
    "5",
  ]);
});

test("a mistake is told and undone; an empty line ends what cannot be finished", async () => {
  const [unsafe, parse, sum] = await session(["p if { z }", "1 +", "", "data.a[1] + 1"]);
  expect(unsafe).toBe("1 error occurred: 1:8: rego_unsafe_var_error: var z is unsafe");
  expect(parse).toMatch(/rego_parse_error: unexpected eof token/);
  expect(sum).toBe("3");
});

test("json and completion", async () => {
  expect(await session(["json", "1"])).toEqual([
    '{\n  "result": [\n    {\n      "expressions": [\n        {\n          "value": 1,\n          "text": "1",\n          "location": {\n            "row": 1,\n            "col": 1\n          }\n        }\n      ]\n    }\n  ]\n}',
  ]);
  const repl = new Repl({ modules: [], data: decode("{}") as RegoObject, print: () => undefined });
  expect(repl.completions("strict-")).toEqual(["strict-builtin-errors"]);
  expect(repl.completions("coun")).toContain("count");
});

test("types of references and variables, and what cannot be asked for", async () => {
  const lines = [
    "x := 1",
    "types",
    "x == 2",
    'y = [1, "a"]; y[i] = z',
    "types",
    "x",
    "UNKNOWN input",
    "help partial",
  ];
  const [, , first, , second, , unknown, partial] = await session(lines);
  expect(first?.split("\n")).toEqual([
    "# eq: (any, any) => boolean",
    "# data.repl.x: number",
    "# equal: (any, any) => boolean",
    "# __localq0__: number",
  ]);
  expect(second?.split("\n")).toEqual(
    expect.arrayContaining(["# y[i]: any<number, string>", "# i: number", "# y: array<number, string>"]),
  );
  expect([unknown, partial]).toEqual(
    Array(2).fill("partial evaluation is not supported: statements run as modules that are compiled whole"),
  );
});

test("statements in Rego v0", async () => {
  const lines = ["p[x] { x := data.a[_] }", "p", "q = y { y := count(p) }", "q == 2", "show"];
  expect(await session(lines, "v0")).toEqual([
    defined("p"),
    "[\n  1,\n  2\n]",
    defined("q"),
    "true",
    "package repl\n\np[x] {\n\tx := data.a[_]\n}\n\nq = y {\n\ty := count(p)\n}",
  ]);
});
