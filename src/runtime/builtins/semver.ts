// Bodies of semver.*: version strings in, -1, 0, 1 or a boolean out. What counts as a version is what OPA's own parser takes.
import { TAG_STRING } from "../abi";
import { bytes_compare } from "../compare";
import { go_quoted } from "../quote";
import { boolean, number_int, tag, word_a, word_n } from "../value";
import { builtin_error_about, is_string } from "./operand";

let integer_ok: bool = false;
let major: i64 = 0;
let minor: i64 = 0;
let patch: i64 = 0;
let release: usize = 0;
let release_length: i32 = 0;

function find(at: usize, length: i32, byte: u8): i32 {
  for (let i = 0; i < length; i++) if (load<u8>(at + i) == byte) return i;
  return -1;
}

/** Dot-separated runs of letters, digits and hyphens, none empty. */
function is_identifiers(at: usize, length: i32): bool {
  let run = 0;
  for (let i = 0; i < length; i++) {
    const c = <i32>load<u8>(at + i);
    const lower = c | 0x20;
    if (c == 0x2e) {
      if (run == 0) return false;
      run = 0;
    } else if (c == 0x2d || (c >= 0x30 && c <= 0x39) || (c < 0x80 && lower >= 0x61 && lower <= 0x7a)) {
      run++;
    } else {
      return false;
    }
  }
  return run > 0;
}

/** Go's ParseInt: a sign and digits only. */
function integer(at: usize, length: i32): i64 {
  let i = length > 0 && (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d) ? 1 : 0;
  const negative = i == 1 && load<u8>(at) == 0x2d;
  integer_ok = false;
  if (i == length) return 0;
  let n: u64 = 0;
  for (; i < length; i++) {
    const d = <u32>load<u8>(at + i) - 0x30;
    if (d > 9 || n > 922337203685477580) return 0;
    n = n * 10 + d;
  }
  if (n > 0x7fffffffffffffff && !(negative && n == 0x8000000000000000)) return 0;
  integer_ok = true;
  return negative ? <i64>(0 - n) : <i64>n;
}

/** Reads a version into the globals above. */
function read(v: usize): bool {
  let at = word_a(v);
  let n = word_n(v);
  if (n > 0 && load<u8>(at) == 0x76) {
    at++;
    n--;
  }
  const metadata = find(at, n, 0x2b);
  if (metadata >= 0) {
    if (n > metadata + 1 && !is_identifiers(at + metadata + 1, n - metadata - 1)) return false;
    n = metadata;
  }
  const hyphen = find(at, n, 0x2d);
  release_length = 0;
  if (hyphen >= 0) {
    release = at + hyphen + 1;
    release_length = n - hyphen - 1;
    if (release_length > 0 && !is_identifiers(release, release_length)) return false;
    n = hyphen;
  }
  const first = find(at, n, 0x2e);
  if (first < 0) return false;
  const rest = at + first + 1;
  const second = find(rest, n - first - 1, 0x2e);
  if (second < 0) return false;
  const last = rest + second + 1;
  const last_length = n - first - second - 2;
  if (find(last, last_length, 0x2e) >= 0) return false;
  major = integer(at, first);
  if (!integer_ok) return false;
  minor = integer(rest, second);
  if (!integer_ok) return false;
  patch = integer(last, last_length);
  return integer_ok;
}

function is_decimals(at: usize, length: i32): bool {
  for (let i = 0; i < length; i++) if (<u32>load<u8>(at + i) - 0x30 > 9) return false;
  return length > 0;
}

/** Decimals too long for an integer count as the largest, as Go's Atoi gives them. */
function decimals(at: usize, length: i32): i64 {
  const n = integer(at, length);
  return integer_ok ? n : i64.MAX_VALUE;
}

function sign(d: i64): i32 {
  return d < 0 ? -1 : d > 0 ? 1 : 0;
}

/** The order of two pre-releases that differ. */
function compare_releases(a: usize, n: i32, b: usize, m: i32): i32 {
  if (n == 0 || m == 0) return n == 0 ? (m == 0 ? 0 : 1) : -1;
  while (true) {
    let x = find(a, n, 0x2e);
    let y = find(b, m, 0x2e);
    if (x < 0) x = n;
    if (y < 0) y = m;
    if (x == 0 && y == 0) return 0;
    if (x == 0 || y == 0) return x == 0 ? -1 : 1;
    const left = is_decimals(a, x);
    const right = is_decimals(b, y);
    if (left != right) return left ? -1 : 1;
    let order = 0;
    if (left) {
      const p = decimals(a, x);
      const q = decimals(b, y);
      order = p < q ? -1 : p > q ? 1 : 0;
    } else {
      order = sign(bytes_compare(a, x, b, y));
    }
    if (order != 0) return order;
    const more = n > x + 1;
    const other = m > y + 1;
    if (more != other) return more ? 1 : -1;
    if (!more) return 0;
    a += x + 1;
    n -= x + 1;
    b += y + 1;
    m -= y + 1;
  }
}

export function builtin_semver_is_valid(v: usize): usize {
  return boolean(tag(v) == TAG_STRING && read(v));
}

export function builtin_semver_compare(a: usize, b: usize): usize {
  const name = "semver.compare";
  if (!is_string(name, 1, a) || !is_string(name, 2, b)) return 0;
  if (!read(a)) return builtin_error_about(name, "operand 1: string ", go_quoted(a), " is not a valid SemVer");
  const x = major;
  const y = minor;
  const z = patch;
  const pre = release;
  const length = release_length;
  if (!read(b)) return builtin_error_about(name, "operand 2: string ", go_quoted(b), " is not a valid SemVer");
  if (x != major) return number_int(x < major ? -1 : 1);
  if (y != minor) return number_int(y < minor ? -1 : 1);
  if (z != patch) return number_int(z < patch ? -1 : 1);
  return number_int(compare_releases(pre, length, release, release_length));
}
