// What a query or rule needs: the base documents (of data and input) that it reads and the rules that it uses, directly or through
// other rules. Compiled modules and a compiled body in, constant refs out. This is the analysis behind `deps`.

import type { Body, Expr, Head, RefTerm, Rule, Term } from "../../syntax/ast.ts";
import { compareTerms } from "../../syntax/order.ts";
import { printRef } from "../../syntax/print.ts";
import type { CompiledModules } from "./compilation.ts";
import { eachNode, findNode, isConstant, nodeKey, type RuleNode } from "./trees.ts";
import { addAll, VarCollector, varsOfBody, varsOfExpr } from "./vars.ts";
import { walkBody, walkExpr, walkTerm } from "../../syntax/visit.ts";
import { callOf, groundPrefix, hasTwoOperands, isEquality, isWildcard, termOf } from "./walk.ts";

type Ref = readonly [Term, ...Term[]];

export interface Dependencies {
  /** Documents that no rule makes, as far as their paths are constant. */
  readonly base: readonly RefTerm[];
  /** Rules, by the ground part of their refs. */
  readonly virtual: readonly RefTerm[];
}

const key = (ref: readonly Term[]): string => ref.map(nodeKey).join("\u0000");
const isRoot = (term: Term): boolean =>
  term.kind === "var" && (term.name === "data" || term.name === "input");
const isPrefix = (a: readonly Term[], b: readonly Term[]): boolean =>
  a.length <= b.length && a.every((term, i) => nodeKey(term) === nodeKey(b[i] as Term));

/** Equalities between a variable and a ref, by variable; and the expressions that are none. */
function splitEqualities(body: Body): { refs: Map<string, Ref[]>; others: Expr[] } {
  const refs = new Map<string, Ref[]>();
  for (const name of varsOfBody(body)) refs.set(name, []);
  const others: Expr[] = [];
  for (const expr of body) {
    const call = isEquality(expr) && hasTwoOperands(expr) ? callOf(expr) : undefined;
    const [a, b] = call === undefined ? [] : [call[1] as Term, call[2] as Term];
    if (a?.kind === "var" && b?.kind === "ref") refs.get(a.name)?.push(b.terms);
    else if (a?.kind === "ref" && b?.kind === "var") refs.get(b.name)?.push(a.terms);
    else others.push(expr);
  }
  return { refs, others };
}

type Joined = ReadonlyMap<string, Map<string, Ref>>;

/** Every document that a variable can stand for: `x = data.a; y = x.b` makes y `data.a.b`. */
function joinRefs(refs: ReadonlyMap<string, readonly Ref[]>): Joined {
  const joined = new Map([...refs.keys()].map((name) => [name, new Map<string, Ref>()] as const));
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, list] of refs) {
      const known = joined.get(name) as Map<string, Ref>;
      for (const ref of list.flatMap((r) => expand(r, joined))) {
        if (known.has(key(ref))) continue;
        known.set(key(ref), ref);
        changed = true;
      }
    }
  }
  return joined;
}

function expand(ref: Ref, joined: Joined): Ref[] {
  const [head, ...rest] = ref;
  if (isRoot(head)) return [ref];
  const known = head.kind === "var" ? joined.get(head.name) : undefined;
  return [...(known?.values() ?? [])].map((start): Ref => [...start, ...rest]);
}

/** The refs that one rule (or the body of a query) reads, with local names replaced by what they stand for. */
function directRefs(headVars: ReadonlySet<string>, body: Body): Ref[] {
  const { refs, others } = splitEqualities(body);
  const joined = joinRefs(refs);
  const found: Ref[] = [];
  const take = (term: Term): false => {
    if (term.kind === "ref") found.push(...expand(term.terms, joined));
    return false;
  };
  const used = new Set<string>();
  const headRefs: Ref[] = [];
  for (const expr of others) {
    const term = termOf(expr);
    const last = term?.kind === "ref" ? term.terms[term.terms.length - 1] : undefined;
    if (term?.kind === "ref" && last?.kind === "var" && headVars.has(last.name)) {
      headRefs.push(...expand(term.terms, joined));
      continue;
    }
    walkExpr(expr, { term: take });
    addAll(used, varsOfExpr(expr, { skipRefHead: true }));
  }
  const inside = (ref: Ref): void => {
    for (const term of ref) walkTerm(term, { term: take });
  };
  for (const ref of headRefs) {
    if (!found.some((other) => isPrefix(ref, other))) found.push(ref);
    inside(ref);
  }
  walkBody(body, {
    term: (t) => {
      if (t.kind === "ref")
        for (const element of t.terms.slice(1)) if (element.kind === "var") used.add(element.name);
      return false;
    },
  });
  for (const [name, known] of joined) {
    const whole = headVars.has(name) || known.size > 1 || used.has(name);
    for (const ref of known.values()) {
      if (whole) found.push(...expand(ref, joined));
      inside(ref);
    }
  }
  return found;
}

