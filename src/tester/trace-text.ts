// Events as OPA prints them: the table of a trace, and the failing expression with the values in it. In: events. Out: text.

import type { Location } from "../error.ts";
import type { Body, Expr, RefTerm, Rule, Term } from "../syntax/ast.ts";
import { printBody, printExpr, printRef } from "../syntax/print.ts";
import { isCallTerms, walkExpr, walkTerm } from "../syntax/visit.ts";
import { groundSteps, lookUp } from "./local-refs.ts";
import { termText } from "../value/text.ts";
import type { Value } from "../value/value.ts";
import type { Owners } from "./owners.ts";
import { isBody, type TraceEvent } from "./trace.ts";

export interface Names {
  /** Generated name -> the author's. */
  readonly written: ReadonlyMap<string, string>;
  readonly owners: Owners;
  /** The line of a file, for what stands before an expression. */
  readonly line: (file: string, row: number) => string;
}

const EXPRESSION_WIDTH = 32;
const VALUE_WIDTH = 64;
const PADDING = 4;

function truncate(text: string, width: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= width ? text : `${bytes.subarray(0, width - 3).toString()}...`;
}

/** `query` and below it what was entered, a line each; reports of tests indent every cell, and the end of each line. */
export function traceTable(
  events: readonly TraceEvent[],
  names: Names,
  values: boolean,
  indent = "  ",
): string {
  const depths = new Map<number, number>();
  const rows = events.map((event) => {
    let depth = depths.get(event.query);
    if (depth === undefined) {
      depth = (depths.get(event.parent) ?? 0) + 1;
      depths.set(event.query, depth);
    }
    const { location } = event;
    const place =
      location === undefined ? "" : `${location.file === "" ? "query" : location.file}:${location.row}`;
    const cells = [place, eventText(event, depth, names)];
    if (values) cells.push(valuesText(event, names));
    return cells;
  });
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, Buffer.byteLength(cell));
    });
  return rows
    .map((row) => {
      const last = row.length - 1;
      const cells = row.map((cell, i) =>
        i < last
          ? `${indent}${cell}${" ".repeat(Math.max(0, (widths[i] as number) + PADDING - [...cell].length))} `
          : `${indent}${cell}`,
      );
      return `${cells.join("")}${indent}\n`;
    })
    .join("");
}

function eventText(event: TraceEvent, depth: number, names: Names): string {
  const { message, node, op } = event;
  const outer =
    op === "Enter" || (op === "Redo" && (node === undefined || isBody(node) || node.kind === "rule"));
  const bars = "| ".repeat(outer ? depth - 1 : depth);
  if (op === "Note") return `${bars}Note "${message ?? ""}"`;
  const { rule, suffix } = event;
  const text =
    rule !== undefined ? ruleText(rule) : node === undefined ? (message ?? "") : nodeText(node, names);
  return `${bars}${op} ${text}${suffix === undefined ? "" : ` ${suffix}`}`;
}

function nodeText(node: Rule | Expr | Body, names: Names): string {
  if (isBody(node)) return printBody(node.map((expr) => renamed(expr, names)));
  return node.kind === "rule" ? ruleText(node) : printExpr(renamed(node, names));
}

const packages = new WeakMap<Rule, string>();

/** The trace shows rules by their full refs; only modules know their packages. */
export function rememberPackage(rule: Rule, path: RefTerm): void {
  const [first, ...rest] = rule.head.reference.terms;
  const head: Term =
    first.kind === "var" ? { kind: "string", value: first.name, location: first.location } : first;
  const steps: Term[] = [];
  for (const step of rest) {
    if (step.kind === "var" || step.kind === "ref") break;
    steps.push(step);
  }
  packages.set(rule, printRef([...path.terms, head, ...steps]));
}

/** A rule's full ref, as far as it is constant. */
export function ruleText(rule: Rule): string {
  return packages.get(rule) ?? printRef(rule.head.reference.terms);
}

