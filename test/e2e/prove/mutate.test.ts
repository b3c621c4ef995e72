// `reeve test --mutate` by the real command line: what nothing notices is shown on the source, most dangerous first; and the edits themselves.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { scratchFolder } from "../../scratch.ts";
import { parse } from "../../../src/compile/compile.ts";
import { checkSources } from "../../../src/compile/compile.ts";
import { Reach } from "../../../src/tester/mutate-reach.ts";
import { mutantsOf, mutated } from "../../../src/tester/mutate.ts";

const CLI = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const folder = scratchFolder("mutate");

const POLICY = `package refunds

default allow := false

# METADATA
# entrypoint: true
allow if {
	input.role == "clerk"
	input.amount <= 500
}

allow if {
	input.role == "manager" # größer
	not input.blocked
}
`;
const TESTS = `package refunds_test

import data.refunds

test_clerk if refunds.allow with input as {"role": "clerk", "amount": 500}

test_manager if refunds.allow with input as {"role": "manager"}

test_nobody if not refunds.allow with input as {"role": "nobody", "amount": 1}
`;
const INVARIANT = `package refunds_invariants

invariant_blocked if not input.blocked

assume_blocked if {
	data.refunds.allow
	input.role == "manager"
}
`;
writeFileSync(join(folder, "refunds.rego"), POLICY);
writeFileSync(join(folder, "refunds_test.rego"), TESTS);
writeFileSync(join(folder, "invariants_test.rego"), INVARIANT);

function reeve(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, "test", "--mutate", ...args], { cwd: folder, encoding: "utf8" });
}

it("finds places on the tree and makes mistakes in the text", () => {
  const sources = [{ file: "refunds.rego", text: POLICY }];
  const mutants = mutantsOf(parse(sources).modules, sources);
  const lines = POLICY.split("\n");
  const changes = mutants.map((mutant) => {
    const after = mutated(POLICY, mutant).split("\n");
    const changed =
      after.length === lines.length ? after.filter((line, i) => line !== lines[i]) : ["(fewer lines)"];
    return `${mutant.kind}: ${changed.join("|").trim()}`;
  });
  expect(changes).toEqual(
    expect.arrayContaining([
      "change a default: default allow := true",
      "flip a comparison: input.amount < 500",
      "flip a comparison: input.amount >= 500",
      'flip a comparison: input.role != "clerk"',
      "change a constant: input.amount <= 501",
      "change a constant: input.amount <= 499",
      'change a constant: input.role == "managerx" # größer',
      "negate a condition: input.blocked",
      'negate a condition: not input.role == "manager" # größer',
      "drop a condition: true # größer",
      "drop a condition: true",
      "remove a rule: (fewer lines)",
    ]),
  );
  // All of them are still Rego.
  for (const mutant of mutants)
    expect(parse([{ file: "x.rego", text: mutated(POLICY, mutant) }]).diagnostics).toEqual([]);
});

it("runs on a mutant only what comes to the rule it is in", () => {
  const own = "package own\n\nallow if input.a == 1\n\nsame if allow\n";
  const other = "package other\n\nallow if {\n\tinput.b == 1\n}\n";
  const watch =
    "package watch\n\ntest_own if data.own.same\n\ntest_other if data.other.allow\n\ntest_all if data[input.x].allow\n";
  const sources = [
    { file: "own.rego", text: own },
    { file: "other.rego", text: other },
    { file: "watch_test.rego", text: watch },
  ];
  const reach = new Reach(checkSources(sources));
  const places = (file: string, row: number): string[] => [...(reach.of(file, row) ?? [])].sort();
  expect(places("own.rego", 3)).toEqual([
    "own.rego:3:1",
    "own.rego:5:1",
    "watch_test.rego:3:1",
    "watch_test.rego:7:1",
  ]);
  expect(places("other.rego", 4)).toEqual(["other.rego:3:1", "watch_test.rego:5:1", "watch_test.rego:7:1"]);
  expect(reach.of("own.rego", 1)).toBeUndefined();
});

it("shows what nothing notices, and what invariants notice", () => {
  const { status, stdout, stderr } = reeve(".", "--format", "json", "--threshold", "99");
  expect(stderr).toBe("");
  const report = JSON.parse(stdout);
  // Noticed by too little: that is what the threshold is for.
  expect(status).toBe(2);
  expect(report.tried).toBe(report.mutants);
  expect(report.watchers).toEqual({ tests: 3, invariants: 1 });
  // `not input.blocked` is in no test.
  expect(report.killedByInvariants).toBeGreaterThan(0);
  const survivors = report.survivors.map((s: { danger: string; kind: string; row: number }) => [
    s.danger,
    s.kind,
    s.row,
  ]);
  expect(survivors).toContainEqual(["more", "drop a condition", 9]);
  expect(survivors).toContainEqual(["more", "change a constant", 9]);
  expect(survivors.some(([, , row]: [string, string, number]) => row === 14)).toBe(false);
  const ranks = survivors.map(([danger]: [string]) => ["more", "other", "less", "unknown"].indexOf(danger));
  expect(ranks).toEqual([...ranks].sort());
});

it("ends in time and says what it did not try", () => {
  const { status, stdout } = reeve(".", "--time", "1ms");
  expect(stdout).toMatch(/^0 of \d+ mutants tried/);
  expect(stdout).toContain("mutants were NOT tried");
  expect(status).toBe(1);
});

it("shows survivors on the source", () => {
  const { status, stdout } = reeve("refunds.rego", "refunds_test.rego", "--threshold", "10");
  expect(stdout).toContain(
    [
      '         8 | \tinput.role == "clerk"',
      "    -    9 | \tinput.amount <= 500",
      "    +    9 | \tinput.amount <= 501",
      "        10 | }",
      "    refunds/allow: deny->allow on",
    ].join("\n"),
  );
  expect(status).toBe(0);
});

it("is refused where nothing could be told", () => {
  const none = reeve("refunds.rego");
  expect([none.status, none.stderr]).toEqual([
    1,
    "there is neither a test nor an invariant that could notice a mutant\n",
  ]);
  writeFileSync(join(folder, "broken_test.rego"), "package broken\n\ntest_x if data.refunds.allow\n");
  const broken = reeve("refunds.rego", "broken_test.rego");
  expect([broken.status, broken.stderr]).toEqual([
    1,
    "`data.broken.test_x` fails on the policy as it is: mend that first\n",
  ]);
});
