// What stands behind every guard: something that answers a decision path for an input. The decision agent of `decision/sdk.ts` is one; so is
// an engine with a compiled policy. Nothing here decides.

import type { Note } from "../decision/log/event.ts";
import type { Value } from "../value/value.ts";
import type { Answered } from "./effect.ts";

/** What a guard needs of a decision agent. A throw is a deny. */
export interface Decider {
  decide(query: {
    readonly path: string;
    readonly input: Value;
    /** Asked before the decision is logged, where it is: what the record is to say, and what it must not. */
    readonly note?: (outcome: Answered & { readonly failure: unknown }) => Note;
  }): Promise<
    Answered & {
      readonly decisionId: string;
      readonly bundles?: Readonly<Record<string, { readonly revision: string }>>;
    }
  >;
}
