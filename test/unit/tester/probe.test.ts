// What is told of one query beside its answer. What OPA prints for the same policy and input is in the interop tests; these are its numbers.

import { describe, expect, test } from "vitest";
import { checkModules, parse } from "../../../src/compile/compile.ts";
import { Probe, type ProbeOptions } from "../../../src/tester/probe.ts";
import { traceTable } from "../../../src/tester/trace-text.ts";
import { decode } from "../../../src/value/json.ts";

const POLICY = `package a

default allow := false

allow if {
	input.user == "ann"
	some r in input.roles
	r == "admin"
}

allow if input.x == 1

deny contains msg if {
	trace("asked")
	not allow
	msg := sprintf("no %v", [input.user])
}
`;

async function probe(text: string, input: string, options: ProbeOptions) {
  const { modules } = parse([{ file: "p.rego", text: POLICY }]);
  const compiled = checkModules(modules, { print: true });
  const probed = new Probe(modules, compiled, { text, input: { value: decode(input) } }, options);
  const { solutions } = await probed.run();
  return { solutions, ...(await probed.findings()) };
}

const INPUT = '{"user": "ann"}';

describe("a probed query", () => {
  test("answers as it does without marks, and nothing is told that was not asked for", async () => {
    const plain = await probe("data.a", INPUT, {});
    const marked = await probe("data.a", INPUT, { explain: "full", profile: true, coverage: [] });
    expect(marked.solutions).toEqual(plain.solutions);
    expect(Object.keys(plain)).toEqual(["solutions"]);
  });

  test.each([
    [
      "notes",
      [
        "query:1       Enter data.a.deny = _",
        "p.rego:13     | Enter data.a.deny",
        'p.rego:14     | | Note "asked"',
      ],
    ],
    [
      "fails",
      [
        "query:1       Enter data.a.deny = _",
        "p.rego:13     | Enter data.a.deny",
        "p.rego:15     | | Enter data.a.allow",
        "p.rego:5      | | | Enter data.a.allow",
        "p.rego:7      | | | | Fail r = input.roles[__local0__]",
        "p.rego:15     | | | Fail data.a.allow",
      ],
    ],
    [
      "full",
      [
        "query:1       Enter data.a.deny = _",
        "query:1       | Eval data.a.deny = _",
        "query:1       | Index data.a.deny (matched 1 rule)",
        "p.rego:13     | Enter data.a.deny",
        'p.rego:14     | | Eval trace("asked")',
        'p.rego:14     | | Note "asked"',
        "p.rego:15     | | Eval not data.a.allow",
        "p.rego:15     | | Enter data.a.allow",
        "p.rego:15     | | | Eval data.a.allow",
        "p.rego:5      | | | Enter data.a.allow",
        'p.rego:6      | | | | Eval input.user = "ann"',
        "p.rego:7      | | | | Eval r = input.roles[__local0__]",
        "p.rego:7      | | | | Fail r = input.roles[__local0__]",
        'p.rego:6      | | | | Redo input.user = "ann"',
        "p.rego:3      | | | Enter data.a.allow",
        "p.rego:3      | | | | Eval true",
        "p.rego:3      | | | | Exit data.a.allow early",
      ],
    ],
  ])("explained: %s", async (explain, lines) => {
    const { explanation } = await probe("data.a.deny", INPUT, { explain });
    if (explanation === undefined) throw new Error("no explanation");
    const { events, names } = explanation;
    const told = traceTable(events, names, false, "").trimEnd().split("\n");
    expect(told.slice(0, lines.length)).toEqual(lines);
    // Of a full trace the beginning is enough.
    if (explain !== "full") expect(told).toHaveLength(lines.length);
  });

  test("profiled by line", async () => {
    const { profile } = await probe("data.a.deny", INPUT, { profile: true });
    const counted = profile?.map(({ evals, redos, exprs, location: { file, row } }) => [
      `${file}:${row}`,
      evals,
      redos,
      exprs,
    ]);
    expect(counted).toEqual([
      [":1", 1, 1, 1],
      ["p.rego:14", 1, 1, 1],
      ["p.rego:15", 2, 0, 2],
      ["p.rego:6", 1, 1, 1],
      ["p.rego:7", 1, 0, 1],
      ["p.rego:3", 1, 1, 1],
      ["p.rego:16", 3, 3, 3],
    ]);
    expect(profile?.every(({ ns }) => ns > 0)).toBe(true);
  });

  test("covered, and why not", async () => {
    const { coverage } = await probe("data.a.deny", INPUT, { coverage: ["index_excluded", "early_exit"] });
    const file = coverage?.files.get("p.rego");
    expect([file?.coveredLines, file?.notCoveredLines]).toEqual([7, 3]);
    const excluded = file?.notCovered.filter(({ kinds }) => kinds?.includes("index_excluded"));
    expect(excluded?.map(({ start }) => start)).toEqual([{ row: 11, col: 10 }]);
  });
});
