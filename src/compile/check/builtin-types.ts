// The types of builtins as the type checker looks them up: declarations in, a tree of types by name out.

import type { Term } from "../../syntax/ast.ts";
import { type FunctionType, functionType, type Type } from "../../value/type.ts";
import type { BuiltinDeclaration } from "./compilation.ts";
import { TypeNode } from "./type-env.ts";

const nowhere = { file: "", row: 0, col: 0, offset: 0, text: "" };

export function builtinFunctionType(builtin: BuiltinDeclaration): FunctionType {
  const args = builtin.args.map((arg) => arg.type as Type);
  const variadic = builtin.variadic === true ? args.pop() : undefined;
  return functionType(args, builtin.result?.type as Type | undefined, variadic);
}

const known = new WeakMap<ReadonlyMap<string, BuiltinDeclaration>, TypeNode>();

/** The types of builtins by their names. Layers stand above them, so they stay as they are. */
export function builtinTypes(builtins: ReadonlyMap<string, BuiltinDeclaration>): TypeNode {
  let tree = known.get(builtins);
  if (tree === undefined) known.set(builtins, (tree = newBuiltinTypes(builtins)));
  return tree;
}

export function newBuiltinTypes(builtins: ReadonlyMap<string, BuiltinDeclaration>): TypeNode {
  const tree = new TypeNode();
  for (const builtin of builtins.values()) {
    const [head = "", ...rest] = builtin.name.split(".");
    const path: Term[] = [
      { kind: "var", name: head, location: nowhere },
      ...rest.map((value): Term => ({ kind: "string", value, location: nowhere })),
    ];
    tree.put(path, builtinFunctionType(builtin));
  }
  return tree;
}
