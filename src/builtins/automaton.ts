// A small matcher for whole strings: a program of tests and splits, run over all its states at once, so that time grows with text times
// program and never worse. Programs in, booleans out.

export type Step =
  /** Takes one character that passes. */
  | { readonly kind: "take"; readonly passes: (character: string) => boolean }
  | { readonly kind: "split"; readonly to: readonly number[] }
  | { readonly kind: "accept" };

/** Whether the program accepts all of `text`. Steps without `to` lead to the next one. */
export function accepts(program: readonly Step[], text: string): boolean {
  let current = new Set<number>();
  follow(program, 0, current);
  for (const character of text) {
    const next = new Set<number>();
    for (const at of current) {
      const step = program[at];
      if (step?.kind === "take" && step.passes(character)) follow(program, at + 1, next);
    }
    if (next.size === 0) return false;
    current = next;
  }
  for (const at of current) if (program[at]?.kind === "accept") return true;
  return false;
}

function follow(program: readonly Step[], start: number, states: Set<number>): void {
  const open = [start];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (states.has(at)) continue;
    states.add(at);
    const step = program[at];
    if (step?.kind === "split") open.push(...step.to);
  }
}
