// One mutant against the tests and invariants of a policy, and if it survives, against the policy itself. In: sources, data, bounds. Out: a Trial
// each. Knows nothing of threads and reports.

import { type SourceText, parse } from "../compile/compile.ts";
import { checkModules } from "../compile/compile.ts";
import { ruleRef } from "../compile/check/cells.ts";
import { failWith, type Location, PolicyError } from "../error.ts";
import type { Module } from "../syntax/ast.ts";
import { printRef } from "../syntax/print.ts";
import { decode } from "../value/json.ts";
import { emptyObject } from "../value/object.ts";
import { isObject, type RegoObject } from "../value/value.ts";
import { diff, type Flip } from "./diff.ts";
import { isTesting, type Mutant, mutantsOf, mutated } from "./mutate.ts";
import { Reach } from "./mutate-reach.ts";
import { type CheckedTests, checkTests, emitProgram } from "./program.ts";
import { reachable } from "./prove-program.ts";
import { placeOf } from "./prove-shape.ts";
import { prove } from "./prove.ts";
import { passed } from "./result.ts";
import { TestRunner } from "./run.ts";
import { Side } from "./side.ts";
import { jobOf } from "./workers.ts";

export interface TrialOptions {
  readonly sources: readonly SourceText[];
  /** The base document as JSON text. */
  readonly data: string;
  /** What survivors are compared at; absent: entrypoint annotations, else rules that no other rule uses. */
  readonly entrypoints?: readonly string[] | undefined;
  readonly seed: number;
  /** Inputs for each invariant. */
  readonly invariantRuns: number;
  /** Inputs that a survivor is compared on. */
  readonly diffRuns: number;
}

/** `unknown`: no input was found on which it decides otherwise; it may mean the same. */
export type Danger = "more" | "other" | "less" | "unknown";

export interface Trial {
  readonly index: number;
  readonly fate: "test" | "invariant" | "invalid" | "survived";
  /** The test or invariant that noticed. */
  readonly by?: string | undefined;
  readonly danger?: Danger | undefined;
  readonly flips?: readonly Pick<Flip, "entrypoint" | "kind" | "generated" | "example">[] | undefined;
}

/** About a second: a mutant that takes longer than this is noticed. */
const MAX_STEPS = 20_000_000;

export class Bench {
  readonly mutants: readonly Mutant[];
  readonly entrypoints: readonly string[];
  /** Of tests and of invariants. */
  readonly watchers: { readonly tests: number; readonly invariants: number };
  readonly #options: TrialOptions;
  readonly #modules: readonly Module[];
  readonly #data: RegoObject;
  readonly #reach: Reach;
  /** Places of the rules that the entrypoints come to. */
  readonly #deciding: ReadonlySet<string>;
  #original: Side | undefined;

