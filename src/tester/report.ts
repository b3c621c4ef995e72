// Results of tests as text, in OPA's words: pretty while they come in, JSON, Go's benchmark lines, and JUnit's XML. In: results. Out: text.

import { Fields, goJson, type Json } from "./go-json.ts";
import {
  type Benchmark,
  byBytes,
  eachSubResult,
  errorText,
  headline,
  passed,
  type Place,
  type SubResult,
  type SubResults,
  subOutcome,
  type TestError,
  type TestResult,
} from "./result.ts";
import { benchmarkLine } from "./benchmark-text.ts";

const RULE = `${"-".repeat(80)}\n`;

/** What is known of why a test failed, as text that reports show. */
export interface FailureDetails {
  /** The way to every failing expression, a line each. */
  readonly trace?: string;
  /** The last failing expression, of the test or of one of its cases. */
  readonly failing?: (tried: number | undefined) => readonly [place: string, text: string] | undefined;
}

export interface PrettyOptions {
  readonly verbose?: boolean;
  /** Shows the failing expression with the values in it. */
  readonly varValues?: boolean;
  readonly benchmark?: boolean;
  readonly benchmem?: boolean;
  readonly gobench?: boolean;
}

interface Counts {
  pass: number;
  fail: number;
  skip: number;
  error: number;
}

/** Prints each result at once; failures and totals at the end. */
export class PrettyReport {
  readonly #write: (text: string) => void;
  readonly #options: PrettyOptions;
  readonly #counts: Counts = { pass: 0, fail: 0, skip: 0, error: 0 };
  readonly #failures: TestResult[] = [];
  #dirty = false;
  #lastFile = "";

  constructor(write: (text: string) => void, options: PrettyOptions = {}) {
    this.#write = write;
    this.#options = options;
  }

