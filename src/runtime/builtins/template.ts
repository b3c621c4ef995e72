// Body of internal.template_string: an array of parts in, the joined string out. Strings and scalars stand for themselves; a set holds the
// outcome of an expression: none is `<undefined>`, more than one is a conflict.
import { ERROR_CONFLICT, ERROR_INTERNAL, TAG_ARRAY, TAG_OBJECT, TAG_SET, TAG_STRING } from "../abi";
import { array_at } from "../array";
import { buffer_open, buffer_restore, buffer_string, put_string, put_text } from "../buffer";
import { fail } from "../failure";
import { put_rego } from "../rego-dump";
import { set_at } from "../set";
import { string_of, tag, type_name, word_n } from "../value";
import { is_array } from "./operand";

function put_part(v: usize): void {
  if (tag(v) == TAG_STRING) put_string(v);
  else put_rego(v);
}

export function builtin_internal_template_string(parts: usize): usize {
  if (!is_array("internal.template_string", 1, parts)) return 0;
  const saved = buffer_open(64);
  for (let i = 0; i < word_n(parts); i++) {
    const part = array_at(parts, i);
    if (tag(part) == TAG_ARRAY || tag(part) == TAG_OBJECT) {
      buffer_restore(saved);
      const text = buffer_open(48);
      put_text("illegal argument type: ");
      put_text(type_name(part));
      return fail(ERROR_INTERNAL, buffer_string(text));
    }
    if (tag(part) != TAG_SET) {
      put_part(part);
    } else if (word_n(part) == 0) {
      put_text("<undefined>");
    } else if (word_n(part) == 1) {
      put_part(set_at(part, 0));
    } else {
      buffer_restore(saved);
      return fail(ERROR_CONFLICT, string_of("template-strings must not produce multiple outputs"));
    }
  }
  return buffer_string(saved);
}
