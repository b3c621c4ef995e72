// One case on both sides: every entrypoint with every input, strict and not. In: a case. Out: what was counted, and where the two disagree.

import { checkSources } from "../../src/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { equal } from "../../src/value/compare.ts";
import { decode, encode } from "../../src/value/json.ts";
import { baseAsRule, forceLiterals, reverseRules, walkedPackages } from "./forced.ts";
import type { DrawnCase } from "./modules.ts";
import type { Answer, Finding, Opa } from "./opa.ts";
import { allErrors, askOurs, findingsOf, prepareCase } from "./ours.ts";

export interface Disagreement {
  readonly seed: number;
  readonly entrypoint: string;
  readonly input: string | undefined;
  readonly strict: boolean;
  readonly opa: string;
  readonly ours: string;
  /** What it is about, without names and digits: disagreements of one kind count as one. */
  readonly about: string;
}

export interface Tally {
  cases: number;
  refused: number;
  pairs: number;
  answers: number;
  defined: number;
  undefined: number;
  errors: number;
  unjudged: number;
  /** Answers that differ where OPA differs from itself, by why. */
  explained: Record<string, number>;
  /** A few places of each. */
  examples: Record<string, string[]>;
}

export const newTally = (): Tally => ({
  cases: 0,
  refused: 0,
  pairs: 0,
  answers: 0,
  defined: 0,
  undefined: 0,
  errors: 0,
  unjudged: 0,
  explained: {},
  examples: {},
});

export function noteExplained(tally: Tally, why: string, found: Disagreement): void {
  tally.explained[why] = (tally.explained[why] ?? 0) + 1;
  tally.examples[why] ??= [];
  const place = `${found.seed} ${found.entrypoint}${found.strict ? " strict" : ""}: ${found.about}`;
  if (tally.examples[why].length < 3 && !tally.examples[why].includes(place)) tally.examples[why].push(place);
}

export async function compareCase(
  item: DrawnCase,
  opa: Opa,
  runtime: Uint8Array,
  tally: Tally,
  options: { readonly stopAtFirst?: boolean; readonly strict?: boolean } = {},
): Promise<Disagreement[]> {
  tally.cases++;
  let refused: Awaited<ReturnType<Opa["load"]>>;
  try {
    refused = await opa.load(item);
  } catch {
    // Its checker takes exponential time on some modules.
    await opa.restart();
    tally.unjudged++;
    return [];
  }
  if (refused !== undefined) {
    tally.refused++;
    const found = compareFindings(item, refused);
    return found === undefined ? [] : [found];
  }
  const prepared = await prepareCase(item, runtime);
  if ("findings" in prepared) {
    return [disagreement(item, "", undefined, false, "compiles", showFindings(prepared.findings))];
  }
  const found: Disagreement[] = [];
  const settled = new Map<string, string | undefined>();
  const packages = item.entrypoints.filter((path) => item.packages.includes(path));
  const rules = item.entrypoints.filter((path) => !item.packages.includes(path));
  for (const [index, input] of item.inputs.entries()) {
    tally.pairs++;
    const strict = options.strict ?? index % 6 === 3;
    /** Whether all of them agree and none is an error. */
    const ask = async (entrypoints: readonly string[]): Promise<boolean> => {
      let clean = true;
      const judged = entrypoints.map((entrypoint) => opa.ask(entrypoint, input, strict));
      for (const [at, entrypoint] of entrypoints.entries()) {
        const theirs = await judged[at]!;
        const ours = await askOurs(prepared.engine, entrypoint, input, strict);
        count(tally, theirs);
        const [left, right] = [show(theirs, ours), show(ours, theirs)];
        if (theirs.kind === "error") clean = false;
        if (theirs.kind === "unjudged" || left === right) continue;
        clean = false;
        const key = `${entrypoint} ${aboutOf(left, right)}`;
        const why = settled.has(key)
          ? settled.get(key)
          : await explain(
              { item, opa, engine: prepared.engine, entrypoint, input, strict, runtime },
              theirs,
              ours,
            );
        settled.set(key, why);
        // What failed on our side without ending the evaluation is part of our answer.
        const hidden = strict ? [] : await allErrors(prepared.engine, entrypoint, input);
        const beside = hidden.map(({ code, message }) => ` beside ${code}: ${message}`).join("");
        const one = disagreement(
          item,
          entrypoint,
          input,
          strict,
          left,
          `${right.split("\n", 1)[0]}${beside}`,
        );
        if (why !== undefined) noteExplained(tally, why, one);
        else found.push(one);
      }
      return clean;
    };
    // A package holds what its rules hold: one by one they are asked for at first, in strict mode, and where an error hides the rest.
    const clean = await ask(packages);
    if (index < 2 || strict || !clean || packages.length === 0) await ask(rules);
    if (options.stopAtFirst === true && found.length > 0) break;
  }
  return found;
}

