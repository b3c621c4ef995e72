// What a plan leaves for the next one of nearly the same modules: functions and plans whose rules are the same objects and who see the same
// of all others. In: what is wanted, and how to make it. Out: what was made of the same before, with all that making it asked for asked for
// again, in the same order. Holds no more than the last plan had.

import type { CompiledModules, Shape } from "../check/compilation.ts";
import type { Func, Plan } from "../ir/ir.ts";
import type { Module, Rule, Term } from "../../syntax/ast.ts";
import { type Notes, type Shared, Tables, type Wanted } from "./context.ts";
import { PLAIN } from "./environment.ts";
import { buildTrie, type Group, replaceRules, type TrieNode } from "./rule-trie.ts";

interface Kept<T> {
  readonly made: T;
  readonly rules: readonly Rule[];
  readonly wants: readonly { readonly path: readonly Term[]; readonly keys: Wanted["keys"] }[];
  readonly calls: readonly string[];
}

/** What is kept of one kind, by name. */
class Shelf<T> {
  #before = new Map<string, Kept<T>>();
  #now = new Map<string, Kept<T>>();

  turn(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** What was made under the name, where it was made of the rules of this group; else what `make` makes, which is kept if it can be. */
  take(shared: Shared, name: string, group: Group, make: () => T): T {
    const known = this.#before.get(name);
    if (known !== undefined && sameRules(known.rules, group)) {
      for (const { path, keys } of known.wants) {
        const wanted = shared.trie.find(path.slice(1))?.group;
        if (wanted !== undefined) shared.want(wanted, PLAIN, keys);
      }
      for (const call of known.calls) shared.call(call);
      this.#now.set(name, known);
      return known.made;
    }
    const notes: Notes = { wants: [], calls: new Set(), settled: true };
    shared.notes = notes;
    const made = make();
    if (notes.settled) {
      const wants = notes.wants.map((want) => ({ path: want.group.path, keys: want.keys }));
      const rules = group.rules.map(({ rule }) => rule);
      this.#now.set(name, { made, rules, wants, calls: [...notes.calls] });
    }
    return made;
  }
}

const sameRules = (rules: readonly Rule[], group: Group): boolean =>
  rules.length === group.rules.length && rules.every((rule, at) => rule === group.rules[at]?.rule);

export class KeptPlans {
  #shape: Shape | undefined;
  #tables = new Tables();
  /** Texts after the first plan of these modules. */
  #texts = 0;
  #funcs = new Shelf<Func>();
  #plans = new Shelf<Plan>();
  #trie: TrieNode | undefined;
  #modules: readonly Module[] = [];

  /** Before a plan: the rules by path, and the tables that it goes on with. */
  begin({ modules, shape }: CompiledModules): { readonly trie: TrieNode; readonly tables: Tables } {
    const trie = shape === this.#shape ? this.#changed(modules) : undefined;
    this.#trie = trie ?? buildTrie(modules);
    this.#modules = modules;
    return { trie: this.#trie, tables: this.#tablesFor(shape) };
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

  /** Nothing is kept where rules see other things of each other than before. */
  #tablesFor(shape: Shape): Tables {
    const stale = this.#texts > 0 && this.#tables.strings.length > 2 * this.#texts + 1000;
    if (shape !== this.#shape || stale) {
      this.#tables = new Tables();
      this.#texts = 0;
      this.#funcs = new Shelf();
      this.#plans = new Shelf();
    }
    this.#shape = shape;
    return this.#tables;
  }

  end(): void {
    if (this.#texts === 0) this.#texts = this.#tables.strings.length;
    this.#funcs.turn();
    this.#plans.turn();
  }

  func(shared: Shared, wanted: Wanted, make: () => Func): Func {
    // Known keys are terms of a caller, with its place in the text.
    const own = wanted.env.key === "" && wanted.keys.every((key) => key === undefined);
    return own ? this.#funcs.take(shared, wanted.name, wanted.group, make) : make();
  }

  plan(shared: Shared, entrypoint: string, path: readonly Term[], make: () => Plan): Plan {
    const group = shared.trie.find(path)?.group;
    return group === undefined ? make() : this.#plans.take(shared, entrypoint, group, make);
  }
}
