// The decision document: what a policy answered, read so that nothing but a well-formed `allow` ever allows. Undefined, a wrong type, an
// unknown effect, an obligation that the enforcement point cannot execute: each is a deny with a reason that says so.

import { toPlain } from "../value/json.ts";
import { isArray, isObject, type RegoObject, type Value } from "../value/value.ts";
import { type Effect, effects } from "./documents.ts";

export type { Effect } from "./documents.ts";

/** Why. `code` is stable and for machines; `message` is a sentence for a person; `path` is a JSON pointer into the arguments. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
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
}

const EFFECTS: ReadonlySet<string> = new Set(effects);

/** A deny that Reeve itself adds. */
export function denied(code: string, message: string): EffectDocument {
  return { effect: "deny", reasons: [{ code, message }], obligations: [], transform: undefined };
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
  return {
    effect: effect as Effect,
    reasons: readReasons(result.get("reasons")),
    obligations,
    transform: transform !== undefined && isObject(transform) ? transform : undefined,
  };
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

/** One sentence a model or a person can act on. */
export function explain(document: EffectDocument): string {
  const verb = {
    allow: "Allowed",
    deny: "Denied",
    approve: "Needs approval",
    transform: "Allowed with changes",
  }[document.effect];
  if (document.reasons.length === 0) return `${verb}.`;
  return `${verb}: ${document.reasons.map((reason) => reason.message).join("; ")}.`;
}
