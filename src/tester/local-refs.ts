// What refs into local variables come to: `tc.exp`, `xs[i]`. In: a ref and the values of variables. Out: the value, if there is one.

import type { RefTerm, Term } from "../syntax/ast.ts";
import { decode } from "../value/json.ts";
import { isArray, isNumber, isObject, isSet, type Value } from "../value/value.ts";

export function lookUp(ref: RefTerm, locals: ReadonlyMap<string, Value>): Value | undefined {
  const [head, ...steps] = ref.terms;
  if (head.kind !== "var" || steps.length === 0) return undefined;
  let at = locals.get(head.name);
  for (const step of steps) {
    const key = keyOf(step, locals);
    if (at === undefined || key === undefined) return undefined;
    at = member(at, key);
  }
  return at;
}

/** Whether every step is a constant or a variable. */
export function groundSteps(ref: RefTerm): boolean {
  return ref.terms
    .slice(1)
    .every((step) => ["string", "number", "boolean", "null", "var"].includes(step.kind));
}

function keyOf(step: Term, locals: ReadonlyMap<string, Value>): Value | undefined {
  switch (step.kind) {
    case "var":
      return locals.get(step.name);
    case "string":
    case "boolean":
      return step.value;
    case "number":
      return decode(step.text);
    case "null":
      return null;
    default:
      return undefined;
  }
}

function member(value: Value, key: Value): Value | undefined {
  if (isObject(value)) return value.get(key);
  if (isSet(value)) return value.has(key) ? key : undefined;
  return isArray(value) && isNumber(key) ? value[Number(key.text)] : undefined;
}
