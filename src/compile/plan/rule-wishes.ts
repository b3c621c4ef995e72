// What OPA's index notes of one rule's body: which documents and arguments the rule asks for, and which values of them. In: a rule after check.
// Out: sets of wishes, any one of which, held as a whole, is enough to reach the rule. The choice of expressions is that of OPA's
// ast/index.go, since which rules are tried decides which of them can fail.

import type { Location } from "../../error.ts";
import type { Body, Expr, Logical, RefTerm, Rule, Term } from "../../syntax/ast.ts";
import { compareTerms } from "../../syntax/order.ts";
import { walkBody } from "../../syntax/visit.ts";
import { callOf, isGround, isScalar, logicalOf, mapTerm, someTerm, termOf, varTerm } from "../check/walk.ts";
import { pathText, termKey, type TrieNode } from "./rule-trie.ts";

/** One value that a document or an argument should have. */
export interface Wish {
  /** Equal for equal documents, and for one argument of all rules of a function. */
  readonly key: string;
  /** A ref, or the variable of an argument. */
  readonly ref: Term;
  /** Undefined, or a variable: any value will do. */
  readonly value: Term | undefined;
  /** The value holds the parts of this pattern of `glob.match`. */
  readonly glob?: { readonly pattern: Term; readonly delimiters: Term };
  /** An element of the document will do, too. */
  readonly element?: true;
  /** The expression of the body that asks for it. */
  readonly at: number;
  readonly location: Location;
}

/** Wishes that must hold together. */
export type Path = readonly Wish[];

/** How often each document is asked for, and where at first. */
export type Frequencies = Map<string, { count: number; readonly location: Location | undefined }>;

/** More combinations of `or` than these are not told apart. */
const MAX_PATHS = 32;

const NOT_INDEXED: ReadonlySet<string> = new Set(["internal.print", "internal.test_case"]);

/** The ways to reach a rule; one without wishes if nothing is known. Counts what is asked for. */
export function pathsOf(rule: Rule, data: TrieNode, frequencies: Frequencies): readonly Path[] {
  if (hasSideEffects(rule.body)) return [[]];
  const wishes = new Wishes(rule.head.args ?? [], data, frequencies, []);
  for (const [at, expr] of rule.body.entries()) wishes.read(expr, at);
  return wishes.paths();
}

function hasSideEffects(body: Body): boolean {
  let found = false;
  walkBody(body, {
    expr: (expr) => {
      const call = callOf(expr);
      if (call !== undefined && NOT_INDEXED.has(pathText(call[0].terms))) found = true;
      return found;
    },
  });
  return found;
}

export const isOpen = (value: Term | undefined): boolean => value === undefined || value.kind === "var";

class Wishes {
  readonly #args: readonly Term[];
  readonly #data: TrieNode;
  readonly #frequencies: Frequencies;
  /** What the body around an operand of `and` or `or` asks for. */
  readonly #outer: Path;
  readonly #constants: Map<string, Term>;
  readonly #found: Wish[] = [];
  readonly #choices: (readonly Path[])[] = [];
  #at = 0;

  constructor(
    args: readonly Term[],
    data: TrieNode,
    frequencies: Frequencies,
    outer: Path,
    constants: ReadonlyMap<string, Term> = new Map(),
  ) {
    this.#args = args;
    this.#data = data;
    this.#frequencies = frequencies;
    this.#outer = outer;
    this.#constants = new Map(constants);
  }

