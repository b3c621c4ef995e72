// Builtins of the category `trace`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin, setOf, unnamed } from "./signature.ts";
import { anyType, booleanType, stringType } from "../value/type.ts";

// Declarations

const traceBuiltin = builtin({
  name: "trace",
  description: "Leaves a note in the trace of a query.",
  args: [arg("note", stringType, "the note")],
  result: arg("result", booleanType, "always true"),
  examples: [['trace("x")', "true"]],
  categories: ["tracing"],
});

const printBuiltin = builtin({
  name: "print",
  description: "Prints values for whoever debugs the policy; policies do not see anything of it.",
  args: [unnamed(anyType)],
  result: undefined,
  variadic: true,
  examples: [['[1 | print("x")]', "[1]"]],
  compiled: true,
});

const internalPrintBuiltin = builtin({
  name: "internal.print",
  description: "Prints what `print` was rewritten to: every combination of the sets.",
  args: [unnamed(arrayOf(setOf(anyType)))],
  result: undefined,
  examples: [],
});

export const traceBuiltins: readonly Builtin[] = [traceBuiltin, printBuiltin, internalPrintBuiltin];
