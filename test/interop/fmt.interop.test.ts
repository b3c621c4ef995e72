// `reeve fmt` and `opa fmt`: the same bytes on everything under rego/ and bundles/ and on a sample of the conformance modules.

import { describe, expect, test } from "vitest";
import { both, conformanceModules, folderOf, hasOpa } from "./both.ts";

describe.runIf(hasOpa)("fmt", () => {
  test.each([
    [["fmt", "rego", "bundles"]],
    [["fmt", "-l", "rego", "bundles"]],
    [["fmt", "--drop-v0-imports", "rego"]],
    [["fmt", "nope.rego"]],
    [["fmt", "package.json"]],
  ])("%j", { timeout: 300_000 }, (args) => {
    const [ours, theirs] = both(args);
    expect(ours).toEqual(theirs);
  });

  test("the conformance modules", { timeout: 300_000 }, () => {
    const { folder, files } = folderOf(conformanceModules(300));
    if (files.length === 0) return;
    const [ours, theirs] = both(["fmt", "."], { cwd: folder });
    expect(ours).toEqual(theirs);
    expect(both(["fmt", "--fail", "-l", "."], { cwd: folder })[0].status).toBe(theirs.stdout === "" ? 0 : 2);
  });

  test.each([
    ["package a\np  if  {input.x==1}\n", ["fmt"]],
    ["package a\np  if  {input.x==1}\n", ["fmt", "--v0-compatible"]],
    ["package a\np { input.x==1 }\n", ["fmt", "--v0-v1"]],
    ["package a\np if {\n", ["fmt"]],
    ["", ["fmt"]],
  ])("stdin %j %j", { timeout: 300_000 }, (input, args) => {
    const [ours, theirs] = both(args, { input });
    expect(ours).toEqual(theirs);
  });

  test("-d shows what changes", { timeout: 300_000 }, () => {
    const { folder } = folderOf(["package a\n\np if {\n  input.x  == 1\n}\nq := 1"]);
    const [ours, theirs] = both(["fmt", "-d", "."], { cwd: folder });
    expect(ours).toEqual(theirs);
  });
});

test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
