// URLs as Go's net/url parses them. In go bytes, out come the parts as string boxes in the exported variables (0 or empty: none), or false
// after a failure in the name of the builtin. Percent escapes stand for bytes.
import { buffer_open, buffer_string, put_byte, put_bytes, put_text } from "./buffer";
import { builtin_error_close, builtin_error_open } from "./builtins/operand";
import { bytes_equal } from "./compare";
import { ip_parse } from "./ip";
import { put_quoted } from "./quote";
import { string_empty } from "./string";
import { string_copy, word_a, word_n } from "./value";

export let url_scheme: usize = 0;
export let url_hostname: usize = 0;
export let url_port: usize = 0;
export let url_path: usize = 0;
/** The path as it was written. */
export let url_raw_path: usize = 0;
export let url_raw_query: usize = 0;
export let url_fragment: usize = 0;

const PATH = 0;
const HOST = 1;
const ZONE = 2;
const USER = 3;
const FRAGMENT = 4;

let name: string = "";
// The text that complaints show.
let shown: usize = 0;
let shown_length: i32 = 0;

function open(): usize {
  const saved = builtin_error_open(name);
  put_text("parse ");
  put_quoted(shown, shown_length, false);
  put_text(": ");
  return saved;
}

function complain(message: string): bool {
  const saved = open();
  put_text(message);
  builtin_error_close(saved);
  return false;
}

function complain_about(before: string, at: usize, n: i32, after: string): bool {
  const saved = open();
  put_text(before);
  put_quoted(at, n, false);
  put_text(after);
  builtin_error_close(saved);
  return false;
}

function is_letter(c: i32): bool {
  return (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a && c < 0x80;
}

function is_digit(c: i32): bool {
  return c >= 0x30 && c <= 0x39;
}

function stands_in(c: i32, text: string): bool {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) == c) return true;
  return false;
}

/** Whether a part leaves the byte unescaped. */
function is_plain(c: i32, part: i32): bool {
  if (c >= 0x80) return false;
  if (is_letter(c) || is_digit(c) || stands_in(c, "-_.~")) return true;
  if (part == PATH) return stands_in(c, "$&+,/:;=@");
  if (part == USER) return stands_in(c, "$&+,;=");
  return part == FRAGMENT ? stands_in(c, "$&+,/:;=?@!()*") : stands_in(c, "!$&'()*+,;=:[]<>\"");
}

function unhex(at: usize, i: i32, n: i32): i32 {
  if (i >= n) return -1;
  const c = <i32>load<u8>(at + i);
  if (is_digit(c)) return c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 && c < 0x80 ? letter - 0x57 : -1;
}

/** The text without its escapes, or 0 after a complaint. */
function unescaped(at: usize, n: i32, part: i32): usize {
  const host = part == HOST || part == ZONE;
  const saved = buffer_open(<usize>n + 8);
  for (let i = 0; i < n; i++) {
    const c = <i32>load<u8>(at + i);
    if (c != 0x25) {
      if (host && c < 0x80 && !is_plain(c, part)) {
        buffer_string(saved);
        complain_about("invalid character ", at + i, 1, " in host name");
        return 0;
      }
      put_byte(c);
      continue;
    }
    const high = unhex(at, i + 1, n);
    const low = unhex(at, i + 2, n);
    const byte = high << 4 | low;
    const percent = byte == 0x25;
    let good = high >= 0 && low >= 0;
    if (good && part == HOST && byte < 0x80 && !percent) good = false;
    if (good && part == ZONE && !percent && byte != 0x20 && !is_plain(byte, HOST)) good = false;
    if (!good) {
      buffer_string(saved);
      complain_about("invalid URL escape ", at + i, min(3, n - i), "");
      return 0;
    }
    put_byte(byte);
    i += 2;
  }
  return buffer_string(saved);
}

/** The first place of a byte, or `n`. */
function index(at: usize, n: i32, c: i32): i32 {
  for (let i = 0; i < n; i++) if (<i32>load<u8>(at + i) == c) return i;
  return n;
}

