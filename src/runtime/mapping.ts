// Data path to function number, for CallDynamicStmt. `mapping_init` reads a JSON text of nested objects whose leaves are numbers; it is
// called while the module starts, so that the tree outlives every evaluation.
import { TAG_NUMBER, TAG_OBJECT } from "./abi";
import { array_at } from "./array";
import { opa_json_parse } from "./json-parse";
import { int_value } from "./number";
import { object_get } from "./object";
import { tag, word_n } from "./value";

let root: usize = 0;

export function mapping_init(text: usize, length: i32): void {
  root = opa_json_parse(text, <usize>length);
}

/** The number at `path` (an array box of strings), or -1 if no function hangs exactly there. */
export function mapping_lookup(path: usize): i32 {
  let at = root;
  const n = word_n(path);
  for (let i = 0; i < n; i++) {
    if (at == 0 || tag(at) != TAG_OBJECT) return -1;
    at = object_get(at, array_at(path, i));
  }
  return at != 0 && tag(at) == TAG_NUMBER ? <i32>int_value(at) : -1;
}
