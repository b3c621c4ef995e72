// `reeve inspect` and `opa inspect`: the same tables and JSON, annotations and required capabilities included.

import { describe, expect, test } from "vitest";
import { both, conformanceModules, folderOf, hasOpa, regoFiles } from "./both.ts";

const targets = ["rego", "bundles/hello", "bundles/rbac", "bundles/ai-tools"];

describe.runIf(hasOpa)("inspect", () => {
  test.each([...targets, ...regoFiles("rego")])("%s", { timeout: 300_000 }, (target) => {
    for (const args of [["-a", "-f", "json"], ["-a"]]) {
      const [ours, theirs] = both(["inspect", target, ...args]);
      expect(ours).toEqual(theirs);
    }
  });

  test.each([[["nope"]], [["package.json"]], [["nope.rego"]]])("%j", { timeout: 300_000 }, (args) => {
    const [ours, theirs] = both(["inspect", ...args]);
    expect(ours.stdout).toBe(theirs.stdout);
    expect(ours.status).toBe(theirs.status);
  });

  test.each([[[]], [["--v0-compatible"]]])("features of a module that imports rego.v1: %j", (flags) => {
    const { folder } = folderOf([
      "package a\n\nimport rego.v1\n\np if input.x\n\na.b.c := 1\n\nd.e[x] := 2 if some x in [1]\n",
    ]);
    const [ours, theirs] = both(["inspect", ".", ...flags, "-f", "json"], { cwd: folder });
    expect(ours).toEqual(theirs);
  });

  test("conformance modules, each in a package of its own", { timeout: 300_000 }, () => {
    const texts = conformanceModules(200).filter((text) => !/\bdata\./.test(text));
    const apart = texts.map((text, i) => text.replace(/^(\s*package )\S+/m, `$1unique${i}`));
    const { folder, files } = folderOf(apart);
    if (files.length === 0) return;
    const [ours, theirs] = both(["inspect", ".", "-a", "-f", "json"], { cwd: folder });
    expect(ours).toEqual(theirs);
  });
});

test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
