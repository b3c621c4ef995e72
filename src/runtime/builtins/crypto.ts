// Bodies of crypto.md5, sha1, sha256 and crypto.hmac.*: texts in, hexadecimal digits out.
import { STRING_ASCII } from "../abi";
import { alloc, copy, mark, release } from "../memory";
import { digest, digest_size, equal_bytes, hmac, MD5, SHA1, SHA256, SHA512 } from "../hash";
import { boolean, string_at, word_a, word_n } from "../value";
import { is_string } from "./operand";

/** Gives back what the computation allocated and keeps the digits. */
function hex(bytes: usize, n: i32, saved: usize): usize {
  const digits = alloc(<usize>n << 1);
  for (let i = 0; i < n; i++) {
    const byte = <i32>load<u8>(bytes + i);
    const high = byte >> 4;
    const low = byte & 15;
    store<u8>(digits + (<usize>i << 1), <u8>(high < 10 ? 0x30 + high : 0x57 + high));
    store<u8>(digits + (<usize>i << 1), <u8>(low < 10 ? 0x30 + low : 0x57 + low), 1);
  }
  release(saved);
  const to = alloc(<usize>n << 1);
  copy(to, digits, <usize>n << 1);
  return string_at(to, n << 1, STRING_ASCII);
}

function hashed(name: string, kind: i32, v: usize): usize {
  if (!is_string(name, 1, v)) return 0;
  const saved = mark();
  return hex(digest(kind, word_a(v), word_n(v)), digest_size(kind), saved);
}

function authenticated(name: string, kind: i32, v: usize, key: usize): usize {
  if (!is_string(name, 1, v) || !is_string(name, 2, key)) return 0;
  const saved = mark();
  return hex(hmac(kind, word_a(key), word_n(key), word_a(v), word_n(v)), digest_size(kind), saved);
}

export function builtin_crypto_md5(v: usize): usize {
  return hashed("crypto.md5", MD5, v);
}
export function builtin_crypto_sha1(v: usize): usize {
  return hashed("crypto.sha1", SHA1, v);
}
export function builtin_crypto_sha256(v: usize): usize {
  return hashed("crypto.sha256", SHA256, v);
}
export function builtin_crypto_hmac_md5(v: usize, key: usize): usize {
  return authenticated("crypto.hmac.md5", MD5, v, key);
}
export function builtin_crypto_hmac_sha1(v: usize, key: usize): usize {
  return authenticated("crypto.hmac.sha1", SHA1, v, key);
}
export function builtin_crypto_hmac_sha256(v: usize, key: usize): usize {
  return authenticated("crypto.hmac.sha256", SHA256, v, key);
}
export function builtin_crypto_hmac_sha512(v: usize, key: usize): usize {
  return authenticated("crypto.hmac.sha512", SHA512, v, key);
}
export function builtin_crypto_hmac_equal(a: usize, b: usize): usize {
  const name = "crypto.hmac.equal";
  if (!is_string(name, 1, a) || !is_string(name, 2, b)) return 0;
  return boolean(equal_bytes(word_a(a), word_n(a), word_a(b), word_n(b)));
}
