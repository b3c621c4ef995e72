// The stages of check, in order, as data: what each is called, what it must come after, and why it is there. `check` runs them over
// a set of modules and stops after the first stage that has findings, as OPA does. Modules in, CompiledModules or findings out.

import { type Diagnostic, PolicyError } from "../../error.ts";
import type { Module } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import type { Type } from "../../value/type.ts";
import {
  callsDeprecated,
  checkCalls,
  checkDeprecatedBuiltins,
  checkUnsafeBuiltins,
  checkVoidCalls,
  overExprs,
  overRules,
} from "./calls.ts";
import { eachRule, type ModuleCell, type RuleCell, ruleRef } from "./cells.ts";
import { arityDetails, checkTypes } from "./check-types.ts";
import { type CheckOptions, type Compilation, type CompiledModules, LocalGenerator } from "./compilation.ts";
import { finish, startCompilation } from "./compiled.ts";
import { checkImports, checkKeywordOverrides, checkRuleConflicts } from "./conflicts.ts";
import { calledName, featuresOf } from "./features.ts";
import { Graph } from "./graph.ts";
import { rewriteMetadata, setAnnotations } from "./metadata.ts";
import { resolveRefs } from "./resolve-refs.ts";
import { rewriteHeadRefs, rewriteRefsInHead } from "./rewrite-heads.ts";
import { rewriteLocals } from "./rewrite-locals.ts";
import { rewritePrints } from "./rewrite-print.ts";
import { rewriteTemplates } from "./rewrite-templates.ts";
import {
  captureTestTerms,
  rewriteComprehensionTerms,
  rewriteDynamics,
  rewriteEquals,
  rewriteExprTerms,
} from "./rewrite-terms.ts";
import { rewriteWiths } from "./rewrite-with.ts";
import { checkBodySafety, checkHeadSafety } from "./safety.ts";
import { SchemaAnnotations, schemaType } from "./schemas.ts";
import { injectTestCases } from "./test-cases.ts";
import { eachNode, moduleTree, ruleTree } from "./trees.ts";
import { callOf } from "./walk.ts";

export interface Stage {
  readonly name: string;
  /** Stages that must have run before. */
  readonly after: readonly string[];
  readonly why: string;
  readonly run: (compilation: Compilation) => void;
}