/** With the author's names for variables. */
function renamed(expr: Expr, { written }: Names): Expr {
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit);
    if (node === null || typeof node !== "object") return node;
    const { key, kind, name } = node as { key?: Term; kind?: string; name?: string };
    // The author wrote no key.
    if (kind === "every" && key?.kind === "var" && !written.has(key.name))
      return visit({ ...node, key: undefined });
    if (kind === "var" && name !== undefined) return { ...node, name: written.get(name) ?? name };
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, key === "location" ? value : visit(value)]),
    );
  };
  return visit(expr) as Expr;
}

/** `{x: 1, y: 2}`: the variables of the node that have a value. */
function valuesText(event: TraceEvent, names: Names): string {
  const { node } = event;
  const found = new Map<string, Value>();
  const note = (term: Term): false => {
    if (term.kind === "var") {
      const value = event.locals.get(term.name);
      if (value !== undefined && !term.name.startsWith("$"))
        found.set(names.written.get(term.name) ?? term.name, value);
    }
    return false;
  };
  if (node !== undefined && isBody(node)) for (const expr of node) walkExpr(expr, { term: note });
  else if (node !== undefined) {
    if (node.kind === "rule") for (const term of headTerms(node)) walkTerm(term, { term: note });
    else {
      walkExpr(node, { term: note });
      const ref = virtualRef(node);
      if (ref !== undefined && event.value !== undefined) found.set(printRef(ref.terms), event.value);
    }
  }
  const parts = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}: ${truncate(termText(value), EXPRESSION_WIDTH)}`);
  return `{${parts.join(", ")}}`;
}

function headTerms({ head }: Rule): Term[] {
  return [...(head.args ?? []), head.key, head.value].filter((term): term is Term => term !== undefined);
}

/** An expression that is only a ref into `data`. */
function virtualRef({ terms }: Expr): RefTerm | undefined {
  if (isCallTerms(terms) || terms.kind !== "ref") return undefined;
  const [head] = terms.terms;
  return head.kind === "var" && head.name === "data" ? terms : undefined;
}

interface Shown {
  readonly title: string;
  readonly value: Value | undefined;
  readonly location: Location;
  /** The line that it counts for. */
  readonly row: number;
}

/** The last expression that failed: its place, and its text with the values in it below. */
export function failingText(
  events: readonly TraceEvent[],
  names: Names,
  values: boolean,
): readonly [place: string, text: string] | undefined {
  const failed = events.findLast(
    ({ op, location, node, query }) =>
      op === "Fail" && location !== undefined && query !== 0 && !isEvery(node as Expr),
  );
  if (failed?.location === undefined) return undefined;
  const { location } = failed;
  const expr = failed.node as Expr;
  const base = values ? baseOf(expr, names) : expr;
  let text = padded(base.location, names);
  if (values) text += arrows(shownValues(failed, expr, base, names), names);
  return [`${location.file}:${location.row}:`, text];
}

function isEvery({ terms }: Expr): boolean {
  return !isCallTerms(terms) && terms.kind === "every";
}

/** What the author wrote: the widest expression of the body that the failing one is a part of. */
function baseOf(expr: Expr, { owners }: Names): Expr {
  const owner = owners.get(expr);
  let base = expr;
  for (const other of owner?.body ?? []) if (encloses(other.location, base.location)) base = other;
  return base;
}

function encloses(outer: Location, inner: Location): boolean {
  const end = ({ offset, text }: Location): number => offset + Buffer.byteLength(text);
  return (
    outer.file === inner.file && outer.row > 0 && outer.offset <= inner.offset && end(outer) >= end(inner)
  );
}

function shownValues(event: TraceEvent, expr: Expr, base: Expr, names: Names): Shown[] {
  const found = new Map<string, Shown>();
  const put = (title: string, value: Value | undefined, location: Location, row = location.row): void => {
    const known = found.get(title);
    if (known === undefined || known.value === undefined) found.set(title, { title, value, location, row });
  };
  const ref = virtualRef(expr);
  if (ref !== undefined && event.value !== undefined)
    // OPA knows the value from where the ref was looked up, which it takes for another line.
    put(ref.terms[0].location.text, event.value, expr.location, -1);
  const show =
    (unknown: boolean) =>
    (term: Term): boolean => {
      if (term.location.row === 0) return false;
      if (term.kind.endsWith("comprehension")) return true;
      if (term.kind === "ref") {
        const value = lookUp(term, event.locals);
        if (value !== undefined && groundSteps(term)) put(term.location.text, value, term.location);
      }
      if (term.kind === "var" && term.name !== "data" && term.name !== "input") {
        const value = event.locals.get(term.name);
        if (value !== undefined || (unknown && !isOperator(term.name)))
          put(term.location.text, value, term.location);
      }
      return false;
    };
  walkOperands(expr, show(!expr.negated));
  const parts = (names.owners.get(expr)?.body ?? []).filter(
    (other) => other !== expr && encloses(base.location, other.location),
  );
  // What was taken out of an expression comes behind what it was taken out of.
  parts.sort((a, b) => b.location.text.length - a.location.text.length);
  for (const part of parts) walkOperands(part, show(false));
  return [...found.values()];
}

function isOperator(name: string): boolean {
  return name.startsWith("$");
}

/** Without the names of what is called, and of `with` only the values. */
function walkOperands(expr: Expr, term: (term: Term) => boolean): void {
  const visitor = {
    term: (node: Term): boolean => {
      if (node.kind !== "call") return term(node);
      for (const arg of node.args) walkTerm(arg, visitor);
      return true;
    },
  };
  if (isCallTerms(expr.terms)) for (const operand of expr.terms.slice(1)) walkTerm(operand, visitor);
  else walkExpr({ ...expr, with: [] }, visitor);
  for (const { value } of expr.with) walkTerm(value, visitor);
}

/** The text of an expression behind as much white space as stands before it. */
function padded(location: Location, names: Names): string {
  return margin(location, 0, names) + location.text;
}

/** White space from a column (0: the first) up to where a node begins, tabs kept. */
function margin({ col, file, row }: Location, from: number, { line }: Names): string {
  const before = Buffer.from(line(file, row))
    .subarray(from, col - 1)
    .toString("latin1");
  return before.padEnd(col - 1 - from).replace(/[^\t]/g, " ");
}

function arrows(values: readonly Shown[], names: Names): string {
  if (values.length === 0) return "";
  const rows = new Set(values.map(({ row }) => row));
  const tabs = values.some(({ location }) => names.line(location.file, location.row).includes("\t"));
  const shown = (value: Value | undefined): string =>
    truncate(value === undefined ? "undefined" : termText(value), VALUE_WIDTH);
  if (tabs && rows.size > 1) {
    const sorted = [...values].sort((a, b) => (a.title < b.title ? -1 : a.title > b.title ? 1 : 0));
    return `\n\nWhere:\n${sorted.map(({ title, value }) => `\n${title}: ${shown(value)}`).join("")}`;
  }
  const sorted = [...values].sort(
    (a, b) =>
      a.location.col - b.location.col ||
      b.location.row - a.location.row ||
      (a.title < b.title ? -1 : a.title > b.title ? 1 : 0),
  );
  const line = (count: number, withValue: boolean): string => {
    let out = "";
    let column = 0;
    for (let i = 0; i < count; i++) {
      const item = sorted[i] as Shown;
      const { col } = item.location;
      const isLast = i === count - 1;
      if (!isLast && col === sorted[i + 1]?.location.col) continue;
      out += margin(item.location, column, names);
      const shares = sorted[i - 1]?.location.col === col || sorted[i + 1]?.location.col === col;
      if (isLast && withValue) out += shares ? `${item.title}: ${shown(item.value)}` : shown(item.value);
      else out += "|";
      column = col;
    }
    return out;
  };
  const lines = [line(sorted.length, false)];
  for (let i = sorted.length; i > 0; i--) lines.push(line(i, true));
  return `\n${lines.join("\n")}`;
}
