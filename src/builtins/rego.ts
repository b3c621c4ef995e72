// Builtins of the category `rego`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin, objectOf } from "./signature.ts";
import { anyType, stringType } from "../value/type.ts";

// Declarations

const regoParseModuleBuiltin = builtin({
  name: "rego.parse_module",
  description: "Parses the text of a Rego module.",
  args: [arg("filename", stringType, "file name for messages"), arg("rego", stringType, "the text")],
  result: arg("output", objectOf(stringType, anyType), "the syntax tree as JSON"),
  examples: [['rego.parse_module("a.rego", "package a").package.path[1].value', '"a"']],
});

const regoMetadataChainBuiltin = builtin({
  name: "rego.metadata.chain",
  description: "Gives the annotations of the rule and of everything it stands in, nearest first.",
  args: [],
  result: arg("chain", arrayOf(anyType), "for each place, its path and annotations"),
  examples: [],
  compiled: true,
});

const regoMetadataRuleBuiltin = builtin({
  name: "rego.metadata.rule",
  description: "Gives the annotations of the rule.",
  args: [],
  result: arg("output", anyType, "its annotations, an empty object when it has none"),
  examples: [],
  compiled: true,
});

export const regoBuiltins: readonly Builtin[] = [
  regoParseModuleBuiltin,
  regoMetadataChainBuiltin,
  regoMetadataRuleBuiltin,
];
