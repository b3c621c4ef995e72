// Rules that cannot stand together: under one path, inside each other's documents, or where a package or base data stands; also
// doubled imports and names that hide `input` and `data`. Trees in, findings out.

import type { Location } from "../../error.ts";
import type { Term } from "../../syntax/ast.ts";
import { compareTerms } from "../../syntax/order.ts";
import { printRef, printTerm } from "../../syntax/print.ts";
import { eachRule, isMultiValue, isV1, type ModuleCell, type RuleCell, ruleRef } from "./cells.ts";
import type { Compilation, Findings } from "./compilation.ts";
import { originalRef } from "./calls.ts";
import { featuresOf } from "./features.ts";
import { importName, importText } from "./resolve-refs.ts";
import {
  DATA_KEY,
  eachModuleNode,
  eachNode,
  type ModuleNode,
  nodeKey,
  type RuleNode,
  stringKey,
} from "./trees.ts";
import { varText } from "./vars.ts";
import { type Visitor, walkBody } from "../../syntax/visit.ts";
import { callOf, groundPrefix, isAssignment, isGround, refTerm, rootDocument, walkHead } from "./walk.ts";

/** `file:row`, as OPA prints a place inside a message. */
export function placeText(location: Location): string {
  return location.file === "" ? `${location.row}:${location.col}` : `${location.file}:${location.row}`;
}

const groundRef = (ref: readonly Term[]): boolean => ref.slice(1).every(isGround);

interface RuleSet {
  readonly kinds: Set<boolean>;
  readonly arities: Set<number>;
  readonly complete: number;
  readonly partial: number;
  readonly sets: boolean;
  readonly objectsOfSets: boolean;
}

function describe(rules: readonly RuleCell[]): RuleSet {
  const multi = rules.filter((rule) => isMultiValue(rule.head));
  const complete = rules.filter(
    (rule) => !isMultiValue(rule.head) && groundRef(rule.head.reference.terms),
  ).length;
  return {
    kinds: new Set(rules.map((rule) => isMultiValue(rule.head))),
    arities: new Set(rules.map((rule) => (rule.head.args ?? []).length)),
    complete,
    partial: rules.length - complete,
    sets: multi.some((rule) => groundRef(ruleRef(rule))),
    objectsOfSets: multi.some((rule) => !groundRef(ruleRef(rule))),
  };
}

