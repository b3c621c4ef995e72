// Throws inputs at one property until one breaks it or the bounds are reached: kept ones first, then drawn ones, and variations of those that
// reached something new. In: an arbitrary and a check. Out: an Outcome with the smallest breaking input. The same seed does the same again.

import fc from "fast-check";
import type { Json } from "./arbitrary.ts";
import type { Comparison } from "./comparisons.ts";
import { applyEdit, editsFor, type InputEdit } from "./relate.ts";
import { pathsOf, sameBut, shrink, valueAt, withValue, type Path } from "./shrink.ts";

/** What one input came to. `why` is there when the property does not hold. */
export interface Verdict {
  readonly met: boolean;
  readonly why?: string | undefined;
  /** The input that it does not hold on, where that is one tried before. */
  readonly input?: Json | undefined;
  /** Tells inputs apart that went other ways through the policy. */
  readonly signature: number;
  /** It came to a place that none before it came to. */
  readonly novel?: boolean | undefined;
  /** It came as near to some limit as any before it. */
  readonly level?: boolean | undefined;
}

export interface Property {
  readonly arbitrary: fc.Arbitrary<Json>;
  readonly check: (input: Json) => Verdict;
  /** What is compared on an input: it is varied so that comparisons come out otherwise. */
  readonly watch?: ((input: Json) => readonly Comparison[]) | undefined;
  /** Inputs are pairs `{a, b}` that differ only here. */
  readonly vary?: readonly Path[] | undefined;
  /** Inputs that are no such thing are never tried. */
  readonly allowed?: ((input: Json) => boolean) | undefined;
}

export interface Bounds {
  readonly runs: number;
  readonly seed: number;
  /** Milliseconds since the epoch after which no input is tried. */
  readonly deadline?: number | undefined;
  /** Tried before anything else. */
  readonly replay?: readonly Json[] | undefined;
  /** Tried next, as the first that others are made from. */
  readonly start?: readonly Json[] | undefined;
}

export interface Outcome {
  readonly runs: number;
  /** How many satisfied the assumption. */
  readonly met: number;
  readonly failure: Failure | undefined;
  readonly timedOut: boolean;
  /** Inputs that came far: what another property may start from. */
  readonly far: readonly Json[];
}

const CHUNK = 100;
const MAX_CORPUS = 500;
const LEVEL_SHARE = 0.05;
const MAX_FAR = 25;
const MAX_NEWS = 10;
/** RFC 3339 up to the seconds. */
const TIME = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d/;
/** One input in so many is watched: that takes some ten times as long. */
const WATCH_ONE_IN = 25;

/** An input worth varying, with the edits that comparisons suggest once it was watched. */
interface Kept {
  readonly input: Json;
  edits?: readonly InputEdit[];
  tried: number;
}

export interface Failure {
  readonly input: Json;
  readonly why: string;
  readonly replayed: boolean;
}

export function runProperty(property: Property, bounds: Bounds): Outcome {
  const { runs, seed, deadline, replay = [], start = [] } = bounds;
  const hunt = new Hunt(property, seed);
  const failure =
    hunt.replay(replay, true) ??
    hunt.replay(start.slice(0, runs), false) ??
    hunt.run(runs - hunt.runs, deadline);
  return { runs: hunt.runs, met: hunt.met, failure, timedOut: hunt.timedOut, far: hunt.far() };
}

/** One search with a memory of its own: what it was given before and its seed decide what it does next. */
export class Hunt {
  readonly #property: Property;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #drawn: fc.Arbitrary<Json>;
  #queue: Json[] = [];
  #chunk = 0;
  readonly #corpus: Kept[] = [];
  /** Kept inputs that satisfied the assumption: worth varying more often. */
  readonly #good: Kept[] = [];
  /** Those that were the first to come to some place. */
  readonly #novel: Kept[] = [];
  readonly #untried: Kept[] = [];
  readonly #signatures = new Set<number>();
  /** Worth telling to others, since they were told last. */
  #news: Json[] = [];
  #watched = 0;
  runs = 0;
  /** How many satisfied the assumption. */
  met = 0;
  timedOut = false;

  constructor(property: Property, seed: number) {
    this.#property = property;
    this.#seed = seed;
    this.#random = randomOf(seed);
    const { arbitrary } = property;
    this.#drawn =
      property.vary === undefined
        ? arbitrary
        : fc.tuple(arbitrary, arbitrary).map(([a, b]): Json => ({ a, b }));
  }

  /** Inputs from elsewhere. */
  replay(inputs: readonly Json[], kept: boolean): Failure | undefined {
    for (const input of inputs) {
      const broken = this.#try(input);
      if (broken !== undefined) return this.#failed(broken, kept);
    }
    return undefined;
  }

  /** What others found: they have counted it. */
  learn(inputs: readonly Json[]): Failure | undefined {
    const { runs, met } = this;
    const untried = this.#untried.length;
    const failure = this.replay(inputs, false);
    // Who found them tries what they suggest.
    this.#untried.length = untried;
    this.#news = [];
    this.runs = runs;
    this.met = met;
    return failure;
  }

