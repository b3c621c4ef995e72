// What an index of rules can tell of a rule before its body is tried. In: the rules of one document or function, after check. Out:
// expressions that must hold for a rule to be tried at all: all of them for marks, and where something could fail before the body comes to
// them. A rule that OPA's index leaves out makes no errors and no conflicts, so the conditions are those of OPA's trie.

import type { Location } from "../../error.ts";
import type { Body, Expr, RefTerm, Rule, Term } from "../../syntax/ast.ts";
import { walkExpr } from "../../syntax/visit.ts";
import { builtinRef, callOf, equality, isScalar, varTerm } from "../check/walk.ts";
import { pathText, type TrieNode } from "./rule-trie.ts";
import { type Frequencies, isOpen, isVirtual, type Path, pathsOf, type Wish } from "./rule-wishes.ts";

const NEVER_FAIL: ReadonlySet<string> = new Set([
  "eq",
  "equal",
  "neq",
  "lt",
  "lte",
  "gt",
  "gte",
  "internal.member_2",
  "internal.member_3",
]);

/** The index of the rules that are planned as one function. Built when it is first asked. */
export class RuleIndex {
  readonly #rules: readonly Rule[];
  readonly #data: TrieNode;
  #paths: ReadonlyMap<Rule, readonly Path[]> | undefined;
  /** Documents in the order in which OPA's trie asks for them: the most frequent first. */
  readonly #ranks = new Map<string, number>();

  /** `rules` without their `else` branches, which are found here. */
  constructor(rules: readonly Rule[], data: TrieNode) {
    this.#rules = rules;
    this.#data = data;
  }

  /**
   * Where OPA's trie comes to a rule: those that sort first are tried first. Decides which of two rules is told to be in conflict with the
   * other, and which of several errors is met. A collection that holds what several rules ask for is walked by OPA in its own order; here they
   * stand at one place.
   */
  position(rule: Rule): string {
    this.#paths ??= this.#build();
    const places: string[] = [];
    for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else)
      for (const path of this.#paths.get(branch) ?? []) places.push(placeOf(path, this.#ranks));
    return places.reduce((a, b) => (a < b ? a : b), places[0] ?? "");
  }

