// Printed terms and bodies read back as the same trees; order and equality of terms agree with that.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Location } from "../../../src/error.ts";
import type { Body, Expr, RefTerm, StringTerm, Term } from "../../../src/syntax/ast.ts";
import { bodyToJson, jsonText, termToJson } from "../../../src/syntax/ast-json.ts";
import { compareTerms, distinctTerms, equalTerms, isGround, sortTerms } from "../../../src/syntax/order.ts";
import { parseQuery, parseTerm } from "../../../src/syntax/parser.ts";
import { printBody, printTerm } from "../../../src/syntax/print.ts";
import { mapTerm, walkTerm } from "../../../src/syntax/visit.ts";

const location: Location = { file: "", row: 1, col: 1, offset: 0, text: "" };
const name = fc.constantFrom("x", "y", "zeta", "_a1", "B");
const text = fc.oneof(
  fc.constantFrom("", "a", "b c", "if", 'q"', "é", "\n", "日本"),
  fc.stringMatching(/^[ -~]{0,8}$/),
);

const variable = name.map((it): Term => ({ kind: "var", name: it, location }));
const string = text.map((value): StringTerm => ({ kind: "string", value, location }));
const numberText = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom("1.0", "0.10", "-1e5", "1E+3", "123456789012345678901234567890"),
);
const scalar: fc.Arbitrary<Term> = fc.oneof(
  string,
  fc.constant<Term>({ kind: "null", location }),
  fc.boolean().map((value): Term => ({ kind: "boolean", value, location })),
  numberText.map((it): Term => ({ kind: "number", text: it, location })),
);

const ref = (head: string, ...path: Term[]): RefTerm => ({
  kind: "ref",
  terms: [{ kind: "var", name: head, location }, ...path],
  location,
});

const { term, body } = fc.letrec<{ term: Term; expr: Expr; body: Body }>((tie) => {
  const small = fc.array(tie("term"), { maxLength: 3 });
  const fields = fc.array(fc.tuple(tie("term"), tie("term")), { maxLength: 2 });
  const composite: fc.Arbitrary<Term> = fc.oneof(
    small.map((items): Term => ({ kind: "array", items, location })),
    small.map((items): Term => ({ kind: "set", items: distinctTerms(items), location })),
    fields.map((entries): Term => ({ kind: "object", entries, location })),
    // A quote in brackets is not escaped by OPA, so such names cannot be read back.
    fc
      .tuple(
        name,
        fc.array(
          fc.oneof(
            string.filter((it) => !it.value.includes('"')),
            variable,
            tie("term"),
          ),
          { minLength: 1, maxLength: 3 },
        ),
      )
      .map(
        ([head, path]): Term =>
          ref(head, ...path.filter((it) => it.kind !== "string" || !it.value.includes('"')), {
            kind: "string",
            value: "end",
            location,
          }),
      ),
    fc
      .tuple(name, small)
      .map(([head, args]): Term => ({ kind: "call", operator: ref(head), args, location })),
    fc
      .tuple(tie("term"), tie("body"))
      .map(([it, b]): Term => ({ kind: "array-comprehension", term: it, body: b, location })),
    fc
      .tuple(tie("term"), tie("body"))
      .map(([it, b]): Term => ({ kind: "set-comprehension", term: it, body: b, location })),
    fc
      .tuple(tie("term"), tie("term"), tie("body"))
      .map(([key, value, b]): Term => ({ kind: "object-comprehension", key, value, body: b, location })),
  );
  const negated = fc.boolean();
  return {
    term: fc.oneof({ depthSize: "small", withCrossShrink: true }, scalar, variable, composite),
    expr: fc.oneof(
      { depthSize: "small" },
      fc.tuple(negated, tie("term")).map(([n, it]): Expr => exprOf(it, n)),
      fc
        .tuple(tie("term"), tie("term"))
        .map(
          ([a, b]): Expr => ({ kind: "expr", terms: [ref("eq"), a, b], negated: false, with: [], location }),
        ),
      fc.tuple(name, tie("term"), tie("body")).map(
        ([x, domain, b]): Expr => ({
          kind: "expr",
          terms: { kind: "every", value: { kind: "var", name: x, location }, domain, body: b, location },
          negated: false,
          with: [],
          location,
        }),
      ),
    ),
    body: fc.array(tie("expr"), { minLength: 1, maxLength: 2 }) as fc.Arbitrary<Body>,
  };
});

