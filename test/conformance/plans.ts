// OPA's own plans through our emitter and engine: `plans/CATEGORY.json.gz` beside the cases. In: the conformance folder. Out: a report.
// A plan must give `want_plan_result`; where that is null the evaluation must fail as its case says.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { policyFromJson } from "../../src/compile/ir/json.ts";
import { emit } from "../../src/compile/wasm/emit.ts";
import { decode, fromPlain } from "../../src/value/json.ts";
import type { Value } from "../../src/value/value.ts";
import { isArray, isObject } from "../../src/value/value.ts";
import { type Case, readCases } from "./cases.ts";
import { type HostName, runOn } from "./hosts.ts";
import { judge } from "./judge.ts";
import { type Judged, type Report, report } from "./report.ts";

export interface PlanOptions {
  readonly runtime: Uint8Array;
  readonly host?: HostName;
  /** Only categories or notes that contain this. */
  readonly filter?: string;
}

/** `cases`: where the cases are; `plans`: a folder with a file for each of their categories. */
export async function runPlans(
  { cases: casesFolder, plans }: { readonly cases: string; readonly plans: string },
  options: PlanOptions,
): Promise<Report> {
  const judged: Judged[] = [];
  const cases = new Map(readCases(casesFolder).map((item) => [`${item.category}/${item.note}`, item]));
  for (const file of readdirSync(plans).sort()) {
    if (!file.endsWith(".json.gz")) continue;
    const category = file.replace(".json.gz", "");
    const bytes = gunzipSync(readFileSync(join(plans, file)));
    const plain = JSON.parse(bytes.toString("utf8")) as Record<string, { plan: unknown }>;
    const exact = decode(bytes);
    for (const [note, { plan }] of Object.entries(plain)) {
      if (options.filter !== undefined && !`${category} ${note}`.includes(options.filter)) continue;
      const item = cases.get(`${category}/${note}`);
      const wanted = isObject(exact) ? exact.get(note) : undefined;
      const result = wanted !== undefined && isObject(wanted) ? wanted.get("want_plan_result") : undefined;
      judged.push({ category, note, reason: await runPlan(plan, item, result ?? null, options) });
    }
  }
  return report(judged);
}

async function runPlan(
  plan: unknown,
  item: Case | undefined,
  result: Value,
  options: PlanOptions,
): Promise<string | undefined> {
  if (item === undefined) return "no case of this name";
  let compiled: ReturnType<typeof emit>;
  try {
    compiled = emit(policyFromJson(plan), { runtime: options.runtime });
  } catch (error) {
    return `emit: ${error instanceof Error ? error.message : String(error)}`;
  }
  // A plan that has a result has it without strict mode.
  const run = result === null ? item : { ...item, strict: false };
  const outcome = await runOn(options.host ?? "engine", compiled, run);
  // In the plans the modules have other names than in the cases.
  if (result === null)
    return judge({ ...item, wantError: item.wantError?.replaceAll("test-", "module-") }, outcome);
  const wantResult = isArray(result) ? result : [fromPlain(null)];
  return judge({ ...item, wantResult, wantError: undefined, wantErrorCode: undefined }, outcome);
}

/** Whether the folder with OPA's plans is there. */
export function hasPlans(folder: string): boolean {
  return existsSync(join(folder, "plans"));
}
