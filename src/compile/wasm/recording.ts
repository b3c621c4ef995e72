// How a function comes to its numbers: what its emitter asked the module for (texts, collections, functions, globals), and where in the body
// the answers stand. With that the body is put into another module without being emitted again: the same is asked there, in the same order,
// and other answers are written in the places of the old ones. In: the emitter's questions and a body. Out: what is kept, and bodies.

import type { PathKey } from "./context.ts";
import { LINK_CALL, LINK_GLOBAL, LINK_I32, type Link, type Linked, rewritten } from "./instruction.ts";
import type { Address } from "./statics.ts";

/** One question. Elements and places of collections are known by the numbers of earlier questions, or by what they mean. */
export type Ask =
  | { readonly kind: "string" | "number" | "text"; readonly text: string }
  | { readonly kind: "array"; readonly elements: readonly number[] }
  | { readonly kind: "set"; readonly texts: readonly string[] }
  | { readonly kind: "input" }
  | CellAsk
  | {
      readonly kind: "index";
      readonly path: readonly string[];
      readonly places: readonly (readonly number[])[];
    }
  | { readonly kind: "function" | "runtime"; readonly name: string }
  | { readonly kind: "dispatcher"; readonly args: number; readonly path: readonly PathKey[] }
  | { readonly kind: "global"; readonly type: number };

export interface CellAsk {
  readonly kind: "cell";
  readonly path: string;
  readonly found: boolean;
}

/** Who answers: the module under construction. */
export interface Answerer {
  /** Whether every cell that is asked for is there again, or again is not. */
  fits(asks: readonly CellAsk[]): boolean;
  answer(ask: Ask, earlier: readonly number[]): number;
}

type Answers = "addresses" | "functions" | "globals";

const ANSWERS: Readonly<Record<Ask["kind"], Answers>> = {
  string: "addresses",
  number: "addresses",
  text: "addresses",
  array: "addresses",
  set: "addresses",
  input: "addresses",
  cell: "addresses",
  index: "addresses",
  function: "functions",
  runtime: "functions",
  dispatcher: "functions",
  global: "globals",
};

const LINKS: Readonly<Record<Link["kind"], Answers>> = {
  [LINK_I32]: "addresses",
  [LINK_CALL]: "functions",
  [LINK_GLOBAL]: "globals",
};

/** Notes what one function asks for. */
export class Recording {
  readonly asks: Ask[] = [];
  readonly answers: number[] = [];
  /** Numbers of questions by their answers. */
  readonly #by: Readonly<Record<Answers, Map<number, number>>> = {
    addresses: new Map(),
    functions: new Map(),
    globals: new Map(),
  };
  #lost = false;

  note(ask: Ask, answer: number): void {
    const known = this.#by[ANSWERS[ask.kind]];
    if (known.has(answer)) return;
    known.set(answer, this.asks.length);
    this.asks.push(ask);
    this.answers.push(answer);
  }

  /** A cell that is not there answers nothing, but another module may have it. */
  noteCell(path: string, answer: Address | undefined): void {
    if (answer !== undefined) return this.note({ kind: "cell", path, found: true }, answer);
    this.asks.push({ kind: "cell", path, found: false });
    this.answers.push(0);
  }

  noteArray(elements: readonly Address[], answer: Address): void {
    const asked = elements.map((element) => this.#by.addresses.get(element));
    if (asked.includes(undefined)) this.lose();
    else this.note({ kind: "array", elements: asked as number[] }, answer);
  }

  /** Something was asked for that cannot be asked for again: the function is emitted each time. */
  lose(): void {
    this.#lost = true;
  }

  /** `isFixed`: functions and globals that have the same number in every module. */
  finish(body: Linked, isFixed: (link: Link) => boolean): KeptBody | undefined {
    if (this.#lost) return undefined;
    const places: Place[] = [];
    for (const link of body.links) {
      const ask = this.#by[LINKS[link.kind]].get(link.value);
      if (ask !== undefined) places.push({ at: link.at, kind: link.kind, ask });
      else if (link.kind === LINK_I32 || !isFixed(link)) return undefined;
    }
    return new KeptBody(this.asks, this.answers, body.bytes, places);
  }
}

interface Place {
  /** Where the number starts in the body. */
  readonly at: number;
  readonly kind: Link["kind"];
  readonly ask: number;
}

export class KeptBody {
  readonly #asks: readonly Ask[];
  readonly #cells: readonly CellAsk[];
  #answers: readonly number[];
  #bytes: Uint8Array;
  #places: readonly Place[];

  constructor(asks: readonly Ask[], answers: readonly number[], bytes: Uint8Array, places: readonly Place[]) {
    this.#asks = asks;
    this.#cells = asks.filter((ask) => ask.kind === "cell");
    this.#answers = answers;
    this.#bytes = bytes;
    this.#places = places;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Puts the body into a module: the answers are its own then. False, and nothing is asked, if it would be another body there. */
  moveTo(module: Answerer): boolean {
    if (!module.fits(this.#cells)) return false;
    const asks = this.#asks;
    const known = this.#answers;
    // Mostly they are the ones of last time.
    let answers: number[] | undefined;
    for (let at = 0; at < asks.length; at++) {
      const answer = module.answer(asks[at] as Ask, answers ?? known);
      if (answers === undefined && answer !== known[at]) answers = known.slice(0, at);
      answers?.push(answer);
    }
    if (answers !== undefined) this.#move(answers);
    return true;
  }

  #move(answers: readonly number[]): void {
    const places: Place[] = [];
    this.#bytes = rewritten(this.#bytes, this.#places, (out, { kind, ask }) => {
      places.push({ at: out.length, kind, ask });
      if (kind === LINK_I32) out.s32(answers[ask] as number);
      else out.u32(answers[ask] as number);
    });
    this.#places = places;
    this.#answers = answers;
  }
}
