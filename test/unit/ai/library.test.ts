// What is written about the library, held against it: a page for each module with its reason codes and settings that are JSON; each OWASP
// entry with tests that exist.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { requestShape } from "../../../src/ai/documents.ts";
import { reasonCodes } from "../../../src/ai/reasons.ts";
import { documentSchema } from "../../../src/ai/schema.ts";
import { checkSources } from "../../../src/compile/compile.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const modules = readdirSync(new URL("rego/ai/", root))
  .filter((file) => file.endsWith(".rego") && !file.endsWith("_test.rego"))
  .map((file) => file.replace(/\.rego$/, ""))
  // The two that put the others together are in rego/README.md, and so is the catalogue of the first one.
  .filter((name) => !["calls", "decision", "tools"].includes(name));

describe("every module", () => {
  test.each(modules)("%s has a page and tests", (name) => {
    const page = read(`docs/library/${name}.md`);
    expect(page).toContain(`\`ai.${name}\``);
    expect(existsSync(new URL(`rego/ai/${name}_test.rego`, root))).toBe(true);
    const given = new Set(
      [...read(`rego/ai/${name}.rego`).matchAll(/"code": "(\w+)"/g)].map((match) => match[1] ?? ""),
    );
    for (const code of given) expect([code, page.includes(`\`${code}\``)]).toEqual([code, true]);
    for (const [, code = ""] of page.matchAll(/^- `(\w+)`$/gm))
      expect([code, reasonCodes.has(code)]).toEqual([code, true]);
    for (const [, json = ""] of page.matchAll(/```json\n([\s\S]*?)```/g))
      expect(() => JSON.parse(json) as unknown).not.toThrow();
    expect(read("docs/library/README.md")).toContain(`(${name}.md)`);
  });
});

test("every OWASP entry has a rule with an attack and a benign case", () => {
  const page = read("docs/owasp.md");
  const tests = read("rego/ai/owasp_test.rego");
  for (let i = 1; i <= 10; i++) {
    const id = `ASI${String(i).padStart(2, "0")}`;
    const row = page.split("\n").find((line) => line.startsWith(`| ${id} `)) ?? "";
    for (const kind of ["attack", "benign"]) {
      const name = `test_${id.toLowerCase()}_${kind}`;
      expect([row.includes(`\`${name}\``), new RegExp(`^${name} if`, "m").test(tests)]).toEqual([true, true]);
    }
  }
});

test("reads no path that a request cannot have", () => {
  const files = readdirSync(new URL("rego/ai/", root)).filter(
    (file) => file.endsWith(".rego") && !file.endsWith("_test.rego"),
  );
  const sources = (change: (text: string) => string) =>
    files.map((file) => ({ file, text: change(read(`rego/ai/${file}`)), regoVersion: "v1" as const }));
  const schemas = new Map([["schema", documentSchema(requestShape, "request")]]);
  expect(() =>
    checkSources(
      sources((text) => text),
      { schemas, strict: true },
    ),
  ).not.toThrow();
  const misspelt = sources((text) => text.replaceAll("input.session.budgets", "input.session.budget"));
  expect(() => checkSources(misspelt, { schemas, strict: true })).toThrow(
    /undefined ref: input\.session\.budget/,
  );
});
