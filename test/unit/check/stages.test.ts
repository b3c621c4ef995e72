// The stages as a whole: their order, that they leave what comes in alone, the form they leave to the planner, and the options.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { builtins } from "../../../src/builtins/registry.ts";
import { checkQuery, queryStages } from "../../../src/compile/check/query.ts";
import { check, stages } from "../../../src/compile/check/stages.ts";
import {
  callOf,
  isAssignment,
  isComprehension,
  isScalar,
  someOf,
  walkBody,
  walkHead,
} from "../../../src/compile/check/walk.ts";
import type { Body, Expr, Module, Rule, Term } from "../../../src/syntax/ast.ts";
import { parseQuery } from "../../../src/syntax/parser.ts";
import { printBody, printRef, printRule } from "../../../src/syntax/print.ts";
import { modulesOf, renumbered, show } from "./support.ts";

const sources = (
  JSON.parse(readFileSync(new URL("./cases.json", import.meta.url), "utf8")) as {
    modules: string[];
    v0?: boolean;
    rules?: unknown;
  }[]
).filter((c) => c.rules !== undefined && c.v0 !== true);

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}

const findings = (text: string, options = {}): string[] =>
  check(modulesOf([text]), options).diagnostics.map(show);

describe("order", () => {
  test("each stage comes after those it names", () => {
    const seen = new Set<string>();
    for (const { name, after, why } of stages) {
      for (const earlier of after) expect(seen, `${name} after ${earlier}`).toContain(earlier);
      expect(why).not.toBe("");
      expect(seen).not.toContain(name);
      seen.add(name);
    }
  });

  test("the stages of a query keep that order", () => {
    const order = stages.map(({ name }) => name);
    // Modules learn the names of imports before anything else; a query that hides `input` is refused before.
    const places = queryStages.slice(1).map(({ name }) => order.indexOf(name));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test("the first stage with findings is the last one that runs", () => {
    expect(findings("package a\np if { x := 1; x := 2 }\nq if { foo(1) }\nr if { y }")).toEqual([
      "16: m0.rego:2: rego_compile_error: var x assigned above",
    ]);
  });
});

test("modules that come in are never changed", () => {
  for (const { modules } of sources) check(frozen(modulesOf(modules)), { print: true });
  expect(sources.length).toBeGreaterThan(30);
});

/** What the planner relies on. */
function expectPlain(body: Body, text: string): void {
  const operand = (term: Term): void => {
    expect(
      term.kind === "var" || isScalar(term) || ["array", "object", "set"].includes(term.kind),
      `${term.kind} in ${text}`,
    ).toBe(true);
  };
  walkBody(body, {
    expr: (expr: Expr) => {
      expect(isAssignment(expr) || someOf(expr) !== undefined, text).toBe(false);
      const call = callOf(expr);
      if (call !== undefined && printRef(call[0].terms) !== "eq") for (const t of call.slice(1)) operand(t);
      return false;
    },
    term: (t) => {
      expect(["call", "template-string"], text).not.toContain(t.kind);
      if (t.kind === "array" || t.kind === "set") for (const item of t.items) operand(item);
      if (t.kind === "ref") for (const item of t.terms.slice(1)) expect(item.kind, text).not.toBe("ref");
      return false;
    },
  });
}

test("bodies are flat and heads are plain", () => {
  const checkRule = (rule: Rule): void => {
    const text = printRule(rule);
    expectPlain(rule.body, text);
    walkHead(rule.head, {
      term: (t) => {
        expect(t.kind === "ref" || t.kind === "call" || isComprehension(t), text).toBe(false);
        return false;
      },
    });
    if (rule.else !== undefined) checkRule(rule.else);
  };
  for (const { modules } of sources) {
    const { compiled } = check(modulesOf(modules), { print: true });
    for (const module of compiled?.modules ?? []) module.rules.forEach(checkRule);
  }
});

test("the order of modules does not matter", () => {
  const rules = (modules: Module[]): string[] => {
    const { compiled, diagnostics } = check(modules);
    return compiled?.modules.flatMap((m) => m.rules.map((rule) => printRule(rule))) ?? diagnostics.map(show);
  };
  const several = sources.filter(({ modules }) => modules.length > 1);
  expect(several.length).toBeGreaterThan(0);
  for (const { modules } of several)
    expect(rules(modulesOf(modules).reverse())).toEqual(rules(modulesOf(modules)));
});

test("details of type errors are OPA's JSON", () => {
  const [finding] = check(modulesOf(['package a\np if { q.b }\nq := {"a": 1}'])).diagnostics;
  expect(JSON.parse(JSON.stringify(finding?.details))).toEqual({
    ref: [
      { type: "var", value: "data" },
      { type: "string", value: "a" },
      { type: "string", value: "q" },
      { type: "string", value: "b" },
    ],
    pos: 3,
    want: { type: "string" },
    oneOf: ["a"],
  });
});

describe("options", () => {
  test("a limit on findings", () => {
    const text = `package a\n${"abcde"
      .split("")
      .map((name) => `${name} if { undefined_${name}(1) }`)
      .join("\n")}`;
    expect(findings(text)).toHaveLength(5);
    const limited = findings(text, { maxErrors: 2 });
    expect(limited).toHaveLength(3);
    expect(limited[2]).toBe("rego_compile_error: error limit reached");
  });

  test("unsafe builtins are refused in modules, queries and with", () => {
    const unsafeBuiltins = new Set(["http.send"]);
    expect(findings("package a\np := http.send({})", { unsafeBuiltins })).toEqual([
      "6: m0.rego:2: rego_type_error: unsafe built-in function calls in expression: http.send",
    ]);
    expect(findings("package a\np if { input.x with http.send as 1 }", { unsafeBuiltins })[0]).toContain(
      'with keyword replacing built-in function: target must not be unsafe: "http.send"',
    );
    const { compiled } = check(modulesOf(["package a"]), { unsafeBuiltins });
    const body = parseQuery("http.send({}, x)").body ?? [];
    if (compiled === undefined) throw new Error("no modules");
    expect(checkQuery(compiled, body).diagnostics).toHaveLength(1);
    expect(checkQuery(compiled, body, { unsafeBuiltins: new Set() }).diagnostics).toEqual([]);
  });

  test("builtins that the capabilities leave out do not exist", () => {
    const few = new Map([...builtins].filter(([name]) => name !== "upper"));
    expect(findings('package a\np := upper("a")', { builtins: few })).toEqual([
      "6: m0.rego:2: rego_type_error: undefined function upper",
    ]);
  });

  test("rules may not stand where base data stands", () => {
    const pathExists = (path: readonly string[]): boolean => path.join("/") === "a/p";
    expect(findings("package a\np := 1", { pathExists })).toEqual([
      "1: m0.rego:2: rego_compile_error: conflicting rule for data path a/p found",
    ]);
  });

  test("unknown functions can be left alone", () => {
    expect(findings("package a\np := foo(input.x)", { allowUndefinedFunctions: true })).toEqual([]);
  });

  test("sides of equalities of test rules are captured on request", () => {
    const { compiled } = check(modulesOf(["package a\ntest_p if { q == 1 }\nq := 1"]), {
      captureTestTerms: true,
    });
    expect(renumbered(printRule(compiled?.modules[0]?.rules[0] as Rule))).toBe(
      "test_p = true if { L0 = data.a.q; L0 = 1 }",
    );
  });

  test("entrypoints are collected from annotations", () => {
    const text =
      "# METADATA\n# entrypoint: true\npackage a\n\n# METADATA\n# entrypoint: true\np := 1\n\nq := 2\n";
    const { compiled } = check(modulesOf([text]));
    expect(compiled?.entrypoints.map((ref) => printRef(ref.terms))).toEqual(["data.a", "data.a.p"]);
  });
});

describe("queries", () => {
  const { compiled } = check(modulesOf(['package a\nq := {"a": 1}\nf(x) := x + 1']));
  const run = (text: string, options = {}): string[] => {
    if (compiled === undefined) throw new Error("no modules");
    const { query, diagnostics } = checkQuery(compiled, parseQuery(text).body ?? [], options);
    return query === undefined ? diagnostics.map(show) : [renumbered(printBody(query.body))];
  };

  // Each as OPA 1.20.2 has it.
  test.each([
    ["x = data.a.q.a; y := x + 1", "x = data.a.q.a; plus(x, 1, L0); L1 = L0"],
    ["1 / 0", "div(1, 0)"],
    ["input.x == 1", "L0 = input.x; equal(L0, 1)"],
    ["x", "1: 1:1: rego_unsafe_var_error: var x is unsafe"],
    [
      "data.a.q.b",
      '1: 1:1: rego_type_error: undefined ref: data.a.q.b\n\tdata.a.q.b\n\t         ^\n\t         have: "b"\n\t         want (one of): ["a"]',
    ],
    ["data.a.f()", "1: 1:1: rego_type_error: data.a.f: arity mismatch\n\thave: ()\n\twant: (number)"],
  ])("%s", (text, want) => {
    expect(run(text)).toEqual([want]);
  });

  test("a query within a package uses its rules by name", () => {
    const path = modulesOf(["package a"])[0]?.package.path;
    expect(run("f(q.a) == x; x = 2", { package: path })).toEqual([
      "L0 = data.a.q.a; data.a.f(L0, L1); x = 2; equal(L1, x)",
    ]);
  });

  test("an empty query is refused", () => {
    expect(run("")).toEqual(["rego_compile_error: empty query cannot be compiled"]);
  });
});
