// `reeve eval` and `opa eval` on everything under rego/ and bundles/: the same bytes on stdout, the same exit code.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { conformanceCases, folderOf } from "./both.ts";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(root, "dist/cli/main.js");
const hasOpa = spawnSync("opa", ["version"]).status === 0;

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

f(x) := y if {
	y := x + 1
}

total := sum([f(v) | some v in input.items])
`;

interface Printed {
  readonly stdout: string;
  readonly status: number | null;
}

function run(program: string, args: readonly string[], cwd: string): Printed {
  const { stdout, status } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return { stdout, status };
}

function both(args: readonly string[], cwd = root): [ours: Printed, theirs: Printed] {
  return [run(process.execPath, [cli, "eval", ...args], cwd), run("opa", ["eval", ...args], cwd)];
}

function inputsOf(bundle: string): string[] {
  const folder = join(root, "bundles", bundle, "inputs");
  return readdirSync(folder).map((name) => join("bundles", bundle, "inputs", name, "input.json"));
}

describe.runIf(hasOpa)("eval", () => {
  test("the whole of rego/ with its tests and the data of bundles/ai-tools", { timeout: 300_000 }, () => {
    const [ours, theirs] = both(["-d", "rego", "-d", "bundles/ai-tools/data.json", "data"]);
    expect(ours).toEqual(theirs);
    expect(theirs.status).toBe(0);
  });

  describe.each(["hello", "rbac"])("bundles/%s", (bundle) => {
    test.each(inputsOf(bundle))("%s", { timeout: 300_000 }, (input) => {
      for (const format of ["json", "pretty", "raw"]) {
        const [ours, theirs] = both([
          "-b",
          join("bundles", bundle),
          "-i",
          input,
          "--format",
          format,
          `data.${bundle}`,
        ]);
        expect(ours).toEqual(theirs);
      }
    });
  });

  test.each(inputsOf("ai-tools"))("%s", { timeout: 300_000 }, (input) => {
    const [ours, theirs] = both(["-b", "rego", "-b", "bundles/ai-tools", "-i", input, "data.ai.decision"]);
    expect(ours).toEqual(theirs);
    expect(theirs.status).toBe(0);
  });

  test.each([
    [["1"]],
    [["1; 2"]],
    [["x := 1; y := [2, 3][_]"]],
    [["[1, 1, 2][_]"]],
    [["x = {3, 1, 2}[_]", "-f", "pretty"]],
    [["{1: 2, [3]: {4}}"]],
    [["1 / 3"]],
    [["123456789012345678901234567890 + 1"]],
    [["1.0"]],
    [["input"]],
    [["null"]],
    [["null", "-f", "raw"]],
    [["null; x := null", "-f", "values"]],
    [['rego.parse_module("a.rego", "package a\n# METADATA\n# title: t\np := 1")']],
    [['rego.parse_module("a.rego", "package")', "--strict-builtin-errors"]],
    [["data.nope"]],
    [["null"]],
    [["data.nope", "--fail"]],
    [["false", "--fail"]],
    [["true", "--fail-defined"]],
    [["not true"]],
    [["1 == 2"]],
    [["x +"]],
    [["1 / 0"]],
    [["1 / 0", "--strict-builtin-errors"]],
    [["nope(1)"]],
    [["count(1)", "-f", "pretty"]],
    [['object.remove(opa.runtime(), ["env"])']],
    [['"<&>"', "-f", "raw"]],
    [['["<&>"]']],
    [["every x in [1] { x > 0 }"]],
    [["some x; x = 1"]],
    [["walk([1], [p, v])", "-f", "pretty"]],
    [["print(1)"]],
  ])("%j", { timeout: 300_000 }, (args) => {
    const [ours, theirs] = both(args);
    expect(ours).toEqual(theirs);
  });
});

describe.runIf(hasOpa)("beside the result", () => {
  const folder = mkdtempSync(join(tmpdir(), "reeve-eval-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "p.rego"), POLICY);
  writeFileSync(join(folder, "input.json"), '{"user": "ann", "items": [1, 2]}');
  const given = ["-d", "p.rego", "-i", "input.json"];

  test.each([
    [["data.a.deny", "--coverage"]],
    [["data.a", "--coverage", "-f", "pretty"]],
    [["data.a.deny", "--coverage", "-f", "discard", "--coverage-runs", ""]],
    [["data.a.f(1 / 0)", "--coverage", "--strict-builtin-errors"]],
    [["x +", "--coverage"]],
    [["data.a.deny", "--explain=notes", "-f", "pretty"]],
    [["data.a.deny", "--explain=fails", "-f", "pretty"]],
    [["data.a", "--explain=fails", "-f", "pretty"]],
    [["data.a.nope", "--explain=fails", "-f", "pretty", "--var-values"]],
    [["data.a.deny", "--explain=fails", "-f", "values"]],
  ])("%j", { timeout: 300_000 }, (args) => {
    const [ours, theirs] = both([...given, ...args], folder);
    expect(ours).toEqual(theirs);
  });

  const TRACED = `package t

import rego.v1

bindings := {"ann": ["user", "admin"], "bob": ["user"]}
nums := [1, 2, 3]

roles contains role if some role in bindings[input.user]

allow if {
	input.user == "ann"
	some role in roles
	role == "admin"
}

