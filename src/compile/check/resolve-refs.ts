// Turns the names that a module uses into full refs: imports and the rules of its own package become `data.…` and `input.…`,
// unless a local declaration hides them. Members of sets and objects are put in OPA's order, each once. Cells in, new
// heads and bodies out; imports that strict mode finds unused are reported.

import type { Location } from "../../error.ts";
import type { Body, Expr, Import, RefTerm, Term } from "../../syntax/ast.ts";
import { compareTerms, distinctTerms, sortEntries, sortTerms } from "../../syntax/order.ts";
import { printRef, printTerm } from "../../syntax/print.ts";
import type { Compilation } from "./compilation.ts";
import { eachRule, type ModuleCell, type RuleCell } from "./cells.ts";
import { addAll, varsOfTerm } from "./vars.ts";
import { walkBody, walkExpr, walkTerm } from "../../syntax/visit.ts";
import {
  callOf,
  everyOf,
  hasTwoOperands,
  isAssignment,
  isComprehension,
  mapExpr,
  mapList,
  mapTerm,
  refTerm,
  rootDocument,
  someOf,
} from "./walk.ts";

/** A name that stands for a ref everywhere in a module. */
export interface Global {
  readonly ref: RefTerm;
  used: boolean;
}

export type Globals = ReadonlyMap<string, Global>;

/** The name under which an import is used: its alias, or the last element of its path. */
export function importName(declaration: Import): string {
  if (declaration.alias !== undefined) return declaration.alias;
  const last = declaration.path.terms[declaration.path.terms.length - 1] as Term;
  return last.kind === "string" ? last.value : last.kind === "var" ? last.name : printTerm(last);
}

/** `import rego.v1` and `import future.keywords…` name nothing. */
export function isLanguageImport(declaration: Import): boolean {
  const head = declaration.path.terms[0];
  return head.kind === "var" && (head.name === "rego" || head.name === "future");
}

export function importText(declaration: Import): string {
  return `import ${printRef(declaration.path.terms)}${declaration.alias === undefined ? "" : ` as ${declaration.alias}`}`;
}

/** The first names of the rules that the package at `path` has, over all modules. */
export function exportsOf(modules: readonly ModuleCell[], path: RefTerm): string[] {
  const key = printRef(path.terms);
  const names = new Set<string>();
  for (const module of modules) {
    if (printRef(module.path.terms) !== key) continue;
    for (const rule of module.rules) {
      const head = rule.head.reference.terms[0];
      if (head.kind === "var") names.add(head.name);
    }
  }
  return [...names];
}

export function globalsOf(
  path: RefTerm,
  rules: readonly string[],
  imports: readonly Import[],
): Map<string, Global> {
  const globals = new Map<string, Global>();
  for (const name of rules) {
    globals.set(name, {
      ref: refTerm([...path.terms, { kind: "string", value: name, location: path.location }], path.location),
      used: false,
    });
  }
  for (const declaration of imports) {
    if (!isLanguageImport(declaration))
      globals.set(importName(declaration), { ref: declaration.path, used: false });
  }
  return globals;
}

/** The names that a body declares with `:=` and `some`, in `every` and `not` bodies too but not in comprehensions. */
export function declaredIn(body: Body): Set<string> {
  const names = new Set<string>();
  walkBody(body, {
    expr: (expr) => {
      declaredBy(expr, names);
      return false;
    },
    term: isComprehension,
  });
  return names;
}

function declaredBy(expr: Expr, names: Set<string>): void {
  const add = (term: Term): void =>
    walkTerm(term, {
      term: (t) => {
        if (t.kind === "var") names.add(t.name);
        return false;
      },
    });
  if (isAssignment(expr) && hasTwoOperands(expr)) add((callOf(expr) as readonly [RefTerm, Term, Term])[1]);
  for (const symbol of someOf(expr)?.symbols ?? []) {
    if (symbol.kind === "var") names.add(symbol.name);
    else if (symbol.kind === "call") for (const t of symbol.args.slice(0, -1)) add(t);
  }
}

/** The same for one expression with what it holds. */
export function declaredInExpr(expr: Expr): Set<string> {
  const names = new Set<string>();
  walkExpr(expr, {
    expr: (e) => {
      declaredBy(e, names);
      return false;
    },
    term: isComprehension,
  });
  return names;
}

/** Resolves under a stack of hidden names. */
export class Resolver {
  readonly #globals: Globals;
  readonly #hidden: ReadonlySet<string>[];

  constructor(globals: Globals, hidden: readonly ReadonlySet<string>[]) {
    this.#globals = globals;
    this.#hidden = [...hidden];
  }

  #global(name: string): Global | undefined {
    const found = this.#globals.get(name);
    if (found === undefined || this.#hidden.some((names) => names.has(name))) return undefined;
    found.used = true;
    return found;
  }

