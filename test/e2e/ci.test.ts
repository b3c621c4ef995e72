// `.ci/run` on a scratch project: what its targets print decides its closing line and its exit code.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reeve-ci-"));
  mkdirSync(join(folder, ".ci"));
  mkdirSync(join(folder, "bin"));
  cpSync(new URL("../../.ci/run", import.meta.url), join(folder, ".ci/run"));
  // An `opa` on the PATH keeps the script from installing one.
  writeFileSync(join(folder, "bin/opa"), "#!/bin/sh\n");
  chmodSync(join(folder, "bin/opa"), 0o755);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(targets: { test: string; interop: string; check: string }): {
  code: number | null;
  last: string | undefined;
} {
  const rules = Object.entries(targets).map(([name, recipe]) => `${name}:\n\t@${recipe}\n`);
  writeFileSync(join(folder, "Makefile"), rules.join(""));
  const path = [join(folder, "bin"), process.env.PATH].join(delimiter);
  const { status, stdout } = spawnSync(join(folder, ".ci/run"), {
    encoding: "utf8",
    env: { ...process.env, PATH: path },
  });
  return { code: status, last: stdout.trimEnd().split("\n").at(-1) };
}

const passed = String.raw`printf '\033[2m      Tests \033[22m 3581 passed | 2 skipped (3583)\n'`;

test("A run in which all passed ends 0 and sums both suites.", () => {
  expect(run({ test: passed, interop: "echo '  Tests  465 passed (465)'", check: "true" })).toEqual({
    code: 0,
    last: "4046 passed, 0 failed",
  });
});

test("A failed test ends the run with its count, before the slower suites.", () => {
  const answer = run({
    test: "echo '  Tests  2 failed | 10 passed (12)'; exit 1",
    interop: "echo no",
    check: "echo no",
  });
  expect(answer.code).not.toBe(0);
  expect(answer.last).toBe("10 passed, 2 failed");
});

test("A failed check counts as one failure although no test failed.", () => {
  const answer = run({ test: passed, interop: "true", check: "exit 1" });
  expect(answer.code).not.toBe(0);
  expect(answer.last).toBe("3581 passed, 1 failed");
});
