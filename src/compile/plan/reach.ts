// What groups of rules can come to, directly or through others: the functions they may call and the parts of `data` they may look at.
// In: the trie. Out: what of an environment concerns a group, so that it is planned again only under a `with` that does. It may be found to
// be concerned too often, never too seldom. Asked backwards, from what is replaced to those who come to it: the other way round every test
// of a repository would hold all that it can reach.

import type { RefTerm, Rule, Term } from "../../syntax/ast.ts";
import { callOf, groundPrefix, type Visitor, walkBody, walkHead } from "../check/walk.ts";
import { type Environment, environment, type Mock, startsWith } from "./environment.ts";
import { type Group, pathText, type TrieNode } from "./rule-trie.ts";

/** What a rule and its `else` branches name. */
interface Named {
  readonly calls: ReadonlySet<string>;
  /** Ground beginnings of refs into `data`, each once. */
  readonly refs: readonly (readonly Term[])[];
}

export class Reach {
  readonly #data: TrieNode;
  #users: Users | undefined;
  readonly #callers = new Map<string, ReadonlySet<Group>>();
  readonly #viewers = new Map<string, ReadonlySet<Group>>();

  constructor(data: TrieNode) {
    this.#data = data;
  }

  /** The part of an environment that can make a difference to the group. */
  restrict(env: Environment, group: Group): Environment {
    if (env.key === "") return env;
    const mocks = new Map([...env.mocks].filter(([name]) => this.#callersOf(name).has(group)));
    // In a function that stands in for another, documents are replaced as well, and functions are not.
    const groups = [group, ...[...mocks.values()].flatMap((mock) => this.#replacement(mock) ?? [])];
    const masks = env.masks.filter((mask) => groups.some((one) => this.#viewersOf(mask).has(one)));
    return environment(masks, mocks);
  }

  #replacement(mock: Mock): Group | undefined {
    return mock.kind === "function" ? this.#data.find(mock.ref.slice(1))?.group : undefined;
  }

  #callersOf(name: string): ReadonlySet<Group> {
    const users = (this.#users ??= new Users(this.#data));
    return kept(this.#callers, name, () => users.closure(({ calls }) => calls.has(name)));
  }

  #viewersOf(mask: readonly Term[]): ReadonlySet<Group> {
    const users = (this.#users ??= new Users(this.#data));
    const sees = ({ refs }: Named): boolean =>
      refs.some((ref) => startsWith(ref, mask) || startsWith(mask, ref));
    return kept(this.#viewers, pathText(mask), () => users.closure(sees));
  }
}

function kept<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** Which groups name which: the refs of all rules, backwards. */
class Users {
  readonly #data: TrieNode;
  readonly #named = new Map<Group, readonly Named[]>();
  /** Groups with a ref to a node or through it, and groups with one that ends at a node: they see what is below as well. */
  readonly #through = new Map<TrieNode, Set<Group>>();
  readonly #endAt = new Map<TrieNode, Set<Group>>();

  constructor(data: TrieNode) {
    this.#data = data;
    this.#read(data);
  }

  #read(node: TrieNode): void {
    const { group } = node;
    if (group !== undefined) {
      const all = group.rules.map(({ rule }) => namedIn(rule));
      this.#named.set(group, all);
      for (const { refs } of all) for (const ref of refs) this.#note(ref, group);
    }
    for (const child of node.children.values()) this.#read(child);
  }

  #note(ref: readonly Term[], group: Group): void {
    let node: TrieNode | undefined = this.#data;
    for (const term of ref.slice(1)) {
      node = node.child(term);
      if (node === undefined) return;
      if (node.group !== undefined) kept(this.#through, node, () => new Set()).add(group);
    }
    kept(this.#endAt, node, () => new Set()).add(group);
  }

  /** The groups of which a rule is as asked, and all that come to them. */
  closure(isAsked: (named: Named) => boolean): ReadonlySet<Group> {
    const found = new Set<Group>();
    for (const [group, all] of this.#named) if (all.some(isAsked)) found.add(group);
    // A set is walked with what is added on the way.
    for (const group of found) {
      let node: TrieNode | undefined = this.#data;
      const add = (users: ReadonlySet<Group> | undefined): void => {
        for (const user of users ?? []) found.add(user);
      };
      add(this.#endAt.get(node));
      for (const term of group.path.slice(1)) {
        node = node?.child(term);
        if (node === undefined) break;
        add(this.#endAt.get(node));
      }
      if (node !== undefined) add(this.#through.get(node));
    }
    return found;
  }
}

/** Rules stay the same objects from one plan to the next where their module did not change. */
const known = new WeakMap<Rule, Named>();

function namedIn(first: Rule): Named {
  let named = known.get(first);
  if (named === undefined) known.set(first, (named = readRule(first)));
  return named;
}

function readRule(first: Rule): Named {
  const calls = new Set<string>();
  const refs = new Map<string, readonly Term[]>();
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
  return { calls, refs: [...refs.values()] };
}
