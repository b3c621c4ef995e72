// The evaluation context of OPA's ABI, and what every evaluation resets when it starts. A context is four words:
//
//   0: input   4: data   8: entrypoint   12: result
import { cache_reset } from "./cache";
import { alloc, evaluation_begin, zero } from "./memory";
import { failure_reset } from "./failure";
import { dump_reset } from "./json-dump";

export function opa_eval_ctx_new(): usize {
  const context = alloc(16);
  zero(context, 16);
  return context;
}
export function opa_eval_ctx_set_input(context: usize, value: usize): void {
  store<u32>(context, <u32>value);
}
export function opa_eval_ctx_set_data(context: usize, value: usize): void {
  store<u32>(context, <u32>value, 4);
}
export function opa_eval_ctx_set_entrypoint(context: usize, entrypoint: i32): void {
  store<i32>(context, entrypoint, 8);
}
export function opa_eval_ctx_get_result(context: usize): usize {
  return load<u32>(context, 12);
}

/** Forgets what an earlier evaluation left (an abort leaves through an exception and cleans up nothing). */
export function eval_reset(): void {
  evaluation_begin();
  failure_reset();
  dump_reset();
  cache_reset();
}
