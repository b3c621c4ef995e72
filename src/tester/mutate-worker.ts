// A thread that tries mutants: takes the policy when it starts, then one mutant after the other, and answers each with what became of it.

import { parentPort, workerData } from "node:worker_threads";
import { Bench, type TrialOptions } from "./mutate-trial.ts";

const bench = new Bench(workerData as TrialOptions);
// One answer for each message, in order: the parent sends the next job only after it.
parentPort?.on("message", async (index: number) => {
  parentPort?.postMessage(await bench.run(index));
});
parentPort?.postMessage("ready");
