// The last step of the demonstration: an invariant of the policies is proven over generated inputs, and a change that breaks it is refused by
// comparing decisions. In: the story's world. Out: lines for a person. Runs the real command line on copies in the scratch folder.

import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, REPOSITORY, type World } from "./world.ts";

const CLI = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../dist/cli/main.js" : "../cli/main.js", import.meta.url),
);

interface Proof {
  readonly results: readonly { name: string; title: string; status: string; runs: number; met: number }[];
}

interface Difference {
  readonly refused: number;
  readonly generated: number;
  readonly flips: readonly { kind: string; rule: string; generated: number; example: { input: unknown } }[];
}

/** A path that only begins like the task's folder is let in: a slash is missing. */
const RIGHT = 'concat("", [trim_right(dir, "/"), "/"])';
const WRONG = 'trim_right(dir, "/")';

export async function proveStep({ world }: { readonly world: World }): Promise<string[]> {
  const [before, after] = [join(world.folder, "policies"), join(world.folder, "policies-changed")];
  for (const folder of [before, after]) cpSync(join(REPOSITORY, "rego", "ai"), folder, { recursive: true });
  const paths = join(after, "paths.rego");
  const text = readFileSync(paths, "utf8");
  expect(text.includes(RIGHT), "the rule that is changed to be there");
  writeFileSync(paths, text.replace(RIGHT, WRONG));

  const proof = run<Proof>(
    world,
    0,
    "prove",
    before,
    "--run",
    "decision_invariants.invariant_path",
    "--no-keep",
  );
  const [path] = proof.results;
  expect(path?.status === "holds", "the invariant of paths to hold");

  const difference = run<Difference>(
    world,
    1,
    "diff",
    before,
    after,
    "-e",
    "ai/decision_invariants/decision",
  );
  // What lets more happen comes first.
  const [flip] = difference.flips;
  expect(flip !== undefined && difference.refused > 0, "the change to be refused");
  return [
    `invariant    ${path.title}: holds on ${path.runs} inputs, ${path.met} of them allowed`,
    `change       a slash less in paths.rego: reeve diff refuses it, ${flip.kind} on ${flip.generated} of ${difference.generated} inputs`,
    `             by ${flip.rule}, as ${reported(flip.example.input)}`,
  ];
}

function run<T>(world: World, status: number, ...args: string[]): T {
  const more = ["--seed", "1", "--runs", "6000", "--format", "json"];
  const result = spawnSync(process.execPath, [CLI, ...args, ...more], {
    cwd: world.folder,
    encoding: "utf8",
  });
  expect(result.status === status, `reeve ${args[0]} to end with ${status}: ${result.stderr}`);
  return JSON.parse(result.stdout) as T;
}

/** What the example says about the folder and where the path leads. */
function reported(input: unknown): string {
  const { task, action } = input as {
    task?: { folder?: unknown };
    action?: { properties?: { paths?: { real?: unknown }[] } };
  };
  return `folder ${JSON.stringify(task?.folder)}, path ${JSON.stringify(action?.properties?.paths?.[0]?.real)}`;
}
