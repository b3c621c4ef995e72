// How the inputs of each invariant are shared out: over strands, each with a seed and a memory of its own, which tell each other after every round
// what they came across. How many strands there are follows from the number of inputs alone, so the outcome is the same on any number of threads.
// In: what is to be looked at. Out: tasks, round by round; a report when their answers are in.

import type { Json } from "./arbitrary.ts";
import type { End, Found, Jobs, ProveOptions, ProveReport, ProveResult, Rest, Task } from "./prove-task.ts";

/** Of one strand, between two times that they tell each other. */
const ROUND = 250;
const MAX_START = 120;
const MAX_FAR = 50;

/** A strand of fewer inputs than a thousand would not come far. */
const strandsOf = (runs: number): number => Math.min(4, Math.max(1, Math.floor(runs / 1_000)));

/** The first strand has the seed itself, so that a run of one strand is told by it. */
const seedOf = (seed: number, strand: number): number => (seed ^ Math.imul(strand, 0x9e3779b1)) | 0;

type Plan<Out> = Generator<readonly (Task | End)[], Out, readonly (Found | Rest)[]>;

/** Tasks of one batch may be done at once and in any order; those of one strand always by the same Prover. */
export function* planOf(prover: Jobs, options: ProveOptions): Plan<ProveReport> {
  const { jobs } = prover;
  const deadline = options.timeMs === undefined ? undefined : Date.now() + options.timeMs;
  const results: ProveResult[] = [];
  const far = new Map(options.start);
  let ever = new Uint8Array();
  for (const [index, { startsFor }] of jobs.entries()) {
    // Each that is left has the same share of the time.
    const until =
      deadline === undefined
        ? undefined
        : Date.now() + Math.max(0, deadline - Date.now()) / (jobs.length - index);
    const { result, rests } = yield* oneOf(prover, index, options, until, far);
    for (const rest of rests) ever = joined(ever, rest.ever);
    if (startsFor !== undefined) {
      const known = [
        ...alternating(rests.map((rest) => rest.far)).slice(0, MAX_FAR),
        ...(far.get(startsFor) ?? []),
      ];
      far.set(startsFor, [...new Set(known)].slice(0, MAX_START));
    }
    results.push(result);
    options.onResult?.(result);
    if (options.failFast === true && result.status === "broken") break;
  }
  return { results, unreached: prover.unreached(ever), far };
}

function* oneOf(
  prover: Jobs,
  job: number,
  options: ProveOptions,
  deadline: number | undefined,
  far: ReadonlyMap<string, readonly Json[]>,
): Plan<{ result: ProveResult; rests: readonly Rest[] }> {
  const started = Date.now();
  const { name, start } = prover.jobs[job] as Jobs["jobs"][number];
  const strands = strandsOf(options.runs);
  const known = start(far);
  const quota = (strand: number): number =>
    Math.floor(options.runs / strands) + (strand < options.runs % strands ? 1 : 0);
  let found: readonly Found[] = [];
  for (let round = 0; ; round++) {
    const tasks = Array.from({ length: strands }, (_, strand): Task => {
      const left = quota(strand) - (found[strand]?.runs ?? 0);
      const first = round === 0;
      const own = first ? known.filter((_, i) => i % strands === strand).slice(0, left) : [];
      return {
        job,
        strand,
        seed: seedOf(options.seed, strand),
        deadline,
        // Those that broke it once come before everything else.
        replay: first && strand === 0 ? (options.kept?.get(name) ?? []) : [],
        start: own,
        learn: found.flatMap(({ news }, other) => (other === strand ? [] : news)),
        runs: strands === 1 ? left - own.length : first ? 0 : Math.min(ROUND, left),
      };
    });
    found = (yield tasks) as readonly Found[];
    const runs = found.reduce((sum, one) => sum + one.runs, 0);
    options.onProgress?.({ name, done: job, total: prover.jobs.length, runs });
    const stuck = round > 0 && runs === 0;
    const over = found.every((one, strand) => one.runs >= quota(strand));
    if (
      over ||
      stuck ||
      strands === 1 ||
      found.some(({ failure, timedOut }) => timedOut || failure !== undefined)
    )
      break;
  }
  const together = {
    runs: found.reduce((sum, { runs }) => sum + runs, 0),
    met: found.reduce((sum, { met }) => sum + met, 0),
    failure: found.find(({ failure }) => failure !== undefined)?.failure,
    timedOut: found.some(({ timedOut }) => timedOut),
    milliseconds: Date.now() - started,
  };
  const ends = Array.from({ length: strands }, (_, strand): End => ({ job, strand, ends: true }));
  const rests = (yield ends) as readonly Rest[];
  return { result: prover.result(job, together), rests };
}

/** The first of each, then the second of each, and so on. */
function alternating<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) | (b[i] ?? 0));
}
