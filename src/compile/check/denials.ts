// Which source lines a denial hangs on: rules that their metadata declares as denials (`custom: {effect: deny}`) and all rules that these
// use. Compiled modules in, ranges of lines by file out. Whoever evaluates can then tell that a failing builtin may have hidden a denial.

import type { Annotations } from "../../syntax/ast.ts";
import type { RuleCell } from "./cells.ts";
import type { CompiledModules } from "./compilation.ts";
import { groundPrefix } from "./walk.ts";
import { nodeKey } from "./trees.ts";
import { ruleRef } from "./cells.ts";

/** First and last line, counted from 1. */
export type LineRange = readonly [number, number];

const isDeny = (annotations: Annotations): boolean => annotations.custom?.effect === "deny";

export function denialLines(compiled: CompiledModules): Readonly<Record<string, readonly LineRange[]>> {
  const { modules } = compiled.compilation;
  const pathOf = (rule: RuleCell): string => groundPrefix(ruleRef(rule)).map(nodeKey).join("\u0000");
  const declared = new Set<RuleCell>();
  const documents = new Set<string>();
  for (const module of modules) {
    for (const annotations of module.source.annotations.filter(isDeny)) {
      if (annotations.scope === "package") for (const rule of module.rules) declared.add(rule);
      const rule = module.rules.find(({ index }) => index === annotations.target);
      if (rule === undefined) continue;
      if (annotations.scope === "document") documents.add(pathOf(rule));
      else declared.add(rule);
    }
  }
  if (documents.size > 0)
    for (const module of modules)
      for (const rule of module.rules) if (documents.has(pathOf(rule))) declared.add(rule);
  const reached = new Set<RuleCell>();
  const visit = (rule: RuleCell): void => {
    if (reached.has(rule)) return;
    reached.add(rule);
    if (rule.else !== undefined) visit(rule.else);
    for (const used of compiled.graph.dependencies(rule)) visit(used);
  };
  for (const rule of declared) visit(rule);
  const lines = new Map<string, LineRange[]>();
  for (const { location } of reached) {
    const range: LineRange = [location.row, location.row + location.text.split("\n").length - 1];
    lines.set(location.file, [...(lines.get(location.file) ?? []), range]);
  }
  return Object.fromEntries(
    [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, ranges]) => [file, joined(ranges)]),
  );
}

/** In order, with neighbours made one. */
function joined(ranges: readonly LineRange[]): LineRange[] {
  const result: LineRange[] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1] + 1)
      result[result.length - 1] = [last[0], Math.max(last[1], to)];
    else result.push([from, to]);
  }
  return result;
}
