// The tree of a module as a Value, as `rego.parse_module` answers with it: comments, no annotations, no locations of nodes. In: a text. Out: an
// object, or a PolicyError with OPA's words and every finding.

import { failWith, PolicyError } from "../error.ts";
import { decode } from "../value/json.ts";
import type { Value } from "../value/value.ts";
import { jsonText, moduleToJson } from "./ast-json.ts";
import { parseModule } from "./parser.ts";

/** `builtins`: names that a rule without body must not have. */
export function moduleValue(file: string, text: string, builtins?: ReadonlySet<string>): Value {
  const { module, diagnostics } = parseModule(text, { file, annotations: false, builtins });
  if (module !== undefined) return decode(jsonText(moduleToJson(module, { comments: true })));
  const { message } = failWith(diagnostics);
  // One finding stands behind its count, but for the one of a text without a module; several have their count already.
  const told =
    diagnostics.length === 1 && diagnostics[0]?.message !== "empty module"
      ? `1 error occurred: ${message}`
      : message;
  throw new PolicyError("eval_builtin_error", told, { diagnostics });
}