  /** Whether some rule calls anything, or reads what rules make. */
  someMayFail(): boolean {
    for (const first of this.#rules)
      for (let rule: Rule | undefined = first; rule !== undefined; rule = rule.else)
        if (rule.body.some((expr) => mayFail(expr, this.#data))) return true;
    return false;
  }

  /** Everything the index asks for. */
  conditions(rule: Rule): Expr[] {
    return this.#from(rule, 0);
  }

  /** The conditions that stand behind something that can fail. None for most rules, as conditions are mostly written first. */
  lateConditions(rule: Rule): Expr[] {
    const from = rule.body.findIndex((expr) => mayFail(expr, this.#data));
    return from === -1 || from === rule.body.length - 1 ? [] : this.#from(rule, from);
  }

  /**
   * What the index asks of a document that a rule's last expression holds against a pattern, if that is the first that can fail: to be a
   * text. (A list of the pattern's parts would do as well, and fail then; it is left out here.)
   */
  textCondition(rule: Rule): Body {
    const last = rule.body.length - 1;
    if (rule.body.findIndex((expr) => mayFail(expr, this.#data)) !== last) return [];
    this.#paths ??= this.#build();
    const [path, ...others] = this.#paths.get(rule) ?? [];
    const glob = path?.find((wish) => wish.glob !== undefined && wish.at === last);
    if (path === undefined || glob === undefined || others.length > 0) return [];
    if (path.some((wish) => wish !== glob && wish.key === glob.key)) return [];
    const text = varTerm("$index", glob.location);
    return [equality(text, glob.ref, glob.location, true), call("is_string", [text], glob.location)];
  }

  #from(rule: Rule, from: number): Expr[] {
    this.#paths ??= this.#build();
    const ways = (this.#paths.get(rule) ?? []).map((path) =>
      new Conditions(path, this.#ranks, rule.head.location).from(from),
    );
    const [only, ...others] = ways;
    if (only === undefined || ways.some((way) => way.length === 0)) return [];
    return others.length === 0 ? only : [anyOf(ways, rule.head.location)];
  }

  #build(): ReadonlyMap<Rule, readonly Path[]> {
    const frequencies: Frequencies = new Map();
    const paths = new Map<Rule, readonly Path[]>();
    for (const first of this.#rules) {
      for (let rule: Rule | undefined = first; rule !== undefined; rule = rule.else)
        if (!rule.default) paths.set(rule, pathsOf(rule, this.#data, frequencies));
    }
    const order = [...frequencies].sort(
      ([, a], [, b]) => b.count - a.count || comparePlaces(a.location, b.location),
    );
    for (const [i, [key]] of order.entries()) this.#ranks.set(key, i);
    return paths;
  }
}

/**
 * A text that sorts as the trie is walked. Of its levels, only those with wishes are named: who asks for nothing at a level comes before those
 * that do, and then who takes any value, a list, a scalar, a text that is split. `+`: it goes on to the next level.
 */
function placeOf(path: Path, ranks: ReadonlyMap<string, number>): string {
  let place = "";
  for (const [rank, wishes] of levelsOf(path, ranks)) {
    const open = wishes.some(({ value }) => isOpen(value));
    const sign = open ? "1" : wishes.map(signOf).reduce((a, b) => (a < b ? a : b));
    // Below each of several values, and no deeper.
    const ends = wishes.length > 1 && !open;
    place += `${String(MAX_RANK - rank).padStart(8, "0")}${sign}${ends ? "" : "+"}`;
    if (ends) break;
  }
  return place;
}

const MAX_RANK = 99_999_999;

/** Wishes by level, the first level first. */
function levelsOf(path: Path, ranks: ReadonlyMap<string, number>): [rank: number, wishes: Wish[]][] {
  const byRank = new Map<number, Wish[]>();
  for (const wish of path) {
    const rank = ranks.get(wish.key) ?? 0;
    const wishes = byRank.get(rank);
    if (wishes === undefined) byRank.set(rank, [wish]);
    else wishes.push(wish);
  }
  return [...byRank].sort(([a], [b]) => a - b);
}

function signOf({ value, glob }: Wish): string {
  if (value === undefined || isScalar(value)) return "3";
  if (value.kind !== "array") return "1";
  return `${glob === undefined ? 2 : 4}${value.items.map((item) => (isScalar(item) ? 1 : 0)).join("")}/`;
}

/** Arguments have no place and come last. */
function comparePlaces(a: Location | undefined, b: Location | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.row - b.row || a.col - b.col;
}

/** Whether an expression calls anything, or reads what rules make. */
function mayFail(expr: Expr, data: TrieNode): boolean {
  let found = expr.with.length > 0;
  walkExpr(expr, {
    expr: (inner) => {
      const call = callOf(inner);
      if (call !== undefined && !NEVER_FAIL.has(pathText(call[0].terms))) found = true;
      return found;
    },
    term: (term) => {
      if (term.kind === "call") found = true;
      if (term.kind === "ref" && term.terms[0].kind === "var" && term.terms[0].name === "data")
        found ||= reachesRules(data, term.terms.slice(1));
      return found;
    },
  });
  return found;
}

function reachesRules(data: TrieNode, path: readonly Term[]): boolean {
  return path.every(isScalar) ? isVirtual(data, path) : true;
}

/** The wishes of one path through the trie as expressions. */
class Conditions {
  readonly #levels: readonly (readonly Wish[])[];
  readonly #location: Location;
  #anonymous = 0;

  constructor(path: Path, ranks: ReadonlyMap<string, number>, location: Location) {
    this.#levels = levelsOf(path, ranks).map(([, wishes]) => wishes);
    this.#location = location;
  }

  /** What the expressions of the body from this one on ask for. */
  from(from: number): Expr[] {
    const out: Expr[] = [];
    for (const wishes of this.#levels) {
      const open = wishes.some(({ value }) => isOpen(value));
      if (wishes.some(({ at }) => at >= from)) out.push(...this.#level(wishes, open));
      // Where several values will do, OPA puts the rule below each of them and asks for nothing more.
      if (wishes.length > 1 && !open) break;
    }
    return out;
  }

  #level(wishes: readonly Wish[], open: boolean): Body {
    const [{ ref, location }] = wishes as readonly [Wish];
    if (open) return [equality(this.#any(undefined), ref, location, true)];
    const scalars = wishes.flatMap(({ value }) => (value !== undefined && isScalar(value) ? value : []));
    const ways: Body[] = this.#scalars(ref, scalars, location);
    for (const { value, glob, element } of wishes) {
      if (value === undefined || isScalar(value)) continue;
      ways.push([equality(this.#any(value), ref, location, true)]);
      if (glob !== undefined) ways.push(this.#glob(ref, glob, location));
      if (element) ways.push([call("internal.member_2", [value, ref], location)]);
    }
    return ways.length === 1 ? (ways[0] as Body) : [anyOf(ways, this.#location)];
  }

  /** A scalar is found in a collection as well: the trie does not tell `x == 1` from `1 in x`. */
  #scalars(ref: Term, scalars: readonly Term[], location: Location): Body[] {
    const [only, ...more] = scalars;
    if (only === undefined) return [];
    const [head, ...path] = ref.kind === "ref" ? ref.terms : [ref];
    const each: RefTerm = {
      kind: "ref",
      terms: [head, ...path, this.#any(undefined)],
      location,
    };
    if (more.length === 0)
      return [[equality(only, ref, location, true)], [equality(only, each, location, true)]];
    const items: Term = { kind: "set", items: scalars, location };
    const isOne = (term: Term): Expr => call("internal.member_2", [term, items], location);
    const [whole, element] = [this.#any(undefined), this.#any(undefined)];
    return [
      [equality(whole, ref, location, true), isOne(whole)],
      [equality(element, each, location, true), isOne(element)],
    ];
  }

  /** A text is split at the delimiters, and its parts compared with those of the pattern. */
  #glob(ref: Term, { pattern, delimiters }: NonNullable<Wish["glob"]>, location: Location): Body {
    const text = this.#any(undefined);
    return [
      equality(text, ref, location, true),
      call("is_string", [text], location),
      call("glob.match", [pattern, delimiters, text], location),
    ];
  }

  /** A value of variables only has to be there, as have collections inside of a list. */
  #any(value: Term | undefined): Term {
    if (value === undefined || !(isScalar(value) || value.kind === "array"))
      return varTerm(`$index${this.#anonymous++}`, this.#location);
    if (value.kind !== "array") return value;
    const item = (one: Term): Term => this.#any(one.kind === "array" ? undefined : one);
    return { ...value, items: value.items.map(item) };
  }
}

function call(name: string, operands: readonly Term[], location: Location): Expr {
  return {
    kind: "expr",
    terms: [builtinRef(name, location), ...operands],
    negated: false,
    with: [],
    generated: true,
    location,
  };
}

/** Two ways or more as one expression. */
function anyOf([lhs, ...others]: readonly Body[], location: Location): Expr {
  const rhs = others.length === 1 ? (others[0] as Body) : [anyOf(others, location)];
  const terms: Expr["terms"] = { kind: "or", lhs: lhs as Body, rhs, location };
  return { kind: "expr", terms, negated: false, with: [], generated: true, location };
}