  /** So many more inputs. */
  run(more: number, deadline: number | undefined): Failure | undefined {
    const end = this.runs + more;
    while (this.runs < end) {
      const fresh = this.#queue.pop();
      if (fresh === undefined) {
        this.timedOut = deadline !== undefined && Date.now() > deadline;
        // Nothing that is drawn is allowed.
        if (this.timedOut || (this.#chunk > 4 && this.runs === 0)) break;
        const seed = (this.#seed + this.#chunk++ * 7919) | 0;
        this.#queue = fc.sample(this.#drawn, { numRuns: CHUNK, seed }).reverse();
        continue;
      }
      const input = this.#input(fresh);
      const broken = input === undefined ? undefined : this.#try(input);
      if (broken !== undefined) return this.#failed(broken, false);
    }
    return undefined;
  }

  /** Inputs that came far: what another property may start from. */
  far(): Json[] {
    const far = [...this.#good.slice(0, MAX_FAR), ...this.#novel.slice(-MAX_FAR)].map(({ input }) => input);
    return [...new Set(far)];
  }

  /** What came somewhere new since this was asked last, the latest ones. */
  news(): Json[] {
    const news = this.#news.slice(-MAX_NEWS);
    this.#news = [];
    return news;
  }

  /** A drawn input, or a kept one with parts of a drawn one, or with what a comparison suggests. */
  #input(fresh: Json): Json | undefined {
    const { vary, allowed } = this.#property;
    if (vary === undefined && this.#random() < 0.6) {
      const next = this.#suggested();
      if (next !== undefined && allowed?.(next) !== false) return next;
    }
    const kept = this.#corpus.length > 0 && this.#random() < 0.7 ? this.#kept() : undefined;
    let input: Json;
    if (vary !== undefined) input = this.#pair(fresh as { a: Json; b: Json }, kept, vary);
    else if (kept === undefined) input = fresh;
    else input = this.#varied(kept, kept.input, fresh);
    if (allowed === undefined || allowed(input)) return input;
    return vary === undefined && allowed(fresh) ? fresh : undefined;
  }

  #pair(fresh: { a: Json; b: Json }, kept: Kept | undefined, vary: readonly Path[]): Json {
    const pair = kept?.input as { a: Json; b: Json } | undefined;
    const a = kept === undefined || pair === undefined ? fresh.a : this.#varied(kept, pair.a, fresh.a);
    let b = a;
    for (const path of vary) {
      const was = valueAt(a, path);
      const other = valueAt(pair !== undefined && this.#random() < 0.5 ? pair.b : fresh.b, path);
      // More of the same, less of the same, or something else.
      const both = Array.isArray(was) && Array.isArray(other) && this.#random() < 0.6;
      const next = both ? (this.#random() < 0.7 ? [...was, ...other] : was.slice(1)) : other;
      b = withValue(b, path, next);
    }
    return this.#random() < 0.5 ? { a, b } : { a: b, b: a };
  }

  /** Every edit of inputs that came somewhere new, the latest first: mostly one of them leads on. */
  #suggested(): Json | undefined {
    for (let kept = this.#untried.at(-1); kept !== undefined; kept = this.#untried.at(-1)) {
      const edits = this.#editsOf(kept);
      // Not watched yet: its turn comes when there is time for it.
      if (kept.edits === undefined) return undefined;
      const edit = edits[kept.tried++];
      if (edit !== undefined) return applyEdit(kept.input, edit);
      this.#untried.pop();
    }
    return undefined;
  }

  /** As comparisons suggest, or with parts of a drawn one, or both. */
  #varied(kept: Kept, base: Json, donor: Json): Json {
    const edits = this.#editsOf(kept);
    if (edits.length === 0 || this.#random() < 0.45) return this.#mutate(base, donor);
    let result = base;
    for (let n = 1 + Math.floor(this.#random() * 3); n > 0; n--)
      result = applyEdit(result, this.#pick(edits));
    return this.#random() < 0.2 ? this.#mutate(result, donor) : result;
  }

  #editsOf(kept: Kept): readonly InputEdit[] {
    const { watch, vary } = this.#property;
    if (kept.edits !== undefined) return kept.edits;
    if (watch === undefined || this.#watched * WATCH_ONE_IN > this.runs) return [];
    this.#watched++;
    const edits = editsFor(kept.input, watch(kept.input));
    // Both of a pair are made from one input.
    kept.edits =
      vary === undefined
        ? edits
        : edits.flatMap(({ also, ...edit }) =>
            edit.path.length === 0 ? [] : [{ ...edit, path: edit.path.slice(1) }],
          );
    return kept.edits;
  }

  #mutate(base: Json, donor: Json): Json {
    let result = base;
    const places = pathsOf(donor);
    const own = pathsOf(base);
    for (let n = 1 + Math.floor(this.#random() * 3); n > 0; n--) {
      const roll = this.#random();
      if (roll < 0.7 && places.length > 0) {
        const path = this.#walk(donor);
        const was = valueAt(result, path);
        const put = valueAt(donor, path);
        // Places that have to agree mostly hold the same text: then all of them are changed.
        const places =
          typeof was === "string" && was !== "" && this.#random() < 0.3
            ? own.filter((other) => valueAt(result, other) === was)
            : [];
        for (const place of [path, ...places]) result = withValue(result, place, put);
      } else if (roll < 0.8 && own.length > 0) result = withValue(result, this.#pick(own), undefined);
      else if (roll < 0.86 && own.length > 0) result = this.#doubled(result, own);
      else if (roll < 0.95 && own.length > 0) result = this.#nudged(result, own);
      else if (own.length > 1) {
        const value = valueAt(result, this.#pick(own));
        const target = this.#pick(own);
        const there = valueAt(result, target);
        if (value !== undefined && typeof value === typeof there && typeof value !== "object")
          result = withValue(result, target, value);
      }
    }
    return result;
  }

  /** A member of a list once more: the second may be varied by itself. Or a list where there was one value, which many policies take too. */
  #doubled(input: Json, paths: readonly Path[]): Json {
    const lists = paths.filter((path) => Array.isArray(valueAt(input, path)));
    if (lists.length === 0 || this.#random() < 0.3) {
      const path = this.#pick(paths);
      const value = valueAt(input, path);
      return typeof value === "object" || value === undefined ? input : withValue(input, path, [value]);
    }
    const path = this.#pick(lists);
    const list = valueAt(input, path) as Json[];
    return list.length === 0 || list.length > 5 ? input : withValue(input, path, [...list, this.#pick(list)]);
  }

  /** One value a little otherwise: a number by one, a time by some hours or days. */
  #nudged(input: Json, paths: readonly Path[]): Json {
    const near = paths.flatMap((path): (readonly [Path, Json])[] => {
      const value = valueAt(input, path);
      if (typeof value === "number") return [[path, this.#random() < 0.5 ? value + 1 : value - 1]];
      if (typeof value !== "string" || !TIME.test(value)) return [];
      const [hour, day] = [Math.floor(this.#random() * 24), 1 + Math.floor(this.#random() * 14)];
      const two = (n: number): string => String(n).padStart(2, "0");
      const put =
        this.#random() < 0.5
          ? value.replace(TIME, (_, date) => `${date}T${two(hour)}:00:00`)
          : value.replace(/-\d\dT/, `-${two(day)}T`);
      return [[path, put]];
    });
    if (near.length === 0) return input;
    const [path, put] = this.#pick(near);
    return withValue(input, path, put);
  }

  /** The input that breaks the property, if one does. */
  #try(input: Json): Json | undefined {
    this.runs++;
    const { met, why, input: other, signature, novel, level } = this.#property.check(input);
    if (met) this.met++;
    const key = signature * 2 + Number(met);
    if (!this.#signatures.has(key)) {
      this.#signatures.add(key);
      const kept: Kept = { input, tried: 0 };
      // Another way of being as near: from there it may go on.
      if (novel === true || (level === true && this.#random() < LEVEL_SHARE)) {
        this.#novel.push(kept);
        this.#untried.push(kept);
      }
      if (met && this.#good.length < MAX_CORPUS) this.#good.push(kept);
      if (met || novel === true) this.#news.push(input);
      if (this.#corpus.length < MAX_CORPUS) this.#corpus.push(kept);
      else this.#corpus[Math.floor(this.#random() * MAX_CORPUS)] = kept;
    }
    return why === undefined ? undefined : (other ?? input);
  }

  #failed(input: Json, replayed: boolean): Failure {
    const { vary, allowed, check } = this.#property;
    const fails = (candidate: Json): boolean => {
      if (vary !== undefined && !isPair(candidate, vary)) return false;
      return allowed?.(candidate) !== false && check(candidate).why !== undefined;
    };
    const smallest = shrink(input, fails, vary === undefined ? {} : { pairVary: vary });
    return { input: smallest, why: check(smallest).why ?? "", replayed };
  }

  #kept(): Kept {
    const roll = this.#random();
    if (roll < 0.35 && this.#good.length > 0) return this.#pick(this.#good);
    if (roll < 0.75 && this.#novel.length > 0) {
      // The later ones came further.
      const late = this.#novel.slice(-12);
      return this.#pick(this.#random() < 0.6 ? late : this.#novel);
    }
    return this.#pick(this.#corpus);
  }

  /** Every branch is as likely as its siblings, however much is below them. */
  #walk(from: Json): Path {
    const path: (string | number)[] = [];
    let at: Json | undefined = from;
    while (typeof at === "object" && at !== null) {
      const keys: (string | number)[] = Array.isArray(at) ? [...at.keys()] : Object.keys(at);
      if (keys.length === 0 || (path.length > 0 && this.#random() < 0.3)) break;
      path.push(this.#pick(keys));
      at = valueAt(from, path);
    }
    return path;
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }
}

function isPair(value: Json, vary: readonly Path[]): boolean {
  const { a, b } = value as { a?: Json; b?: Json };
  return a !== undefined && b !== undefined && sameBut(a, b, vary);
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
