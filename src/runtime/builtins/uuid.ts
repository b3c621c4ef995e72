// Body of uuid.parse: a text in, an object of what the UUID says out; undefined where it is none.
import { buffer_open, buffer_string, put_byte, put_i64, put_text } from "../buffer";
import { put_hex } from "../quote";
import { alloc } from "../memory";
import { object_insert, object_new } from "../object";
import { number_int, string_of, word_a, word_n } from "../value";
import { is_string } from "./operand";

const DIGITS = 32;
/** Distance of the Gregorian reform, where UUID time begins, from 1970, in units of 100 ns. */
const EPOCH: i64 = 122192928000000000;

function digit(c: i32): i32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** The sixteen bytes, or 0. Plain, with `urn:uuid:`, in braces, or 32 digits without hyphens. */
function read(v: usize): usize {
  let at = word_a(v);
  let n = word_n(v);
  if (n == 45) {
    const prefix = "urn:uuid:";
    for (let i = 0; i < 9; i++) {
      const c = <i32>load<u8>(at + i);
      if ((c >= 0x41 && c <= 0x5a ? c | 0x20 : c) != prefix.charCodeAt(i)) return 0;
    }
    at += 9;
    n -= 9;
  } else if (n == 38) {
    // Whatever stands at both ends of 38 characters is taken for braces, as in the library OPA uses.
    at++;
    n -= 2;
  }
  if (n != DIGITS && n != 36) return 0;
  const bytes = alloc(16);
  let out = 0;
  for (let i = 0; i < n; ) {
    if (n == 36 && (i == 8 || i == 13 || i == 18 || i == 23)) {
      if (load<u8>(at + i) != 0x2d) return 0;
      i++;
      continue;
    }
    const high = digit(<i32>load<u8>(at + i));
    const low = digit(<i32>load<u8>(at + i, 1));
    if (high < 0 || low < 0) return 0;
    store<u8>(bytes + out, <u8>(high << 4 | low));
    out++;
    i += 2;
  }
  return bytes;
}

function variant(byte: i32): string {
  if ((byte & 0xc0) == 0x80) return "RFC4122";
  if ((byte & 0xe0) == 0xc0) return "Microsoft";
  return (byte & 0xe0) == 0xe0 ? "Future" : "Reserved";
}

function put(object: usize, key: string, value: usize): void {
  object_insert(object, string_of(key), value);
}

function big(at: usize): u32 {
  return bswap<u32>(load<u32>(at));
}
function big16(at: usize): i32 {
  return <i32>load<u8>(at) << 8 | <i32>load<u8>(at, 1);
}

export function builtin_uuid_parse(v: usize): usize {
  if (!is_string("uuid.parse", 1, v)) return 0;
  const bytes = read(v);
  if (bytes == 0) return 0;
  const object = object_new();
  const version = <i32>load<u8>(bytes, 6) >> 4;
  put(object, "version", number_int(version));
  put(object, "variant", string_of(variant(<i32>load<u8>(bytes, 8))));
  if (version == 1 || version == 2) put_time(object, bytes);
  if (version == 2) put_domain(object, bytes);
  return object;
}

function put_time(object: usize, bytes: usize): void {
  const time = <i64>big(bytes) | (<i64>big16(bytes + 4) << 32) | (<i64>(big16(bytes + 6) & 0xfff) << 48);
  put(object, "time", number_int((time - EPOCH) * 100));
  const saved = buffer_open(24);
  for (let i = 10; i < 16; i++) {
    if (i > 10) put_byte(0x2d);
    put_hex(<u32>load<u8>(bytes + i), 2);
  }
  put(object, "nodeid", buffer_string(saved));
  const kind = <i32>load<u8>(bytes, 10);
  const variables = buffer_open(24);
  put_text((kind & 2) != 0 ? "local:" : "global:");
  put_text((kind & 1) != 0 ? "multicast" : "unicast");
  put(object, "macvariables", buffer_string(variables));
  put(object, "clocksequence", number_int(big16(bytes + 8) & 0x3fff));
}

function put_domain(object: usize, bytes: usize): void {
  put(object, "id", number_int(<i64>big(bytes)));
  const domain = <i32>load<u8>(bytes, 9);
  const saved = buffer_open(16);
  if (domain == 0) put_text("Person");
  else if (domain == 1) put_text("Group");
  else if (domain == 2) put_text("Org");
  else {
    put_text("Domain");
    put_i64(domain);
  }
  put(object, "domain", buffer_string(saved));
}
