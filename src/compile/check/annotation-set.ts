// The annotations of a set of modules by what they are about: rules, documents, packages, and everything below a package. Modules in,
// lookups out; blocks that speak twice about one package or document are reported.

import type { Location } from "../../error.ts";
import type { Annotations, Term } from "../../syntax/ast.ts";
import { printRef } from "../../syntax/print.ts";
import { type ModuleCell, type RuleCell, ruleRef } from "./cells.ts";
import { groundPrefix } from "./walk.ts";

/** One block with the path and place of what it stands above. A link of a chain may have no block. */
export interface AnnotationsRef {
  readonly path: readonly Term[];
  readonly annotations: Annotations | undefined;
  readonly location: Location;
}

export interface Redeclared {
  readonly annotations: Annotations;
  readonly first: Location;
}

interface Node {
  value: AnnotationsRef | undefined;
  readonly children: Map<string, Node>;
}

const newNode = (): Node => ({ value: undefined, children: new Map() });

export class AnnotationSet {
  readonly #byRule = new Map<RuleCell, AnnotationsRef[]>();
  readonly #byPackage = new Map<string, AnnotationsRef>();
  readonly #byPath = newNode();
  readonly redeclared: Redeclared[] = [];

  constructor(modules: readonly ModuleCell[]) {
    for (const module of modules)
      for (const annotations of module.source.annotations) this.#add(module, annotations);
  }

  #add(module: ModuleCell, annotations: Annotations): void {
    const rule =
      annotations.target < 0 ? undefined : module.rules.find((r) => r.index === annotations.target);
    if (annotations.scope === "rule" || annotations.scope === "document") {
      if (rule === undefined) return;
      // The head as its author wrote it: some modules are checked already.
      const path = groundPrefix(ruleRef({ module, head: rule.source.head }));
      const entry = { path, annotations, location: rule.location };
      if (annotations.scope === "rule") this.#byRule.set(rule, [...(this.#byRule.get(rule) ?? []), entry]);
      else this.#insert(entry, annotations);
      return;
    }
    const entry = { path: module.path.terms, annotations, location: module.location };
    if (annotations.scope === "subpackages") return this.#insert(entry, annotations);
    const key = printRef(module.path.terms);
    const first = this.#byPackage.get(key);
    if (first === undefined) this.#byPackage.set(key, entry);
    else this.redeclared.push({ annotations, first: first.annotations?.location ?? first.location });
  }

  #insert(entry: AnnotationsRef, annotations: Annotations): void {
    let node = this.#byPath;
    for (const term of entry.path) {
      const key = printRef([term]);
      let child = node.children.get(key);
      if (child === undefined) node.children.set(key, (child = newNode()));
      node = child;
    }
    if (node.value === undefined) node.value = entry;
    else
      this.redeclared.push({ annotations, first: node.value.annotations?.location ?? node.value.location });
  }

  ofRule(rule: RuleCell): readonly AnnotationsRef[] {
    return this.#byRule.get(rule) ?? [];
  }

  ofDocument(path: readonly Term[]): AnnotationsRef | undefined {
    let node: Node | undefined = this.#byPath;
    for (const term of path) node = node?.children.get(printRef([term]));
    return node?.value;
  }

  ofPackage(module: ModuleCell): AnnotationsRef | undefined {
    return this.#byPackage.get(printRef(module.path.terms));
  }

  /** Blocks of scope subpackages at the path and above it, outermost first. */
  above(path: readonly Term[]): AnnotationsRef[] {
    const result: AnnotationsRef[] = [];
    let node: Node | undefined = this.#byPath;
    for (const term of path) {
      node = node.children.get(printRef([term]));
      if (node === undefined) break;
      if (node.value !== undefined) result.push(node.value);
    }
    return result;
  }

  /** What leads to a rule: its own blocks (nearest first; always one link), its document's, its package's, and those above, innermost first. */
  chain(rule: RuleCell): AnnotationsRef[] {
    const path = groundPrefix(ruleRef(rule));
    const own = [...this.ofRule(rule)].sort(
      (a, b) => (b.annotations?.location.row ?? 0) - (a.annotations?.location.row ?? 0),
    );
    const links: AnnotationsRef[] =
      own.length > 0 ? own : [{ path, annotations: undefined, location: rule.location }];
    const document = this.ofDocument(path);
    if (document !== undefined) links.push(document);
    const ofPackage = this.ofPackage(rule.module);
    if (ofPackage !== undefined) links.push(ofPackage);
    return [...links, ...this.above(rule.module.path.terms).reverse()];
  }

  /** Every block, by path, then by place. */
  flatten(): AnnotationsRef[] {
    const all: AnnotationsRef[] = [...[...this.#byRule.values()].flat(), ...this.#byPackage.values()];
    const visit = (node: Node): void => {
      if (node.value !== undefined) all.push(node.value);
      for (const child of node.children.values()) visit(child);
    };
    visit(this.#byPath);
    const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    return all.sort((a, b) => {
      const [la, lb] = [a.annotations?.location ?? a.location, b.annotations?.location ?? b.location];
      return (
        byText(printRef(a.path), printRef(b.path)) ||
        byText(la.file, lb.file) ||
        la.row - lb.row ||
        la.col - lb.col
      );
    });
  }
}
