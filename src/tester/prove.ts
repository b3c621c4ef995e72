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
import { type Outcome, type Property, runProperty, type Verdict } from "./property.ts";

export { allows };

export interface ProveOptions extends ProveProgramOptions {
  /** Inputs for each invariant. */
  readonly runs: number;
  readonly seed: number;
  /** Milliseconds for the whole run. */
  readonly timeMs?: number | undefined;
  /** Kept inputs by name of invariant or law. */
  readonly kept?: ReadonlyMap<string, readonly Json[]> | undefined;
  /** For `no_widening`: paths whose absence may allow. */
  readonly optional?: readonly string[] | undefined;
  /** `far` of another run: others are made from them. */
  readonly start?: ReadonlyMap<string, readonly Json[]> | undefined;
  /** Leaves out what comes after the first that is broken. */
  readonly failFast?: boolean | undefined;
  readonly onResult?: ((result: ProveResult) => void) | undefined;
}

export type Status = "holds" | "broken" | "vacuous" | "unfinished";

export interface FiredRule {
  readonly name: string;
  readonly file: string;
  readonly row: number;
}

export interface ProveResult {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly file: string;
  readonly row: number;
  readonly status: Status;
  readonly assumption: boolean;
  readonly runs: number;
  readonly met: number;
  readonly seed: number;
  readonly milliseconds: number;
  readonly counterexample:
    | {
        readonly input: Json;
        readonly why: string;
        readonly replayed: boolean;
        readonly fired: readonly FiredRule[];
      }
    | undefined;
  /** `law` results cannot be written as tests. */
  readonly kind: "invariant" | "law";
}

export interface ProveReport {
  readonly results: readonly ProveResult[];
  /** Rules of the policy that gave no value on any input. */
  readonly unreached: readonly FiredRule[];
  /** Inputs that came far, by slash path of the invariants' package. */
  readonly far: ReadonlyMap<string, readonly Json[]>;
}

/** Below this share of satisfied assumptions nothing was shown. */
const LEAST_MET = 0.002;
const LEAST_MET_COUNT = 10;
const MAX_START = 120;

export function prove(modules: readonly Module[], data: RegoObject, options: ProveOptions): ProveReport {
  return new Prover(makeProveProgram(modules, data, options), options).run();
}

class Prover {
  readonly #program: ProveProgram;
  readonly #options: ProveOptions;
  readonly #progress: Progress;
  readonly #deadline: number | undefined;
  readonly #examples: readonly { readonly path: string; readonly input: Json }[];
  /** Inputs that came far, for the next invariant of the package. */
  readonly #start = new Map<string, readonly Json[]>();

  constructor(program: ProveProgram, options: ProveOptions) {
    this.#program = program;
    this.#options = options;
    this.#progress = new Progress(program.marks);
    this.#examples = program.examples.map((path) => ({ path, input: this.#example(path) }));
    for (const [name, inputs] of options.start ?? []) this.#start.set(name, inputs);
    program.listener.onMark = this.#progress.listener;
    this.#deadline = options.timeMs === undefined ? undefined : Date.now() + options.timeMs;
  }

