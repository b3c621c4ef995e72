// A profile of a query names what its author can change: rules by their path; shares add up.

import { expect, test } from "vitest";
import { sample } from "../../../src/cli/sampling.ts";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { prepareQuery } from "../../../src/query.ts";
import { runtime } from "../wasm/build.ts";

const MODULE = `package p

found contains n if {
	some n in numbers.range(1, 400)
	some m in numbers.range(1, 50)
	n == m
}`;

test("names rules and adds up to all of the time", async () => {
  const compiled = checkSources([{ file: "p.rego", text: MODULE }]);
  const query = prepareQuery(compiled, { text: "count(data.p.found)", names: true });
  expect((await query.run()).solutions).toHaveLength(1);
  // Samples come by the clock: the processor has to have worked for long enough, however busy the machine is.
  const shares = await sample(async () => {
    const start = process.cpuUsage();
    while (process.cpuUsage(start).user < 300_000) await query.run();
  });
  expect(shares.map(({ part }) => part)).toContain("rule data.p.found");
  expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
});

test("only modules that are asked to carry names", () => {
  const compiled = checkSources([{ file: "p.rego", text: MODULE }]);
  const sections = (names: boolean): number => {
    const { emitted } = compile(compiled, { entrypoints: ["p/found"] }, { runtime, names });
    return WebAssembly.Module.customSections(
      new WebAssembly.Module(emitted.bytes as Uint8Array<ArrayBuffer>),
      "name",
    ).length;
  };
  expect(sections(true)).toBe(1);
  expect(sections(false)).toBe(0);
});
