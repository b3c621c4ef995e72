// Mutants: copies of a policy with one small mistake, found on its tree and made in its text. In: parsed modules and their texts. Out: edits
// with what they do. Tests and invariants are never changed. Runs nothing.

import type { SourceText } from "../compile/compile.ts";
import type { Location } from "../error.ts";
import type { Body, Expr, Module, RefTerm, Rule, Term } from "../syntax/ast.ts";
import { quote } from "../syntax/print.ts";
import { isCallTerms, walkModule } from "../syntax/visit.ts";

export type MutantKind =
  | "drop a condition"
  | "negate a condition"
  | "flip a comparison"
  | "swap operands"
  | "change a constant"
  | "widen a set"
  | "narrow a set"
  | "remove a rule"
  | "change a default";

interface Edit {
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

export interface Mutant {
  readonly kind: MutantKind;
  readonly file: string;
  readonly row: number;
  readonly col: number;
  readonly edits: readonly Edit[];
}

const COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  lt: ["<=", ">"],
  lte: ["<", ">="],
  gt: [">=", "<"],
  gte: [">", "<="],
  equal: ["!="],
  neq: ["=="],
};
/** The order of their two operands is easily mistaken. */
const DIRECTED: ReadonlySet<string> = new Set(
  "startswith endswith contains net.cidr_contains internal.member_2 object.subset glob.match".split(" "),
);
const COMPARING: ReadonlySet<string> = new Set([...Object.keys(COMPARISONS), ...DIRECTED, "eq"]);

/** Round robin over the kinds, so that a run that is cut short has seen each. */
export function mutantsOf(modules: readonly Module[], sources: readonly SourceText[]): Mutant[] {
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  const byKind = new Map<MutantKind, Mutant[]>();
  const add = (mutant: Mutant): void => {
    byKind.set(mutant.kind, [...(byKind.get(mutant.kind) ?? []), mutant]);
  };
  for (const module of modules) {
    const text = texts.get(module.file);
    if (text !== undefined && !isTesting(module)) new Finder(module, text, add).run();
  }
  const lists = [...byKind.values()];
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat();
}

/** The whole file with the mistake in it. */
export function mutated(text: string, { edits }: Mutant): string {
  let bytes = new TextEncoder().encode(text);
  for (const { offset, length, text: put } of [...edits].sort((a, b) => b.offset - a.offset)) {
    const middle = new TextEncoder().encode(put);
    const next = new Uint8Array(bytes.length - length + middle.length);
    next.set(bytes.subarray(0, offset));
    next.set(middle, offset);
    next.set(bytes.subarray(offset + length), offset + middle.length);
    bytes = next;
  }
  return new TextDecoder().decode(bytes);
}

export function isTesting({ file, rules }: Module): boolean {
  return (
    file.endsWith("_test.rego") ||
    rules.some(({ head }) => {
      const [name] = head.reference.terms;
      return name.kind === "var" && /^(test|todo_test|invariant|assume|example)_/.test(name.name);
    })
  );
}

class Finder {
  readonly #module: Module;
  readonly #bytes: Uint8Array;
  readonly #add: (mutant: Mutant) => void;
  /** Constants of the file: what a set may be widened by. */
  readonly #strings: string[] = [];
  readonly #declared = new Set<Term>();
  readonly #unwritten = new Set<Body>();

  constructor(module: Module, text: string, add: (mutant: Mutant) => void) {
    this.#module = module;
    this.#bytes = new TextEncoder().encode(text);
    this.#add = add;
  }