interface Question {
  readonly item: DrawnCase;
  readonly opa: Opa;
  readonly engine: Engine;
  readonly entrypoint: string;
  readonly input: string | undefined;
  readonly strict: boolean;
  readonly runtime: Uint8Array;
}

/** Why OPA may answer otherwise: by itself it answers as we do when its shortcuts are off, or names another of the same errors. */
async function explain(question: Question, theirs: Answer, ours: Answer): Promise<string | undefined> {
  const { item, opa, engine, entrypoint, input, strict } = question;
  const conflict = (answer: Answer): boolean =>
    answer.kind === "error" && answer.findings[0]?.code === "eval_conflict_error";
  // Two conflicts in one evaluation: which is met first is the order of rules.
  if (conflict(theirs) && conflict(ours)) return "places of conflicts";
  const exhaustive = await prepareCase(item, question.runtime, { earlyExit: false });
  const tried = "engine" in exhaustive ? exhaustive.engine : engine;
  if (theirs.kind === "error" && ours.kind === "error" && strict) {
    const [first] = theirs.findings;
    const all = await allErrors(engine, entrypoint, input);
    if (first !== undefined && all.some((one) => sameError(one, first))) return "order of errors";
    // What ended the evaluation hides what would have failed after it.
    const lenient = [
      await opa.ask(entrypoint, input, false),
      await askOurs(engine, entrypoint, input, false),
    ] as const;
    if (lenient[0].kind === "error" && show(lenient[0], lenient[1]) === show(lenient[1], lenient[0]))
      return "order of errors";
  }
  if (theirs.kind !== "error" && ours.kind !== "error") {
    // Of equal numbers the text of the first is kept: which rule comes first is up to OPA's index.
    if (!sameValue(theirs, ours)) return whenForced(question, ours);
    const again = await opa.askAlone(item, entrypoint, input, strict, ["--disable-indexing"]);
    if (show(again, ours) === show(ours, again)) return "--disable-indexing";
    const modules = item.modules.map((one) => ({ ...one, text: reverseRules(one.text, one.regoVersion) }));
    const reversed = await prepareCase({ ...item, modules }, question.runtime);
    if (!("engine" in reversed)) return undefined;
    const other = await askOurs(reversed.engine, entrypoint, input, strict);
    return show(other, theirs) === show(theirs, other) ? "order of rules" : undefined;
  }
  if (theirs.kind === "error") {
    const again = await askOurs(tried, entrypoint, input, strict);
    if (again.kind === "error") {
      const errors = strict ? await allErrors(tried, entrypoint, input) : again.findings;
      if (errors.some((one) => sameError(one, theirs.findings[0]!))) return "order of rules";
      // Without strict mode OPA comes to the error that ends ours, too: then which of the two is met first is as open.
      const lenient = await opa.ask(entrypoint, input, false);
      const oursLenient = await askOurs(tried, entrypoint, input, false);
      if (strict && lenient.kind === "error" && show(lenient, oursLenient) === show(oursLenient, lenient))
        return "order of rules, order of errors";
    }
  }
  for (const flags of [
    ["--disable-indexing"],
    ["--disable-indexing", "--disable-early-exit"],
    ["--disable-early-exit"],
  ]) {
    const again = await opa.askAlone(item, entrypoint, input, strict, flags);
    if (show(again, ours) === show(ours, again)) return flags.join(" ");
    if (again.kind === "error" && ours.kind === "error" && strict) {
      // Whether OPA fails depends on its shortcuts; what fails first is as open.
      return `${flags.join(" ")}, order of errors`;
    }
  }
  return (
    (await whenForced(question, ours)) ??
    ((await failsElsewhere(question, theirs, ours)) ? "reached or not" : undefined)
  );
}

/** What OPA says when collections with computed members, and base documents, are made before they are used: then it gives what ours give. */
async function whenForced(
  { item, opa, entrypoint, input, strict }: Question,
  ours: Answer,
): Promise<string | undefined> {
  const asks = async (modules: DrawnCase["modules"], why: string): Promise<string | undefined> => {
    for (const flags of [[], ["--disable-indexing"]]) {
      const again = await opa.askAlone({ ...item, modules }, entrypoint, input, strict, flags);
      if (show(again, ours) === show(ours, again)) return [why, ...flags].join(", ");
    }
    return undefined;
  };
  const forced = item.modules.map((module) => ({
    ...module,
    text: forceLiterals(module.text, module.regoVersion) ?? module.text,
  }));
  const base = baseAsRule(item.modules, item.data);
  const extra = { ...item.modules[0]!, file: "test-base.rego", text: base.extra };
  const based = [...item.modules.map((module, i) => ({ ...module, text: base.texts[i]! })), extra];
  return (await asks(forced, "computed members")) ?? (await asks(based, "a text as an index"));
}

