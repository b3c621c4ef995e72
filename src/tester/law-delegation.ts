// The law of delegation: what an AI agent may do for somebody is never more than that person may do, and a link added to the chain never allows
// more. In: a decision as a function of its input, in the members of the request document (`subject`, `agent`, `delegation` as a list of
// `{from, to}`). Out: a judge of inputs. How a person asks alone differs from policy to policy, so it is learned from what is let through.

import type { Json } from "./arbitrary.ts";
import { type Effect, effectOf, widening } from "./effect.ts";
import type { Decider, Judge, Judgement } from "./law.ts";
import { valueAt, withValue } from "./shrink.ts";

type Hop = { readonly [key: string]: Json };
type Way = (input: Json, person: string) => Json;

const STRANGER = "reeve:stranger";
/** So often a person alone got what the AI agent got, until it is clear how a person asks. */
const SURE = 3;
/** Inputs that wait for that. */
const MAX_WAITING = 50;

const personOf = (input: Json): Json | undefined => valueAt(input, ["subject", "id"]);
const withChain = (input: Json, hops: readonly Hop[]): Json => withValue(input, ["delegation"], [...hops]);

/** Ways in which the person may ask alone. A policy mostly knows one of them. */
const ALONE: readonly Way[] = [
  (input) => withValue(withValue(input, ["delegation"], undefined), ["agent"], undefined),
  (input, person) => withValue(asSelf(input, person), ["delegation"], undefined),
  // Where a chain is required of everybody. It must not bring anything with it.
  (input, person) => withChain(asSelf(input, person), [{ from: person, to: person, verified: true }]),
];

/** Nothing of the AI agent is left but that somebody proved who asks. */
function asSelf(input: Json, person: string): Json {
  const identity = valueAt(input, ["agent", "identity"]);
  return withValue(input, ["agent"], { id: person, ...(identity !== undefined && { identity }) });
}

export function judgeDelegation({ decide, entrypoint }: Decider): Judge {
  const known = ALONE.map(() => false);
  let passed = 0;
  const waiting: Json[] = [];
  const effect = (input: Json): Effect => effectOf(entrypoint, decide(input));

  /** An AI agent's request that got something, against the same request of the person alone, in the likeliest way that the policy knows. */
  const againstPerson = (input: Json, got: Effect): Judgement => {
    const person = personOf(input);
    if (!isName(person)) return { met: false };
    const alone = ALONE.map((way) => effect(way(input, person)));
    for (const [i, own] of alone.entries()) if (widening(own, got) <= 0) known[i] = true;
    const way = known.indexOf(true);
    const own = alone[way];
    if (own !== undefined && widening(own, got) <= 0) {
      const [before] = ++passed === SURE ? waiting.splice(0) : [];
      return before === undefined
        ? { met: true }
        : { input: before, ...againstPerson(before, effect(before)) };
    }
    if (passed >= SURE)
      return { met: true, why: `${got} for an AI agent, but ${own} for \`${person}\` alone` };
    if (waiting.length < MAX_WAITING) waiting.push(input);
    return { met: false };
  };

  return (input) => {
    const hops = hopsOf(input);
    if (hops.length === 0 && !hasAgent(input)) return { met: false };
    const got = effect(input);
    if (got === "allow" || got === "approve") {
      for (let rest = hops, at = input; rest.length > 1; rest = rest.slice(0, -1)) {
        const shorter = withoutLast(at, rest);
        if (shorter === undefined) break;
        const own = effect(shorter);
        if (widening(own, got) > 0)
          return { met: true, why: `${got}, but ${own} for who comes before the last link of the chain` };
        at = shorter;
      }
      const judged = againstPerson(input, got);
      if (judged.why !== undefined) return judged;
      // The same of somebody who is nothing: whatever is allowed now is not allowed by what the person is.
      const nobody = withValue(input, ["subject", "properties"], undefined);
      const still = effect(nobody);
      if (still !== "allow" && still !== "approve") return judged;
      const asNobody = againstPerson(nobody, still);
      return asNobody.why === undefined ? judged : { ...asNobody, input: asNobody.input ?? nobody };
    }
    for (const longer of hops.length > 0 ? extended(input, hops) : linked(input)) {
      const more = effect(longer);
      if (more !== "allow" && more !== "approve") continue;
      if (hops.length === 0) {
        const judged = againstPerson(longer, more);
        const aside = judged.why === undefined || judged.input !== undefined;
        return aside ? judged : { ...judged, why: `with a chain to the AI agent: ${judged.why}` };
      }
      return { met: true, why: `${got}, but ${more} with a link to another AI agent added to the chain` };
    }
    return { met: false };
  };
}

function hopsOf(input: Json): readonly Hop[] {
  const chain = valueAt(input, ["delegation"]);
  if (!Array.isArray(chain)) return [];
  const hops = chain.filter(
    (hop): hop is Hop & Json => typeof hop === "object" && hop !== null && !Array.isArray(hop),
  );
  return hops.length === chain.length ? hops : [];
}

/** A name that somebody may have: what has none would be mended by being given one. */
const isName = (value: Json | undefined): value is string => typeof value === "string" && value !== "";

/** The AI agent is the one that the last link came from. */
function withoutLast(input: Json, hops: readonly Hop[]): Json | undefined {
  const from = hops.at(-1)?.from;
  return isName(from) ? withAgent(withChain(input, hops.slice(0, -1)), from) : undefined;
}

const hasAgent = (input: Json): boolean => {
  const agent = valueAt(input, ["agent"]);
  return typeof agent === "object" && agent !== null && !Array.isArray(agent);
};

const withAgent = (input: Json, id: Json): Json =>
  hasAgent(input) ? withValue(input, ["agent", "id"], id) : input;

/** The AI agent hands on to another one, in every way in which that might impress a policy. */
function extended(input: Json, hops: readonly Hop[]): Json[] {
  const from = hasAgent(input) ? valueAt(input, ["agent", "id"]) : hops.at(-1)?.to;
  if (!isName(from)) return [];
  const tool = valueAt(input, ["tool", "name"]) ?? "*";
  const links: readonly Hop[] = [
    { ...hops.at(-1), from, to: STRANGER },
    { from, to: STRANGER, verified: true },
    { from, to: STRANGER, verified: true, scope: [tool, "*"] },
  ];
  return links.map((link) => withAgent(withChain(input, [...hops, link]), STRANGER));
}

/** A chain from the person to the AI agent, where there is none. */
function linked(input: Json): Json[] {
  const [from, to] = [personOf(input), valueAt(input, ["agent", "id"])];
  return !isName(from) || !isName(to) ? [] : [withChain(input, [{ from, to, verified: true }])];
}
