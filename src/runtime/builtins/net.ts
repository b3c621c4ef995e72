// Bodies of net.cidr_*: address and block texts in, booleans or sets out. Error texts are OPA's (and Go's). An expansion is bounded.
import { TAG_ARRAY, TAG_OBJECT, TAG_SET, TAG_STRING } from "../abi";
import { array_append, array_at, array_new } from "../array";
import { buffer_open, buffer_string, put_byte, put_i64 } from "../buffer";
import { sort_object, sort_set } from "../compare";
import { cidr_bits, cidr_parse, ip_compare, ip_copy, ip_edge, ip_mapped, ip_next, ip_parse, ip_previous, put_ip } from "../ip";
import { alloc, copy } from "../memory";
import { object_key_at, object_value_at } from "../object";
import { set_add, set_at, set_new } from "../set";
import { boolean, number_int, tag, word_a, word_n } from "../value";
import { builtin_error, builtin_error_about, is_string } from "./operand";

let block_bits: i32 = 0;

/** First address of a block, or 0 after a failure; its prefix length goes to block_bits. OPA calls every such operand the first. */
function block(name: string, v: usize): usize {
  if (!is_string(name, 1, v)) return 0;
  const ip = cidr_parse(word_a(v), word_n(v));
  if (ip == 0) return builtin_error_about(name, "invalid CIDR address: ", v, "");
  block_bits = cidr_bits;
  return ip_edge(ip, cidr_bits, false);
}

/** Whether the block holds the address; IPv4 and mapped addresses are one family, apart from the rest of IPv6. */
function holds(first: usize, bits: i32, ip: usize): bool {
  if (ip_mapped(first) != ip_mapped(ip)) return false;
  // A block of mapped addresses is an IPv4 block, whatever stood before its last 32 bits.
  return ip_compare(ip_edge(ip, ip_mapped(first) ? max(bits, 96) : bits, false), first) == 0;
}

/** 1 or 0, or -1 after a failure. */
function contains(name: string, a: usize, b: usize): i32 {
  const first = block(name, a);
  if (first == 0) return -1;
  const bits = block_bits;
  if (!is_string(name, 1, b)) return -1;
  const ip = ip_parse(word_a(b), word_n(b));
  if (ip != 0) return holds(first, bits, ip) ? 1 : 0;
  const other = cidr_parse(word_a(b), word_n(b));
  if (other == 0) {
    builtin_error_about(name, "not a valid textual representation of an IP address or CIDR: ", b, "");
    return -1;
  }
  const low = ip_edge(other, cidr_bits, false);
  const high = ip_edge(other, cidr_bits, true);
  return holds(first, bits, low) && holds(first, bits, high) ? 1 : 0;
}

export function builtin_net_cidr_contains(a: usize, b: usize): usize {
  const answer = contains("net.cidr_contains", a, b);
  return answer < 0 ? 0 : boolean(answer != 0);
}

export function builtin_net_cidr_overlap(a: usize, b: usize): usize {
  const answer = contains("net.cidr_overlap", a, b);
  return answer < 0 ? 0 : boolean(answer != 0);
}

export function builtin_net_cidr_intersects(a: usize, b: usize): usize {
  const first = block("net.cidr_intersects", a);
  if (first == 0) return 0;
  const bits = block_bits;
  const other = block("net.cidr_intersects", b);
  if (other == 0) return 0;
  return boolean(holds(first, bits, other) || holds(other, block_bits, first));
}

export function builtin_net_cidr_is_valid(v: usize): usize {
  return boolean(tag(v) == TAG_STRING && cidr_parse(word_a(v), word_n(v)) != 0);
}

/** The i-th entry of an operand of contains_matches: a text, or an array whose first element it is; 0 after a failure. */
function entry(name: string, operand: i32, v: usize): usize {
  if (tag(v) == TAG_STRING) return v;
  if (tag(v) == TAG_ARRAY && word_n(v) > 0) return array_at(v, 0);
  return builtin_error(name, operand == 1 ? "operand 1: element must be string or non-empty array" : "operand 2: element must be string or non-empty array");
}

function entries(v: usize): i32 {
  switch (tag(v)) {
    case TAG_STRING: return 1;
    case TAG_OBJECT: sort_object(v); return word_n(v);
    case TAG_SET: sort_set(v); return word_n(v);
    case TAG_ARRAY: return word_n(v);
  }
  return 0;
}

function entry_value(v: usize, i: i32): usize {
  switch (tag(v)) {
    case TAG_OBJECT: return object_value_at(v, i);
    case TAG_SET: return set_at(v, i);
    case TAG_ARRAY: return array_at(v, i);
  }
  return v;
}

function entry_index(v: usize, i: i32): usize {
  switch (tag(v)) {
    case TAG_OBJECT: return object_key_at(v, i);
    case TAG_SET: return set_at(v, i);
    case TAG_ARRAY: return number_int(i);
  }
  return v;
}

export function builtin_net_cidr_contains_matches(a: usize, b: usize): usize {
  const name = "net.cidr_contains_matches";
  const result = set_new();
  const n = entries(a);
  const m = entries(b);
  for (let i = 0; i < n; i++) {
    const x = tag(a) == TAG_STRING ? a : entry(name, 1, entry_value(a, i));
    if (x == 0) return 0;
    for (let j = 0; j < m; j++) {
      const y = tag(b) == TAG_STRING ? b : entry(name, 2, entry_value(b, j));
      if (y == 0) return 0;
      const answer = contains(name, x, y);
      if (answer < 0) return 0;
      if (answer == 0) continue;
      const pair = array_new(2);
      array_append(pair, entry_index(a, i));
      array_append(pair, entry_index(b, j));
      set_add(result, pair);
    }
  }
  return result;
}

