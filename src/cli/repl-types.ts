// What `types` shows of a query in a session: the type of every reference and variable in it, as far as it is known. A query in, text out.

import type { CompiledQuery } from "../compile/compile.ts";
import { printTerm } from "../syntax/print.ts";
import { walkBody } from "../syntax/visit.ts";
import type { Type } from "../value/type.ts";
import { typeToText } from "../value/type-text.ts";

export function typesText(query: CompiledQuery): string {
  const refs: string[] = [];
  const vars = new Map<string, Type | undefined>();
  const line = (name: string, type: Type | undefined): string =>
    `# ${name}: ${type === undefined ? "<nil>" : typeToText(type)}\n`;
  walkBody(query.body, {
    term: (term) => {
      if (term.kind === "var") vars.set(term.name, query.typeOf(term));
      if (term.kind !== "ref") return false;
      refs.push(line(printTerm(term), query.typeOf(term)));
      // The head of a reference is no variable of the query; what stands in its steps is.
      for (const step of term.terms.slice(1))
        if (step.kind === "var") vars.set(step.name, query.typeOf(step));
      return true;
    },
  });
  return [...refs, ...[...vars].map(([name, type]) => line(name, type))].join("");
}
