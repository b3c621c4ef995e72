// Editing plain JSON inputs: grafting parts of one onto another, and the smallest input that still does what a check asks. In: JSON values.
// Out: new ones; nothing is changed in place.

import type { Json } from "./arbitrary.ts";

export type Path = readonly (string | number)[];

type JsonObject = { [key: string]: Json };

const isRecord = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every place below the top, outermost first. */
export function pathsOf(value: Json): Path[] {
  const found: Path[] = [];
  const queue: [Path, Json][] = [[[], value]];
  for (let next = queue.shift(); next !== undefined && found.length < 2_000; next = queue.shift()) {
    const [path, at] = next;
    if (typeof at !== "object" || at === null) continue;
    const entries: [string | number, Json][] = Array.isArray(at) ? [...at.entries()] : Object.entries(at);
    for (const [key, child] of entries) {
      const inner = [...path, key];
      found.push(inner);
      queue.push([inner, child]);
    }
  }
  return found;
}

export function valueAt(value: Json, path: Path): Json | undefined {
  let at: Json | undefined = value;
  for (const step of path) {
    if (Array.isArray(at)) at = typeof step === "number" ? at[step] : undefined;
    else at = isRecord(at) && Object.hasOwn(at, String(step)) ? at[String(step)] : undefined;
  }
  return at;
}

/** With another value at the path; undefined takes it away. Where the path leads nowhere, objects are made for it if there is something to put. */
export function withValue(value: Json, path: Path, put: Json | undefined): Json {
  const [step, ...rest] = path;
  if (step === undefined) return put ?? null;
  if (Array.isArray(value)) {
    if (typeof step !== "number" || step >= value.length) return value;
    if (rest.length === 0 && put === undefined) return value.filter((_, i) => i !== step);
    return value.map((item, i) => (i === step ? withValue(item, rest, put) : item));
  }
  if (typeof step !== "string") return value;
  if (!isRecord(value) && put === undefined) return value;
  const copy: JsonObject = Object.assign(Object.create(null), isRecord(value) ? value : {});
  if (rest.length > 0) {
    if (put === undefined && copy[step] === undefined) return value;
    copy[step] = withValue(copy[step] ?? Object.create(null), rest, put);
  } else if (put === undefined) delete copy[step];
  else copy[step] = put;
  return copy;
}

/** Simpler values than this one, simplest first. */
function simpler(value: Json): Json[] {
  if (value === null) return [];
  if (typeof value === "boolean") return value ? [false] : [];
  if (typeof value === "number")
    return [...new Set([0, 1, Math.trunc(value / 2), Math.trunc(value), value - Math.sign(value)])].filter(
      (n) => Math.abs(n) < Math.abs(value) || (n === -value && value < 0),
    );
  if (typeof value === "string")
    return ["", "a", value.slice(0, value.length >> 1)].filter((text) => text.length < value.length);
  if (Array.isArray(value)) return value.length === 0 ? [] : [[]];
  return Object.keys(value).length === 0 ? [] : [{}];
}

export interface ShrinkOptions {
  /** Both of two inputs are changed where they agree; only here each may be changed alone. */
  readonly pairVary?: readonly Path[];
  readonly maxChecks?: number;
}

/** The smallest input reached by taking parts away and making values simpler while `fails` stays true. */
export function shrink(start: Json, fails: (input: Json) => boolean, options: ShrinkOptions = {}): Json {
  let best = start;
  let left = options.maxChecks ?? 4_000;
  const tryIt = (candidate: Json): boolean => {
    if (left-- <= 0 || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let changed = true; changed && left > 0; ) {
    changed = false;
    for (const path of pathsOf(best)) {
      if (valueAt(best, path) === undefined) continue;
      for (const edit of editsOf(path, options.pairVary)) {
        if (tryIt(edit(best, () => undefined))) changed = true;
      }
    }
    for (const path of pathsOf(best)) {
      for (const edit of editsOf(path, options.pairVary)) {
        const value = valueAt(best, path);
        for (const choice of value === undefined ? [] : simpler(value)) {
          if (!tryIt(edit(best, () => choice))) continue;
          changed = true;
          break;
        }
      }
    }
  }
  return best;
}

type Edit = (input: Json, put: () => Json | undefined) => Json;

function editsOf(path: Path, vary: readonly Path[] | undefined): Edit[] {
  const alone: Edit = (input, put) => withValue(input, path, put());
  if (vary === undefined) return [alone];
  const [, ...inner] = path;
  if (inner.length === 0) return [];
  const both: Edit = (input, put) =>
    withValue(withValue(input, ["a", ...inner], put()), ["b", ...inner], put());
  return vary.some((allowed) => allowed.every((step, i) => inner[i] === step)) ? [both, alone] : [both];
}

/** Whether two inputs are the same but for what is at the paths. */
export function sameBut(a: Json, b: Json, vary: readonly Path[]): boolean {
  const strip = (value: Json): Json => vary.reduce<Json>((at, path) => withValue(at, path, null), value);
  return canonical(strip(a)) === canonical(strip(b));
}

/** JSON text with sorted keys. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] as Json)}`).join(",")}}`;
}
