// The module tree (packages by path) and the rule tree (rules by path). Modules in, trees out; lookups by ref over them.
// Keys are scalars and vars as text that cannot clash, so that `1` and `"1"` are different children.

import type { Term } from "../../syntax/ast.ts";
import { printTerm } from "../../syntax/print.ts";
import { type ModuleCell, type RuleCell, ruleRef } from "./cells.ts";
import { groundPrefix, isScalar } from "./walk.ts";

export interface ModuleNode {
  readonly children: Map<string, ModuleNode>;
  readonly modules: ModuleCell[];
  readonly hide: boolean;
}

export interface RuleNode<R = RuleCell> {
  readonly key: Term | undefined;
  readonly children: Map<string, RuleNode<R>>;
  readonly values: R[];
  /** `data.system`: left out where a ref is not ground. */
  hide: boolean;
}

/** The text under which a term is a child of a node: strings, which nearly all are, stand for themselves. */
export function nodeKey(term: Term): string {
  switch (term.kind) {
    case "var":
      return term.name === "data" ? DATA_KEY : `\u0000v${term.name}`;
    case "string":
      return stringKey(term.value);
    case "number":
      return `\u0000n${Number(term.text)}`;
    case "boolean":
      return `\u0000b${term.value}`;
    case "null":
      return "\u00000";
    default:
      return `\u0000x${printTerm(term)}`;
  }
}

export const DATA_KEY = "\u0000vdata";

export const stringKey = (value: string): string => (value.charCodeAt(0) === 0 ? `\u0000s${value}` : value);

const newModuleNode = (hide: boolean): ModuleNode => ({ children: new Map(), modules: [], hide });
export const newRuleNode = <R>(key: Term | undefined): RuleNode<R> => ({
  key,
  children: new Map(),
  values: [],
  hide: false,
});

export function moduleTree(modules: readonly ModuleCell[]): ModuleNode {
  const root = newModuleNode(false);
  for (const module of modules) {
    let node = root;
    module.path.terms.forEach((term, i) => {
      const key = nodeKey(term);
      let child = node.children.get(key);
      if (child === undefined) node.children.set(key, (child = newModuleNode(i === 1 && key === "system")));
      node = child;
    });
    node.modules.push(module);
  }
  return root;
}

export function ruleTree(modules: readonly ModuleCell[]): RuleNode {
  const root = newRuleNode<RuleCell>(undefined);
  for (const module of modules) {
    if (module.rules.length === 0) insert(root, module.path.terms);
    for (const rule of module.rules) insert(root, groundPrefix(ruleRef(rule))).values.push(rule);
  }
  const system = root.children.get(DATA_KEY)?.children.get("system");
  if (system !== undefined) system.hide = true;
  return root;
}

/** The tree with the rules of modules in the place of those that stood under the same paths; the tree itself stays as it is. */
export function replacedTree(
  root: RuleNode,
  gone: readonly ModuleCell[],
  come: readonly ModuleCell[],
): RuleNode {
  const made = new Set<RuleNode>();
  const own = (node: RuleNode): RuleNode => {
    if (made.has(node)) return node;
    const copy = { ...node, children: new Map(node.children), values: [...node.values] };
    made.add(copy);
    return copy;
  };
  const top = own(root);
  const nodeOf = (rule: RuleCell): RuleNode => {
    let node = top;
    for (const term of groundPrefix(ruleRef(rule))) {
      const key = nodeKey(term);
      const child = own(node.children.get(key) ?? newRuleNode(term));
      node.children.set(key, child);
      node = child;
    }
    return node;
  };
  for (const [at, module] of gone.entries()) {
    const old = new Set(module.rules);
    const places = new Map<RuleNode, number>();
    for (const rule of module.rules) {
      const { values } = nodeOf(rule);
      const first = values.findIndex((value) => old.has(value));
      if (first < 0) continue;
      places.set(nodeOf(rule), first);
      values.splice(0, values.length, ...values.filter((value) => !old.has(value)));
    }
    for (const rule of (come[at] as ModuleCell).rules) {
      const node = nodeOf(rule);
      const place = places.get(node) ?? node.values.length;
      node.values.splice(place, 0, rule);
      places.set(node, place + 1);
    }
  }
  return top;
}

