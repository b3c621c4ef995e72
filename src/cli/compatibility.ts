// `--v0-v1`: what keeps a module that was read as v0 from being v1 as well.

import { builtins } from "../builtins/registry.ts";
import type { Diagnostic } from "../error.ts";
import type { Module } from "../syntax/ast.ts";
import { checkForV1 } from "../syntax/check-v1.ts";

export const DEPRECATED_BUILTINS: ReadonlySet<string> = new Set(
  [...builtins.values()].filter((builtin) => builtin.deprecated === true).map(({ name }) => name),
);

export function compatibleWithV1(module: Module): Diagnostic[] {
  return checkForV1(module, DEPRECATED_BUILTINS);
}
