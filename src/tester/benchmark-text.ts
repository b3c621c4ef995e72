// Benchmarks as Go's testing package prints them. In: a result with its measurements. Out: a line.

import type { TestResult } from "./result.ts";

export function benchmarkLine(
  result: TestResult,
  options: { readonly gobench?: boolean; readonly benchmem?: boolean },
): string {
  const { benchmark } = result;
  if (benchmark === undefined) return "";
  const plain = `${result.package}.${result.name}`;
  const name = options.gobench === true ? `Benchmark${camelCase(plain)}` : plain;
  const { runs, totalNs, evalNs, bytes } = benchmark;
  const text = `${name}\t${String(runs).padStart(8)}\t${amount(totalNs / runs)} ns/op\t${amount(evalNs / runs)} timer_rego_query_eval_ns/op`;
  return options.benchmem === true ? `${text}\t${String(Math.round(bytes)).padStart(8)} B/op` : text;
}

function camelCase(name: string): string {
  return name
    .replaceAll("_", ".")
    .split(".")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}

/** More digits the smaller the number, in columns. */
function amount(value: number): string {
  if (value === 0 || value >= 999.95) return value.toFixed(0).padStart(10);
  if (value >= 99.995) return value.toFixed(1).padStart(12);
  if (value >= 9.9995) return value.toFixed(2).padStart(13);
  return value.toFixed(value >= 0.99995 ? 3 : 5).padStart(14);
}
