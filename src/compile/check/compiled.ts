// What stands before the first stage and behind the last one: modules to cells, and cells to CompiledModules. Checks nothing.

import { builtins } from "../../builtins/registry.ts";
import type { Module, RefTerm, Rule, Term } from "../../syntax/ast.ts";
import { AnnotationSet } from "./annotation-set.ts";
import { arityOf } from "./calls.ts";
import { eachRule, type ModuleCell, type RuleCell } from "./cells.ts";
import {
  type CheckOptions,
  type Compilation,
  type CompiledModules,
  Findings,
  LocalGenerator,
} from "./compilation.ts";
import { Graph } from "./graph.ts";
import { mapRuleTree, newRuleNode } from "./trees.ts";
import { groundPrefix } from "./walk.ts";

function ruleCell(module: ModuleCell, rule: Rule, index: number): RuleCell {
  return {
    module,
    source: rule,
    index,
    default: rule.default,
    location: rule.location,
    else: rule.else === undefined ? undefined : ruleCell(module, rule.else, index),
    head: rule.head,
    body: rule.body,
  };
}

export function moduleCell(module: Module): ModuleCell {
  const cell: ModuleCell = {
    source: module,
    path: module.package.path,
    location: module.package.location,
    imports: module.imports,
    rules: [],
  };
  for (const [i, rule] of module.rules.entries()) cell.rules.push(ruleCell(cell, rule, i));
  return cell;
}

/** The state before the first stage. */
export function startCompilation(modules: readonly Module[], options: CheckOptions): Compilation {
  const sorted = [...modules].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  const cells = sorted.map(moduleCell);
  const tree = newRuleNode<RuleCell>(undefined);
  const compilation: Compilation = {
    options,
    builtins: options.builtins ?? builtins,
    findings: new Findings(options.maxErrors ?? 0),
    modules: cells,
    others: [],
    rewritten: new Map(),
    subjects: new Map(),
    required: new Set(),
    locals: new LocalGenerator(new Set()),
    arity: () => undefined,
    moduleTree: { children: new Map(), modules: [], hide: false },
    ruleTree: tree,
    graph: new Graph([], tree),
    annotations: new AnnotationSet(cells),
    typeEnv: undefined,
    types: new Map(),
  };
  compilation.arity = arityOf(compilation);
  return compilation;
}

function finishedRule(cell: RuleCell, done: Map<RuleCell, Rule>): Rule {
  const rest = cell.else === undefined ? {} : { else: finishedRule(cell.else, done) };
  const rule: Rule = { ...cell.source, head: cell.head, body: cell.body, ...rest };
  done.set(cell, rule);
  return rule;
}

/** Rules and packages that METADATA blocks call entrypoints, in order of path. */
function entrypointsOf(annotations: AnnotationSet): RefTerm[] {
  return annotations
    .flatten()
    .filter((entry) => entry.annotations?.entrypoint === true)
    .map(
      (entry): RefTerm => ({
        kind: "ref",
        terms: groundPrefix(entry.path) as readonly [Term, ...Term[]],
        location: entry.location,
      }),
    );
}

/** `known`: an earlier result for the same files; of cells that are also in it, modules and rules stay the same objects. */
export function finish(compilation: Compilation, known?: CompiledModules): CompiledModules {
  const done = new Map<RuleCell, Rule>();
  const modules = compilation.modules.map((cell, at): Module => {
    if (known?.compilation.modules[at] !== cell) {
      const rules = cell.rules.map((rule) => finishedRule(rule, done));
      return { ...cell.source, imports: [], rules };
    }
    eachRule([cell], (rule) => {
      done.set(rule, known.finished.get(rule) as Rule);
      return false;
    });
    return known.modules[at] as Module;
  });
  let tree: CompiledModules["ruleTree"] | undefined;
  return {
    modules,
    // Only some ask for it.
    get ruleTree() {
      tree ??= mapRuleTree(compilation.ruleTree, (cell) => done.get(cell) as Rule);
      return tree;
    },
    annotations: compilation.annotations,
    rewrittenVars: compilation.rewritten,
    builtins: compilation.builtins,
    requiredBuiltins: compilation.required,
    entrypoints: entrypointsOf(compilation.annotations),
    graph: compilation.graph,
    compilation,
    finished: done,
    shape: known?.shape ?? { names: compilation.locals.count },
  } as unknown as CompiledModules;
}
