// Checks again after some modules changed, and only those, where an earlier check passed and the others cannot tell the difference. In: the
// earlier result and the modules as they are now. Out: what `check` gives for them, or undefined where all must be checked: also whenever
// there is anything to report, since the order and number of findings are those of a check of everything.

import type { Module } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import { equalTypes } from "../../value/type.ts";
import { AnnotationSet } from "./annotation-set.ts";
import { arityOf } from "./calls.ts";
import { eachRule, isMultiValue, type ModuleCell, type RuleCell } from "./cells.ts";
import { checkTypes, type Recall } from "./check-types.ts";
import {
  type CheckOptions,
  type Compilation,
  type CompiledModules,
  Findings,
  type RuleType,
} from "./compilation.ts";
import { finish, moduleCell } from "./compiled.ts";
import { featuresOf } from "./features.ts";
import { collectRequired, stages } from "./stages.ts";
import { replacedTree, ruleTree } from "./trees.ts";

/** The options must be those of the earlier check. */
export function recheck(
  known: CompiledModules,
  modules: readonly Module[],
  options: CheckOptions,
): CompiledModules | undefined {
  if (!mayRecheck(options)) return undefined;
  const cells = cellsOf(known, modules);
  if (cells === undefined) return undefined;
  const changed = cells.filter((cell, at) => known.compilation.modules[at] !== cell);
  const old = known.compilation.modules.filter((cell, at) => cells[at] !== cell);
  if (!changed.every((cell, at) => looksSame(cell.source, (old[at] as ModuleCell).source))) return undefined;
  // Names of modules that are gone are forgotten only when all is checked.
  if (known.compilation.locals.count > 2 * known.shape.names + 1000) return undefined;
  const compilation = startAgain(known, cells, changed, options);
  const state: Recheck = { known: known.compilation, cells, old };
  for (const { name, run } of stages) {
    const instead = INSTEAD[name];
    if (instead === undefined) run(compilation);
    else if (!instead(compilation, state)) return undefined;
    if (compilation.findings.any) return undefined;
  }
  const whole: Compilation = { ...compilation, modules: cells, others: [] };
  whole.arity = arityOf(whole);
  return finish(whole, known);
}

interface Recheck {
  readonly known: Compilation;
  /** All modules; those of the compilation are the ones that changed. */
  readonly cells: readonly ModuleCell[];
  /** The modules that changed as they were. */
  readonly old: readonly ModuleCell[];
}

/** Options under which rules depend on each other, or on other things, in more ways than are looked at here. */
function mayRecheck(options: CheckOptions): boolean {
  const { captureTestTerms, pathExists, schemaAnnotations, schemas, testCases } = options;
  return (
    captureTestTerms !== true &&
    pathExists === undefined &&
    schemaAnnotations !== true &&
    schemas === undefined &&
    testCases !== true
  );
}

/** Cells for the modules, those of the earlier check where the module is the same; undefined if the files are not the same ones. */
function cellsOf(known: CompiledModules, modules: readonly Module[]): ModuleCell[] | undefined {
  const byFile = new Map(modules.map((module) => [module.file, module]));
  const before = known.compilation.modules;
  if (byFile.size !== modules.length || modules.length !== before.length) return undefined;
  const cells: ModuleCell[] = [];
  for (const cell of before) {
    const module = byFile.get(cell.source.file);
    if (module === undefined) return undefined;
    byFile.delete(cell.source.file);
    cells.push(module === cell.source ? cell : moduleCell(module));
  }
  return cells;
}

/** Whether other modules see the same in both: the same rules under the same paths, and nothing said that holds beyond a rule. */
function looksSame(a: Module, b: Module): boolean {
  const seen = (module: Module): string => {
    const lines = new Set<string>();
    const defaults: string[] = [];
    for (const rule of module.rules) {
      const line = lineOf(rule);
      lines.add(line);
      if (rule.default) defaults.push(line);
    }
    return [printRef(module.package.path.terms), ...[...lines].sort(), "default", ...defaults.sort()].join(
      "\n",
    );
  };
  const alone = (module: Module): boolean => module.annotations.every(({ scope }) => scope === "rule");
  return alone(a) && alone(b) && seen(a) === seen(b);
}

const lineOf = ({ head }: Pick<RuleCell, "head">): string =>
  `${printRef(head.reference.terms)} ${head.args?.length ?? "-"} ${isMultiValue(head)}`;

