// `reeve diff` by the real command line on scratch folders: flips, who is responsible, recorded decisions, the accepted list, exit codes.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { scratchFolder } from "../../scratch.ts";

const CLI = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const folder = scratchFolder("diff");

const OLD = `package refunds

default allow := false

# METADATA
# entrypoint: true
allow if {
	input.role == "clerk"
	input.amount <= 500
	is_number(input.amount)
}

allow if {
	input.role == "manager"
	input.approved == true
}
`;

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function reeve(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: "utf8" });
}

write("old/refunds.rego", OLD);
write("same/refunds.rego", OLD.replace("default", "# A comment changes nothing.\ndefault"));
write("limit/refunds.rego", OLD.replace("<= 500", "< 500"));
write(
  "loose/refunds.rego",
  OLD.replace("<= 500", "<= 5000").replace("input.approved == true", "input.approved"),
);

interface Report {
  refused: number;
  flips: {
    kind: string;
    entrypoint: string;
    widening: number;
    accept: string;
    accepted: boolean;
    generated: number;
    recorded: number;
    decisions: string[];
    rules: { side: string; name: string; file: string; row: number }[];
    example: { input: unknown; old: { value: string }; new: { value: string } };
  }[];
  old: { reached: number; total: number };
  recorded: { decided: number; asLogged: number; passedOver: number; missing: string[] };
  changed: { reached: boolean }[];
}

function diff(...args: string[]): { status: number | null; report: Report } {
  const { status, stdout, stderr } = reeve("diff", ...args, "--seed", "1", "--format", "json");
  expect(stderr).toBe("");
  return { status, report: JSON.parse(stdout) };
}

it("finds what a change lets happen, by rule, with the smallest input", () => {
  const { status, report } = diff("old", "loose", "--runs", "3000");
  expect(status).toBe(1);
  expect(report.flips.map(({ kind, rules }) => [kind, rules[0]?.row])).toEqual([
    ["deny->allow", 7],
    ["deny->allow", 13],
  ]);
  expect(report.flips[0]?.example.input).toEqual({ role: "clerk", amount: 501 });
  expect(report.flips[0]?.example.old.value).toBe("false");
  expect(Object.keys(report.flips[1]?.example.input as object).sort()).toEqual(["approved", "role"]);
  expect(report.changed.every(({ reached }) => reached)).toBe(true);
});

it("finds one value at a limit", () => {
  const { status, report } = diff("old", "limit", "--runs", "3000");
  expect(status).toBe(1);
  expect(report.flips.map(({ kind, widening, example }) => [kind, widening < 0, example.input])).toEqual([
    ["allow->deny", true, { role: "clerk", amount: 500 }],
  ]);
});

it("says how hard it looked when nothing changed", () => {
  const { status, stdout } = reeve("diff", "old", "same", "--seed", "1", "--runs", "2000");
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^no decision changed\nlooked at 2000 generated inputs \(seed 1\), which took \d+ ways/,
  );
  expect(stdout).toMatch(/old \(old\): (\d+) of \1 places reached; new \(same\): \1 of \1 places reached/);
  expect(stdout).toContain("no rule that these entrypoints come to was changed");
});

