// What a conformance run came to: per category, with every failure. In: judged cases. Out: lines of text; the last one is
// `N passed, N failed`. Only what exceptions.yaml lists is kept out of both, and said; a listed case that passes is a failure.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

// Run from its bundle in build/conformance as well as from here.
const place = import.meta.url.includes("/build/")
  ? "../../test/conformance/exceptions.yaml"
  : "exceptions.yaml";
const EXCEPTIONS = new Map(
  Object.entries(
    parse(readFileSync(fileURLToPath(new URL(place, import.meta.url)), "utf8")) as Record<string, string>,
  ),
);

export interface Judged {
  readonly category: string;
  readonly note: string;
  /** Undefined: passed. */
  readonly reason: string | undefined;
}

export interface Report {
  readonly cases: readonly Judged[];
  readonly passed: number;
  readonly failed: number;
  readonly text: string;
}

export function report(judged: readonly Judged[], leftOut: ReadonlyMap<string, number> = new Map()): Report {
  const lines: string[] = [];
  for (const [rule, count] of leftOut) lines.push(`left out: ${count} with ${rule}`);
  const cases = judged.flatMap((item): Judged[] => {
    const exception = EXCEPTIONS.get(`${item.category}/${item.note}`);
    if (exception === undefined) return [item];
    if (item.reason === undefined)
      return [{ ...item, reason: "passes, but is listed in exceptions.yaml: strike it out" }];
    lines.push(`excepted: ${item.category}/${item.note}: ${exception}`);
    return [];
  });
  const failed = cases.filter((item) => item.reason !== undefined);
  for (const category of new Set(failed.map((item) => item.category))) {
    const of = cases.filter((item) => item.category === category);
    const bad = of.filter((item) => item.reason !== undefined);
    lines.push(`${category}: ${bad.length} of ${of.length} failed`);
    for (const item of bad) lines.push(`  ${item.note}: ${item.reason}`);
  }
  const passed = cases.length - failed.length;
  lines.push(`${passed} passed, ${failed.length} failed`);
  return { cases, passed, failed: failed.length, text: lines.join("\n") };
}
