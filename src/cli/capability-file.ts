// `--capabilities`: a capabilities.json, or the name of a version of OPA, to what the checker may use. Builtins that Reeve does
// not know are declared from their types, so that modules that call them can be checked.

import { readFileSync } from "node:fs";
import type { BuiltinJson, Capabilities } from "../builtins/capabilities.ts";
import type { Builtin } from "../builtins/builtin.ts";
import { withCustom } from "../builtins/custom.ts";
import { builtins } from "../builtins/registry.ts";
import { capabilitiesOf } from "../builtins/versions.ts";
import type { CheckOptions } from "../compile/compile.ts";
import { PolicyError } from "../error.ts";
import type { RegoVersion } from "../syntax/ast.ts";
import { typeFromJson } from "../value/type-json.ts";
import { ioMessage } from "./options.ts";

/** The version of OPA whose capabilities are ours. */
export const CAPABILITIES_VERSION = "v1.20.2";

type Declarations = NonNullable<CheckOptions["builtins"]>;
type Declaration = Declarations extends ReadonlyMap<string, infer D> ? D : never;

/** The document that a version or a file names. */
export function readCapabilities(name: string): Partial<Capabilities> {
  const known = capabilitiesOf(name);
  if (known !== undefined) return known;
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch {
    throw new PolicyError(
      "invalid_parameter",
      `invalid argument "${name}" for "--capabilities" flag: no such file or capabilities version found: ${name}`,
    );
  }
  return parseCapabilities(name, text);
}

export function readCapabilitiesFile(path: string): Capabilities {
  try {
    return parseCapabilities(path, readFileSync(path, "utf8"));
  } catch (cause) {
    if (cause instanceof PolicyError) throw cause;
    throw new PolicyError("io_error", ioMessage(path, cause, "open"), { cause });
  }
}

function parseCapabilities(path: string, text: string): Capabilities {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new PolicyError("invalid_input", `${path}: ${(cause as Error).message}`, { cause });
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw new PolicyError("invalid_input", `${path}: capabilities must be an object`);
  const { builtins: listed = null } = document as Partial<Capabilities>;
  if (listed !== null && !Array.isArray(listed))
    throw new PolicyError("invalid_input", `${path}: builtins must be a list`);
  return document as Capabilities;
}

/** Capabilities of old may know nothing of v1. */
export function refuseWithoutV1(
  { features }: Pick<CheckOptions, "features">,
  regoVersion: RegoVersion,
): void {
  if (features === undefined || features.has("rego_v1") || regoVersion === "v0") return;
  const message = "illegal capabilities: rego_v1 feature required for parsing v1 Rego";
  throw new PolicyError("rego_parse_error", message);
}

/** Hosts that `http.send` and `net.lookup_ip_addr` may reach; undefined: all. */
export function allowedHosts(name: string | undefined): readonly string[] | undefined {
  return name === undefined ? undefined : readCapabilities(name).allow_net;
}

/** Options of check for what `--capabilities` names; none without it. */
export function capabilityOptions(
  name: string | undefined,
  custom: readonly Builtin[] = [],
): Pick<CheckOptions, "builtins" | "features"> {
  if (name === undefined) return custom.length === 0 ? {} : { builtins: withCustom(builtins, custom) };
  const { builtins: listed, features } = readCapabilities(name);
  const declared = new Map<string, Declaration>();
  for (const builtin of listed ?? [])
    declared.set(builtin.name, builtins.get(builtin.name) ?? declare(builtin));
  return { builtins: withCustom(declared, custom), features: new Set(features ?? []) };
}

function declare(builtin: BuiltinJson): Declaration {
  const type = typeFromJson(builtin.decl);
  if (type.kind !== "function")
    throw new PolicyError("invalid_input", `builtin \`${builtin.name}\` is not declared as a function`);
  return {
    name: builtin.name,
    args: type.args.map((argument) => ({ type: argument })),
    result: type.result === undefined ? undefined : { type: type.result },
    ...(builtin.relation === true && { relation: true as const }),
    ...(builtin.deprecated === true && { deprecated: true as const }),
    ...(type.variadic !== undefined && { variadic: true as const }),
  };
}
