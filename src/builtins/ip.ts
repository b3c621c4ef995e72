// IP addresses and blocks as Go's net package parses and prints them. IPv4 addresses live at their mapped place in the 128-bit space,
// so one comparison serves both families. Texts in, bigints out, and back.

export interface Ip {
  /** 128 bits. */
  readonly value: bigint;
  readonly isV4: boolean;
}

export interface Block {
  /** First address. */
  readonly first: bigint;
  readonly last: bigint;
  readonly isV4: boolean;
  /** Length of the prefix, out of 32 or 128. */
  readonly prefix: number;
}

const MAPPED = 0xffffn << 32n;

export function isMapped(value: bigint): boolean {
  return value >> 32n === 0xffffn;
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => parseGroups(half));
  const [head, tail] = groups;
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const known = head.length + (tail?.length ?? 0);
  if (halves.length === 1 ? known !== 8 : known > 7) return undefined;
  // An IPv4 tail may only stand at the very end.
  if (halves.length === 2 && (halves[0] as string).includes(".")) return undefined;
  const all = [...head, ...Array<number>(8 - known).fill(0), ...(tail ?? [])];
  return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (part.includes(".") && i === parts.length - 1) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      groups.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** Dotted IPv4 or IPv6 without a zone; undefined for anything else. A mapped IPv6 address counts as IPv4, as in Go. */
export function parseIp(text: string): Ip | undefined {
  if (text.includes(":")) {
    const value = parseV6(text);
    return value === undefined ? undefined : { value, isV4: isMapped(value) };
  }
  const v4 = parseV4(text);
  return v4 === undefined ? undefined : { value: MAPPED | v4, isV4: true };
}

/** `address/prefix`; undefined for anything else. */
export function parseBlock(text: string): Block | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = text.slice(0, slash);
  const ip = parseIp(address);
  const digits = text.slice(slash + 1);
  const bits = address.includes(":") ? 128 : 32;
  if (ip === undefined || !/^\d+$/.test(digits) || Number(digits) > bits) return undefined;
  return block(ip.value, Number(digits) + 128 - bits);
}

/** The block of a 128-bit prefix length around an address. */
export function block(value: bigint, prefix128: number): Block {
  const hosts = (1n << BigInt(128 - prefix128)) - 1n;
  const first = value & ~hosts;
  const isV4 = prefix128 >= 96 && isMapped(first);
  return { first, last: first | hosts, isV4, prefix: isV4 ? prefix128 - 96 : prefix128 };
}

export function contains(outer: Block, address: bigint): boolean {
  return outer.isV4 === isMapped(address) && address >= outer.first && address <= outer.last;
}

export function ipText(value: bigint): string {
  if (isMapped(value)) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  // RFC 5952: the first longest run of two or more zero groups is written as `::`.
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = (list: readonly number[]): string => list.map((group) => group.toString(16)).join(":");
  if (best.length < 2) return hex(groups);
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`;
}
