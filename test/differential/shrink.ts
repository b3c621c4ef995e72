// Makes a disagreement small: leaves out modules, rules, expressions and parts of the documents, and puts simpler terms in place, as long as
// the two still disagree about the same. In: a case with one entrypoint and one input. Out: a smaller one.

import type { Module } from "../../src/syntax/ast.ts";
import { parseModule } from "../../src/syntax/parser.ts";
import { printModule } from "../../src/syntax/print.ts";
import type { DrawnCase } from "./modules.ts";

export type StillFails = (item: DrawnCase) => Promise<boolean>;

export async function shrink(start: DrawnCase, stillFails: StillFails, attempts = 400): Promise<DrawnCase> {
  let item = start;
  let left = attempts;
  for (let improved = true; improved && left > 0; ) {
    improved = false;
    for (const candidate of candidates(item)) {
      if (left-- <= 0) break;
      if (!(await stillFails(candidate))) continue;
      item = candidate;
      improved = true;
      break;
    }
  }
  return item;
}

function* candidates(item: DrawnCase): Generator<DrawnCase> {
  const { modules } = item;
  for (let i = modules.length - 1; i >= 0 && modules.length > 1; i--) {
    yield { ...item, modules: modules.filter((_, at) => at !== i) };
  }
  for (const [i, one] of modules.entries()) {
    const { file, text, regoVersion } = one;
    const { module } = parseModule(text, { file, regoVersion });
    if (module === undefined) continue;
    for (const smaller of smallerModules(module)) {
      let printed: string;
      try {
        printed = printModule(smaller);
      } catch {
        continue;
      }
      if (printed.length >= text.length && printed !== text) continue;
      if (printed === text) continue;
      yield { ...item, modules: modules.map((old, at) => (at === i ? { ...one, text: printed } : old)) };
    }
  }
  for (const smaller of smallerDocuments(item.data)) yield { ...item, data: smaller };
  const [input] = item.inputs;
  if (input !== undefined) {
    for (const smaller of smallerDocuments(input)) yield { ...item, inputs: [smaller] };
  }
}

type Node = { readonly [key: string]: unknown } | readonly unknown[];

function* smallerModules(module: Module): Generator<Module> {
  for (let i = module.rules.length - 1; i >= 0; i--) {
    yield { ...module, rules: module.rules.filter((_, at) => at !== i) };
  }
  yield { ...module, imports: [] };
  for (const rules of smallerNodes(module.rules)) yield { ...module, rules: rules as Module["rules"] };
}

const TERMS = new Set([
  "ref",
  "array",
  "object",
  "set",
  "array-comprehension",
  "set-comprehension",
  "object-comprehension",
  "call",
  "template-string",
  "string",
  "number",
]);

/** Every tree with one node left out or made simpler; outer nodes first. */
function* smallerNodes(node: unknown): Generator<unknown> {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) {
    for (let i = node.length - 1; i >= 0; i--) {
      if (node.length > 1) yield node.filter((_, at) => at !== i);
    }
    for (const [i, child] of node.entries()) {
      for (const smaller of smallerNodes(child)) yield node.map((old, at) => (at === i ? smaller : old));
    }
    return;
  }
  const record = node as Record<string, unknown>;
  const { kind, location } = record;
  if (typeof kind === "string" && TERMS.has(kind)) {
    if (kind !== "number" && kind !== "string") {
      yield { kind: "number", text: "1", location };
      for (const child of childTerms(record)) yield child;
    }
  }
  if (record.else !== undefined) {
    const { else: _, ...rest } = record;
    yield rest;
  }
  for (const [key, child] of Object.entries(record)) {
    if (key === "location" || key === "reference" || key === "operator") continue;
    if (key === "terms" && kind === "ref") continue;
    for (const smaller of smallerNodes(child)) yield { ...record, [key]: smaller };
  }
}

function childTerms(node: Node): Node[] {
  const record = node as Record<string, unknown>;
  const lists = [record.items, record.args, record.term, record.value].flat();
  return lists.filter((one): one is Node => typeof one === "object" && one !== null && "kind" in one);
}

function* smallerDocuments(text: string): Generator<string> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return;
  }
  // Numbers that JSON.parse would change are left alone.
  if (JSON.stringify(document) !== text.replace(/\s/g, "")) {
    const exact = text.replace(/(?<![\w"\\])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w"])/g, "1");
    if (exact !== text) yield exact;
  }
  for (const smaller of smallerNodes2(document)) {
    const printed = JSON.stringify(smaller);
    if (printed.length < text.length) yield printed;
  }
}

function* smallerNodes2(node: unknown): Generator<unknown> {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) {
    for (let i = node.length - 1; i >= 0; i--) yield node.filter((_, at) => at !== i);
    for (const [i, child] of node.entries()) {
      for (const smaller of smallerNodes2(child)) yield node.map((old, at) => (at === i ? smaller : old));
    }
    return;
  }
  const record = node as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    const { [key]: _, ...rest } = record;
    yield rest;
  }
  for (const [key, child] of Object.entries(record)) {
    for (const smaller of smallerNodes2(child)) yield { ...record, [key]: smaller };
  }
}
