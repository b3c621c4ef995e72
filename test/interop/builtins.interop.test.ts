// Every deterministic builtin with drawn operands, in the real `opa`, in our module and as host body: results, undefinedness and texts of
// errors. A few calls of each here; `make differential-builtins` draws more.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { drawn } from "../differential/builtins/calls.ts";
import { compareBuiltins } from "../differential/builtins/compare.ts";

const hasOpa = spawnSync("opa", ["version"]).status === 0;
const runtime = readFileSync(new URL("../../dist/runtime.wasm", import.meta.url));

test.runIf(hasOpa)("drawn calls", { timeout: 120_000 }, async () => {
  const tally = await compareBuiltins({ seed: 1, calls: 6, runtime });
  const found = [...tally.disagreements.values()].flat();
  expect(found.map(({ call, who, opa, ours }) => ({ call: call.text, who, opa, ours }))).toEqual([]);
  expect(tally.calls).toBe(drawn.length * 6);
});

// Without opa there is nothing to compare with; this says so instead of passing silently.
test.skipIf(hasOpa)("opa is not on the PATH: nothing was compared", (context) => context.skip());
