// IP addresses and CIDR blocks as Go's net package reads and prints them. In go texts, out come 16-byte addresses (IPv4 in its mapped form)
// in scratch, or text in the current buffer. Never allocates more than an address at a time.
import { put_byte, put_i64 } from "./buffer";
import { alloc, copy, zero } from "./memory";

/** Whether the text of the last address was IPv4 (a mapped IPv6 text is not). */
export let ip_four: bool = false;

function parse_four(at: usize, length: i32, to: usize): bool {
  let octets = 0;
  let value = 0;
  let digits = 0;
  for (let i = 0; i <= length; i++) {
    const c = i < length ? <i32>load<u8>(at + i) : 0x2e;
    if (c == 0x2e) {
      if (digits == 0 || octets == 4) return false;
      store<u8>(to + octets, <u8>value);
      octets++;
      value = 0;
      digits = 0;
    } else {
      if (<u32>(c - 0x30) > 9 || (digits == 1 && value == 0)) return false;
      value = value * 10 + (c - 0x30);
      digits++;
      if (value > 255) return false;
    }
  }
  return octets == 4;
}

function hex_value(c: i32): i32 {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function parse_six(at: usize, length: i32, to: usize): bool {
  let i = 0;
  let filled = 0;
  let gap = -1;
  if (length >= 2 && load<u8>(at) == 0x3a && load<u8>(at, 1) == 0x3a) {
    gap = 0;
    i = 2;
    if (i == length) return true;
  }
  while (filled < 16) {
    let value = 0;
    const from = i;
    while (i < length && hex_value(<i32>load<u8>(at + i)) >= 0) {
      if (i - from >= 4) return false;
      value = (value << 4) | hex_value(<i32>load<u8>(at + i));
      i++;
    }
    if (i == from) return false;
    if (i < length && load<u8>(at + i) == 0x2e) {
      if ((gap < 0 && filled != 12) || filled + 4 > 16 || !parse_four(at + from, length - from, to + filled)) return false;
      i = length;
      filled += 4;
      break;
    }
    store<u8>(to + filled, <u8>(value >> 8));
    store<u8>(to + filled, <u8>value, 1);
    filled += 2;
    if (i == length) break;
    if (load<u8>(at + i) != 0x3a || i + 1 == length) return false;
    i++;
    if (load<u8>(at + i) == 0x3a) {
      if (gap >= 0) return false;
      gap = filled;
      i++;
      if (i == length) break;
    }
  }
  if (i != length) return false;
  if (filled == 16) return gap < 0;
  if (gap < 0) return false;
  const tail = filled - gap;
  for (let j = tail - 1; j >= 0; j--) store<u8>(to + 16 - tail + j, load<u8>(to + gap + j));
  zero(to + gap, 16 - tail - gap);
  return true;
}

/** The 16 bytes of an address, or 0. Zones are refused. */
export function ip_parse(at: usize, length: i32): usize {
  const to = alloc(16);
  zero(to, 16);
  ip_four = false;
  for (let i = 0; i < length; i++) {
    const c = load<u8>(at + i);
    if (c == 0x2e) {
      store<u16>(to, 0xffff, 10);
      ip_four = true;
      return parse_four(at, length, to + 12) ? to : 0;
    }
    if (c == 0x3a) break;
  }
  return parse_six(at, length, to) ? to : 0;
}

/** Whether the address is IPv4 or a mapped one: net.IP.To4. */
export function ip_mapped(ip: usize): bool {
  return load<u64>(ip) == 0 && load<u32>(ip, 8) == 0xffff0000;
}

/** Prefix length in bits of the 128, and whether the text was IPv4, of the last `cidr_parse`. */
export let cidr_bits: i32 = 0;
export let cidr_four: bool = false;

/** The address before the slash as 16 bytes, or 0; cidr_bits and cidr_four say the rest. */
export function cidr_parse(at: usize, length: i32): usize {
  let slash = 0;
  while (slash < length && load<u8>(at + slash) != 0x2f) slash++;
  if (slash == length) return 0;
  const ip = ip_parse(at, slash);
  if (ip == 0) return 0;
  cidr_four = ip_four;
  let bits = 0;
  if (slash + 1 == length) return 0;
  for (let i = slash + 1; i < length; i++) {
    const d = <u32>load<u8>(at + i) - 0x30;
    if (d > 9 || bits > 1000) return 0;
    bits = bits * 10 + <i32>d;
  }
  if (bits > (cidr_four ? 32 : 128)) return 0;
  cidr_bits = cidr_four ? bits + 96 : bits;
  return ip;
}

/** First (`ones` false) or last address of the block around `ip`, as a fresh address. */
export function ip_edge(ip: usize, bits: i32, ones: bool): usize {
  const to = alloc(16);
  for (let i = 0; i < 16; i++) {
    const kept = bits - i * 8;
    const mask = kept >= 8 ? 0xff : kept <= 0 ? 0 : (0xff00 >> kept) & 0xff;
    const byte = <i32>load<u8>(ip + i) & mask;
    store<u8>(to + i, <u8>(ones ? byte | (mask ^ 0xff) : byte));
  }
  return to;
}

export function ip_compare(a: usize, b: usize): i32 {
  for (let i = 0; i < 16; i++) {
    const d = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (d != 0) return d;
  }
  return 0;
}

/** ip + 1 in place; false where it wraps around. */
export function ip_next(ip: usize): bool {
  for (let i = 15; i >= 0; i--) {
    const byte = load<u8>(ip + i) + 1;
    store<u8>(ip + i, byte);
    if (byte != 0) return true;
  }
  return false;
}

/** ip - 1 in place; false where it wraps around. */
export function ip_previous(ip: usize): bool {
  for (let i = 15; i >= 0; i--) {
    const byte = load<u8>(ip + i);
    store<u8>(ip + i, byte - 1);
    if (byte != 0) return true;
  }
  return false;
}

export function ip_copy(ip: usize): usize {
  const to = alloc(16);
  copy(to, ip, 16);
  return to;
}

function word_at(ip: usize, i: i32): i32 {
  return (<i32>load<u8>(ip + i * 2) << 8) | <i32>load<u8>(ip + i * 2, 1);
}

function put_hex_word(word: i32): void {
  let started = false;
  for (let shift = 12; shift >= 0; shift -= 4) {
    const d = (word >> shift) & 15;
    if (d != 0 || started || shift == 0) {
      put_byte(d < 10 ? 0x30 + d : 0x57 + d);
      started = true;
    }
  }
}

/** Dotted for IPv4 and mapped addresses, else RFC 5952. */
export function put_ip(ip: usize): void {
  if (ip_mapped(ip)) {
    for (let i = 12; i < 16; i++) {
      if (i > 12) put_byte(0x2e);
      put_i64(load<u8>(ip + i));
    }
    return;
  }
  let gap = -1;
  let gap_length = 1;
  for (let i = 0; i < 8; i++) {
    let j = i;
    while (j < 8 && word_at(ip, j) == 0) j++;
    if (j - i > gap_length) {
      gap = i;
      gap_length = j - i;
    }
  }
  let i = 0;
  while (i < 8) {
    if (i == gap) {
      put_byte(0x3a);
      put_byte(0x3a);
      i += gap_length;
      continue;
    }
    if (i > 0 && i != gap + gap_length) put_byte(0x3a);
    put_hex_word(word_at(ip, i));
    i++;
  }
}