/** Sorted, each once, without those that lie under another one. */
function minimal(refs: readonly Ref[]): Ref[] {
  const sorted = [...refs].sort(compareRefs);
  const result: Ref[] = [];
  for (const ref of sorted) {
    const last = result[result.length - 1];
    if (last === undefined || !isPrefix(last, ref)) result.push(ref);
  }
  return result;
}

const asTerm = (terms: Ref): RefTerm => ({ kind: "ref", terms, location: terms[0].location });
const compareRefs = (a: Ref, b: Ref): number => compareTerms(asTerm(a), asTerm(b));

function constantPrefix(ref: Ref): Ref {
  const end = ref.findIndex((term, i) => i > 0 && !isConstant(term));
  return (end < 0 ? ref : ref.slice(0, end)) as unknown as Ref;
}

/** Rules at the ref, at the first rule on the way to it, or below it. */
function rulesAt(tree: RuleNode<Rule>, ref: Ref): Set<Rule> {
  const rules = new Set<Rule>();
  let node: RuleNode<Rule> | undefined = tree;
  for (const term of ref) {
    node = node.children.get(nodeKey(term));
    if (node === undefined) break;
    if (node.values.length > 0) {
      for (const rule of node.values) rules.add(rule);
      break;
    }
  }
  const start = findNode(tree, ref);
  if (start === undefined) return rules;
  eachNode(start, (n) => {
    if (n.hide && n !== start) return true;
    for (const rule of n.values) rules.add(rule);
    return false;
  });
  return rules;
}

function headVarsOf(head: Head): Set<string> {
  return new VarCollector().head(head).names();
}

/** The dependencies of a body that `checkQuery` compiled. */
export function dependenciesOf(compiled: CompiledModules, body: Body): Dependencies {
  const base = new Map<string, Ref>();
  const virtual = new Map<string, Ref>();
  const seen = new Set<Rule>();
  const packages = new Map<Rule, Ref>();
  for (const module of compiled.modules)
    for (const rule of module.rules) packages.set(rule, module.package.path.terms);

  const visit = (refs: readonly Ref[]): void => {
    for (const ref of minimal(refs)) {
      const prefix = constantPrefix(ref);
      const rules = rulesAt(compiled.ruleTree, prefix);
      if (rules.size === 0) base.set(key(prefix), prefix);
      for (const rule of rules) {
        if (seen.has(rule)) continue;
        seen.add(rule);
        const [name, ...rest] = rule.head.reference.terms;
        const own: Term =
          name.kind === "var" ? { kind: "string", value: name.name, location: name.location } : name;
        const path = groundPrefix([...(packages.get(rule) as Ref), own, ...rest]) as unknown as Ref;
        virtual.set(key(path), path);
        // OPA leaves `else` branches out, and with them what they read.
        for (let branch: Rule | undefined = rule; branch !== undefined; branch = branch.else) {
          visit(directRefs(headVarsOf(branch.head), branch.body));
        }
      }
    }
  };
  const names = [...varsOfBody(body)].filter((name) => !isWildcard(name));
  visit(directRefs(new Set(names), body));
  const sorted = (refs: Iterable<Ref>): RefTerm[] => [...refs].sort(compareRefs).map(asTerm);
  return { base: sorted(base.values()), virtual: sorted(virtual.values()) };
}

/** As text, one ref each. */
export function dependencyTexts({ base, virtual }: Dependencies): { base: string[]; virtual: string[] } {
  const texts = (refs: readonly RefTerm[]): string[] => refs.map((ref) => printRef(ref.terms));
  return { base: texts(base), virtual: texts(virtual) };
}
