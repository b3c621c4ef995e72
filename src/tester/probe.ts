// What can be told of one query beside its answer: which places it came to, what it tried, and where time went. In: checked modules and a query. Out: the
// answer, and events, coverage and time by line as they are asked for. A query that nothing is asked of runs as it ships, without marks.

import type { Builtin } from "../builtins/builtin.ts";
import { builtins } from "../builtins/registry.ts";
import { type CompiledModules, Marks } from "../compile/compile.ts";
import { type PreparedQuery, prepareQuery, type QueryAnswer, type QueryRequest } from "../query.ts";
import type { Module } from "../syntax/ast.ts";
import { type CoverageReport, coverageReport, type FurtherRun, Hits, type Reason } from "./coverage.ts";
import { namesOf, shownEvents } from "./explain.ts";
import { WITHOUT } from "./measure.ts";
import { ownersOf } from "./owners.ts";
import { type LineStats, Profile } from "./profile.ts";
import { type Logged, type TraceEvent, traceOf } from "./trace.ts";
import type { Names } from "./trace-text.ts";

export interface ProbeOptions {
  /** `notes`, `fails`, `full` or `debug`. */
  readonly explain?: string | undefined;
  readonly profile?: boolean | undefined;
  /** Coverage, and for what reasons further runs are made. */
  readonly coverage?: readonly Reason[] | undefined;
}

export interface Explanation {
  readonly events: readonly TraceEvent[];
  readonly names: Names;
}

export interface Findings {
  readonly explanation?: Explanation;
  readonly profile?: readonly LineStats[];
  readonly coverage?: CoverageReport;
}

/** Events that are kept: a query that goes on for longer is explained up to there. */
const LOG_LIMIT = 1_000_000;

export class Probe {
  readonly #compiled: CompiledModules;
  readonly #modules: readonly Module[];
  readonly #request: QueryRequest;
  readonly #options: ProbeOptions;
  readonly #marks: Marks | undefined;
  readonly #prepared: PreparedQuery;
  readonly #log: Logged[] = [];
  readonly #profile: Profile | undefined;
  #hits: Hits | undefined;

  /** The modules as their authors wrote them, and as they were checked. Throws PolicyError with findings about the query. */
  constructor(
    modules: readonly Module[],
    compiled: CompiledModules,
    request: QueryRequest,
    options: ProbeOptions,
  ) {
    this.#modules = modules;
    this.#compiled = compiled;
    this.#request = request;
    this.#options = options;
    const { coverage, explain, profile } = options;
    if (coverage !== undefined || explain !== undefined || profile === true)
      this.#marks = new Marks({
        wants: () => true,
        index: true,
        events: explain !== undefined,
        passes: profile === true,
      });
    if (this.#marks !== undefined && profile === true) this.#profile = new Profile(this.#marks.list);
    this.#prepared = prepareQuery(compiled, {
      ...request,
      ...(this.#marks !== undefined && { marks: this.#marks, onMark: this.#onMark }),
      ...(explain !== undefined && { builtins: this.#noting(request.builtins ?? builtins) }),
    });
  }

  run(): Promise<QueryAnswer> {
    return this.#prepared.run();
  }

  /** Of what ran until now, also if it failed. */
  async findings(): Promise<Findings> {
    const { coverage, explain } = this.#options;
    return {
      ...(explain !== undefined && { explanation: this.#explanation(explain) }),
      ...(this.#profile !== undefined && { profile: this.#profile.lines() }),
      ...(coverage !== undefined && { coverage: await this.#coverage(coverage) }),
    };
  }

  readonly #onMark: NonNullable<QueryRequest["onMark"]> = (index, values) => {
    this.#profile?.add(index);
    if (this.#options.coverage !== undefined) {
      this.#hits ??= new Hits(this.#marks?.list ?? []);
      this.#hits.add(index);
    }
    const mark = this.#marks?.list[index];
    if (this.#options.explain !== undefined && mark !== undefined && this.#log.length < LOG_LIMIT)
      this.#log.push({ mark, values });
  };

  /** The builtins, with a `trace` whose notes are heard. */
  #noting(all: ReadonlyMap<string, Builtin>): ReadonlyMap<string, Builtin> {
    const trace = all.get("trace");
    const host = trace?.host;
    if (trace === undefined || host === undefined) return all;
    const noting: Builtin = {
      ...trace,
      host: (args, context) => {
        if (typeof args[0] === "string") this.#log.push({ note: args[0] });
        return host(args, context);
      },
    };
    return new Map([...all, ["trace", noting]]);
  }

  #explanation(mode: string): Explanation {
    const { query } = this.#prepared;
    const { written, owners } = namesOf(this.#compiled);
    const names: Names = {
      written: new Map([...written, ...query.rewrittenVars]),
      owners: new Map([...owners, ...ownersOf([], query.body)]),
      line: () => "",
    };
    return { events: shownEvents(traceOf(this.#log, names.owners, query.body), mode, names.owners), names };
  }

  async #coverage(reasons: readonly Reason[]): Promise<CoverageReport> {
    const further: FurtherRun[] = [];
    for (const reason of reasons) further.push({ reason, hits: await this.#without(reason) });
    return coverageReport(this.#modules, this.#hits ?? new Hits([]), further);
  }

  /** Once more, without what leaves something out; what is printed then was printed already. */
  async #without(reason: Reason): Promise<Hits> {
    const marks = new Marks({ wants: () => true, index: true, ...WITHOUT[reason] });
    let hits: Hits | undefined;
    const { context } = this.#request;
    const again = prepareQuery(this.#compiled, {
      ...this.#request,
      onTime: (_, work) => work(),
      ...(context !== undefined && { context: { ...context, print: () => {} } }),
      marks,
      onMark: (index) => {
        hits ??= new Hits(marks.list);
        hits.add(index);
      },
    });
    // A run that fails came to places nevertheless.
    await again.run().catch(() => {});
    return hits ?? new Hits([]);
  }
}