  #within<T>(names: ReadonlySet<string>, run: () => T): T {
    this.#hidden.push(names);
    try {
      return run();
    } finally {
      this.#hidden.pop();
    }
  }

  term = (term: Term): Term => {
    switch (term.kind) {
      case "var": {
        const found = this.#global(term.name);
        if (found !== undefined) return placed(found.ref, term.location);
        return term.name === "input" || term.name === "data" ? refTerm([term], term.location) : term;
      }
      case "ref": {
        const [head] = term.terms;
        const found = head.kind === "var" ? this.#global(head.name) : undefined;
        const terms = mapList<Term>(term.terms, (t) =>
          t.kind === "string" || t.kind === "template-string" || (t === head && t.kind === "var")
            ? t
            : this.term(t),
        ) as RefTerm["terms"];
        if (found !== undefined)
          return { ...term, terms: [...placed(found.ref, head.location).terms, ...terms.slice(1)] };
        return terms === term.terms ? term : { ...term, terms };
      }
      case "array-comprehension":
      case "set-comprehension":
      case "object-comprehension":
        return this.#within(declaredIn(term.body), () => mapTerm(term, this));
      default:
        // Ordered before as well: of `{data.q.k: 1, k: 2}` OPA puts `k` first, so that the other is the last of the two.
        return ordered(mapTerm(ordered(term), this));
    }
  };

  body = (body: Body): Body => mapList(body, (expr) => this.expr(expr));

  expr(expr: Expr): Expr {
    const some = someOf(expr);
    if (some !== undefined && some.symbols[0]?.kind !== "call")
      return {
        ...expr,
        with: expr.with.map((w) => ({ ...w, target: this.term(w.target), value: this.term(w.value) })),
      };
    const every = everyOf(expr);
    if (every === undefined) return mapExpr(expr, this);
    const names = varsOfTerm(every.value);
    if (every.key !== undefined) addAll(names, varsOfTerm(every.key));
    const terms = this.#within(names, () => ({
      ...every,
      domain: this.term(every.domain),
      body: this.body(every.body),
    }));
    return {
      ...expr,
      terms,
      with: expr.with.map((w) => ({ ...w, target: this.term(w.target), value: this.term(w.value) })),
    };
  }
}

/** Members in OPA's order, each once; of equal keys the last value counts. */
function ordered(term: Term): Term {
  if (term.kind === "set")
    return term.items.length < 2 ? term : { ...term, items: distinctTerms(sortTerms(term.items)) };
  if (term.kind !== "object" || term.entries.length < 2) return term;
  const entries: (readonly [Term, Term])[] = [];
  for (const entry of sortEntries(term.entries)) {
    const last = entries[entries.length - 1];
    if (last !== undefined && compareTerms(last[0], entry[0]) === 0)
      entries[entries.length - 1] = [last[0], entry[1]];
    else entries.push(entry);
  }
  return { ...term, entries };
}

const orderedDeep = (term: Term): Term => ordered(mapTerm(term, { term: orderedDeep, body: (b) => b }));

function placed(ref: RefTerm, location: Location): RefTerm {
  const [head, ...rest] = ref.terms;
  return refTerm([{ ...head, location }, ...rest.map((t): Term => ({ ...t, location }))], location);
}

/** The variables of a function's arguments; a bare `input` or `data` among them is an error text. */
function argumentVars(args: readonly Term[]): { names: Set<string>; shadowed: Term | undefined } {
  const names = new Set<string>();
  let shadowed: Term | undefined;
  const visit = (term: Term): boolean => {
    if (shadowed !== undefined) return true;
    if (rootDocument(term) !== undefined) {
      shadowed = term;
      return true;
    }
    if (term.kind === "var") names.add(term.name);
    return term.kind === "set" || term.kind === "call" || isComprehension(term);
  };
  for (const arg of args) walkTerm(arg, { term: visit });
  return { names, shadowed };
}

/** False when the rule's arguments are an error; its `else` branches, that share them, are then left out. */
function resolveRule(compilation: Compilation, globals: Globals, rule: RuleCell): boolean {
  const { names, shadowed } = argumentVars(rule.head.args ?? []);
  if (shadowed !== undefined) {
    compilation.findings.add(
      "rego_compile_error",
      rule.location,
      `args must not shadow ${printTerm(shadowed)} (use a different variable name)`,
    );
    return false;
  }
  const resolver = new Resolver(globals, [names, declaredIn(rule.body)]);
  const { head } = rule;
  const [name, ...rest] = head.reference.terms;
  rule.head = {
    ...head,
    reference: { ...head.reference, terms: [name, ...rest.map(resolver.term)] },
    ...(head.args === undefined ? {} : { args: head.args.map(orderedDeep) }),
    ...(head.key === undefined ? {} : { key: resolver.term(head.key) }),
    ...(head.value === undefined ? {} : { value: resolver.term(head.value) }),
  };
  rule.body = resolver.body(rule.body);
  return true;
}

const names = new WeakMap<ModuleCell, string>();

function packageName(module: ModuleCell): string {
  let name = names.get(module);
  if (name === undefined) names.set(module, (name = printRef(module.path.terms)));
  return name;
}

export function resolveRefs(compilation: Compilation): void {
  const { findings, modules, options, others } = compilation;
  const packages = new Map<string, ModuleCell[]>();
  for (const module of modules) packages.set(packageName(module), []);
  for (const module of modules) packages.get(packageName(module))?.push(module);
  for (const module of others) packages.get(packageName(module))?.push(module);
  for (const module of modules) {
    const globals = globalsOf(
      module.path,
      exportsOf(packages.get(packageName(module)) ?? [], module.path),
      module.imports,
    );
    eachRule([module], (rule) => !resolveRule(compilation, globals, rule));
    if (options.strict !== true) continue;
    for (const declaration of module.imports) {
      if (isLanguageImport(declaration) || globals.get(importName(declaration))?.used === true) continue;
      findings.add("rego_compile_error", declaration.location, `${importText(declaration)} unused`);
    }
  }
}
