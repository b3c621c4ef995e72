// Checks again after some modules changed, and only those, where an earlier check passed and the others cannot tell the difference. In: the
// earlier result and the modules as they are now. Out: what `check` gives for them, or undefined where all must be checked: also whenever
// there is anything to report, since the order and number of findings are those of a check of everything.

import type { Diagnostic } from "../../error.ts";
import type { Module, Term } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import { equalTypes } from "../../value/type-algebra.ts";
import { AnnotationSet } from "./annotation-set.ts";
import { arityOf } from "./calls.ts";
import { eachRule, isMultiValue, type ModuleCell, type RuleCell, ruleRef } from "./cells.ts";
import { checkTypes, type Recall } from "./check-types.ts";
import {
  type CheckOptions,
  type Compilation,
  type CompiledModules,
  Findings,
  type RuleType,
} from "./compilation.ts";
import { finish, moduleCell } from "./compiled.ts";
import { checkRuleConflicts } from "./conflicts.ts";
import { featuresOf } from "./features.ts";
import { isAlwaysDefined, rewriteTemplates, wasConstant } from "./rewrite-templates.ts";
import { collectRequired, stages } from "./stages.ts";
import { isBelowRules, mayMeet, moduleTree, replacedTree, ruleTree } from "./trees.ts";
import { groundPrefix } from "./walk.ts";

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
  const moved = movedBetween(old, changed);
  if (moved === undefined || !isUnseen(moved, known, cells)) return undefined;
  // Names of modules that are gone are forgotten only when all is checked.
  if (known.compilation.locals.count > 2 * known.shape.names + 1000) return undefined;
  const compilation = startAgain(known, cells, changed, options);
  const state: Recheck = { known: known.compilation, cells, old, moved: moved.length > 0 };
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
  /** Rules stand where none of their kind stood, or none where some did. */
  readonly moved: boolean;
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

/**
 * Paths under which rules came, went or became others of another kind; undefined if more than that is different: what is said in metadata may
 * hold beyond a rule, and a package has another name.
 */
function movedBetween(
  old: readonly ModuleCell[],
  changed: readonly ModuleCell[],
): readonly (readonly Term[])[] | undefined {
  const moved: (readonly Term[])[] = [];
  for (const [at, after] of changed.entries()) {
    const before = old[at] as ModuleCell;
    if (printRef(before.path.terms) !== printRef(after.path.terms)) return undefined;
    for (const { source } of [before, after])
      if (source.annotations.some(({ scope }) => scope !== "rule")) return undefined;
    const [left, right] = [kindsOf(before), kindsOf(after)];
    for (const [kind, path] of left) if (!right.has(kind)) moved.push(path);
    for (const [kind, path] of right) if (!left.has(kind)) moved.push(path);
  }
  return moved;
}

/** What others see of the rules of a module: how they are named, how many arguments they take, whether they make a set, each default. */
function kindsOf(module: ModuleCell): Map<string, readonly Term[]> {
  const kinds = new Map<string, readonly Term[]>();
  for (const { source } of module.rules) {
    const { head } = source;
    const ref = ruleRef({ module, head });
    const kind = `${printRef(ref)} ${head.args?.length ?? "-"} ${isMultiValue(head)}`;
    let key = kind;
    for (let count = 0; source.default && (count === 0 || kinds.has(key)); count++)
      key = `${kind} default ${count}`;
    kinds.set(key, groundPrefix(ref));
  }
  return kinds;
}

/** Whether no module that stays as it is can tell: none has its package there, or refers to there. */
function isUnseen(
  moved: readonly (readonly Term[])[],
  known: CompiledModules,
  cells: readonly ModuleCell[],
): boolean {
  if (moved.length === 0) return true;
  const { graph, modules } = known.compilation;
  const kept = cells.filter((cell, at) => modules[at] === cell);
  let seen = false;
  for (const path of moved) {
    seen ||= kept.some((module) => mayMeet(module.path.terms, path));
    eachRule(seen ? [] : kept, (rule) => {
      seen ||= graph.refersTo(rule, path);
      return seen;
    });
  }
  return !seen;
}

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
  // A template string takes a document that is always there as it stands.
  "rewrite-templates": (compilation, state) => {
    if (seenInTemplates(compilation, state)) return false;
    rewriteTemplates(compilation, compilation.arity);
    return true;
  },
  // Only conflicts of rules are looked for in it.
  "set-module-tree": (compilation, { cells, known, moved }) => {
    compilation.moduleTree = moved ? moduleTree(cells) : known.moduleTree;
    return true;
  },
  "set-rule-tree": (compilation, { cells, known, moved, old }) => {
    const { modules } = compilation;
    compilation.ruleTree = moved ? ruleTree(cells) : replacedTree(known.ruleTree, old, modules);
    return true;
  },
  "set-graph": (compilation, { known, old }) => {
    compilation.graph = known.graph.replaced(old, compilation.modules, compilation.ruleTree);
    return true;
  },
  // The same rules under the same paths are in no conflict.
  "check-rule-conflicts": (compilation, { moved }) => {
    if (moved) checkRuleConflicts(compilation);
    return true;
  },
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
    return true;
  },
};

