// Planted faults: copies of our own policies, each with one realistic mistake, and the invariant that has to catch it. Here each is searched for
// briefly; `make faults` searches longer for those that are marked slow, and prints the table.

import { describe, expect, it } from "vitest";
import { proveInvariants } from "../../../src/test.ts";
import { faults } from "./faults.ts";
import { find, sources } from "./planted.ts";

const SEED = 7;
const SEEDS = [SEED, 8, 9, 10];
const RUNS = 6_000;

/** As from a run before somebody made the mistake: inputs that came far are where the search begins. */
const originals = proveInvariants({ modules: sources }, { runs: 1_200, seed: SEED });

describe("planted faults", () => {
  it("nothing is wrong with the originals", () => {
    const { results } = originals;
    const bad = results.filter(({ status }) => status !== "holds");
    expect(bad.map(({ name, status, counterexample }) => [name, status, counterexample])).toEqual([]);
    expect(results.length).toBe(25);
  });

  it("are at least thirty, of which at least 28 are found", () => {
    expect(faults.length).toBeGreaterThanOrEqual(30);
    expect(faults.filter(({ missed }) => missed === undefined).length).toBeGreaterThanOrEqual(28);
    expect(new Set(faults.map(({ what }) => what)).size).toBe(faults.length);
  });

  it.each(
    faults
      .filter(({ slow, missed }) => slow !== true && missed === undefined)
      .map((fault) => [fault.what, fault] as const),
  )(
    "%s",
    (_, fault) => {
      // Which of them finds it is chance: a change of the policies shuffles what is drawn.
      const found = SEEDS.some((seed) => find(fault, { seed, runs: RUNS, start: originals.far }).found);
      expect(found).toBe(true);
    },
    120_000,
  );
});
