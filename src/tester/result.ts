// What became of one test: plain data that threads hand to each other and reporters print. Names, outcomes and their texts are OPA's.

import { formatDiagnostic, type ErrorCode } from "../error.ts";
import { encode } from "../value/json.ts";
import { isObject, type Value } from "../value/value.ts";

export interface Place {
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

export interface TestError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly location?: Place | undefined;
}

/** One case of a parameterised test, or a group of cases. */
export interface SubResult {
  readonly name: string;
  fail: boolean;
  readonly subResults: SubResults;
  /** The number of the last event of the case in the test's list of tried cases. */
  tried?: number;
}

export type SubResults = Map<string, SubResult>;

export interface Benchmark {
  readonly runs: number;
  readonly totalNs: number;
  /** Nanoseconds inside the module. */
  readonly evalNs: number;
  readonly bytes: number;
}

export interface TestResult {
  readonly location: Place;
  /** `data.a.b` */
  readonly package: string;
  readonly name: string;
  readonly fail: boolean;
  /** It failed because it has no value. */
  readonly undefined?: true;
  readonly skip: boolean;
  readonly error?: TestError | undefined;
  readonly durationNs: number;
  /** What print wrote, a line each. */
  readonly output: string;
  readonly subResults: SubResults;
  readonly benchmark?: Benchmark | undefined;
}

export function passed(result: TestResult): boolean {
  return !result.fail && !result.skip && result.error === undefined;
}

export function outcome(result: TestResult): "PASS" | "FAIL" | "SKIPPED" | "ERROR" {
  if (passed(result)) return "PASS";
  if (result.fail) return "FAIL";
  return result.skip ? "SKIPPED" : "ERROR";
}

export function subOutcome(result: SubResult): "PASS" | "FAIL" {
  return result.fail ? "FAIL" : "PASS";
}

export function headline(result: TestResult): string {
  const text = `${result.package}.${result.name}: ${outcome(result)}`;
  return result.skip ? text : `${text} (${durationText(result.durationNs)})`;
}

export function errorText({ code, message, location }: TestError): string {
  return formatDiagnostic({
    code,
    message,
    ...(location && { location: { ...location, offset: 0, text: "" } }),
  });
}

/** Every sub-result with the names of those above it and its own, depth first, by name. */
export function* eachSubResult(
  results: SubResults,
  above: readonly string[] = [],
): IterableIterator<readonly [names: readonly string[], result: SubResult]> {
  for (const name of [...results.keys()].sort(byBytes)) {
    const result = results.get(name) as SubResult;
    const names = [...above, name];
    yield [names, result];
    yield* eachSubResult(result.subResults, names);
  }
}

export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Cases by the keys of the test's value; a case that was tried and is not there has failed. */
export function subResultsOf(
  value: Value,
  tried: readonly (readonly Value[])[],
): { fail: boolean; results: SubResults } {
  const results: SubResults = new Map();
  let fail = false;
  if (isObject(value)) {
    for (const [key, item] of value.entries()) {
      const name = keyText(key);
      const result = subResultOf(name, item);
      results.set(name, result);
      fail ||= result.fail;
    }
  }
  tried.forEach((path, index) => {
    if (noteTried(results, path.map(keyText), index)) fail = true;
  });
  return { fail, results };
}

function subResultOf(name: string, value: Value): SubResult {
  if (isObject(value)) {
    const { fail, results } = subResultsOf(value, []);
    return { name, fail, subResults: results };
  }
  return { name, fail: value !== true, subResults: new Map() };
}

function noteTried(results: SubResults, path: readonly string[], index: number): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return true;
  let entry = results.get(name);
  if (entry === undefined) {
    entry = { name, fail: true, subResults: new Map() };
    results.set(name, entry);
  }
  if (rest.length === 0) {
    entry.tried = index;
    return entry.fail;
  }
  const fail = noteTried(entry.subResults, rest, index);
  if (fail) entry.fail = true;
  return fail;
}

export function keyText(key: Value): string {
  return typeof key === "string" ? key : encode(key, { escapeHtml: true });
}

/** As Go prints durations: `1.5ms`, `2m3s`. */
export function durationText(ns: number): string {
  if (ns === 0) return "0s";
  if (ns < 1_000) return `${ns}ns`;
  if (ns < 1_000_000) return `${ns / 1_000}µs`;
  if (ns < 1_000_000_000) return `${ns / 1_000_000}ms`;
  const seconds = Math.floor(ns / 1_000_000_000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = (ns - (hours * 3600 + minutes * 60) * 1_000_000_000) / 1_000_000_000;
  return `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${rest}s`;
}