export const stages: readonly Stage[] = [
  {
    name: "resolve-refs",
    after: [],
    why: "names of the package and of imports mean full refs; every later stage compares full refs",
    run: resolveRefs,
  },
  {
    name: "init-locals",
    after: ["resolve-refs"],
    why: "generated names must differ from every name in use",
    run: initLocals,
  },
  {
    name: "rewrite-head-refs",
    after: ["init-locals"],
    why: "the rule tree knows scalars and vars as elements of heads",
    run: rewriteHeadRefs,
  },
  {
    name: "check-keyword-overrides",
    after: [],
    why: "`input` and `data` may not be hidden",
    run: checkKeywordOverrides,
  },
  {
    name: "check-imports",
    after: ["resolve-refs"],
    why: "two imports of one name hide each other",
    run: checkImports,
  },
  {
    name: "remove-imports",
    after: ["resolve-refs", "check-imports"],
    why: "refs are full, imports mean nothing any more",
    run: removeImports,
  },
  { name: "set-module-tree", after: [], why: "packages by path, for conflicts", run: setModuleTree },
  {
    name: "set-rule-tree",
    after: ["rewrite-head-refs", "set-module-tree"],
    why: "rules by path, for arity, graph and conflicts",
    run: setRuleTree,
  },
  {
    name: "rewrite-locals",
    after: ["init-locals", "check-keyword-overrides"],
    why: "locals get names of their own; `:=` and `some` vanish",
    run: rewriteLocals,
  },
  {
    name: "inject-test-cases",
    after: ["rewrite-head-refs", "rewrite-locals"],
    why: "keys of heads are variables, and every local has a name of its own",
    run: injectTestCases,
  },
  {
    name: "rewrite-templates",
    after: ["rewrite-locals", "set-rule-tree"],
    why: "template strings become calls, with the scopes of locals known",
    run: (c) => rewriteTemplates(c, c.arity),
  },
  {
    name: "check-void-calls",
    after: ["rewrite-templates"],
    why: "nested calls are still terms here",
    run: (c) => checkVoidCalls(c, c.findings, overRules(c, { when: ({ call }) => call })),
  },
  {
    name: "rewrite-print",
    after: ["rewrite-locals", "check-void-calls"],
    why: "operands of print must be hoisted inside comprehensions, not outside",
    run: (c) => rewritePrints(c, c.arity),
  },
  {
    name: "rewrite-expr-terms",
    after: ["rewrite-templates", "rewrite-print"],
    why: "calls inside terms become expressions",
    run: rewriteExprTerms,
  },
  { name: "set-annotations", after: [], why: "metadata calls need the annotations", run: setAnnotations },
  {
    name: "rewrite-metadata",
    after: ["set-annotations", "rewrite-expr-terms"],
    why: "metadata calls are expressions now and become constants",
    run: rewriteMetadata,
  },
  {
    name: "set-graph",
    after: ["set-rule-tree", "rewrite-locals"],
    why: "who refers to whom, for recursion and type order",
    run: setGraph,
  },
  {
    name: "rewrite-comprehension-terms",
    after: ["rewrite-expr-terms"],
    why: "what stands before the bar becomes plain",
    run: rewriteComprehensionTerms,
  },
  {
    name: "rewrite-refs-in-head",
    after: ["rewrite-expr-terms"],
    why: "heads hold nothing to evaluate",
    run: rewriteRefsInHead,
  },
  {
    name: "rewrite-with",
    after: ["set-rule-tree", "rewrite-expr-terms"],
    why: "targets are checked against rules and builtins; values become plain",
    run: rewriteWiths,
  },
  {
    name: "check-rule-conflicts",
    after: ["set-rule-tree", "set-module-tree", "rewrite-locals"],
    why: "rules under one path must agree",
    run: checkRuleConflicts,
  },
  {
    name: "check-undefined-functions",
    after: ["rewrite-expr-terms", "set-rule-tree"],
    why: "an unknown function would look like an unsafe variable",
    run: checkUndefined,
  },
  {
    name: "check-head-safety",
    after: ["rewrite-refs-in-head", "check-undefined-functions"],
    why: "heads may only use what bodies bind",
    run: checkHeadSafety,
  },
  {
    name: "check-body-safety",
    after: ["check-head-safety", "rewrite-with"],
    why: "bodies are put in an order in which everything is bound",
    run: checkSafety,
  },
  {
    name: "rewrite-equals",
    after: ["check-body-safety"],
    why: "`==` binds nothing, so it must still be `==` when safety is checked",
    run: rewriteEquals,
  },
  {
    name: "rewrite-dynamics",
    after: ["rewrite-equals"],
    why: "operands become plain; order is settled by now",
    run: rewriteDynamics,
  },
  {
    name: "capture-test-terms",
    after: ["rewrite-dynamics"],
    why: "reports of failed tests show the sides of equalities",
    run: captureTestTerms,
  },
  { name: "check-recursion", after: ["set-graph"], why: "a rule may not need itself", run: checkRecursion },
  {
    name: "check-types",
    after: ["check-recursion", "rewrite-dynamics"],
    why: "terms are flat, rules can be ordered",
    run: checkRuleTypes,
  },
  {
    name: "collect-required",
    after: ["rewrite-dynamics"],
    why: "the plan lists the builtins in use",
    run: collectRequired,
  },
  {
    name: "check-unsafe-builtins",
    after: ["rewrite-dynamics"],
    why: "some hosts forbid some builtins",
    run: checkUnsafe,
  },
  {
    name: "check-deprecated-builtins",
    after: ["rewrite-dynamics"],
    why: "v1 has dropped them",
    run: (c) =>
      checkDeprecatedBuiltins(c, c.findings, overRules(c, { v1Only: true, when: callsDeprecated(c) })),
  },
];

function initLocals(compilation: Compilation): void {
  const taken = new Set<string>();
  for (const module of compilation.modules) {
    for (const rule of module.rules) {
      for (let r: RuleCell | undefined = rule; r !== undefined; r = r.else) {
        for (const name of featuresOf(r).generated ?? []) taken.add(name);
      }
    }
  }
  compilation.locals = new LocalGenerator(taken);
}