  run(): void {
    walkModule(this.#module, {
      term: (term) => {
        if (term.kind === "string" && term.location.text.startsWith('"')) this.#strings.push(term.value);
        return false;
      },
    });
    for (const [index, rule] of this.#module.rules.entries()) this.#rule(rule, index);
    walkModule(this.#module, {
      rule: (rule) => {
        if (rule.default || rule.generatedBody === true) this.#unwritten.add(rule.body);
        return false;
      },
      body: (body) => this.#unwritten.has(body) || this.#body(body),
      expr: (expr) => this.#calls(expr.terms),
      // `some x in xs` is a call by its form only.
      some: ({ symbols }) => {
        for (const symbol of symbols) if (symbol.kind === "call") this.#declared.add(symbol);
        return false;
      },
      term: (term) => this.#term(term),
    });
  }

  #edit(kind: MutantKind, at: Location, edits: readonly { at: Location; text: string }[]): void {
    const spans = edits.map(({ at: { offset, text: old }, text }) => ({
      offset,
      length: new TextEncoder().encode(old).length,
      text,
      old,
    }));
    // What the compiler made up has no place of its own.
    if (
      at.row === 0 ||
      !spans.every(({ offset, length, old }) => old !== "" && this.#textAt(offset, length) === old)
    )
      return;
    const { file, row, col } = at;
    const plain = spans.map(({ offset, length, text }) => ({ offset, length, text }));
    this.#add({ kind, file, row, col, edits: plain });
  }

  #textAt(offset: number, length: number): string {
    return new TextDecoder().decode(this.#bytes.subarray(offset, offset + length));
  }

  #rule(rule: Rule, index: number): void {
    const { location, head } = rule;
    const { value } = head;
    if (rule.default) {
      if (value?.kind === "boolean")
        this.#edit("change a default", value.location, [{ at: value.location, text: String(!value.value) }]);
      return;
    }
    if (value?.kind === "boolean" && head.generatedValue !== true)
      this.#edit("change a constant", value.location, [{ at: value.location, text: String(!value.value) }]);
    const block = this.#module.annotations.find(({ target }) => target === index);
    const from = block === undefined ? location.offset : this.#lineStart(block.location.row);
    const length = location.offset + new TextEncoder().encode(location.text).length - from;
    const text = this.#textAt(from, length);
    this.#edit("remove a rule", location, [{ at: { ...location, offset: from, text }, text: "" }]);
  }

  #lineStart(row: number): number {
    let at = 0;
    for (let line = 1; line < row; line++) at = this.#bytes.indexOf(10, at) + 1;
    return at;
  }

  #body(body: Body): false {
    for (const expr of body) {
      const { location, terms } = expr;
      if (location.text === "" || isBinding(expr)) continue;
      const isConstant = location.text === "true";
      if (!isConstant) this.#edit("drop a condition", location, [{ at: location, text: "true" }]);
      const plain = location.text.replace(/^not\s+/, "");
      if (expr.negated && plain !== location.text)
        this.#edit("negate a condition", location, [{ at: location, text: plain }]);
      else if (!expr.negated && !isConstant && (isCallTerms(terms) || !isDeclaration(terms.kind)))
        this.#edit("negate a condition", location, [{ at: location, text: `not ${location.text}` }]);
    }
    return false;
  }

  #calls(terms: Expr["terms"]): false {
    if (isCallTerms(terms)) this.#call(terms[0], terms.slice(1) as Term[]);
    return false;
  }

  #call(operator: RefTerm, args: readonly Term[]): void {
    const name = operator.terms
      .map((term) => (term.kind === "var" ? term.name : term.kind === "string" ? term.value : ""))
      .join(".");
    for (const symbol of COMPARISONS[name] ?? [])
      this.#edit("flip a comparison", operator.location, [{ at: operator.location, text: symbol }]);
    const [a, b] = args;
    if (DIRECTED.has(name) && a !== undefined && b !== undefined)
      this.#edit("swap operands", a.location, [
        { at: a.location, text: b.location.text },
        { at: b.location, text: a.location.text },
      ]);
    // Texts of messages are nobody's limit: only what is compared with counts.
    if (COMPARING.has(name))
      for (const arg of args)
        if (arg.kind === "string" && arg.location.text.startsWith('"'))
          this.#edit("change a constant", arg.location, [{ at: arg.location, text: quote(`${arg.value}x`) }]);
  }

  #term(term: Term): false {
    if (term.kind === "call" && !this.#declared.has(term)) this.#call(term.operator, term.args);
    if (term.kind === "number" && /^\d+$/.test(term.text)) {
      for (const by of [1n, -1n]) {
        const next = BigInt(term.text) + by;
        if (next >= 0n)
          this.#edit("change a constant", term.location, [{ at: term.location, text: String(next) }]);
      }
    }
    if (term.kind === "set") this.#set(term.items, term.location);
    return false;
  }

  #set(items: readonly Term[], at: Location): void {
    const [last] = items.slice(-1);
    if (last === undefined || !items.every(({ kind }) => kind === "string")) return;
    const own = new Set(items.map((item) => (item as { value: string }).value));
    const other = this.#strings.find((text) => !own.has(text)) ?? "x";
    this.#edit("widen a set", at, [{ at: last.location, text: `${last.location.text}, ${quote(other)}` }]);
    if (items.length < 2) return;
    const first = items[0] as Term;
    const second = items[1] as Term;
    const gap = this.#textAt(first.location.offset, second.location.offset - first.location.offset);
    this.#edit("narrow a set", first.location, [{ at: { ...first.location, text: gap }, text: "" }]);
  }
}

const isDeclaration = (kind: string): boolean => kind === "some" || kind === "every" || kind === "not";

/** `x := …`, `x = …` and `some x`: without it the rest would have no meaning. */
function isBinding({ terms }: Expr): boolean {
  if (!isCallTerms(terms)) return terms.kind === "some";
  const [operator] = terms;
  const [name] = operator.terms;
  return operator.terms.length === 1 && name.kind === "var" && (name.name === "assign" || name.name === "eq");
}