f(x) := "big" if x > 1
f(x) := "small" if x <= 1
named := [f(n) | some n in nums]
pairs[k] := v if some k, v in {"a": 1, "b": 2}
big contains n if { some n in nums; n > 1 }
has if { some n in big; n > 2 }
twice if { g(2); g(3) }
g(x) if x > 1
picked := "x" if { input.user == "nope" } else := "y" if { input.z } else := "z"
deny if not allow
default last := 1
last := 2 if input.nope
loud if trace("note")
`;
  test.each([
    ..."allow roles named pairs has twice picked deny last loud f(3)"
      .split(" ")
      .map((name) => [`data.t.${name}`]),
    ["x = data.t.nums[_]; x > 2"],
    ["y := data.t.big[_]; y > 5"],
  ])("full traces, %s", { timeout: 300_000 }, (query) => {
    writeFileSync(join(folder, "t.rego"), TRACED);
    writeFileSync(join(folder, "ann.json"), '{"user": "ann"}');
    const flags = ["-d", "t.rego", "-i", "ann.json", "--explain=full"];
    // What was looked up before is told here only where its rules are entered.
    const plain = ({ stdout }: Printed): string[] =>
      stdout.split("\n").filter((line) => !line.includes("| Index "));
    const [ours, theirs] = both([query, ...flags, "-f", "pretty"], folder);
    expect(plain(ours)).toEqual(plain(theirs));
    const indexed = (printed: Printed): string[] =>
      printed.stdout.split("\n").filter((line) => line.includes("| Index "));
    expect(indexed(theirs)).toEqual(expect.arrayContaining(indexed(ours)));
    expect(indexed(ours).length).toBeGreaterThan(query.startsWith("data") ? 0 : -1);
    const operations = (printed: Printed): unknown[] =>
      (JSON.parse(printed.stdout) as { explanation: { Op: string; Message: string }[] }).explanation
        .filter(({ Op }) => Op !== "Index")
        .map(({ Op, Message }) => [Op, Message]);
    const [json, theirJson] = both([query, ...flags], folder);
    expect(operations(json)).toEqual(operations(theirJson));
  });

  test.each([
    [["1", "--metrics"]],
    [["data.a.deny", "-d", "p.rego", "-i", "input.json", "--metrics"]],
    [["data.hello", "-b", join(root, "bundles/hello"), "--metrics"]],
    [["data", "-d", "input.json", "--metrics"]],
  ])("names of the timers, %j", { timeout: 300_000 }, (args) => {
    const names = (printed: { readonly stdout: string }): string[] =>
      Object.keys((JSON.parse(printed.stdout) as { metrics: object }).metrics)
        // What ships is whole: nothing is resolved outside of it.
        .filter((name) => name !== "timer_rego_external_resolve_ns")
        .sort();
    const [ours, theirs] = both(args, folder);
    // The data of bundles are read together with the rest of them.
    const expected = names(theirs).filter(
      (name) => !args.includes("-b") || name !== "timer_rego_data_parse_ns",
    );
    expect(names(ours)).toEqual(expected);
  });

  test("conformance cases: result, what failed, coverage", { timeout: 600_000 }, () => {
    for (const { data, input, modules = [], note, query } of conformanceCases(12)) {
      const { folder: at, files } = folderOf(modules);
      const args = files.flatMap((file) => ["-d", file]);
      const give = (flag: string, name: string, document: unknown): void => {
        if (document === undefined || document === null) return;
        writeFileSync(join(at, name), JSON.stringify(document));
        args.push(flag, name);
      };
      give("-d", "data.json", data);
      give("-i", "input.json", input);
      args.push(query.replace(/ = x$/, ""));
      for (const flags of [["--explain=fails", "-f", "pretty"], ["--coverage"]]) {
        const [ours, theirs] = both([...args, ...flags], at);
        expect(ours, note).toEqual(theirs);
      }
    }
  });

  test("profiles: what was counted where", { timeout: 300_000 }, () => {
    const counted = ({ stdout }: Printed): string[] => {
      const { profile } = JSON.parse(stdout) as { profile: Record<string, unknown>[] };
      return profile.map(({ total_time_ns, ...counts }) => JSON.stringify(counts)).sort();
    };
    const [ours, theirs] = both([...given, "--profile", "--profile-limit", "0", "data.a.deny"], folder);
    expect(counted(ours)).toEqual(counted(theirs));
  });
});

test.runIf(hasOpa)(
  "unsafe variables at one place, whose order is random in opa",
  { timeout: 300_000 },
  () => {
    const sorted = ({ stdout, status }: Printed) => [
      status,
      stdout
        .split("\n")
        .map((line) => line.replace(/,$/, ""))
        .sort(),
    ];
    const [ours, theirs] = both(["x == 1"]);
    expect(sorted(ours)).toEqual(sorted(theirs));
  },
);

describe.runIf(hasOpa)("conflicts are told with their row and column", () => {
  const folder = mkdtempSync(join(tmpdir(), "reeve-conflict-"));
  writeFileSync(
    join(folder, "c.rego"),
    `package c

g[k] := v if some k, v in {"a": 1}
  g[k] := v if some k, v in {"a": 2}
h(x) := 1 if x > 0
\th(x) := 2 if x > 1
i := h(3)
o := {k: v | some k in ["a", "a"]; some v in [1, 2]}
`,
  );
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(["g", "i", "o"])("%s", { timeout: 300_000 }, (name) => {
    const [ours, theirs] = both(["-d", "c.rego", `data.c.${name}`], folder);
    expect(ours).toEqual(theirs);
    expect(ours.stdout).toContain("eval_conflict_error");
  });
});

// Without opa there is nothing to compare with; this says so instead of passing silently.
test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
