// Which functions of the runtime a module still needs, and what stands in the place of the others. Indices may not move, so a function
// that nothing reaches keeps its place and loses its body.

import { callsOf, type Module } from "./decode.ts";

/** No locals; `unreachable`; `end`. */
export const EMPTY_BODY = new Uint8Array([0x00, 0x00, 0x0b]);

/** Function indices that can be reached from `roots` (indices of runtime functions, imports included). */
export function reachable(runtime: Module, roots: Iterable<number>): Set<number> {
  const imported = runtime.imports.filter((item) => item.kind === 0).length;
  const seen = new Set<number>();
  const pending = [...roots];
  let indirect = false;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const body = runtime.bodies[next - imported];
    if (next < imported || body === undefined) continue;
    const calls = callsOf(body);
    pending.push(...calls.direct);
    if (calls.indirect && !indirect) {
      indirect = true;
      pending.push(...runtime.elements);
    }
  }
  return seen;
}

/** The runtime's bodies with those emptied that are not in `needed`. */
export function prune(runtime: Module, needed: ReadonlySet<number>): readonly Uint8Array[] {
  const imported = runtime.imports.length - runtime.imports.filter((item) => item.kind !== 0).length;
  return runtime.bodies.map((body, index) => (needed.has(index + imported) ? body : EMPTY_BODY));
}
