// Which rule refers to which: the dependency graph, its order and its cycles. Rule cells in, edges out.

import type { Term } from "../../syntax/ast.ts";
import { eachRule, type ModuleCell, type RuleCell } from "./cells.ts";
import { featuresOf } from "./features.ts";
import { DATA_KEY, isOpen, mayMeet, nodeKey, type RuleNode, rulesReferredTo } from "./trees.ts";
import { type Visitor, walkBody } from "../../syntax/visit.ts";
import { walkHead } from "./walk.ts";

export class Graph {
  /** Null: not asked yet. */
  #sorted: readonly RuleCell[] | undefined | null = null;
  #uses = new Map<RuleCell, Set<RuleCell>>();
  #usedBy = new Map<RuleCell, Set<RuleCell>>();
  /** Rules whose types depend on more than the rules that they refer to. */
  readonly #open = new Set<RuleCell>();
  /** Of a graph that was made of another one: its own sets. All others are copied before they change. */
  #made: Set<Set<RuleCell>> | undefined;

  constructor(modules: readonly ModuleCell[], tree: RuleNode) {
    eachRule(modules, (rule) => {
      this.#add(rule, tree);
      return false;
    });
  }

  /** The graph once modules gave way to others, whose rules stand in the same places of the tree. */
  replaced(gone: readonly ModuleCell[], come: readonly ModuleCell[], tree: RuleNode): Graph {
    const graph = new Graph([], tree);
    graph.#uses = new Map(this.#uses);
    graph.#usedBy = new Map(this.#usedBy);
    graph.#made = new Set();
    for (const rule of this.#open) graph.#open.add(rule);
    const users = new Set<RuleCell>();
    eachRule(gone, (rule) => {
      for (const user of this.dependents(rule)) users.add(user);
      for (const used of this.dependencies(rule)) graph.#own(graph.#usedBy, used).delete(rule);
      return false;
    });
    eachRule(gone, (rule) => {
      users.delete(rule);
      graph.#open.delete(rule);
      graph.#uses.delete(rule);
      graph.#usedBy.delete(rule);
      return false;
    });
    for (const user of users) {
      graph.#uses.set(user, new Set());
      graph.#add(user, tree);
    }
    eachRule(come, (rule) => {
      graph.#add(rule, tree);
      return false;
    });
    return graph;
  }

  #add(rule: RuleCell, tree: RuleNode): void {
    this.#touch(rule);
    if (featuresOf(rule).with) this.#open.add(rule);
    if (featuresOf(rule).data) for (const ref of dataRefs(rule)) this.#link(rule, ref, tree);
  }

  /** Most rules use no other: they share a set that stays empty. */
  #touch(rule: RuleCell): void {
    if (!this.#uses.has(rule)) this.#uses.set(rule, NONE);
  }

  /** The set of a rule, which may be changed. */
  #own(of: Map<RuleCell, Set<RuleCell>>, rule: RuleCell): Set<RuleCell> {
    let set = of.get(rule);
    if (set !== undefined && set !== NONE && this.#made?.has(set) !== false) return set;
    of.set(rule, (set = new Set(set)));
    this.#made?.add(set);
    return set;
  }

  #link(from: RuleCell, ref: readonly Term[], tree: RuleNode): void {
    if (isOpen(tree, ref)) this.#open.add(from);
    for (const target of rulesReferredTo(tree, ref, true)) {
      for (let rule: RuleCell | undefined = target; rule !== undefined; rule = rule.else) {
        this.#touch(rule);
        this.#own(this.#uses, from).add(rule);
        this.#own(this.#usedBy, rule).add(from);
      }
    }
  }

  /** The rules that `rule` refers to. */
  dependencies(rule: RuleCell): ReadonlySet<RuleCell> {
    return this.#uses.get(rule) ?? NONE;
  }

  /** The rules that refer to `rule`. */
  dependents(rule: RuleCell): ReadonlySet<RuleCell> {
    return this.#usedBy.get(rule) ?? NONE;
  }

  /** Whether a ref in the rule may lead to the path, above it or below it. */
  refersTo(rule: RuleCell, path: readonly Term[]): boolean {
    return featuresOf(rule).data && dataRefs(rule).some((ref) => mayMeet(ref, path));
  }

  /** Rules that look for names below packages, or replace documents: their types depend on more than the rules that they refer to. */
  get open(): ReadonlySet<RuleCell> {
    return this.#open;
  }

  /** All rules, each after those it refers to; undefined when there is a cycle. */
  sorted(): readonly RuleCell[] | undefined {
    if (this.#sorted === null) this.#sorted = this.#sort();
    return this.#sorted;
  }

  #sort(): readonly RuleCell[] | undefined {
    const result: RuleCell[] = [];
    const done = new Set<RuleCell>();
    const open = new Set<RuleCell>();
    const visit = (rule: RuleCell): boolean => {
      if (open.has(rule)) return false;
      if (done.has(rule)) return true;
      open.add(rule);
      for (const next of byPlace(this.dependencies(rule))) if (!visit(next)) return false;
      done.add(rule);
      open.delete(rule);
      result.push(rule);
      return true;
    };
    for (const rule of byPlace(this.#uses.keys())) if (!visit(rule)) return undefined;
    return result;
  }

  /** The rules on the shortest way from `rule` back to itself, both ends included; undefined when there is none. */
  cycle(rule: RuleCell): RuleCell[] | undefined {
    if (this.dependencies(rule).size === 0) return undefined;
    const cameFrom = new Map<RuleCell, RuleCell>();
    const queue = [rule];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const next of byPlace(this.dependencies(at))) {
        if (next === rule) {
          const path = [rule];
          for (let step: RuleCell | undefined = at; step !== undefined; step = cameFrom.get(step))
            path.unshift(step);
          return path;
        }
        if (cameFrom.has(next)) continue;
        cameFrom.set(next, at);
        queue.push(next);
      }
    }
    return undefined;
  }
}

const NONE: Set<RuleCell> = new Set();

const known = new WeakMap<RuleCell, (readonly Term[])[]>();

/** The refs to `data` in a rule as they stand when its graph is first made; later stages only move them about. */
function dataRefs(rule: RuleCell): readonly (readonly Term[])[] {
  let found = known.get(rule);
  if (found !== undefined) return found;
  known.set(rule, (found = []));
  const refs = found;
  const visitor: Visitor = {
    term: (t) => {
      if (t.kind === "ref" && nodeKey(t.terms[0]) === DATA_KEY) refs.push(t.terms);
      return false;
    },
  };
  const { reference } = rule.head;
  walkHead({ ...rule.head, reference: { ...reference, terms: [reference.terms[0]] } }, visitor);
  walkBody(rule.body, visitor);
  return refs;
}

function byPlace(rules: Iterable<RuleCell>): RuleCell[] {
  const list = [...rules];
  if (list.length < 2) return list;
  return list.sort((a, b) => {
    const [la, lb] = [a.location, b.location];
    return la.file < lb.file ? -1 : la.file > lb.file ? 1 : la.row - lb.row || la.col - lb.col;
  });
}
