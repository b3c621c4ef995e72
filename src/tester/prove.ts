// Policies against their invariants and the ready laws. In: modules, data, schemas, bounds. Out: a report of what held, what did not and on
// which smallest input, and what no input reached. Prints nothing and writes no file.

import type { Document } from "../engine/engine.ts";
import { type Location, PolicyError } from "../error.ts";
import type { Module, Rule, Term } from "../syntax/ast.ts";
import { printRef } from "../syntax/print.ts";
import { encode, toPlain } from "../value/json.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { type Json, schemaArbitrary, shapeArbitrary } from "./arbitrary.ts";
import { allows } from "./effect.ts";
import type { Decider, ReadTree } from "./law.ts";
import { type Law, lawCheck, laws } from "./laws.ts";
import { conforms } from "./prove-conform.ts";
import {
  type Invariant,
  makeProveProgram,
  type ProveProgram,
  type ProveProgramOptions,
} from "./prove-program.ts";
import { Progress } from "./progress.ts";
import { Hunt, type Verdict } from "./property.ts";
import { planOf } from "./prove-plan.ts";
import type {
  FiredRule,
  Found,
  Job,
  Jobs,
  ProveOptions,
  ProveReport,
  ProveResult,
  Rest,
  Task,
  Together,
} from "./prove-task.ts";

export { allows };
export type { FiredRule, ProveOptions, ProveReport, ProveResult } from "./prove-task.ts";

/** Below this share of satisfied assumptions nothing was shown. */
const LEAST_MET = 0.002;
const LEAST_MET_COUNT = 10;

export function prove(modules: readonly Module[], data: RegoObject, options: ProveOptions): ProveReport {
  const prover = new Prover(modules, data, options);
  const plan = planOf(prover, options);
  let next = plan.next();
  while (next.done !== true)
    next = plan.next(next.value.map((task) => ("ends" in task ? prover.end(task) : prover.run(task))));
  return next.value;
}

/** Knows the invariants and laws, and does what it is told of one of them. Each thread has one. */
export class Prover implements Jobs {
  readonly #program: ProveProgram;
  readonly #options: Pick<ProveOptions, "optional" | "seed" | "filter" | "entrypoint">;
  readonly #examples: readonly { readonly path: string; readonly input: Json }[];
  readonly #strands = new Map<string, { readonly hunt: Hunt; readonly progress: Progress }>();
  readonly jobs: readonly Job[];
  #progress: Progress;