/** Rules under a node, without those that lie under another one of them; by ref. */
function rulesUnder(node: RuleNode, test: (rule: RuleCell) => boolean): RuleCell[] {
  let found: RuleCell[] = [];
  const key = (rule: RuleCell): string[] => ruleRef(rule).map(nodeKey);
  const isPrefix = (a: string[], b: string[]): boolean =>
    a.length <= b.length && a.every((part, i) => part === b[i]);
  for (const child of node.children.values()) {
    eachNode(child, ({ values }) => {
      for (const rule of values) {
        if (!test(rule) || found.some((other) => isPrefix(key(other), key(rule)))) continue;
        found = [rule, ...found.filter((other) => !isPrefix(key(rule), key(other)))];
      }
      return false;
    });
  }
  const compareAll = (a: readonly Term[], b: readonly Term[]): number => {
    for (const [k, term] of a.entries()) {
      const other = b[k];
      const order = other === undefined ? 1 : compareTerms(term, other);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  };
  return found.sort((a, b) => compareAll(ruleRef(a), ruleRef(b)));
}

function conflictsInside(node: RuleNode): RuleCell[] {
  if (node.children.size === 0) return [];
  if (node.values.some((rule) => groundRef(ruleRef(rule)))) return rulesUnder(node, () => true);
  return node.values.some((rule) => !groundRef(ruleRef(rule)))
    ? rulesUnder(node, (rule) => (rule.head.args ?? []).length > 0)
    : [];
}

export function checkRuleConflicts(compilation: Compilation): void {
  const { findings, rewritten } = compilation;
  const text = (rule: RuleCell): string =>
    printRef(originalRef(refTerm(ruleRef(rule), rule.location), rewritten).terms);
  eachNode(compilation.ruleTree, (node) => {
    const [first] = node.values;
    if (first === undefined) return false;
    const name = text(node.values[node.values.length - 1] as RuleCell);
    const inside = conflictsInside(node);
    const set = describe(node.values);
    const defaults = node.values.filter((rule) => rule.default);
    if (inside.length > 0) {
      const list = inside.map((rule) => `\n  rule ${text(rule)} at ${placeText(rule.location)}`).join("");
      findings.add("rego_type_error", first.location, `rule ${name} conflicts with:${list}`);
    } else if (
      set.kinds.size > 1 ||
      set.arities.size > 1 ||
      (set.complete > 0 && set.partial > 0) ||
      (set.sets && set.objectsOfSets)
    ) {
      findings.add("rego_type_error", first.location, `conflicting rules ${name} found`);
    } else if (defaults.length > 1) {
      const places = defaults.map((rule) => placeText(rule.location)).join(", ");
      findings.add(
        "rego_type_error",
        defaults[0]?.module.location,
        `multiple default rules ${name} found at ${places}`,
      );
    }
    return false;
  });
  checkDataConflicts(compilation);
  checkPackageConflicts(compilation);
}

function checkDataConflicts(compilation: Compilation): void {
  const { pathExists } = compilation.options;
  if (pathExists === undefined) return;
  const visit = (node: RuleNode, path: readonly string[]): void => {
    if (node.key?.kind !== "string") return;
    const here = [...path, node.key.value];
    const [first] = node.values;
    if (first !== undefined && pathExists(here)) {
      compilation.findings.add(
        "rego_compile_error",
        first.location,
        `conflicting rule for data path ${here.join("/")} found`,
      );
      return;
    }
    for (const child of node.children.values()) visit(child, here);
  };
  for (const child of compilation.ruleTree.children.get(DATA_KEY)?.children.values() ?? []) visit(child, []);
}

/** A package may not stand where a rule of the package above it stands. */
function checkPackageConflicts(compilation: Compilation): void {
  eachModuleNode(compilation.moduleTree, (node) => {
    for (const module of node.modules) {
      for (const rule of module.rules) {
        const ref = rule.head.reference.terms;
        if (groundPrefix(ref).length < ref.length) continue;
        for (const other of packageAt(node, ref)) {
          if (other === module) continue;
          compilation.findings.add(
            "rego_type_error",
            module.location,
            `package ${printRef(other.path.terms.slice(1))} conflicts with rule ${printRef(ref)} defined at ${placeText(rule.location)}`,
          );
        }
      }
    }
  });
}

function packageAt(start: ModuleNode, ref: readonly Term[]): readonly ModuleCell[] {
  let node: ModuleNode | undefined = start;
  for (const [i, term] of ref.entries()) {
    const key: string = i === 0 && term.kind === "var" ? stringKey(term.name) : nodeKey(term);
    node = node.children.get(key);
    if (node === undefined) return [];
  }
  return node.modules;
}

export function checkImports(compilation: Compilation): void {
  const { findings, options } = compilation;
  const { features } = options;
  const noImport = features !== undefined && !features.has("rego_v1_import") && !features.has("rego_v1");
  for (const module of compilation.modules) {
    if (!noImport) continue;
    for (const declaration of module.imports) {
      if (printRef(declaration.path.terms) === "rego.v1")
        findings.add("rego_compile_error", declaration.location, "rego.v1 import is not supported");
    }
  }
  for (const module of compilation.modules) {
    if (options.strict !== true && !isV1(module)) continue;
    const byName = new Map<string, string>();
    for (const declaration of module.imports) {
      const name = importName(declaration);
      const first = byName.get(name);
      if (first === undefined) byName.set(name, importText(declaration));
      else findings.add("rego_compile_error", declaration.location, `import must not shadow ${first}`);
    }
  }
}

/** Rules, arguments and variables named `input` or `data`. */
export function checkKeywordOverrides(compilation: Compilation): void {
  const { findings, options } = compilation;
  for (const module of compilation.modules) {
    if (options.strict !== true && !isV1(module)) continue;
    for (const rule of module.rules) {
      const [name] = rule.head.reference.terms;
      if (name.kind === "var" && (name.name === "input" || name.name === "data")) {
        findings.add(
          "rego_compile_error",
          rule.location,
          `rules must not shadow ${varText(name.name)} (use a different rule name)`,
        );
      }
      for (const arg of rule.head.args ?? []) {
        if (rootDocument(arg) !== undefined)
          findings.add(
            "rego_compile_error",
            arg.location,
            `args must not shadow ${printTerm(arg)} (use a different variable name)`,
          );
      }
    }
    eachRule([module], (rule) => {
      if (!featuresOf(rule).assigns) return false;
      const visitor = overrides(findings);
      walkHead(rule.head, visitor);
      walkBody(rule.body, visitor);
      return false;
    });
  }
}

/** Finds assignments to `input` and `data`. */
export function overrides(findings: Findings): Visitor {
  return {
    expr: (expr) => {
      const target = isAssignment(expr) ? callOf(expr)?.[1] : undefined;
      const root =
        target === undefined
          ? undefined
          : (rootDocument(target) ??
            (target.kind === "var" && (target.name === "input" || target.name === "data")
              ? target.name
              : undefined));
      if (root !== undefined)
        findings.add(
          "rego_compile_error",
          expr.location,
          `variables must not shadow ${root} (use a different variable name)`,
        );
      return false;
    },
  };
}
