// The cells that stages work on: one per module, one per rule. Trees hang on cells and are replaced, never changed in place; the
// identity of a cell is the identity of the rule through all stages.

import type { Location } from "../../error.ts";
import type { Body, Head, Import, Module, RefTerm, Rule, Term } from "../../syntax/ast.ts";

/** One module under work. */
export interface ModuleCell {
  readonly source: Module;
  readonly path: RefTerm;
  readonly location: Location;
  readonly rules: RuleCell[];
  imports: readonly Import[];
}

/** One rule under work; `else` branches are cells of their own. Identity of a cell is identity of the rule. */
export interface RuleCell {
  readonly module: ModuleCell;
  readonly source: Rule;
  /** Place in Module.rules of the rule that heads the `else` chain. */
  readonly index: number;
  readonly default: boolean;
  readonly location: Location;
  readonly else: RuleCell | undefined;
  head: Head;
  body: Body;
}

/** `data.a.b.name[x]`: the path of the package followed by the rule's own ref. */
export function ruleRef({ head, module }: Pick<RuleCell, "head" | "module">): readonly [Term, ...Term[]] {
  const [name, ...rest] = head.reference.terms;
  const first: Term =
    name.kind === "var" ? { kind: "string", value: name.name, location: name.location } : name;
  return [...module.path.terms, first, ...rest];
}

export function isMultiValue(head: Head): boolean {
  return head.value === undefined && head.key !== undefined;
}

/** Each rule of each module with its `else` branches, in source order; returning true leaves the branches out. */
export function eachRule(
  modules: readonly ModuleCell[],
  visit: (rule: RuleCell, module: ModuleCell) => boolean | undefined,
): void {
  for (const module of modules) {
    for (const first of module.rules) {
      for (let rule: RuleCell | undefined = first; rule !== undefined; rule = rule.else) {
        if (visit(rule, module) === true) break;
      }
    }
  }
}

/** Rego v1 checks hold for a module written as v1 or importing `rego.v1` (the parser gives both the version v1). */
export function isV1(module: ModuleCell): boolean {
  return module.source.regoVersion === "v1";
}