  constructor(
    modules: readonly Module[],
    data: RegoObject,
    options: ProveProgramOptions & Pick<ProveOptions, "optional" | "seed">,
  ) {
    const program = makeProveProgram(modules, data, options);
    this.#program = program;
    this.#options = options;
    this.#progress = new Progress(program.marks);
    program.listener.onMark = (mark, values) => this.#progress.listener(mark, values);
    this.#examples = program.examples.map((path) => ({ path, input: this.#example(path) }));
    const { entrypoint } = options;
    const asked = entrypoint === undefined ? [] : laws.filter((law) => this.#concerns(law, entrypoint));
    this.jobs = [
      ...program.invariants.map((invariant) => this.#invariant(invariant)),
      ...asked.map((law) => this.#law(law, entrypoint as string)),
    ];
  }

  run({ job: index, strand, seed, deadline, replay, start, learn, runs }: Task): Found {
    const job = this.jobs[index] as Job;
    const key = `${index} ${strand}`;
    let known = this.#strands.get(key);
    if (known === undefined) {
      known = { hunt: new Hunt(job.property(), seed), progress: new Progress(this.#program.marks) };
      known.progress.restart(job.stages());
      this.#strands.set(key, known);
    }
    const { hunt, progress } = known;
    this.#progress = progress;
    const failure =
      hunt.learn(learn) ?? hunt.replay(replay, true) ?? hunt.replay(start, false) ?? hunt.run(runs, deadline);
    return { runs: hunt.runs, met: hunt.met, failure, timedOut: hunt.timedOut, news: hunt.news() };
  }

  end({ job, strand }: Pick<Task, "job" | "strand">): Rest {
    const key = `${job} ${strand}`;
    const known = this.#strands.get(key);
    this.#strands.delete(key);
    return { far: known?.hunt.far() ?? [], ever: known?.progress.ever ?? new Uint8Array() };
  }

  #invariant(invariant: Invariant): Job {
    const { schema, shape, vary, entrypoint, assumption, packagePath } = invariant;
    const allowed = (input: Json): boolean => {
      if (vary === undefined) return conforms(schema, input);
      const { a, b } = input as { a: Json; b: Json };
      return conforms(schema, a) && conforms(schema, b);
    };
    const examples = this.#examples
      .filter(({ path }) => `data/${path}`.startsWith(`${packagePath}/`))
      .map(({ input }) => input);
    const { name, title, description, location } = invariant;
    const { file, row } = location;
    return {
      name,
      described: { name, title, description, file, row, kind: "invariant" },
      assumption: assumption !== undefined,
      property: () => ({
        arbitrary: schema === undefined ? shapeArbitrary(shape) : schemaArbitrary(schema, shape),
        check: (input) => this.#check(entrypoint, assumption, input),
        watch: (input) =>
          this.#program.watch(assumption === undefined ? [entrypoint] : [assumption, entrypoint], input),
        vary,
        ...(schema !== undefined && { allowed }),
      }),
      stages: () => this.#marksIn(assumption ?? entrypoint),
      start: (far) => {
        const own =
          vary === undefined
            ? [...examples, ...(far.get(packagePath) ?? [])]
            : examples.map((input): Json => ({ a: input, b: input }));
        return schema === undefined ? own : own.filter(allowed);
      },
      // A pair is no input, and what one schema allows another may not.
      startsFor: vary === undefined && schema === undefined ? packagePath : undefined,
    };
  }

  #came(): Pick<Verdict, "novel" | "level"> {
    return { novel: this.#progress.novel, level: this.#progress.level };
  }

  /** Marks of expressions that the rules of this path are made of. */
  #marksIn(entrypoint: string): number[] {
    const places = this.#program.compiled.modules.flatMap(({ package: own, rules }) =>
      rules
        .filter(
          ({ head }) =>
            [...own.path.terms.slice(1), head.reference.terms[0]].map(termText).join("/") === entrypoint,
        )
        .map(({ location }) => location),
    );
    const inside = ({ file, row }: Location): boolean =>
      places.some((at) => at.file === file && at.row <= row && row < at.row + at.text.split("\n").length);
    return [...this.#program.marks.list.entries()].flatMap(([index, { kind, location }]) =>
      kind === "eval" && inside(location) ? [index] : [],
    );
  }

  #example(entrypoint: string): Json {
    const value = this.#evaluate(entrypoint, undefined);
    if (value !== undefined) return toPlain(value) as Json;
    const name = `data.${entrypoint.replaceAll("/", ".")}`;
    throw new PolicyError("invalid_input", `\`${name}\` has no value: an example must be an input`);
  }

  #law(law: Law, entrypoint: string): Job {
    const { schema, input: shape } = this.#program;
    const name = `${entrypoint}: ${law.name}`;
    const { title, about } = law;
    return {
      name,
      described: { name, title, description: undefined, file: entrypoint, row: 0, kind: "law" },
      assumption: about !== undefined,
      property: () => {
        const decider: Decider = {
          entrypoint,
          decide: (input) => this.#evaluate(entrypoint, input),
          reads: readsOf(this.#program.wasm, entrypoint),
          optional: new Set(this.#options.optional ?? []),
        };
        const check = lawCheck(law, decider, () => this.#progress.signature);
        return {
          arbitrary: schema === undefined ? shapeArbitrary(shape) : schemaArbitrary(schema, shape),
          check: (input) => {
            this.#progress.begin();
            return { ...check(input), ...this.#came() };
          },
          watch: (input) => this.#program.watch([entrypoint], input),
          ...(schema !== undefined && { allowed: (input: Json) => conforms(schema, input) }),
        };
      },
      stages: () => [],
      start: (far) => {
        const known = [...this.#examples.map(({ input }) => input), ...[...far.values()].flat()];
        return known.filter((input) => schema === undefined || conforms(schema, input));
      },
      startsFor: undefined,
    };
  }

  /** Whether it is asked for, and the entrypoint reads the field that the law is about. */
  #concerns({ name, about }: Law, entrypoint: string): boolean {
    if (this.#options.filter?.(`${entrypoint}: ${name}`) === false) return false;
    if (about === undefined) return true;
    const reads = readsOf(this.#program.wasm, entrypoint);
    return reads === true ? this.#program.input.root.fields.has(about) : Object.hasOwn(reads, about);
  }

  result(index: number, { runs, met, failure, timedOut, milliseconds }: Together): ProveResult {
    const { described, assumption, property } = this.jobs[index] as Job;
    const few = met < Math.max(Math.min(LEAST_MET_COUNT, runs), runs * LEAST_MET);
    const status =
      failure !== undefined
        ? "broken"
        : runs === 0 || few
          ? timedOut && runs === 0
            ? "unfinished"
            : "vacuous"
          : "holds";
    return {
      ...described,
      status,
      assumption,
      runs,
      met,
      seed: this.#options.seed,
      milliseconds,
      counterexample:
        failure === undefined
          ? undefined
          : { ...failure, fired: this.#fired(failure.input, property().check) },
    };
  }

  #evaluate(entrypoint: string, input: Json | undefined): Value | undefined {
    const document: Document | undefined = input === undefined ? undefined : { value: input };
    return this.#program.engine.evaluate(entrypoint, document).value;
  }

  #check(entrypoint: string, assumption: string | undefined, input: Json): Verdict {
    this.#progress.begin();
    try {
      if (assumption !== undefined && this.#evaluate(assumption, input) !== true)
        return { met: false, signature: this.#progress.signature, ...this.#came() };
      const value = this.#evaluate(entrypoint, input);
      const why =
        value === true ? undefined : value === undefined ? "it is undefined" : `it is ${encode(value)}`;
      return { met: true, why, signature: this.#progress.signature, ...this.#came() };
    } catch (error) {
      if (!(error instanceof PolicyError) || !error.code.startsWith("eval_")) throw error;
      return { met: true, why: `evaluation fails: ${error.message}`, signature: this.#progress.signature };
    }
  }

  #fired(input: Json, check: (input: Json) => Verdict): FiredRule[] {
    check(input);
    return this.#rules((mark) => this.#progress.passed(mark));
  }

  /** Rules of the policy that gave no value at any of these marks. */
  unreached(ever: Uint8Array): FiredRule[] {
    const own = new Set(this.#program.compiled.modules.filter(hasInvariants).map(({ file }) => file));
    const reached = new Set(this.#rules((mark) => ever[mark] === 1).map(({ file, row }) => `${file}:${row}`));
    return this.#rules(() => true).filter(
      ({ file, row }) => !own.has(file) && !reached.has(`${file}:${row}`),
    );
  }

  /** With the names that the author gave. */
  #written(text: string): string {
    return text.replace(/__local\d+__/g, (name) => this.#program.compiled.rewrittenVars.get(name) ?? "_");
  }

  /** Rules of the policy whose value was given at such a mark. */
  #rules(wanted: (mark: number) => boolean): FiredRule[] {
    const found = new Map<string, FiredRule>();
    for (const [index, { kind, node, location }] of this.#program.marks.list.entries()) {
      if (kind !== "exit" || !wanted(index) || Array.isArray(node) || (node as Rule).kind !== "rule")
        continue;
      const name = this.#written(printRef((node as Rule).head.reference.terms));
      if (/^(invariant|assume|example|test|todo_test)_/.test(name)) continue;
      const { file, row } = location;
      found.set(`${file}:${row}`, { name, file, row });
    }
    return [...found.values()].sort((x, y) => (x.file < y.file ? -1 : x.file > y.file ? 1 : x.row - y.row));
  }
}

const termText = (term: Term): string =>
  term.kind === "string" ? term.value : term.kind === "var" ? term.name : "";

function hasInvariants({ rules }: Module): boolean {
  return rules.some(({ head }) => printRef(head.reference.terms).startsWith("invariant_"));
}

/** What an entrypoint reads of its input, as the module's own section says. */
function readsOf(wasm: WebAssembly.Module, entrypoint: string): ReadTree {
  const [bytes] = WebAssembly.Module.customSections(wasm, "reeve.reads");
  if (bytes === undefined) return true;
  const trees = JSON.parse(new TextDecoder().decode(bytes)) as { [plan: string]: ReadTree };
  return trees[entrypoint] ?? true;
}
