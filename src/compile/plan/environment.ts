// What `with` changed around the code being planned: parts of `data` that hide rules, and functions that are replaced. In: targets
// and values. Out: environments with a key; a rule is planned once per environment that can make a difference to it.

import type { Term } from "../../syntax/ast.ts";
import { termKey } from "./rule-trie.ts";

/** A function is replaced by a value, which callers pass along, or by another function. */
export type Mock =
  | { readonly kind: "value" }
  | { readonly kind: "function"; readonly name: string; readonly ref: readonly Term[] };

export interface Environment {
  readonly key: string;
  /** Paths below `data` whose rules are hidden. */
  readonly masks: readonly (readonly Term[])[];
  readonly mocks: ReadonlyMap<string, Mock>;
}

export const PLAIN: Environment = { key: "", masks: [], mocks: new Map() };

export function environment(
  masks: readonly (readonly Term[])[],
  mocks: ReadonlyMap<string, Mock>,
): Environment {
  const distinct = new Map(masks.map((mask) => [mask.map(termKey).join("."), mask]));
  const maskKeys = [...distinct.keys()].sort();
  const mockKeys = [...mocks]
    .map(([name, mock]) => `${name}=${mock.kind === "value" ? "" : mock.name}`)
    .sort();
  const key = maskKeys.length + mockKeys.length === 0 ? "" : JSON.stringify([maskKeys, mockKeys]);
  return { key, masks: [...distinct.values()], mocks };
}

/** Are rules at the path hidden: does one of the masks lead to it or above it? */
export function masked(env: Environment, path: readonly Term[]): boolean {
  return env.masks.some((mask) => startsWith(path, mask));
}

export function startsWith(path: readonly Term[], prefix: readonly Term[]): boolean {
  return prefix.length <= path.length && prefix.every((term, i) => sameKey(term, path[i]));
}

function sameKey(a: Term, b: Term | undefined): boolean {
  return b !== undefined && termKey(a) === termKey(b);
}

/** The names of functions that a value replaces, in the order in which their values are passed. */
export function valueMocks(env: Environment): string[] {
  return [...env.mocks].flatMap(([name, mock]) => (mock.kind === "value" ? [name] : [])).sort();
}
