// Which rules are tests: those with `test_` or `todo_test_` in their ref. In: modules as parsed. Out: the same modules in which tests of one
// name have names of their own (`test_x`, `test_x#01`, …), and a TestCase for each. Runs nothing.

import { hasMatch, parseRegex } from "../builtins/re2.ts";
import { type Location, PolicyError } from "../error.ts";
import type { Module, RefTerm, Rule, Term } from "../syntax/ast.ts";
import { isGround } from "../syntax/order.ts";
import { printRef } from "../syntax/print.ts";

export interface TestCase {
  /** Its place in the list, and the id of its entrypoint. */
  readonly id: number;
  readonly location: Location;
  /** `data.a.b` */
  readonly package: string;
  readonly name: string;
  /** What `-r` is matched against: the full ref. */
  readonly fullName: string;
  readonly ref: RefTerm;
  readonly skip: boolean;
  /** Its value is an object of cases. */
  readonly parameterised: boolean;
  readonly file: string;
}

export interface Discovered {
  readonly modules: readonly Module[];
  readonly tests: readonly TestCase[];
}

const TEST = /^(todo_)?test_/;

/** In order of files, then of rules. */
export function discover(parsed: readonly Module[]): Discovered {
  const modules = [...parsed].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  const count = new Map<string, number>();
  const tests: TestCase[] = [];
  const renamed = modules.map((module) => {
    const rules = module.rules.map((rule) => {
      const length = nameLength(rule);
      if (length === 0) return rule;
      const unique = withUniqueName(module, rule, length, count);
      tests.push(testCase(module, unique, length, tests.length));
      return unique;
    });
    return { ...module, rules };
  });
  return { modules: renamed, tests };
}

/** How many elements of the ref make the name; 0 for what is no test. */
function nameLength(rule: Rule): number {
  const { terms } = rule.head.reference;
  for (const [i, term] of terms.entries()) {
    if (i > 0 && !isGround(term)) return 0;
    if (TEST.test(nameOf(term))) return i + 1;
  }
  return 0;
}

function nameOf(term: Term): string {
  if (term.kind === "var") return term.name;
  return term.kind === "string" ? term.value : "";
}

function withUniqueName(module: Module, rule: Rule, length: number, count: Map<string, number>): Rule {
  const { terms } = rule.head.reference;
  const last = terms[length - 1] as Term;
  const name = nameOf(last);
  if (!name.startsWith("test_")) return rule;
  const key = fullName(module, terms.slice(0, length));
  const before = count.get(key) ?? 0;
  count.set(key, before + 1);
  if (before === 0) return rule;
  const fresh = `${name}#${String(before).padStart(2, "0")}`;
  const term: Term =
    last.kind === "var"
      ? { ...last, name: fresh }
      : { kind: "string", value: fresh, location: last.location };
  const parts = terms.map((part, i) => (i === length - 1 ? term : part)) as unknown as readonly [
    Term,
    ...Term[],
  ];
  const { head } = rule;
  return {
    ...rule,
    head: {
      ...head,
      reference: { ...head.reference, terms: parts },
      name: head.name === name ? fresh : head.name,
    },
  };
}

/** The ref from `data` on. */
function fullRef(module: Module, name: readonly Term[]): RefTerm {
  const [first, ...rest] = name as readonly [Term, ...Term[]];
  const head: Term = { kind: "string", value: nameOf(first), location: first.location };
  const { path } = module.package;
  return { ...path, terms: [...path.terms, head, ...rest] };
}

function fullName(module: Module, name: readonly Term[]): string {
  return printRef(fullRef(module, name).terms);
}

function testCase(module: Module, rule: Rule, length: number, id: number): TestCase {
  const { head } = rule;
  const name = head.reference.terms.slice(0, length);
  const dynamic = head.reference.terms.some((term, i) => i > 0 && !isGround(term));
  const ref = fullRef(module, name);
  return {
    id,
    location: rule.location,
    package: printRef(module.package.path.terms),
    name: printRef(name),
    fullName: printRef(ref.terms),
    ref,
    skip: nameOf(name.at(-1) as Term).startsWith("todo_"),
    parameterised: head.key === undefined ? dynamic : head.value !== undefined,
    file: module.file,
  };
}

export type Filter = (text: string) => boolean;

/** Throws `invalid_parameter` with Go's words if the pattern is no regular expression. */
export function filterOf(pattern: string | undefined): Filter | undefined {
  if (pattern === undefined || pattern === "") return undefined;
  try {
    const regex = parseRegex(pattern);
    return (text) => hasMatch(regex, text);
  } catch (cause) {
    throw new PolicyError("invalid_parameter", (cause as Error).message, { cause });
  }
}
