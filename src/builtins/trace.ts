// Output for whoever debugs a policy: it goes to the context's printer, policies see nothing of it.

import { arg, arrayOf, builtin, setOf, unnamed } from "./signature.ts";
import { anyType, booleanType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import type { HostBody } from "./builtin.ts";
import { combinations } from "./cross-product.ts";
import { arrayOperand, stringOperand } from "./operand.ts";

const traceBody: HostBody = ([note]) => {
  stringOperand(note, 1);
  return true;
};

const internalPrintBody: HostBody = ([operands], context) => {
  if (context.print === undefined) return true;
  for (const row of combinations(arrayOperand(operands, 1))) context.print(row.join(" "));
  return true;
};

// Declarations

const traceBuiltin = builtin({
  name: "trace",
  description: "Leaves a note in the trace of a query.",
  args: [arg("note", stringType, "the note")],
  result: arg("result", booleanType, "always true"),
  examples: [['trace("x")', "true"]],
  categories: ["tracing"],
  host: traceBody,
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
  host: internalPrintBody,
});

export const traceBuiltins: readonly Builtin[] = [traceBuiltin, printBuiltin, internalPrintBuiltin];
