// Laws that any policy decision should obey, ready to be checked. In: a decision as a function of its input, and what of the input it reads.
// Out: named properties. They know a decision document (`effect`, `allow`, or plain true) and nothing of a particular policy.

import { PolicyError } from "../error.ts";
import { encode } from "../value/json.ts";
import { isArray, isObject, type Value } from "../value/value.ts";
import type { Json } from "./arbitrary.ts";
import { allows } from "./effect.ts";
import type { Decider, Judge, ReadTree } from "./law.ts";
import { judgeDelegation } from "./law-delegation.ts";
import type { Verdict } from "./property.ts";
import { canonical, pathsOf, valueAt, withValue } from "./shrink.ts";

export interface Law {
  readonly name: string;
  readonly title: string;
  /** A field of the input without which the law says nothing: policies that do not read it are not asked. */
  readonly about?: string;
  /** One for each run: it may learn from the inputs that it sees. */
  readonly judge: (decider: Decider) => Judge;
}

/** A law about each input by itself. */
const always =
  (breach: (decider: Decider, input: Json) => string | undefined): Law["judge"] =>
  (decider) =>
  (input) => ({ met: true, why: breach(decider, input) });

const text = (decision: Value | undefined): string =>
  decision === undefined ? "undefined" : encode(decision);

export const laws: readonly Law[] = [
  {
    name: "deny_by_default",
    title: "Nothing known, nothing allowed",
    judge: always(({ decide }) => {
      for (const [name, input] of [
        ["no input", undefined],
        ["the input null", null],
        ["the input {}", {}],
        ["the input []", []],
      ] as const) {
        const decision = decide(input as Json | undefined);
        if (allows(decision)) return `${name} is allowed: ${text(decision)}`;
      }
      return undefined;
    }),
  },
  {
    name: "totality",
    title: "The decision is always a well-formed document",
    judge: always(({ decide }, input) => malformed(decide(input))),
  },
  {
    name: "determinism",
    title: "The same input gets the same decision",
    judge: always(({ decide }, input) => {
      const [first, second, third] = [decide(input), decide(reversed(input)), decide(input)].map(text);
      if (first !== third) return `${first} first, ${third} the second time`;
      return first === second ? undefined : `${first}, but ${second} with keys in another order`;
    }),
  },
  {
    name: "irrelevance",
    title: "What is outside the read set changes nothing",
    judge: always(({ decide, reads }, input) => {
      const before = text(decide(input));
      const after = text(decide(grow(input, reads)));
      return before === after ? undefined : `${before}, but ${after} with keys added that are not read`;
    }),
  },
  {
    name: "no_widening",
    title: "No field allows by being missing, null, mistyped or oversized",
    judge: always(widening),
  },
  {
    name: "no_widening_by_delegation",
    title: "An AI agent is allowed no more than whom it acts for",
    about: "delegation",
    judge: judgeDelegation,
  },
];

/** Of decision documents, as AI agents get them. */
const EFFECTS: ReadonlySet<string> = new Set(["allow", "deny", "approve", "transform"]);

function malformed(decision: Value | undefined): string | undefined {
  if (decision === undefined) return "there is no decision";
  if (typeof decision === "boolean") return undefined;
  if (!isObject(decision)) return `neither a boolean nor an object: ${text(decision)}`;
  const effect = decision.get("effect");
  if (effect === undefined) return undefined;
  if (typeof effect !== "string" || !EFFECTS.has(effect)) return `unknown effect: ${text(effect)}`;
  const reasons = decision.get("reasons");
  if (reasons === undefined) return undefined;
  if (!isArray(reasons)) return `the reasons are no array: ${text(reasons)}`;
  const wrong = reasons.find((reason) => !isObject(reason) || typeof reason.get("code") !== "string");
  return wrong === undefined ? undefined : `a reason without a code: ${text(wrong)}`;
}

function reversed(input: Json): Json {
  if (Array.isArray(input)) return input.map(reversed);
  if (typeof input !== "object" || input === null) return input;
  return Object.fromEntries(
    Object.entries(input)
      .reverse()
      .map(([key, value]) => [key, reversed(value)]),
  );
}

/** With a key at every object whose keys are all known. */
function grow(input: Json, reads: ReadTree): Json {
  if (reads === true || typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const result: { [key: string]: Json } = Object.create(null);
  for (const [key, value] of Object.entries(input)) {
    const below = Object.hasOwn(reads, key) ? reads[key] : undefined;
    result[key] = below === undefined ? ["allow", true] : grow(value, below);
  }
  if (!Object.hasOwn(reads, "reeve_unread")) result.reeve_unread = { allow: true };
  return result;
}

const OVERSIZED = "x".repeat(20_000);

function widening({ decide, reads, optional }: Decider, input: Json): string | undefined {
  if (allows(decide(input))) return undefined;
  for (const path of pathsOf(input)) {
    if (!isNamed(path, reads) || optional.has(path.join("."))) continue;
    const was = valueAt(input, path);
    const worse: [string, Json | undefined][] = [
      ["missing", undefined],
      ["null", null],
      ["mistyped", typeof was === "string" ? 7 : "x"],
      ["mistyped", Array.isArray(was) ? {} : []],
      ["oversized", typeof was === "string" ? `${was}${OVERSIZED}` : OVERSIZED],
    ];
    for (const [what, value] of worse) {
      if (value !== undefined && canonical(value) === canonical(was ?? null)) continue;
      if (!allows(decide(withValue(input, path, value)))) continue;
      // Where any other text would do, it is not the size that allows.
      const short = typeof was === "string" ? `${was}x` : "x";
      if (what !== "oversized" || !allows(decide(withValue(input, path, short))))
        return `not allowed, but allowed with \`${path.join(".")}\` ${what}`;
    }
  }
  return undefined;
}

/** Whether the policy names every step: below, keys are content. */
function isNamed(path: readonly (string | number)[], reads: ReadTree): boolean {
  let at: ReadTree | undefined = reads;
  for (const step of path) {
    if (at === true || at === undefined || !Object.hasOwn(at, step)) return false;
    at = at[String(step)];
  }
  return true;
}

/** A law as the check of a property. */
export function lawCheck(law: Law, decider: Decider, signature: () => number): (input: Json) => Verdict {
  const judge = law.judge(decider);
  return (input) => {
    try {
      return { ...judge(input), signature: signature() };
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      return { met: true, why: `evaluation fails: ${error.message}`, signature: signature() };
    }
  };
}
