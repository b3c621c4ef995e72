// Builtins of the category `http`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const httpSendBuiltin = builtin({
  name: "http.send",
  description: "Sends an HTTP request.",
  args: [arg("request", objectOf(stringType, anyType), "what to send, and how")],
  result: arg("response", objectOf(anyType, anyType), "what came back"),
  examples: [],
  nondeterministic: true,
});

export const httpBuiltins: readonly Builtin[] = [httpSendBuiltin];