function removeImports(compilation: Compilation): void {
  for (const module of compilation.modules) module.imports = [];
}

function setModuleTree(compilation: Compilation): void {
  compilation.moduleTree = moduleTree(compilation.modules);
}

function setRuleTree(compilation: Compilation): void {
  compilation.ruleTree = ruleTree(compilation.modules);
}

function setGraph(compilation: Compilation): void {
  compilation.graph = new Graph(compilation.modules, compilation.ruleTree);
}

function checkUndefined(compilation: Compilation): void {
  if (compilation.options.allowUndefinedFunctions === true) return;
  const { findings, rewritten } = compilation;
  checkCalls(
    { compilation, findings, rewritten, argumentDetails: arityDetails(compilation) },
    overExprs(compilation),
  );
}

function checkSafety(compilation: Compilation): void {
  if (compilation.options.allowUndefinedFunctions !== true) checkBodySafety(compilation, compilation.arity);
}

/** The schema of input is the one named `schema`. */
function inputType(options: CheckOptions): Type | undefined {
  const { schemas } = options;
  return schemas?.has("schema") === true ? schemaType(schemas.get("schema")) : undefined;
}

function checkRuleTypes(compilation: Compilation): void {
  const { annotations, options } = compilation;
  const schemas =
    options.schemaAnnotations === true ? new SchemaAnnotations(annotations, options.schemas) : undefined;
  checkTypes(compilation, schemas, inputType(options));
}

function checkUnsafe(compilation: Compilation): void {
  checkUnsafeBuiltins(
    compilation.options.unsafeBuiltins ?? new Set(),
    compilation.findings,
    overExprs(compilation),
  );
}

function checkRecursion(compilation: Compilation): void {
  const { findings, graph, ruleTree: tree } = compilation;
  if (graph.sorted() !== undefined) return;
  eachNode(tree, ({ values }) => {
    for (const first of values) {
      for (let rule: RuleCell | undefined = first; rule !== undefined; rule = rule.else) {
        const cycle = graph.cycle(rule);
        if (cycle === undefined) continue;
        const path = cycle.map((r) => printRef(ruleRef(r))).join(" -> ");
        findings.add(
          "rego_recursion_error",
          rule.location,
          `rule ${printRef(ruleRef(rule))} is recursive: ${path}`,
        );
      }
    }
    return false;
  });
}

const requiredBy = new WeakMap<ModuleCell, ReadonlySet<string>>();

export function collectRequired(compilation: Compilation): void {
  for (const module of compilation.modules) {
    let names = requiredBy.get(module);
    if (names === undefined) requiredBy.set(module, (names = calledIn(compilation, module)));
    for (const name of names) compilation.required.add(name);
  }
}

/** The builtins that a module calls. */
function calledIn(compilation: Compilation, module: ModuleCell): Set<string> {
  const names = new Set<string>();
  overExprs({ ...compilation, modules: [module] })((expr) => {
    const call = callOf(expr);
    const name = call === undefined ? "" : calledName(call[0]);
    if (compilation.builtins.has(name)) names.add(name);
    return false;
  });
  // Counts as well where the template itself is erased with a call of print.
  eachRule([module], (rule) => {
    if (featuresOf(rule).template) names.add("internal.template_string");
    return false;
  });
  return names;
}

export interface CheckResult {
  readonly compiled: CompiledModules | undefined;
  readonly diagnostics: Diagnostic[];
}

/** Runs every stage; the modules that come in stay as they are. */
export function check(modules: readonly Module[], options: CheckOptions = {}): CheckResult {
  const compilation = startCompilation(modules, options);
  try {
    inputType(options);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return { compiled: undefined, diagnostics: [{ code: "rego_type_error", message: error.message }] };
  }
  for (const stage of stages) {
    stage.run(compilation);
    if (compilation.findings.any) return { compiled: undefined, diagnostics: compilation.findings.all() };
  }
  return { compiled: finish(compilation), diagnostics: [] };
}
