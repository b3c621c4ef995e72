// Recorded decisions (OPA decision log events): JSON lines or one array, to what can be decided again. In: text. Out: a Recorded each, with
// `nd_builtin_cache` as fixed values. Reads no files; an event that is none ends the reading with its number.

import { PolicyError } from "../error.ts";
import { decode, encode } from "../value/json.ts";
import { isArray, isNumber, isObject, isSet, type RegoObject, type Value } from "../value/value.ts";
import { fixedContext } from "./prove-program.ts";
import type { World } from "./side.ts";

export interface Recorded {
  readonly id: string;
  /** Slash path of what was asked, as `authz/allow`. */
  readonly path: string;
  /** Undefined: there was no input. */
  readonly input: Value | undefined;
  readonly result: Value | undefined;
  /** Parts of the input were taken out or replaced before it was logged. */
  readonly masked: boolean;
  readonly world: World;
  /** Builtins whose values were not recorded, filled while it is decided again. */
  readonly missing: Set<string>;
}

/** `file` is named in errors. */
export function readDecisions(text: string, file: string): Recorded[] {
  const events = /^\s*\[/.test(text) ? arrayOf(text, file) : linesOf(text, file);
  return events.map((event, i) => {
    if (event === null || !isObject(event)) throw wrong(file, i, "is no object");
    return recordedOf(event, file, i);
  });
}

function arrayOf(text: string, file: string): readonly Value[] {
  const value = decodeIn(text, file);
  return isArray(value) ? value : [];
}

function linesOf(text: string, file: string): Value[] {
  const events: Value[] = [];
  for (const [i, line] of text.split("\n").entries())
    if (line.trim() !== "") events.push(decodeIn(line, `${file}:${i + 1}`));
  // A service may post arrays of events, one a line.
  return events.flatMap((event) => (event !== null && isArray(event) ? [...event] : [event]));
}

function decodeIn(text: string, where: string): Value {
  try {
    return decode(text);
  } catch (cause) {
    throw new PolicyError("invalid_input", `${where}: ${(cause as Error).message}`, { cause });
  }
}

const wrong = (file: string, i: number, what: string): PolicyError =>
  new PolicyError("invalid_input", `${file}: decision ${i + 1} ${what}`);

function recordedOf(event: RegoObject, file: string, i: number): Recorded {
  const path = event.get("path") ?? "";
  if (typeof path !== "string") throw wrong(file, i, "has a path that is no text");
  const id = event.get("decision_id");
  const missing = new Set<string>();
  return {
    id: typeof id === "string" ? id : `#${i + 1}`,
    path: path
      .replace(/^data\./, "")
      .replaceAll(".", "/")
      .replace(/^\/+|\/+$/g, ""),
    input: event.get("input"),
    result: event.get("result"),
    masked: event.get("erased") !== undefined || event.get("masked") !== undefined,
    world: worldOf(event, missing),
    missing,
  };
}

function worldOf(event: RegoObject, missing: Set<string>): World {
  const timestamp = event.get("timestamp");
  const ms = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  const nowNs = Number.isNaN(ms) ? fixedContext.nowNs : BigInt(ms) * 1_000_000n;
  const cache = event.get("nd_builtin_cache");
  const known = new Map<string, Value>();
  if (cache !== undefined && cache !== null && isObject(cache))
    for (const [name, values] of cache.entries())
      if (typeof name === "string" && values !== null && isObject(values))
        for (const [key, value] of values.entries()) known.set(cacheKey(name, keyOf(key)), value);
  return {
    context: { ...fixedContext, nowNs },
    recorded: (builtin, args) => {
      const value = known.get(cacheKey(builtin, [...args]));
      // The time of the decision stands in for its clock.
      if (value === undefined && builtin !== "time.now_ns") missing.add(builtin);
      return value;
    },
  };
}

/** JSON has no arrays as keys: OPA writes their text. */
function keyOf(key: Value): readonly Value[] {
  if (typeof key !== "string") return [];
  try {
    const args = decode(key);
    return args !== null && isArray(args) ? args : [];
  } catch {
    return [];
  }
}

const cacheKey = (builtin: string, args: readonly Value[]): string =>
  `${builtin}${encode(args.map(plainNumbers))}`;

/** `10` and `1e1` are one argument; a set is written as an array. */
function plainNumbers(value: Value): Value {
  if (value === null || typeof value !== "object") return value;
  if (isNumber(value)) return value;
  if (isArray(value)) return value.map(plainNumbers);
  if (isSet(value)) return [...value.values()].map(plainNumbers);
  return value;
}