/** Whether a module that stays as it is has a template string with a document that was always there, and now is not, or the other way round. */
function seenInTemplates({ others, ruleTree: tree }: Compilation, { known, old }: Recheck): boolean {
  const turned: (readonly Term[])[] = [];
  eachRule(old, (rule) => {
    const path = groundPrefix(ruleRef({ module: rule.module, head: rule.source.head }));
    if (isAlwaysDefined(tree, path, wasConstant) !== isAlwaysDefined(known.ruleTree, path, wasConstant))
      turned.push(path);
    return true;
  });
  let seen = false;
  eachRule(turned.length > 0 ? others : [], (rule) => {
    seen ||= featuresOf(rule).template && turned.some((path) => known.graph.refersTo(rule, path));
    return seen;
  });
  return seen;
}

/**
 * A rule is typed again if it changed, if something that it refers to has another type than before, or if it looks at more than that: it
 * replaces documents, or looks for names. All are, if they come in another order: types of one path are put together in it.
 */
function remembered(compilation: Compilation, state: Recheck, sorted: readonly RuleCell[]): Recall {
  const { graph, modules } = compilation;
  const before = state.known.types;
  const former = formerOf(modules, state.old);
  const twins = new Set(former.values());
  const fresh = new Set<RuleCell>();
  const gone = new Set<RuleCell>();
  for (const rule of rulesOf(modules)) if (!former.has(rule)) fresh.add(rule);
  const due = new Set<RuleCell>([...former.keys(), ...fresh, ...graph.open]);
  for (const rule of rulesOf(state.old)) {
    if (twins.has(rule)) continue;
    gone.add(rule);
    for (const user of state.known.graph.dependents(rule)) due.add(user);
  }
  // Who refers to a rule that comes or goes is typed again, so it may stand anywhere.
  const inOrder = equalWithout(
    { list: before.keys(), without: gone },
    { list: sorted, without: fresh },
    (was, is) => was === (former.get(is) ?? is),
  );
  // The type of a part is in that of the whole, which is then another one for who refers to other parts of it.
  const isPart = (rule: RuleCell): boolean =>
    isBelowRules(compilation.ruleTree, groundPrefix(ruleRef(rule))) ||
    isBelowRules(state.known.ruleTree, groundPrefix(ruleRef(rule)));
  let all = !inOrder || [...gone].some(isPart);
  return {
    known: (rule) => (all || due.has(rule) ? undefined : { type: before.get(rule), errors: NONE }),
    typed: (rule, type) => {
      if (sameType(before.get(former.get(rule) ?? rule), type)) return;
      for (const user of graph.dependents(rule)) due.add(user);
      all ||= isPart(rule);
    },
  };
}

const NONE: readonly Diagnostic[] = [];

/** Whether two lists say the same, each without some of its elements. */
function equalWithout(
  a: { readonly list: Iterable<RuleCell>; readonly without: ReadonlySet<RuleCell> },
  b: { readonly list: Iterable<RuleCell>; readonly without: ReadonlySet<RuleCell> },
  same: (a: RuleCell, b: RuleCell) => boolean,
): boolean {
  const others = b.list[Symbol.iterator]();
  const next = (): RuleCell | undefined => {
    for (;;) {
      const { done, value } = others.next();
      if (done === true || !b.without.has(value)) return value;
    }
  };
  for (const element of a.list) {
    if (a.without.has(element)) continue;
    const other = next();
    if (other === undefined || !same(element, other)) return false;
  }
  return next() === undefined;
}

function rulesOf(modules: readonly ModuleCell[]): RuleCell[] {
  const rules: RuleCell[] = [];
  eachRule(modules, (rule) => {
    rules.push(rule);
    return false;
  });
  return rules;
}

/** For the rules of modules that changed, those that they were: of one name, in their order. */
function formerOf(modules: readonly ModuleCell[], old: readonly ModuleCell[]): Map<RuleCell, RuleCell> {
  const former = new Map<RuleCell, RuleCell>();
  for (const [at, module] of modules.entries()) {
    const byName = new Map<string, RuleCell[]>();
    for (const rule of rulesOf([old[at] as ModuleCell])) {
      const name = nameOf(rule);
      byName.set(name, [...(byName.get(name) ?? []), rule]);
    }
    for (const rule of rulesOf([module])) {
      const twin = byName.get(nameOf(rule))?.shift();
      if (twin !== undefined) former.set(rule, twin);
    }
  }
  return former;
}

const nameOf = ({ source }: RuleCell): string => printRef(source.head.reference.terms);

function sameType(a: RuleType | undefined, b: RuleType | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return printRef(a.path) === printRef(b.path) && equalTypes(a.type, b.type);
}
