// Builtins of the category `graph`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import type { Builtin } from "./builtin.ts";
import { arg, arrayOf, builtin, objectOf, setOf } from "./signature.ts";
import { anyOf, anyType, arrayType } from "../value/type.ts";

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
});

export const graphBuiltins: readonly Builtin[] = [
  walkBuiltin,
  graphReachableBuiltin,
  graphReachablePathsBuiltin,
];
