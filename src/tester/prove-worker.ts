// A thread that looks for inputs that break invariants: takes the policy when it starts, then one list of tasks after the other, and answers each
// with what was found.

import { parentPort, workerData } from "node:worker_threads";
import { decode } from "../value/json.ts";
import { emptyObject } from "../value/object.ts";
import { isObject } from "../value/value.ts";
import { Prover } from "./prove.ts";
import type { SharedProof } from "./prove-parallel.ts";
import type { End, Task } from "./prove-task.ts";

const { modules, data, only, ...options } = workerData as SharedProof;
const names = new Set(only);
const document = decode(data);
const prover = new Prover(modules, isObject(document) ? document : emptyObject, {
  ...options,
  filter: (name) => names.has(name),
});
// One answer for each message, in order: the parent sends the next only after it.
parentPort?.on("message", (tasks: readonly (Task | End)[]) => {
  parentPort?.postMessage(tasks.map((task) => ("ends" in task ? prover.end(task) : prover.run(task))));
});
parentPort?.postMessage("ready");