  constructor(options: TrialOptions) {
    const { modules, diagnostics } = parse(options.sources);
    if (diagnostics.length > 0) throw failWith(diagnostics);
    const data = decode(options.data);
    this.#options = options;
    this.#modules = modules;
    this.#data = isObject(data) ? data : emptyObject;
    this.mutants = mutantsOf(modules, options.sources);
    this.entrypoints = options.entrypoints ?? decisionsOf(modules);
    const checked = checkTests(modules, this.#data, { print: false });
    this.#reach = new Reach(checked.compiled);
    this.#deciding = reachable(checked.compiled, this.entrypoints);
    this.watchers = {
      tests: checked.tests.filter(({ skip }) => !skip).length,
      invariants: invariantsIn(modules, () => true).size,
    };
  }

  /** Throws unless all of it passes as it is: a mutant could not be told from the policy. */
  async checkOriginal(): Promise<void> {
    const { tests, invariants } = this.watchers;
    if (tests + invariants === 0)
      throw new PolicyError(
        "invalid_parameter",
        "there is neither a test nor an invariant that could notice a mutant",
      );
    const checked = checkTests(this.#modules, this.#data, { print: false });
    const by = await this.#noticed(checked, undefined);
    if (by !== undefined)
      throw new PolicyError(
        "invalid_parameter",
        `\`${by.by}\` fails on the policy as it is: mend that first`,
      );
  }

  async run(index: number): Promise<Trial> {
    const mutant = this.mutants[index] as Mutant;
    const modules = this.#with(mutant);
    if (modules === undefined) return { index, fate: "invalid" };
    try {
      const reached = this.#reach.of(mutant.file, mutant.row);
      // Checked once for all that is done with it.
      const checked = checkTests(modules, this.#data, { print: false });
      const noticed = await this.#noticed(checked, reached);
      if (noticed !== undefined) return { index, ...noticed };
      const decides = reached === undefined || [...reached].some((place) => this.#deciding.has(place));
      return { index, fate: "survived", ...(decides ? this.#danger(checked) : { danger: "unknown" }) };
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      return { index, fate: "invalid" };
    }
  }

  #with(mutant: Mutant): Module[] | undefined {
    const source = this.#options.sources.find(({ file }) => file === mutant.file);
    if (source === undefined) return undefined;
    const { modules, diagnostics } = parse([{ ...source, text: mutated(source.text, mutant) }]);
    const [module] = modules;
    if (diagnostics.length > 0 || module === undefined) return undefined;
    return this.#modules.map((own) => (own.file === mutant.file ? module : own));
  }

  /** By the tests and invariants among these places; undefined: by any. */
  async #noticed(
    checked: CheckedTests,
    reached: ReadonlySet<string> | undefined,
  ): Promise<{ fate: "test" | "invariant"; by: string } | undefined> {
    const { compiled, modules } = checked;
    const concerns = (location: Location): boolean => reached?.has(placeOf(location)) !== false;
    const cases = checked.tests.filter(({ skip, location }) => !skip && concerns(location));
    if (cases.length > 0) {
      const { wasm, data, hostBuiltins, tests } = emitProgram(checked, cases, this.#data);
      const runner = await TestRunner.create({ wasm, data, hostBuiltins, steps: MAX_STEPS });
      for (const test of tests) {
        const result = await runner.run(jobOf(test));
        if (result === undefined || !passed(result)) return { fate: "test", by: test.fullName };
      }
    }
    const names = invariantsIn(modules, concerns);
    if (names.size === 0) return undefined;
    const { results } = prove(modules, this.#data, {
      compiled,
      runs: this.#options.invariantRuns,
      seed: this.#options.seed,
      failFast: true,
      filter: (name) => names.has(name),
    });
    const broken = results.find(({ status }) => status === "broken");
    return broken === undefined ? undefined : { fate: "invariant", by: broken.name };
  }

  #danger({ modules, compiled }: CheckedTests): Pick<Trial, "danger" | "flips"> {
    const { entrypoints } = this;
    if (entrypoints.length === 0) return { danger: "unknown" };
    const source = { name: "original", modules: this.#modules, data: this.#data };
    this.#original ??= new Side(source, entrypoints);
    // Examples are never changed: the original has them.
    const after = { name: "mutant", modules, compiled, data: this.#data, examples: [] };
    const { diffRuns: runs, seed } = this.#options;
    const { flips } = diff(this.#original, after, { entrypoints, runs, seed });
    const shown = flips
      .slice(0, 3)
      .map(({ entrypoint, kind, generated, example }) => ({ entrypoint, kind, generated, example }));
    const danger: Danger =
      flips.length === 0
        ? "unknown"
        : flips.some(({ widening }) => widening > 0)
          ? "more"
          : flips.every(({ widening }) => widening < 0)
            ? "less"
            : "other";
    return { danger, flips: shown };
  }
}

/** Full names of the invariants of which the rule, or the one of their assumption, is such a one. */
function invariantsIn(modules: readonly Module[], wanted: (location: Location) => boolean): Set<string> {
  const found = new Set<string>();
  for (const { package: own, rules } of modules)
    for (const { head, location } of rules) {
      const [name] = head.reference.terms;
      if (name.kind !== "var" || !/^(invariant|assume)_/.test(name.name) || !wanted(location)) continue;
      found.add(`${printRef(own.path.terms)}.${name.name.replace(/^assume_/, "invariant_")}`);
    }
  return found;
}

/** Rules that annotations call entrypoints; else those that no other rule of the policy uses. */
function decisionsOf(modules: readonly Module[]): string[] {
  const compiled = checkModules(modules);
  const annotated = compiled.entrypoints.map(({ terms }) => pathOf(terms));
  if (annotated.length > 0) return annotated;
  const found = new Set<string>();
  for (const { rules, source } of compiled.compilation.modules) {
    if (isTesting(source)) continue;
    for (const rule of rules) {
      const users = [...compiled.graph.dependents(rule)].filter(({ module }) => !isTesting(module.source));
      if (rule.head.args === undefined && users.length === 0) found.add(pathOf(ruleRef(rule)));
    }
  }
  return [...found].filter((path) => path !== "");
}

function pathOf(terms: ReturnType<typeof ruleRef>): string {
  const path: string[] = [];
  for (const term of terms.slice(1)) {
    if (term.kind !== "string") break;
    path.push(term.value);
  }
  return path.join("/");
}
