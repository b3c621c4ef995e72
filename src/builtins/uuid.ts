// Builtins of the category `uuid`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";

// Declarations

const uuidParseBuiltin = builtin({
  name: "uuid.parse",
  description: "Takes a UUID apart.",
  args: [arg("uuid", stringType, "the UUID")],
  result: arg("result", objectOf(stringType, anyType), "what it says: version, variant, time, …"),
  examples: [['uuid.parse("6ba7b810-9dad-41d1-80b4-00c04fd430c8")', '{"variant":"RFC4122","version":4}']],
});

const uuidRfc4122Builtin = builtin({
  name: "uuid.rfc4122",
  description: "Makes a random UUID. Within a query the same seed gives the same one.",
  args: [arg("k", stringType, "tells UUIDs apart")],
  result: arg("output", stringType, "the UUID"),
  examples: [['count(uuid.rfc4122("a"))', "36"]],
  nondeterministic: true,
});

export const uuidBuiltins: readonly Builtin[] = [uuidParseBuiltin, uuidRfc4122Builtin];