/** The last place of a byte, or -1. */
function last_index(at: usize, n: i32, c: i32): i32 {
  for (let i = n - 1; i >= 0; i--) if (<i32>load<u8>(at + i) == c) return i;
  return -1;
}

/** Go's url.Parse. */
export function url_parse(builtin: string, text: usize): bool {
  name = builtin;
  const at = word_a(text);
  const n = word_n(text);
  url_scheme = 0;
  url_hostname = 0;
  url_port = 0;
  url_path = 0;
  url_raw_path = 0;
  url_raw_query = 0;
  url_fragment = 0;
  const hash = index(at, n, 0x23);
  shown = at;
  shown_length = hash;
  if (!parse_before(at, hash)) return false;
  if (hash == n) return true;
  shown_length = n;
  url_fragment = unescaped(at + hash + 1, n - hash - 1, FRAGMENT);
  return url_fragment != 0;
}

/** Length of the scheme at the beginning, 0 for none, -1 where only its colon stands. */
function scheme_length(at: usize, n: i32): i32 {
  for (let i = 0; i < n; i++) {
    const c = <i32>load<u8>(at + i);
    if (c == 0x3a) return i == 0 ? -1 : i;
    if (is_letter(c)) continue;
    if (i == 0 || !(is_digit(c) || c == 0x2b || c == 0x2d || c == 0x2e)) return 0;
  }
  return 0;
}

function parse_before(start: usize, length: i32): bool {
  let at = start;
  let n = length;
  for (let i = 0; i < n; i++) {
    const c = load<u8>(at + i);
    if (c < 0x20 || c == 0x7f) return complain("net/url: invalid control character in URL");
  }
  if (n == 1 && load<u8>(at) == 0x2a) {
    url_path = string_copy(at, 1, 0);
    url_raw_path = url_path;
    return true;
  }
  const scheme = scheme_length(at, n);
  if (scheme < 0) return complain("missing protocol scheme");
  if (scheme > 0) {
    url_scheme = string_copy(at, scheme, 0);
    const to = word_a(url_scheme);
    for (let i = 0; i < scheme; i++) if (is_letter(<i32>load<u8>(to + i))) store<u8>(to + i, load<u8>(to + i) | 0x20);
    at += <usize>scheme + 1;
    n -= scheme + 1;
  }
  const question = index(at, n, 0x3f);
  if (question < n) url_raw_query = string_copy(at + question + 1, n - question - 1, 0);
  n = question;
  if (n == 0 || load<u8>(at) != 0x2f) {
    if (scheme > 0) return true;
    if (index(at, index(at, n, 0x2f), 0x3a) < index(at, n, 0x2f)) return complain("first path segment in URL cannot contain colon");
  }
  const slashes = leading_slashes(at, n);
  if (slashes >= 2 && (scheme > 0 || slashes < 3)) {
    const size = index(at + 2, n - 2, 0x2f);
    if (!parse_authority(at + 2, size)) return false;
    at += 2 + <usize>size;
    n -= 2 + size;
  }
  return set_path(at, n);
}

function leading_slashes(at: usize, n: i32): i32 {
  let i = 0;
  while (i < n && i < 3 && load<u8>(at + i) == 0x2f) i++;
  return i;
}

function set_path(at: usize, n: i32): bool {
  url_path = unescaped(at, n, PATH);
  if (url_path == 0) return false;
  url_raw_path = string_copy(at, n, 0);
  return true;
}

/** Whether escaping the decoded path gives back what was written. */
export function path_is_canonical(): bool {
  const at = word_a(url_path);
  const saved = buffer_open(<usize>word_n(url_path) + 16);
  for (let i = 0; i < word_n(url_path); i++) {
    const c = <i32>load<u8>(at + i);
    if (is_plain(c, PATH)) put_byte(c);
    else {
      put_byte(0x25);
      put_byte(hex_digit(c >> 4));
      put_byte(hex_digit(c & 15));
    }
  }
  const again = buffer_string(saved);
  return word_n(again) == word_n(url_raw_path) && bytes_equal(word_a(again), word_a(url_raw_path), word_n(again));
}

function hex_digit(d: i32): i32 {
  return d < 10 ? 0x30 + d : 0x37 + d;
}

