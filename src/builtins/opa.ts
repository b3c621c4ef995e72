// The host's own state, as the context shows it.

import { fromPlain } from "../value/json.ts";
import type { Value } from "../value/value.ts";
import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { HostBody } from "./builtin.ts";

/** The version of OPA whose language and builtins these are. */
const OPA_VERSION = "1.20.2";

/** What `opa.runtime()` shows of a command: members as OPA has them. */
export function commandRuntime(env: Readonly<Record<string, string | undefined>>): Value {
  return fromPlain({ ...commandFacts(), env: { ...env }, version: OPA_VERSION });
}

/** The members that say what a command was started with. */
export function commandFacts(started: { authorization?: boolean; skipSchemaCheck?: boolean } = {}) {
  return {
    authorization_enabled: started.authorization === true,
    commit: "",
    skip_known_schema_check: started.skipSchemaCheck === true,
  };
}

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
