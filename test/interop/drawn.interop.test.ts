// `check`, `parse` and `fmt` beside opa on modules that nobody wrote for it: broken mutants of the conformance cases and of rego/, and drawn modules.
// The same comparison as `make differential-tools`, bounded.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "../../src/compile/compile.ts";
import { mutants, type Text, wholeModules } from "../differential/corpus.ts";
import { Opa } from "../differential/opa.ts";
import {
  compareFindings,
  compareFormats,
  compareParseErrors,
  compareTrees,
  type Difference,
} from "../differential/tools.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const hasOpa = spawnSync("opa", ["version"]).status === 0;

const all = hasOpa ? wholeModules(root, 30, 7) : [];
const whole = all.filter((_, i) => i % 4 === 0);
const broken = mutants(all, 250, 7);
const parses = ({ text }: Text): boolean => parse([{ file: "m.rego", text }]).diagnostics.length === 0;
const show = (differences: readonly Difference[]): string[] =>
  differences.map(
    ({ tool, name, text, opa, ours }) => `${tool}: ${name}\n${text}\nopa:  ${opa}\nours: ${ours}`,
  );

describe.runIf(hasOpa)("drawn and broken modules", () => {
  const opa = new Opa();
  beforeAll(() => opa.start());
  afterAll(() => opa.stop());

  test("parse errors: code, text, place, order", { timeout: 120_000 }, () => {
    expect(show(compareParseErrors([...whole, ...broken]))).toEqual([]);
    expect(broken.filter((text) => !parses(text)).length).toBeGreaterThan(60);
  });

  test("trees", { timeout: 120_000 }, async () => {
    expect(show(await compareTrees([...whole, ...broken].filter(parses), opa))).toEqual([]);
  });

  test.each([[[]], [["--drop-v0-imports"]]])("fmt %j", { timeout: 120_000 }, (args) => {
    expect(show(compareFormats([...whole, ...broken].filter(parses), args))).toEqual([]);
  });

  test("findings of check", { timeout: 120_000 }, async () => {
    const some = [...whole.filter((_, i) => i % 8 === 0), ...broken].filter(parses).slice(0, 100);
    expect(show(await compareFindings(some, opa))).toEqual([]);
  });
});

test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
