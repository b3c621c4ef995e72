// Bodies of walk and graph.*: a value or a graph (object of node -> array or set of nodes) in, collections of paths or nodes out.
import { TAG_ARRAY, TAG_SET } from "../abi";
import { array_append, array_at, array_new, array_slice } from "../array";
import { sort_set, value_equal } from "../compare";
import { scan_key, scan_open, scan_value } from "../access";
import { object_get } from "../object";
import { set_add, set_at, set_get, set_new } from "../set";
import { tag, word_n } from "../value";
import { is_object, operand_error } from "./operand";

function pair(a: usize, b: usize): usize {
  const to = array_new(2);
  array_append(to, a);
  array_append(to, b);
  return to;
}

function extended(path: usize, key: usize): usize {
  const n = word_n(path);
  const to = array_new(n + 1);
  for (let i = 0; i < n; i++) array_append(to, array_at(path, i));
  array_append(to, key);
  return to;
}

function walk_into(path: usize, v: usize, result: usize): void {
  array_append(result, pair(path, v));
  const n = scan_open(v);
  for (let i = 0; i < n; i++) walk_into(extended(path, scan_key(v, i)), scan_value(v, i), result);
}

/** All [path, value] pairs from the root on, depth first, as an array that the caller scans. */
export function builtin_walk(v: usize): usize {
  const result = array_new(16);
  walk_into(array_new(0), v, result);
  return result;
}

/** The nodes of an array or a set, in order; 0 for anything else. */
function vertices(v: usize): usize {
  if (v == 0) return 0;
  if (tag(v) == TAG_ARRAY) return v;
  if (tag(v) != TAG_SET) return 0;
  sort_set(v);
  const to = array_new(word_n(v));
  for (let i = 0; i < word_n(v); i++) array_append(to, set_at(v, i));
  return to;
}

export function builtin_graph_reachable(graph: usize, initial: usize): usize {
  if (!is_object("graph.reachable", 1, graph)) return 0;
  const first = vertices(initial);
  if (first == 0) return operand_error("graph.reachable", 2, initial, "{array, set}");
  const queue = array_slice(first, 0, word_n(first));
  const reached = set_new();
  for (let i = 0; i < word_n(queue); i++) {
    const node = array_at(queue, i);
    const edges = object_get(graph, node);
    if (edges == 0 || set_get(reached, node) != 0) continue;
    const next = vertices(edges);
    if (next != 0) for (let j = 0; j < word_n(next); j++) if (set_get(reached, array_at(next, j)) == 0) array_append(queue, array_at(next, j));
    set_add(reached, node);
  }
  return reached;
}

function paths_from(graph: usize, root: usize, path: usize, result: usize): void {
  const edges = object_get(graph, root);
  if (edges == 0) {
    set_add(result, path);
    return;
  }
  const here = extended(path, root);
  const next = vertices(edges);
  if (next == 0 || word_n(next) == 0) {
    set_add(result, here);
    return;
  }
  for (let i = 0; i < word_n(next); i++) {
    if (on_path(here, array_at(next, i))) set_add(result, here);
    else paths_from(graph, array_at(next, i), here, result);
  }
}

function on_path(path: usize, node: usize): bool {
  for (let i = 0; i < word_n(path); i++) if (value_equal(array_at(path, i), node)) return true;
  return false;
}

export function builtin_graph_reachable_paths(graph: usize, initial: usize): usize {
  if (!is_object("graph.reachable_paths", 1, graph)) return 0;
  const first = vertices(initial);
  if (first == 0) return operand_error("graph.reachable_paths", 2, initial, "{array, set}");
  const result = set_new();
  for (let i = 0; i < word_n(first); i++) {
    const node = array_at(first, i);
    const edges = object_get(graph, node);
    if (edges == 0) continue;
    const next = vertices(edges);
    const start = extended(array_new(0), node);
    if (next == 0 || word_n(next) == 0) {
      set_add(result, start);
      continue;
    }
    for (let j = 0; j < word_n(next); j++) paths_from(graph, array_at(next, j), start, result);
  }
  return result;
}
