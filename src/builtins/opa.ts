// The host's own state, as the context shows it.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { HostBody } from "./builtin.ts";

const opaRuntimeBody: HostBody = (_args, context) => context.runtime;

// Declarations

const opaRuntimeBuiltin = builtin({
  name: "opa.runtime",
  description: "Shows the environment, configuration and version that a decision is made under.",
  args: [],
  result: arg("output", objectOf(stringType, anyType), "an object with `env`, `config`, `version`, …"),
  examples: [["is_object(opa.runtime())", "true"]],
  nondeterministic: true,
  host: opaRuntimeBody,
});

export const opaBuiltins: readonly Builtin[] = [opaRuntimeBuiltin];
