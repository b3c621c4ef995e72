// `reeve capabilities`: what Reeve can do. Without flags every builtin with `native` (its body is in the module) or `host` (the host must
// have one); as OPA's JSON with --current, --version or --file.

import { Command } from "commander";
import { type BuiltinJson, type Capabilities, capabilities } from "../builtins/capabilities.ts";
import { builtins } from "../builtins/registry.ts";
import { capabilitiesOf } from "../builtins/versions.ts";
import { PolicyError } from "../error.ts";
import { readCapabilitiesFile } from "./capability-file.ts";
import { addVersionOptions } from "./options.ts";
import * as output from "./output.ts";

interface CapabilitiesFlags {
  readonly current?: boolean;
  readonly version?: string;
  readonly file?: string;
  readonly v0Compatible?: boolean;
}

export function command(): Command {
  const command = new Command("capabilities")
    .description("Print every builtin with `native` or `host`, or the capabilities as JSON.")
    .option("--current", "print current capabilities")
    .option("--version <version>", "print capabilities of a specific version of OPA, as v1.0.0")
    .option("--file <path>", "print capabilities defined by a file");
  return addVersionOptions(command).action(run);
}

function run(flags: CapabilitiesFlags): void {
  process.stdout.write(`${textFor(flags)}\n`);
}

function textFor({ version, file, current, v0Compatible }: CapabilitiesFlags): string {
  const show = (document: unknown): string => output.indentJson(output.plainToJson(document));
  if (version) {
    const known = capabilitiesOf(version);
    if (known === undefined)
      throw new PolicyError("invalid_input", `no capabilities version found ${version}`);
    return show(known);
  }
  if (file) return show(normalized(readCapabilitiesFile(file)));
  if (current === true) return show(v0Compatible === true ? asOfV0() : capabilities());
  return [...builtins.values()]
    .map(
      ({ name, native, compiled }) => `${name} ${native === true || compiled === true ? "native" : "host"}`,
    )
    .join("\n");
}

/** With --v0-compatible the words of v1 are imports, and what v1 has of itself are features. */
function asOfV0(): Capabilities {
  return {
    ...capabilities(),
    future_keywords: ["and", "contains", "every", "if", "in", "not", "or"],
    features: [
      "keywords_in_refs",
      "rego_v1",
      "rego_v1_import",
      "rule_head_ref_string_prefixes",
      "rule_head_refs",
    ],
  };
}

/** A file's capabilities with the members that OPA knows, in its order. */
function normalized(given: Capabilities): unknown {
  const members = ["builtins", "future_keywords", "wasm_abi_versions", "features", "allow_net"] as const;
  const optional = new Set<string>(["future_keywords", "wasm_abi_versions", "features", "allow_net"]);
  const shown = members.flatMap((name) =>
    given[name] === undefined && optional.has(name) ? [] : [[name, given[name] ?? null] as const],
  );
  return {
    ...Object.fromEntries(shown),
    ...(given.builtins && { builtins: given.builtins.map(builtinMembers) }),
  };
}

function builtinMembers(builtin: BuiltinJson): unknown {
  const { name, description, categories, decl, infix, relation, deprecated, nondeterministic } = builtin;
  return {
    name: name ?? "",
    ...(description && { description }),
    ...(categories?.length && { categories }),
    decl: decl ?? null,
    ...(infix && { infix }),
    ...(relation && { relation }),
    ...(deprecated && { deprecated }),
    ...(nondeterministic && { nondeterministic }),
  };
}
