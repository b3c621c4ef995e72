// Where path arguments really lead: every trick by which a path inside a folder means one outside of it.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { canonicalPaths, isInside, realPath } from "../../../../src/server/gateway/paths.ts";
import { fromPlain, toPlain } from "../../../../src/value/json.ts";
import type { RegoObject } from "../../../../src/value/value.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "reeve-paths-")));
const task = join(root, "task");
mkdirSync(join(task, "docs"), { recursive: true });
writeFileSync(join(root, "secret"), "s");
writeFileSync(join(task, "docs", "a"), "a");
symlinkSync("../secret", join(task, "file-link"));
symlinkSync("..", join(task, "folder-link"));
symlinkSync("../not-there-yet", join(task, "dangling"));
symlinkSync("loop-b", join(task, "loop-a"));
symlinkSync("loop-a", join(task, "loop-b"));
symlinkSync("docs", join(task, "inner-link"));
afterAll(() => rmSync(root, { recursive: true }));

describe("realPath", () => {
  test.each([
    ["docs/a", join(task, "docs/a")],
    ["./docs/../docs/a", join(task, "docs/a")],
    ["inner-link/a", join(task, "docs/a")],
    ["docs/new/deep", join(task, "docs/new/deep")],
    ["", task],
    ["~/x", join(task, "~/x")],
    ["../secret", join(root, "secret")],
    ["file-link", join(root, "secret")],
    ["folder-link/secret", join(root, "secret")],
    ["folder-link/task/docs/a", join(task, "docs/a")],
    ["dangling", join(root, "not-there-yet")],
    ["docs/a/../../../secret", join(root, "secret")],
  ])("%s", (given, expected) => {
    expect(realPath(task, given)).toBe(expected);
  });

  test.each(["loop-a", "loop-a/x", "docs/\0a"])("cannot be told: %j", (given) => {
    expect(realPath(task, given)).toBeUndefined();
  });

  test("whatever is inside by its real path has no `..` and starts with the folder", () => {
    const segment = fc.constantFrom(
      "..",
      ".",
      "docs",
      "file-link",
      "folder-link",
      "inner-link",
      "dangling",
      "a",
      "new",
      "",
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
        const real = realPath(task, segments.join("/"));
        if (real === undefined) return;
        expect(real.split("/")).not.toContain("..");
        expect(realPath("/", real)).toBe(real);
        expect(isInside(task, real)).toBe(real === task || real.startsWith(`${task}/`));
      }),
    );
  });
});

test("path arguments are replaced by where they lead, others are left alone", () => {
  const args = fromPlain({
    path: "file-link",
    paths: ["docs/a", 7, "~/x"],
    content: "../secret",
    odd: { path: "../secret" },
  });
  const { args: canonical, paths } = canonicalPaths(task, new Set(["path", "paths"]), args as RegoObject);
  expect(toPlain(canonical)).toEqual({
    path: join(root, "secret"),
    paths: [join(task, "docs/a"), 7, join(task, "~/x")],
    content: "../secret",
    odd: { path: "../secret" },
  });
  expect(paths.map(({ pointer, written }) => [pointer, written])).toEqual([
    ["/path", "file-link"],
    ["/paths/0", "docs/a"],
    ["/paths/2", "~/x"],
  ]);
});
