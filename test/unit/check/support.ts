// Shared by the tests of check: texts to modules, findings to one line of text, rules with generated names numbered anew.

import { type Diagnostic, formatDiagnostic } from "../../../src/error.ts";
import type { Module } from "../../../src/syntax/ast.ts";
import { parseModule } from "../../../src/syntax/parser.ts";

export function modulesOf(texts: readonly string[], v0 = false): Module[] {
  return texts.map((text, i) => {
    const { module, diagnostics } = parseModule(text, { file: `m${i}.rego`, regoVersion: v0 ? "v0" : "v1" });
    if (module === undefined) throw new Error(diagnostics.map(formatDiagnostic).join("\n"));
    return module;
  });
}

/** `column: file:row: code: message` and the details below. */
export function show(finding: Diagnostic): string {
  const column = finding.location === undefined ? "" : `${finding.location.col}: `;
  return column + formatDiagnostic(finding);
}

/** Generated names in order of appearance, on one line. */
export function renumbered(text: string): string {
  const names = new Map<string, string>();
  const name = (found: string): string => {
    if (!names.has(found)) names.set(found, `L${names.size}`);
    return names.get(found) as string;
  };
  return text.replace(/__localq?\d+__/g, name).replace(/\s+/g, " ");
}
