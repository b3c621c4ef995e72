// `reeve parse` and `opa parse`: the same JSON with locations and comments, and the same outline, on rego/, bundles/ and conformance modules.

import { describe, expect, test } from "vitest";
import { parse } from "../../src/compile/compile.ts";
import { jsonText, moduleToJson } from "../../src/syntax/ast-json.ts";
import { both, conformanceModules, folderOf, hasOpa, opa, regoFiles } from "./both.ts";

const files = [...regoFiles("rego"), ...regoFiles("bundles")];

describe.runIf(hasOpa)("parse", () => {
  test.each(files)("%s", { timeout: 300_000 }, (file) => {
    for (const args of [
      ["-f", "json", "--json-include", "locations,comments"],
      ["-f", "json", "--json-include", "-comments"],
      ["-f", "pretty"],
    ]) {
      const [ours, theirs] = both(["parse", file, ...args]);
      // OPA takes a per cent sign in a text for a placeholder.
      if (!theirs.stdout.includes("(MISSING)")) expect(ours).toEqual(theirs);
    }
  });

  test("the conformance modules", { timeout: 300_000 }, () => {
    const texts = conformanceModules(150);
    const { folder, files: written } = folderOf(texts);
    for (const [i, file] of written.entries()) {
      const { modules } = parse([{ file, text: texts[i] ?? "" }]);
      const theirs = opa(["parse", file, "-f", "json", "--json-include", "locations"], folder);
      expect(modules, theirs.stderr).toHaveLength(1);
      for (const module of modules)
        expect(
          `${jsonText(moduleToJson(module, { locations: true, comments: true }), "  ")}\n`,
          texts[i],
        ).toBe(theirs.stdout);
    }
  });

  test.each([[["nope.rego"]], [[]], [["nope.rego", "-f", "json"]]])("%j", { timeout: 300_000 }, (args) => {
    const [ours, theirs] = both(["parse", ...args]);
    expect(ours.status).toBe(theirs.status);
    expect(ours.stdout).toBe(theirs.stdout);
    if (args.length > 0) expect(ours.stderr).toBe(theirs.stderr);
  });
});

test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
