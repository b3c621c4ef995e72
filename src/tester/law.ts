// What a law about decisions is. In: nothing. Out: types that laws and those who check them share.

import type { Value } from "../value/value.ts";
import type { Json } from "./arbitrary.ts";

/** `true`: everything below is read; a tree: these keys. */
export type ReadTree = true | { readonly [key: string]: ReadTree };

export interface Decider {
  /** What is decided, as `authz/allow`. */
  readonly entrypoint: string;
  /** Undefined without an answer. Throws PolicyError where evaluation fails. */
  readonly decide: (input: Json | undefined) => Value | undefined;
  readonly reads: ReadTree;
  /** Paths (`a.b`) that only ever speak against an action, so that taking them away may allow. */
  readonly optional: ReadonlySet<string>;
}

export interface Judgement {
  /** Whether the law had anything to say about the input. */
  readonly met: boolean;
  /** Why the decision breaks the law, if it does. */
  readonly why?: string | undefined;
  /** The input that breaks it, where that is one seen before. */
  readonly input?: Json | undefined;
}

export type Judge = (input: Json) => Judgement;
