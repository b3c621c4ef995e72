// The rules by path. In: the modules of a compilation. Out: a trie whose nodes are packages or groups; a group is what is planned as
// one function: the rules at a path, and where one of them has variables in its ref, all rules below as well.

import type { Module, Rule, Term } from "../../syntax/ast.ts";
import { compareStrings } from "../../value/compare.ts";
import { groundPrefix, isGround } from "../check/walk.ts";

/** Rules that make one document together, or one function. */
export interface Group {
  /** `["data", "a", "p"]` as terms: the part of the refs that all rules share and that has no variables. */
  readonly path: readonly Term[];
  readonly key: string;
  readonly rules: readonly GroupRule[];
  /** Arguments of a function; 0 for a document. */
  readonly arity: number;
  /** How many steps below the path can be told apart by heads of rules; 0 for a document with one value. */
  readonly depth: number;
}

export interface GroupRule {
  readonly rule: Rule;
  /** What of the rule's ref lies below the path of the group. */
  readonly below: readonly Term[];
}

export class TrieNode {
  readonly children = new Map<string, TrieNode>();
  readonly path: readonly Term[];
  group: Group | undefined;
  #rules: { rule: Rule; ref: readonly Term[] }[] = [];

  constructor(path: readonly Term[]) {
    this.path = path;
  }

  child(term: Term): TrieNode | undefined {
    return this.children.get(termKey(term));
  }

  find(path: readonly Term[]): TrieNode | undefined {
    let node: TrieNode | undefined = this;
    for (const term of path) node = node?.child(term);
    return node;
  }

  /** The last step of the node's path. */
  get term(): Term | undefined {
    return this.path.at(-1);
  }

  insert(path: readonly Term[]): TrieNode {
    let node: TrieNode = this;
    for (const term of path) {
      let child = node.child(term);
      if (child === undefined) {
        child = new TrieNode([...node.path, term]);
        node.children.set(termKey(term), child);
      }
      node = child;
    }
    return node;
  }

  add(rule: Rule, ref: readonly Term[]): void {
    this.#rules.push({ rule, ref });
  }

  /** Makes groups out of the rules that were added. */
  close(): void {
    if (this.#rules.some(({ ref }) => !isGround({ kind: "array", items: ref.slice(1), location: ZERO })))
      this.#absorb();
    const [first] = this.#rules;
    if (first !== undefined) {
      const depth = this.path.length;
      this.group = {
        path: this.path,
        key: pathText(this.path),
        rules: this.#rules.map(({ rule, ref }) => ({ rule, below: ref.slice(depth) })),
        arity: first.rule.head.args?.length ?? 0,
        depth: Math.max(
          ...this.#rules.map(({ rule, ref }) => ref.length - depth + (isMultiValue(rule) ? 1 : 0)),
        ),
      };
    }
    this.#rules = [];
    for (const child of this.children.values()) child.close();
  }

  /** Puts rules of a module in the place of those it had here before. False: they have to be put together anew. */
  replace(old: ReadonlySet<Rule>, rules: readonly Rule[]): boolean {
    const group = this.group;
    if (group === undefined || group.rules.some(({ below }) => below.length > 0)) return false;
    const at = group.rules.findIndex(({ rule }) => old.has(rule));
    const kept = group.rules.filter(({ rule }) => !old.has(rule));
    if (at < 0 || rules.length === 0) return false;
    const put = rules.map((rule): GroupRule => ({ rule, below: [] }));
    const all = [...kept.slice(0, at), ...put, ...kept.slice(at)];
    const depth = Math.max(...all.map(({ rule }) => (isMultiValue(rule) ? 1 : 0)));
    this.group = { ...group, rules: all, arity: all[0]?.rule.head.args?.length ?? 0, depth };
    return true;
  }

  #absorb(): void {
    for (const child of this.children.values()) {
      child.#absorb();
      this.#rules.push(...child.#rules);
    }
    this.children.clear();
  }
}