function ip_text(ip: usize): usize {
  const saved = buffer_open(48);
  put_ip(ip);
  return buffer_string(saved);
}

export function builtin_net_cidr_expand(v: usize): usize {
  const name = "net.cidr_expand";
  const first = block(name, v);
  if (first == 0) return 0;
  if (block_bits < 108) return builtin_error(name, "too many addresses to expand");
  const last = ip_edge(first, block_bits, true);
  const at = ip_copy(first);
  const result = set_new();
  while (true) {
    set_add(result, ip_text(at));
    if (ip_compare(at, last) == 0 || !ip_next(at)) break;
  }
  return result;
}

// Merging works on ranges of 36 bytes: first and last address, and 1 where the range is still the block that was given, whose own
// address follows in another 16 bytes with its bits in 4.
const RANGE: usize = 56;

function range_of(to: usize, ip: usize, bits: i32): void {
  copy(to, ip_edge(ip, bits, false), 16);
  copy(to + 16, ip_edge(ip, bits, true), 16);
  store<i32>(to, 1, 32);
  store<i32>(to, bits, 36);
  copy(to + 40, ip, 16);
}

/** Reads one element: a block keeps its first address, a bare IPv4 address gets the mask of its class. */
function read_range(name: string, v: usize, to: usize): bool {
  if (tag(v) != TAG_STRING) {
    builtin_error(name, "element must be string");
    return false;
  }
  const ip = ip_parse(word_a(v), word_n(v));
  if (ip == 0) {
    const base = cidr_parse(word_a(v), word_n(v));
    if (base == 0) {
      builtin_error_about(name, "invalid CIDR address: ", v, "");
      return false;
    }
    range_of(to, ip_edge(base, cidr_bits, false), cidr_bits);
    return true;
  }
  if (!ip_mapped(ip)) {
    builtin_error(name, "IPv6 invalid: needs prefix length");
    return false;
  }
  const class_byte = load<u8>(ip, 12);
  range_of(to, ip, class_byte < 0x80 ? 104 : class_byte < 0xc0 ? 112 : 120);
  return true;
}

function range_compare(a: usize, b: usize): i32 {
  const d = ip_compare(a + 16, b + 16);
  return d != 0 ? d : ip_compare(a, b);
}

function sort_ranges(ranges: usize, n: i32): void {
  const held = alloc(RANGE);
  for (let i = 1; i < n; i++) {
    copy(held, ranges + <usize>i * RANGE, RANGE);
    let j = i;
    while (j > 0 && range_compare(ranges + <usize>(j - 1) * RANGE, held) > 0) {
      copy(ranges + <usize>j * RANGE, ranges + <usize>(j - 1) * RANGE, RANGE);
      j--;
    }
    copy(ranges + <usize>j * RANGE, held, RANGE);
  }
}

function add_block(result: usize, ip: usize, bits: i32): void {
  const saved = buffer_open(64);
  put_ip(ip);
  put_byte(0x2f);
  put_i64(ip_mapped(ip) && bits >= 96 ? bits - 96 : bits);
  set_add(result, buffer_string(saved));
}

/** The fewest blocks that make up a range. */
function add_range(result: usize, first: usize, last: usize): void {
  const at = ip_copy(first);
  while (true) {
    let bits = ip_mapped(first) ? 96 : 0;
    while (ip_compare(ip_edge(at, bits, false), at) != 0 || ip_compare(ip_edge(at, bits, true), last) > 0) bits++;
    add_block(result, at, bits);
    copy(at, ip_edge(at, bits, true), 16);
    if (ip_compare(at, last) >= 0 || !ip_next(at)) break;
  }
}

export function builtin_net_cidr_merge(v: usize): usize {
  const name = "net.cidr_merge";
  const list = tag(v) == TAG_ARRAY;
  if (!list && tag(v) != TAG_SET) return builtin_error(name, "operand must be an array");
  if (!list) sort_set(v);
  let n = word_n(v);
  const ranges = alloc(<usize>n * RANGE);
  for (let i = 0; i < n; i++) if (!read_range(name, list ? array_at(v, i) : set_at(v, i), ranges + <usize>i * RANGE)) return 0;
  sort_ranges(ranges, n);
  for (let i = n - 1; i > 0; i--) {
    const here = ranges + <usize>i * RANGE;
    const before = here - RANGE;
    const previous = ip_copy(here);
    const low = ip_mapped(here) ? load<u32>(here, 12) == 0 : load<u64>(here) == 0 && load<u64>(here, 8) == 0;
    if (!low) ip_previous(previous);
    if (ip_compare(previous, before + 16) > 0) continue;
    if (ip_compare(before, here) > 0) copy(before, here, 16);
    copy(before + 16, here + 16, 16);
    store<i32>(before, 0, 32);
    for (let j = i; j < n - 1; j++) copy(ranges + <usize>j * RANGE, ranges + <usize>(j + 1) * RANGE, RANGE);
    n--;
  }
  const result = set_new();
  for (let i = 0; i < n; i++) {
    const range = ranges + <usize>i * RANGE;
    if (load<i32>(range, 32)) add_block(result, range + 40, load<i32>(range, 36));
    else add_range(result, range, range + 16);
  }
  return result;
}
