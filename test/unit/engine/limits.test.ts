// docs/limits.md, row by row: what is too deep, too large or too long ends in one clear error, and an instance that ran out of memory goes on.

import { describe, expect, test } from "vitest";
import { builtins } from "../../../src/builtins/registry.ts";
import { checkSources } from "../../../src/compile/compile.ts";
import { type Engine, type Limits, prepare } from "../../../src/engine/engine.ts";
import { PolicyError } from "../../../src/error.ts";
import { runQuery } from "../../../src/query.ts";
import { parseQuery } from "../../../src/syntax/parser.ts";
import { decode } from "../../../src/value/json.ts";
import { toPlain } from "../../../src/value/json.ts";
import { wasmOf } from "../decision/harness.ts";

const DEEP = 100_000;

function engineOf(body: string, limits: Limits = {}): Engine {
  return prepare({ wasm: wasmOf({ "l.rego": `package l\n\nx := ${body}\n` }, ["l/x"]), builtins, limits });
}

const ask = async (body: string): Promise<string> => {
  try {
    const solutions = await runQuery(checkSources([]), { text: `x := ${body}`, strictBuiltinErrors: true });
    return JSON.stringify(toPlain(solutions[0]?.bindings.get("x") ?? null));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return `${error.code}: ${error.message}`;
  }
};

describe("Rego that is too deep", () => {
  test.each([
    ["brackets", "[".repeat(DEEP) + "]".repeat(DEEP)],
    ["braces", "{".repeat(DEEP)],
    ["parentheses", `${"(".repeat(DEEP)}1${")".repeat(DEEP)}`],
    ["calls", "count(".repeat(DEEP)],
    ["operators", `1${" + 1".repeat(DEEP)}`],
    ["references within references", "input[input".repeat(DEEP)],
    ["comprehensions", "[x | x := ".repeat(DEEP)],
  ])("%s: one finding with its place", (_, text) => {
    const { body, diagnostics } = parseQuery(text);
    expect(body).toBeUndefined();
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ["rego_parse_error", "max parsing recursion depth exceeded"],
    ]);
    expect(diagnostics[0]?.location?.row).toBe(1);
  });

  test("a reference of many steps", async () => {
    expect(await ask(`input${".a".repeat(20_000)}`)).toBe(
      "rego_compile_error: an expression or reference is too long for the compiler",
    );
  });
});

describe("documents", () => {
  test("JSON that is too deep, as input, data and text", () => {
    const deep = "[".repeat(DEEP) + "]".repeat(DEEP);
    const engine = engineOf("input");
    expect(() => engine.evaluate("l/x", { json: deep })).toThrow(PolicyError);
    expect(() => engine.setData({ json: `{"a":${deep}}` })).toThrow(PolicyError);
    expect(() => decode(deep)).toThrow("exceeded max depth");
    expect(engine.evaluate("l/x", { json: "[[1]]" }).json).toBe('[{"result":[[1]]}]');
  });

  test("an input that is too large", () => {
    const engine = engineOf("input", { inputBytes: 10 });
    expect(() => engine.evaluate("l/x", { json: '"0123456789"' })).toThrow("larger than the limit of 10");
  });
});