/** The rule adds to a set. */
export function isMultiValue(rule: Rule): boolean {
  return rule.head.value === undefined && rule.head.key !== undefined;
}

const ZERO = { file: "", row: 0, col: 0, offset: 0, text: "" };

function refOf(module: Module, { head }: Rule): readonly Term[] {
  const [name, ...rest] = head.reference.terms;
  const first: Term =
    name.kind === "var" ? { kind: "string", value: name.name, location: name.location } : name;
  return [...module.package.path.terms, first, ...rest];
}

/** The trie with the rules of a module in the place of those that stood under the same paths. False: it has to be built anew. */
export function replaceRules(data: TrieNode, before: Module, after: Module): boolean {
  const old = new Set(before.rules);
  const rules = new Map<TrieNode, Rule[]>();
  for (const rule of after.rules) {
    const ref = refOf(after, rule);
    const node = groundPrefix(ref).length === ref.length ? data.find(ref.slice(1)) : undefined;
    if (node === undefined) return false;
    const here = rules.get(node);
    if (here === undefined) rules.set(node, [rule]);
    else here.push(rule);
  }
  for (const rule of before.rules) {
    const node = data.find(refOf(before, rule).slice(1));
    if (node === undefined || !rules.has(node)) return false;
  }
  for (const [node, here] of rules) if (!node.replace(old, here)) return false;
  return true;
}

/** The node of `data`. Keys of children are sorted as OPA sorts them. */
export function buildTrie(modules: readonly Module[]): TrieNode {
  const top = new TrieNode([]);
  const data = top.insert([{ kind: "var", name: "data", location: ZERO }]);
  for (const module of modules) {
    if (module.rules.length === 0) top.insert(module.package.path.terms);
    for (const rule of module.rules) {
      const ref = refOf(module, rule);
      top.insert(groundPrefix(ref)).add(rule, ref);
    }
  }
  data.close();
  return data;
}

/** A text that two constant terms share exactly when they are the same value; other terms have texts of their own. */
export function termKey(term: Term): string {
  switch (term.kind) {
    case "var":
      return `$${term.name}`;
    case "string":
      return JSON.stringify(term.value);
    case "number":
      return /^-?\d{1,15}$/.test(term.text) || !Number.isSafeInteger(Number(term.text))
        ? term.text
        : String(Number(term.text));
    case "boolean":
      return String(term.value);
    case "null":
      return "null";
    case "array":
      return `[${term.items.map(termKey).join()}]`;
    case "set":
      return `<${term.items.map(termKey).sort().join()}>`;
    case "object":
      return `{${term.entries
        .map(([key, value]) => `${termKey(key)}:${termKey(value)}`)
        .sort()
        .join()}}`;
    default:
      return `?${term.kind}`;
  }
}

const TYPE_ORDER: readonly Term["kind"][] = [
  "null",
  "boolean",
  "number",
  "var",
  "string",
  "ref",
  "array",
  "object",
  "set",
];

/** Children in the order in which `data[x]` enumerates them. */
export function sortedChildren(node: TrieNode): TrieNode[] {
  return [...node.children.values()].sort((a, b) => compareKeys(a.term, b.term));
}

function compareKeys(a: Term | undefined, b: Term | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const byType = TYPE_ORDER.indexOf(a.kind) - TYPE_ORDER.indexOf(b.kind);
  if (byType !== 0) return byType;
  if (a.kind === "number" && b.kind === "number") return Number(a.text) - Number(b.text);
  if (a.kind === "string" && b.kind === "string") return compareStrings(a.value, b.value);
  const [ka, kb] = [termKey(a), termKey(b)];
  return ka < kb ? -1 : ka > kb ? 1 : 0;
}

/** `data.a["b c"][1]`. */
export function pathText(path: readonly Term[]): string {
  return path
    .map((term, i) => {
      if (i === 0) return term.kind === "var" ? term.name : termKey(term);
      return term.kind === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(term.value)
        ? `.${term.value}`
        : `[${termKey(term)}]`;
    })
    .join("");
}
