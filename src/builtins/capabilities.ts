// The registry as capabilities.json, and what a given capabilities.json allows of it. Plain JSON in and out, in OPA's spelling and order.

import { PolicyError } from "../error.ts";
import type { Builtin } from "./builtin.ts";
import { declarationToJson } from "./declaration.ts";
import { builtins } from "./registry.ts";

export interface Capabilities {
  readonly builtins: readonly BuiltinJson[];
  readonly future_keywords: readonly string[];
  readonly wasm_abi_versions: readonly { readonly version: number; readonly minor_version: number }[];
  readonly features: readonly string[];
  /** Hosts that `http.send` and `net.lookup_ip_addr` may reach; absent: all. */
  readonly allow_net?: readonly string[];
}

export interface BuiltinJson {
  readonly name: string;
  readonly description?: string;
  readonly categories?: readonly string[];
  readonly decl: Record<string, unknown>;
  readonly infix?: string;
  readonly relation?: true;
  readonly deprecated?: true;
  readonly nondeterministic?: true;
}

export function builtinToJson(builtin: Builtin): BuiltinJson {
  return {
    name: builtin.name,
    ...(builtin.description === "" ? {} : { description: builtin.description }),
    ...(builtin.categories === undefined ? {} : { categories: builtin.categories }),
    decl: declarationToJson(builtin),
    ...(builtin.infix === undefined ? {} : { infix: builtin.infix }),
    ...(builtin.relation === true ? { relation: true } : {}),
    ...(builtin.deprecated === true ? { deprecated: true } : {}),
    ...(builtin.nondeterministic === true ? { nondeterministic: true } : {}),
  };
}

/** What this version of Reeve can do, as `opa capabilities --current` prints it. */
export function capabilities(): Capabilities {
  return {
    builtins: [...builtins.values()].map(builtinToJson),
    future_keywords: ["and", "not", "or"],
    wasm_abi_versions: [
      { version: 1, minor_version: 1 },
      { version: 1, minor_version: 2 },
    ],
    features: ["keywords_in_refs", "rego_v1", "template_strings"],
  };
}

/** The builtins that a capabilities document names. Unknown names are refused: what is not here cannot be called. */
export function allowedBuiltins(document: unknown): ReadonlyMap<string, Builtin> {
  const listed = (document as Partial<Capabilities> | null)?.builtins;
  if (!Array.isArray(listed)) throw new PolicyError("invalid_input", "capabilities have no list of builtins");
  const names = new Set<string>();
  for (const { name } of listed as readonly BuiltinJson[]) {
    if (!builtins.has(name))
      throw new PolicyError("invalid_input", `capabilities name an unknown builtin \`${name}\``);
    names.add(name);
  }
  return new Map([...builtins].filter(([name]) => names.has(name)));
}
