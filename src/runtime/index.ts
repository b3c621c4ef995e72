// The exports of the Wasm module, nothing else.
export { heap_base, opa_malloc, opa_free, opa_heap_ptr_get, opa_heap_ptr_set, opa_heap_blocks_stash, opa_heap_blocks_restore, opa_heap_stash_clear } from "./memory";
export { number_int } from "./value";
export { number_at } from "./number";
export { value_equal, value_compare, value_hash } from "./compare";
export { array_new, array_append } from "./array";
export { object_new, object_insert, object_insert_once, object_merge } from "./object";
export { set_new, set_add } from "./set";
export {
  data_get, opa_value_add_path, opa_value_free, opa_value_remove_path, scan_key, scan_open, scan_value, value_get, value_length, value_member, with_put,
} from "./access";
export { json_parse_cells, json_parse_in_place, json_parse_moving, opa_json_parse, opa_value_parse } from "./json-parse";
export { opa_json_dump, opa_value_dump } from "./json-dump";
export { trie_find, trie_find_end } from "./trie";
export { index_first, index_mix, index_next, indexes_below, indexes_first, indexes_forget, indexes_ready, patch_indexed } from "./data-index";
export { data_patch } from "./data-patch";
export { rego_text } from "./rego-dump";
export { fail, failure_at, failure_clear, failure_count, failure_message, failure_note, failure_pending } from "./failure";
export { memo_get, memo_init, memo_pop, memo_push, memo_set } from "./memo";
export { mapping_init, mapping_lookup } from "./mapping";
export { abort_at } from "./abort";
export {
  eval_reset, opa_eval_ctx_get_result, opa_eval_ctx_new, opa_eval_ctx_set_data, opa_eval_ctx_set_entrypoint, opa_eval_ctx_set_input,
} from "./context";
export { host_builtin0, host_builtin1, host_builtin2, host_builtin3, host_builtin4 } from "./trampolines";
export * from "./builtins/aggregates";
export * from "./builtins/arithmetic";
export * from "./builtins/arrays";
export * from "./builtins/bits";
export * from "./builtins/comparison";
export * from "./builtins/conversions";
export * from "./builtins/graph";
export * from "./builtins/numbers";
export * from "./builtins/objects";
export * from "./builtins/sets";
export * from "./builtins/types";
export * from "./builtins/strings";
export { builtin_sprintf } from "./builtins/sprintf";
export * from "./builtins/encoding";
export * from "./builtins/json";
export * from "./builtins/patches";
export * from "./builtins/semver";
export * from "./builtins/template";
export * from "./builtins/units";
export * from "./builtins/net";
export * from "./builtins/regex";
export * from "./builtins/glob";
export * from "./builtins/globs";
export * from "./builtins/crypto";
export * from "./builtins/uuid";
export * from "./builtins/time";
export * from "./builtins/duration";
export * from "./builtins/uri";
export * from "./builtins/tokens";
