// Collections whose members are computed, made before they are used. OPA walks such a literal as it is written: `some x in {1, input.x}` gives
// equal members twice and in the order of the text, and of `{1: "a", input.k: "b"}` it finds the first of two equal keys, while the same
// literal as a value has every member once and the last of the keys. In: a module's text. Out: the text in which a builtin makes the value first.

import type { Term } from "../../src/syntax/ast.ts";
import { parseModule } from "../../src/syntax/parser.ts";
import { type Visitor, walkBody, walkTerm } from "../../src/syntax/visit.ts";

/** Undefined where nothing of the kind is in the module. */
export function forceLiterals(text: string, regoVersion?: "v0"): string | undefined {
  const { module } = parseModule(text, {
    file: "m.rego",
    annotations: false,
    ...(regoVersion !== undefined && { regoVersion }),
  });
  if (module === undefined) return undefined;
  const inserts: [at: number, text: string][] = [];
  const visitor: Visitor = {
    term: (term) => {
      const around = wrapOf(term);
      if (around !== undefined) {
        const { offset, text: own } = term.location;
        inserts.push([offset, around[0]], [offset + Buffer.byteLength(own), around[1]]);
      }
      return false;
    },
  };
  for (const first of module.rules) {
    for (let rule: typeof first | undefined = first; rule !== undefined; rule = rule.else) {
      // Arguments are patterns.
      if (rule.head.key !== undefined) walkTerm(rule.head.key, visitor);
      if (rule.head.value !== undefined) walkTerm(rule.head.value, visitor);
      walkBody(rule.body, visitor);
    }
  }
  if (inserts.length === 0) return undefined;
  let bytes = Buffer.from(text);
  // What begins first at a place is the outer one; a stable sort keeps it outside.
  for (const [at, part] of inserts.sort(([a], [b]) => b - a))
    bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(part), bytes.subarray(at)]);
  return bytes.toString("utf8");
}

function wrapOf(term: Term): readonly [string, string] | undefined {
  if (term.kind === "set" && term.items.some(isComputed)) return ["union({", "})"];
  if (term.kind === "object" && term.entries.some(([key]) => isComputed(key)))
    return ["object.union(", ", {})"];
  return undefined;
}

function isComputed(term: Term): boolean {
  switch (term.kind) {
    case "null":
    case "boolean":
    case "number":
    case "string":
      return false;
    case "array":
    case "set":
      return term.items.some(isComputed);
    case "object":
      return term.entries.some(([key, value]) => isComputed(key) || isComputed(value));
    default:
      return true;
  }
}
