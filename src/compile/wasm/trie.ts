// A trie of constant texts as static data, as runtime/trie.ts draws it. In: texts with the word for a text that is equal and the word for one
// that goes on behind them. Out: the address of the root. Words of shorter constants are the caller's to hand down: each key carries its own.

import { encodeUtf8 } from "./encode.ts";
import type { Statics } from "./statics.ts";

export interface TrieKey {
  readonly text: string;
  /** The text is this constant. */
  readonly exact: number;
  /** The text goes on behind it. */
  readonly longer: number;
}

interface Key {
  readonly bytes: Uint8Array;
  readonly exact: number;
  readonly longer: number;
}

/** Texts are read from their ends where `reversed`. */
export function trie(statics: Statics, keys: readonly TrieKey[], reversed: boolean): number {
  const sorted = keys
    .map(({ text, exact, longer }): Key => {
      const bytes = encodeUtf8(text);
      return { bytes: reversed ? bytes.slice().reverse() : bytes, exact, longer };
    })
    .sort((a, b) => compareBytes(a.bytes, b.bytes));
  return node(statics, sorted, 0, 0);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return a[at]! - b[at]!;
  return a.length - b.length;
}

/** The node of keys that share `from` bytes; `longer` is what a text that leaves here has. */
function node(statics: Statics, keys: readonly Key[], from: number, longer: number): number {
  const [first, last] = [keys[0]!.bytes, keys.at(-1)!.bytes];
  let to = from;
  while (to < first.length && to < last.length && first[to] === last[to]) to++;
  const own = first.length === to ? keys[0]! : undefined;
  const on = own?.longer ?? longer;
  const children: number[] = [];
  for (let at = own === undefined ? 0 : 1; at < keys.length; ) {
    const byte = keys[at]!.bytes[to]!;
    let end = at + 1;
    while (end < keys.length && keys[end]!.bytes[to] === byte) end++;
    children.push(byte, node(statics, keys.slice(at, end), to, on));
    at = end;
  }
  return statics.words([
    statics.raw(first.subarray(from, to)),
    to - from,
    own?.exact ?? longer,
    on,
    children.length / 2,
    ...children,
  ]);
}
