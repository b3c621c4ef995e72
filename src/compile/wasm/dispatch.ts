// Dynamic calls: which rule hangs under a data path whose keys are partly known only when it is asked for. In: the paths of the plan's
// functions. Out: one function per shape of path, a decision tree over the unknown keys; no table, no indirect call.

import type { Func } from "../ir/ir.ts";
import type { ModuleContext, PathKey } from "./context.ts";
import { Code } from "./instruction.ts";

interface Node {
  func: Func | undefined;
  readonly children: Map<string, Node>;
}

/** Below this many keys they are compared one by one. */
const LINEAR = 4;

export interface RuleTree {
  readonly root: Node;
}

export function ruleTree(funcs: readonly Func[]): RuleTree {
  const root: Node = { func: undefined, children: new Map() };
  for (const func of funcs) {
    if (func.path === undefined || func.path.length === 0) continue;
    let node = root;
    for (const key of func.path) {
      let child = node.children.get(key);
      if (child === undefined) {
        child = { func: undefined, children: new Map() };
        node.children.set(key, child);
      }
      node = child;
    }
    node.func = func;
  }
  return { root };
}

/** Body of a dispatcher: parameters are the arguments, then the unknown keys. See `ModuleContext.dispatcher`. */
export function dispatcherBody(
  tree: RuleTree,
  args: number,
  path: readonly PathKey[],
  module: ModuleContext,
  indexOf: (func: Func) => number,
): Uint8Array {
  const unknown = path.filter((key) => key === undefined).length;
  const code = new Code(args + unknown);
  const result = code.local();

  const answers = (node: Node, at: number): boolean => {
    if (at === path.length) return node.func !== undefined && node.func.params.length === args;
    return next(node, path[at]).some(([, child]) => answers(child, at + 1));
  };
  const leaf = (func: Func): void => {
    for (let arg = 0; arg < args; arg++) code.get(arg);
    code.call(indexOf(func));
    code.tee(result);
    code.if();
    code.get(result);
    code.return();
    code.end();
    code.i32(1);
    code.return();
  };
  const visit = (node: Node, at: number, key: number): void => {
    if (at === path.length) {
      if (node.func !== undefined) leaf(node.func);
      return;
    }
    const children = next(node, path[at]).filter(([, child]) => answers(child, at + 1));
    if (path[at] === undefined) choose(children, at, key);
    else for (const [, child] of children) visit(child, at + 1, key);
  };
  const choose = (children: readonly (readonly [string, Node])[], at: number, key: number): void => {
    if (children.length > LINEAR) {
      const middle = children.length >> 1;
      code.get(key);
      code.address(module.statics.string(children[middle]![0]));
      code.call(module.runtime("value_compare"));
      code.i32(0);
      code.ltS();
      code.if();
      choose(children.slice(0, middle), at, key);
      code.else();
      choose(children.slice(middle), at, key);
      code.end();
      return;
    }
    for (const [name, child] of children) {
      code.get(key);
      code.address(module.statics.string(name));
      code.call(module.runtime("value_equal"));
      code.if();
      visit(child, at + 1, key + 1);
      code.i32(0);
      code.return();
      code.end();
    }
  };
  visit(tree.root, 0, args);
  code.i32(0);
  return code.finish();
}

/** Children under a known key, or all of them in the order of their UTF-8 bytes (OPA's order of strings). */
function next(node: Node, key: PathKey): readonly (readonly [string, Node])[] {
  if (key === undefined) return [...node.children].sort(([a], [b]) => compareBytes(a, b));
  const child = node.children.get(key);
  return child === undefined ? [] : [[key, child]];
}

function compareBytes(a: string, b: string): number {
  const [x, y] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  for (let at = 0; at < Math.min(x.length, y.length); at++) {
    if (x[at] !== y[at]) return x[at]! - y[at]!;
  }
  return x.length - y.length;
}
