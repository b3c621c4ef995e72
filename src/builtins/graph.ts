// Walks through values and graphs. Values in; arrays and sets out, found without recursion over graphs, so that long chains are safe.

import { arg, arrayOf, builtin, objectOf, setOf } from "./signature.ts";
import { anyOf, anyType, arrayType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { identity } from "../value/compare.ts";
import { integer } from "../value/number.ts";
import { set } from "../value/set.ts";
import type { RegoObject, Value } from "../value/value.ts";
import { isArray, isObject, isSet } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { failure, members, objectOperand, wrongType } from "./operand.ts";

/** A relation: the answer is the array of all pairs, which the caller iterates. */
const walkBody: HostBody = ([x]) => {
  const pairs: Value[] = [];
  visit(x as Value, [], pairs);
  return pairs;
};

function visit(value: Value, path: readonly Value[], pairs: Value[]): void {
  pairs.push([path, value]);
  if (isArray(value))
    for (const [i, element] of value.entries()) visit(element, [...path, integer(i)], pairs);
  else if (isObject(value)) for (const [key, member] of value.entries()) visit(member, [...path, key], pairs);
  else if (isSet(value)) for (const member of value.values()) visit(member, [...path, member], pairs);
}

function startOperand(value: Value | undefined): readonly Value[] {
  const list = members(value);
  if (list === undefined) throw wrongType(2, value, "{array, set}");
  return list;
}

const graphReachableBody: HostBody = ([graph, initial]) => {
  const edges = objectOperand(graph, 1);
  const reached = new Map<string, Value>();
  const open = [...startOperand(initial)];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const id = identity(node);
    const neighbours = reached.has(id) ? undefined : edges.get(node);
    if (neighbours === undefined) continue;
    reached.set(id, node);
    open.push(...(members(neighbours) ?? []));
  }
  return set(reached.values());
};

/** Their number grows with the branches multiplied; beyond this it is an attack or a mistake. */
const PATH_LIMIT = 1_000_000;

const graphReachablePathsBody: HostBody = ([graph, initial]) => {
  const edges = objectOperand(graph, 1);
  const paths: Value[] = [];
  for (const node of startOperand(initial)) {
    const neighbours = edges.get(node);
    if (neighbours === undefined) continue;
    const list = members(neighbours) ?? [];
    if (list.length === 0) paths.push([node]);
    for (const neighbour of list) extend(edges, neighbour, [node], new Set([identity(node)]), paths);
  }
  return set(paths);
};

/** Ends a path where it leaves the graph, where nothing follows, or where it would close a circle. */
function extend(
  edges: RegoObject,
  node: Value,
  path: readonly Value[],
  seen: Set<string>,
  paths: Value[],
): void {
  if (paths.length > PATH_LIMIT) throw failure("graph has too many paths");
  const neighbours = edges.get(node);
  if (neighbours === undefined) {
    paths.push(path);
    return;
  }
  const longer = [...path, node];
  const list = members(neighbours) ?? [];
  if (list.length === 0) paths.push(longer);
  const id = identity(node);
  const isNew = !seen.has(id);
  seen.add(id);
  for (const neighbour of list) {
    if (seen.has(identity(neighbour))) paths.push(longer);
    else extend(edges, neighbour, longer, seen, paths);
  }
  if (isNew) seen.delete(id);
}

// Declarations

const walkBuiltin = builtin({
  name: "walk",
  description: "Visits a value and everything within it.",
  args: [arg("x", anyType, "where to begin")],
  result: arg(
    "output",
    arrayType([arrayOf(anyType), anyType]),
    "a path and the value at its end, for each value visited",
  ),
  examples: [['[p | walk({"a": [1]}, [p, 1])]', '[["a",0]]']],
  relation: true,
  categories: ["graph"],
  native: true,
  host: walkBody,
});

const graphReachableBuiltin = builtin({
  name: "graph.reachable",
  description: "Collects the nodes of a graph that can be reached.",
  args: [
    arg(
      "graph",
      objectOf(anyType, anyOf(arrayOf(anyType), setOf(anyType))),
      "from each node to its neighbours",
    ),
    arg("initial", anyOf(arrayOf(anyType), setOf(anyType)), "where to begin"),
  ],
  result: arg("output", setOf(anyType), "the nodes reached that the graph has"),
  examples: [['graph.reachable({"a": ["b"], "b": []}, ["a"])', '["a","b"]']],
  native: true,
  host: graphReachableBody,
});

const graphReachablePathsBuiltin = builtin({
  name: "graph.reachable_paths",
  description: "Collects the paths through a graph that cannot be made longer.",
  args: [
    arg(
      "graph",
      objectOf(anyType, anyOf(arrayOf(anyType), setOf(anyType))),
      "from each node to its neighbours",
    ),
    arg("initial", anyOf(arrayOf(anyType), setOf(anyType)), "where to begin"),
  ],
  result: arg("output", setOf(arrayOf(anyType)), "the paths, each an array of nodes"),
  examples: [['graph.reachable_paths({"a": ["b"], "b": []}, ["a"])', '[["a","b"]]']],
  native: true,
  host: graphReachablePathsBody,
});

export const graphBuiltins: readonly Builtin[] = [
  walkBuiltin,
  graphReachableBuiltin,
  graphReachablePathsBuiltin,
];
