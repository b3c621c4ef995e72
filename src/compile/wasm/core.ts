// What modules have of the runtime: the core, which is in all of them under the same numbers, and what a policy needs beyond it. In: the runtime
// and the functions that are called. Out: indices of the runtime, the core's bodies with their numbers, data. Kept for the next module.

import { PolicyError } from "../../error.ts";
import { type DataSegment, type Export, type Module, usesOf } from "./decode.ts";
import * as wasm from "./encode.ts";
import { LINK_CALL, rewritten } from "./instruction.ts";
import { neededData, type Reached, reachable } from "./prune.ts";

const HEAP_BASE = "heap_base";

/** What all modules have of the runtime, under the numbers that it has in all of them; indices are those of the runtime. */
export interface Core {
  readonly always: readonly string[];
  readonly exports: ReadonlyMap<string, Export>;
  readonly heapBase: Module["globals"][number];
  readonly reached: Reached;
  readonly roots: readonly number[];
  /** In the order of their numbers. */
  readonly functions: readonly number[];
  readonly globals: readonly number[];
  readonly bodies: readonly Uint8Array[];
  readonly numbers: ReadonlyMap<number, number>;
  readonly globalNumbers: ReadonlyMap<number, number>;
}

const cores = new WeakMap<Module, Core>();

export function coreOf(runtime: Module, always: readonly string[]): Core {
  const known = cores.get(runtime);
  if (known?.always === always) return known;
  const exports = new Map(runtime.exports.map((item) => [item.name, item]));
  const roots = always.flatMap((name) => {
    const found = exports.get(name);
    return found?.kind === wasm.KIND_FUNCTION ? [found.index] : [];
  });
  const base = exports.get(HEAP_BASE);
  const heapBase = base?.kind === wasm.KIND_GLOBAL ? runtime.globals[base.index] : undefined;
  if (base === undefined || heapBase === undefined) {
    throw new PolicyError("internal_error", `the runtime exports no global \`${HEAP_BASE}\``);
  }
  const reached = reachable(runtime, roots);
  reached.globals.add(base.index);
  const functions = inOrder(reached.functions);
  const globals = inOrder(reached.globals);
  const numbers = new Map<number, number>();
  for (let index = 0; index < runtime.importedFunctions; index++) numbers.set(index, index);
  for (const index of functions) numbers.set(index, numbers.size);
  const globalNumbers = new Map(globals.map((index, number) => [index, number]));
  const bodies = functions.map((index) =>
    renumbered(runtime.bodies[index - runtime.importedFunctions]!, numbers, globalNumbers),
  );
  const core = {
    always,
    exports,
    heapBase,
    reached,
    roots,
    functions,
    globals,
    bodies,
    numbers,
    globalNumbers,
  };
  cores.set(runtime, core);
  return core;
}

/** What a module needs of the runtime beyond the core; data is that of the core, too. */
export interface Rest {
  readonly asked: string;
  readonly functions: readonly number[];
  readonly globals: readonly number[];
  readonly data: readonly DataSegment[];
}

const lastRest = new WeakMap<Core, Rest>();

/** What these functions need. The next policy often asks for what the last one did. */
export function restOf(runtime: Module, core: Core, functions: readonly number[]): Rest {
  const asked = functions.join();
  let rest = lastRest.get(core);
  if (rest?.asked !== asked) {
    const reached = reachable(runtime, functions, core.reached);
    rest = {
      asked,
      functions: inOrder(reached.functions),
      globals: inOrder(reached.globals),
      data: neededData(runtime, [...core.functions, ...reached.functions], [...core.roots, ...functions]),
    };
    lastRest.set(core, rest);
  }
  return rest;
}

function inOrder(indices: Iterable<number>): number[] {
  return [...indices].sort((a, b) => a - b);
}

/** A body of the runtime, with the numbers that functions and globals have in the module. */
export function renumbered(
  body: Uint8Array,
  functions: ReadonlyMap<number, number>,
  globals: ReadonlyMap<number, number>,
): Uint8Array {
  return rewritten(body, usesOf(body).links, (out, { kind, value }) =>
    out.u32((kind === LINK_CALL ? functions : globals).get(value) as number),
  );
}
