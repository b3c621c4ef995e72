// UUIDs (RFC 4122). Texts in, objects and texts out; randomness comes from the context and is kept for the query.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { identity } from "../value/compare.ts";
import { integer } from "../value/number.ts";
import { objectFromRecord } from "../value/object.ts";
import type { Value } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { hexText } from "./encoding.ts";
import { stringOperand } from "./operand.ts";

const GROUPS = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i;

/** Plain, with `urn:uuid:`, in braces, or 32 digits without hyphens. */
function parse(text: string): Uint8Array | undefined {
  let plain = text;
  if (text.length === 45 && /^urn:uuid:/i.test(text)) plain = text.slice(9);
  // Whatever stands at both ends of 38 characters is taken for braces, as in the library OPA uses.
  else if (text.length === 38) plain = text.slice(1, -1);
  const digits = plain.length === 32 ? plain : GROUPS.exec(plain)?.slice(1).join("");
  if (digits === undefined || !/^[0-9a-f]{32}$/i.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) as string[], (pair) => Number.parseInt(pair, 16));
}

function variant(byte: number): string {
  if ((byte & 0xc0) === 0x80) return "RFC4122";
  if ((byte & 0xe0) === 0xc0) return "Microsoft";
  return (byte & 0xe0) === 0xe0 ? "Future" : "Reserved";
}

function addressKind(byte: number): string {
  return `${byte & 2 ? "local" : "global"}:${byte & 1 ? "multicast" : "unicast"}`;
}

/** Distance of the Gregorian reform, where UUID time begins, from 1970, in units of 100 ns. */
const EPOCH = 122192928000000000n;
const DOMAINS = ["Person", "Group", "Org"];

const uuidParseBody: HostBody = ([uuid]) => {
  const bytes = parse(stringOperand(uuid, 1));
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer);
  const version = view.getUint8(6) >> 4;
  const fields: Record<string, Value> = { version: integer(version), variant: variant(view.getUint8(8)) };
  if (version === 1 || version === 2) {
    const time =
      BigInt(view.getUint32(0)) |
      (BigInt(view.getUint16(4)) << 32n) |
      (BigInt(view.getUint16(6) & 0xfff) << 48n);
    fields.time = integer(BigInt.asIntN(64, (time - EPOCH) * 100n));
    fields.nodeid = Array.from(bytes.subarray(10), (byte) => byte.toString(16).padStart(2, "0")).join("-");
    fields.macvariables = addressKind(view.getUint8(10));
    fields.clocksequence = integer(view.getUint16(8) & 0x3fff);
  }
  if (version === 2) {
    fields.id = integer(view.getUint32(0));
    fields.domain = DOMAINS[view.getUint8(9)] ?? `Domain${view.getUint8(9)}`;
  }
  return objectFromRecord(fields);
};

const uuidRfc4122Body: HostBody = ([seed], context) => {
  const key = `uuid.rfc4122 ${identity(seed as Value)}`;
  const known = context.cache.get(key);
  if (known !== undefined) return known as string;
  const bytes = context.random(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const digits = hexText(bytes);
  const result = [0, 8, 12, 16, 20].map((at, i) => digits.slice(at, [8, 12, 16, 20, 32][i])).join("-");
  context.cache.set(key, result);
  return result;
};

// Declarations

const uuidParseBuiltin = builtin({
  name: "uuid.parse",
  description: "Takes a UUID apart.",
  args: [arg("uuid", stringType, "the UUID")],
  result: arg("result", objectOf(stringType, anyType), "what it says: version, variant, time, …"),
  examples: [['uuid.parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8")', '{"variant":"RFC4122","version":4}']],
  native: true,
  host: uuidParseBody,
});

const uuidRfc4122Builtin = builtin({
  name: "uuid.rfc4122",
  description: "Makes a random UUID. Within a query the same seed gives the same one.",
  args: [arg("k", stringType, "tells UUIDs apart")],
  result: arg("output", stringType, "the UUID"),
  examples: [['count(uuid.rfc4122("a"))', "36"]],
  nondeterministic: true,
  host: uuidRfc4122Body,
});

export const uuidBuiltins: readonly Builtin[] = [uuidParseBuiltin, uuidRfc4122Builtin];
