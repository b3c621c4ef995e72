// `reeve prove` over threads by the real command line: the same seed finds the same on any number of them; and how far it is, is told on a terminal
// only.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { terminal } from "../../../src/cli/terminal.ts";

const CLI = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "reeve-parallel-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// So many inputs that threads take over, and two invariants of which one is broken by few of them.
writeFileSync(
  join(folder, "refunds_test.rego"),
  `package refunds_invariants

allow if {
	input.role == "clerk"
	input.amount <= 500
	input.amount != 17
}

invariant_role if input.role == "clerk"

assume_role if allow

invariant_mark if {
	not input.mark == "ab/cd"
}

assume_mark if allow

invariant_code if {
	not startswith(input.code, "x-17-")
}
`,
);

interface Result {
  name: string;
  status: string;
  milliseconds?: number;
}

function prove(...args: string[]): { results: Result[]; stderr: string } {
  const more = ["--seed", "5", "--runs", "50000", "--no-keep", "--format", "json"];
  const { stdout, stderr } = spawnSync(process.execPath, [CLI, "prove", folder, ...more, ...args], {
    encoding: "utf8",
  });
  const { results } = JSON.parse(stdout) as { results: Result[] };
  // Only how long it took may differ.
  for (const result of results) delete result.milliseconds;
  return { results, stderr };
}

it("finds the same on any number of threads", () => {
  const one = prove("-p", "1");
  expect(one.results.map(({ status }) => status)).toEqual(["holds", "broken", "broken"]);
  expect(one.stderr).toBe("");
  for (const threads of ["2", "3"]) expect(prove("-p", threads)).toEqual(one);
});

it("tells how far it is on a terminal, in a line that fits, and not in a pipe", () => {
  const [out, err]: [string[], string[]] = [[], []];
  const stream = (to: string[], isTTY: boolean) => ({
    isTTY,
    columns: 12,
    write: (text: string | Uint8Array) => to.push(String(text)) > 0,
  });
  const { print, progress } = terminal(stream(out, true), stream(err, true));
  progress?.(1, 5, "invariant_role: 250 inputs");
  print("ok\n");
  expect(err).toEqual(["\r\u001b[K1/5  invari", "\r\u001b[K"]);
  expect(out).toEqual(["ok\n"]);
  expect(terminal(stream(out, false), stream(err, true)).progress).toBeUndefined();
});
