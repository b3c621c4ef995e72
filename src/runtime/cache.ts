// One word that lives as long as an evaluation: the head of the list of compiled patterns. `eval_reset` forgets it, since the heap below it
// may be gone. Imports nothing.
let head: usize = 0;

export function cache_of(): usize {
  return head;
}
export function cache_put(address: usize): void {
  head = address;
}
export function cache_reset(): void {
  head = 0;
}
