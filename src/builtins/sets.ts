// Sets: sets in, new sets out.

import { arg, builtin, setOf, unnamed } from "./signature.ts";
import { anyType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { set } from "../value/set.ts";
import type { RegoSet, Value } from "../value/value.ts";
import { difference } from "./arithmetic.ts";
import type { HostBody } from "./builtin.ts";
import { setOperand } from "./operand.ts";

/** The members are those of the smaller set: of equal numbers, `1` and `1.0`, its spelling is kept. */
function intersect(a: RegoSet, b: RegoSet): RegoSet {
  if (b.size < a.size) return intersect(b, a);
  return set([...a.values()].filter((member) => b.has(member)));
}

const andBody: HostBody = ([x, y]) => intersect(setOperand(x, 1), setOperand(y, 2));
const orBody: HostBody = ([x, y]) => set([...setOperand(x, 1).values(), ...setOperand(y, 2).values()]);
const setDiffBody: HostBody = ([x, y]) => difference(setOperand(x, 1), setOperand(y, 2));

const intersectionBody: HostBody = ([xs]) => {
  let result: RegoSet | undefined;
  for (const member of setOperand(xs, 1).values()) {
    const next = setOperand(member, 1);
    result = result === undefined ? next : intersect(result, next);
  }
  return result ?? set([]);
};

const unionBody: HostBody = ([xs]) => {
  const all: Value[] = [];
  for (const member of setOperand(xs, 1).values()) all.push(...setOperand(member, 1).values());
  return set(all);
};

// Declarations

const andBuiltin = builtin({
  name: "and",
  description: "Intersects two sets.",
  args: [arg("x", setOf(anyType), "a set"), arg("y", setOf(anyType), "another set")],
  result: arg("z", setOf(anyType), "the members of both"),
  examples: [["{1, 2} & {2, 3}", "[2]"]],
  infix: "&",
  categories: ["sets"],
  native: true,
  host: andBody,
});

const orBuiltin = builtin({
  name: "or",
  description: "Unites two sets.",
  args: [arg("x", setOf(anyType), "a set"), arg("y", setOf(anyType), "another set")],
  result: arg("z", setOf(anyType), "the members of either"),
  examples: [["{1} | {2}", "[1,2]"]],
  infix: "|",
  categories: ["sets"],
  native: true,
  host: orBody,
});

const intersectionBuiltin = builtin({
  name: "intersection",
  description: "Intersects all sets of a set.",
  args: [arg("xs", setOf(setOf(anyType)), "the sets")],
  result: arg("y", setOf(anyType), "what is in every one of them"),
  examples: [["intersection({{1, 2}, {2, 3}})", "[2]"]],
  categories: ["sets"],
  native: true,
  host: intersectionBody,
});

const unionBuiltin = builtin({
  name: "union",
  description: "Unites all sets of a set.",
  args: [arg("xs", setOf(setOf(anyType)), "the sets")],
  result: arg("y", setOf(anyType), "what is in any of them"),
  examples: [["union({{1}, {2, 3}})", "[1,2,3]"]],
  categories: ["sets"],
  native: true,
  host: unionBody,
});

const setDiffBuiltin = builtin({
  name: "set_diff",
  description: "Takes the members of one set out of another.",
  args: [unnamed(setOf(anyType)), unnamed(setOf(anyType))],
  result: unnamed(setOf(anyType)),
  examples: [["set_diff({1, 2}, {2})", "[1]"]],
  deprecated: true,
  native: true,
  host: setDiffBody,
});

export const setsBuiltins: readonly Builtin[] = [
  andBuiltin,
  orBuiltin,
  intersectionBuiltin,
  unionBuiltin,
  setDiffBuiltin,
];
