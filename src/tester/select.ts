// Single cases of parameterised tests: `-r` may name one, as `test_x/case` or as the ref `data.a.test_x.case`. Results in; what fits out.

import { isName, quote } from "../syntax/print.ts";
import type { Filter } from "./discover.ts";
import type { SubResults, TestResult } from "./result.ts";

/** The result with only the cases that fit; undefined if there is none. A failure to run at all belongs to every case. */
export function keepCases(result: TestResult, fullName: string, filter: Filter): TestResult | undefined {
  const { kept, fail } = keep(result.subResults, [fullName, fullName], filter);
  return kept.size === 0 ? undefined : { ...result, subResults: kept, fail };
}

function keep(
  results: SubResults,
  names: readonly [path: string, ref: string],
  filter: Filter,
): { kept: SubResults; fail: boolean } {
  const kept: SubResults = new Map();
  for (const [key, sub] of results) {
    const path = `${names[0]}/${key}`;
    const ref = isName(key) ? `${names[1]}.${key}` : `${names[1]}[${quote(key)}]`;
    if (filter(path) || filter(ref)) kept.set(key, sub);
    else if (sub.subResults.size > 0) {
      const below = keep(sub.subResults, [path, ref], filter);
      if (below.kept.size > 0) kept.set(key, { ...sub, subResults: below.kept, fail: below.fail });
    }
  }
  return { kept, fail: [...kept.values()].some((sub) => sub.fail) };
}
