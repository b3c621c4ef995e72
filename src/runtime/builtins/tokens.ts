// Bodies of io.jwt.decode and io.jwt.verify_hs*: JSON Web Tokens in, their parts or a truth out. Other algorithms are the host's. A failure
// of a decoder that is used here is told again in the name of the builtin that was called.
import { ERROR_BUILTIN, TAG_OBJECT, TAG_STRING } from "../abi";
import { array_append, array_new } from "../array";
import { buffer_open, buffer_string, put_bytes, put_i64, put_text } from "../buffer";
import { fail, failure_clear, failure_message, failure_pending } from "../failure";
import { digest_size, equal_bytes, hmac, SHA256, SHA384, SHA512 } from "../hash";
import { object_get } from "../object";
import { string_slice } from "../string";
import { boolean, string_of, tag, word_a, word_n } from "../value";
import { builtin_base64url_decode, builtin_hex_encode } from "./encoding";
import { builtin_json_unmarshal } from "./json";
import { builtin_error, builtin_error_open, is_string } from "./operand";

/** Nesting beyond this is an attack. */
const NESTING = 64;

let header: usize = 0;
let payload: usize = 0;
let signature: usize = 0;

function split(name: string, v: usize): bool {
  const at = word_a(v);
  const n = word_n(v);
  let found = 1;
  let first = -1;
  let second = -1;
  for (let i = 0; i < n; i++) {
    if (load<u8>(at + i) != 0x2e) continue;
    if (found == 1) first = i;
    else if (found == 2) second = i;
    found++;
  }
  if (found == 1) {
    builtin_error(name, "encoded JWT had no period separators");
    return false;
  }
  if (found != 3) {
    const saved = builtin_error_open(name);
    put_text("encoded JWT must have 3 sections, found ");
    put_i64(found);
    fail(ERROR_BUILTIN, buffer_string(saved));
    return false;
  }
  header = string_slice(v, 0, first);
  payload = string_slice(v, first + 1, second);
  signature = string_slice(v, second + 1, n);
  return true;
}

/** The pending failure without the name of the builtin it is from, told as `name: before…`. */
function retell(name: string, from: string, before: string): usize {
  const message = failure_message();
  const skip = from.length + 2;
  failure_clear();
  const saved = builtin_error_open(name);
  put_text(before);
  put_bytes(word_a(message) + <usize>skip, word_n(message) - skip);
  return fail(ERROR_BUILTIN, buffer_string(saved));
}

function decoded(name: string, part: usize, before: string): usize {
  const bytes = builtin_base64url_decode(part);
  return bytes != 0 ? bytes : retell(name, "base64url.decode", before);
}

function verified(name: string, kind: i32, token: usize, secret: usize): usize {
  if (!is_string(name, 1, token) || !is_string(name, 2, secret) || !split(name, token)) return 0;
  const given = decoded(name, signature, "");
  if (given == 0) return 0;
  const signed = <i32>(word_a(signature) - word_a(token)) - 1;
  const code = hmac(kind, word_a(secret), word_n(secret), word_a(token), signed);
  return boolean(equal_bytes(code, digest_size(kind), word_a(given), word_n(given)));
}

export function builtin_io_jwt_verify_hs256(token: usize, secret: usize): usize {
  return verified("io.jwt.verify_hs256", SHA256, token, secret);
}
export function builtin_io_jwt_verify_hs384(token: usize, secret: usize): usize {
  return verified("io.jwt.verify_hs384", SHA384, token, secret);
}
export function builtin_io_jwt_verify_hs512(token: usize, secret: usize): usize {
  return verified("io.jwt.verify_hs512", SHA512, token, secret);
}

const DECODE = "io.jwt.decode";

/** The object a JSON text is, or 0 after a failure. */
function read_object(text: usize, of_header: bool): usize {
  const value = builtin_json_unmarshal(text);
  if (failure_pending() != 0) return retell(DECODE, "json.unmarshal", of_header ? "bad JWT header: invalid JSON: " : "invalid JSON: ");
  if (value != 0 && tag(value) == TAG_OBJECT) return value;
  const saved = builtin_error_open(DECODE);
  if (of_header) put_text("bad JWT header: ");
  put_text("decoded JSON type was not an Object");
  return fail(ERROR_BUILTIN, buffer_string(saved));
}

function is_quote(c: u8): bool {
  return c == 0x22 || c == 0x27;
}

/** A nested token stands in quotes, as some makers write it. */
function unquoted(v: usize): usize {
  let from = 0;
  let to = word_n(v);
  while (from < to && is_quote(load<u8>(word_a(v) + from))) from++;
  while (to > from && is_quote(load<u8>(word_a(v) + to - 1))) to--;
  return string_slice(v, from, to);
}

function is_jwt(v: usize): bool {
  return v != 0 && tag(v) == TAG_STRING && word_n(v) == 3 && equal_bytes(word_a(v), 3, word_a(string_of("JWT")), 3);
}

export function builtin_io_jwt_decode(token: usize): usize {
  if (!is_string(DECODE, 1, token)) return 0;
  let text = token;
  for (let depth = 0; depth < NESTING; depth++) {
    if (!split(DECODE, text)) return 0;
    const head = decoded(DECODE, header, "JWT header had invalid encoding: ");
    if (head == 0) return 0;
    const fields = read_object(head, true);
    if (fields == 0) return 0;
    if (object_get(fields, string_of("enc")) != 0) return builtin_error(DECODE, "JWT is a JWE object, which is not supported");
    const content = decoded(DECODE, payload, "JWT payload had invalid encoding: ");
    if (content == 0) return 0;
    if (is_jwt(object_get(fields, string_of("cty")))) {
      text = unquoted(content);
      continue;
    }
    const claims = read_object(content, false);
    if (claims == 0) return 0;
    const sign = decoded(DECODE, signature, "JWT signature had invalid encoding: ");
    if (sign == 0) return 0;
    const parts = array_new(3);
    array_append(parts, fields);
    array_append(parts, claims);
    array_append(parts, builtin_hex_encode(sign));
    return parts;
  }
  return builtin_error(DECODE, "JWT is nested too deeply");
}