it("takes what somebody agreed to, until the rule is changed again", () => {
  const { report } = diff("old", "loose", "--runs", "3000");
  write("accepted", `# agreed\n${report.flips.map(({ accept }) => `${accept}  # why`).join("\n")}\nx y z\n`);
  const agreed = reeve("diff", "old", "loose", "--seed", "1", "--runs", "3000", "--accept", "accepted");
  expect(agreed.status).toBe(0);
  expect(agreed.stdout).toContain("2 accepted");
  expect(agreed.stdout).toContain("accepted in line 4 but not seen: x y z");
  write(
    "looser/refunds.rego",
    OLD.replace("<= 500", "<= 9000").replace("input.approved == true", "input.approved"),
  );
  const again = diff("old", "looser", "--runs", "3000", "--accept", "accepted");
  expect([again.status, again.report.refused]).toEqual([1, 1]);
});

it("starts from the examples of the sources, and leaves out changes of content when told to", () => {
  const folders = (text: string): string =>
    `package deep\n\nimport data.refunds\n\n# METADATA\n# entrypoint: true\ndecision := {"effect": "allow", "reasons": []} if {\n\tinput.a.b.c == "k-1-x"\n\tinput.list[2].id == input.a.b.d\n\tcount(input.list) == 5\n\t${text}\n} else := {"effect": "deny", "reasons": [WHY]}\n`;
  const example =
    'package deep_invariants\n\nexample_all := {"a": {"b": {"c": "k-1-x", "d": "three"}}, "list": [{"id": "one"}, {"id": "two"}, {"id": "three"}, 4, 5], "n": 1}\n';
  for (const [name, condition, why] of [
    ["d1", "input.n < 1", "1"],
    ["d2", "input.n < 2", "2"],
  ] as const) {
    write(`${name}/deep.rego`, folders(condition).replace("WHY", why).replace("import data.refunds\n\n", ""));
    write(`${name}/deep_test.rego`, example);
  }
  const { report } = diff("d1", "d2", "--runs", "200");
  expect(report.flips.map(({ kind }) => kind)).toEqual(["deny->allow", "deny->deny"]);
  expect(report).toMatchObject({ examples: 1 });
  const only = diff("d1", "d2", "--runs", "200", "--effects-only");
  expect(only.status).toBe(1);
  expect(only.report.flips.map(({ kind }) => kind)).toEqual(["deny->allow"]);
  expect(only.report).toMatchObject({ contentOnly: { generated: report.flips[1]?.generated, recorded: 0 } });
  for (const format of ["pretty", "markdown"]) {
    const same = reeve("diff", "d1", "d2", "--seed", "1", "--runs", "0", "--effects-only", "-f", format);
    expect([same.status, same.stderr]).toEqual([0, ""]);
    expect(same.stdout).toMatch(/no effect changed\.?\n/);
    expect(same.stdout).toContain("left out: 0 generated inputs and 0 recorded decisions whose effect stays");
  }
});

it("writes Markdown that a pull request can hold", () => {
  const { stdout } = reeve("diff", "old", "loose", "--seed", "1", "--runs", "2000", "-f", "markdown");
  expect(stdout).toContain("| `deny → allow` | `refunds/allow` |");
  expect(stdout).toContain("**lets more happen**");
  expect(stdout).toContain('```json\n{\n  "role": "clerk",\n  "amount": 501\n}\n```');
  expect(stdout.match(/<details>/g)?.length).toBe(stdout.match(/<\/details>/g)?.length);
});

const REMOTE = `package remote

default allow := false

allow if {
	response := http.send({"method": "get", "url": input.url})
	response.status_code == 200
	time.now_ns() < LIMIT
}
`;

it("decides recorded decisions again with the values that were recorded", () => {
  write("r1/remote.rego", REMOTE.replace("LIMIT", "1000"));
  write("r2/remote.rego", REMOTE.replace("LIMIT", "2000"));
  const event = (id: string, now: number, result: boolean, path = "remote/allow") => ({
    decision_id: id,
    path,
    input: { url: "https://a.example" },
    result,
    timestamp: "2026-01-01T00:00:00Z",
    nd_builtin_cache: {
      "http.send": { '[{"method":"get","url":"https://a.example"}]': { status_code: 200 } },
      "time.now_ns": { "[]": now },
    },
  });
  const events = [
    event("d1", 500, true),
    event("d2", 1500, false),
    event("d3", 3000, true),
    event("d4", 1, true, "x"),
  ];
  write("log.jsonl", events.map((line) => JSON.stringify(line)).join("\n"));
  write("log.json", JSON.stringify(events, undefined, 1));
  for (const file of ["log.jsonl", "log.json"]) {
    const { status, report } = diff("r1", "r2", "-e", "remote/allow", "--decisions", file, "--runs", "50");
    expect(status).toBe(1);
    expect(report.flips.map(({ kind, recorded, decisions }) => [kind, recorded, decisions])).toEqual([
      ["deny->allow", 1, ["d2"]],
    ]);
    // d3 is not what the old version decides: the log is from another one.
    expect(report.recorded).toMatchObject({ decided: 3, asLogged: 2, passedOver: 1, missing: [] });
  }
});

it("compares packed and compiled bundles, and does not pass off nothing as no difference", () => {
  for (const name of ["old", "loose"]) {
    expect(reeve("build", name, "-o", `${name}.tar.gz`).status).toBe(0);
    expect(reeve("build", name, "-t", "wasm", "-o", `${name}.wasm.tar.gz`).status).toBe(0);
  }
  expect(diff("old.tar.gz", "loose.tar.gz", "--runs", "1000").report.flips.length).toBe(2);
  const mixed = diff("old", "loose.wasm.tar.gz", "--runs", "1000");
  expect(mixed.status).toBe(1);
  expect(mixed.report.flips.map(({ kind }) => kind)).toEqual(["deny->allow"]);
  const blind = reeve("diff", "old.wasm.tar.gz", "loose.wasm.tar.gz", "--seed", "1", "--runs", "1000");
  expect(blind.stdout).toContain("both versions are compiled");
  if (blind.stdout.startsWith("no decision changed") && blind.stdout.includes("which took 1 way")) {
    expect(blind.stdout).toContain("NOTHING WAS SHOWN");
    expect(blind.status).toBe(2);
  } else expect(blind.status).toBe(1);
});

it("ends with 2 where it cannot be run", () => {
  write("broken/refunds.rego", "package refunds\n\nallow if {");
  write("bad.jsonl", '{"path": "refunds/allow"}\n{');
  for (const [args, message] of [
    [["old", "nowhere"], "stat nowhere: no such file or directory"],
    [["old", "broken"], "broken/refunds.rego:3"],
    [["old", "loose", "-e", "refunds/nothing"], "neither version has the entrypoint `refunds/nothing`"],
    [["r1", "r2"], "what is to be decided?"],
    [["old", "loose", "--decisions", "bad.jsonl"], "bad.jsonl:2"],
    [["old", "loose", "--accept", "bad.jsonl"], "bad.jsonl:1: expected `ENTRYPOINT KIND RULE`"],
  ] as const) {
    const { status, stdout, stderr } = reeve("diff", ...args);
    expect([status, stdout], args.join(" ")).toEqual([2, ""]);
    expect(stderr).toContain(message);
  }
});
