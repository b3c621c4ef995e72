// Values to Rego text, as OPA's `String()` of a term prints it (strings quoted as Go does). In goes a value, out comes text in the current
// buffer or a string box.
import { TAG_ARRAY, TAG_BOOLEAN, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "./abi";
import { array_at } from "./array";
import { buffer_open, buffer_string, put_byte, put_text } from "./buffer";
import { sort_object, sort_set } from "./compare";
import { put_number } from "./json-dump";
import { object_key_at, object_value_at } from "./object";
import { put_quoted } from "./quote";
import { set_at } from "./set";
import { tag, word_a, word_n } from "./value";

export function put_rego(v: usize): void {
  switch (tag(v)) {
    case TAG_BOOLEAN: put_text(word_n(v) ? "true" : "false"); return;
    case TAG_NUMBER: put_number(v); return;
    case TAG_STRING: put_quoted(word_a(v), word_n(v), false); return;
    case TAG_ARRAY: put_rego_array(v); return;
    case TAG_OBJECT: put_rego_object(v); return;
    case TAG_SET: put_rego_set(v); return;
  }
  put_text("null");
}

function put_rego_array(v: usize): void {
  const n = word_n(v);
  put_byte(0x5b);
  for (let i = 0; i < n; i++) {
    if (i > 0) put_text(", ");
    put_rego(array_at(v, i));
  }
  put_byte(0x5d);
}

function put_rego_object(v: usize): void {
  sort_object(v);
  const n = word_n(v);
  put_byte(0x7b);
  for (let i = 0; i < n; i++) {
    if (i > 0) put_text(", ");
    put_rego(object_key_at(v, i));
    put_text(": ");
    put_rego(object_value_at(v, i));
  }
  put_byte(0x7d);
}

function put_rego_set(v: usize): void {
  sort_set(v);
  const n = word_n(v);
  if (n == 0) {
    put_text("set()");
    return;
  }
  put_byte(0x7b);
  for (let i = 0; i < n; i++) {
    if (i > 0) put_text(", ");
    put_rego(set_at(v, i));
  }
  put_byte(0x7d);
}

/** The Rego text of a value as a string box. */
export function rego_text(v: usize): usize {
  const saved = buffer_open(64);
  put_rego(v);
  return buffer_string(saved);
}
