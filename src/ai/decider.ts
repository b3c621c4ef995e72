// What stands behind every guard: something that answers a decision path for an input. The decision agent of `decision/sdk.ts` is one; so is
// an engine with a compiled policy. Nothing here decides.

import type { Value } from "../value/value.ts";

/** What a guard needs of a decision agent. A throw is a deny. */
export interface Decider {
  decide(query: {
    readonly path: string;
    readonly input: Value;
  }): Promise<{ readonly decisionId: string; readonly result: Value | undefined }>;
}
