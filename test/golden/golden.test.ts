// Plans as text: each x.rego beside x.plan.txt, planned for every rule of its package. `UPDATE_GOLDENS=1` writes what is planned now;
// the difference is then to be read like code.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { builtins } from "../../src/builtins/registry.ts";
import { check } from "../../src/compile/check/stages.ts";
import { printPolicy } from "../../src/compile/ir/print.ts";
import { validate } from "../../src/compile/ir/validate.ts";
import { planEntrypoints } from "../../src/compile/plan/planner.ts";
import { parseModule } from "../../src/syntax/parser.ts";

const folder = new URL("./", import.meta.url);
const names = readdirSync(folder).flatMap((file) => /^([a-z]+)\.rego$/.exec(file)?.[1] ?? []);

test.each(names)("%s", (name) => {
  const files = [`${name}.rego`, `${name}.other.rego`].filter((file) => existsSync(new URL(file, folder)));
  const modules = files.map((file) => {
    const { module, diagnostics } = parseModule(readFileSync(new URL(file, folder), "utf8"), { file });
    if (module === undefined) throw new Error(diagnostics[0]?.message);
    return module;
  });
  const { compiled, diagnostics } = check(modules, { builtins });
  if (compiled === undefined) throw new Error(diagnostics[0]?.message);
  const path = (
    compiled.modules.find((module) => module.file === `${name}.rego`)?.package.path.terms ?? []
  ).flatMap((term) => (term.kind === "string" ? [term.value] : []));
  const policy = planEntrypoints(compiled, [path.join("/")]);
  expect(validate(policy)).toEqual([]);
  const text = printPolicy(policy, { positions: true });
  const golden = new URL(`${name}.plan.txt`, folder);
  if (process.env.UPDATE_GOLDENS !== undefined) writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, "utf8"));
});
