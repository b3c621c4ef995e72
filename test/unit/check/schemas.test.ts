// Schemas as types of input and data. schemas.json holds modules and schemas written for this test, with what OPA 1.20.2 finds.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { schemaType } from "../../../src/compile/check/schemas.ts";
import { check } from "../../../src/compile/check/stages.ts";
import { PolicyError } from "../../../src/error.ts";
import { parseModule } from "../../../src/syntax/parser.ts";
import { typeToText } from "../../../src/value/type-text.ts";
import { show } from "./support.ts";

interface Case {
  readonly modules: Readonly<Record<string, string>>;
  readonly schemas?: Readonly<Record<string, unknown>>;
  readonly findings: readonly string[];
}

const cases = JSON.parse(readFileSync(new URL("./schemas.json", import.meta.url), "utf8")) as readonly Case[];

test.each(cases.map((c) => [Object.values(c.modules).join(" --- ").replaceAll("\n", " | "), c] as const))(
  "%s",
  (_, c) => {
    const modules = Object.entries(c.modules).flatMap(
      ([file, text]) => parseModule(text, { file }).module ?? [],
    );
    const schemas = c.schemas === undefined ? {} : { schemas: new Map(Object.entries(c.schemas)) };
    const { diagnostics } = check(modules, { schemaAnnotations: true, ...schemas });
    expect(diagnostics.map(show).sort()).toEqual([...c.findings].sort());
  },
);

test("annotations do nothing unless asked for", () => {
  const text = "package a\n# METADATA\n# schemas:\n# - input: {type: string}\np if { input.x }";
  const { module } = parseModule(text, { file: "a.rego" });
  if (module === undefined) throw new Error("no module");
  expect(check([module]).diagnostics).toEqual([]);
  expect(check([module], { schemaAnnotations: true }).diagnostics).toHaveLength(1);
});

describe("schemas to types", () => {
  test.each([
    [{ type: "array", items: { type: "boolean" } }, "array[boolean]"],
    [{ type: "array", items: [{ type: "string" }, {}] }, "array<string, any>"],
    [{ type: "object" }, "object[any: any]"],
    [{ properties: { a: { type: "integer" } } }, "object<a: number>"],
    [{ anyOf: [{ type: "string" }, { type: "number" }] }, "any<number, string>"],
    [{ enum: [1, 2] }, "any"],
    [true, "any"],
    [{ $ref: "#/definitions/a", definitions: { a: { type: "null" } } }, "any"],
  ])("%j", (schema, want) => {
    expect(typeToText(schemaType(schema))).toBe(want);
  });

  test("a ref that leaves the document is refused, not fetched", () => {
    expect(() => schemaType({ $ref: "https://example.com/schema.json" })).toThrow(PolicyError);
  });

  test("a ref that refers to itself ends", () => {
    const schema = { properties: { next: { $ref: "#" }, name: { type: "string" } } };
    expect(typeToText(schemaType(schema))).toContain("recursive(#)");
  });
});
