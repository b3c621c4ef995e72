// Stands before every action: builds the request document, asks the decision agent, reads the effect, and says whether the action may go
// ahead. Anything that fails on the way is a deny with a reason. It runs nothing itself: the caller forwards or refuses.

import { PolicyError } from "../error.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { denied, type EffectDocument, readEffect } from "./effect.ts";
import { requestDocument, type ToolRequest } from "./request.ts";

/** What the guard needs of a decision agent. */
export interface Decider {
  decide(query: {
    readonly path: string;
    readonly input: Value;
  }): Promise<{ readonly decisionId: string; readonly result: Value | undefined }>;
}

export interface GuardOptions {
  readonly decider: Decider;
  /** Decision path, as `ai/decision`. */
  readonly path: string;
  /** Obligation types that the caller carries out. */
  readonly obligations?: ReadonlySet<string>;
  /** Monotonic milliseconds, for the time spent deciding. */
  readonly clockMs: () => number;
}

export interface GuardAnswer extends EffectDocument {
  /** Empty when no decision could be made at all. */
  readonly decisionId: string;
  readonly decidingMs: number;
  readonly input: RegoObject;
}

export interface Guard {
  ask(request: ToolRequest): Promise<GuardAnswer>;
}

export function createGuard(options: GuardOptions): Guard {
  return {
    async ask(request) {
      const input = requestDocument(request);
      const started = options.clockMs();
      let decisionId = "";
      let document: EffectDocument;
      try {
        const decision = await options.decider.decide({ path: options.path, input });
        decisionId = decision.decisionId;
        document = readEffect(decision.result, options.obligations);
      } catch (error) {
        const code = error instanceof PolicyError ? error.code : "internal_error";
        document = denied(code, error instanceof PolicyError ? error.message : "the decision failed");
      }
      return { ...document, decisionId, decidingMs: options.clockMs() - started, input };
    },
  };
}
