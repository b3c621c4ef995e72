// Differential runs of builtins: `run [--seed N] [--calls N] [--only NAME] [--show N]`. Every deterministic builtin is called `--calls` times with
// drawn operands, in the real `opa`, in our module and as host body; result, undefinedness, code and text of errors count. Exits 1 if there
// is a disagreement.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareBuiltins } from "./compare.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    calls: { type: "string", default: "20" },
    only: { type: "string" },
    show: { type: "string", default: "5" },
    runtime: { type: "string", default: "dist/runtime.wasm" },
  },
});
const tally = await compareBuiltins({
  seed: Number(values.seed),
  calls: Number(values.calls),
  runtime: readFileSync(values.runtime),
  only: values.only === undefined ? undefined : new RegExp(values.only),
});
for (const [name, found] of tally.disagreements) {
  console.log(`${name}: ${found.length}`);
  for (const { call, who, opa, ours } of found.slice(0, Number(values.show)))
    console.log(
      `  ${call.text.slice(0, 600)}\n    opa   ${opa.slice(0, 600)}\n    ${who.padEnd(5)} ${ours.slice(0, 600)}`,
    );
}
const count = [...tally.disagreements.values()].flat().length;
console.log(
  `${tally.builtins} builtins, ${tally.calls} calls, ${tally.errors} of them errors, ${tally.undefineds} undefined: ${count} disagreements`,
);
process.exitCode = count === 0 ? 0 : 1;