describe("evaluation", () => {
  test("memory: an error, and the engine answers afterwards", () => {
    const engine = engineOf("count(numbers.range(1, input))", { memoryBytes: 8 * 1024 * 1024 });
    for (let round = 0; round < 3; round++) {
      expect(() => engine.evaluate("l/x", { json: "5000000" })).toThrow("memory limit reached");
      expect(engine.evaluate("l/x", { json: "5" }).json).toBe('[{"result":5}]');
    }
  });

  test("output: an answer may be as long as the limit, no longer, and the engine answers afterwards", () => {
    const bodies = [
      "input",
      '{"a": input, "b": [], "c": {}}',
      "{x | some x in [input, 1, 22, -3.5, null, true]}",
    ];
    for (const body of bodies) {
      for (const value of ["text", 1234, -7.25, [1, [2]], { k: { l: false } }, {}]) {
        const json = { json: JSON.stringify(value) };
        const answer = engineOf(body).evaluate("l/x", json).results[0] as { result: unknown };
        const { length } = JSON.stringify(answer.result);
        expect(engineOf(body, { outputBytes: length }).evaluate("l/x", json).results[0]).toEqual(answer);
        const engine = engineOf(body, { outputBytes: length - 1 });
        expect(() => engine.evaluate("l/x", json)).toThrow(
          expect.objectContaining({
            code: "eval_limit_error",
            message: `output is larger than the limit of ${length - 1} bytes`,
          }),
        );
        if (body === "input") expect(engine.evaluate("l/x", { json: "1" }).value).toBeDefined();
      }
    }
  });

  test("output: a small value that holds itself many times over is an error, never an allow", () => {
    const rules = Array.from({ length: 40 }, (_, at) => `a${at + 1} := [a${at}, a${at}]`).join("\n");
    const wasm = wasmOf({ "l.rego": `package l\n\na0 := true\n${rules}\n` }, ["l/a40", "l/a3"]);
    const engine = prepare({ wasm, builtins, limits: { outputBytes: 1_000_000 } });
    for (let round = 0; round < 3; round++) {
      expect(() => engine.evaluate("l/a40")).toThrow("output is larger than the limit of 1000000 bytes");
      expect(engine.evaluate("l/a3").json).toBe(
        '[{"result":[[[true,true],[true,true]],[[true,true],[true,true]]]}]',
      );
    }
  });

  test("a cross product ends with its steps", () => {
    const engine = engineOf(
      "count([1 | some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i < j])",
      {
        steps: 1_000_000,
      },
    );
    expect(() => engine.evaluate("l/x")).toThrow(expect.objectContaining({ code: "eval_limit_error" }));
  });

  test.each([
    [
      "rules under `with`",
      (at: number) => `r${at} := [a, b] if {
	a := r${at - 1} with input.x as ${at}
	b := r${at - 1} with input.x as ${-at}
}`,
      "r0 := input.x",
      "r30",
    ],
    [
      "functions",
      (at: number) => `f${at}(x) := max([f${at - 1}(x + ${at}), f${at - 1}(x * ${at})])`,
      "f0(x) := x\n\ngo := f30(input.x)",
      "go",
    ],
    [
      "scans by an index",
      (at: number) =>
        `f${at}(x) := {y | some row in data.rows; row.id == input.id; some z in f${at - 1}(row); y := z; z != x}`,
      "f0(x) := {x, 1, 2}\n\ngo := f30({row | some row in data.rows; row.all == input.all; f29(row)})",
      "go",
    ],
  ])("%s that double their work thirty times over end with their steps", (_, rule, first, name) => {
    const rules = Array.from({ length: 30 }, (_, at) => rule(at + 1));
    const wasm = wasmOf({ "l.rego": ["package l", first, ...rules].join("\n\n") }, [`l/${name}`]);
    const rows = Array.from({ length: 100 }, (_, id) => ({ id: id % 2, all: 1 }));
    const engine = prepare({ wasm, builtins, data: { value: { rows } }, limits: { steps: 100_000 } });
    expect(() => engine.evaluate(0, { value: { x: 1, id: 1, all: 1 } })).toThrow("step limit reached");
  });

  test("failures beyond 256 are dropped", () => {
    const engine = engineOf('[y | some i in numbers.range(1, 1000); y := to_number(sprintf("x%d", [i]))]');
    const { errors, json } = engine.evaluate("l/x");
    expect([errors.length, json]).toEqual([256, '[{"result":[]}]']);
  });
});

const repeated = (text: string, times: number): string =>
  `concat("", [${JSON.stringify(text)} | numbers.range(1, ${times})[_]])`;

describe("builtins", () => {
  test.each([
    ["1e1000000000", "rego_parse_error: 1:6: rego_parse_error: number too big"],
    ['to_number("1e1000000000")', "value out of range"],
    ['json.unmarshal("1e1000000000") * 2', "eval_builtin_error: mul: number too big"],
    ["bits.lsh(1, 1000000000)", "eval_builtin_error: bits.lsh: number too big"],
    ["numbers.range(1, 1000000000)", "eval_builtin_error: numbers.range: range has too many numbers"],
    [
      "numbers.range_step(1, 1000000000000, 2)",
      "eval_builtin_error: numbers.range_step: range has too many numbers",
    ],
    ['net.cidr_expand("::/0")', "eval_builtin_error: net.cidr_expand: too many addresses to expand"],
    ['sprintf("%1000000000d", [1])', '"%!(NOVERB)%!(EXTRA int64=1)"'],
    [`regex.match("(a*)*b", ${repeated("a", 100_000)})`, "false"],
    [`regex.match("(a|aa)+$", ${repeated("a", 100_000)})`, "true"],
    ['regex.is_valid("((a{1000}){1000}){1000}")', "false"],
    [`glob.match(${repeated("*a", 30)}, [], ${repeated("a", 3000)})`, "true"],
    [
      `regex.globs_match(${repeated(".*", 3000)}, ${repeated(".*b", 3000)})`,
      "eval_builtin_error: regex.globs_match: pattern too large",
    ],
    ['units.parse("1e1000000000")', "eval_builtin_error: units.parse: units.parse: exponent too large"],
    [`json.unmarshal(${repeated("[", DEEP)})`, "eval_builtin_error: json.unmarshal: exceeded max depth"],
    [
      `graphql.parse_query(${repeated("{a", DEEP)})`,
      "eval_builtin_error: graphql.parse_query: operand is nested too deeply",
    ],
    [`yaml.is_valid(${repeated("[", 5000)})`, "false"],
    [
      `yaml.unmarshal(${repeated("[", 5000)})`,
      "eval_builtin_error: yaml.unmarshal: yaml: exceeded max depth of 1000",
    ],
    [
      'strings.render_template("{{range .x}}{{range $.x}}{{range $.x}}{{range $.x}}a{{end}}{{end}}{{end}}{{end}}", {"x": numbers.range(1, 1000)})',
      "eval_builtin_error: strings.render_template: template: exceeded maximum template depth",
    ],
  ])("%s", { timeout: 60_000 }, async (body, want) => {
    expect(await ask(body)).toContain(want);
  });
});
