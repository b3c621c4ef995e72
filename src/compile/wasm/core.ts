// What modules have of the runtime: the core, which is in all of them under the same numbers, and what a policy needs beyond it. In: the runtime
// and the functions that are called. Out: indices of the runtime, the core's bodies with their numbers, data. Kept for the next module.

import { PolicyError } from "../../error.ts";
import { type DataSegment, type Export, type Import, type Module, usesOf } from "./decode.ts";
import * as wasm from "./encode.ts";
import { LINK_CALL, rewritten } from "./instruction.ts";
import { neededData, type Reached, reachable } from "./prune.ts";

const HEAP_BASE = "heap_base";

/** What all modules have of the runtime, under the numbers that it has in all that have the same imports; indices are those of the runtime. */
export interface Core {
  readonly exports: ReadonlyMap<string, Export>;
  readonly imports: readonly Import[];
  readonly importedFunctions: number;
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

const exported = new WeakMap<Module, ReadonlyMap<string, Export>>();

/** What the runtime exports, by name. */
export function exportsOf(runtime: Module): ReadonlyMap<string, Export> {
  let exports = exported.get(runtime);
  if (exports === undefined)
    exported.set(runtime, (exports = new Map(runtime.exports.map((item) => [item.name, item]))));
  return exports;
}

export function isFunction(item: Export | undefined): item is Export {
  return item?.kind === wasm.KIND_FUNCTION;
}

const cores = new WeakMap<Module, Map<string, Core>>();

/** `always`: exports that every module needs, the same in each call; `imports`: functions that this one imports. */
export function coreOf(runtime: Module, always: readonly string[], imports: ReadonlySet<string>): Core {
  const key = [...imports].sort().join();
  const known = cores.get(runtime) ?? new Map<string, Core>();
  cores.set(runtime, known);
  let core = known.get(key);
  if (core === undefined) known.set(key, (core = makeCore(runtime, always, imports)));
  return core;
}

function makeCore(runtime: Module, always: readonly string[], names: ReadonlySet<string>): Core {
  const exports = exportsOf(runtime);
  const roots = always.flatMap((name) => {
    const found = exports.get(name);
    return isFunction(found) ? [found.index] : [];
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
  const imports = runtime.imports.filter((item) => item.kind !== wasm.KIND_FUNCTION || names.has(item.name));
  runtime.imports
    .filter((item) => item.kind === wasm.KIND_FUNCTION)
    .forEach((item, index) => {
      if (names.has(item.name)) numbers.set(index, numbers.size);
    });
  const importedFunctions = numbers.size;
  for (const index of functions) numbers.set(index, numbers.size);
  const globalNumbers = new Map(globals.map((index, number) => [index, number]));
  const bodies = functions.map((index) =>
    renumbered(runtime.bodies[index - runtime.importedFunctions]!, numbers, globalNumbers),
  );
  return {
    exports,
    imports,
    importedFunctions,
    heapBase,
    reached,
    roots,
    functions,
    globals,
    bodies,
    numbers,
    globalNumbers,
  };
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
  return rewritten(body, usesOf(body).links, (out, { kind, value }) => {
    const number = (kind === LINK_CALL ? functions : globals).get(value);
    if (number === undefined)
      throw new PolicyError("internal_error", "the runtime calls an import that the module has not");
    out.u32(number);
  });
}
