// `make faults`: the originals, of which nothing may be found; then every planted fault searched for from nothing, up to 30 seconds each, as a
// table. Ends 1 if more are missed than are marked so, or if an original is broken.

import { faults } from "./faults.ts";
import { proveInvariants } from "../../../src/test.ts";
import { find, sources } from "./planted.ts";

const only = process.argv[2];
let found = 0;
let tried = 0;
let surprises = 0;
if (only === undefined) {
  const runs = 5_000;
  const { results } = proveInvariants({ modules: sources }, { runs, seed: 7 });
  const bad = results.filter(({ status }) => status !== "holds");
  surprises += bad.length;
  for (const { name, status } of bad) process.stdout.write(`the original is ${status}: ${name}\n`);
  process.stdout.write(
    `originals: ${results.length - bad.length} of ${results.length} hold on ${runs} inputs each\n`,
  );
}
for (const fault of faults) {
  if (only !== undefined && !`${fault.what} ${fault.invariant}`.includes(only)) continue;
  tried++;
  const result = find(fault, { seed: 7, runs: 1_000_000, timeMs: 30_000 });
  if (result.found) found++;
  if (result.found === (fault.missed !== undefined)) surprises++;
  const state = result.found
    ? "found"
    : `${result.status.toUpperCase()}${fault.missed === undefined ? "" : ", as known"}`;
  const seconds = (result.milliseconds / 1000).toFixed(1).padStart(5);
  process.stdout.write(
    `${state.padEnd(18)} ${seconds} s  ${String(result.runs).padStart(7)} inputs  ${fault.invariant.padEnd(22)} ${fault.file}: ${fault.what}\n`,
  );
}
process.stdout.write(`${found} of ${tried} found\n`);
process.exitCode = surprises === 0 ? 0 : 1;
