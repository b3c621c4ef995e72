// What a group of rules can come to, directly or through others: the functions it may call and the parts of `data` it may look at.
// In: the trie. Out: for each group a closure, used to plan a rule again only under a `with` that concerns it. It may name too much,
// never too little.

import type { RefTerm, Rule, Term } from "../../syntax/ast.ts";
import { callOf, groundPrefix, type Visitor, walkBody, walkHead } from "../check/walk.ts";
import { type Environment, environment, type Mock, startsWith } from "./environment.ts";
import { type Group, pathText, type TrieNode } from "./rule-trie.ts";

interface Closure {
  readonly calls: ReadonlySet<string>;
  /** By text, so that equal refs are kept once. */
  readonly refs: ReadonlyMap<string, readonly Term[]>;
}

const NOTHING: Closure = { calls: new Set(), refs: new Map() };

export class Reach {
  readonly #data: TrieNode;
  readonly #closures = new Map<Group, Closure>();

  constructor(data: TrieNode) {
    this.#data = data;
  }

  /** The part of an environment that can make a difference to the group. */
  restrict(env: Environment, group: Group): Environment {
    if (env.key === "") return env;
    const closure = this.#closureOf(group);
    const mocks = new Map<string, Mock>();
    const refs = [...closure.refs.values()];
    for (const [name, mock] of env.mocks) {
      if (!closure.calls.has(name)) continue;
      mocks.set(name, mock);
      const replacement = mock.kind === "function" ? this.#data.find(mock.ref.slice(1))?.group : undefined;
      if (replacement !== undefined) refs.push(...this.#closureOf(replacement).refs.values());
    }
    const masks = env.masks.filter((mask) =>
      refs.some((ref) => startsWith(ref, mask) || startsWith(mask, ref)),
    );
    return environment(masks, mocks);
  }

  #closureOf(group: Group): Closure {
    const known = this.#closures.get(group);
    if (known !== undefined) return known;
    // Rules cannot be recursive; the entry only guards against plans of modules that were never checked.
    this.#closures.set(group, NOTHING);
    const calls = new Set<string>();
    const refs = new Map<string, readonly Term[]>();
    for (const { rule } of group.rules) collect(rule, calls, refs);
    const reached = new Set<Group>();
    for (const ref of refs.values()) this.#groupsAt(ref, reached);
    for (const other of reached) {
      if (other === group) continue;
      const closure = this.#closureOf(other);
      for (const call of closure.calls) calls.add(call);
      for (const [text, ref] of closure.refs) refs.set(text, ref);
    }
    const closure = { calls, refs };
    this.#closures.set(group, closure);
    return closure;
  }

  /** The groups on the way to a ref and below it. */
  #groupsAt(ref: readonly Term[], found: Set<Group>): void {
    let node: TrieNode | undefined = this.#data;
    for (const term of ref.slice(1)) {
      node = node.child(term);
      if (node === undefined) return;
      if (node.group !== undefined) found.add(node.group);
    }
    below(node, found);
  }
}

function below(node: TrieNode, found: Set<Group>): void {
  if (node.group !== undefined) found.add(node.group);
  for (const child of node.children.values()) below(child, found);
}

function collect(first: Rule, calls: Set<string>, refs: Map<string, readonly Term[]>): void {
  const operator = (ref: RefTerm) => calls.add(pathText(ref.terms));
  const visitor: Visitor = {
    term: (term) => {
      if (term.kind === "call") operator(term.operator);
      const head = term.kind === "ref" ? term.terms[0] : term;
      if (head.kind !== "var" || head.name !== "data") return undefined;
      const prefix = term.kind === "ref" ? groundPrefix(term.terms) : [head];
      refs.set(pathText(prefix), prefix);
      return undefined;
    },
    expr: (expr) => {
      const call = callOf(expr);
      if (call !== undefined) operator(call[0]);
      return undefined;
    },
  };
  for (let rule: Rule | undefined = first; rule !== undefined; rule = rule.else) {
    walkHead(rule.head, visitor);
    walkBody(rule.body, visitor);
  }
}
