// Rules that a constant text chooses are not tried one after the other: the text is looked up once. In: blocks that stand one after the other. Out:
// the same blocks, runs of them behind a tree of decisions that says for each text which of them to try, in their order. Only blocks are left
// out whose first statements are certain to fail and leave no trace (conditions.ts), so order and answers stay.

import type { Block } from "../ir/ir.ts";
import { type Condition, conditions, type Place } from "./conditions.ts";
import type { Scope } from "./uses.ts";

export type Segment = { readonly kind: "plain"; readonly block: Block } | Choice;

export interface Choice {
  readonly kind: "choice";
  readonly blocks: readonly Block[];
  /** Where the texts stand that choose, first to last. */
  readonly levels: readonly Level[];
  readonly tree: Decision;
}

export interface Level {
  readonly place: Place;
  /** `exact` asks for whole texts, the others also for their beginnings or ends. */
  readonly kind: Condition["kind"];
  /** Whether a value that is no text leads anywhere. */
  readonly other: boolean;
}

/** Blocks to try, as their numbers in the segment; or what the text at a level leads to. */
export type Decision = readonly number[] | Fork;

export interface Fork {
  readonly level: number;
  /** Where the text is one of these, or goes on (or began) where there are beginnings (or ends). */
  readonly texts: ReadonlyMap<string, { readonly exact: Decision; readonly longer: Decision }>;
  readonly other: Decision;
}

/** From this many rules on a look into a table is cheaper than trying. */
const WORTH_IT = 6;
const MOST_LEVELS = 3;

type Asked = ReadonlyMap<string, Condition>;

export function segments(blocks: readonly Block[], scope: Scope, strings: readonly string[]): Segment[] {
  const asked = blocks.map((block) => conditions(block, scope, strings));
  const found: Segment[] = [];
  for (let at = 0; at < blocks.length; ) {
    const run = longestRun(asked, at);
    const choice =
      run === undefined ? undefined : choose(blocks.slice(at, run.end), asked.slice(at, run.end), run);
    if (run === undefined || choice === undefined) found.push({ kind: "plain", block: blocks[at++]! });
    else {
      found.push(choice);
      at = run.end;
    }
  }
  return found;
}

interface Run {
  readonly end: number;
  readonly key: string;
  readonly kind: Condition["kind"];
}

/** The blocks from here on that all ask for the same place, if there are enough of them. */
function longestRun(asked: readonly Asked[], at: number): Run | undefined {
  let best: (Run & { texts: number }) | undefined;
  for (const key of asked[at]!.keys()) {
    let kind: Condition["kind"] = "exact";
    let end = at;
    const texts = new Set<string>();
    for (let next = asked[end]?.get(key); next !== undefined; next = asked[++end]?.get(key)) {
      if (next.kind !== "exact" && kind !== "exact" && next.kind !== kind) break;
      if (next.kind !== "exact") kind = next.kind;
      for (const text of next.texts) texts.add(text);
    }
    if (end - at < WORTH_IT || texts.size === 0) continue;
    if (best === undefined || end > best.end || (end === best.end && texts.size > best.texts))
      best = { end, key, kind, texts: texts.size };
  }
  return best;
}

function choose(blocks: readonly Block[], asked: readonly Asked[], { key, kind }: Run): Choice | undefined {
  const keys = [key, ...furtherKeys(asked, key)];
  const forest = new Forest(asked, keys, kind);
  const tree = forest.grow(
    blocks.map((_, index) => index),
    0,
  );
  // Constants that begin with each other by the hundred would make lists as long as all rules for each of them.
  if (forest.entries > 16 * blocks.length + 4096) return undefined;
  const levels = keys.map((name, level): Level => {
    const all = asked.flatMap((one) => one.get(name) ?? []);
    return {
      place: all[0]!.place,
      kind: level === 0 ? kind : "exact",
      other: all.some(({ other }) => other),
    };
  });
  return { kind: "choice", blocks, levels, tree };
}

/** Places that many of the blocks ask for as well, those with the most texts first. */
function furtherKeys(asked: readonly Asked[], first: string): string[] {
  const texts = new Map<string, { readonly all: Set<string>; blocks: number }>();
  for (const one of asked) {
    for (const [key, condition] of one) {
      if (key === first || condition.kind !== "exact") continue;
      let known = texts.get(key);
      if (known === undefined) {
        known = { all: new Set(), blocks: 0 };
        texts.set(key, known);
      }
      known.blocks++;
      for (const text of condition.texts) known.all.add(text);
    }
  }
  return [...texts]
    .filter(([, { all, blocks }]) => all.size > 1 && blocks >= WORTH_IT)
    .sort(([, a], [, b]) => b.all.size - a.all.size)
    .slice(0, MOST_LEVELS - 1)
    .map(([key]) => key);
}

class Forest {
  readonly #asked: readonly Asked[];
  readonly #keys: readonly string[];
  readonly #kind: Condition["kind"];
  entries = 0;

  constructor(asked: readonly Asked[], keys: readonly string[], kind: Condition["kind"]) {
    this.#asked = asked;
    this.#keys = keys;
    this.#kind = kind;
  }

  /** What is left to decide about these blocks from a level on. */
  grow(blocks: readonly number[], from: number): Decision {
    for (let level = from; level < this.#keys.length; level++) {
      if (level > 0 && blocks.length < WORTH_IT) break;
      const of = (block: number): Condition | undefined => this.#asked[block]!.get(this.#keys[level]!);
      if (blocks.every((block) => of(block) !== undefined && (level === 0 || of(block)?.kind === "exact")))
        return this.#fork(blocks, level, (block) => of(block)!);
    }
    this.entries += blocks.length;
    return blocks;
  }

  #fork(blocks: readonly number[], level: number, of: (block: number) => Condition): Fork {
    const exact = new Map<string, number[]>();
    const longer = new Map<string, number[]>();
    const add = (to: Map<string, number[]>, text: string, block: number): void => {
      const known = to.get(text);
      if (known === undefined) to.set(text, [block]);
      else known.push(block);
    };
    for (const block of blocks) {
      const { kind, texts } = of(block);
      for (const text of texts) add(kind === "exact" ? exact : longer, text, block);
    }
    const starts = this.#kind !== "ends";
    const texts = new Map<string, { exact: Decision; longer: Decision }>();
    for (const text of new Set([...exact.keys(), ...longer.keys()])) {
      const partial =
        longer.size === 0 ? [] : partsOf(text, starts, longer).flatMap((part) => longer.get(part)!);
      const all = inOrder([...(exact.get(text) ?? []), ...partial]);
      texts.set(text, {
        exact: this.grow(all, level + 1),
        longer: this.grow(inOrder(partial), level + 1),
      });
    }
    const other = blocks.filter((block) => of(block).other);
    return { level, texts, other: this.grow(other, level + 1) };
  }
}

/** The constants that a text begins (ends) with. */
function partsOf(text: string, starts: boolean, constants: ReadonlyMap<string, unknown>): string[] {
  const found: string[] = [];
  for (let length = 0; length <= text.length; length++) {
    const part = starts ? text.slice(0, length) : text.slice(text.length - length);
    if (constants.has(part)) found.push(part);
  }
  return found;
}

function inOrder(blocks: readonly number[]): readonly number[] {
  return [...new Set(blocks)].sort((a, b) => a - b);
}
