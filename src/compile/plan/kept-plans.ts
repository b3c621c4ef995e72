// What a plan leaves for the next one of nearly the same modules: functions and plans whose rules are the same objects and who see the same
// of all others. In: what is wanted, and how to make it. Out: what was made of the same before, with all that making it asked for asked for
// again, in the same order. Holds no more than the last plan had.

import type { CompiledModules, Shape } from "../check/compilation.ts";
import type { Func, Plan } from "../ir/ir.ts";
import type { Module, Rule } from "../../syntax/ast.ts";
import { type Notes, type Shared, Tables, type Wanted } from "./context.ts";
import { PLAIN } from "./environment.ts";
import { buildTrie, type Group, replaceRules, type TrieNode } from "./rule-trie.ts";

interface Kept<T> {
  readonly made: T;
  readonly rules: readonly Rule[];
  readonly wants: readonly { readonly node: TrieNode; readonly keys: Wanted["keys"] }[];
  readonly calls: readonly string[];
  /** Where the rules stand. */
  readonly node: TrieNode;
  /** The trie that the nodes are of. */
  readonly trie: TrieNode;
  turn: number;
}

/** The same in another trie; undefined if it has not all of the nodes. */
function inTrie<T>(kept: Kept<T>, trie: TrieNode): Kept<T> | undefined {
  if (kept.trie === trie) return kept;
  const find = ({ path }: TrieNode): TrieNode | undefined => trie.find(path.slice(1));
  const node = find(kept.node);
  const wants = kept.wants.flatMap(({ node: old, keys }) => {
    const wanted = find(old);
    return wanted === undefined ? [] : [{ node: wanted, keys }];
  });
  return node === undefined || wants.length < kept.wants.length ? undefined : { ...kept, node, wants, trie };
}

/** What is kept of one kind, by name. */
class Shelf<T> {
  readonly #kept = new Map<string, Kept<T>>();
  #turn = 0;

  /** What the plan had not is forgotten. */
  turn(): void {
    this.#kept.forEach(({ turn }, name) => {
      if (turn !== this.#turn) this.#kept.delete(name);
    });
    this.#turn++;
  }

  /**
   * What was made under the name of rules that are the same ones now; else what `make` makes, which is kept if it can be. `find`: the node
   * where the rules stand.
   */
  take(shared: Shared, name: string, find: () => TrieNode | undefined, make: () => T): T {
    const before = this.#kept.get(name);
    const known = before && inTrie(before, shared.trie);
    if (known !== undefined && sameRules(known.rules, known.node.group)) {
      for (const { node, keys } of known.wants)
        if (node.group !== undefined) shared.want(node.group, PLAIN, keys);
      for (const call of known.calls) shared.call(call);
      known.turn = this.#turn;
      if (known !== before) this.#kept.set(name, known);
      return known.made;
    }
    const node = find();
    const group = node?.group;
    if (node === undefined || group === undefined) return make();
    const notes: Notes = { wants: [], calls: new Set(), settled: true };
    shared.notes = notes;
    const made = make();
    if (notes.settled) {
      const wants = notes.wants.flatMap(({ group: { path }, keys }) => {
        const wanted = shared.trie.find(path.slice(1));
        return wanted === undefined ? [] : [{ node: wanted, keys }];
      });
      const rules = group.rules.map(({ rule }) => rule);
      const { trie } = shared;
      this.#kept.set(name, {
        made,
        rules,
        wants,
        calls: [...notes.calls],
        node,
        trie,
        turn: this.#turn,
      });
    }
    return made;
  }
}

const sameRules = (rules: readonly Rule[], group: Group | undefined): boolean =>
  rules.length === group?.rules.length && rules.every((rule, at) => rule === group.rules[at]?.rule);

export class KeptPlans {
  #shape: Shape | undefined;
  #tables = new Tables();
  /** Texts after the first plan of these modules. */
  #texts = 0;
  #funcs = new Shelf<Func>();
  #plans = new Shelf<Plan>();
  #trie: TrieNode | undefined;
  #modules: readonly Module[] = [];

  /** Before a plan: the rules by path, and the tables that it goes on with. Nothing is kept where rules see other things of each other than before. */
  begin({ modules, shape }: CompiledModules): { readonly trie: TrieNode; readonly tables: Tables } {
    const trie = shape === this.#shape ? this.#changed(modules) : undefined;
    const stale = this.#texts > 0 && this.#tables.strings.length > 2 * this.#texts + 1000;
    if (shape !== this.#shape || stale) {
      this.#tables = new Tables();
      this.#texts = 0;
      this.#funcs = new Shelf();
      this.#plans = new Shelf();
    }
    this.#shape = shape;
    this.#trie = trie ?? buildTrie(modules);
    this.#modules = modules;
    return { trie: this.#trie, tables: this.#tables };
  }

  /** The trie of the last plan with the rules of these modules. */
  #changed(modules: readonly Module[]): TrieNode | undefined {
    const trie = this.#trie;
    // Once it was begun with, it is no longer that of the last plan.
    this.#trie = undefined;
    const same =
      trie !== undefined &&
      modules.every((module, at) => {
        const before = this.#modules[at] as Module;
        return module === before || replaceRules(trie, before, module);
      });
    return same ? trie : undefined;
  }

  end(): void {
    if (this.#texts === 0) this.#texts = this.#tables.strings.length;
    this.#funcs.turn();
    this.#plans.turn();
  }

  func(shared: Shared, wanted: Wanted, make: () => Func): Func {
    // Known keys are terms of a caller, with its place in the text.
    const own = wanted.env.key === "" && wanted.keys.every((key) => key === undefined);
    const { path } = wanted.group;
    return own ? this.#funcs.take(shared, wanted.name, () => shared.trie.find(path.slice(1)), make) : make();
  }

  plan(shared: Shared, entrypoint: string, find: () => TrieNode | undefined, make: () => Plan): Plan {
    return this.#plans.take(shared, entrypoint, find, make);
  }
}