function exprOf(it: Term, negated: boolean): Expr {
  const terms = it.kind === "call" ? ([it.operator, ...it.args] as const) : it;
  return { kind: "expr", terms, negated, with: [], location };
}

describe("print then parse", () => {
  it("is the same term", () => {
    fc.assert(
      fc.property(term, (it) => {
        fc.pre(it.kind !== "call");
        const printed = printTerm(it);
        const parsed = parseTerm(printed).term;
        expect(parsed && jsonText(termToJson(parsed)), printed).toBe(jsonText(termToJson(it)));
      }),
      { numRuns: 400 },
    );
  });

  it("is the same body", () => {
    fc.assert(
      fc.property(body, (it) => {
        const printed = printBody(it);
        const parsed = parseQuery(printed).body;
        expect(parsed && jsonText(bodyToJson(parsed)), printed).toBe(jsonText(bodyToJson(it)));
      }),
      { numRuns: 400 },
    );
  });
});

describe("order", () => {
  it.each([
    ['{$"b{1}", $"a{1}c", $"c"}', '{$"c", $"b{1}", $"a{1}c"}'],
    ['{$"b{1}", $"a{1}"}', '{$"a{1}", $"b{1}"}'],
    ['{$"a", $"{1}"}', '{$"{1}", $"a"}'],
  ])("of template strings: first the number of parts, as OPA sorts %s", (given, sorted) => {
    const set = parseTerm(given).term as Term & { kind: "set" };
    const inOrder = parseTerm(sorted).term as Term & { kind: "set" };
    expect(sortTerms(set.items).map(printTerm)).toEqual(inOrder.items.map(printTerm));
  });

  it("is total and agrees with equality", () => {
    fc.assert(
      fc.property(term, term, term, (a, b, c) => {
        expect(Math.sign(compareTerms(a, b))).toBe(0 - Math.sign(compareTerms(b, a)));
        expect(equalTerms(a, a)).toBe(true);
        const [x, y, z] = sortTerms([a, b, c]);
        expect(compareTerms(x!, z!)).toBeLessThanOrEqual(0);
        expect(compareTerms(x!, y!)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it("sorts kinds as OPA does and takes numbers by value", () => {
    const terms = parseTerm('[{1}, {"a": 1}, [1], x.y, x, "s", 2, 10, true, null]').term!;
    expect(terms.kind === "array" && sortTerms(terms.items).map(printTerm).join(" ")).toBe(
      'null true 2 10 "s" x x.y [1] {"a": 1} {1}',
    );
    expect(printTerm(parseTerm("{1, 1.0, 1e0, 2}").term!)).toBe("{1, 2}");
  });

  it("knows what is ground", () => {
    const ground = (it: string): boolean => isGround(parseTerm(it).term!);
    expect(["1", "[1, {2}]", "data.a", "x.a"].map(ground)).toEqual([true, true, true, true]);
    expect(["x", "[x]", "data[x]", "{1: x}", "[1 | true]"].map(ground)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("visit", () => {
  it("reaches every variable, and a mapping that changes nothing gives the same tree", () => {
    fc.assert(
      fc.property(term, (it) => {
        let count = 0;
        walkTerm(it, {
          term: (inner) => {
            if (inner.kind === "var") count++;
            return undefined;
          },
        });
        let mapped = 0;
        const same = mapTerm(it, {
          term: (inner) => {
            if (inner.kind === "var") mapped++;
            return inner;
          },
        });
        expect(mapped).toBe(count);
        expect(same).toBe(it);
      }),
    );
  });

  it("replaces terms bottom up and leaves the source alone", () => {
    const source = parseTerm("[x, {y: x}, {x | z[x]}]").term!;
    const before = printTerm(source);
    const renamed = mapTerm(source, {
      term: (it) => (it.kind === "var" && it.name === "x" ? { ...it, name: "w" } : it),
    });
    expect(printTerm(renamed)).toBe("[w, {y: w}, {w | z[w]}]");
    expect(printTerm(source)).toBe(before);
  });
});