  /** What always holds, with one branch of each `or`. */
  paths(): readonly Path[] {
    let paths: readonly Path[] = [this.#found];
    for (const choice of this.#choices) {
      if (paths.length * choice.length > MAX_PATHS) return [this.#found];
      paths = paths.flatMap((path) => choice.map((branch) => [...path, ...branch]));
    }
    return paths;
  }

  read(expr: Expr, at: number): void {
    this.#at = at;
    if (expr.with.length > 0 || expr.negated) return;
    const logical = logicalOf(expr);
    if (logical !== undefined) return this.#logical(logical);
    const term = termOf(expr);
    if (term?.kind === "ref" && this.#isIndexed(term.terms)) this.#wish(refOf(term), undefined, expr);
    const call = callOf(expr);
    if (call === undefined) return;
    const [operator, a, b, c] = call;
    if (a === undefined || b === undefined) return;
    const name = pathText(operator.terms);
    if (name === "glob.match" && call.length === 4 && c !== undefined) return this.#glob(a, b, c, expr);
    // With one operand more the result is captured: `false` is as good as `true` then.
    if (call.length !== 3) return;
    if (name === "eq" || name === "equal") {
      if (this.#element(a, b, expr) || this.#element(b, a, expr)) return;
      if (!this.#equal(a, b, expr)) this.#equal(b, a, expr);
    } else if (name === "internal.member_2") this.#member(a, b, expr);
  }

  /** Operands are scopes of their own: neither sees what the other asks for. */
  #logical({ kind, lhs, rhs }: Logical): void {
    const [left, right] = [this.#operand(lhs), this.#operand(rhs)];
    if (kind === "and") {
      this.#require(left);
      this.#require(right);
    } else if (left.length > 0 && right.length > 0) this.#require([...left, ...right]);
  }

  #operand(body: Body): readonly Path[] {
    const outer = [...this.#found, ...this.#outer];
    const inner = new Wishes(this.#args, this.#data, new Map(), outer, this.#constants);
    for (const expr of body) inner.read(expr, this.#at);
    const paths = inner.paths();
    if (paths.length === 1 && paths[0]?.length === 0) return [];
    return paths.map((path) =>
      path.map((wish) => (isOpen(wish.value) ? { ...wish, value: undefined } : wish)),
    );
  }

  #require(paths: readonly Path[]): void {
    const [only, ...others] = paths;
    if (only === undefined) return;
    if (others.length === 0) {
      for (const wish of only) this.#insert(wish);
      return;
    }
    for (const wish of paths.flat()) this.#count(wish);
    this.#choices.push(paths);
  }

  /** `input.xs[_] == "a"` */
  #element(a: Term, b: Term, expr: Expr): boolean {
    if (a.kind !== "ref") return false;
    const prefix = a.terms.slice(0, -1);
    const last = a.terms.at(-1);
    if (last === undefined || isGround(last) || !this.#isIndexed(prefix)) return false;
    const value = b.kind === "var" ? this.#constants.get(b.name) : b;
    if (value === undefined || !isScalar(value)) return false;
    const terms = prefix as unknown as RefTerm["terms"];
    this.#wish(refOf({ ...a, terms }), value, expr);
    return true;
  }

  #equal(a: Term, b: Term, expr: Expr): boolean {
    if (a.kind === "var") {
      if (isConstant(b)) this.#constants.set(a.name, b);
      const document = this.#resolve(a.name);
      if (document === undefined || !isIndexValue(b)) return false;
      this.#wish(document, b, expr);
      return true;
    }
    if (a.kind !== "ref" || !this.#isIndexed(a.terms) || !isIndexValue(b)) return false;
    this.#wish(refOf(a), b.kind === "var" ? (this.#constants.get(b.name) ?? b) : b, expr);
    return true;
  }

  #member(a: Term, b: Term, expr: Expr): void {
    const element = a.kind === "var" ? this.#resolve(a.name) : undefined;
    if (element !== undefined) {
      const list = b.kind === "var" ? this.#constants.get(b.name) : b;
      for (const value of membersOf(list)) this.#wish(element, value, expr);
      return;
    }
    if (a.kind !== "var" && !isScalar(a)) return;
    const document = b.kind === "var" ? this.#resolve(b.name) : undefined;
    if (document?.ref.kind !== "ref") return;
    const value = a.kind === "var" ? (this.#constants.get(a.name) ?? a) : a;
    // OPA takes a list here for what the whole document should be, and so misses what is in it.
    const { location } = expr;
    this.#insert({
      ...document,
      value,
      at: this.#at,
      location,
      ...(value.kind === "array" && { element: true }),
    });
  }

  #glob(pattern: Term, delimiters: Term, subject: Term, expr: Expr): void {
    const document = subject.kind === "var" ? this.#resolve(subject.name) : undefined;
    if (document === undefined || pattern.kind !== "string" || delimiters.kind !== "array") return;
    if (!delimiters.items.every((item) => item.kind === "string")) return;
    const joined = delimiters.items.map((item) => (item.kind === "string" ? item.value : "")).join("");
    const parts = globParts(pattern.value, joined === "" ? "." : joined);
    if (parts === undefined) return;
    const { location } = expr;
    const items = parts.map(
      (part): Term => (part === "*" ? varTerm("$glob", location) : { kind: "string", value: part, location }),
    );
    const value: Term = { kind: "array", items, location };
    this.#insert({ ...document, value, glob: { pattern, delimiters }, at: this.#at, location });
  }

  /** The document that a variable stands for: `x = input.a`, or an argument. */
  #resolve(name: string): Pick<Wish, "key" | "ref"> | undefined {
    const same = (term: Term | undefined): boolean => term?.kind === "var" && term.name === name;
    const known = [...this.#found, ...this.#outer].find(({ value }) => same(value));
    if (known !== undefined) return { key: known.key, ref: known.ref };
    const index = this.#args.findIndex(same);
    const ref = this.#args[index];
    return ref === undefined ? undefined : { key: `args[${index}]`, ref };
  }

  #wish(document: Pick<Wish, "key" | "ref">, value: Term | undefined, { location }: Expr): void {
    this.#insert({ ...document, value, at: this.#at, location });
  }

  /** A constant takes the place of a variable, everything else stands beside what is there. */
  #insert(wish: Wish): void {
    this.#count(wish);
    for (const [i, other] of this.#found.entries()) {
      if (other.key !== wish.key) continue;
      if (sameValue(other, wish)) return;
      if (isOpen(other.value) && !isOpen(wish.value)) {
        this.#found[i] = wish;
        return;
      }
    }
    this.#found.push(wish);
  }

  #count({ key, ref }: Wish): void {
    const known = this.#frequencies.get(key);
    if (known !== undefined) known.count++;
    else {
      const location = ref.kind === "ref" ? ref.terms[0].location : undefined;
      this.#frequencies.set(key, { count: 1, location });
    }
  }

