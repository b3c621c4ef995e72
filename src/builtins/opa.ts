// Builtins of the category `opa`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";

// Declarations

const opaRuntimeBuiltin = builtin({
  name: "opa.runtime",
  description: "Shows the environment, configuration and version that a decision is made under.",
  args: [],
  result: arg("output", objectOf(stringType, anyType), "an object with `env`, `config`, `version`, …"),
  examples: [["is_object(opa.runtime())", "true"]],
  nondeterministic: true,
});

export const opaBuiltins: readonly Builtin[] = [opaRuntimeBuiltin];
