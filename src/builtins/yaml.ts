// YAML text and values. Texts in, values out, and back; the rules are in src/yaml/.

import { PolicyError } from "../error.ts";
import { arg, builtin } from "./signature.ts";
import { anyType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { Value } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { stringOperand } from "./operand.ts";
import { readYaml } from "../yaml/value.ts";
import { writeYaml } from "../yaml/write.ts";

const yamlMarshalBody: HostBody = ([x]) => writeYaml(x as Value);

const yamlUnmarshalBody: HostBody = ([x]) => readYaml(stringOperand(x, 1), "ignored");

const yamlIsValidBody: HostBody = ([x]) => {
  if (typeof x !== "string") return false;
  try {
    readYaml(x, "ignored");
    return true;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
};

// Declarations

const yamlMarshalBuiltin = builtin({
  name: "yaml.marshal",
  description: "Writes a value as YAML.",
  args: [arg("x", anyType, "the value")],
  result: arg("y", stringType, "its YAML text"),
  examples: [['yaml.marshal({"a": [1]})', '"a:\\n- 1\\n"']],
  categories: ["encoding"],
  host: yamlMarshalBody,
});

const yamlUnmarshalBuiltin = builtin({
  name: "yaml.unmarshal",
  description: "Reads YAML text.",
  args: [arg("x", stringType, "YAML text")],
  result: arg("y", anyType, "the value it stands for"),
  examples: [['yaml.unmarshal("a: [1, x]")', '{"a":[1,"x"]}']],
  categories: ["encoding"],
  host: yamlUnmarshalBody,
});

const yamlIsValidBuiltin = builtin({
  name: "yaml.is_valid",
  description: "Tells whether a text is YAML.",
  args: [arg("x", stringType, "text to look at")],
  result: arg("result", booleanType, "true when it can be read as YAML"),
  examples: [['yaml.is_valid("a: 1")', "true"]],
  categories: ["encoding"],
  host: yamlIsValidBody,
});

export const yamlBuiltins: readonly Builtin[] = [
  yamlMarshalBuiltin,
  yamlUnmarshalBuiltin,
  yamlIsValidBuiltin,
];
