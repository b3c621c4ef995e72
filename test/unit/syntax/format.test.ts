// The formatter against `opa fmt` 1.20.2 (cases/*.formatted, recorded), and what must hold of every formatted text.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatModule } from "../../../src/syntax/format.ts";
import { parseModule } from "../../../src/syntax/parser.ts";
import { printModule } from "../../../src/syntax/print.ts";

const read = (name: string): string => readFileSync(new URL(`./cases/${name}`, import.meta.url), "utf8");

function format(text: string, options: object = {}): string {
  const formatted = formatModule(text, { file: "a.rego", ...options });
  if ("text" in formatted) return formatted.text;
  throw new Error(formatted.diagnostics.map(({ message }) => message).join("\n"));
}

describe("layout", () => {
  it.each([
    ["everything", {}, "everything.formatted"],
    ["layout", {}, "layout.formatted"],
    ["v0", { regoVersion: "v0" }, "v0.formatted"],
    ["v0", { v0ToV1: true }, "v0.v1.formatted"],
  ])("%s.rego with %j is OPA's text", (name, options, expected) => {
    expect(format(read(`${name}.rego`), options)).toBe(read(expected));
  });

  it("keeps what it has formatted once", () => {
    // An else behind a body without braces is written anew each time, as OPA does it.
    const once = read("layout.formatted").replace(/^f\([\s\S]*?else := 7\n\n/m, "");
    expect(format(once)).toBe(once);
  });

  it("keeps numbers as they are written", () => {
    const text =
      'package a\n\np := [.1, -.5e3, 0.1, 1e2, 1.0]\n\nq if input[.1] == {.2: .1 + -.3}\n\nr := $".1"\n';
    expect(format(text)).toBe(text);
  });

  it("drops imports that v1 made needless", () => {
    const text = "package a\n\nimport rego.v1\nimport data.b\nimport future.keywords.in\n\np := 1\n";
    expect(format(text, { dropV0Imports: true })).toBe("package a\n\nimport data.b\n\np := 1\n");
  });

  it("refuses to change the meaning, which `opa fmt` does here", () => {
    const text = 'package a\n\np if "foo", (2 in {"bar": 2}) in {"foo": true}\n';
    const refused = formatModule(text, { file: "a.rego" });
    expect("diagnostics" in refused && refused.diagnostics[0]).toMatchObject({
      code: "rego_unsupported_error",
      location: { row: 3 },
    });
    expect(format(text, { verify: false })).toBe(
      'package a\n\np if "foo", 2 in {"bar": 2} in {"foo": true}\n',
    );
  });

  it("refuses what v1 refuses and formatting cannot mend", () => {
    const deprecated = new Set(["any"]);
    const refused = formatModule("package a\nimport data.x\nimport data.y.x\np := any([1])\ndata := 1", {
      file: "a.rego",
      deprecated,
    });
    expect("diagnostics" in refused && refused.diagnostics.map(({ message }) => message)).toEqual([
      "import must not shadow import data.x",
      "rules must not shadow data (use a different rule name)",
      "deprecated built-in function calls in expression: any",
    ]);
  });
});

it("the relation form of an operator is written as an equality, and is none the less the same", () => {
  const formatted = formatModule("package a\n\np if {\n\tplus(1, 2, x)\n\tnot equal(x, 4, false)\n}\n", {
    file: "a.rego",
  });
  expect(formatted).toEqual({ text: "package a\n\np if {\n\tx = 1 + 2\n\tnot false = x == 4\n}\n" });
});

describe("laws", () => {
  const tree = (text: string): string | undefined => {
    const { module } = parseModule(text, { file: "a.rego" });
    return module && printModule({ ...module, imports: [], rules: module.rules });
  };

  it("white space and comments change layout only: the formatted text has the tree of the source", () => {
    const tokens = read("layout.formatted").split(/(?<=[,{([])|(?=\n)/);
    const noise = fc.constantFrom("", "", "", " ", "\n", "\t", " # c\n", "\n\n");
    fc.assert(
      fc.property(fc.array(noise, { minLength: tokens.length, maxLength: tokens.length }), (added) => {
        const text = tokens.map((token, i) => token + added[i]).join("");
        const before = tree(text);
        fc.pre(before !== undefined);
        const formatted = formatModule(text, { file: "a.rego" });
        if ("text" in formatted) expect(tree(formatted.text)).toBe(before);
      }),
      { numRuns: 40 },
    );
  });
});
