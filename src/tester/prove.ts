// Policies against their invariants and the ready laws. In: modules, data, schemas, bounds. Out: a report of what held, what did not and on
// which smallest input, and what no input reached. Prints nothing and writes no file.

import type { Document } from "../engine/engine.ts";
import { PolicyError } from "../error.ts";
import type { Module, Rule } from "../syntax/ast.ts";
import { printRef } from "../syntax/print.ts";
import { encode } from "../value/json.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { type Json, schemaArbitrary, shapeArbitrary } from "./arbitrary.ts";
import { allows, type Decider, lawCheck, laws, type ReadTree } from "./laws.ts";
import { conforms } from "./prove-conform.ts";
import {
  type Invariant,
  makeProveProgram,
  type ProveProgram,
  type ProveProgramOptions,
} from "./prove-program.ts";
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
}

/** Below this share of satisfied assumptions nothing was shown. */
const LEAST_MET = 0.002;
const LEAST_MET_COUNT = 10;

export function prove(modules: readonly Module[], data: RegoObject, options: ProveOptions): ProveReport {
  return new Prover(makeProveProgram(modules, data, options), options).run();
}

class Prover {
  readonly #program: ProveProgram;
  readonly #options: ProveOptions;
  readonly #everHit: Uint8Array;
  readonly #deadline: number | undefined;
  #signature = 0;

  constructor(program: ProveProgram, options: ProveOptions) {
    this.#program = program;
    this.#options = options;
    this.#everHit = new Uint8Array(program.marks.list.length);
    this.#deadline = options.timeMs === undefined ? undefined : Date.now() + options.timeMs;
    program.listener.onMark = (mark) => {
      this.#everHit[mark] = 1;
      if (this.#hit[mark] === 0) {
        this.#hit[mark] = 1;
        this.#novel = true;
      }
      // The set of marks counts, not their order or how often each is passed.
      if (this.#now[mark] === this.#turn) return;
      this.#now[mark] = this.#turn;
      this.#signature = (this.#signature + Math.imul(mark + 1, 0x9e3779b1)) | 0;
    };
    this.#now = new Uint32Array(program.marks.list.length);
    this.#hit = new Uint8Array(program.marks.list.length);
  }

  readonly #now: Uint32Array;
  /** Marks passed since the invariant was begun. */
  readonly #hit: Uint8Array;
  #novel = false;
  #turn = 0;

  run(): ProveReport {
    const { invariants } = this.#program;
    const { entrypoint } = this.#options;
    const jobs = invariants.length + (entrypoint === undefined ? 0 : laws.length);
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
      for (const law of laws)
        if (!over()) add(this.#law(law, entrypoint, this.#until(jobs - results.length)));
    return { results, unreached: this.#unreached() };
  }

  /** Each that is left has the same share of the time. */
  #until(left: number): number | undefined {
    return this.#deadline === undefined
      ? undefined
      : Date.now() + Math.max(0, this.#deadline - Date.now()) / left;
  }

  #begin(): void {
    this.#signature = 0;
    this.#novel = false;
    this.#turn++;
  }

  #invariant(invariant: Invariant, deadline: number | undefined): ProveResult {
    const { schema, shape, vary, entrypoint, assumption } = invariant;
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
    this.#hit.fill(0);
    const outcome = runProperty(property, this.#bounds(invariant.name, deadline));
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

  #law(law: (typeof laws)[number], entrypoint: string, deadline: number | undefined): ProveResult {
    const { schema, input: shape } = this.#program;
    const decider: Decider = {
      decide: (input) => this.#evaluate(entrypoint, input),
      reads: readsOf(this.#program.wasm, entrypoint),
      optional: new Set(this.#options.optional ?? []),
    };
    const check = lawCheck(law, decider, () => this.#signature);
    const property: Property = {
      arbitrary: schema === undefined ? shapeArbitrary(shape) : schemaArbitrary(schema, shape),
      check: (input) => {
        this.#begin();
        return { ...check(input), novel: this.#novel };
      },
      watch: (input) => this.#program.watch([entrypoint], input),
      ...(schema !== undefined && { allowed: (input: Json) => conforms(schema, input) }),
    };
    const started = Date.now();
    const name = `${entrypoint}: ${law.name}`;
    this.#hit.fill(0);
    const outcome = runProperty(property, this.#bounds(name, deadline));
    const described = {
      name,
      title: law.title,
      description: undefined,
      file: entrypoint,
      row: 0,
      kind: "law" as const,
    };
    return this.#result(described, outcome, false, started, (input) => property.check(input));
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
    this.#begin();
    try {
      if (assumption !== undefined && this.#evaluate(assumption, input) !== true)
        return { met: false, signature: this.#signature, novel: this.#novel };
      const value = this.#evaluate(entrypoint, input);
      const why =
        value === true ? undefined : value === undefined ? "it is undefined" : `it is ${encode(value)}`;
      return { met: true, why, signature: this.#signature, novel: this.#novel };
    } catch (error) {
      if (!(error instanceof PolicyError) || !error.code.startsWith("eval_")) throw error;
      return { met: true, why: `evaluation fails: ${error.message}`, signature: this.#signature };
    }
  }

  #fired(input: Json, check: (input: Json) => Verdict): FiredRule[] {
    check(input);
    return this.#rules((mark) => this.#now[mark] === this.#turn);
  }

  #unreached(): FiredRule[] {
    const own = new Set(this.#program.compiled.modules.filter(hasInvariants).map(({ file }) => file));
    const reached = new Set(
      this.#rules((mark) => this.#everHit[mark] === 1).map(({ file, row }) => `${file}:${row}`),
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
      if (/^(invariant|assume|test|todo_test)_/.test(name)) continue;
      const { file, row } = location;
      found.set(`${file}:${row}`, { name, file, row });
    }
    return [...found.values()].sort((x, y) => (x.file < y.file ? -1 : x.file > y.file ? 1 : x.row - y.row));
  }
}

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
