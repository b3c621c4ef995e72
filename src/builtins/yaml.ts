// Builtins of the category `yaml`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, builtin } from "./signature.ts";
import { anyType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const yamlMarshalBuiltin = builtin({
  name: "yaml.marshal",
  description: "Writes a value as YAML.",
  args: [arg("x", anyType, "the value")],
  result: arg("y", stringType, "its YAML text"),
  examples: [['yaml.marshal({"a": [1]})', '"a:\\n- 1\\n"']],
  categories: ["encoding"],
});

const yamlUnmarshalBuiltin = builtin({
  name: "yaml.unmarshal",
  description: "Reads YAML text.",
  args: [arg("x", stringType, "YAML text")],
  result: arg("y", anyType, "the value it stands for"),
  examples: [['yaml.unmarshal("a: [1, x]")', '{"a":[1,"x"]}']],
  categories: ["encoding"],
});

const yamlIsValidBuiltin = builtin({
  name: "yaml.is_valid",
  description: "Tells whether a text is YAML.",
  args: [arg("x", stringType, "text to look at")],
  result: arg("result", booleanType, "true when it can be read as YAML"),
  examples: [['yaml.is_valid("a: 1")', "true"]],
  categories: ["encoding"],
});

export const yamlBuiltins: readonly Builtin[] = [
  yamlMarshalBuiltin,
  yamlUnmarshalBuiltin,
  yamlIsValidBuiltin,
];
