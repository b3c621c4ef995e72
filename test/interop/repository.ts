// The tools beside the real opa on a repository of Rego that somebody keeps. As a program: `repository FOLDER [FLAGS OF BOTH]`, such as
// `--v0-compatible`. Both are called on the whole folder; what they print is compared, times and the order of tests aside. Exits 1 if it differs.

import { isDeepStrictEqual } from "node:util";
import { both, type Printed } from "./both.ts";

interface Question {
  readonly args: readonly string[];
  /** What of the output is compared; all of it if nothing is said. */
  readonly read?: (printed: Printed) => unknown;
}

/** JSON reports of tests, in order and without durations; OPA runs tests in any order. */
function testsOf({ stdout, stderr, status }: Printed): unknown {
  const results =
    stdout === "" ? [] : (JSON.parse(stdout) as { package: string; name: string; duration: number }[]);
  const key = (result: { package: string; name: string }): string => `${result.package}.${result.name}`;
  const sorted = results
    .map((result) => ({ ...result, duration: 0 }))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return { sorted, stderr, status };
}

/** JSON without the order of its keys; text as it is, where a command failed before it had any. */
function jsonOf({ stdout, stderr, status }: Printed): unknown {
  try {
    return { json: JSON.parse(stdout) as unknown, stderr, status };
  } catch {
    return { stdout, stderr, status };
  }
}

const QUESTIONS: readonly Question[] = [
  { args: ["check", ".", "--max-errors", "100000"] },
  { args: ["check", ".", "--max-errors", "100000", "-f", "json"], read: jsonOf },
  { args: ["check", ".", "--strict"] },
  { args: ["fmt", ".", "-d"] },
  { args: ["inspect", ".", "-a", "-f", "json"], read: jsonOf },
  { args: ["test", ".", "-f", "json"], read: testsOf },
  { args: ["test", ".", "-c"], read: jsonOf },
];

const [folder, ...flags] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("repository FOLDER [FLAGS]: which folder?\n");
  process.exit(2);
}
for (const { args, read = (printed: Printed): unknown => printed } of QUESTIONS) {
  const [ours, theirs] = both([...args, ...flags], { cwd: folder }).map(read);
  const same = isDeepStrictEqual(ours, theirs);
  process.stdout.write(`${same ? "the same" : "different"}  ${args.join(" ")}\n`);
  if (same) continue;
  process.exitCode = 1;
  const [left, right] = [theirs, ours].map((one) => JSON.stringify(one, null, 1).split("\n"));
  const at = left!.findIndex((line, i) => line !== right![i]);
  process.stdout.write(
    `  opa:  ${left!.slice(at, at + 4).join("\n")}\n  ours: ${right!.slice(at, at + 4).join("\n")}\n`,
  );
}
