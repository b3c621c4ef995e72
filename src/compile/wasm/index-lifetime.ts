// How long indexes of base documents hold. In: the module under construction and the table of its index sites (drawn in runtime/data-index.ts).
// Out: bodies of the functions through which hosts load, change and give up documents, with the indexes kept in step. Any OPA host gets them: one
// that resets the heap below an index, or patches a document, loses them before anything can be overwritten. Never builds one while an evaluation
// runs, whose heap does not last.

import type { IndexSite } from "./data-index.ts";
import type { Code } from "./instruction.ts";
import type { Statics } from "./statics.ts";

export interface IndexLifetime {
  readonly statics: Statics;
  runtime(name: string): number;
  /** Global: an evaluation runs. */
  readonly busy: number;
}

/** The sites as the runtime reads them: the address of their number, cells, paths and places. */
export function indexTable(statics: Statics, sites: readonly IndexSite[]): number {
  const rows = sites.flatMap(({ cell, path, places }) => [
    cell,
    statics.array(path.map((key) => statics.string(key))),
    places,
  ]);
  return statics.words([sites.length, ...rows]);
}

/** Of a function that takes a text's address and length and gives a document: the first one since the last reset is the data. */
export function parseBody(code: Code, module: IndexLifetime, table: number, parse: number): void {
  const document = code.local();
  code.get(0);
  code.get(1);
  code.call(parse);
  code.set(document);
  code.globalGet(module.busy);
  code.eqz();
  code.if();
  code.i32(table);
  code.get(document);
  code.call(module.runtime("indexes_first"));
  code.end();
  code.get(document);
}

/** `opa_heap_ptr_set(address)`. No evaluation runs when a host calls it. */
export function heapSetBody(code: Code, module: IndexLifetime, table: number): void {
  code.get(0);
  code.call(module.runtime("opa_heap_ptr_set"));
  code.i32(0);
  code.globalSet(module.busy);
  code.i32(table);
  code.get(0);
  code.call(module.runtime("indexes_below"));
}

/** Of OPA's functions that change a document: it may hold one value at several places, of which only one is known. */
export function patchBody(
  code: Code,
  module: IndexLifetime,
  table: number,
  patch: string,
  params: number,
): void {
  code.i32(table);
  code.call(module.runtime("indexes_forget"));
  for (let param = 0; param < params; param++) code.get(param);
  code.call(module.runtime(patch));
}

/** A function of the runtime that is told the table before all else. */
export function tabledBody(
  code: Code,
  module: IndexLifetime,
  table: number,
  name: string,
  params: number,
): void {
  code.i32(table);
  for (let param = 0; param < params; param++) code.get(param);
  code.call(module.runtime(name));
}