  add(result: TestResult): void {
    count(result, this.#counts);
    if (result.fail && result.error === undefined) this.#failures.push(result);
    const { benchmark, verbose } = this.#options;
    if (passed(result) && benchmark === true) {
      this.#dirty = true;
      this.#write(`${benchmarkLine(result, this.#options)}\n`);
    } else if (verbose === true || !passed(result)) this.#show(result);
    if (result.error !== undefined) this.#write(`  ${errorText(result.error)}\n`);
  }

  #show(result: TestResult): void {
    const { file, row } = result.location;
    const gap = this.#lastFile !== "" && this.#lastFile !== file ? "\n" : "";
    this.#lastFile = file;
    this.#dirty = true;
    this.#write(`${gap}${file}:${row}:\n${headline(result)}\n`);
    for (const [names, sub] of eachSubResult(result.subResults)) {
      if (sub.fail || this.#options.verbose === true)
        this.#write(`${"  ".repeat(names.length)}${sub.name}: ${subOutcome(sub)}\n`);
    }
    if (result.output !== "") this.#write(`\n${indent(`${result.output.trim()}\n`, 2)}\n`);
  }

  /** Tests that failed. */
  get failures(): readonly TestResult[] {
    return this.#failures;
  }

  /** `details` tell why tests failed. */
  finish(details?: ReadonlyMap<TestResult, FailureDetails>): void {
    const { verbose, varValues } = this.#options;
    if (this.#counts.fail > 0 && (verbose === true || varValues === true)) {
      this.#write(`${RULE}FAILURES\n${RULE}`);
      for (const failure of this.#failures) this.#showFailure(failure, details?.get(failure) ?? {});
    }
    if (this.#dirty) this.#write(RULE);
    const { pass, fail, skip, error } = this.#counts;
    const total = pass + fail + skip + error;
    const line = (label: string, n: number): string => (n === 0 ? "" : `${label}: ${n}/${total}\n`);
    this.#write(line("PASS", pass) + line("FAIL", fail) + line("SKIPPED", skip) + line("ERROR", error));
  }

  #showFailure(failure: TestResult, known: FailureDetails): void {
    const { varValues, verbose } = this.#options;
    this.#write(`${headline(failure)}\n`);
    if (verbose === true) this.#write(`\n${known.trace ?? ""}`);
    if (failure.subResults.size === 0) {
      if (varValues === true) this.#write(failingText(known.failing?.(undefined), 0));
    } else {
      if (verbose === true || varValues === true) this.#write("\n");
      for (const [names, sub] of eachSubResult(failure.subResults)) {
        if (!sub.fail || sub.subResults.size > 0) continue;
        names.forEach((name, depth) => {
          this.#write(`${"  ".repeat(depth + 1)}${name}: ${subOutcome(sub)}\n`);
        });
        if (varValues === true) this.#write(failingText(known.failing?.(sub.tried), 2 * names.length + 2));
      }
    }
    this.#write("\n");
  }
}

/** OPA indents each piece that it writes, empty lines and the end of the expression too. */
function failingText(failing: readonly [place: string, text: string] | undefined, width: number): string {
  const margin = " ".repeat(width);
  if (failing === undefined) return `${margin}\n`;
  const [place, text] = failing;
  return `${margin}\n${margin}  ${place}\n${indent(text, width + 4)}${margin}\n`;
}

/** Only leaves count, like OPA. */
function count(result: TestResult, counts: Counts): void {
  if (result.skip) counts.skip++;
  else if (result.error !== undefined) counts.error++;
  else if (result.subResults.size === 0) {
    if (result.fail) counts.fail++;
    else counts.pass++;
  } else {
    for (const [, sub] of eachSubResult(result.subResults)) {
      if (sub.subResults.size > 0) continue;
      if (sub.fail) counts.fail++;
      else counts.pass++;
    }
  }
}

/** Every line further to the right, empty ones too. */
export function indent(text: string, width: number): string {
  return text.replace(/^(?=[\s\S])/gm, " ".repeat(width));
}

export function jsonReport(results: readonly TestResult[]): string {
  return `${goJson(results.map(fieldsOf))}\n`;
}

/** `undefined` for what Go leaves out because it is empty. */
function fieldsOf(result: TestResult): Json {
  const { benchmark, error, output } = result;
  return new Fields([
    ["location", placeFields(result.location)],
    ["package", result.package],
    ["name", result.name],
    ["fail", result.fail || undefined],
    ["error", error && errorFields(error)],
    ["skip", result.skip || undefined],
    ["duration", result.durationNs],
    ["output", output === "" ? undefined : Buffer.from(output).toString("base64")],
    ["benchmark_result", benchmark && benchmarkFields(benchmark)],
    ["sub_results", subResultFields(result.subResults)],
  ]);
}

function placeFields({ file, row, col }: Place): Json {
  return new Fields([
    ["file", file],
    ["row", row],
    ["col", col],
  ]);
}

function errorFields({ code, message, location }: TestError): Json {
  return new Fields([
    ["code", code],
    ["message", message],
    ["location", location && placeFields(location)],
  ]);
}

function benchmarkFields({ runs, totalNs, evalNs, bytes }: Benchmark): Json {
  return new Fields([
    ["N", runs],
    ["T", totalNs],
    ["Bytes", 0],
    ["MemAllocs", 0],
    ["MemBytes", Math.round(bytes * runs)],
    ["Extra", new Fields([["timer_rego_query_eval_ns/op", evalNs / runs]])],
  ]);
}

function subResultFields(results: SubResults): Json | undefined {
  if (results.size === 0) return undefined;
  const names = [...results.keys()].sort(byBytes);
  return new Fields(
    names.map((name) => {
      const { fail, subResults } = results.get(name) as SubResult;
      return [
        name,
        new Fields([
          ["name", name === "" ? undefined : name],
          ["fail", fail || undefined],
          ["sub_results", subResultFields(subResults)],
        ]),
      ] as const;
    }),
  );
}

/** One suite for each package, one case for each test, or for each leaf of a parameterised one. */
export function junitReport(results: readonly TestResult[]): string {
  const suites = new Map<string, TestResult[]>();
  for (const result of results) suites.set(result.package, [...(suites.get(result.package) ?? []), result]);
  const out = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const all = attributes(results);
  out.push(`<testsuites ${all}>`);
  for (const [name, members] of suites) {
    out.push(`  <testsuite name="${xml(name)}" ${attributes(members)}>`);
    for (const member of members) out.push(...testCases(member));
    out.push("  </testsuite>");
  }
  out.push("</testsuites>");
  return `${out.join("\n")}\n`;
}

function attributes(results: readonly TestResult[]): string {
  const counts: Counts = { pass: 0, fail: 0, skip: 0, error: 0 };
  for (const result of results) count(result, counts);
  const { pass, fail, skip, error } = counts;
  const time = results.reduce((sum, result) => sum + result.durationNs, 0);
  const tests = pass + fail + skip + error;
  return `tests="${tests}" failures="${fail}" errors="${error}" skipped="${skip}" time="${seconds(time)}"`;
}

function testCases(result: TestResult): string[] {
  const leaves = [...eachSubResult(result.subResults)].filter(([, sub]) => sub.subResults.size === 0);
  const head = (name: string): string =>
    `    <testcase classname="${xml(result.package)}" name="${xml(name)}" ` +
    `file="${xml(result.location.file)}" line="${result.location.row}" time="${seconds(result.durationNs)}"`;
  if (leaves.length > 0 && result.error === undefined) {
    return leaves.flatMap(([names, sub]) =>
      element(head([result.name, ...names].join("/")), sub.fail ? `<failure message="FAIL"/>` : "", ""),
    );
  }
  const verdict =
    result.error !== undefined
      ? `<error message="${xml(errorText(result.error))}" type="${result.error.code}"/>`
      : result.skip
        ? "<skipped/>"
        : result.fail
          ? `<failure message="FAIL"/>`
          : "";
  return element(head(result.name), verdict, result.output);
}

function element(head: string, verdict: string, output: string): string[] {
  const inner = [verdict, output === "" ? "" : `<system-out>${xml(output)}</system-out>`].filter(
    (part) => part !== "",
  );
  if (inner.length === 0) return [`${head}/>`];
  return [`${head}>`, ...inner.map((part) => `      ${part}`), "    </testcase>"];
}

function seconds(ns: number): string {
  return (ns / 1e9).toFixed(6);
}

function xml(text: string): string {
  const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  // XML has no way to write other control characters.
  const sayable = text.replace(/\p{Cc}/gu, (char) => (/[\t\n\r]/.test(char) ? char : "\ufffd"));
  return sayable.replace(/[&<>"]/g, (char) => escapes[char] as string);
}
