// The decision document: what a policy answered, read so that nothing but a well-formed `allow` ever allows. Undefined, a wrong type, an
// unknown effect, an obligation that the enforcement point cannot execute: each is a deny with a reason that says so.

import { type Mode, failedDecision } from "../decision/decision.ts";
import { PolicyError } from "../error.ts";
import { toPlain } from "../value/json.ts";
import { isArray, isNumber, isObject, type RegoObject, type Value } from "../value/value.ts";
import { type DecisionDocument, type Effect, effects } from "./documents.ts";
import { adviceFor } from "./reasons.ts";

export type { Effect } from "./documents.ts";

/** Why. `code` is stable and for machines; `message` is a sentence for a person; `path` is a JSON pointer into the arguments. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
}

/** What is left of a budget after this call; exact decimals. */
export interface BudgetLeft {
  readonly name: string;
  readonly remaining: string;
  readonly limit: string;
}

export interface Obligation {
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** One answer about one action. `effect` is what the policy said, `effective` what is enforced (they differ in observe mode). */
export interface EffectDocument {
  readonly effect: Effect;
  readonly reasons: readonly Reason[];
  readonly obligations: readonly Obligation[];
  /** The arguments to use instead, when the effect is transform. */
  readonly transform: RegoObject | undefined;
  /** Labels of the result by path, where the policy gives any. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly budget?: readonly BudgetLeft[];
}

/** An effect as it is enforced. */
export interface Settled extends EffectDocument {
  readonly mode: Mode;
  /** What is enforced: in observe mode an allow, whatever `effect` says. */
  readonly effective: Effect;
}

const EFFECTS: ReadonlySet<string> = new Set(effects);

/** A deny that Reeve itself adds. */
export function denied(code: string, message: string): EffectDocument {
  return { effect: "deny", reasons: [{ code, message }], obligations: [], transform: undefined };
}

/** The same as it is enforced, whatever mode the policy is in: there was nothing to ask a policy about. */
export function refusal(code: string, message: string): Settled {
  return enforced(denied(code, message));
}

/** Reads the value of the decision rule; `supported` names the obligation types that the enforcement point executes. */
export function readEffect(
  result: Value | undefined,
  supported: ReadonlySet<string> = new Set(),
): EffectDocument {
  if (result === undefined) return denied("policy_undefined", "the policy gave no decision for this action");
  if (!isObject(result)) return denied("policy_malformed", "the policy's decision is not an object");
  const effect = result.get("effect");
  if (typeof effect !== "string" || !EFFECTS.has(effect)) {
    return denied("policy_malformed", "the policy's decision has no known `effect`");
  }
  const obligations = readObligations(result.get("obligations"));
  if (obligations === undefined)
    return denied("policy_malformed", "the policy's `obligations` are malformed");
  const unknown = obligations.find((obligation) => !supported.has(obligation.type));
  if (unknown !== undefined && effect !== "deny") {
    return denied("obligation_unsupported", `nothing here can carry out the obligation \`${unknown.type}\``);
  }
  const transform = result.get("transform");
  if (effect === "transform" && (transform === undefined || !isObject(transform))) {
    return denied("policy_malformed", "the policy's decision transforms, but gives no arguments");
  }
  const labels = readLabels(result.get("labels"));
  const budget = readBudget(result.get("budget"));
  return {
    effect: effect as Effect,
    reasons: readReasons(result.get("reasons")),
    obligations,
    transform: transform !== undefined && isObject(transform) ? transform : undefined,
    ...(labels !== undefined && { labels }),
    ...(budget.length > 0 && { budget }),
  };
}

/** What a decision agent, or an engine, answered. */
export interface Answered {
  readonly result: Value | undefined;
  readonly mode?: Mode;
  readonly denialErrored?: boolean;
}

/** The effect of an answer and what is enforced of it. */
export function settle(answered: Answered, supported?: ReadonlySet<string>): Settled {
  const read = readEffect(answered.result, supported);
  const hidden = answered.denialErrored === true && read.effect !== "deny";
  return enforced(hidden ? denialErrored() : read, answered.mode);
}

/** The same for a decision that failed: always a deny, with a reason that says why. */
export function settleFailure(error: unknown): Settled {
  const failed = failedDecision(error);
  const document = failed?.denialErrored === true ? denialErrored() : failureOf(error);
  return enforced(document, failed?.mode);
}

function failureOf(error: unknown): EffectDocument {
  if (!(error instanceof PolicyError)) return denied("internal_error", "the decision failed");
  return denied(error.code.startsWith("eval_") ? "policy_failed" : error.code, error.message);
}

function denialErrored(): EffectDocument {
  return denied("deny_rule_errored", "a rule that denies could not be evaluated");
}

function enforced(document: EffectDocument, mode: Mode = "enforce"): Settled {
  return { ...document, mode, effective: mode === "observe" ? "allow" : document.effect };
}

function readLabels(value: Value | undefined): Readonly<Record<string, string>> | undefined {
  const labels = value !== undefined && isObject(value) ? value.get("result") : undefined;
  if (labels === undefined || !isObject(labels)) return undefined;
  const entries = Array.from(labels.entries()).filter(
    (entry): entry is readonly [string, string] =>
      typeof entry[0] === "string" && typeof entry[1] === "string",
  );
  return Object.fromEntries(entries);
}

function readBudget(value: Value | undefined): BudgetLeft[] {
  const text = (item: Value | undefined): string | undefined => {
    if (typeof item === "string") return item;
    return item !== undefined && item !== null && typeof item === "object" && isNumber(item)
      ? item.text
      : undefined;
  };
  return items(value).flatMap((item) => {
    if (!isObject(item)) return [];
    const [name, remaining, limit] = ["name", "remaining", "limit"].map((key) => text(item.get(key)));
    return name === undefined || remaining === undefined || limit === undefined
      ? []
      : [{ name, remaining, limit }];
  });
}

function items(value: Value | undefined): readonly Value[] {
  if (value === undefined || value === null || typeof value !== "object") return [];
  if (isArray(value)) return value;
  return value.kind === "set" ? [...value.values()] : [];
}

function readReasons(value: Value | undefined): Reason[] {
  return items(value).flatMap((item) => {
    if (!isObject(item)) return [];
    const [code, message, path] = [item.get("code"), item.get("message"), item.get("path")];
    if (typeof code !== "string") return [];
    return [
      {
        code,
        message: typeof message === "string" ? message : code,
        ...(typeof path === "string" && { path }),
      },
    ];
  });
}

function readObligations(value: Value | undefined): Obligation[] | undefined {
  const found: Obligation[] = [];
  if (value !== undefined && value !== null && items(value).length === 0) {
    const empty = typeof value === "object" && (isArray(value) || value.kind === "set");
    if (!empty) return undefined;
  }
  for (const item of items(value)) {
    if (!isObject(item)) return undefined;
    const [id, type, properties] = [item.get("id"), item.get("type"), item.get("properties")];
    if (typeof type !== "string") return undefined;
    const plain =
      properties !== undefined && isObject(properties)
        ? (toPlain(properties) as Record<string, unknown>)
        : {};
    found.push({ id: typeof id === "string" ? id : type, type, properties: plain });
  }
  return found;
}

export type Audience = "person" | "log" | "model";

/** One reason for those who read it: a sentence for a person; code and place for a log; what to do now for a model. */
export function reasonText(reason: Reason, audience: Audience): string {
  const { code, message, path } = reason;
  if (audience === "log") return path === undefined ? code : `${code} ${path}`;
  if (audience === "person") return message;
  const advice = adviceFor(code);
  return advice === undefined ? message : `${message} (${advice})`;
}

/** One sentence a model or a person can act on. */
export function explain(
  document: { readonly effect: Effect; readonly reasons: readonly Reason[] },
  audience: Audience = "person",
): string {
  const verb = {
    allow: "Allowed",
    deny: "Denied",
    approve: "Needs approval",
    transform: "Allowed with changes",
  }[document.effect];
  if (document.reasons.length === 0) return `${verb}.`;
  return `${verb}: ${document.reasons.map((reason) => reasonText(reason, audience)).join("; ")}.`;
}

/** What stands around an answer; a guard's answer has all of it. */
export interface AnswerContext {
  /** Empty when no decision could be made. */
  readonly decisionId?: string | undefined;
  /** Revision of every active bundle by name. */
  readonly bundles?: Readonly<Record<string, { readonly revision: string }>>;
  /** Of the action; empty when it could not be told. */
  readonly digest?: string;
  readonly decidingMs?: number;
}

/**
 * The decision document, as every door hands it out: logs, clients, receipts, and what `hosts.ts` tells each host is made of it. Takes a
 * guard's answer, or a settled effect with what is known around it.
 */
export function decisionDocument(answer: Settled & AnswerContext): DecisionDocument {
  const { effect, effective, mode, obligations, transform, labels, budget } = answer;
  const { decisionId = "", bundles, digest = "", decidingMs } = answer;
  return {
    effect,
    effective,
    decision: effective === "allow" || effective === "transform",
    mode,
    reasons: answer.reasons.map((reason) => ({
      ...reason,
      texts: {
        person: reasonText(reason, "person"),
        log: reasonText(reason, "log"),
        model: reasonText(reason, "model"),
      },
    })),
    obligations,
    ...(transform !== undefined && { transform: toPlain(transform) }),
    ...(labels !== undefined && { labels: { result: labels } }),
    ...(budget !== undefined && { budget }),
    ...(decisionId !== "" && { evaluation_id: decisionId }),
    ...(bundles !== undefined && { policy: { bundles } }),
    ...(digest !== "" && { digest }),
    ...(decidingMs !== undefined && { deciding_ms: Math.round(decidingMs * 1000) / 1000 }),
  };
}
