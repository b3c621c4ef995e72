// What modules ask of whoever runs them: builtins, words that must be imported, features of the language, as `opa inspect` lists them.

import { declarationToJson } from "../builtins/declaration.ts";
import { builtins } from "../builtins/registry.ts";
import type { CompiledModules } from "../compile/compile.ts";
import type { JsonNode } from "../syntax/ast-json.ts";
import type { Module } from "../syntax/ast.ts";
import { printRef } from "../syntax/print.ts";
import { isCallTerms, walkModule, walkTerm } from "../syntax/visit.ts";

/** Operators that the checker rewrites away; OPA counts them in all the same. */
const REWRITTEN: ReadonlySet<string> = new Set(["assign", "equal", "print"]);
/** Words that v1 does not have of itself. */
const NEW_WORDS: ReadonlySet<string> = new Set(["and", "not", "or"]);
const OLD_WORDS: ReadonlySet<string> = new Set(["contains", "every", "if", "in"]);

export function requiredCapabilities(modules: readonly Module[], compiled: CompiledModules): JsonNode {
  const names = new Set(compiled.modules.flatMap((module) => [...calledIn(module, compiled)]));
  for (const module of modules) for (const name of rewrittenIn(module)) names.add(name);
  const words = new Set(modules.flatMap(importedWords));
  const features = new Set(modules.flatMap(featuresOf));
  if (compiled.requiredBuiltins.has("internal.template_string")) names.add("internal.template_string");
  if (names.has("internal.template_string")) features.add("template_strings");
  return {
    ...(names.size > 0 && { builtins: [...names].sort().map(minimal) }),
    ...(words.size > 0 && { future_keywords: [...words].sort() }),
    ...(features.size > 0 && { features: [...features].sort() }),
  };
}

/** A builtin without its documentation. */
function minimal(name: string): JsonNode {
  const builtin = builtins.get(name);
  if (builtin === undefined) return { name };
  return {
    name,
    decl: declarationToJson(builtin, false) as JsonNode,
    ...(builtin.infix !== undefined && { infix: builtin.infix }),
    ...(builtin.relation === true && { relation: true }),
    ...(builtin.deprecated === true && { deprecated: true }),
    ...(builtin.nondeterministic === true && { nondeterministic: true }),
  };
}

/** As in OPA, calls in the bodies of `every`, `not`, `and` and `or` are not counted. */
function calledIn(module: Module, compiled: CompiledModules): Set<string> {
  const found = new Set<string>();
  walkModule(module, {
    expr: ({ terms }) => {
      if (!isCallTerms(terms)) return ["every", "not", "and", "or"].includes(terms.kind);
      const name = printRef(terms[0].terms);
      if (compiled.builtins.has(name)) found.add(name);
      return false;
    },
  });
  return found;
}

function rewrittenIn(module: Module): Set<string> {
  const found = new Set<string>();
  const inHeads = new Set<unknown>();
  // As in OPA, `:=` within what a head is or holds is not counted.
  walkModule(module, {
    head: ({ key, value }) => {
      for (const term of [key, value])
        if (term !== undefined) walkTerm(term, { expr: (expr) => inHeads.add(expr) === undefined });
      return false;
    },
  });
  walkModule(module, {
    expr: (expr) => {
      if (!isCallTerms(expr.terms)) return false;
      const name = printRef(expr.terms[0].terms);
      if (REWRITTEN.has(name) && !(name === "assign" && inHeads.has(expr))) found.add(name);
      return false;
    },
  });
  return found;
}

function importedWords(module: Module): string[] {
  return module.imports.flatMap(({ path }) => {
    const [head, keywords, word] = path.terms;
    if (head.kind !== "var" || head.name !== "future" || keywords?.kind !== "string") return [];
    const known = module.regoVersion === "v1" ? NEW_WORDS : new Set([...NEW_WORDS, ...OLD_WORDS]);
    // The words that are new in v1 are not meant by `future.keywords`.
    if (word === undefined) return module.regoVersion === "v1" ? [] : [...OLD_WORDS];
    return word.kind === "string" && known.has(word.value) ? [word.value] : [];
  });
}

function featuresOf(module: Module): string[] {
  if (module.regoVersion === "v1" && module.importsV1 !== true) return ["rego_v1"];
  const heads = module.rules.flatMap(({ head }) => {
    const { terms } = head.reference;
    if (terms.length < 3) return [];
    const ground = terms.slice(1).every((term) => term.kind === "string");
    return [ground ? "rule_head_ref_string_prefixes" : "rule_head_refs"];
  });
  return module.importsV1 === true ? ["rego_v1_import", ...heads] : heads;
}
