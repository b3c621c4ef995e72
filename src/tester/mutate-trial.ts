// One mutant against the tests and invariants of a policy, and if it survives, against the policy itself. In: sources, data, bounds. Out: a Trial
// each. Knows nothing of threads and reports.

import { type SourceText, parse } from "../compile/compile.ts";
import { checkModules } from "../compile/compile.ts";
import { ruleRef } from "../compile/check/cells.ts";
import { failWith, PolicyError } from "../error.ts";
import type { Module } from "../syntax/ast.ts";
import { decode } from "../value/json.ts";
import { emptyObject } from "../value/object.ts";
import { isObject, type RegoObject } from "../value/value.ts";
import { diff, type Flip } from "./diff.ts";
import { isTesting, type Mutant, mutantsOf, mutated } from "./mutate.ts";
import { makeProgram } from "./program.ts";
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
    const program = makeProgram(modules, this.#data, { print: false });
    this.watchers = {
      tests: program.tests.filter(({ skip }) => !skip).length,
      invariants: modules.reduce((sum, module) => sum + invariantsIn(module), 0),
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
    const by = await this.#noticed(this.#modules);
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
      const noticed = await this.#noticed(modules);
      if (noticed !== undefined) return { index, ...noticed };
      return { index, fate: "survived", ...this.#danger(modules) };
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

  async #noticed(
    modules: readonly Module[],
  ): Promise<{ fate: "test" | "invariant"; by: string } | undefined> {
    const { tests, invariants } = this.watchers;
    if (tests > 0) {
      const { wasm, data, hostBuiltins, tests: cases } = makeProgram(modules, this.#data, { print: false });
      const runner = await TestRunner.create({ wasm, data, hostBuiltins, steps: MAX_STEPS });
      for (const test of cases) {
        if (test.skip) continue;
        const result = await runner.run(jobOf(test));
        if (result === undefined || !passed(result)) return { fate: "test", by: test.fullName };
      }
    }
    if (invariants === 0) return undefined;
    const { results } = prove(modules, this.#data, {
      runs: this.#options.invariantRuns,
      seed: this.#options.seed,
      failFast: true,
    });
    const broken = results.find(({ status }) => status === "broken");
    return broken === undefined ? undefined : { fate: "invariant", by: broken.name };
  }

  #danger(modules: readonly Module[]): Pick<Trial, "danger" | "flips"> {
    const { entrypoints } = this;
    if (entrypoints.length === 0) return { danger: "unknown" };
    const source = { name: "original", modules: this.#modules, data: this.#data };
    this.#original ??= new Side(source, entrypoints);
    // Examples are never changed: the original has them.
    const after = { name: "mutant", modules, data: this.#data, examples: [] };
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

function invariantsIn({ rules }: Module): number {
  const names = rules.map(({ head: { reference } }) => {
    const [name] = reference.terms;
    return name.kind === "var" ? name.name : "";
  });
  return new Set(names.filter((name) => name.startsWith("invariant_"))).size;
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
