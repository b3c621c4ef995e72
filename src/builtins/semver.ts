// Builtins of the category `semver`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, builtin } from "./signature.ts";
import { anyType, booleanType, numberType, stringType } from "../value/type.ts";

// Declarations

const semverCompareBuiltin = builtin({
  name: "semver.compare",
  description: "Orders two semantic versions.",
  args: [arg("a", stringType, "a version"), arg("b", stringType, "another version")],
  result: arg("result", numberType, "-1, 0 or 1: `a` is older, equal or newer"),
  examples: [['semver.compare("1.2.0", "1.10.0")', "-1"]],
});

const semverIsValidBuiltin = builtin({
  name: "semver.is_valid",
  description: "Tells whether a value is a semantic version.",
  args: [arg("vsn", anyType, "value to look at")],
  result: arg("result", booleanType, "true when it is one"),
  examples: [['semver.is_valid("1.2.3-rc.1")', "true"]],
});

export const semverBuiltins: readonly Builtin[] = [semverCompareBuiltin, semverIsValidBuiltin];
