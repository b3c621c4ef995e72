// Bodies of json.marshal, json.unmarshal, json.is_valid and json.marshal_with_options: values to text and back, error texts as OPA's.
import { TAG_ARRAY, TAG_BOOLEAN, TAG_OBJECT, TAG_SET, TAG_STRING } from "../abi";
import { array_at } from "../array";
import { buffer_open, buffer_string, put_byte, put_bytes, put_string, put_text } from "../buffer";
import { sort_object, sort_set } from "../compare";
import { json_error, json_rest } from "../json-error";
import { json_string, put_json, put_json_string, text_keys } from "../json-dump";
import { json_parse_in_place } from "../json-parse";
import { object_key_at, object_value_at } from "../object";
import { put_rego } from "../rego-dump";
import { set_at } from "../set";
import { boolean, string_of, tag, type_name, word_a, word_n } from "../value";
import { builtin_error_about, builtin_error_close, builtin_error_open, is_object, is_string, operand_close, operand_open } from "./operand";

export function builtin_json_marshal(v: usize): usize {
  return json_string(v);
}

export function builtin_json_is_valid(v: usize): usize {
  return boolean(tag(v) == TAG_STRING && json_parse_in_place(word_a(v), word_n(v)) != 0);
}

export function builtin_json_unmarshal(v: usize): usize {
  if (!is_string("json.unmarshal", 1, v)) return 0;
  const value = json_parse_in_place(word_a(v), word_n(v));
  return value != 0 ? value : refused(v);
}

/** OPA reads one value, then looks at the next token only: a `null` there, of all things, goes unnoticed. */
function refused(v: usize): usize {
  const name = "json.unmarshal";
  const wrong = json_error(word_a(v), word_n(v));
  if (wrong != 0) return builtin_error_about(name, "", wrong, "");
  const end = word_a(v) + word_n(v);
  let p = json_rest;
  while (p < end && (load<u8>(p) == 0x20 || load<u8>(p) == 0x0a || load<u8>(p) == 0x0d || load<u8>(p) == 0x09)) p++;
  const first = <i32>load<u8>(p);
  const saved = builtin_error_open(name);
  const rest = <i32>(end - p);
  if (first == 0x7b || first == 0x5b) {
    put_text("error: invalid character '");
    put_byte(first);
    put_text("' after top-level value");
    return builtin_error_close(saved);
  }
  const follows = json_error(p, rest);
  if (follows != 0) {
    put_string(follows);
    return builtin_error_close(saved);
  }
  const length = <i32>(json_rest - p);
  const token = json_parse_in_place(p, length);
  if (first == 0x6e) return json_parse_in_place(word_a(v), <usize>(p - word_a(v)));
  put_text("error: invalid character '");
  if (tag(token) == TAG_STRING) put_string(token);
  else if (tag(token) == TAG_BOOLEAN) put_text(word_n(token) ? "%!s(bool=true)" : "%!s(bool=false)");
  else put_bytes(p, length);
  put_text("' after top-level value");
  return builtin_error_close(saved);
}

let prefix: usize = 0;
let indent: usize = 0;

function put_line(depth: i32): void {
  put_byte(10);
  put_string(prefix);
  for (let i = 0; i < depth; i++) put_string(indent);
}

function put_pretty(v: usize, depth: i32): void {
  const t = tag(v);
  const n = word_n(v);
  if ((t != TAG_ARRAY && t != TAG_SET && t != TAG_OBJECT) || n == 0) {
    put_json(v);
    return;
  }
  const object = t == TAG_OBJECT ? text_keys(v) : v;
  if (t == TAG_OBJECT) sort_object(object);
  if (t == TAG_SET) sort_set(v);
  const count = word_n(object);
  put_byte(t == TAG_OBJECT ? 0x7b : 0x5b);
  for (let i = 0; i < count; i++) {
    if (i > 0) put_byte(0x2c);
    put_line(depth + 1);
    if (t == TAG_OBJECT) {
      const key = object_key_at(object, i);
      put_json_string(word_a(key), word_n(key));
      put_text(": ");
      put_pretty(object_value_at(object, i), depth + 1);
    } else {
      put_pretty(t == TAG_ARRAY ? array_at(v, i) : set_at(v, i), depth + 1);
    }
  }
  put_line(depth);
  put_byte(t == TAG_OBJECT ? 0x7d : 0x5d);
}

/** Whether a key has this name. */
function named(key: usize, name: string): bool {
  if (word_n(key) != name.length) return false;
  for (let i = 0; i < name.length; i++) if (load<u8>(word_a(key) + i) != <u8>name.charCodeAt(i)) return false;
  return true;
}

function bad_option(key: usize, before: string, after: string): usize {
  const saved = operand_open("json.marshal_with_options", 2);
  put_text(before);
  put_rego(key);
  put_text(after);
  return operand_close(saved);
}

function bad_string(key: usize, value: usize, position: i32): usize {
  const saved = operand_open("json.marshal_with_options", 2);
  put_text("key ");
  put_rego(key);
  put_text(" failed cast to string: operand ");
  put_byte(0x30 + position);
  put_text(" must be string but got ");
  put_text(type_name(value));
  return operand_close(saved);
}

export function builtin_json_marshal_with_options(v: usize, options: usize): usize {
  if (!is_object("json.marshal_with_options", 2, options)) return 0;
  prefix = string_of("");
  indent = string_of("\t");
  let asked = false;
  let explicit = false;
  let pretty = false;
  sort_object(options);
  for (let i = 0; i < word_n(options); i++) {
    const key = object_key_at(options, i);
    const value = object_value_at(options, i);
    if (tag(key) != TAG_STRING) return bad_key(key, i);
    if (named(key, "prefix") || named(key, "indent")) {
      if (tag(value) != TAG_STRING) return bad_string(key, value, i);
      if (named(key, "prefix")) prefix = value;
      else indent = value;
      asked = true;
    } else if (named(key, "pretty")) {
      if (tag(value) != TAG_BOOLEAN) return bad_option(key, "key ", " failed cast to bool");
      explicit = true;
      pretty = word_n(value) != 0;
    } else {
      return bad_option(key, "object contained unknown key ", "");
    }
  }
  if (!(explicit ? pretty : asked)) return json_string(v);
  const saved = buffer_open(256);
  put_string(prefix);
  put_pretty(v, 0);
  return buffer_string(saved);
}

function bad_key(key: usize, position: i32): usize {
  const saved = operand_open("json.marshal_with_options", 2);
  put_text("failed to stringify key ");
  put_rego(key);
  put_text(" at index ");
  put_byte(0x30 + position);
  put_text(": operand ");
  put_byte(0x30 + position);
  put_text(" must be string but got ");
  put_text(type_name(key));
  return operand_close(saved);
}
