// References moved from one place to another, in everything that a module says: its package, imports, rules. Modules and pairs of references in, new modules
// out. Finds no names that lost what they stood for: that is the checker's.

import { PolicyError } from "../error.ts";
import type { Import, Module, RefTerm, Term } from "./ast.ts";
import { isConstant } from "./order.ts";
import { printRef, printTerm } from "./print.ts";
import { mapRule } from "./visit.ts";

export interface Move {
  readonly from: RefTerm;
  readonly to: RefTerm;
}

/** Throws `invalid_input` for a reference that names only a part of what is moved: it would have to be in two places. */
export function moveReferences(module: Module, moves: readonly Move[]): Module {
  const moved = (ref: RefTerm): RefTerm => {
    for (const { from, to } of moves) {
      if (startsWith(ref.terms, from.terms)) {
        const { location } = ref;
        const path = to.terms.map((term) => ({ ...term, location }));
        const terms = [...path, ...ref.terms.slice(from.terms.length)] as unknown as RefTerm["terms"];
        return { ...ref, terms };
      }
      refusePart(ref, from);
    }
    return ref;
  };
  const term = (given: Term): Term => (given.kind === "ref" ? moved(given) : given);
  return {
    ...module,
    package: { ...module.package, path: moved(module.package.path) },
    imports: module.imports.map((each): Import => ({ ...each, path: moved(each.path) })),
    rules: module.rules.map((rule) => mapRule(rule, { term })),
  };
}

function startsWith(terms: readonly Term[], prefix: readonly Term[]): boolean {
  return (
    prefix.length <= terms.length &&
    prefix.every((term, i) => printTerm(term) === printTerm(terms[i] as Term))
  );
}

function refusePart({ terms }: RefTerm, from: RefTerm): void {
  const end = terms.findIndex((term, i) => i > 0 && !isConstant(term));
  const constant = end < 0 ? terms : terms.slice(0, end);
  if (!startsWith(from.terms, constant)) return;
  const text = printRef(terms);
  throw new PolicyError(
    "invalid_input",
    `cannot rewrite \`${text}\`: constant prefix \`${printRef(constant)}\` of \`${text}\` is too short`,
    { location: (terms.at(-1) as Term).location },
  );
}
