// From what a policy compared to inputs on which the comparison comes out otherwise: where one operand stands in the input, it is made to fit the
// other. In: an input and Comparisons. Out: edits. Knows relations between values and nothing of policies.

import type { Json } from "./arbitrary.ts";
import type { Comparison } from "./comparisons.ts";
import { canonical, type Path, pathsOf, valueAt, withValue } from "./shrink.ts";

export interface InputEdit {
  /** Of a value, or with `rename` of the object whose key is changed. */
  readonly path: Path;
  /** Where the same value stands as well: places that have to agree go on agreeing. */
  readonly also?: readonly Path[] | undefined;
  readonly rename?: string | undefined;
  /** The value, or the new key. */
  readonly put: Json;
}

const MAX_EDITS = 400;
const MAX_PLACES = 6;

/** Edits on this input that change how some comparison comes out. */
export function editsFor(input: Json, comparisons: readonly Comparison[]): InputEdit[] {
  const places = new Places(input);
  const found = new Map<string, InputEdit>();
  for (const comparison of comparisons) {
    for (const [operand, wanted] of wishes(comparison))
      for (const edit of places.edits(operand, wanted)) {
        if (found.size >= MAX_EDITS) return [...found.values()];
        found.set(JSON.stringify(edit), edit);
      }
  }
  return [...found.values()];
}

export function applyEdit(input: Json, { path, also = [], rename, put }: InputEdit): Json {
  if (rename === undefined)
    return [path, ...also].reduce<Json>((result, at) => withValue(result, at, put), input);
  const object = path.length === 0 ? input : valueAt(input, path);
  if (
    typeof object !== "object" ||
    object === null ||
    Array.isArray(object) ||
    !Object.hasOwn(object, rename)
  )
    return input;
  const { [rename]: moved, ...rest } = object;
  const renamed: Json = Object.assign(Object.create(null), rest, { [String(put)]: moved });
  return path.length === 0 ? renamed : withValue(input, path, renamed);
}

/** What each operand might rather be. */
function wishes({ name, left, right }: Comparison): [Json, Json[]][] {
  switch (name) {
    case "startswith":
      return bothTexts(
        left,
        right,
        [(b) => b, (b) => `${b}x`, (b) => `${b}/x`, (b) => `${b}/../x`],
        [parent, half],
      );
    case "endswith":
      return bothTexts(left, right, [(b) => b, (b) => `x${b}`, (b) => `x.${b}`], [(a) => a.slice(1)]);
    case "contains":
      return bothTexts(left, right, [(b) => `x${b}y`], [(a) => a.slice(0, 2), half]);
    case "internal.member_2": {
      const members = Array.isArray(right) ? right : [];
      return [
        [left, [...members.slice(0, 8), ...members.flatMap(near).slice(0, 8)]],
        [right, [[left], [...members, left]]],
      ];
    }
    case "net.cidr_contains":
    case "glob.match":
      return [
        [right, typeof left === "string" ? inside(left) : []],
        [left, name === "glob.match" ? [right, "*", "**"] : [right]],
      ];
    default:
      return [
        [left, [right, ...near(right)]],
        [right, [left, ...near(left)]],
      ];
  }
}

type Change = (text: string) => string;

function bothTexts(
  left: Json,
  right: Json,
  ofRight: readonly Change[],
  ofLeft: readonly Change[],
): [Json, Json[]][] {
  if (typeof left !== "string" || typeof right !== "string") return [];
  return [
    [left, ofRight.map((change) => change(right))],
    [right, [left, ...ofLeft.map((change) => change(left))]],
  ];
}

const parent: Change = (text) => text.slice(0, Math.max(0, text.lastIndexOf("/")));
const half: Change = (text) => text.slice(0, text.length >> 1);

function near(value: Json): Json[] {
  if (typeof value === "number") return [value + 1, value - 1];
  if (typeof value === "string" && value !== "")
    return [`${value}x`, `${value}/x`, `${value}/../x`, value.toUpperCase()];
  return [];
}

/** Addresses in a network, texts that a pattern takes: the plain part of it, with something for the rest. */
function inside(pattern: string): Json[] {
  const address = pattern.split("/")[0] ?? "";
  return [address, pattern.replaceAll("*", "x"), pattern.replaceAll("*", "a/b")];
}

/** Where values stand in an input. */
class Places {
  readonly #values = new Map<string, Path[]>();
  readonly #texts: [string, Path][] = [];
  readonly #keys: [string, Path][] = [];

  constructor(input: Json) {
    for (const path of pathsOf(input)) {
      const value = valueAt(input, path);
      if (value === undefined) continue;
      const key = canonical(value);
      if (key.length < 400) this.#values.set(key, [...(this.#values.get(key) ?? []), path]);
      if (typeof value === "string" && value !== "") this.#texts.push([value, path]);
      const step = path.at(-1);
      if (typeof step === "string") this.#keys.push([step, path.slice(0, -1)]);
    }
  }

  *edits(operand: Json, wanted: readonly Json[]): Generator<InputEdit> {
    const exact = this.#values.get(canonical(operand)) ?? [];
    for (const path of exact.slice(0, MAX_PLACES)) for (const put of wanted) yield { path, put };
    const [path, ...also] = exact;
    if (path !== undefined && also.length > 0 && also.length < MAX_PLACES && typeof operand === "string")
      for (const put of wanted) yield { path, also, put };
    if (typeof operand !== "string" || operand === "") return;
    const texts = wanted.filter((put) => typeof put === "string");
    for (const [key, path] of this.#keys) {
      if (key === operand) for (const put of texts) yield { path, rename: key, put };
      else
        for (const put of texts)
          yield* partly(operand, key, put, (text) => ({ path, rename: key, put: text }));
    }
    for (const [text, path] of this.#texts)
      if (text !== operand)
        for (const put of texts) yield* partly(operand, text, put, (changed) => ({ path, put: changed }));
  }
}

/** Where the operand was made from a text of the input, or is a part of it. */
function* partly(
  operand: string,
  text: string,
  wanted: string,
  edit: (text: string) => InputEdit,
): Generator<InputEdit> {
  if (text.length >= 2 && operand.includes(text)) {
    const at = operand.indexOf(text);
    const [before, after] = [operand.slice(0, at), operand.slice(at + text.length)];
    if (wanted.length >= before.length + after.length && wanted.startsWith(before) && wanted.endsWith(after))
      yield edit(wanted.slice(before.length, wanted.length - after.length));
  } else if (operand.length >= 2 && text.includes(operand)) yield edit(text.replace(operand, () => wanted));
}
