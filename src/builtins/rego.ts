// Rego about Rego: parsing modules (the parser comes in through the context) and annotations (the compiler answers for them).

import { arg, arrayOf, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { HostBody } from "./builtin.ts";
import { failure, stringOperand } from "./operand.ts";

const regoParseModuleBody: HostBody = ([filename, rego], context) => {
  // Both are the first operand in OPA's messages.
  const [file, text] = [stringOperand(filename, 1), stringOperand(rego, 1)];
  if (context.parseModule === undefined) throw failure("this host has no parser");
  return context.parseModule(file, text);
};

function insideRulesOnly(name: string): HostBody {
  return () => {
    throw failure(`the ${name} function must only be called within the scope of a rule`);
  };
}

const regoMetadataChainBody = insideRulesOnly("rego.metadata.chain");
const regoMetadataRuleBody = insideRulesOnly("rego.metadata.rule");

// Declarations

const regoParseModuleBuiltin = builtin({
  name: "rego.parse_module",
  description: "Parses the text of a Rego module.",
  args: [arg("filename", stringType, "file name for messages"), arg("rego", stringType, "the text")],
  result: arg("output", objectOf(stringType, anyType), "the syntax tree as JSON"),
  examples: [['rego.parse_module("a.rego", "package a").package.path[1].value', '"a"']],
  host: regoParseModuleBody,
});

const regoMetadataChainBuiltin = builtin({
  name: "rego.metadata.chain",
  description: "Gives the annotations of the rule and of everything it stands in, nearest first.",
  args: [],
  result: arg("chain", arrayOf(anyType), "for each place, its path and annotations"),
  examples: [],
  compiled: true,
  host: regoMetadataChainBody,
});

const regoMetadataRuleBuiltin = builtin({
  name: "rego.metadata.rule",
  description: "Gives the annotations of the rule.",
  args: [],
  result: arg("output", anyType, "its annotations, an empty object when it has none"),
  examples: [],
  compiled: true,
  host: regoMetadataRuleBody,
});

export const regoBuiltins: readonly Builtin[] = [
  regoParseModuleBuiltin,
  regoMetadataChainBuiltin,
  regoMetadataRuleBuiltin,
];
