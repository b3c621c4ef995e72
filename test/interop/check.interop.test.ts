// `reeve check` and `opa check`: the same findings, as text and as JSON, on rego/, bundles/, conformance modules and modules with mistakes.

import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { both, conformanceModules, folderOf, hasOpa, withoutWords } from "./both.ts";

const MISTAKES: Readonly<Record<string, string>> = {
  parse: "package a\np if {\n",
  unsafe: "package a\np if { x }\nq if { y == 1 }\n",
  types: 'package a\np := count(1)\nq := 1 + "a"\n',
  recursion: "package a\np if q\nq if p\n",
  conflict: "package a\np := 1\ndefault p := 2\ndefault p := 3\n",
  v0: "package a\np { true }\nq[x] { x := 1 }\n",
  builtin: "package a\nnope := nope2(1)\ncount := 1\n",
  many: `package a\n${Array.from({ length: 20 }, (_, i) => `p${i} if x${i}`).join("\n")}\n`,
  strict: "package a\nimport data.foo\np if { x := 1 }\nf(x) := 1\n",
};

describe.runIf(hasOpa)("check", () => {
  test.each([
    [["check", "rego", "bundles"]],
    [["check", "-S", "rego", "bundles", "-f", "json"]],
    [["check", "-b", "bundles/hello"]],
    [["check", "-b", "bundles/rbac", "-f", "json"]],
    [["check", "nope"]],
    [["check", "nope", "nope2", "-f", "json"]],
    [["check", "-b", "nope"]],
    [["check", "-s", "nope.json", "rego"]],
  ])("%j", { timeout: 300_000 }, (args) => {
    const [ours, theirs] = both(args);
    expect(ours).toEqual(theirs);
  });

  test.each(Object.entries(MISTAKES))("%s", { timeout: 300_000 }, (name, text) => {
    const { folder } = folderOf([text]);
    // OPA finds the rules of a cycle in random order.
    const random = name === "recursion";
    const lines = (text: string): unknown => (random ? text.split("\n").sort() : text);
    for (const args of [[], ["-S"], ["-m", "2"], ["-m", "0"], ["--v0-compatible"]]) {
      const [ours, theirs] = both(["check", ".", ...args], { cwd: folder });
      expect({ ...ours, stderr: lines(ours.stderr) }).toEqual({ ...theirs, stderr: lines(theirs.stderr) });
    }
    const [ours, theirs] = both(["check", ".", "-f", "json"], { cwd: folder });
    const findings = (text: string): unknown => {
      const { errors = [] } = withoutWords(JSON.parse(text || "{}")) as { errors?: { message: string }[] };
      return random ? errors.sort((a, b) => (a.message < b.message ? -1 : 1)) : errors;
    };
    expect(findings(ours.stderr)).toEqual(findings(theirs.stderr));
  });

  test("schemas", { timeout: 300_000 }, () => {
    const { folder } = folderOf([
      "package a\n# METADATA\n# schemas:\n# - input: {type: object, properties: {z: {type: integer}}}\np if input.x == 1\n",
      'package b\n# METADATA\n# schemas:\n# - input: {type: object, properties: {z: {type: integer}}}\np if input.z == "a"\n',
    ]);
    for (const args of [[], ["-f", "json"]]) {
      const [ours, theirs] = both(["check", ".", ...args], { cwd: folder });
      expect(ours).toEqual(theirs);
    }
  });

  test.each([
    '{"type":"object",',
    "",
    "null",
    "[1, 2]",
    '"x"',
    "hello",
    '{"type":5}',
    '{"type":"nope"}',
    '{"items":5}',
    '{"properties":{"a":5}}',
    '{"required":["a","a"]}',
    '{"$ref":"other.json"}',
    '{"$ref":"#/definitions/x"}',
    "type: [object\n",
    '{"type":"object","properties":{"a":{"type":"string"}}}',
  ])("a schema file of %j", { timeout: 300_000 }, (schema) => {
    const { folder } = folderOf([
      "package a\n\n# METADATA\n# schemas:\n# - input: schema.m0002\np if input.a == 1\n\nq if input.b\n",
      schema,
      schema,
    ]);
    mkdirSync(join(folder, "schemas"));
    renameSync(join(folder, "m0002.rego"), join(folder, "schemas", "m0002.json"));
    for (const given of ["m0001.rego", "schemas", "nope"]) {
      const [ours, theirs] = both(["check", "m0000.rego", "-s", given, "-f", "json"], { cwd: folder });
      expect(ours, given).toEqual(theirs);
    }
  });

  test("findings of several modules come in OPA's order", { timeout: 300_000 }, () => {
    for (const stage of [
      "p := nope1(x) if { nope2(1); not { nope3(1) } }\nq[nope4(1)] := 1",
      "p if { x }\nq := y\nf(data.x) := z",
      'p := count(1) if { 1 + "a" }\nq := input.x[1] + [1]',
      "import data.x\nimport input.x\np if { input := 1 }",
    ]) {
      const { folder } = folderOf(["c", "a", "b"].map((name) => `package ${name}\n${stage}\n`));
      const [ours, theirs] = both(["check", ".", "-f", "json", "-m", "0"], { cwd: folder });
      const places = (text: string): unknown =>
        (JSON.parse(text) as { errors: { message: string; location: object }[] }).errors.map(
          ({ message, location }) => [location, message],
        );
      expect(places(ours.stderr)).toEqual(places(theirs.stderr));
    }
  });

  test("the conformance modules, all together: the same conflicts", { timeout: 300_000 }, () => {
    const { folder, files } = folderOf(conformanceModules(300));
    if (files.length === 0) return;
    const [ours, theirs] = both(["check", ".", "-m", "0", "-f", "json"], { cwd: folder });
    // Which of the rules that conflict is named, and the order, is random in OPA.
    const messages = (text: string): string[] =>
      (JSON.parse(text) as { errors: { message: string }[] }).errors
        .map(({ message }) => message.split("\n")[0] ?? "")
        .sort();
    expect(messages(ours.stderr)).toEqual(messages(theirs.stderr));
    expect(ours.status).toBe(theirs.status);
  });

  test("the conformance modules, each in a package of its own: no findings", { timeout: 300_000 }, () => {
    const texts = conformanceModules(300).filter((text) => !/\bdata\./.test(text));
    const apart = texts.map((text, i) => text.replace(/^(\s*package )\S+/m, `$1unique${i}`));
    const { folder, files } = folderOf(apart);
    if (files.length === 0) return;
    const [ours, theirs] = both(["check", ".", "-m", "0", "-f", "json"], { cwd: folder });
    expect(ours).toEqual(theirs);
  });
});

test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