function parse_authority(at: usize, n: i32): bool {
  const sign = last_index(at, n, 0x40);
  if (!parse_host(at + <usize>(sign + 1), n - sign - 1)) return false;
  if (sign < 0) return true;
  for (let i = 0; i < sign; i++) {
    const c = <i32>load<u8>(at + i);
    if (!is_letter(c) && !is_digit(c) && !stands_in(c, "-._:~!$&'()*+,;=%@")) return complain("net/url: invalid userinfo");
  }
  return unescaped(at, sign, USER) != 0;
}

/** `:` and digits, or nothing. */
function check_port(at: usize, n: i32): bool {
  if (n == 0) return true;
  let good = load<u8>(at) == 0x3a;
  for (let i = 1; i < n; i++) if (!is_digit(<i32>load<u8>(at + i))) good = false;
  return good || complain_about("invalid port ", at, n, " after host");
}

function is_http(): bool {
  if (url_scheme == 0) return false;
  const at = word_a(url_scheme);
  const n = word_n(url_scheme);
  return (n == 4 || (n == 5 && load<u8>(at, 4) == 0x73)) && load<u32>(at) == 0x70747468;
}

function parse_host(at: usize, n: i32): bool {
  const bracket = last_index(at, n, 0x5b);
  if (bracket > 0) return complain("invalid IP-literal");
  if (bracket == 0) return parse_literal(at, n);
  const first = index(at, n, 0x3a);
  if (first < n) {
    // Several colons are tolerated outside of HTTP, where databases list hosts like that.
    const from = is_http() ? first : last_index(at, n, 0x3a);
    if (!check_port(at + <usize>from, n - from)) return false;
  }
  const host = unescaped(at, n, HOST);
  if (host == 0) return false;
  split_host(word_a(host), word_n(host));
  return true;
}

function parse_literal(at: usize, n: i32): bool {
  const close = last_index(at, n, 0x5d);
  if (close < 0) return complain("missing ']' in host");
  if (!check_port(at + <usize>close + 1, n - close - 1)) return false;
  const inner = at + 1;
  const size = close - 1;
  let zone = 0;
  while (zone < size && !(zone + 2 < size && load<u8>(inner + zone) == 0x25 && load<u8>(inner + zone, 1) == 0x32 && load<u8>(inner + zone, 2) == 0x35)) zone++;
  const address = unescaped(inner, zone, HOST);
  if (address == 0) return false;
  const suffix = zone < size ? unescaped(inner + zone, size - zone, ZONE) : string_empty();
  if (suffix == 0) return false;
  const text = buffer_open(64);
  put_bytes(word_a(address), word_n(address));
  put_bytes(word_a(suffix), word_n(suffix));
  const whole = buffer_string(text);
  if (ip_parse(word_a(address), word_n(address)) == 0 || (zone < size && word_n(suffix) == 1)) {
    const saved = open();
    put_text("invalid host: ParseAddr(");
    put_quoted(word_a(whole), word_n(whole), false);
    put_text("): unable to parse IP");
    builtin_error_close(saved);
    return false;
  }
  if (index(word_a(address), word_n(address), 0x3a) == word_n(address)) return complain("invalid IP-literal");
  const host = buffer_open(80);
  put_byte(0x5b);
  put_bytes(word_a(whole), word_n(whole));
  put_byte(0x5d);
  put_bytes(at + <usize>close + 1, n - close - 1);
  const joined = buffer_string(host);
  split_host(word_a(joined), word_n(joined));
  return true;
}

/** Host without port and brackets, and the port. */
function split_host(at: usize, n: i32): void {
  const colon = last_index(at, n, 0x3a);
  let has_port = colon >= 0;
  for (let i = colon + 1; has_port && i < n; i++) if (!is_digit(<i32>load<u8>(at + i))) has_port = false;
  let from = at;
  let size = has_port ? colon : n;
  if (has_port) url_port = string_copy(at + <usize>colon + 1, n - colon - 1, 0);
  if (size >= 2 && load<u8>(from) == 0x5b && load<u8>(from + size - 1) == 0x5d) {
    from++;
    size -= 2;
  }
  url_hostname = string_copy(from, size, 0);
}
