// Tries that the policy compiler draws into static data: which constant texts a text begins (or ends) with. In: a node and a string box. Out: the
// word kept for what was found, 0 for none. Takes time by the length of the text, not by the number of constants; allocates nothing.
//
//   node    0: label address   4: label length   8: word if the text ends here   12: word if it goes on   16: children   20: child, child, …
//   child   0: byte            4: node           (by byte; the label of the child begins with it)
//
// In a trie of ends the text and the labels are read from the last byte to the first; labels stand in memory reversed.
import { word_a, word_n } from "./value";

/** The node below for a byte, 0 for none. */
// @ts-ignore: decorator
@inline
function below(node: usize, byte: u32): usize {
  let low: u32 = 0;
  let high = load<u32>(node, 16);
  while (low < high) {
    const middle = (low + high) >> 1;
    const child = node + 20 + (<usize>middle << 3);
    const at = load<u32>(child);
    if (at == byte) return load<u32>(child, 4);
    if (at < byte) low = middle + 1;
    else high = middle;
  }
  return 0;
}

/** What is kept for the longest constant that the text begins with. */
export function trie_find(root: usize, v: usize): usize {
  let node = root;
  let p = word_a(v);
  const end = p + <usize>word_n(v);
  let found: usize = 0;
  while (node != 0) {
    const label = load<u32>(node);
    const length = load<u32>(node, 4);
    if (<usize>length > end - p) return found;
    for (let i: usize = 0; i < length; i++) if (load<u8>(p + i) != load<u8>(label + i)) return found;
    p += length;
    if (p == end) return load<u32>(node, 8);
    found = load<u32>(node, 12);
    node = below(node, load<u8>(p));
  }
  return found;
}

/** What is kept for the longest constant that the text ends with. */
export function trie_find_end(root: usize, v: usize): usize {
  let node = root;
  const start = word_a(v);
  let p = start + <usize>word_n(v);
  let found: usize = 0;
  while (node != 0) {
    const label = load<u32>(node);
    const length = load<u32>(node, 4);
    if (<usize>length > p - start) return found;
    for (let i: usize = 0; i < length; i++) if (load<u8>(p - 1 - i) != load<u8>(label + i)) return found;
    p -= length;
    if (p == start) return load<u32>(node, 8);
    found = load<u32>(node, 12);
    node = below(node, load<u8>(p - 1));
  }
  return found;
}
