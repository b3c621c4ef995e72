// Builtins that OPA calls deprecated: v1 modules may not call them.

import { builtins } from "../builtins/registry.ts";

export const DEPRECATED_BUILTINS: ReadonlySet<string> = new Set(
  [...builtins.values()].filter((builtin) => builtin.deprecated === true).map(({ name }) => name),
);
