// What a conformance run came to: per category, with every failure. In: judged cases. Out: lines of text; the last one is
// `N passed, N failed`. Nothing is left out of the count.

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

export function report(cases: readonly Judged[]): Report {
  const failed = cases.filter((item) => item.reason !== undefined);
  const lines: string[] = [];
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
