// What a decision means for an action: allowed, denied, asked about, or nothing of the kind. In: the path of an entrypoint and its value.
// Out: an Effect; and how dangerous a change from one to another is. Knows the forms of decisions, and no particular policy.

import { isArray, isObject, isSet, type Value } from "../value/value.ts";

/** `value`: it says neither yes nor no. */
export type Effect = "allow" | "approve" | "deny" | "undefined" | "value" | "error";

/** Names of rules that hold reasons against: an empty collection lets the action happen. */
const AGAINST = /(^|\/)(deny|denials|violations?)$/;

/** Whether a decision lets an action happen, be it with other arguments. */
export function allows(decision: Value | undefined): boolean {
  if (decision === true) return true;
  if (decision === undefined || decision === null || !isObject(decision as Value)) return false;
  const document = decision as Value & { get(key: Value): Value | undefined };
  return (
    document.get("effect") === "allow" ||
    document.get("effect") === "transform" ||
    document.get("allow") === true ||
    document.get("allowed") === true ||
    document.get("decision") === true
  );
}

export function effectOf(entrypoint: string, decision: Value | undefined): Effect {
  if (decision === undefined) return "undefined";
  if (AGAINST.test(entrypoint)) {
    if (typeof decision === "boolean") return decision ? "deny" : "allow";
    const size = sizeOf(decision);
    if (size !== undefined) return size === 0 ? "allow" : "deny";
  }
  if (allows(decision)) return "allow";
  if (decision === false) return "deny";
  if (decision === null || !isObject(decision)) return "value";
  const effect = decision.get("effect");
  if (effect === "deny" || effect === "approve") return effect;
  const told = ["allow", "allowed", "decision"].some((name) => decision.get(name) === false);
  return told ? "deny" : "value";
}

function sizeOf(value: Value): number | undefined {
  if (value === null || typeof value !== "object") return undefined;
  if (isArray(value)) return value.length;
  if (isSet(value)) return [...value.values()].length;
  return isObject(value) ? [...value.keys()].length : undefined;
}

/** How far an effect lets an action go: the lower, the less. */
const REACH: Readonly<Record<Effect, number>> = {
  error: 0,
  undefined: 0,
  deny: 0,
  value: 1,
  approve: 2,
  allow: 3,
};

/** Positive where the second effect lets more happen; the larger, the worse. Zero where only the content differs. */
export function widening(from: Effect, to: Effect): number {
  return REACH[to] - REACH[from];
}
