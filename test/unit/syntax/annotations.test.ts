// METADATA blocks: what is read from their YAML, which scope they get and which rules carry them.

import { describe, expect, it } from "vitest";
import { ruleAnnotations } from "../../../src/syntax/annotations.ts";
import { parseModule } from "../../../src/syntax/parser.ts";
import { printRef } from "../../../src/syntax/print.ts";

const parse = (text: string) => parseModule(text, { file: "a.rego" });
const messages = (text: string): string[] => parse(text).diagnostics.map(({ message }) => message);

describe("annotations", () => {
  it("reads every field", () => {
    const { module } = parse(`# METADATA
# title: T
# description: |
#   two
#   lines
# organizations: [Acme, 12]
# related_resources:
# - https://a.b/c d
# - {ref: "https://x.y", description: " why "}
# authors:
# - Ann Lee <ann@a.b>
# - {name: Bo}
# schemas:
# - input: schema.input
# - data.x: {type: string}
# custom: {n: 0x10, f: 1.50, big: 9007199254740993, d: 2020-01-02, t: yes, l: [~, 1]}
# labels: {k: v}
# compile: {unknowns: [input.a], mask_rule: mask}
package p`);
    const [block] = module!.annotations;
    expect(block).toMatchObject({
      scope: "package",
      target: -1,
      title: "T",
      description: "two\nlines\n",
      organizations: ["Acme", "12"],
      relatedResources: [{ ref: "https://a.b/c%20d" }, { ref: "https://x.y", description: "why" }],
      authors: [{ name: "Ann Lee", email: "ann@a.b" }, { name: "Bo" }],
      custom: { n: 16, f: 1.5, big: 9007199254740993n, d: "2020-01-02T00:00:00Z", t: "yes", l: [null, 1] },
      labels: { k: "v" },
    });
    expect(
      block!.schemas!.map(({ path, schema, definition }) => [
        printRef(path.terms),
        schema && printRef(schema.terms),
        definition,
      ]),
    ).toEqual([
      ["input", "schema.input", undefined],
      ["data.x", undefined, { type: "string" }],
    ]);
    expect(printRef(block!.compile!.unknowns![0]!.terms)).toBe("input.a");
    expect(printRef(block!.compile!.maskRule!.terms)).toBe("mask");
    expect(block!.location).toMatchObject({ row: 1, col: 1 });
    expect(block!.location.text.startsWith("# METADATA\n# title: T\n")).toBe(true);
  });

  it("takes a comment right behind the sign of a block", () => {
    const { module } = parse("# METADATA\n# description: |# as it is\n#  a: [\npackage p");
    expect(module?.annotations[0]).toMatchObject({ description: "a: [\n" });
  });

  it("gives scopes by what follows, and documents to all rules of a name", () => {
    const { module } = parse(`# METADATA
# title: pkg
package p

# METADATA
# entrypoint: true
# METADATA
# title: one
r := 1 if true

# METADATA
# title: two
r := 2 if false

s := 1`);
    expect(module!.annotations.map(({ scope, target }) => [scope, target])).toEqual([
      ["package", -1],
      ["document", 0],
      ["rule", 0],
      ["rule", 1],
    ]);
    expect(ruleAnnotations(module!).map((list) => list.map(({ title, scope }) => title ?? scope))).toEqual([
      ["document", "one"],
      ["document", "two"],
      [],
    ]);
  });

  it("is not read when the caller does not want it", () => {
    const text = "package p\n# METADATA\n# title: [1]\nr := 1";
    expect(parseModule(text, { file: "a.rego", annotations: false }).module?.annotations).toEqual([]);
    expect(messages(text)).toEqual(["yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into string"]);
  });

  it("says what is wrong", () => {
    const above = (yaml: string): string[] => messages(`package p\n# METADATA\n${yaml}\nr := 1`);
    expect(above("#")).toEqual(["expected METADATA block, found whitespace"]);
    expect(above("# scope: package")).toEqual([
      "annotation scope 'package' must be applied to package (have rule)",
    ]);
    expect(above("# scope: x")).toEqual([
      "invalid annotation scope 'x'. Use one of 'rule', 'document', 'package', or 'subpackages'",
    ]);
    expect(above("# title: a\n# title: b")).toEqual([
      'yaml: unmarshal errors:\n  line 2: mapping key "title" already defined at line 1',
    ]);
    expect(above("# schemas:\n# - input: foo")).toEqual(["invalid schema reference"]);
    expect(above("# custom: {a: {1: x}}")).toEqual(["invalid map key type(s): "]);
    expect(above("# title:x")[0]).toMatch(/Hint: on line 3, symbol\(s\) \['x'\] immediately following/);
  });
});
