// A thread that runs tests: takes the shared module when it starts, then one job after the other, and answers each with its result.

import { parentPort, workerData } from "node:worker_threads";
import { type RunnerOptions, type TestJob, TestRunner } from "./run.ts";

const runner = await TestRunner.create(workerData as RunnerOptions);
// One answer for each message, in order: the parent sends the next job only after it.
parentPort?.on("message", async (job: TestJob) => {
  parentPort?.postMessage(await runner.run(job));
});
parentPort?.postMessage("ready");
