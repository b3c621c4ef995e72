// `reeve test --mutate`: tries the mutants of a policy over threads until all are tried or time is up. In: sources, data, bounds. Out: a
// MutationReport, survivors first, those that let more happen before all others.

import type { SourceText } from "../compile/compile.ts";
import type { Mutant } from "./mutate.ts";
import { Bench, type Danger, type Trial, type TrialOptions } from "./mutate-trial.ts";
import { Thread } from "./thread.ts";

export interface MutateOptions extends TrialOptions {
  /** Milliseconds for the whole run. */
  readonly timeMs?: number | undefined;
  /** Threads at most. */
  readonly parallel: number;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface Survivor {
  readonly mutant: Mutant;
  readonly danger: Danger;
  readonly flips: NonNullable<Trial["flips"]>;
}

export interface MutationReport {
  readonly sources: readonly SourceText[];
  readonly entrypoints: readonly string[];
  readonly watchers: { readonly tests: number; readonly invariants: number };
  readonly seed: number;
  readonly mutants: number;
  readonly tried: number;
  /** They are no policies at all: not counted. */
  readonly invalid: number;
  readonly killedByTests: number;
  readonly killedByInvariants: number;
  readonly survivors: readonly Survivor[];
  /** Killed, of those that were killed or decide otherwise, in percent; undefined: none. */
  readonly score: number | undefined;
  readonly milliseconds: number;
}

/** A mutant that takes longer counts as noticed. */
const TIMEOUT_MS = 60_000;
const RANK: readonly Danger[] = ["more", "other", "less", "unknown"];

export async function mutate(options: MutateOptions): Promise<MutationReport> {
  const started = Date.now();
  const deadline = options.timeMs === undefined ? undefined : started + options.timeMs;
  const { progress: _, timeMs: __, parallel, ...shared } = options;
  const bench = new Bench(shared);
  await bench.checkOriginal();
  const total = bench.mutants.length;
  const trials: Trial[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    let thread: Thread<number, Trial> | undefined;
    try {
      while (next < total && (deadline === undefined || Date.now() < deadline)) {
        const index = next++;
        thread ??= new Thread("mutate-worker", shared);
        const trial = await thread.run(index, TIMEOUT_MS);
        if (trial === undefined) {
          await thread.stop();
          thread = undefined;
        }
        trials.push(trial ?? { index, fate: "test", by: "its time" });
        options.progress?.(trials.length, total);
      }
    } finally {
      await thread?.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(parallel, total)) }, work));
  return reportOf(bench, options, trials, Date.now() - started);
}

function reportOf(
  bench: Bench,
  options: MutateOptions,
  trials: readonly Trial[],
  milliseconds: number,
): MutationReport {
  const count = (fate: Trial["fate"]): number => trials.filter((trial) => trial.fate === fate).length;
  const survivors = trials
    .filter(({ fate }) => fate === "survived")
    .map(
      ({ index, danger = "unknown", flips = [] }): Survivor => ({
        mutant: bench.mutants[index] as Mutant,
        danger,
        flips,
      }),
    )
    .sort(
      (a, b) =>
        RANK.indexOf(a.danger) - RANK.indexOf(b.danger) ||
        generated(b) - generated(a) ||
        (a.mutant.file < b.mutant.file
          ? -1
          : a.mutant.file > b.mutant.file
            ? 1
            : a.mutant.row - b.mutant.row),
    );
  const killed = count("test") + count("invariant");
  const judged = killed + survivors.filter(({ danger }) => danger !== "unknown").length;
  return {
    sources: options.sources,
    entrypoints: bench.entrypoints,
    watchers: bench.watchers,
    seed: options.seed,
    mutants: bench.mutants.length,
    tried: trials.length,
    invalid: count("invalid"),
    killedByTests: count("test"),
    killedByInvariants: count("invariant"),
    survivors,
    score: judged === 0 ? undefined : (100 * killed) / judged,
    milliseconds,
  };
}

const generated = ({ flips }: Survivor): number => flips.reduce((sum, flip) => sum + flip.generated, 0);
