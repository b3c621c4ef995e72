// One answer: its id, what the policy said, which revisions said it. What comes back from `decide`; the edges turn it into their JSON.

import type { BuiltinFailure } from "../engine/engine.ts";
import { encode, encodeString } from "../value/json.ts";
import type { Value } from "../value/value.ts";
import type { Mode } from "./terms.ts";

export type { Mode } from "./terms.ts";

export interface Decision {
  readonly decisionId: string;
  /** Slash path without `data`. */
  readonly path: string;
  /** Undefined: the policy gave no answer, which never means yes. */
  readonly result: Value | undefined;
  /** Revision of every active bundle by name. */
  readonly bundles: Readonly<Record<string, { readonly revision: string }>>;
  /** Builtin calls that failed on the way; each was undefined. */
  readonly errors: readonly BuiltinFailure[];
  /** From the signed bundle: `observe` means that the answer is recorded and not enforced. */
  readonly mode: Mode;
  /** A builtin failed in a rule that a denial hangs on: what the policy says may lack one. */
  readonly denialErrored: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  /** With `nd_builtin_cache: true`: what non-deterministic builtins answered, as the log has it. Given back with the query it replays the decision. */
  readonly ndBuiltinCache?: Value;
}

/** The body of `POST /v1/data/…` (OPA REST API): `result` is absent when undefined. */
export function decisionJson(decision: Decision, withId = true): string {
  const members: string[] = [];
  if (withId) members.push(`"decision_id":${encodeString(decision.decisionId)}`);
  if (decision.result !== undefined) members.push(`"result":${encode(decision.result)}`);
  return `{${members.join(",")}}`;
}

type FailedDecision = Pick<Decision, "decisionId" | "mode" | "denialErrored">;

const failed = new WeakMap<object, FailedDecision>();

/** The id under which a decision that failed stands in the log; undefined for errors that no decision threw. */
export function decisionIdOf(error: unknown): string | undefined {
  return failedDecision(error)?.decisionId;
}

/** What is known of a decision that failed. */
export function failedDecision(error: unknown): FailedDecision | undefined {
  return typeof error === "object" && error !== null ? failed.get(error) : undefined;
}

/** For sdk.ts: marks the error that `decide` throws. */
export function markFailed<E extends object>(error: E, decision: FailedDecision): E {
  failed.set(error, decision);
  return error;
}
