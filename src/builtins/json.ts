// Parts of JSON-like values by path: filter, remove, patch (RFC 6902, carried over to sets). Values in, new values out; a patch is
// applied whole or not at all. Paths are texts with `/` or arrays of keys; `~1` is a slash, `~0` a tilde.

import { arg, arrayOf, builtin, objectOf, setOf } from "./signature.ts";
import { anyOf, anyType, dynamicProperty, objectType, property, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { equal, identity } from "../value/compare.ts";
import { object } from "../value/object.ts";
import { set } from "../value/set.ts";
import { termText } from "../value/text.ts";
import type { Value } from "../value/value.ts";
import { isArray, isObject, isSet, typeName } from "../value/value.ts";
import type { HostBody } from "./builtin.ts";
import { arrayOperand, failure, members, objectOperand, typeFailure, wrongType } from "./operand.ts";
import { insertAt, removeAt, stepInto } from "./patch.ts";

type Path = readonly Value[];

function parsePath(path: Value): Path {
  if (path === "") return [];
  if (typeof path === "string") {
    const segments = path.replace(/^\/+/, "").split("/");
    return segments.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  if (isArray(path)) return path;
  throw typeFailure(
    `operand 2 must be one of {set, array} containing string paths or array of path segments but got ${typeName(path)}`,
  );
}

function pathsOperand(value: Value | undefined): Path[] {
  const list = members(value);
  if (list === undefined) throw wrongType(2, value, "set", "array");
  return list.map(parsePath);
}

/** Paths as a tree: what lies below a key, or `whole` when a path ends there. */
interface PathTree {
  whole: boolean;
  readonly below: Map<string, PathTree>;
}

function toTree(paths: readonly Path[]): PathTree {
  const root: PathTree = { whole: false, below: new Map() };
  for (const path of paths) {
    let node = root;
    for (const key of path) {
      // A shorter path has taken everything here already.
      if (node.whole) break;
      const id = identity(key);
      let next = node.below.get(id);
      if (next === undefined) {
        next = { whole: false, below: new Map() };
        node.below.set(id, next);
      }
      node = next;
    }
    if (path.length > 0) node.whole = true;
  }
  return root;
}

function filtered(value: Value, tree: PathTree): Value {
  if (tree.whole) return value;
  if (isArray(value)) {
    return value.flatMap((element, i) => {
      const sub = tree.below.get(String(i));
      return sub === undefined ? [] : [filtered(element, sub)];
    });
  }
  const kept = <K extends Value>(key: K): PathTree | undefined => tree.below.get(identity(key));
  if (isObject(value)) {
    const entries: [Value, Value][] = [];
    for (const [key, inner] of value.entries()) {
      const sub = kept(key);
      if (sub !== undefined) entries.push([key, filtered(inner, sub)]);
    }
    return object(entries);
  }
  if (!isSet(value)) return value;
  const result: Value[] = [];
  for (const element of value.values()) {
    const sub = kept(element);
    if (sub !== undefined) result.push(filtered(element, sub));
  }
  return set(result);
}

const jsonFilterBody: HostBody = ([x, paths]) => {
  const source = objectOperand(x, 1);
  return filtered(source, toTree(pathsOperand(paths)));
};

/** Undefined when the value itself goes. */
function removed(value: Value, tree: PathTree | undefined): Value | undefined {
  if (tree === undefined) return value;
  if (tree.whole) return undefined;
  if (isArray(value))
    return value.flatMap((element, i) => listed(removed(element, tree.below.get(String(i)))));
  if (isObject(value)) {
    const entries: [Value, Value][] = [];
    for (const [key, inner] of value.entries()) {
      const rest = removed(inner, tree.below.get(identity(key)));
      if (rest !== undefined) entries.push([key, rest]);
    }
    return object(entries);
  }
  if (!isSet(value)) return value;
  return set(
    [...value.values()].flatMap((element) => listed(removed(element, tree.below.get(identity(element))))),
  );
}

function listed(value: Value | undefined): readonly Value[] {
  return value === undefined ? [] : [value];
}

const jsonRemoveBody: HostBody = ([x, paths]) => {
  const source = objectOperand(x, 1);
  return removed(source, toTree(pathsOperand(paths)));
};

const jsonPatchBody: HostBody = ([target, operations]) => {
  let value: Value | undefined = target;
  for (const operation of arrayOperand(operations, 2)) value = applyOperation(value, operation);
  // Removing the root leaves nothing to answer with.
  return value;
};

function attribute(operation: Value, name: string): Value {
  const value = isObject(operation) ? operation.get(name) : undefined;
  if (value === undefined) throw failure(`missing required attribute '${name}'`);
  return value;
}

function applyOperation(value: Value | undefined, operation: Value): Value | undefined {
  if (!isObject(operation)) {
    throw failure("must be an array of JSON-Patch objects, but at least one element is not an object");
  }
  const rawPath = attribute(operation, "path");
  const op = attribute(operation, "op");
  if (typeof op !== "string") throw failure(`attribute 'op' must be a string but found: ${typeName(op)}`);
  const path = parsePath(rawPath);
  switch (op) {
    case "add":
      return insertAt(value, path, attribute(operation, "value"));
    case "remove":
      return removeAt(value, path);
    case "replace": {
      const rest = removeAt(value, path);
      return insertAt(rest, path, attribute(operation, "value"));
    }
    case "move": {
      const from = parsePath(attribute(operation, "from"));
      const moved = find(value, from);
      return insertAt(removeAt(value, from), path, moved);
    }
    case "copy":
      return insertAt(value, path, find(value, parsePath(attribute(operation, "from"))));
    case "test": {
      const found = find(value, path);
      const wanted = attribute(operation, "value");
      if (equal(found, wanted)) return value;
      throw failure(
        `value from EditTree != patch value.\n\nExpected: ${termText(wanted)}\n\nFound: ${termText(found)}`,
      );
    }
    default:
      throw failure(`unrecognized op: '${op}'`);
  }
}

function find(value: Value | undefined, path: Path): Value {
  let at = value;
  for (const key of path) at = stepInto(at, key);
  if (at === undefined) throw failure("cannot insert nil value into EditTree");
  return at;
}

// Declarations

const jsonFilterBuiltin = builtin({
  name: "json.filter",
  description: "Keeps only the parts of an object that some paths lead to.",
  args: [
    arg("object", objectOf(anyType, anyType), "object to pick from"),
    arg(
      "paths",
      anyOf(arrayOf(anyOf(stringType, arrayOf(anyType))), setOf(anyOf(stringType, arrayOf(anyType)))),
      "paths as `a/b` or as arrays of keys",
    ),
  ],
  result: arg("filtered", objectOf(anyType, anyType), "the object with those parts only"),
  examples: [['json.filter({"a": {"b": 1, "c": 2}}, ["a/b"])', '{"a":{"b":1}}']],
  categories: ["object"],
  native: true,
  host: jsonFilterBody,
});

const jsonRemoveBuiltin = builtin({
  name: "json.remove",
  description: "Drops the parts of an object that some paths lead to.",
  args: [
    arg("object", objectOf(anyType, anyType), "object to take from"),
    arg(
      "paths",
      anyOf(arrayOf(anyOf(stringType, arrayOf(anyType))), setOf(anyOf(stringType, arrayOf(anyType)))),
      "paths as `a/b` or as arrays of keys",
    ),
  ],
  result: arg("output", objectOf(anyType, anyType), "the object without those parts"),
  examples: [['json.remove({"a": {"b": 1, "c": 2}}, ["a/b"])', '{"a":{"c":2}}']],
  categories: ["object"],
  native: true,
  host: jsonRemoveBody,
});

const jsonPatchBuiltin = builtin({
  name: "json.patch",
  description:
    "Applies JSON Patch operations (RFC 6902) in order, all or none. In a set, the path of a member is the member itself.",
  args: [
    arg("target", anyType, "value to change"),
    arg(
      "patches",
      arrayOf(
        objectType(
          [property("op", stringType), property("path", anyType)],
          dynamicProperty(anyType, anyType),
        ),
      ),
      "the operations",
    ),
  ],
  result: arg("output", anyType, "the changed value"),
  examples: [['json.patch({"a": 1}, [{"op": "add", "path": "/b", "value": 2}])', '{"a":1,"b":2}']],
  categories: ["object"],
  native: true,
  host: jsonPatchBody,
});

export const jsonBuiltins: readonly Builtin[] = [jsonFilterBuiltin, jsonRemoveBuiltin, jsonPatchBuiltin];
