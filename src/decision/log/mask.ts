// What the policies `system.log.mask` and `system.log.drop` do to an event (OPA decision logs: masking): JSON pointers erased, values put in
// their place. A mask that cannot be understood hides everything it could have hidden; nothing is ever logged that should have been masked.

import { PolicyError } from "../../error.ts";
import { object } from "../../value/object.ts";
import { PlainJson } from "../../value/plain-json.ts";
import type { RegoObject, Value } from "../../value/value.ts";
import { isArray, isObject, isSet } from "../../value/value.ts";
import type { LogEvent } from "./event.ts";

type Part = "input" | "result" | "nd_builtin_cache";

interface Rule {
  readonly op: "remove" | "upsert";
  /** OPA lists the pointer of a rule with each segment percent-encoded. */
  readonly pointer: string;
  readonly part: Part;
  readonly path: readonly string[];
  readonly value: Value;
}

/** The event with the rules of `system.log.mask` applied; `answer` is undefined when there is no such policy. */
export function mask(event: LogEvent, answer: Value | undefined): LogEvent {
  if (answer === undefined) return event;
  let rules: Rule[];
  try {
    if (!isSet(answer) && !isArray(answer))
      throw new PolicyError("decision_error", "the mask is not a list of rules");
    rules = Array.from(isSet(answer) ? answer.values() : answer, readRule);
  } catch (error) {
    return hideAll(event, (error as Error).message);
  }
  return rules.reduce(applyRule, event);
}

/** Nothing that a mask can touch is left; the record itself stays, with the reason. */
export function hideAll(event: LogEvent, reason: string): LogEvent {
  return {
    ...event,
    input: undefined,
    result: undefined,
    nd_builtin_cache: undefined,
    erased: [
      ...event.erased,
      "/input",
      "/result",
      ...(event.nd_builtin_cache === undefined ? [] : ["/nd_builtin_cache"]),
    ],
    hidden: true,
    others: { ...event.others, custom: withMember(event.others.custom, "mask_error", reason) },
  };
}

function withMember(custom: Value | undefined, key: string, value: Value): Value {
  const known = custom !== undefined && custom !== null && isObject(custom) ? [...custom.entries()] : [];
  return object([...known.filter(([name]) => name !== key), [key, value]]);
}

/** The event without what these JSON pointers name; one that nobody can read hides everything. */
export function erase(event: LogEvent, pointers: readonly string[]): LogEvent {
  return pointers.length === 0 ? event : mask(event, [...pointers]);
}

function readRule(rule: Value): Rule {
  const refuse = (why: string): PolicyError => new PolicyError("decision_error", why);
  const [op, pointer, value] = isObject(rule)
    ? [rule.get("op") ?? "", rule.get("path"), rule.get("value") ?? null]
    : ["remove", rule, null];
  if (typeof pointer !== "string") throw refuse("invalid mask rule format encountered");
  if (op !== "remove" && op !== "upsert")
    throw refuse(`mask op is not supported: ${typeof op === "string" ? op : "no text"}`);
  if (pointer === "") throw refuse("mask must be non-empty");
  if (!pointer.startsWith("/")) throw refuse("mask must be slash-prefixed");
  const [part = "", ...path] = pointer.slice(1).split("/");
  if (part !== "input" && part !== "result" && part !== "nd_builtin_cache")
    throw refuse(`mask prefix not allowed: ${part}`);
  const shown = `/${[part, ...path].map(escapeSegment).join("/")}`;
  return { op, pointer: shown, part, path, value: value as Value };
}

/**
 * The key of an object that a segment means: as it stands, percent-decoded, or with the escapes of JSON pointers. OPA looks up the
 * percent-encoded form only, so that a key with a blank cannot be masked there; here too much is masked rather than too little.
 */
function keyIn(node: RegoObject, segment: string): string | undefined {
  const readings = [segment, decodeSegment(segment), segment.replaceAll("~1", "/").replaceAll("~0", "~")];
  return readings.find((key) => node.has(key));
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Go's url.PathEscape: the form in which OPA lists pointers. */
function escapeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/%(24|26|2B|3A|3D|40)|[!'()*]/g, (found) =>
    found.startsWith("%") ? decodeURIComponent(found) : `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function applyRule(event: LogEvent, rule: Rule): LogEvent {
  const part = event[rule.part];
  const root = part instanceof PlainJson ? part.value : part;
  if (root === undefined) return event;
  if (rule.op === "remove") {
    const rest = rule.path.length === 0 ? undefined : removeAt(root, rule.path, 0);
    if (rest === root) return event;
    return { ...event, [rule.part]: rest, erased: [...event.erased, rule.pointer] };
  }
  const changed =
    rule.path.length === 0 ? rule.value : isObject(root) ? putAt(root, rule.path, 0, rule.value) : undefined;
  if (changed === undefined) return event;
  return { ...event, [rule.part]: changed, masked: [...event.masked, rule.pointer] };
}

/** A set in an input or result stands in the log as an array. */
function asArray(node: Value): readonly Value[] | undefined {
  return isArray(node) ? node : isSet(node) ? [...node.values()] : undefined;
}

/** The node itself when there is nothing at the path. */
function removeAt(node: Value, path: readonly string[], at: number): Value {
  const segment = path[at] as string;
  const last = at === path.length - 1;
  if (isObject(node)) {
    const key = keyIn(node, segment);
    const child = key === undefined ? undefined : node.get(key);
    if (key === undefined || child === undefined) return node;
    const others = [...node.entries()].filter(([name]) => name !== key);
    if (last) return object(others);
    const changed = removeAt(child, path, at + 1);
    return changed === child ? node : object([...others, [key, changed]]);
  }
  const items = asArray(node);
  const index = /^\d+$/.test(segment) ? Number(segment) : -1;
  const child = items?.[index];
  if (items === undefined || child === undefined) return node;
  if (last) return items.toSpliced(index, 1);
  const changed = removeAt(child, path, at + 1);
  return changed === child ? node : items.with(index, changed);
}

/** Undefined when the path leads through something that holds nothing. */
function putAt(node: Value, path: readonly string[], at: number, value: Value): Value | undefined {
  const segment = path[at] as string;
  const last = at === path.length - 1;
  if (isObject(node)) {
    const key = keyIn(node, segment) ?? segment;
    const others = [...node.entries()].filter(([name]) => name !== key);
    const inner = last ? value : putAt(node.get(key) ?? object([]), path, at + 1, value);
    return inner === undefined ? undefined : object([...others, [key, inner]]);
  }
  const items = asArray(node);
  const index = /^\d+$/.test(segment) ? Number(segment) : -1;
  const child = items?.[index];
  if (items === undefined || child === undefined) return undefined;
  const inner = last ? value : putAt(child, path, at + 1, value);
  return inner === undefined ? undefined : items.with(index, inner);
}
