// What a drawing knows while it goes on: types, the variables in scope, the rules drawn so far. The files that draw terms, bodies and rules
// call each other through it.

import type { Random } from "./random.ts";

export type Kind =
  | "number"
  | "string"
  | "boolean"
  | "null"
  | "any"
  | { readonly array: Kind }
  | { readonly set: Kind }
  | { readonly object: readonly [Kind, Kind] };

export interface Variable {
  readonly name: string;
  readonly kind: Kind;
}

/** A rule that later rules may name. */
export interface Known {
  readonly package: string;
  /** As it is written behind the package: `q`, `a.b`. */
  readonly name: string;
  readonly form: "value" | "set" | "object" | "function";
  readonly kind: Kind;
  readonly args?: readonly Kind[];
}

export interface Draw {
  readonly random: Random;
  /** Constants of the module: inputs are drawn from them. */
  readonly constants: string[];
  readonly rules: Known[];
  /** Packages that are complete: safe to reach dynamically without recursion. */
  readonly finished: string[];
  /** Whether `and` and `or` may be drawn as keywords. */
  logical: boolean;
  package: string;
  /** How many terms may still be drawn for this rule: bounds the size. */
  budget: number;
  scope: readonly Variable[];
  fresh(prefix?: string): string;
  term(kind: Kind, depth: number): string;
  /** Lines of a body. Variables that it binds are in scope afterwards; the caller restores `scope`. */
  body(depth: number, low?: number, high?: number): string[];
}

export const BASIC: readonly Kind[] = ["number", "string", "boolean", "null"];

export function kindOf(random: Random, depth = 2): Kind {
  return random.weighted<() => Kind>([
    [4, () => "number"],
    [4, () => "string"],
    [2, () => "boolean"],
    [0.5, () => "null"],
    [1.5, () => "any"],
    [depth > 0 ? 2 : 0, () => ({ array: kindOf(random, depth - 1) })],
    [depth > 0 ? 2 : 0, () => ({ set: kindOf(random, depth - 1) })],
    [depth > 0 ? 2 : 0, () => ({ object: [keyKind(random), kindOf(random, depth - 1)] })],
  ])();
}

export function keyKind(random: Random): Kind {
  return random.weighted<Kind>([
    [6, "string"],
    [2, "number"],
    [0.5, "boolean"],
    [0.5, "any"],
    [0.5, { array: "number" }],
    [0.3, { set: "string" }],
  ]);
}

export function sameKind(a: Kind, b: Kind): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function inScope<T>(draw: Draw, action: () => T): T {
  const before = draw.scope;
  try {
    return action();
  } finally {
    draw.scope = before;
  }
}

export function bind(draw: Draw, kind: Kind, prefix?: string): string {
  const name = draw.fresh(prefix);
  draw.scope = [...draw.scope, { name, kind }];
  return name;
}

/** How a rule is named from the package at hand. */
export function nameOf(draw: Draw, rule: Known): string {
  return rule.package === draw.package && draw.random.chance(0.8) && rule.form !== "object"
    ? rule.name
    : rule.package === draw.package && draw.random.chance(0.5)
      ? rule.name
      : `data.${rule.package}.${rule.name}`;
}