  run(): ProveReport {
    const { invariants } = this.#program;
    const { entrypoint } = this.#options;
    const asked = entrypoint === undefined ? [] : laws.filter((law) => this.#concerns(law, entrypoint));
    const jobs = invariants.length + asked.length;
    const results: ProveResult[] = [];
    const add = (result: ProveResult): void => {
      results.push(result);
      this.#options.onResult?.(result);
    };
    const over = (): boolean =>
      this.#options.failFast === true && results.some(({ status }) => status === "broken");
    for (const invariant of invariants)
      if (!over()) add(this.#invariant(invariant, this.#until(jobs - results.length)));
    if (entrypoint !== undefined)
      for (const law of asked)
        if (!over()) add(this.#law(law, entrypoint, this.#until(jobs - results.length)));
    return { results, unreached: this.#unreached(), far: this.#start };
  }

  /** Each that is left has the same share of the time. */
  #until(left: number): number | undefined {
    return this.#deadline === undefined
      ? undefined
      : Date.now() + Math.max(0, this.#deadline - Date.now()) / left;
  }

  #invariant(invariant: Invariant, deadline: number | undefined): ProveResult {
    const { schema, shape, vary, entrypoint, assumption, packagePath } = invariant;
    const allowed = (input: Json): boolean => {
      if (vary === undefined) return conforms(schema, input);
      const { a, b } = input as { a: Json; b: Json };
      return conforms(schema, a) && conforms(schema, b);
    };
    const property: Property = {
      arbitrary: schema === undefined ? shapeArbitrary(shape) : schemaArbitrary(schema, shape),
      check: (input) => this.#check(entrypoint, assumption, input),
      watch: (input) =>
        this.#program.watch(assumption === undefined ? [entrypoint] : [assumption, entrypoint], input),
      vary,
      ...(schema !== undefined && { allowed }),
    };
    const started = Date.now();
    this.#progress.restart(this.#marksIn(assumption ?? entrypoint));
    const examples = this.#examples
      .filter(({ path }) => `data/${path}`.startsWith(`${packagePath}/`))
      .map(({ input }) => input);
    const far = this.#start.get(packagePath) ?? [];
    const own =
      vary === undefined ? [...examples, ...far] : examples.map((input): Json => ({ a: input, b: input }));
    const start = schema === undefined ? own : own.filter(allowed);
    const outcome = runProperty(property, { ...this.#bounds(invariant.name, deadline), start });
    // A pair is no input, and what one schema allows another may not.
    if (vary === undefined && schema === undefined)
      this.#start.set(packagePath, [...new Set([...outcome.far, ...far])].slice(0, MAX_START));
    const { name, title, description, location } = invariant;
    const described = {
      name,
      title,
      description,
      file: location.file,
      row: location.row,
      kind: "invariant" as const,
    };
    return this.#result(described, outcome, assumption !== undefined, started, (input) =>
      property.check(input),
    );
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

  #law(law: Law, entrypoint: string, deadline: number | undefined): ProveResult {
    const { schema, input: shape } = this.#program;
    const decider: Decider = {
      entrypoint,
      decide: (input) => this.#evaluate(entrypoint, input),
      reads: readsOf(this.#program.wasm, entrypoint),
      optional: new Set(this.#options.optional ?? []),
    };
    const check = lawCheck(law, decider, () => this.#progress.signature);
    const property: Property = {
      arbitrary: schema === undefined ? shapeArbitrary(shape) : schemaArbitrary(schema, shape),
      check: (input) => {
        this.#progress.begin();
        return { ...check(input), ...this.#came() };
      },
      watch: (input) => this.#program.watch([entrypoint], input),
      ...(schema !== undefined && { allowed: (input: Json) => conforms(schema, input) }),
    };
    const started = Date.now();
    const name = `${entrypoint}: ${law.name}`;
    this.#progress.restart();
    const known = [...this.#examples.map(({ input }) => input), ...[...this.#start.values()].flat()];
    const start = known.filter((input) => schema === undefined || conforms(schema, input));
    const outcome = runProperty(property, { ...this.#bounds(name, deadline), start });
    const described = {
      name,
      title: law.title,
      description: undefined,
      file: entrypoint,
      row: 0,
      kind: "law" as const,
    };
    return this.#result(described, outcome, law.about !== undefined, started, (input) =>
      property.check(input),
    );
  }

  /** Whether it is asked for, and the entrypoint reads the field that the law is about. */
  #concerns({ name, about }: Law, entrypoint: string): boolean {
    if (this.#options.filter?.(`${entrypoint}: ${name}`) === false) return false;
    if (about === undefined) return true;
    const reads = readsOf(this.#program.wasm, entrypoint);
    return reads === true ? this.#program.input.root.fields.has(about) : Object.hasOwn(reads, about);
  }

  #bounds(name: string, deadline: number | undefined) {
    const { runs, seed, kept } = this.#options;
    return { runs, seed, deadline, replay: kept?.get(name) };
  }

  #result(
    described: Pick<ProveResult, "name" | "title" | "description" | "file" | "row" | "kind">,
    outcome: Outcome,
    assumption: boolean,
    started: number,
    check: (input: Json) => Verdict,
  ): ProveResult {
    const { runs, met, failure, timedOut } = outcome;
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
      milliseconds: Date.now() - started,
      counterexample:
        failure === undefined ? undefined : { ...failure, fired: this.#fired(failure.input, check) },
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

  #unreached(): FiredRule[] {
    const own = new Set(this.#program.compiled.modules.filter(hasInvariants).map(({ file }) => file));
    const reached = new Set(
      this.#rules((mark) => this.#progress.ever[mark] === 1).map(({ file, row }) => `${file}:${row}`),
    );
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
