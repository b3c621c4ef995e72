// How builtins fail: texts as OPA words them, with the builtin's name in front. Every function records the failure and returns 0, so that
// a body can `return operand_error(…)`.
import { ERROR_BUILTIN, ERROR_TYPE, TAG_ARRAY, TAG_NUMBER, TAG_OBJECT, TAG_SET, TAG_STRING } from "../abi";
import { buffer_open, buffer_string, put_byte, put_i64, put_string, put_text } from "../buffer";
import { fail } from "../failure";
import { int64_of, int64_ok } from "../number";
import { tag, type_name } from "../value";

function open(name: string): usize {
  const saved = buffer_open(96);
  put_text(name);
  put_text(": ");
  return saved;
}

/** `name: operand N must be EXPECTED but got TYPE` */
export function operand_error(name: string, position: i32, v: usize, expected: string): usize {
  const saved = open(name);
  put_text("operand ");
  put_i64(position);
  put_text(" must be ");
  put_text(expected);
  put_text(" but got ");
  put_text(type_name(v));
  return fail(ERROR_TYPE, buffer_string(saved));
}

/** `name: operand N TEXT` */
export function operand_text(name: string, position: i32, text: string): usize {
  const saved = open(name);
  put_text("operand ");
  put_i64(position);
  put_byte(0x20);
  put_text(text);
  return fail(ERROR_TYPE, buffer_string(saved));
}

/** `name: operand N must be array of EXPECTEDs but got array containing TYPE` */
export function element_error(name: string, position: i32, composite: usize, element: usize, expected: string): usize {
  const saved = open(name);
  put_text("operand ");
  put_i64(position);
  put_text(" must be ");
  put_text(type_name(composite));
  put_text(" of ");
  put_text(expected);
  put_text("s but got ");
  put_text(type_name(composite));
  put_text(" containing ");
  put_text(type_name(element));
  return fail(ERROR_TYPE, buffer_string(saved));
}

/** `name: TEXT`, a failure of the builtin itself. */
export function builtin_error(name: string, text: string): usize {
  const saved = open(name);
  put_text(text);
  return fail(ERROR_BUILTIN, buffer_string(saved));
}

/** `name: TEXT`, of kind type error. */
export function type_error(name: string, text: string): usize {
  const saved = open(name);
  put_text(text);
  return fail(ERROR_TYPE, buffer_string(saved));
}

/** `name: BEFOREtextAFTER`, with a string value in the middle. */
export function builtin_error_about(name: string, before: string, text: usize, after: string): usize {
  const saved = open(name);
  put_text(before);
  put_string(text);
  put_text(after);
  return fail(ERROR_BUILTIN, buffer_string(saved));
}

export function number_limit(name: string): usize {
  return builtin_error(name, "number too big");
}

export function is_string(name: string, position: i32, v: usize): bool {
  if (tag(v) == TAG_STRING) return true;
  operand_error(name, position, v, "string");
  return false;
}

export function is_number(name: string, position: i32, v: usize): bool {
  if (tag(v) == TAG_NUMBER) return true;
  operand_error(name, position, v, "number");
  return false;
}

export function is_array(name: string, position: i32, v: usize): bool {
  if (tag(v) == TAG_ARRAY) return true;
  operand_error(name, position, v, "array");
  return false;
}

export function is_object(name: string, position: i32, v: usize): bool {
  if (tag(v) == TAG_OBJECT) return true;
  operand_error(name, position, v, "object");
  return false;
}

export function is_set(name: string, position: i32, v: usize): bool {
  if (tag(v) == TAG_SET) return true;
  operand_error(name, position, v, "set");
  return false;
}

/** What `is_int_operand` read. */
export let int_operand: i64 = 0;

/** An integer as OPA's IntOperand takes it; the value goes to int_operand. */
export function is_int_operand(name: string, position: i32, v: usize): bool {
  if (!is_number(name, position, v)) return false;
  int_operand = int64_of(v);
  if (int64_ok) return true;
  operand_text(name, position, "must be integer number but got floating-point number");
  return false;
}

/** Starts `name: `, for texts that a body writes itself; end with `builtin_error_close`. */
export function builtin_error_open(name: string): usize {
  return open(name);
}

export function builtin_error_close(saved: usize): usize {
  return fail(ERROR_BUILTIN, buffer_string(saved));
}

/** Starts `name: operand N `, for texts that a body writes itself; end with `operand_close`. */
export function operand_open(name: string, position: i32): usize {
  const saved = open(name);
  put_text("operand ");
  put_i64(position);
  put_byte(0x20);
  return saved;
}

export function operand_close(saved: usize): usize {
  return fail(ERROR_TYPE, buffer_string(saved));
}
