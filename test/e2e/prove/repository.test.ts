// A repository of policies as somebody would have it: a scratch git repository in which the workflow's own `run:` steps and the pre-commit example
// run with the real command line. A change that allows more is refused until it is accepted.

import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { scratchFolder } from "../../scratch.ts";
import * as yaml from "yaml";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CLI = join(ROOT, "dist/cli/main.js");
const folder = scratchFolder("repository");
const repository = join(folder, "repository");
const bin = join(folder, "bin");
/** Where a step writes what is shown of a run. */
const summary = join(folder, "summary.md");

const POLICY = `package refunds

default allow := false

# METADATA
# entrypoint: true
allow if {
	input.role == "clerk"
	is_number(input.amount)
	input.amount <= 500
}
`;
const TESTS = `package refunds_test

import data.refunds

test_clerk if refunds.allow with input as {"role": "clerk", "amount": 500}

test_too_much if not refunds.allow with input as {"role": "clerk", "amount": 100000}

test_nobody if not refunds.allow with input as {"role": "nobody", "amount": 1}

test_no_amount if not refunds.allow with input as {"role": "clerk", "amount": null}
`;
const INVARIANTS = `package refunds_invariants

# METADATA
# title: Nobody but clerks refunds
invariant_role if input.role == "clerk"

assume_role if data.refunds.allow
`;

function sh(script: string, env: Record<string, string> = {}): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync("bash", ["-e", "-c", script], {
    cwd: repository,
    encoding: "utf8",
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, GIT_CONFIG_GLOBAL: "/dev/null", ...env },
  });
  return { status, text: `${stdout}${stderr}` };
}

function done(script: string, env: Record<string, string> = {}): string {
  const { status, text } = sh(script, env);
  expect(status, `${script}\n${text}`).toBe(0);
  return text;
}

interface Step {
  name?: string;
  run?: string;
}

const workflow = yaml.parse(readFileSync(join(ROOT, "docs/policy-checks.yml"), "utf8")) as {
  jobs: { policies: { steps: Step[] } };
};
/** Without what only a runner of the service can do: installing the package from the registry, and the comment. */
const steps = workflow.jobs.policies.steps.filter(
  ({ name, run }) => run !== undefined && name !== "Install" && name !== "Comment",
);

/** The first step that fails, and what all of them said. */
function runWorkflow(): { failed: string | undefined; text: string } {
  let said = "";
  for (const { name, run = "" } of steps) {
    // Shorter than on a machine of its own.
    const { status, text } = sh(run.replaceAll("--time 2m", "--time 6s"), {
      BASE: "main",
      GITHUB_STEP_SUMMARY: summary,
    });
    said += text;
    if (status !== 0) return { failed: name, text: said };
  }
  return { failed: undefined, text: said };
}

it("is checked, tested, proven and compared, on the service and before each commit", {
  timeout: 240_000,
}, () => {
  mkdirSync(bin);
  mkdirSync(join(repository, "policies"), { recursive: true });
  // `npx reeve` finds the command that a lock file names; here the one that was built.
  writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${CLI}" "$@"\n`);
  chmodSync(join(bin, "npx"), 0o755);
  writeFileSync(join(repository, "policies/refunds.rego"), POLICY);
  writeFileSync(join(repository, "policies/refunds_test.rego"), TESTS);
  writeFileSync(join(repository, "policies/refunds_invariants_test.rego"), INVARIANTS);
  done("git init -q -b main && git config user.name tests && git config user.email tests@example.com");
  copyFileSync(join(ROOT, "docs/pre-commit.sh"), join(repository, ".git/hooks/pre-commit"));
  chmodSync(join(repository, ".git/hooks/pre-commit"), 0o755);
  done("git add -A && git commit -qm policies");
  done("git checkout -qb change");
  expect(steps.map(({ name }) => name)).toEqual(["Check", "Test", "Prove", "Mutate", "Compare"]);
  expect(runWorkflow()).toMatchObject({ failed: undefined });

  // A change that lets more happen: no test and no invariant is against it, the comparison is.
  writeFileSync(join(repository, "policies/refunds.rego"), POLICY.replace("500", "5000"));
  done("git add -A");
  const refused = sh("git commit -qm more");
  expect(refused.status).not.toBe(0);
  expect(refused.text).toContain("refunds/allow deny->allow data.refunds.allow@");
  const compared = runWorkflow();
  expect(compared.failed).toBe("Compare");
  expect(readFileSync(summary, "utf8")).toContain("| `deny → allow` | `refunds/allow` |");

  // Agreed to, in the words that the comparison gives.
  const line = /refunds\/allow deny->allow data\.refunds\.allow@\w+/.exec(refused.text)?.[0] ?? "";
  writeFileSync(join(repository, "accepted-changes"), `${line}  # agreed\n`);
  done("git add -A && git commit -qm more");
  expect(runWorkflow().failed).toBeUndefined();

  // A mistake that the invariant finds, before anything is compared.
  writeFileSync(
    join(repository, "policies/refunds.rego"),
    POLICY.replace('input.role == "clerk"', 'input.role != "nobody"'),
  );
  done("git add -A");
  const broken = sh("git commit -qm wrong");
  expect(broken.status).not.toBe(0);
  expect(broken.text).toContain("FAIL  data.refunds_invariants.invariant_role");
  expect(runWorkflow().failed).toBe("Prove");
});
