// Trees, places and messages against what OPA 1.20.2 gave for the same texts (cases/*.json, recorded from `opa parse`).

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { RegoVersion } from "../../../src/syntax/ast.ts";
import { jsonText, moduleToJson } from "../../../src/syntax/ast-json.ts";
import { parseModule, parseQuery, parseRef, parseTerm } from "../../../src/syntax/parser.ts";
import { printBody, printModule, printTerm } from "../../../src/syntax/print.ts";

const read = (name: string): string => readFileSync(new URL(`./cases/${name}`, import.meta.url), "utf8");

interface ErrorCase {
  readonly version: RegoVersion;
  readonly text: string;
  readonly errors: readonly (readonly [string, number, number])[];
}

describe("trees", () => {
  it.each([
    ["everything", "v1"],
    ["layout", "v1"],
    ["v0", "v0"],
  ] as const)("%s.rego is OPA's JSON to the byte, places and comments included", (name, regoVersion) => {
    const { module, diagnostics } = parseModule(read(`${name}.rego`), { file: `${name}.rego`, regoVersion });
    expect(diagnostics).toEqual([]);
    const json = jsonText(moduleToJson(module!, { locations: true, comments: true }), "  ");
    expect(`${json}\n`).toBe(read(`${name}.json`));
  });

  it("leaves places and comments out unless asked", () => {
    const { module } = parseModule("# c\npackage a\np := 1.50", { file: "a.rego" });
    const json = jsonText(moduleToJson(module!));
    expect(json).toContain('"value":{"type":"number","value":1.50}');
    expect(json).not.toMatch(/location|comments/);
  });

  it("counts bytes in offsets and characters in columns", () => {
    const { module } = parseModule('package a\np := ["日本", x]', { file: "a.rego" });
    const value = module!.rules[0]!.head.value!;
    expect(value.kind === "array" && value.items[1]!.location).toMatchObject({
      row: 2,
      col: 13,
      offset: 26,
      text: "x",
    });
  });

  it("makes a v0 module with rego.v1 a v1 module", () => {
    const module = (text: string) => parseModule(text, { file: "a.rego", regoVersion: "v0" }).module;
    expect(module("package a\nimport rego.v1\np if { true }")?.regoVersion).toBe("v1");
    expect(module("package a\np { true }")?.regoVersion).toBe("v0");
  });
});

describe("errors", () => {
  const cases = JSON.parse(read("errors.json")) as ErrorCase[];

  it("has cases of both versions", () => {
    expect(new Set(cases.map(({ version }) => version))).toEqual(new Set(["v0", "v1"]));
    expect(cases.length).toBeGreaterThan(140);
  });

  it.each(cases.map((one) => [`${one.version} ${JSON.stringify(one.text)}`, one] as const))(
    "%s",
    (_, one) => {
      const { module, diagnostics } = parseModule(one.text, { file: "err.rego", regoVersion: one.version });
      const found = diagnostics.map(({ message, location }) => [
        message,
        location?.row ?? 0,
        location?.col ?? 0,
      ]);
      expect(found).toEqual(one.errors);
      expect(module === undefined).toBe(one.errors.length > 0);
    },
  );

  it("refuses rules without body that are named like a builtin", () => {
    const options = { file: "a.rego", builtins: new Set(["count"]) };
    const { diagnostics } = parseModule("package a\ncount(x)", options);
    expect(diagnostics.map(({ message }) => message)).toEqual(["rule name conflicts with built-in function"]);
  });

  it.each([
    ["arrays", "[", "1", "]"],
    ["parentheses", "(", "1", ")"],
    ["calls", "f(", "1", ")"],
    ["comprehensions", "{x | x := ", "1", "}"],
    ["template strings", '$"{', "1", '}"'],
    ["nothing closed", "{", "", ""],
  ])("deep nesting of %s is a diagnostic", (_, open, middle, close) => {
    const n = 20_000;
    const { diagnostics } = parseModule(`package a\np := ${open.repeat(n)}${middle}${close.repeat(n)}`, {
      file: "a.rego",
    });
    expect(diagnostics[0]?.message).toBe("max parsing recursion depth exceeded");
  });

  it("a long chain of operators is a diagnostic", () => {
    const { diagnostics } = parseModule(`package a\np := 1${" + 1".repeat(20_000)}`, { file: "a.rego" });
    expect(diagnostics.map(({ message }) => message)).toEqual(["max parsing recursion depth exceeded"]);
  });
});

describe("queries, terms, refs", () => {
  it("reads expressions on lines and behind semicolons", () => {
    expect(printBody(parseQuery("x := 1; y = 2\nz").body!)).toBe("assign(x, 1); y = 2; z");
    expect(parseQuery("").body).toEqual([]);
    expect(parseQuery("package a").diagnostics[0]?.message).toBe("expected body but got *ast.Package");
  });

  it("knows the keywords that the query's imports turn on", () => {
    // Without the keyword these are three expressions: in a query they need nothing between them.
    expect(parseQuery("x and y").body).toHaveLength(3);
    expect(printBody(parseQuery("x and y", { imports: ["future.keywords.and"] }).body!)).toBe("x and y");
    const v0 = { regoVersion: "v0" } as const;
    expect(parseQuery("every x in y { x }", v0).body).toHaveLength(5);
    expect(parseQuery("every x in y { x }", { ...v0, imports: ["rego.v1"] }).body).toHaveLength(1);
  });

  it("gives one term or says why not", () => {
    expect(printTerm(parseTerm('{"b": {1}, "a": [x]}').term!)).toBe('{"a": [x], "b": {1}}');
    expect(parseTerm("a; b").diagnostics[0]?.message).toBe("expected exactly one term but got: a; b");
    expect(parseTerm("f(x)").term).toBeUndefined();
    expect(printTerm(parseRef('data.a["b-c"]').ref!)).toBe('data.a["b-c"]');
    expect(parseRef("1").diagnostics[0]?.message).toBe("expected ref but got 1");
  });
});

describe("print", () => {
  it("gives OPA's canonical text", () => {
    const text = `package a.b["c-d"]
p if { x + y * 2 > 1; not z; some i, j in [1]; [a | b][0] = c with input.x as 1 }
q contains {y | (y | {1})} if f(_) else_["if"]`;
    const { module } = parseModule(text.replace(" else_", "; else_"), { file: "a.rego" });
    expect(module).toBeUndefined();
    const good = parseModule(text.split("\n").slice(0, 2).join("\n"), { file: "a.rego" }).module!;
    expect(printModule(good)).toBe(
      'package a.b["c-d"]\n\np = true if { gt(plus(x, mul(y, 2)), 1); not z; some i, j in [1]; [a | b][0] = c with input.x as 1 }',
    );
  });

  it("quotes as Go does", () => {
    const term = parseTerm(String.raw`"a\u0001\u0007\"\\é\u2028\ud83d\ude00"`).term!;
    expect(printTerm(term)).toBe(String.raw`"a\x01\a\"\\é\u2028😀"`);
  });
});
