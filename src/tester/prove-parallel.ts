// A proof over threads: the strands of each invariant are shared out among them. In: what `prove` takes, and how many threads. Out: the same
// report as from `prove`, sooner. A run that is soon done is done here, as threads have to compile the policy first.

import type { Module } from "../syntax/ast.ts";
import { encode } from "../value/json.ts";
import type { RegoObject } from "../value/value.ts";
import { planOf } from "./prove-plan.ts";
import { Prover } from "./prove.ts";
import type { End, Found, ProveOptions, ProveReport, Rest, Task } from "./prove-task.ts";
import { Thread } from "./thread.ts";

/** What a thread starts with. */
export interface SharedProof extends Pick<ProveOptions, "schemas" | "entrypoint" | "optional" | "seed"> {
  readonly modules: readonly Module[];
  /** The base document as JSON text. */
  readonly data: string;
  /** Names of what is looked at, in the order of its numbers. */
  readonly only: readonly string[];
}

/** Until then nothing is gained by threads. */
const PATIENCE_MS = 1_000;
/** So many inputs for one invariant take long. */
const MANY_RUNS = 50_000;
/** A batch is a few hundred inputs; only a hanging thread takes this long. */
const HANGS_MS = 600_000;

type Batch = readonly (Task | End)[];
type Answers = readonly (Found | Rest)[];

export async function proveParallel(
  modules: readonly Module[],
  data: RegoObject,
  options: ProveOptions & { readonly parallel: number },
): Promise<ProveReport> {
  const started = Date.now();
  const prover = new Prover(modules, data, options);
  const plan = planOf(prover, options);
  const { schemas, entrypoint, optional, seed, parallel } = options;
  let threads: Thread<Batch, Answers>[] = [];
  /** The invariant that is looked at, and whether it is in the threads: what is known of it stays where it is. */
  let [job, threaded] = [-1, false];
  try {
    let next = plan.next();
    while (next.done !== true) {
      const batch = next.value;
      const current = batch[0]?.job ?? job;
      if (current !== job) {
        job = current;
        const long = options.runs >= MANY_RUNS || Date.now() - started > PATIENCE_MS;
        threaded = parallel > 1 && batch.length > 1 && long;
      }
      if (threaded && threads.length === 0) {
        const only = prover.jobs.map(({ name }) => name);
        const shared: SharedProof = {
          modules,
          data: encode(data),
          only,
          schemas,
          entrypoint,
          optional,
          seed,
        };
        threads = Array.from(
          { length: Math.min(parallel, batch.length) },
          () => new Thread("prove-worker", shared),
        );
      }
      const answers = threaded
        ? await inThreads(threads, batch)
        : batch.map((task) => ("ends" in task ? prover.end(task) : prover.run(task)));
      next = plan.next(answers);
    }
    return next.value;
  } finally {
    await Promise.all(threads.map((thread) => thread.stop()));
  }
}

/** Each strand is always in the same thread. */
async function inThreads(threads: readonly Thread<Batch, Answers>[], batch: Batch): Promise<Answers> {
  const answers: (Found | Rest)[] = new Array(batch.length);
  const share = async (thread: Thread<Batch, Answers>, own: number): Promise<void> => {
    const places = [...batch.keys()].filter((i) => i % threads.length === own);
    const tasks = places.map((i) => batch[i] as Task | End);
    const found = tasks.length === 0 ? [] : await thread.run(tasks, HANGS_MS);
    if (found === undefined) throw new Error("a thread does not answer");
    for (const [n, place] of places.entries()) answers[place] = found[n] as Found | Rest;
  };
  await Promise.all(threads.map(share));
  return answers;
}
