// What the parts of a proof tell each other: options, tasks and what was found, results. Types only.

import type { Json } from "./arbitrary.ts";
import type { Failure, Property } from "./property.ts";
import type { ProveProgramOptions } from "./prove-program.ts";

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
  readonly onProgress?: ((progress: ProveProgress) => void) | undefined;
}

export interface ProveProgress {
  readonly name: string;
  /** Invariants and laws that have a result, of all. */
  readonly done: number;
  readonly total: number;
  /** Inputs of the one that is looked at now. */
  readonly runs: number;
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

/** A search for an input that breaks one invariant or law, by one of several who each have their own memory. */
export interface Task {
  readonly job: number;
  readonly strand: number;
  readonly seed: number;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  readonly replay: readonly Json[];
  readonly start: readonly Json[];
  /** What others came across. */
  readonly learn: readonly Json[];
  readonly runs: number;
}

export interface Found {
  /** Since the strand began. */
  readonly runs: number;
  readonly met: number;
  readonly failure: Failure | undefined;
  readonly timedOut: boolean;
  readonly news: readonly Json[];
}

/** A strand is not needed any more. */
export interface End extends Pick<Task, "job" | "strand"> {
  readonly ends: true;
}

/** What is left of a strand when it ends. */
export interface Rest {
  readonly far: readonly Json[];
  /** By mark: 1 where an input came to it. */
  readonly ever: Uint8Array;
}

/** All strands of a job together. */
export interface Together extends Omit<Found, "news"> {
  readonly milliseconds: number;
}

export interface Job {
  readonly name: string;
  readonly described: Pick<ProveResult, "name" | "title" | "description" | "file" | "row" | "kind">;
  readonly assumption: boolean;
  readonly property: () => Property;
  /** Marks that tell how far an input came. */
  readonly stages: () => readonly number[];
  /** What it starts from, of what was known before. */
  readonly start: (far: ReadonlyMap<string, readonly Json[]>) => readonly Json[];
  /** The package for whose other invariants its inputs are a start, if they are. */
  readonly startsFor: string | undefined;
}

/** Who answers tasks, as the one who gives them out sees it. */
export interface Jobs {
  readonly jobs: readonly Job[];
  readonly result: (job: number, together: Together) => ProveResult;
  readonly unreached: (ever: Uint8Array) => FiredRule[];
}
