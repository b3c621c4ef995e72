// A module as a host sees it: the functions it exports, and how it is made ready. In: a compiled module and the imports it wants. Out: its memory
// and its instance.

import { PolicyError } from "../error.ts";
import type { CheckedLimits } from "./limits.ts";

export type Call = (...args: number[]) => number;

/** OPA's ABI, and what only our own modules have. */
export interface Exports {
  readonly memory?: WebAssembly.Memory;
  readonly eval: Call;
  readonly builtins: Call;
  readonly entrypoints: Call;
  readonly opa_malloc: Call;
  readonly opa_free: Call;
  readonly opa_value_parse: Call;
  readonly opa_json_parse: Call;
  readonly json_parse_in_place?: Call;
  readonly json_parse_moving?: Call;
  readonly opa_value_dump: Call;
  readonly opa_json_dump: Call;
  readonly opa_heap_ptr_get: Call;
  readonly opa_heap_ptr_set: Call;
  readonly opa_eval_ctx_new: Call;
  readonly opa_eval_ctx_set_input: Call;
  readonly opa_eval_ctx_set_data: Call;
  readonly opa_eval_ctx_set_entrypoint: Call;
  readonly opa_eval_ctx_get_result: Call;
  readonly opa_value_add_path: Call;
  readonly opa_value_remove_path: Call;
  readonly opa_heap_blocks_stash?: Call;
  readonly opa_heap_blocks_restore?: Call;
  readonly opa_heap_stash_clear?: Call;
  readonly failure_count?: Call;
  readonly failure_at?: Call;
  readonly fail?: Call;
  readonly fuel_set?: Call;
  readonly answer?: Call;
  readonly answer_text?: Call;
  readonly data_ready?: Call;
  readonly data_patch?: Call;
}

/** Enough for modules of ordinary size. */
const INITIAL_PAGES = 8;

/** What every module of OPA's ABI exports and every evaluation calls. */
const NEEDED = [
  "eval",
  "builtins",
  "entrypoints",
  "opa_malloc",
  "opa_json_parse",
  "opa_value_parse",
  "opa_value_dump",
  "opa_heap_ptr_get",
  "opa_heap_ptr_set",
  "opa_eval_ctx_new",
  "opa_eval_ctx_set_input",
  "opa_eval_ctx_set_data",
  "opa_eval_ctx_set_entrypoint",
  "opa_eval_ctx_get_result",
] as const satisfies readonly (keyof Exports)[];

/** The functions of an instance. Throws `bundle_error` where one is missing. */
export function exportsOf(instance: WebAssembly.Instance): Exports {
  const missing = NEEDED.find((name) => typeof instance.exports[name] !== "function");
  if (missing !== undefined)
    throw new PolicyError(
      "bundle_error",
      `the module is none of OPA's ABI: it exports no function \`${missing}\``,
    );
  return instance.exports as unknown as Exports;
}

/** The memory is the host's to make and the module's to measure: if it asks for more than it is offered, it is offered more. */
export function instantiate(
  module: WebAssembly.Module,
  limits: CheckedLimits,
  importsOf: (memory: WebAssembly.Memory) => WebAssembly.Imports,
): { readonly memory: WebAssembly.Memory; readonly instance: WebAssembly.Instance } {
  for (
    let pages = Math.min(INITIAL_PAGES, limits.memoryPages);
    ;
    pages = Math.min(pages * 4, limits.memoryPages)
  ) {
    try {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: limits.memoryPages });
      return { memory, instance: new WebAssembly.Instance(module, importsOf(memory)) };
    } catch (error) {
      if (error instanceof PolicyError) throw error;
      if (error instanceof WebAssembly.LinkError && pages < limits.memoryPages) continue;
      const why = error instanceof Error ? error.message : String(error);
      throw new PolicyError("bundle_error", `the module cannot be instantiated: ${why}`, { cause: error });
    }
  }
}
