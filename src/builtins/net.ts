// IP blocks and names. Texts in; sets, booleans out. Only net.lookup_ip_addr reaches the world, through the context.

import { arg, arrayOf, builtin, objectOf, setOf, unnamed } from "./signature.ts";
import { anyOf, anyType, arrayType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { identity } from "../value/compare.ts";
import { integer } from "../value/number.ts";
import { set } from "../value/set.ts";
import type { Value } from "../value/value.ts";
import { isArray, isObject, isSet } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import type { Block } from "./ip.ts";
import { block, contains, ipText, isMapped, parseBlock, parseIp } from "./ip.ts";
import { platformNetwork } from "./network.ts";
import { failure, members, stringOperand } from "./operand.ts";

/** More addresses than anybody can iterate over. */
const EXPAND_LIMIT = 1n << 20n;

function blockOperand(value: Value | undefined): Block {
  const text = stringOperand(value, 1);
  const parsed = parseBlock(text);
  if (parsed === undefined) throw failure(`invalid CIDR address: ${text}`);
  return parsed;
}

function containsAddressOrBlock(outer: Block, value: Value | undefined): boolean {
  const text = stringOperand(value, 1);
  const ip = parseIp(text);
  if (ip !== undefined) return contains(outer, ip.value);
  const inner = parseBlock(text);
  if (inner === undefined) {
    throw failure(`not a valid textual representation of an IP address or CIDR: ${text}`);
  }
  return contains(outer, inner.first) && contains(outer, inner.last);
}

const netCidrContainsBody: HostBody = ([cidr, other]) => containsAddressOrBlock(blockOperand(cidr), other);
const netCidrOverlapBody = netCidrContainsBody;

const netCidrIntersectsBody: HostBody = ([x, y]) => {
  const [a, b] = [blockOperand(x), blockOperand(y)];
  return contains(a, b.first) || contains(b, a.first);
};

const netCidrIsValidBody: HostBody = ([cidr]) => typeof cidr === "string" && parseBlock(cidr) !== undefined;

const netCidrExpandBody: HostBody = ([cidr]) => {
  const { first, last } = blockOperand(cidr);
  if (last - first >= EXPAND_LIMIT) throw failure("too many addresses to expand");
  const addresses: Value[] = [];
  for (let at = first; at <= last; at++) addresses.push(ipText(at));
  return set(addresses);
};

/** The blocks of an operand, each under the key that stands for it in the answer. A block that is none fails when its turn comes. */
function* keyed(operand: number, value: Value): Generator<readonly [Value, Value]> {
  const text = (element: Value): Value => {
    if (typeof element === "string") return element;
    if (isArray(element) && element[0] !== undefined) return element[0];
    throw failure(`operand ${operand}: element must be string or non-empty array`);
  };
  if (typeof value === "string") yield [value, value];
  else if (isArray(value)) for (const [i, element] of value.entries()) yield [integer(i), text(element)];
  else if (isSet(value)) for (const element of value.values()) yield [element, text(element)];
  else if (isObject(value)) for (const [key, element] of value.entries()) yield [key, text(element)];
}

const netCidrContainsMatchesBody: HostBody = ([cidrs, others]) => {
  const pairs = new Map<string, Value>();
  for (const [outerKey, outer] of keyed(1, cidrs as Value)) {
    for (const [innerKey, inner] of keyed(2, others as Value)) {
      if (!containsAddressOrBlock(blockOperand(outer), inner)) continue;
      const pair = [outerKey, innerKey];
      pairs.set(identity(pair), pair);
    }
  }
  return set(pairs.values());
};

interface Range {
  readonly first: bigint;
  readonly last: bigint;
  /** Text of the block as long as it was not merged. */
  readonly text: string | undefined;
}

/** A bare IPv4 address stands for the block of its historical class, as in OPA. */
function classPrefix(value: bigint): number {
  const top = Number((value >> 24n) & 255n);
  return top < 128 ? 8 : top < 192 ? 16 : 24;
}

function toRange(value: Value): Range {
  if (typeof value !== "string") throw failure("element must be string");
  const ip = parseIp(value);
  if (ip === undefined) {
    const parsed = parseBlock(value);
    if (parsed === undefined) throw failure(`invalid CIDR address: ${value}`);
    return { ...parsed, text: blockText(parsed) };
  }
  if (!ip.isV4) throw failure("IPv6 invalid: needs prefix length");
  const prefix = classPrefix(ip.value);
  const { first, last } = block(ip.value, prefix + 96);
  return { first, last, text: `${ipText(ip.value)}/${prefix}` };
}

function blockText(parsed: Block): string {
  return `${ipText(parsed.first)}/${parsed.prefix}`;
}

function previous(value: bigint): bigint {
  return value === 0n || value === 0xffffn << 32n ? value : value - 1n;
}

/** The fewest blocks that make up a range. */
function* blocksOf(first: bigint, last: bigint): Generator<string> {
  const isV4 = isMapped(first);
  for (let at = first; at <= last; ) {
    let bits = 0;
    const most = isV4 ? 32 : 128;
    while (bits < most) {
      const size = 1n << BigInt(bits + 1);
      if (at % size !== 0n || at + size - 1n > last) break;
      bits++;
    }
    yield `${ipText(at)}/${most - bits}`;
    at += 1n << BigInt(bits);
  }
}

const netCidrMergeBody: HostBody = ([addresses]) => {
  const list = members(addresses);
  if (list === undefined) throw failure("operand must be an array");
  const ranges = list
    .map(toRange)
    .sort((a, b) =>
      a.last < b.last ? -1 : a.last > b.last ? 1 : a.first < b.first ? -1 : a.first > b.first ? 1 : 0,
    );
  for (let i = ranges.length - 1; i > 0; i--) {
    const [lower, upper] = [ranges[i - 1] as Range, ranges[i] as Range];
    if (previous(upper.first) > lower.last) continue;
    const first = lower.first < upper.first ? lower.first : upper.first;
    ranges.splice(i - 1, 2, { first, last: upper.last, text: undefined });
  }
  return set(
    ranges.flatMap((range) =>
      range.text === undefined ? [...blocksOf(range.first, range.last)] : [range.text],
    ),
  );
};

const netLookupIpAddrBody: HostBody = async ([name], context) => {
  const host = stringOperand(name, 1);
  const literal = parseIp(host);
  if (literal !== undefined) return set([ipText(literal.value)]);
  if (context.allowNet?.includes(host) === false) throw failure(`unallowed host: ${host}`);
  const addresses = await (context.network ?? platformNetwork()).lookup(host);
  return set(addresses.map((address) => ipText(parseIp(address.replace(/%.*$/, ""))?.value ?? 0n)));
};

// Declarations

const netCidrContainsBuiltin = builtin({
  name: "net.cidr_contains",
  description: "Tells whether an IP block holds an address or another block.",
  args: [arg("cidr", stringType, "the block"), arg("cidr_or_ip", stringType, "the address or block")],
  result: arg("result", booleanType, "true when all of it lies within"),
  examples: [['net.cidr_contains("10.0.0.0/8", "10.1.2.3")', "true"]],
  native: true,
  host: netCidrContainsBody,
});

const netCidrContainsMatchesBuiltin = builtin({
  name: "net.cidr_contains_matches",
  description: "Tries every block against every address or block.",
  args: [
    arg(
      "cidrs",
      anyOf(
        stringType,
        arrayOf(anyOf(stringType, arrayOf(anyType))),
        objectOf(stringType, anyOf(stringType, arrayOf(anyType))),
        setOf(anyOf(stringType, arrayOf(anyType))),
      ),
      "the blocks: one, or several, or arrays that begin with one",
    ),
    arg(
      "cidrs_or_ips",
      anyOf(
        stringType,
        arrayOf(anyOf(stringType, arrayOf(anyType))),
        objectOf(stringType, anyOf(stringType, arrayOf(anyType))),
        setOf(anyOf(stringType, arrayOf(anyType))),
      ),
      "the addresses or blocks, given likewise",
    ),
  ],
  result: arg(
    "output",
    setOf(arrayType([anyType, anyType])),
    "a pair of keys (indices, or strings themselves) for each that lies within",
  ),
  examples: [['net.cidr_contains_matches(["10.0.0.0/8"], "10.1.2.3")', '[[0,"10.1.2.3"]]']],
  native: true,
  host: netCidrContainsMatchesBody,
});

const netCidrExpandBuiltin = builtin({
  name: "net.cidr_expand",
  description: "Lists the addresses of an IP block.",
  args: [arg("cidr", stringType, "the block")],
  result: arg("hosts", setOf(stringType), "its addresses"),
  examples: [['net.cidr_expand("10.0.0.0/31")', '["10.0.0.0","10.0.0.1"]']],
  native: true,
  host: netCidrExpandBody,
});

const netCidrIntersectsBuiltin = builtin({
  name: "net.cidr_intersects",
  description: "Tells whether two IP blocks have an address in common.",
  args: [arg("cidr1", stringType, "a block"), arg("cidr2", stringType, "another block")],
  result: arg("result", booleanType, "true when they have"),
  examples: [['net.cidr_intersects("10.0.0.0/8", "10.1.0.0/16")', "true"]],
  native: true,
  host: netCidrIntersectsBody,
});

const netCidrIsValidBuiltin = builtin({
  name: "net.cidr_is_valid",
  description: "Tells whether a string is an IP block.",
  args: [arg("cidr", stringType, "string to look at")],
  result: arg("result", booleanType, "true when it is one"),
  examples: [['net.cidr_is_valid("10.0.0.0/33")', "false"]],
  native: true,
  host: netCidrIsValidBody,
});

const netCidrMergeBuiltin = builtin({
  name: "net.cidr_merge",
  description: "Merges addresses and IP blocks into as few blocks as possible.",
  args: [arg("addrs", anyOf(arrayOf(anyOf(stringType)), setOf(stringType)), "the addresses and blocks")],
  result: arg("output", setOf(stringType), "the blocks"),
  examples: [['net.cidr_merge(["10.0.0.0/25", "10.0.0.128/25"])', '["10.0.0.0/24"]']],
  native: true,
  host: netCidrMergeBody,
});

const netCidrOverlapBuiltin = builtin({
  name: "net.cidr_overlap",
  description: "Tells whether an IP block holds an address or another block.",
  args: [unnamed(stringType), unnamed(stringType)],
  result: unnamed(booleanType),
  examples: [['net.cidr_overlap("10.0.0.0/8", "10.1.2.3")', "true"]],
  deprecated: true,
  native: true,
  host: netCidrOverlapBody,
});

const netLookupIpAddrBuiltin = builtin({
  name: "net.lookup_ip_addr",
  description: "Asks the resolver of the host for the addresses of a name.",
  args: [arg("name", stringType, "the name")],
  result: arg("addrs", setOf(stringType), "its addresses, IPv4 and IPv6"),
  examples: [['net.lookup_ip_addr("127.0.0.1")', '["127.0.0.1"]']],
  nondeterministic: true,
  host: netLookupIpAddrBody,
});

export const netBuiltins: readonly Builtin[] = [
  netCidrContainsBuiltin,
  netCidrContainsMatchesBuiltin,
  netCidrExpandBuiltin,
  netCidrIntersectsBuiltin,
  netCidrIsValidBuiltin,
  netCidrMergeBuiltin,
  netCidrOverlapBuiltin,
  netLookupIpAddrBuiltin,
];
