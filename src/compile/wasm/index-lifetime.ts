// How long indexes of base documents hold. In: the module under construction and its index sites. Out: bodies of the functions through which
// hosts load, change and give up documents, with the indexes kept in step. Any OPA host gets them: one that resets the heap below an index,
// or patches a document, loses them before anything can be overwritten. Never builds one while an evaluation runs, whose heap does not last.

import type { IndexSite } from "./data-index.ts";
import type { Code } from "./instruction.ts";
import type { Statics } from "./statics.ts";

export interface IndexLifetime {
  readonly statics: Statics;
  runtime(name: string): number;
  /** Globals: an evaluation runs; the document that is indexed, or 0; where its indexes end. */
  readonly busy: number;
  readonly indexed: number;
  readonly indexEnd: number;
}

/** `data_ready(document)`: builds every index of it, unless they are there. */
export function dataReadyBody(code: Code, module: IndexLifetime, sites: readonly IndexSite[]): void {
  const [at, any] = [code.local(), code.local()];
  code.get(0);
  code.globalGet(module.indexed);
  code.eq();
  code.if();
  code.return();
  code.end();
  for (const { cell, path, places } of sites) {
    code.get(0);
    code.set(at);
    for (const key of path) {
      code.get(at);
      code.i32(module.statics.string(key));
      code.call(module.runtime("value_get"));
      code.set(at);
    }
    code.i32(cell);
    code.get(at);
    code.i32(places);
    code.call(module.runtime("index_build"));
    code.tee(at);
    code.store(0);
    code.get(at);
    code.if();
    code.i32(1);
    code.set(any);
    code.end();
  }
  code.get(any);
  code.if();
  code.get(0);
  code.globalSet(module.indexed);
  code.call(module.runtime("opa_heap_ptr_get"));
  code.globalSet(module.indexEnd);
  code.end();
}

/** Of a function that takes a text's address and length and gives a document: the first one since the last reset is the data. */
export function parseBody(code: Code, module: IndexLifetime, parse: number, ready: number): void {
  const document = code.local();
  code.get(0);
  code.get(1);
  code.call(parse);
  code.tee(document);
  code.if();
  code.globalGet(module.busy);
  code.eqz();
  code.if();
  code.globalGet(module.indexed);
  code.eqz();
  code.if();
  code.get(document);
  code.call(ready);
  code.end();
  code.end();
  code.end();
  code.get(document);
}

/** `opa_heap_ptr_set(address)`. No evaluation runs when a host calls it. */
export function heapSetBody(code: Code, module: IndexLifetime, forget: number): void {
  code.get(0);
  code.call(module.runtime("opa_heap_ptr_set"));
  code.i32(0);
  code.globalSet(module.busy);
  code.get(0);
  code.globalGet(module.indexEnd);
  code.ltU();
  code.if();
  code.call(forget);
  code.end();
}

/** Of a function that changes a document. */
export function patchBody(code: Code, patch: number, params: number, forget: number): void {
  code.call(forget);
  for (let param = 0; param < params; param++) code.get(param);
  code.call(patch);
}

/** There are no indexes any more. */
export function forgetBody(code: Code, module: IndexLifetime, sites: readonly IndexSite[]): void {
  for (const { cell } of sites) {
    code.i32(cell);
    code.i32(0);
    code.store(0);
  }
  code.i32(0);
  code.globalSet(module.indexed);
  code.i32(0);
  code.globalSet(module.indexEnd);
}
