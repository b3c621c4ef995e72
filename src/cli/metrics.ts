// Timers of a command under OPA's names, and how they are shown: as JSON members or as a table, once or over several runs.

import * as output from "./output.ts";

/** Nanoseconds by timer, `timer_rego_query_eval_ns`. */
export type Timings = ReadonlyMap<string, number>;

export class Timers {
  readonly #ns = new Map<string, number>();

  time = <T>(name: string, work: () => T): T => {
    const start = process.hrtime.bigint();
    try {
      return work();
    } finally {
      this.#add(name, start);
    }
  };

  async timeAsync<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = process.hrtime.bigint();
    try {
      return await work();
    } finally {
      this.#add(name, start);
    }
  }

  #add(name: string, start: bigint): void {
    const key = `timer_${name}_ns`;
    this.#ns.set(key, (this.#ns.get(key) ?? 0) + Number(process.hrtime.bigint() - start));
  }

  timings(): Timings {
    return new Map([...this.#ns].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

export function timingsJson(timings: Timings): string {
  return JSON.stringify(Object.fromEntries(timings));
}

export function timingsTable(timings: Timings): string {
  return output.table(
    ["Metric", "Value"],
    [...timings].map(([name, ns]) => [name, String(ns)]),
  );
}

const PERCENTILES = { "75%": 0.75, "90%": 0.9, "95%": 0.95, "99%": 0.99, "99.9%": 0.999, "99.99%": 0.9999 };

/** What OPA's histograms say of a list of numbers. */
export function statistics(values: readonly number[]): Record<string, number> {
  const sorted = [...values].sort((a, b) => a - b);
  const count = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / count;
  const at = (fraction: number): number => {
    const place = fraction * (count + 1);
    if (place < 1) return sorted[0] ?? 0;
    if (place >= count) return sorted[count - 1] ?? 0;
    const below = sorted[Math.floor(place) - 1] ?? 0;
    return below + (place - Math.floor(place)) * ((sorted[Math.floor(place)] ?? 0) - below);
  };
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  return {
    ...Object.fromEntries(Object.entries(PERCENTILES).map(([name, fraction]) => [name, at(fraction)])),
    count,
    max: sorted[count - 1] ?? 0,
    mean,
    median: at(0.5),
    min: sorted[0] ?? 0,
    stddev: Math.sqrt(variance),
  };
}

export function aggregate(runs: readonly Timings[]): Map<string, Record<string, number>> {
  const names = [...(runs[0]?.keys() ?? [])];
  return new Map(names.map((name) => [name, statistics(runs.map((run) => run.get(name) ?? 0))]));
}

export function aggregateTable(aggregated: ReadonlyMap<string, Record<string, number>>): string {
  const columns = ["min", "max", "mean", "90%", "99%"];
  return output.table(
    ["Metric", "Min", "Max", "Mean", "90%", "99%"],
    [...aggregated].map(([name, stats]) => [name, ...columns.map((column) => String(stats[column] ?? 0))]),
  );
}