  /** A base document, or a part of one, under constant keys. */
  #isIndexed([head, ...path]: readonly Term[]): boolean {
    if (head?.kind !== "var" || !path.every(isGround)) return false;
    if (path.some((step) => someTerm(step, (part) => part.kind === "ref"))) return false;
    if (head.name === "input") return true;
    return head.name === "data" && !isVirtual(this.#data, path);
  }
}

const refOf = (ref: RefTerm): Pick<Wish, "key" | "ref"> => ({ key: pathText(ref.terms), ref });

function sameValue(a: Wish, b: Wish): boolean {
  const key = (value: Term | undefined): string => (value === undefined ? "" : termKey(value));
  return key(a.value) === key(b.value);
}

export function isVirtual(data: TrieNode, path: readonly Term[]): boolean {
  let node: TrieNode = data;
  for (const step of path) {
    const child = node.child(step);
    if (child === undefined) return false;
    if (child.group !== undefined) return true;
    node = child;
  }
  return true;
}

/** In OPA's order, since a value takes the place of a variable noted before it; variables as they come, whatever they are called. */
function membersOf(list: Term | undefined): readonly Term[] {
  if (list?.kind === "array") return list.items;
  if (list?.kind !== "set" && list?.kind !== "object") return [];
  const names = new Map<string, string>();
  const renamed = (term: Term): Term => {
    if (term.kind !== "var") return mapTerm(term, { term: renamed, body: (body) => body });
    const name = names.get(term.name) ?? String(names.size).padStart(9, "0");
    names.set(term.name, name);
    return { ...term, name };
  };
  const members =
    list.kind === "set"
      ? list.items.map((item) => [renamed(item), item] as const)
      : list.entries.map(([key, value]) => [renamed(key), value] as const);
  return members.sort(([a], [b]) => compareTerms(a, b)).map(([, member]) => member);
}

function isConstant(term: Term): boolean {
  const varies = (part: Term): boolean =>
    part.kind === "var" || part.kind === "ref" || part.kind === "call" || part.kind.endsWith("comprehension");
  return !someTerm(term, varies);
}

function isIndexValue(term: Term): boolean {
  if (isScalar(term) || term.kind === "var") return true;
  return term.kind === "array" && term.items.every((item) => isScalar(item) || item.kind === "var");
}

/** The parts between delimiters; undefined where one of them is more than `*` or a plain text. */
function globParts(pattern: string, delimiters: string): string[] | undefined {
  const parts = [""];
  let escaped = false;
  for (const char of pattern) {
    if (!escaped && delimiters.includes(char)) parts.push("");
    else parts[parts.length - 1] += char;
    escaped = char === "\\" && !escaped;
  }
  const plain = (part: string): boolean => part === "*" || !/[[?{*]/.test(part.replace(/\\./gs, ""));
  return parts.every(plain) ? parts : undefined;
}
