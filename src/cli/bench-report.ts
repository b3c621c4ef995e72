// What a benchmark of a query came to, in OPA's formats: a table, JSON, or the lines of Go's benchmarks. Measurements in, text out.

import { escapeHtml, indentJson, plainToJson } from "./output.ts";

export interface BenchResult {
  readonly runs: number;
  /** Of all runs together. */
  readonly ns: number;
  /** Of the heap, all runs together; absent: not counted. */
  readonly bytes?: number | undefined;
  /** By name: statistics of what each run told of itself. */
  readonly extra: Readonly<Record<string, number>>;
}

export interface BenchFormat {
  readonly format: string;
  readonly benchmem: boolean;
}

export function present({ runs, ns, bytes, extra }: BenchResult, { format, benchmem }: BenchFormat): string {
  const memory = benchmem ? bytes : undefined;
  const names = Object.keys(extra).sort((a, b) => (a < b ? -1 : 1));
  if (format === "json") {
    const members = [
      `"N":${runs}`,
      `"T":${ns}`,
      `"Bytes":0`,
      ...(memory === undefined ? [] : [`"MemBytes":${memory}`]),
      // Not as a plain object, whose keys might be numbers.
      `"Extra":{${names.map((name) => `${plainToJson(name)}:${extra[name]}`).join(",")}}`,
    ];
    return `${indentJson(escapeHtml(`{${members.join(",")}}`))}\n`;
  }
  const perRun = ns / Math.max(runs, 1);
  const bytesPerRun = memory === undefined ? undefined : String(Math.floor(memory / Math.max(runs, 1)));
  if (format === "gobench") {
    const cells = [
      String(runs).padStart(8),
      ...(perRun === 0 ? [] : [`${amount(perRun)} ns/op`]),
      ...names.map((name) => `${amount(extra[name] ?? 0)} ${name}`),
      ...(bytesPerRun === undefined ? [] : [`${bytesPerRun.padStart(8)} B/op`]),
    ];
    return `BenchmarkReeveEval\t${cells.join("\t")}\n`;
  }
  return twoColumns([
    ["samples", String(runs)],
    ["ns/op", amount(perRun).trim()],
    ...(bytesPerRun === undefined ? [] : [["B/op", bytesPerRun] as const]),
    ...names.map((name) => [name, amount(extra[name] ?? 0).trim()] as const),
  ]);
}

/** As Go's benchmarks print numbers: ten places before the point, and about three digits that count. */
export function amount(value: number): string {
  const size = Math.abs(value);
  const bounds = [99.95, 9.995, 0.9995, 0.09995, 0.009995, 0.0009995];
  const step = size === 0 ? 0 : bounds.findIndex((bound) => size >= bound);
  const digits = step < 0 ? bounds.length : step;
  return value.toFixed(digits).padStart(digits === 0 ? 10 : 11 + digits);
}

/** Names to the left, values to the right, no header. */
export function twoColumns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length));
  const right = Math.max(...rows.map(([, value]) => value.length));
  const line = (open: string, middle: string, close: string): string =>
    open + "─".repeat(left + 2) + middle + "─".repeat(right + 2) + close;
  return [
    line("┌", "┬", "┐"),
    ...rows.map(([name, value]) => `│ ${name.padEnd(left)} │ ${value.padStart(right)} │`),
    line("└", "┴", "┘"),
    "",
  ].join("\n");
}