function insert<R>(root: RuleNode<R>, path: readonly Term[]): RuleNode<R> {
  let node = root;
  for (const term of path) {
    const key = nodeKey(term);
    let child = node.children.get(key);
    if (child === undefined) node.children.set(key, (child = newRuleNode<R>(term)));
    node = child;
  }
  return node;
}

/** The same tree with other values. */
export function mapRuleTree<A, B>(node: RuleNode<A>, map: (value: A) => B): RuleNode<B> {
  return {
    key: node.key,
    children: new Map([...node.children].map(([k, child]) => [k, mapRuleTree(child, map)] as const)),
    values: node.values.map(map),
    hide: node.hide,
  };
}

export function childOf<R>(node: RuleNode<R>, term: Term): RuleNode<R> | undefined {
  return node.children.get(nodeKey(term));
}

export function findNode<R>(root: RuleNode<R>, path: readonly Term[]): RuleNode<R> | undefined {
  let node: RuleNode<R> | undefined = root;
  for (const term of path) {
    node = node.children.get(nodeKey(term));
    if (node === undefined) return undefined;
  }
  return node;
}

/** The node and everything under it, parents first; returning true leaves the children out. */
export function eachNode<R>(node: RuleNode<R>, visit: (node: RuleNode<R>) => boolean | undefined): void {
  if (visit(node) === true) return;
  for (const child of node.children.values()) eachNode(child, visit);
}

export function eachModuleNode(node: ModuleNode, visit: (node: ModuleNode) => void): void {
  visit(node);
  for (const child of node.children.values()) eachModuleNode(child, visit);
}

/** A value as it stands: no variable, nothing to evaluate. */
export const isConstant = (term: Term): boolean =>
  isScalar(term) ||
  ((term.kind === "array" || term.kind === "set") && term.items.every(isConstant)) ||
  (term.kind === "object" && term.entries.every(([k, v]) => isConstant(k) && isConstant(v)));

/** Whether two paths are one, or one may lead to the other: what is no constant may be anything. */
export function mayMeet(a: readonly Term[], b: readonly Term[]): boolean {
  const both = Math.min(a.length, b.length);
  for (let i = 0; i < both; i++) {
    const [x, y] = [a[i] as Term, b[i] as Term];
    const known = i === 0 || (isConstant(x) && isConstant(y));
    if (known && nodeKey(x) !== nodeKey(y)) return false;
  }
  return true;
}

/** Whether rules stand above a path: then it is a part of their document. */
export function isBelowRules<R>(root: RuleNode<R>, path: readonly Term[]): boolean {
  let node: RuleNode<R> | undefined = root;
  for (const term of path) {
    if (node.values.length > 0) return true;
    node = childOf(node, term);
    if (node === undefined) return false;
  }
  return false;
}

/** Whether a ref goes on from a package below which not all names are known: then also rules count that it does not refer to. */
export function isOpen<R>(root: RuleNode<R>, ref: readonly Term[]): boolean {
  let node: RuleNode<R> | undefined = root;
  for (const [i, term] of ref.entries()) {
    if (i > 0 && !isConstant(term)) return node.children.size > 0;
    node = childOf(node, term);
    if (node === undefined) return false;
  }
  return false;
}

/** Every rule that a ref could refer to: known elements narrow it down, the others stand for any child. */
export function rulesReferredTo<R>(root: RuleNode<R>, ref: readonly Term[], hidden: boolean): Set<R> {
  const result = new Set<R>();
  const add = (node: RuleNode<R>): void => {
    for (const rule of node.values) result.add(rule);
  };
  const walk = (node: RuleNode<R>, i: number): void => {
    const term = ref[i];
    if (term === undefined) {
      eachNode(node, (n) => {
        add(n);
        return !hidden && n.hide;
      });
    } else if (i === 0 || isConstant(term)) {
      const child = childOf(node, term);
      if (child === undefined) return;
      add(child);
      walk(child, i + 1);
    } else {
      for (const child of node.children.values()) {
        if (child.hide && !hidden) continue;
        add(child);
        walk(child, i + 1);
      }
    }
  };
  walk(root, 0);
  return result;
}
