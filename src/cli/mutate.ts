// The part of `reeve test` behind `--mutate`: small mistakes are made in copies of the policy, and those that no test and no invariant notices
// are shown. In: what was loaded, flags. Out: text, and the exit code (2: fewer were noticed than `--threshold` asks for; 1: it could not be tried).

import type { SourceText } from "../compile/compile.ts";
import { PolicyError } from "../error.ts";
import { mutationJson, mutationText } from "../tester/mutate-report.ts";
import { mutate } from "../tester/mutate-run.ts";
import { complaint, EXIT_BROKEN, EXIT_FAILED, EXIT_PASSED } from "../tester/test.ts";
import { encode } from "../value/json.ts";
import type { RegoObject } from "../value/value.ts";

export interface MutateFlags {
  readonly format: string;
  readonly threshold: number;
  readonly entrypoint?: string[];
  readonly time?: number;
  readonly seed?: number;
}

const INVARIANT_RUNS = 400;
const DIFF_RUNS = 1_000;

export async function runMutants(
  load: () => Promise<{ sources: readonly SourceText[]; data: RegoObject }>,
  flags: MutateFlags,
  parallel: number,
  print: (text: string) => void,
  complain: (text: string) => void,
  progress?: (done: number, total: number) => void,
): Promise<number> {
  if (flags.format !== "pretty" && flags.format !== "json") {
    complain(`--mutate has no output format ${flags.format}: pretty or json\n`);
    return EXIT_BROKEN;
  }
  try {
    const { sources, data } = await load();
    const report = await mutate({
      sources,
      data: encode(data),
      entrypoints: flags.entrypoint?.map((path) => path.replace(/^data\./, "").replaceAll(".", "/")),
      seed: flags.seed ?? 1,
      invariantRuns: INVARIANT_RUNS,
      diffRuns: DIFF_RUNS,
      timeMs: flags.time,
      parallel,
      progress,
    });
    print(flags.format === "json" ? mutationJson(report) : mutationText(report));
    if (report.tried === 0) return EXIT_BROKEN;
    return (report.score ?? 100) < flags.threshold ? EXIT_FAILED : EXIT_PASSED;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    complain(`${complaint(error)}\n`);
    return EXIT_BROKEN;
  }
}