function startAgain(
  known: CompiledModules,
  cells: readonly ModuleCell[],
  changed: readonly ModuleCell[],
  options: CheckOptions,
): Compilation {
  const { builtins, locals, rewritten, subjects } = known.compilation;
  const here = new Set(changed);
  const compilation: Compilation = {
    options,
    builtins,
    findings: new Findings(options.maxErrors ?? 0),
    modules: changed,
    others: cells.filter((cell) => !here.has(cell)),
    rewritten: new Map(rewritten),
    subjects: new Map(subjects),
    required: new Set(),
    locals,
    arity: () => undefined,
    moduleTree: known.compilation.moduleTree,
    ruleTree: ruleTree([]),
    graph: known.graph,
    annotations: new AnnotationSet(cells),
    typeEnv: undefined,
    types: new Map(),
  };
  compilation.arity = arityOf(compilation);
  return compilation;
}

type Instead = (compilation: Compilation, state: Recheck) => boolean;

/** What stands for the stages that look at all modules at once. False: all must be checked. */
const INSTEAD: Readonly<Record<string, Instead>> = {
  "init-locals": ({ modules }) => {
    let generated = false;
    eachRule(modules, (rule) => {
      generated ||= featuresOf(rule).generated !== undefined;
      return generated;
    });
    // Names go on where the earlier check ended; nobody else may have them.
    return !generated;
  },
  // The same packages; only conflicts of rules are looked for in it.
  "set-module-tree": (compilation, { known }) => {
    compilation.moduleTree = known.moduleTree;
    return true;
  },
  "set-rule-tree": (compilation, { known, old }) => {
    compilation.ruleTree = replacedTree(known.ruleTree, old, compilation.modules);
    return true;
  },
  "set-graph": (compilation, { known, old }) => {
    compilation.graph = known.graph.replaced(old, compilation.modules, compilation.ruleTree);
    return true;
  },
  // The same rules under the same paths.
  "check-rule-conflicts": () => true,
  // A new cycle leads through a rule that changed.
  "check-recursion": ({ graph, modules }) => {
    let cycle = false;
    eachRule(modules, (rule) => {
      cycle ||= graph.cycle(rule) !== undefined;
      return cycle;
    });
    return !cycle;
  },
  "check-types": (compilation, state) => {
    checkTypes(compilation, undefined, undefined, (sorted) => remembered(compilation, state, sorted));
    return true;
  },
  "collect-required": (compilation, { cells }) => {
    collectRequired({ ...compilation, modules: cells });
    // Counts as well where the template itself is erased with a call of print.
    eachRule(compilation.others, (rule) => {
      if (featuresOf(rule).template) compilation.required.add("internal.template_string");
      return false;
    });
    return true;
  },
};

/**
 * A rule is typed again if it changed, if something that it refers to has another type than before, or if it looks at more than that: it
 * replaces documents, or looks for names. All are, if they come in another order: types of one path are put together in it.
 */
function remembered(compilation: Compilation, state: Recheck, sorted: readonly RuleCell[]): Recall {
  const { graph, modules } = compilation;
  const before = state.known.types;
  const former = formerOf(modules, state.old);
  const places = [...before.keys()];
  const inOrder =
    sorted.length === places.length && sorted.every((rule, at) => (former.get(rule) ?? rule) === places[at]);
  const other = new Set<RuleCell>();
  return {
    known: (rule) => {
      if (!inOrder || former.has(rule) || featuresOf(rule).with || graph.isOpen(rule)) return undefined;
      for (const used of graph.dependencies(rule)) if (other.has(used)) return undefined;
      return { type: before.get(rule), errors: [] };
    },
    typed: (rule, type) => {
      if (!sameType(before.get(former.get(rule) ?? rule), type)) other.add(rule);
    },
  };
}

/** For the rules of modules that changed, those that stood in the same place before. */
function formerOf(modules: readonly ModuleCell[], old: readonly ModuleCell[]): Map<RuleCell, RuleCell> {
  const rulesOf = (module: ModuleCell): RuleCell[] => {
    const rules: RuleCell[] = [];
    eachRule([module], (rule) => {
      rules.push(rule);
      return false;
    });
    return rules;
  };
  const former = new Map<RuleCell, RuleCell>();
  for (const [at, module] of modules.entries()) {
    const before = rulesOf(old[at] as ModuleCell);
    for (const [i, rule] of rulesOf(module).entries()) {
      const twin = before[i];
      if (twin !== undefined) former.set(rule, twin);
    }
  }
  return former;
}

function sameType(a: RuleType | undefined, b: RuleType | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return printRef(a.path) === printRef(b.path) && equalTypes(a.type, b.type);
}
