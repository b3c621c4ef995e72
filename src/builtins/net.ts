// Builtins of the category `net`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin, objectOf, setOf, unnamed } from "./signature.ts";
import { anyOf, anyType, arrayType, booleanType, stringType } from "../value/type.ts";

// Declarations

const netCidrContainsBuiltin = builtin({
  name: "net.cidr_contains",
  description: "Tells whether an IP block holds an address or another block.",
  args: [arg("cidr", stringType, "the block"), arg("cidr_or_ip", stringType, "the address or block")],
  result: arg("result", booleanType, "true when all of it lies within"),
  examples: [['net.cidr_contains("10.0.0.0/8", "10.1.2.3")', "true"]],
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
});

const netCidrExpandBuiltin = builtin({
  name: "net.cidr_expand",
  description: "Lists the addresses of an IP block.",
  args: [arg("cidr", stringType, "the block")],
  result: arg("hosts", setOf(stringType), "its addresses"),
  examples: [['net.cidr_expand("10.0.0.0/31")', '["10.0.0.0","10.0.0.1"]']],
});

const netCidrIntersectsBuiltin = builtin({
  name: "net.cidr_intersects",
  description: "Tells whether two IP blocks have an address in common.",
  args: [arg("cidr1", stringType, "a block"), arg("cidr2", stringType, "another block")],
  result: arg("result", booleanType, "true when they have"),
  examples: [['net.cidr_intersects("10.0.0.0/8", "10.1.0.0/16")', "true"]],
});

const netCidrIsValidBuiltin = builtin({
  name: "net.cidr_is_valid",
  description: "Tells whether a string is an IP block.",
  args: [arg("cidr", stringType, "string to look at")],
  result: arg("result", booleanType, "true when it is one"),
  examples: [['net.cidr_is_valid("10.0.0.0/33")', "false"]],
});

const netCidrMergeBuiltin = builtin({
  name: "net.cidr_merge",
  description: "Merges addresses and IP blocks into as few blocks as possible.",
  args: [arg("addrs", anyOf(arrayOf(anyOf(stringType)), setOf(stringType)), "the addresses and blocks")],
  result: arg("output", setOf(stringType), "the blocks"),
  examples: [['net.cidr_merge(["10.0.0.0/25", "10.0.0.128/25"])', '["10.0.0.0/24"]']],
});

const netCidrOverlapBuiltin = builtin({
  name: "net.cidr_overlap",
  description: "Tells whether an IP block holds an address or another block.",
  args: [unnamed(stringType), unnamed(stringType)],
  result: unnamed(booleanType),
  examples: [['net.cidr_overlap("10.0.0.0/8", "10.1.2.3")', "true"]],
  deprecated: true,
});

const netLookupIpAddrBuiltin = builtin({
  name: "net.lookup_ip_addr",
  description: "Asks the resolver of the host for the addresses of a name.",
  args: [arg("name", stringType, "the name")],
  result: arg("addrs", setOf(stringType), "its addresses, IPv4 and IPv6"),
  examples: [['net.lookup_ip_addr("127.0.0.1")', '["127.0.0.1"]']],
  nondeterministic: true,
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
