// Which rules OPA's index leaves out, and so keep their errors to themselves: rules in which something fails before the condition that an
// index asks for, in strict mode, over many inputs, beside the real opa.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Answer, Opa } from "../differential/opa.ts";
import { askOurs, prepareCase } from "../differential/ours.ts";

const hasOpa = spawnSync("opa", ["version"]).status === 0;
const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const VALUES = [1, 2, "a", "a.b", "x:b", true, [1], [1, 2], [3, 2], { a: 1 }, { a: "a" }, ["a", "b"]];
const INPUTS = [undefined, ...VALUES].flatMap((x, i) =>
  [undefined, 1, 7, true, [1]].map((b) => JSON.stringify({ x, b, ...(i % 2 === 0 && { c: true }) })),
);

interface Answers {
  readonly opa: readonly string[];
  readonly ours: readonly string[];
}

/** Every rule of a written module with every input, in strict mode, on both sides. */
async function answersOf(name: string, rules: RegExp, shown: (answer: Answer) => string): Promise<Answers> {
  const text = readFileSync(at(`test/differential/written/${name}`), "utf8");
  const names = new Set([...text.matchAll(rules)].map(([, rule]) => `p/${rule}`));
  const item = {
    modules: [{ file: "test-0.rego", text }],
    data: '{"base":{"a":1}}',
    entrypoints: [...names],
  };
  const opa = new Opa();
  await opa.start();
  try {
    expect(await opa.load(item)).toBeUndefined();
    const prepared = await prepareCase(item, readFileSync(at("dist/runtime.wasm")));
    if (!("engine" in prepared)) throw new Error(JSON.stringify(prepared));
    const answers = { opa: [] as string[], ours: [] as string[] };
    for (const input of INPUTS) {
      for (const rule of names) {
        const asked = `${rule} ${input}`;
        answers.opa.push(`${asked} ${shown(await opa.ask(rule, input, true))}`);
        answers.ours.push(`${asked} ${shown(await askOurs(prepared.engine, rule, input, true))}`);
      }
    }
    return answers;
  } finally {
    await opa.stop();
  }
}

test.runIf(hasOpa)("an index asks for what OPA's index asks for", { timeout: 120_000 }, async () => {
  const { opa, ours } = await answersOf("index.rego", /^([a-e]\d|g\d) :=/gm, ({ kind }) => kind);
  expect(ours).toEqual(opa);
  expect(opa.filter((line) => line.endsWith("error")).length).toBeGreaterThan(300);
  expect(opa.filter((line) => line.endsWith("undefined")).length).toBeGreaterThan(300);
});

test.runIf(hasOpa)("rules are tried in the order of OPA's index", { timeout: 120_000 }, async () => {
  const { opa, ours } = await answersOf("conflicts.rego", /^([a-c]\d)(?!\()/gm, (answer) =>
    answer.kind === "error"
      ? answer.findings.map(({ code, place }) => `${code} ${place}`).join()
      : answer.kind,
  );
  expect(ours).toEqual(opa);
  expect(opa.filter((line) => line.includes("eval_conflict_error")).length).toBeGreaterThan(250);
});

test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