/**
 * One of the two gives a result without coming to a rule that fails: asked for that rule, it names the same error. Only for rules of packages that
 * some reference walks: OPA makes the documents there one by one, stops at the first that will do inside `every` and `not` whatever its flags
 * are, and goes on elsewhere; we make them all for a value, and stop where one solution is as good as all.
 */
async function failsElsewhere(question: Question, theirs: Answer, ours: Answer): Promise<boolean> {
  const { item, opa, engine, input, strict } = question;
  const error = [theirs, ours].find((answer) => answer.kind === "error");
  if (error?.kind !== "error" || (theirs.kind === "error" && ours.kind === "error")) return false;
  const [wanted] = error.findings;
  if (wanted === undefined || wanted.code === "crash") return false;
  const walked = walkedPackages(item.modules, item.packages);
  for (const path of item.entrypoints) {
    if (!walked.some((one) => path === one || path.startsWith(`${one}/`))) continue;
    const other =
      theirs.kind === "error"
        ? await askOurs(engine, path, input, strict)
        : await opa.ask(path, input, strict);
    if (other.kind === "error" && other.findings[0] !== undefined && sameError(other.findings[0], wanted))
      return true;
  }
  return false;
}

function sameValue(a: Answer, b: Answer): boolean {
  return a.kind === "result" && b.kind === "result" && equal(decode(a.json), decode(b.json));
}

function sameError(a: Finding, b: Finding): boolean {
  return a.code === b.code && a.message === b.message;
}

function count(tally: Tally, answer: Answer): void {
  tally.answers++;
  if (answer.kind === "result") tally.defined++;
  else if (answer.kind === "undefined") tally.undefined++;
  else if (answer.kind === "error") tally.errors++;
  else tally.unjudged++;
}

/** Both in one spelling; an error by its first finding, with the place where both have one. */
function show(answer: Answer, other: Answer): string {
  switch (answer.kind) {
    case "undefined":
      return "undefined";
    case "result":
      return encode(decode(answer.json), { escapeHtml: false });
    case "error": {
      const [first] = answer.findings;
      const otherFirst = other.kind === "error" ? other.findings[0] : undefined;
      const placed = first?.place !== "" && otherFirst?.place !== "";
      return `error ${first?.code}: ${first?.message}${placed ? ` at ${first?.place}` : ""}`;
    }
    case "unjudged":
      return answer.why;
  }
}

/** A module that OPA refuses must be refused by us, for the same reason at the same place. */
function compareFindings(
  item: DrawnCase,
  refused: { readonly loaded: number; readonly findings: readonly Finding[] },
): Disagreement | undefined {
  const theirs = refused.findings.map(showFinding);
  let ours: string[];
  try {
    checkSources(item.modules.slice(0, refused.loaded + 1));
    ours = ["compiles"];
  } catch (error) {
    ours = findingsOf(error).map(showFinding);
  }
  // OPA stops at ten.
  if (theirs.length >= 10) {
    theirs.length = 9;
    ours.length = Math.min(ours.length, 9);
  }
  // At one place OPA's order is that of a map.
  if ([...theirs].sort().join("\n") === [...ours].sort().join("\n")) return undefined;
  // An equal ref in two rules is found twice at one of them.
  const placeless = (lines: readonly string[]): string =>
    [...lines]
      .map((line) => (line.includes("undefined ref: ") ? line.replace(/^[^ ]* /, "") : line))
      .sort()
      .join("\n");
  if (placeless(theirs) === placeless(ours)) return undefined;
  return disagreement(item, "", undefined, false, theirs.join("\n"), ours.join("\n"));
}

function showFinding({ code, message, place }: Finding): string {
  return `${place}: ${code}: ${message}`;
}

function showFindings(findings: readonly Finding[]): string {
  return findings.map(showFinding).join("\n");
}

function disagreement(
  { seed }: DrawnCase,
  entrypoint: string,
  input: string | undefined,
  strict: boolean,
  opa: string,
  ours: string,
): Disagreement {
  return { seed, entrypoint, input, strict, opa, ours, about: aboutOf(opa, ours) };
}

function aboutOf(opa: string, ours: string): string {
  const kind = (text: string): string =>
    /^error |_error: |^compiles|^undefined/.test(text)
      ? text
          .split("\n")[0]!
          .replace(/test-\d+\.rego:\d+:\d+/g, "@")
          .replace(/[\w.]*\d[\w.]*/g, "#")
          .replace(/"[^"]*"/g, '"…"')
          .slice(0, 160)
      : "result";
  return `${kind(opa)} <> ${kind(ours)}`;
}
