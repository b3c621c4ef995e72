// Builtins of the category `units`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, builtin } from "./signature.ts";
import { numberType, stringType } from "../value/type.ts";

// Declarations

const unitsParseBuiltin = builtin({
  name: "units.parse",
  description:
    "Reads a quantity like `10K`, `1.5Gi` or `100m`. `m` is a thousandth and `M` a million; other letters may be small or capital.",
  args: [arg("x", stringType, "the quantity")],
  result: arg("y", numberType, "the number it stands for"),
  examples: [
    ['units.parse("1.5K")', "1500"],
    ['units.parse("2Ki")', "2048"],
  ],
});

const unitsParseBytesBuiltin = builtin({
  name: "units.parse_bytes",
  description:
    "Reads a size like `10KB`, `4mib` or `1.5G`, rounded down to whole bytes. The `b` may be left out.",
  args: [arg("x", stringType, "the size")],
  result: arg("y", numberType, "how many bytes"),
  examples: [['units.parse_bytes("1KiB")', "1024"]],
});

export const unitsBuiltins: readonly Builtin[] = [unitsParseBuiltin, unitsParseBytesBuiltin];
