// JSON that the platform's own reader loses nothing of, for hot paths: text in, plain data out that `JSON.stringify` gives back to the digit,
// or undefined where only the careful reader (`json.ts`) will do. Never wrong, only sometimes not an answer.

import { MAX_DEPTH, fromPlain } from "./json.ts";
import type { Value } from "./value.ts";

/** Plain data as `readPlainJson` returned it, or a part of that: whoever gets it need not look for what JSON cannot say. */
export class PlainJson {
  readonly data: unknown;
  #value: Value | undefined;

  constructor(data: unknown) {
    this.data = data;
  }

  /** The same as a Value, made when somebody asks. */
  get value(): Value {
    if (this.#value === undefined) this.#value = fromPlain(this.data);
    return this.#value;
  }
}

/**
 * What a double would not keep, wherever it may be a number: fractions, exponents, minus zero, 16 digits and more. And halves of
 * surrogate pairs in escapes, which are no text.
 */
const LOSSY = /(?:^|[\s:,[])(?:-0|-?\d+[.eE]|-?\d{16})|\\u[dD][89a-fA-F]/;

/** The document as plain data; undefined where it is no JSON, or where plain data would lose something. */
export function readPlainJson(text: string): unknown {
  if (LOSSY.test(text) || (text.length > 2 * MAX_DEPTH && openings(text) > MAX_DEPTH)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Brackets that open something, those in texts too: nesting cannot be deeper. */
function openings(text: string): number {
  let count = 0;
  for (const bracket of ["{", "["])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) count++;
  return count;
}
